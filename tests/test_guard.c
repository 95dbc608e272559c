/* Who is not signalled, and what to use instead. */
#define _GNU_SOURCE
#include "guard_fixture.h"

static void ordinary_process_may_be_signalled(void **state)
{
	static const char *const commands[] = {
		"nginx", "", "bash", "systemd-resolve", "systemd-logind", "Systemd", "system",
		"(sd-pam)", "dockerd2", "docker", "docker-prox", "containerd-shi", "conmonrs",
		"pasta.avx", "passt.avx512", "inetutils-inet", "init", "exe", "whoport",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct guard_facts f = make_facts(commands[i], "/system.slice/docker-" ID ".scope",
						  "/system.slice/cups.socket", 80);
		assert_judged(&f, GUARD_NONE, "");
		f.args.text = "-host-port\0" "80";
		f.args.len = 13;
		assert_judged(&f, GUARD_NONE, "");
	}
}

static void process_of_which_nothing_is_known_may_be_signalled(void **state)
{
	struct guard_facts f = {.pid = 4711, .fd = -1};

	(void)state;
	assert_judged(&f, GUARD_NONE, "");
}

/* --- whoport, PID 1, ancestors ------------------------------------------- */

static void whoport_itself_is_told_its_descriptor(void **state)
{
	struct guard_facts f = make_facts("whoport", NULL, NULL, 80);

	(void)state;
	f.is_ours = true;
	assert_judged(&f, GUARD_SELF,
		      "whoport itself, which has inherited descriptor 3; use: whoport ARGS 3>&-");
	f.fd = -1;
	assert_judged(&f, GUARD_SELF, "whoport itself; use: whoport in another session");
}

static void what_it_is_is_decided_in_order(void **state)
{
	struct guard_facts f = make_facts("systemd", USER "/init.scope", NULL, 80);

	(void)state;
	f.is_ours = f.is_ancestor = true;
	f.pid = 1;
	assert_judged(&f, GUARD_SELF,
		      "whoport itself, which has inherited descriptor 3; use: whoport ARGS 3>&-");
	f.is_ours = false;
	assert_judged(&f, GUARD_INIT, NO_UNIT);
	f.pid = 2;
	assert_judged(&f, GUARD_MANAGER,
		      "a user's service manager; systemctl --user list-sockets shows its sockets, "
		      "then use: systemctl --user stop NAME.socket");
	f.command.text = "conmon";
	f.command.len = 6;
	assert_judged(&f, GUARD_CONTAINER, PARENT PORT_A);
	f.command.text = "bash";
	f.command.len = 4;
	assert_judged(&f, GUARD_ANCESTOR, "whoport was started from it; use: " ELSEWHERE);
}

struct unit_case {
	const char *cgroup, *command;
};

