/* Units and containers in the paths of cgroups. */
#include "cgroup_name.h"
#include "fixture.h"

#include <stdlib.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_ID "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

typedef bool parser(const char *path, size_t len, struct cgroup_name *out);

/* Parse a guarded copy; the name must be @expected, or none if that is NULL. */
static void assert_name(parser *parse, const char *text, size_t len, const char *expected)
{
	char *copy = guard_copy(text, len);
	struct cgroup_name name = {0};
	bool found = parse(copy, len, &name);

	if (found != (expected != NULL))
		fail_msg("\"%.*s\": %s", (int)len, text, found ? "has a name" : "has no name");
	if (found)
		assert_bytes(name.text, name.len, expected);
	guard_free(copy, len);
}

struct name_case {
	const char *text, *expected;
};

static void assert_names(parser *parse, const struct name_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_name(parse, cases[i].text, strlen(cases[i].text), cases[i].expected);
}

static void unit_is_the_innermost_one(void **state)
{
	static const struct name_case cases[] = {
		{"/system.slice/nginx.service", "nginx.service"},
		{"system.slice/nginx.service", "nginx.service"},
		{"nginx.service", "nginx.service"},
		{"/system.slice/nginx.service/", "nginx.service"},
		{"/system.slice//nginx.service//worker//", "nginx.service"},
		{"/system.slice/docker.service/worker/7", "docker.service"},
		{"/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service"},
		{"/system.slice/cups.socket", "cups.socket"},
		{"/system.slice/dev-hugepages.mount", "dev-hugepages.mount"},
		{"/system.slice/dev-disk-by\\x2duuid.swap", "dev-disk-by\\x2duuid.swap"},
		{"/init.scope", "init.scope"},
		{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", "web.service"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice", "user@1000.service"},
		{"/system.slice/docker-" ID ".scope", "docker-" ID ".scope"},
		/* Escaped by systemd: memory.service would look like a kernel file. */
		{"/system.slice/_memory.service", "memory.service"},
		{"/system.slice/__x.service", "_x.service"},
	};

	(void)state;
	assert_names(cgroup_parse_unit, cases, COUNT(cases));
}

static void path_without_unit_has_none(void **state)
{
	static const struct name_case cases[] = {
		{"", NULL},
		{"/", NULL},
		{"///", NULL},
		{"/system.slice", NULL},
		{"/docker/" ID, NULL},
		{"/.service", NULL},
		{"/_.service", NULL},
		{"/service", NULL},
		{"/nginx.Service", NULL},
		{"/nginx.service2", NULL},
		{"/nginx.service (deleted)", NULL},
		{"/nginx.timer", NULL},
		{"/a b.service", NULL},
		{"/\033[2J.service", NULL},
		{"/\377.service", NULL},
		{"/a\nb.service", NULL},
	};

	(void)state;
	assert_names(cgroup_parse_unit, cases, COUNT(cases));
	assert_name(cgroup_parse_unit, "/a\0b.service", 12, NULL);
	/* What cannot be a unit is passed over. */
	assert_name(cgroup_parse_unit, "/a.service/b c.scope", 20, "a.service");
}

static void container_is_an_id_in_twelve_digits(void **state)
{
	static const struct name_case cases[] = {
		{"/docker/" ID, "0123456789ab"},
		{"/" ID, "0123456789ab"},
		{ID, "0123456789ab"},
		{"/system.slice/docker-" ID ".scope", "0123456789ab"},
		{"/system.slice/docker-" ID ".scope/init.scope", "0123456789ab"},
		{"/machine.slice/libpod-" ID ".scope/container", "0123456789ab"},
		{"/libpod_parent/libpod-" ID, "0123456789ab"},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
		 "0123456789ab"},
		{"/machine.slice/machine-libpod_pod_" OTHER_ID ".slice/libpod-" ID ".scope",
		 "0123456789ab"},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1f_2e.slice/"
		 "cri-containerd-" ID ".scope", "0123456789ab"},
		{"/kubepods/burstable/pod1-2/" ID, "0123456789ab"},
		{"/kubepods.slice/crio-" ID ".scope", "0123456789ab"},
		{"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID,
		 "0123456789ab"},
		{"/docker/" ID "/docker/" OTHER_ID, "fedcba987654"},
		{"/docker/" ID "/system.slice/nginx.service", "0123456789ab"},
		{"/lxc.payload.web/docker/" ID, "0123456789ab"},
	};

	(void)state;
	assert_names(cgroup_parse_container, cases, COUNT(cases));
}

static void container_may_have_a_name(void **state)
{
	static const struct name_case cases[] = {
		{"/lxc.payload.web", "web"},
		{"/lxc.payload.web/system.slice/nginx.service", "web"},
		{"/lxc.payload.my.box-1", "my.box-1"},
		{"/lxc.payload/web", "web"},
		{"/lxc/101", "101"},
		{"/lxc/101/ns/init.scope", "101"},
		{"lxc/web/", "web"},
		{"/docker/" ID "/lxc/web", "web"},
		{"/lxc/lxc", "lxc"},
		{"/machine.slice/machine-web.scope", "web"},
		{"/machine.slice/machine-my\\x2dbox.scope/payload/init.scope", "my\\x2dbox"},
		{"/machine.slice/machine-lxc\\x2d12\\x2dweb.scope", "lxc\\x2d12\\x2dweb"},
		{"/machine.slice/systemd-nspawn@web.service/payload", "web"},
		{"/lxc/\033[2J", "\033[2J"}, /* made harmless where it is printed */
	};

	(void)state;
	assert_names(cgroup_parse_container, cases, COUNT(cases));
}

