/* Rows: their order, the flags of their descriptors, where their processes run. */
#define _GNU_SOURCE
#include "rows_fixture.h"
#include "clue.h"
#include "row_fact.h"

#include <sys/socket.h>

/* --- order ----------------------------------------------------------------- */

static void rows_are_by_pid_tid_fd_and_then_without_holder(void **state)
{
	static const struct {
		pid_t pid, tid; /* 0: no holder */
		int fd;
		uint16_t port;
	} sorted[] = {
		{9, 9, 3, 80}, {9, 9, 10, 80}, {9, 12, 3, 80}, {9, 12, 4, 80},
		{10, 10, 0, 80}, {811, 811, 3, 80}, {0, 0, 0, 80}, {0, 0, 0, 443},
	};

	(void)state;
	for (size_t turn = 0; turn < COUNT(sorted); turn++) {
		struct rows r;
		rows_init(&r);
		for (size_t i = 0; i < COUNT(sorted); i++) {
			size_t from = (i * 5 + turn) % COUNT(sorted);
			struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::",
						  sorted[from].port, 1);
			struct row *row = rows_add_unheld(&r, &s, REASON_UNKNOWN);
			if (sorted[from].pid == 0)
				continue;
			row->holder = rows_holder(&r, row);
			*rows_holder(&r, row) = (struct holder){1, sorted[from].pid,
								sorted[from].tid, sorted[from].fd,
								HOLDER_FD};
		}
		row_list_sort(&r.list);
		for (size_t i = 0; i < COUNT(sorted); i++) {
			const struct holder *h = r.v[i].holder;
			assert_int_equal(h ? h->pid : 0, sorted[i].pid);
			assert_int_equal(h ? h->tid : 0, sorted[i].tid);
			assert_int_equal(h ? h->fd : 0, sorted[i].fd);
			assert_int_equal(r.v[i].sock->local.port, sorted[i].port);
		}
		rows_free(&r);
	}
	row_list_sort(&(struct row_list){0});
}

static void rows_of_one_descriptor_are_by_address(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r);
	for (uint16_t port = 5; port > 0; port--) {
		struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, "::1", port, 0);
		rows_add_unheld(&r, &s, REASON_TIME_WAIT);
	}
	row_list_sort(&r.list);
	for (uint16_t i = 0; i < 5; i++)
		assert_int_equal(r.v[i].sock->local.port, i + 1);
	rows_free(&r);
}

/* --- flags ----------------------------------------------------------------- */

static void flags_are_those_of_the_descriptor_while_it_is_the_socket(void **state)
{
	static const struct {
		const char *path, *text; /* NULL: none */
		enum holder_kind kind;
		bool known;
		uint32_t flags;
	} cases[] = {
		{"811/fdinfo/3", "pos:\t0\nflags:\t02000002\nino:\t1001\n", HOLDER_FD, true,
		 02000002},
		{"811/fdinfo/3", "pos:\t0\nflags:\t02\n", HOLDER_FD, true, 2}, /* old kernel */
		{"811/fdinfo/3", "pos:\t0\nflags:\t02\nino:\t1002\n", HOLDER_FD, false, 0},
		{"811/fdinfo/3", "pos:\t0\n", HOLDER_FD, false, 0},
		{"811/fdinfo/3", "flags:\t02\nino:\t1001\n", HOLDER_RING, false, 0},
		{NULL, NULL, HOLDER_FD, false, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1001);
		struct fixture fx = {0};
		struct rows r;
		(void)state;
		fixture_init(&fx);
		rows_init(&r);
		if (cases[i].path)
			fixture_write(&fx, cases[i].path, cases[i].text, strlen(cases[i].text));
		rows_add_process(&r, 811, "nginx");
		struct row *row = rows_add_held(&r, 3, &s);
		rows_holder(&r, row)->kind = cases[i].kind;
		rows_add_unheld(&r, &s, REASON_PERMISSION);
		r.v[1].flags_known = true; /* of an earlier time */
		row_list_load_flags(&r.list, fx.root_fd);
		assert_int_equal(r.v[0].flags_known, cases[i].known);
		if (cases[i].known)
			assert_int_equal(r.v[0].flags, cases[i].flags);
		assert_false(r.v[1].flags_known);
		rows_free(&r);
		fixture_free(&fx);
	}
}

