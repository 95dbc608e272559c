/* Beside the rows: ages, and the cgroups of sockets. */
#define _GNU_SOURCE
#include "rows_fixture.h"
#include "background.h"

#include <sys/stat.h>
#include <unistd.h>

static void age_is_counted_from_the_uptime(void **state)
{
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct process p = {.pid = 7, .start_ticks = 60 * hz + hz / 2};
	struct fixture *fx = *state;
	struct background b = {0};
	struct row_list none = {0};
	uint64_t age = 0;

	fixture_write(fx, "uptime", "3660.71 99.10\n", 14);
	assert_int_equal(background_load(&none, fx->root_fd, false, &b), 0);
	assert_true(background_age(&b, &p, &age));
	assert_int_equal(age, 3600);
	p.start_ticks = 3661 * hz; /* later than now */
	assert_false(background_age(&b, &p, &age));
	p = (struct process){.is_gone = true};
	assert_false(background_age(&b, &p, &age));
	p = (struct process){.is_opaque = true};
	assert_false(background_age(&b, &p, &age));
	background_free(&b);
}

static void age_is_unknown_without_uptime(void **state)
{
	static const char *const texts[] = {"", "x", "-1 2", "99999999999 1"};
	struct process p = {.pid = 7};
	struct fixture *fx = *state;
	struct row_list none = {0};
	uint64_t age;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct background b = {0};
		fixture_write(fx, "uptime", texts[i], strlen(texts[i]));
		assert_int_equal(background_load(&none, fx->root_fd, false, &b), 0);
		assert_false(background_age(&b, &p, &age));
		background_free(&b);
	}
}

/* A mount of version 2 that is a directory of the tree. */
static uint64_t add_cgroup(struct fixture *fx)
{
	struct stat st;
	char line[512];

	fixture_write(fx, "cg/cgroup.procs", "", 0);
	assert_int_equal(mkdirat(fx->root_fd, "cg/web.service", 0755), 0);
	int len = snprintf(line, sizeof(line), "30 25 0:26 / %s/cg rw - cgroup2 cgroup2 rw\n",
			   fx->path);
	fixture_write(fx, "self/mountinfo", line, (size_t)len);
	assert_int_equal(fstatat(fx->root_fd, "cg/web.service", &st, 0), 0);
	return st.st_ino;
}

static void cgroup_of_a_socket_has_a_path(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1), t = s;
	struct fixture *fx = *state;
	struct background b = {0};
	struct rows r;

	rows_init(&r);
	s.cgroup = add_cgroup(fx);
	rows_add_unheld(&r, &s, REASON_PERMISSION);
	rows_add_unheld(&r, &t, REASON_PERMISSION);
	assert_int_equal(background_load(&r.list, fx->root_fd, false, &b), 0);
	assert_string_equal(background_cgroup(&b, &s), "/web.service");
	assert_null(background_cgroup(&b, &t));
	s.cgroup = UINT64_MAX;
	assert_null(background_cgroup(&b, &s));
	background_free(&b);
	rows_free(&r);
}

static void cgroups_that_nobody_needs_are_not_read(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct fixture *fx = *state;
	struct background b = {0};
	struct rows r;

	rows_init(&r);
	add_cgroup(fx);
	rows_add_unheld(&r, &s, REASON_PERMISSION);
	assert_int_equal(background_load(&r.list, fx->root_fd, false, &b), 0);
	assert_false(b.has_cgroups);
	background_free(&b);
	background_free(&b);
	rows_free(&r);
}

static void cgroups_that_are_not_mounted_are_unknown(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct fixture *fx = *state;
	struct background b = {0};
	struct rows r;

	rows_init(&r);
	s.cgroup = 7;
	rows_add_unheld(&r, &s, REASON_PERMISSION);
	assert_int_equal(background_load(&r.list, fx->root_fd, false, &b), 0);
	assert_null(background_cgroup(&b, &s));
	background_free(&b);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(age_is_counted_from_the_uptime),
		fixture_test(age_is_unknown_without_uptime),
		fixture_test(cgroup_of_a_socket_has_a_path),
		fixture_test(cgroups_that_nobody_needs_are_not_read),
		fixture_test(cgroups_that_are_not_mounted_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
