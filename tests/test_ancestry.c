/* The processes that we were started from. */
#define _GNU_SOURCE
#include "child.h"
#include "ancestry.h"

static void own_chain_begins_with_us_and_our_parent(void **state)
{
	struct ancestry a;
	int proc_fd = open_proc();

	(void)state;
	ancestry_load(&a, proc_fd);
	assert_int_equal(a.v[0], getpid());
	assert_false(ancestry_has(&a, getpid())); /* we are none of our own */
	if (getppid() > 0) { /* it may be outside of our pid namespace */
		assert_true(a.len > 1);
		assert_int_equal(a.v[1], getppid());
		assert_true(ancestry_has(&a, getppid()));
	}
	assert_false(ancestry_has(&a, 0));
	assert_false(ancestry_has(&a, INT32_MAX));
	close(proc_fd);
}

static void chain_is_followed_to_its_end(void **state)
{
	struct ancestry a;
	int proc_fd = open_proc();

	(void)state;
	ancestry_load(&a, proc_fd);
	for (size_t i = 1; i < a.len; i++) {
		struct process_table t = {0};
		/* hidepid hides whom it likes: there the chain ends. */
		if (process_table_load(&t, proc_fd, a.v[i], PROCESS_STAT) == 1)
			assert_int_equal(t.v->ppid, i + 1 < a.len ? a.v[i + 1] : 0);
		else
			assert_int_equal(i + 1, a.len);
		process_table_free(&t);
	}
	close(proc_fd);
}

static bool obey(void *ctx, char command)
{
	(void)ctx;
	(void)command;
	return false;
}

static void child_is_no_ancestor(void **state)
{
	struct child c = child_start(obey, NULL);
	struct ancestry a;
	int proc_fd = open_proc();

	(void)state;
	ancestry_load(&a, proc_fd);
	assert_false(ancestry_has(&a, c.pid));
	close(proc_fd);
	child_end(&c);
}

static void parent_is_known_without_proc(void **state)
{
	struct fixture *fx = *state;
	struct ancestry a;

	ancestry_load(&a, fx->root_fd);
	assert_int_equal(a.len, getppid() > 0 ? 2 : 1);
	assert_int_equal(ancestry_has(&a, getppid()), getppid() > 0);
}

/* A tree in which our parent is its own grandparent. */
static void chain_without_end_is_cut(void **state)
{
	struct fixture *fx = *state;
	const pid_t other = getppid() + 1;
	struct ancestry a;

	if (getppid() == 0)
		skip();
	fixture_add_process(fx, getppid(), "x");
	fixture_set_stat(fx, getppid(), "x", 'S', other, other);
	fixture_add_process(fx, other, "x");
	fixture_set_stat(fx, other, "x", 'S', getppid(), other);
	ancestry_load(&a, fx->root_fd);
	assert_int_equal(a.len, COUNT(a.v));
	assert_true(ancestry_has(&a, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_chain_begins_with_us_and_our_parent),
		cmocka_unit_test(chain_is_followed_to_its_end),
		cmocka_unit_test(child_is_no_ancestor),
		fixture_test(parent_is_known_without_proc),
		fixture_test(chain_without_end_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
