/* Parents: followed to PID 1, read once, never taken for another process of that number. */
#define _GNU_SOURCE
#include "rows_fixture.h"
#include "lineage.h"

/* A process of the tree, whose start is at 100 * PID ticks. */
static void add(struct fixture *fx, pid_t pid, const char *comm, pid_t ppid)
{
	fixture_add_process(fx, pid, comm);
	fixture_set_stat(fx, pid, comm, 'S', ppid, pid);
}

/* A process that holds something. */
static struct process *hold(struct rows *r, pid_t pid, pid_t ppid)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, (uint64_t)pid);
	struct process *p = rows_add_process(r, pid, "x");

	p->ppid = ppid;
	p->start_ticks = 100 * (uint64_t)pid;
	rows_add_held(r, 3, &s);
	return p;
}

static void assert_parents(const struct process_table *t, const struct process *p,
			   const pid_t *expected, size_t len)
{
	const struct process *v[LINEAGE_MAX];

	assert_int_equal(lineage_list(t, p, v, LINEAGE_MAX), len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(v[i]->pid, expected[i]);
}

static void parents_are_followed_to_the_first_process(void **state)
{
	struct fixture *fx = *state;
	struct process_table t = {0};
	struct rows r;

	rows_init(&r);
	add(fx, 1, "init", 0);
	add(fx, 20, "sshd", 1);
	add(fx, 30, "bash", 20);
	const struct process *p = hold(&r, 40, 30), *q = hold(&r, 41, 30), *first = hold(&r, 42, 1);
	assert_int_equal(lineage_load(&r.list, fx->root_fd, &t), 0);
	assert_int_equal(t.len, 3); /* each once */
	assert_parents(&t, p, (const pid_t[]){30, 20, 1}, 3);
	assert_parents(&t, q, (const pid_t[]){30, 20, 1}, 3);
	assert_parents(&t, first, (const pid_t[]){1}, 1);
	process_table_free(&t);
	rows_free(&r);
}

static void parent_that_is_gone_ends_the_list(void **state)
{
	struct fixture *fx = *state;
	struct process_table t = {0};
	struct rows r;

	rows_init(&r);
	add(fx, 30, "bash", 20);
	const struct process *p = hold(&r, 40, 30), *none = hold(&r, 41, 0);
	assert_int_equal(lineage_load(&r.list, fx->root_fd, &t), 0);
	assert_parents(&t, p, (const pid_t[]){30}, 1);
	assert_parents(&t, none, NULL, 0);
	process_table_free(&t);
	rows_free(&r);
}

/* PID 50 was started after its "child" 40: the number is another process's by now. */
static void younger_parent_is_none(void **state)
{
	struct fixture *fx = *state;
	struct process_table t = {0};
	struct rows r;

	rows_init(&r);
	add(fx, 1, "init", 0);
	add(fx, 50, "stranger", 1);
	const struct process *p = hold(&r, 40, 50);
	assert_int_equal(lineage_load(&r.list, fx->root_fd, &t), 0);
	assert_parents(&t, p, NULL, 0);
	process_table_free(&t);
	rows_free(&r);
}

/* A tree can say anything: two processes that are each other's parents, of one age. */
static void circle_ends(void **state)
{
	struct fixture *fx = *state;
	const struct process *v[LINEAGE_MAX];
	struct process_table t = {0};
	struct rows r;

	rows_init(&r);
	add(fx, 5, "a", 5);
	const struct process *p = hold(&r, 40, 5);
	assert_int_equal(lineage_load(&r.list, fx->root_fd, &t), 0);
	assert_int_equal(lineage_list(&t, p, v, LINEAGE_MAX), LINEAGE_MAX);
	assert_int_equal(lineage_list(&t, p, v, 3), 3);
	process_table_free(&t);
	rows_free(&r);
}

static void many_parents_are_all_read(void **state)
{
	struct fixture *fx = *state;
	struct process_table t = {0};
	struct rows r;

	rows_init(&r);
	add(fx, 1, "init", 0);
	for (pid_t pid = 2; pid < 80; pid++)
		add(fx, pid, "x", pid - 1);
	const struct process *p = hold(&r, 60, 59), *q = hold(&r, 80, 79);
	const struct process *v[LINEAGE_MAX];
	assert_int_equal(lineage_load(&r.list, fx->root_fd, &t), 0);
	assert_int_equal(lineage_list(&t, p, v, LINEAGE_MAX), 59);
	assert_int_equal(v[58]->pid, 1);
	assert_int_equal(lineage_list(&t, q, v, LINEAGE_MAX), LINEAGE_MAX);
	process_table_free(&t);
	rows_free(&r);
}

static void rows_without_process_have_no_parents(void **state)
{
	struct fixture *fx = *state;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct process_table t = {0};
	struct rows r;

	rows_init(&r);
	rows_add_unheld(&r, &s, REASON_PERMISSION);
	assert_int_equal(lineage_load(&r.list, fx->root_fd, &t), 0);
	assert_int_equal(t.len, 0);
	rows_free(&r);
}

static void ssh_session_is_the_nearest_of_root(void **state)
{
	struct process v[] = {{.pid = 9, .uid = 1000, .command = "sshd", .command_len = 4},
			      {.pid = 8, .command = "bash", .command_len = 4},
			      {.pid = 7, .command = "sshd-session", .command_len = 12},
			      {.pid = 6, .command = "sshd", .command_len = 4}};
	const struct process *list[] = {&v[0], &v[1], &v[2], &v[3]};

	(void)state;
	assert_int_equal(lineage_find_ssh(list, 4)->pid, 7);
	v[2].command_len = 11;
	assert_int_equal(lineage_find_ssh(list, 4)->pid, 6);
	assert_null(lineage_find_ssh(list, 2));
	assert_null(lineage_find_ssh(list, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(parents_are_followed_to_the_first_process),
		fixture_test(parent_that_is_gone_ends_the_list),
		fixture_test(younger_parent_is_none),
		fixture_test(circle_ends),
		fixture_test(many_parents_are_all_read),
		fixture_test(rows_without_process_have_no_parents),
		cmocka_unit_test(ssh_session_is_the_nearest_of_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