static void path_without_container_has_none(void **state)
{
	static const struct name_case cases[] = {
		{"", NULL},
		{"/", NULL},
		{"/system.slice/docker.service", NULL},
		{"/docker", NULL},
		{"/lxc", NULL},
		{"/lxc.payload", NULL},
		{"/lxc.payload.", NULL},
		{"/lxc.monitor.web", NULL},
		{"/lxcfs/web", NULL},
		{"/machine.slice", NULL},
		{"/machine-.scope", NULL},
		{"/machine-web.slice", NULL},
		{"/machine.slice/machine-qemu\\x2d1\\x2dwin.scope", NULL},
		{"/systemd-nspawn@.service", NULL},
		{"/docker/0123456789ab", NULL},
		{"/docker/" ID "0", NULL},
		{"/docker/x" ID, NULL},
		{"/docker/-" ID, NULL},
		{"/docker/" ID ".slice", NULL},
		{"/docker/" ID "-x", NULL},
		{"/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", NULL},
		{"/docker/g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", NULL},
		{"/machine.slice/libpod-conmon-" ID ".scope", NULL},
		{"/crio-conmon-" ID ".scope", NULL},
	};

	(void)state;
	assert_names(cgroup_parse_container, cases, COUNT(cases));
}

static void path_is_taken_from_the_hierarchy_that_counts(void **state)
{
	static const struct name_case cases[] = {
		{"0::/system.slice/nginx.service\n", "/system.slice/nginx.service"},
		{"0::/a", "/a"},
		{"0::/\n", "/"},
		{"9:name=systemd:/\n4:memory:/x\n0::/\n", "/"},
		{"9:name=systemd:/sys\n4:memory:/x\n0::/\n", "/sys"},
		{"9:name=systemd:/sys\n4:memory:/x\n0::/uni\n", "/uni"},
		{"0::/uni\n9:name=systemd:/sys\n", "/uni"},
		{"1:name=systemd:/sys\n", "/sys"},
		{"1:name=systemd:/\n", "/"},
		{"0::/../outside\n", "/../outside"},
		{"0::/a:b::c d\n", "/a:b::c d"},
		{"0::/gone.service (deleted)\n", "/gone.service"},
		{"0::/ (deleted)\n", "/"},
		{"1:name=systemd:/a (deleted)\n", "/a (deleted)"},
		{"4:cpu,cpuacct:/x\n3:name=elogind:/y\n\nbroken\n0::/z\n", "/z"},
	};

	(void)state;
	assert_names(cgroup_parse_file, cases, COUNT(cases));
}

static void text_without_such_a_hierarchy_has_no_path(void **state)
{
	static const struct name_case cases[] = {
		{"", NULL},
		{"\n\n", NULL},
		{"0::\n", NULL},
		{"0::a\n", NULL},
		{"0:/a\n", NULL},
		{"::/a\n", NULL},
		{"x0::/a\n", NULL},
		{" 0::/a\n", NULL},
		{"1::/a\n", NULL},
		{"0:name=systemd:/a\n", NULL},
		{"4:memory:/a\n3:name=systemd2:/b\n2:cpu,name=systemd:/c\n", NULL},
		{"1:name=systemd:\n", NULL},
		{"1:name=systemd:a\n", NULL},
		{"99999999999999999999::/a\n", NULL},
		{"4:memory:/0::/a\n", NULL},
	};

	(void)state;
	assert_names(cgroup_parse_file, cases, COUNT(cases));
}

static void text_of_names_may_end_anywhere(void **state)
{
	static const char text[] = "12:name=systemd:/lxc/a/docker-" ID ".scope\n0::/machine-_x\\x2dy"
				   ".scope/lxc.payload.z/b.service (deleted)\n";
	static parser *const parsers[] = {
		cgroup_parse_unit, cgroup_parse_container, cgroup_parse_file,
	};

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = guard_copy(text, len);
		for (size_t i = 0; i < COUNT(parsers); i++) {
			struct cgroup_name name;
			if (!parsers[i](copy, len, &name))
				continue;
			assert_true(name.len > 0 && name.text >= copy);
			assert_true(name.text + name.len <= copy + len);
		}
		guard_free(copy, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unit_is_the_innermost_one),
		cmocka_unit_test(path_without_unit_has_none),
		cmocka_unit_test(container_is_an_id_in_twelve_digits),
		cmocka_unit_test(container_may_have_a_name),
		cmocka_unit_test(path_without_container_has_none),
		cmocka_unit_test(path_is_taken_from_the_hierarchy_that_counts),
		cmocka_unit_test(text_without_such_a_hierarchy_has_no_path),
		cmocka_unit_test(text_of_names_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