static void flags_of_a_thread_are_in_its_own_directory(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1001);
	struct fixture *fx = *state;
	struct rows r;

	rows_init(&r);
	fixture_write(fx, "811/fdinfo/3", "flags:\t01\n", 10);
	fixture_write(fx, "811/task/812/fdinfo/3", "flags:\t02\n", 10);
	rows_add_process(&r, 811, "nginx");
	struct row *row = rows_add_held(&r, 3, &s);
	rows_holder(&r, row)->tid = 812;
	row_list_load_flags(&r.list, fx->root_fd);
	assert_true(row->flags_known);
	assert_int_equal(row->flags, 2);
	rows_free(&r);
}

/* --- unit and container ---------------------------------------------------- */

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* NULL for none. */
static void assert_places(const struct row *row, const char *unit, const char *container)
{
	struct cgroup_name name = row_unit(row);

	assert_bytes(name.text, name.len, unit ? unit : "");
	name = row_container(row);
	assert_bytes(name.text, name.len, container ? container : "");
}

static void process_runs_in_unit_and_container(void **state)
{
	static const struct {
		const char *cgroup, *unit, *container;
	} cases[] = {
		{"/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", "0123456789ab"},
		{"/lxc/web/system.slice/nginx.service", "nginx.service", "web"},
		{NULL, NULL, NULL}, /* not asked for */
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct process *p = rows_add_process(&r, 811, "nginx");
	struct row *row = rows_add_held(&r, 3, &s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		p->cgroup = (char *)cases[i].cgroup;
		assert_places(row, cases[i].unit, cases[i].container);
	}
	rows_free(&r);
}

static void process_outside_of_them_has_none(void **state)
{
	static const struct {
		const char *cgroup, *unit, *container;
	} cases[] = {
		{"/system.slice/nginx.service", "nginx.service", NULL},
		{"/docker/" ID, NULL, "0123456789ab"},
		{"/user.slice", NULL, NULL},
		{"/", NULL, NULL},
		{"", NULL, NULL},
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct process *p = rows_add_process(&r, 811, "nginx");
	struct row *row = rows_add_held(&r, 3, &s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		p->cgroup = (char *)cases[i].cgroup;
		assert_places(row, cases[i].unit, cases[i].container);
	}
	rows_free(&r);
}

static void row_without_process_has_the_place_of_its_clue(void **state)
{
	static const struct {
		enum clue_place kind;
		const char *place, *unit, *container;
	} cases[] = {
		{CLUE_UNIT, "nginx.service", "nginx.service", NULL},
		{CLUE_CONTAINER, "0123456789ab", NULL, "0123456789ab"},
		{CLUE_CGROUP, "/user.slice", NULL, NULL},
		{CLUE_UNIT, NULL, NULL, NULL},
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct row *row = rows_add_unheld(&r, &s, REASON_PERMISSION);
	assert_places(row, NULL, NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct clue clue = {.place_kind = cases[i].kind, .place = (char *)cases[i].place};
		row->clue = &clue;
		assert_places(row, cases[i].unit, cases[i].container);
	}
	/* What is known of the process counts, though it be nothing. */
	struct clue clue = {.place_kind = CLUE_UNIT, .place = (char *)"nginx.service"};
	rows_add_process(&r, 811, "nginx");
	row = rows_add_held(&r, 3, &s);
	row->clue = &clue;
	assert_places(row, NULL, NULL);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_by_pid_tid_fd_and_then_without_holder),
		cmocka_unit_test(rows_of_one_descriptor_are_by_address),
		cmocka_unit_test(flags_are_those_of_the_descriptor_while_it_is_the_socket),
		fixture_test(flags_of_a_thread_are_in_its_own_directory),
		cmocka_unit_test(process_runs_in_unit_and_container),
		cmocka_unit_test(process_outside_of_them_has_none),
		cmocka_unit_test(row_without_process_has_the_place_of_its_clue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
