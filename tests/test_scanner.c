/* Which scanner is chosen, and what becomes of one that fails. */
#define _GNU_SOURCE
#include "bpf_iterator.h"
#include "fixture.h"
#include "holder.h"
#include "process.h"
#include "scan.h"
#include "scanner.h"

#include <fcntl.h>
#include <unistd.h>

static void walk_needs_no_preparation(void **state)
{
	struct fixture *fx = *state;
	struct scanner s = {.choice = SCANNER_PROC};
	struct scan_stats st = {0};

	assert_int_equal(scanner_prepare(&s, fx->root_fd, true, &st), 0);
	assert_false(s.is_ready);
	assert_false(s.is_small);
	assert_int_equal(s.refusal, 0); /* nobody asked */
	assert_int_equal(st.tables_len, 0);
	scan_stats_free(&st);
}

/* No kernel knows of its processes. */
static void tree_has_no_iterator(void **state)
{
	struct fixture *fx = *state;
	struct scan_stats st = {0};

	for (int i = 0; i < 2; i++) {
		struct scanner s = {.choice = i ? SCANNER_BPF : SCANNER_AUTO};
		int rc = scanner_prepare(&s, fx->root_fd, true, &st);
		assert_false(s.is_ready);
		assert_false(s.is_small);
		assert_true(s.refusal == -EPERM || s.refusal == -EXDEV);
		assert_int_equal(s.refusal, bpf_iterator_may_open(fx->root_fd));
		/* It is an error only if there is no other way. */
		assert_int_equal(rc, i ? s.refusal : 0);
		assert_int_equal(st.tables_len, 0);
	}
	scan_stats_free(&st);
}

static void real_tree_has_one_if_that_is_permitted(void **state)
{
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct scan_stats st = {0};

	(void)state;
	if (proc_fd < 0)
		skip();
	for (int i = 0; i < 4; i++) {
		struct scanner s = {.choice = i / 2 ? SCANNER_BPF : SCANNER_AUTO};
		int rc = scanner_prepare(&s, proc_fd, i % 2, &st);
		assert_int_equal(rc, s.choice == SCANNER_BPF ? s.refusal : 0);
		/* Exactly one of these is why. */
		assert_int_equal(s.is_ready + s.is_small + (s.refusal < 0), 1);
		assert_false(s.is_small && s.choice == SCANNER_BPF);
		assert_true(s.refusal == 0 || geteuid() == 0 || s.refusal == -EPERM);
	}
	close(proc_fd);
	scan_stats_free(&st);
}

/* A layout without any type: the kernel will not have it. */
static void iterator_that_fails_is_not_ready_any_more(void **state)
{
	static const struct holder known = {1001, 42, 42, 3, HOLDER_FD};
	static const uint64_t inodes[] = {1001};
	struct scanner s = {.choice = SCANNER_AUTO, .is_ready = true};
	struct fixture *fx = *state;
	struct scan_request rq = {.proc_fd = fx->root_fd, .inodes = inodes, .inode_count = 1};
	struct process p = {.pid = 42, .tid = 42};
	struct process_table processes = {0};
	struct holder_index holders = {0};
	struct scan_stats st = {0};

	assert_int_equal(holder_index_add(&holders, &known), 0);
	assert_int_equal(process_table_add(&processes, &p), 0);
	int rc = scanner_iterate(&s, &rq, &holders, &processes, &st);
	assert_true(rc < 0);
	assert_int_equal(s.refusal, rc);
	assert_false(s.is_ready);
	/* What was known before is known still. */
	assert_int_equal(holders.len, 1);
	assert_int_equal(processes.len, 1);
	holder_index_free(&holders);
	process_table_free(&processes);
	scan_stats_free(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(walk_needs_no_preparation),
		fixture_test(tree_has_no_iterator),
		cmocka_unit_test(real_tree_has_one_if_that_is_permitted),
		fixture_test(iterator_that_fails_is_not_ready_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
