/* Units in cgroups, and the command that stops them. */
#include "fixture.h"
#include "unit.h"

#define USER "/user.slice/user-1000.slice/user@1000.service"

static void unit_is_one_that_may_be_stopped(void **state)
{
	static const struct {
		const char *cgroup, *unit; /* NULL: none */
		bool is_service, is_of_user;
	} cases[] = {
		{"/system.slice/nginx.service", "nginx.service", true, false},
		{"/system.slice/cups.socket", "cups.socket", false, false},
		{"/system.slice/x@1.service/sub", "x@1.service", true, false},
		{"/system.slice/dev-x\\x2dy.service", "dev-x\\x2dy.service", true, false},
		{USER "/app.slice/web.service", "web.service", true, true},
		{USER, NULL, false, false},
		{USER "/init.scope", NULL, false, true},
		{"/init.scope", NULL, false, false},
		{"/system.slice/docker-1.scope", NULL, false, false},
		{"/system.slice/-x.service", NULL, false, false}, /* would be an option */
		{"/system.slice/it's.service", NULL, false, false},
		{"/", NULL, false, false},
		{"", NULL, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].cgroup);
		char *text = guard_copy(cases[i].cgroup, len);
		const struct word cgroup = {text, len};
		struct word unit;
		if (unit_find(cgroup, &unit) != (cases[i].unit != NULL))
			fail_msg("%s", cases[i].cgroup);
		if (cases[i].unit) {
			assert_bytes(unit.text, unit.len, cases[i].unit);
			assert_int_equal(unit_is_service(unit), cases[i].is_service);
			assert_int_equal(unit_is_of_user(cgroup), cases[i].is_of_user);
		}
		guard_free(text, len);
	}
}

static void nothing_is_no_unit(void **state)
{
	const struct word none = {NULL, 0};
	struct word unit;

	(void)state;
	assert_false(unit_find(none, &unit));
	assert_false(unit_is_of_user(none));
}

static void stop_command_can_be_typed(void **state)
{
	struct buf b = {0};

	(void)state;
	unit_add_stop(&b, false, (struct word){"x@1.service", 11});
	assert_buf(&b, "systemctl stop x@1.service");
	unit_add_stop(&b, true, (struct word){"x\\x2dy.service", 14});
	assert_buf(&b, "systemctl --user stop 'x\\x2dy.service'");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unit_is_one_that_may_be_stopped),
		cmocka_unit_test(nothing_is_no_unit),
		cmocka_unit_test(stop_command_can_be_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
