/*
 * Threads with descriptor tables of their own, with kcmp(2) replaced by a
 * function of the test.
 */
#include "fixture.h"
#include "holder.h"
#include "scan.h"
#include "scan_procfd.h"

struct found {
	struct holder_index holders;
	struct process_table processes;
	struct scan_stats st;
};

/* Which descriptor table a task has; thread 44 and 46 have their own. */
static int table_of(pid_t tid)
{
	return tid == 44 ? 7 : tid == 46 ? 3 : 5;
}

/* In the order of kcmp(2): 1 says that the first is the lesser. */
static int compare_tables(pid_t a, pid_t b)
{
	int x = table_of(a), y = table_of(b);

	return x == y ? 0 : x < y ? 1 : 2;
}

static int compare_refused(pid_t a, pid_t b)
{
	(void)a;
	(void)b;
	return -EPERM;
}

static int compare_gone(pid_t a, pid_t b)
{
	(void)a;
	(void)b;
	return -ESRCH;
}

static void scan_ok(struct fixture *fx, enum scan_threads threads,
		    int (*compare)(pid_t, pid_t), unsigned facts, struct found *out)
{
	static const uint64_t inodes[] = {1001, 1002, 1003};
	struct scan_request rq = {.proc_fd = fx->root_fd, .inodes = inodes, .inode_count = 3,
				  .threads = threads, .facts = facts, .compare_files = compare};

	*out = (struct found){0};
	assert_int_equal(scan_procfd(&rq, &out->holders, &out->processes, &out->st), 0);
	holder_index_sort(&out->holders);
	process_table_sort(&out->processes);
}

static void found_free(struct found *f)
{
	holder_index_free(&f->holders);
	process_table_free(&f->processes);
	scan_stats_free(&f->st);
}

/* How many holders an inode has; *out is the first of them. */
static size_t count_holders(const struct found *f, uint64_t inode, struct holder *out)
{
	size_t count;
	const struct holder *h = holder_index_find(&f->holders, inode, &count);

	*out = count ? *h : (struct holder){0};
	return count;
}

/* Process 42: threads 43 and 45 share the leader's table, 44 and 46 do not. */
static void add_threads(struct fixture *fx)
{
	fixture_add_process(fx, 42, "server");
	fixture_add_fd(fx, 42, 42, 3, "socket:[1001]");
	for (pid_t tid = 43; tid <= 46; tid++)
		fixture_add_thread(fx, 42, tid, "worker");
	fixture_add_fd(fx, 42, 43, 3, "socket:[1001]");
	fixture_add_fd(fx, 42, 45, 3, "socket:[1001]");
	fixture_add_fd(fx, 42, 44, 3, "socket:[1002]");
	fixture_add_fd(fx, 42, 46, 9, "socket:[1003]");
}

static void private_finds_tables_of_their_own(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_PRIVATE, compare_tables, 0, &f);
	assert_int_equal(f.holders.len, 3);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	assert_int_equal(h.tid, 42);
	assert_int_equal(count_holders(&f, 1002, &h), 1);
	assert_int_equal(h.pid, 42);
	assert_int_equal(h.tid, 44);
	assert_int_equal(count_holders(&f, 1003, &h), 1);
	assert_int_equal(h.tid, 46);
	assert_int_equal(h.fd, 9);
	found_free(&f);
}

static void private_reads_a_table_of_two_threads_once(void **state)
{
	struct found f;
	struct holder h;

	fixture_add_process(*state, 41, "server");
	fixture_add_thread(*state, 41, 44, "worker");
	fixture_add_fd(*state, 41, 44, 3, "socket:[1002]");
	/* 50 and 51 share table 5 with the leader, and have its descriptor. */
	fixture_add_fd(*state, 41, 41, 6, "socket:[1001]");
	fixture_add_fd(*state, 41, 50, 6, "socket:[1001]");
	fixture_add_fd(*state, 41, 51, 6, "socket:[1001]");
	scan_ok(*state, SCAN_THREADS_PRIVATE, compare_tables, 0, &f);
	assert_int_equal(f.holders.len, 2);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	assert_int_equal(h.tid, 41);
	found_free(&f);
}

static void private_skips_threads_where_kcmp_is_refused(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_PRIVATE, compare_refused, 0, &f);
	assert_int_equal(f.holders.len, 1);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	found_free(&f);
	scan_ok(*state, SCAN_THREADS_PRIVATE, NULL, 0, &f);
	assert_int_equal(f.holders.len, 1);
	found_free(&f);
}

static void unsure_finds_threads_where_pids_are_not_ours(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_UNSURE, NULL, 0, &f);
	/* Entries of a shared table are not repeated. */
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	assert_int_equal(h.tid, 42);
	assert_int_equal(count_holders(&f, 1002, &h), 1);
	assert_int_equal(h.tid, 44);
	assert_int_equal(count_holders(&f, 1003, &h), 1);
	found_free(&f);
}

