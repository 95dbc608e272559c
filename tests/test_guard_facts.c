/* What guard.h is told of a process that holds a socket. */
#define _GNU_SOURCE
#include "fixture.h"

#include "ancestry.h"
#include "cgroup.h"
#include "guard_facts.h"
#include "holder.h"
#include "process.h"

#include <stdlib.h>
#include <unistd.h>

/* One process, its socket, and who else there is. */
struct facts_case {
	struct process process;
	struct sock sock;
	struct holder holder;
	struct ancestry ancestry;
	struct cgroup cgroups[2];
	struct cgroup_index index; /* of which nothing has to be loaded */
	struct guard_facts facts;
};

static void init(struct facts_case *c, const char *command, pid_t pid)
{
	*c = (struct facts_case){
		.process = {.pid = pid, .tid = pid, .command_len = (uint8_t)strlen(command)},
		.sock = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 8080, 100),
		.holder = {100, pid, pid, 6, HOLDER_FD},
		.ancestry = {.v = {1, 30, 20}, .len = 3},
		.cgroups = {{.id = 4, .path = (char *)"/a.socket"},
			    {.id = 5, .path = (char *)"/b.socket"}}};
	memcpy(c->process.command, command, strlen(command));
	c->index = (struct cgroup_index){.v = c->cgroups, .len = 2, .cap = 2, .root_fd = -1};
}

/* Without a proc tree: nothing may be read that is not needed. */
static void make(struct facts_case *c)
{
	guard_facts_make(&c->process, &c->sock, &c->holder, &c->ancestry, -1, &c->index, &c->facts);
}

static void facts_are_those_of_the_record(void **state)
{
	static char args[] = "nginx\0-g\0daemon off;";
	static char cgroup[] = "/system.slice/nginx.service";
	struct facts_case c;

	(void)state;
	init(&c, "nginx", 811);
	c.process.args = args;
	c.process.args_len = sizeof(args);
	c.process.cgroup = cgroup;
	c.sock.cgroup = 4; /* whose it is matters of managers alone */
	make(&c);
	assert_int_equal(c.facts.pid, 811);
	assert_true(word_equals(c.facts.command, "nginx"));
	assert_ptr_equal(c.facts.args.text, args);
	assert_int_equal(c.facts.args.len, sizeof(args));
	assert_true(word_equals(c.facts.cgroup, cgroup));
	assert_int_equal(c.facts.sock_cgroup.len, 0);
	assert_int_equal(c.facts.port, 8080);
	assert_int_equal(c.facts.fd, 6);
	assert_false(c.facts.is_ours);
	assert_false(c.facts.is_ancestor);
}

static void what_is_not_known_is_empty(void **state)
{
	struct facts_case c;

	(void)state;
	init(&c, "", 811);
	c.process.args_len = 5; /* of nothing */
	make(&c);
	assert_int_equal(c.facts.command.len, 0);
	assert_int_equal(c.facts.args.len, 0);
	assert_int_equal(c.facts.cgroup.len, 0);
}

static void only_ports_and_descriptors_are_told(void **state)
{
	struct facts_case c;

	(void)state;
	init(&c, "dockerd", 811);
	c.sock = make_unix(SOCK_STATE_LISTEN, 1, "/run/docker.sock", 100);
	c.sock.local.port = 8080;
	c.holder.kind = HOLDER_RING;
	make(&c);
	assert_int_equal(c.facts.port, 0);
	assert_int_equal(c.facts.fd, -1);
}

static void cgroup_of_the_socket_is_told_of_managers(void **state)
{
	static const struct {
		const char *command;
		pid_t pid;
		uint64_t cgroup;
		const char *path;
	} cases[] = {
		{"systemd", 811, 4, "/a.socket"}, {"systemd", 1, 5, "/b.socket"},
		{"init", 1, 4, "/a.socket"},      {"systemd", 811, 6, ""},
		{"systemd", 811, 0, ""},          {"systemd-logind", 811, 4, ""},
		{"system", 811, 4, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct facts_case c;
		init(&c, cases[i].command, cases[i].pid);
		c.sock.cgroup = cases[i].cgroup;
		make(&c);
		assert_true(word_equals(c.facts.sock_cgroup, cases[i].path));
	}
}

static void ourselves_and_where_we_come_from_are_known(void **state)
{
	struct facts_case c;

	(void)state;
	init(&c, "bash", 20);
	make(&c);
	assert_true(c.facts.is_ancestor);
	assert_false(c.facts.is_ours);
	init(&c, "whoport", getpid());
	make(&c);
	assert_true(c.facts.is_ours);
	assert_false(c.facts.is_ancestor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_those_of_the_record),
		cmocka_unit_test(what_is_not_known_is_empty),
		cmocka_unit_test(only_ports_and_descriptors_are_told),
		cmocka_unit_test(cgroup_of_the_socket_is_told_of_managers),
		cmocka_unit_test(ourselves_and_where_we_come_from_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