static void systemd_is_asked_to_stop_the_unit_of_the_socket(void **state)
{
	static const struct unit_case cases[] = {
		{"/system.slice/cups.socket", BY_SYSTEMD "use: systemctl stop cups.socket"},
		{"/system.slice/a@1:2.socket", BY_SYSTEMD "use: systemctl stop a@1:2.socket"},
		/* left in its store of descriptors */
		{"/system.slice/web.service", BY_SYSTEMD "use: systemctl stop web.service"},
		{"/system.slice/a\\x2db.socket", BY_SYSTEMD "use: systemctl stop 'a\\x2db.socket'"},
		{NULL, NO_UNIT},
		{"", NO_UNIT},
		{"/", NO_UNIT},
		{"/init.scope", NO_UNIT}, /* where systemd is itself */
		{"/user.slice/user-1000.slice/session-3.scope", NO_UNIT},
		{USER, NO_UNIT},
		{"/system.slice/a.mount", NO_UNIT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct guard_facts f = make_facts("systemd", "/init.scope", cases[i].cgroup, 631);
		f.pid = 1;
		assert_judged(&f, GUARD_INIT, cases[i].command);
	}
}

static void hostile_unit_is_left_out(void **state)
{
	static const char *const cgroups[] = {
		"/system.slice/-H evil.socket", "/system.slice/-Hevil.socket",
		"/system.slice/a'b.socket",     "/system.slice/a b.socket",
		"/system.slice/$(reboot).socket", "/system.slice/`reboot`.socket",
		"/system.slice/a;b.socket",     "/system.slice/\033[2J.socket",
		"/system.slice/a\nb.socket",    "/system.slice/*.socket",
		"/system.slice/\303\251.socket", "/system.slice/_-x.socket",
	};
	char path[300];

	(void)state;
	for (size_t i = 0; i < COUNT(cgroups); i++) {
		struct guard_facts f = make_facts("systemd", NULL, cgroups[i], 631);
		f.pid = 1;
		assert_judged(&f, GUARD_INIT, NO_UNIT);
	}
	for (size_t len = 255; len <= 256; len++) {
		char reason[400];
		memset(path, 'a', sizeof(path));
		path[0] = '/';
		snprintf(path + 1 + len - 7, 8, ".socket");
		snprintf(reason, sizeof(reason), BY_SYSTEMD "use: systemctl stop %s", path + 1);
		struct guard_facts f = make_facts("systemd", NULL, path, 631);
		f.pid = 1;
		assert_judged(&f, GUARD_INIT, len == 255 ? reason : NO_UNIT);
	}
}

static void other_init_is_stopped_from_outside(void **state)
{
	struct guard_facts f = make_facts("nginx", NULL, "/system.slice/cups.socket", 80);

	(void)state;
	f.pid = 1;
	assert_judged(&f, GUARD_INIT,
		      OTHER_INIT "the stop command for the container, from outside of it");
	f.cgroup.text = "/docker/" ID;
	f.cgroup.len = strlen(f.cgroup.text);
	assert_judged(&f, GUARD_INIT, OTHER_INIT
		      "the stop command for container 0123456789ab, from outside of it");
	f.cgroup.text = "/lxc/$(reboot)";
	f.cgroup.len = strlen(f.cgroup.text);
	assert_judged(&f, GUARD_INIT,
		      OTHER_INIT "the stop command for the container, from outside of it");
}

static void ancestor_is_stopped_as_the_service_that_it_is(void **state)
{
	static const struct unit_case cases[] = {
		{"/system.slice/ssh.service", "systemctl stop ssh.service"},
		{"/system.slice/a\\x2db.service", "systemctl stop 'a\\x2db.service'"},
		{USER "/app.slice/term.service", "systemctl --user stop term.service"},
		{USER "/app.slice", ELSEWHERE},
		{USER "/app.slice/term.scope", ELSEWHERE},
		{"/user.slice/user-1000.slice/session-3.scope", ELSEWHERE},
		{"/system.slice/cups.socket", ELSEWHERE},
		{"/system.slice/-x.service", ELSEWHERE},
		{"/", ELSEWHERE},
		{NULL, ELSEWHERE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char reason[256];
		struct guard_facts f = make_facts("sshd", cases[i].cgroup, NULL, 22);
		f.is_ancestor = true;
		snprintf(reason, sizeof(reason), "whoport was started from it; use: %s",
			 cases[i].command);
		assert_judged(&f, GUARD_ANCESTOR, reason);
	}
}

/* --- managers ------------------------------------------------------------ */

static void manager_of_a_user_is_asked_with_user(void **state)
{
	struct guard_facts f = make_facts("systemd", USER "/init.scope",
					  USER "/app.slice/podman.socket", 0);

	(void)state;
	assert_judged(&f, GUARD_MANAGER,
		      "a user's service manager; use: systemctl --user stop podman.socket");
	f.cgroup = (struct word){0};
	assert_judged(&f, GUARD_MANAGER,
		      "a user's service manager; use: systemctl --user stop podman.socket");
	f.sock_cgroup.text = USER "/init.scope";
	f.sock_cgroup.len = strlen(f.sock_cgroup.text);
	assert_judged(&f, GUARD_MANAGER,
		      "a user's service manager; systemctl --user list-sockets shows its sockets, "
		      "then use: systemctl --user stop NAME.socket");
}

static void manager_of_a_container_is_told_inside_of_it(void **state)
{
	static const char path[] = USER "/user.slice/libpod-" ID ".scope/container/init.scope";
	struct guard_facts f = make_facts("systemd", path, "/libpod-" ID "/a.socket", 0);

	(void)state;
	assert_judged(&f, GUARD_MANAGER, "the service manager of a container, to be told inside of "
					 "it; use: systemctl stop a.socket");
	f.args.text = "/usr/lib/systemd/systemd\0--user";
	f.args.len = strlen("/usr/lib/systemd/systemd") + 1 + strlen("--user");
	assert_judged(&f, GUARD_MANAGER,
		      "a user's service manager; use: systemctl --user stop a.socket");
}

static void inetd_is_reloaded_without_the_line(void **state)
{
	static const char *const commands[] = {"inetd", "openbsd-inetd", "inetutils-inetd"};

	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct guard_facts f = make_facts(commands[i], NULL, NULL, 79);
		assert_judged(&f, GUARD_MANAGER,
			      "the server that listens for others; remove the line of port 79 from "
			      "/etc/inetd.conf, then use: kill -HUP 4711");
		f.port = 0;
		assert_judged(&f, GUARD_MANAGER,
			      "the server that listens for others; remove the line from "
			      "/etc/inetd.conf, then use: kill -HUP 4711");
	}
}

static void xinetd_is_reloaded_without_the_service(void **state)
{
	struct guard_facts f = make_facts("xinetd", NULL, NULL, 79);

	(void)state;
	assert_judged(&f, GUARD_MANAGER,
		      "the server that listens for others; set disable = yes for the service of "
		      "port 79 in /etc/xinetd.d, then use: kill -HUP 4711");
}

static void supervisord_is_asked_by_supervisorctl(void **state)
{
	struct guard_facts f = make_facts("supervisord", NULL, NULL, 9001);

	(void)state;
	assert_judged(&f, GUARD_MANAGER,
		      "the manager of programs that it would start again; supervisorctl status "
		      "shows them, then use: supervisorctl stop NAME");
}

/* --- any bytes ----------------------------------------------------------------- */

static const char *const guarded_commands[] = {
	"systemd", "inetd", "inetutils-inetd", "openbsd-inetd", "xinetd", "supervisord",
	"docker-proxy", "dockerd", "rootlesskit", "containerd-shim", "containerd", "crio",
	"podman", "conmon", "rootlessport", "rootlessport-ch", "containers-root", "slirp4netns",
	"pasta", "pasta.avx2", "passt", "passt.avx2",
};

/* One line of what can be printed, with a command that nothing foreign can leave. */
static void assert_harmless(const struct guard_facts *f, bool is_guarded)
{
	struct buf b = {0};

	assert_int_equal(guard_judge(f, &b) != GUARD_NONE, is_guarded);
	assert_int_equal(b.error, 0);
	if (is_guarded)
		assert_non_null(memmem(b.data, b.len, "use: ", 5));
	for (size_t i = 0; i < b.len; i++) {
		assert_in_range(b.data[i], ' ', '~');
		assert_null(strchr("`\"|*?<!#~{}[]", b.data[i]));
	}
	buf_free(&b);
}

static void reason_is_one_printable_line_with_a_command(void **state)
{
	static const char junk[] = "x\0-id\0`a`\0-namespace\0\"\0-host-port\0|\0-proto\0*\0-n\0?\n"
				   "\0-c\0\033\0-workdir\0<\377/~\0=\0-id=\0";
	static const char cgroup[] = "/user@1.service/lxc/`a`/x.service/\"y\".service";

	(void)state;
	for (size_t i = 0; i < COUNT(guarded_commands); i++) {
		struct guard_facts f = make_facts(guarded_commands[i], cgroup, cgroup, 0);
		assert_harmless(&f, true);
		for (size_t len = 0; len < sizeof(junk); len++) {
			char *copy = guard_copy(junk, len);
			f.args.text = copy;
			f.args.len = len;
			assert_harmless(&f, true);
			guard_free(copy, len);
		}
	}
}

static void commands_are_no_longer_than_the_kernel_has_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(guarded_commands); i++) {
		assert_in_range(strlen(guarded_commands[i]), 1, 15);
		/* One byte less or more is another program's. */
		char longer[32];
		snprintf(longer, sizeof(longer), "%sx", guarded_commands[i]);
		struct guard_facts f = make_facts(longer, NULL, NULL, 80);
		assert_harmless(&f, false);
		f.command.len -= 2;
		assert_harmless(&f, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ordinary_process_may_be_signalled),
		cmocka_unit_test(process_of_which_nothing_is_known_may_be_signalled),
		cmocka_unit_test(whoport_itself_is_told_its_descriptor),
		cmocka_unit_test(what_it_is_is_decided_in_order),
		cmocka_unit_test(systemd_is_asked_to_stop_the_unit_of_the_socket),
		cmocka_unit_test(hostile_unit_is_left_out),
		cmocka_unit_test(other_init_is_stopped_from_outside),
		cmocka_unit_test(ancestor_is_stopped_as_the_service_that_it_is),
		cmocka_unit_test(manager_of_a_user_is_asked_with_user),
		cmocka_unit_test(manager_of_a_container_is_told_inside_of_it),
		cmocka_unit_test(inetd_is_reloaded_without_the_line),
		cmocka_unit_test(xinetd_is_reloaded_without_the_service),
		cmocka_unit_test(supervisord_is_asked_by_supervisorctl),
		cmocka_unit_test(reason_is_one_printable_line_with_a_command),
		cmocka_unit_test(commands_are_no_longer_than_the_kernel_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
