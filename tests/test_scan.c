/* What every scanner is asked, and what it notes beside the holders. */
#include "fixture.h"
#include "scan.h"

#include <stdlib.h>

/* Inodes 3, 6, 9 ... 300. */
static void fill(uint64_t *inodes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		inodes[i] = 3 * (i + 1);
}

static void assert_wanted(const struct scan_request *rq, uint64_t inode, size_t *hint)
{
	bool expected = inode > 0 && inode % 3 == 0 && inode / 3 <= rq->inode_count;

	if (scan_wants_inode(rq, inode, hint) != expected)
		fail_msg("inode %u", (unsigned)inode);
	assert_true(*hint <= rq->inode_count);
}

static void inodes_are_found_in_any_order(void **state)
{
	uint64_t inodes[100];

	(void)state;
	fill(inodes, COUNT(inodes));
	for (size_t len = 0; len <= COUNT(inodes); len += len < 4 ? 1 : 24) {
		struct scan_request rq = {.inodes = inodes, .inode_count = len};
		size_t up = 0, down = 0, same = 0, jumps = 0;
		for (uint64_t inode = 0; inode <= 310; inode++) {
			assert_wanted(&rq, inode, &up);
			assert_wanted(&rq, 310 - inode, &down);
			assert_wanted(&rq, 9, &same);
			assert_wanted(&rq, inode * 101 % 311, &jumps);
		}
		assert_wanted(&rq, UINT64_MAX, &up);
	}
}

static void hint_of_any_place_does_no_harm(void **state)
{
	uint64_t inodes[20];
	struct scan_request rq = {.inodes = inodes, .inode_count = COUNT(inodes)};

	(void)state;
	fill(inodes, COUNT(inodes));
	for (size_t hint = 0; hint <= COUNT(inodes); hint++) {
		for (uint64_t inode = 0; inode < 70; inode++) {
			size_t at = hint;
			assert_wanted(&rq, inode, &at);
		}
	}
}

static void every_socket_is_wanted_if_all_are(void **state)
{
	struct scan_request rq = {.every_socket = true};
	size_t hint = 0;

	(void)state;
	assert_true(scan_wants_inode(&rq, 0, &hint));
	assert_true(scan_wants_inode(&rq, UINT64_MAX, &hint));
	rq.every_socket = false;
	assert_false(scan_wants_inode(&rq, 0, &hint));
}

static void statistics_are_sorted_and_without_doubles(void **state)
{
	static const pid_t pids[] = {44, 42, 99, 42, 43, 44};
	struct scan_stats st = {0};

	(void)state;
	assert_int_equal(scan_stats_sort(&st), 0); /* nothing is fine */
	for (size_t i = 0; i < COUNT(pids); i++) {
		struct scan_sight sight = {.pid = pids[i], .tid = pids[i], .fd = 3};
		uint32_t uid = 1000 + (uint32_t)pids[i] % 2;
		assert_int_equal(scan_stats_add_denied(&st, pids[i], uid), 0);
		assert_int_equal(scan_stats_add_table(&st, pids[i], (off_t)i), 0);
		assert_int_equal(scan_stats_add_sight(&st, &sight), 0);
	}
	for (int again = 0; again < 2; again++) {
		assert_int_equal(scan_stats_sort(&st), 0);
		assert_int_equal(st.denied_len, 4);
		assert_int_equal(st.denied[0].pid, 42);
		assert_int_equal(st.denied[3].pid, 99);
		assert_int_equal(st.denied_uids_len, 2);
		assert_int_equal(st.denied_uids[0], 1000);
		assert_int_equal(st.denied_uids[1], 1001);
		assert_int_equal(st.sights_len, 4);
	}
	for (size_t i = 1; i < st.tables_len; i++)
		assert_true(st.tables[i - 1].pid <= st.tables[i].pid);
	scan_stats_free(&st);
	scan_stats_free(&st);
}

static void denied_process_can_be_taken_back(void **state)
{
	struct scan_stats st = {0};

	(void)state;
	for (pid_t pid = 42; pid < 45; pid++)
		assert_int_equal(scan_stats_add_denied(&st, pid, 1000), 0);
	assert_null(scan_stats_find_denied(&st, 0, 42));
	assert_null(scan_stats_find_denied(&st, 1, 43)); /* among the first ones only */
	assert_non_null(scan_stats_find_denied(&st, 3, 44));
	scan_stats_remove_denied(&st, scan_stats_find_denied(&st, 3, 43));
	assert_int_equal(st.denied_len, 2);
	assert_null(scan_stats_find_denied(&st, 2, 43));
	assert_int_equal(st.denied[1].pid, 44);
	scan_stats_free(&st);
}

static void seen_processes_are_found(void **state)
{
	static const pid_t pids[] = {44, 7, 42, 44, 99};
	struct scan_stats st = {0};

	(void)state;
	assert_false(scan_stats_has_seen(&st, 42));
	for (size_t i = 0; i < COUNT(pids); i++)
		assert_int_equal(scan_stats_add_seen(&st, pids[i]), 0);
	assert_int_equal(scan_stats_sort(&st), 0);
	for (pid_t pid = 0; pid < 110; pid++)
		assert_int_equal(scan_stats_has_seen(&st, pid),
				 pid == 7 || pid == 42 || pid == 44 || pid == 99);
	scan_stats_free(&st);
	assert_false(scan_stats_has_seen(&st, 42));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inodes_are_found_in_any_order),
		cmocka_unit_test(hint_of_any_place_does_no_harm),
		cmocka_unit_test(every_socket_is_wanted_if_all_are),
		cmocka_unit_test(statistics_are_sorted_and_without_doubles),
		cmocka_unit_test(denied_process_can_be_taken_back),
		cmocka_unit_test(seen_processes_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