static void thread_is_read_where_another_one_ended(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_PRIVATE, compare_gone, 0, &f);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	assert_int_equal(count_holders(&f, 1002, &h), 1);
	assert_int_equal(count_holders(&f, 1003, &h), 1);
	found_free(&f);
}

static void unsure_finds_threads_where_kcmp_is_refused(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_UNSURE, compare_refused, 0, &f);
	assert_int_equal(count_holders(&f, 1002, &h), 1);
	assert_int_equal(count_holders(&f, 1003, &h), 1);
	found_free(&f);
}

static void unsure_does_not_repeat_a_shared_table_where_kcmp_is_refused(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_UNSURE, compare_refused, 0, &f);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	assert_int_equal(h.tid, 42);
	found_free(&f);
}

static void unsure_trusts_kcmp_where_it_answers(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_UNSURE, compare_tables, 0, &f);
	assert_int_equal(f.holders.len, 3);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	found_free(&f);
}

static void all_shows_each_threads_descriptors(void **state)
{
	struct found f;
	struct holder h;

	add_threads(*state);
	scan_ok(*state, SCAN_THREADS_ALL, compare_tables, PROCESS_TASK, &f);
	assert_int_equal(f.holders.len, 5);
	assert_int_equal(count_holders(&f, 1001, &h), 3);
	assert_non_null(process_table_find(&f.processes, 42, 42));
	const struct process *task = process_table_find(&f.processes, 42, 45);
	assert_non_null(task);
	assert_bytes(task->command, task->command_len, "worker");
	found_free(&f);
}

/* Process 42 without descriptors of its own; its threads have a shared table. */
static void add_dead_leader(struct fixture *fx)
{
	fixture_add_process(fx, 42, "server");
	fixture_set_stat(fx, 42, "server", 'Z', 1, 42);
	fixture_add_thread(fx, 42, 43, "worker");
	fixture_add_fd(fx, 42, 43, 3, "socket:[1001]");
	fixture_add_fd(fx, 42, 45, 3, "socket:[1001]");
}

/* A dead leader has no table, which kcmp orders as one of its own. */
static int compare_dead_leader(pid_t a, pid_t b)
{
	int x = a == 42 ? 0 : 5, y = b == 42 ? 0 : 5;

	return x == y ? 0 : x < y ? 1 : 2;
}

static void dead_leader_is_found_through_its_threads(void **state)
{
	int (*const compare[])(pid_t, pid_t) = {compare_dead_leader, NULL};

	add_dead_leader(*state);
	for (size_t i = 0; i < COUNT(compare); i++) {
		struct found f;
		struct holder h;
		scan_ok(*state, SCAN_THREADS_PRIVATE, compare[i], 0, &f);
		assert_int_equal(count_holders(&f, 1001, &h), 1);
		assert_int_equal(h.pid, 42);
		assert_true(h.tid == 43 || h.tid == 45);
		assert_non_null(process_table_find(&f.processes, 42, 42));
		found_free(&f);
	}
}

static void dead_leader_has_one_row_where_kcmp_is_refused(void **state)
{
	struct found f;
	struct holder h;

	add_dead_leader(*state);
	scan_ok(*state, SCAN_THREADS_PRIVATE, compare_refused, 0, &f);
	assert_int_equal(count_holders(&f, 1001, &h), 1);
	found_free(&f);
}

static void process_without_task_directory_is_scanned(void **state)
{
	struct found f;
	struct holder h;
	struct fixture *fx = *state;

	/* A tree that somebody copied without it. */
	fixture_write(fx, "42/comm", "server\n", 7);
	fixture_write(fx, "42/fd/x", "", 0);
	fixture_write(fx, "43/comm", "other\n", 6);
	scan_ok(fx, SCAN_THREADS_UNSURE, NULL, 0, &f);
	assert_int_equal(count_holders(&f, 1001, &h), 0);
	assert_int_equal(f.st.denied_len, 0);
	found_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(private_finds_tables_of_their_own),
		fixture_test(private_reads_a_table_of_two_threads_once),
		fixture_test(private_skips_threads_where_kcmp_is_refused),
		fixture_test(unsure_finds_threads_where_pids_are_not_ours),
		fixture_test(thread_is_read_where_another_one_ended),
		fixture_test(unsure_finds_threads_where_kcmp_is_refused),
		fixture_test(unsure_does_not_repeat_a_shared_table_where_kcmp_is_refused),
		fixture_test(unsure_trusts_kcmp_where_it_answers),
		fixture_test(all_shows_each_threads_descriptors),
		fixture_test(dead_leader_is_found_through_its_threads),
		fixture_test(dead_leader_has_one_row_where_kcmp_is_refused),
		fixture_test(process_without_task_directory_is_scanned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
