/*
 * A scan without enough file descriptors of its own must fail: it may not say
 * that nobody holds a socket.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "holder.h"
#include "scan.h"
#include "scan_procfd.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool wants_all(const void *ctx, const struct process *p)
{
	(void)ctx;
	(void)p;
	return true;
}

/* Scan with so many descriptors left; return the result and the holders. */
static int scan_with(struct fixture *fx, rlim_t left, bool filtered, size_t *out_holders)
{
	static const uint64_t inodes[] = {1001};
	struct scan_request rq = {.proc_fd = fx->root_fd, .inodes = inodes, .inode_count = 1,
				  .threads = SCAN_THREADS_UNSURE,
				  .wants = filtered ? wants_all : NULL};
	struct holder_index holders = {0};
	struct process_table processes = {0};
	struct scan_stats st = {0};
	struct rlimit limit, small;

	/* Descriptors are given out from the lowest: the limit is a number. */
	int lowest = fcntl(fx->root_fd, F_DUPFD_CLOEXEC, 0);
	assert_true(lowest >= 0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	small = limit;
	small.rlim_cur = (rlim_t)lowest + left;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
	int rc = scan_procfd(&rq, &holders, &processes, &st);
	setrlimit(RLIMIT_NOFILE, &limit);

	*out_holders = holders.len;
	holder_index_free(&holders);
	process_table_free(&processes);
	scan_stats_free(&st);
	return rc;
}

/* With each number of descriptors: an error, or the holder. */
static void check(struct fixture *fx, bool filtered, bool thread)
{
	fixture_add_process(fx, 42, "server");
	fixture_add_thread(fx, 42, 43, "worker");
	fixture_add_fd(fx, 42, thread ? 43 : 42, 3, "socket:[1001]");
	for (rlim_t left = 0; left < 8; left++) {
		size_t holders;
		int rc = scan_with(fx, left, filtered, &holders);
		if (rc == 0 && holders == 0)
			fail_msg("with %u descriptors nobody holds the socket", (unsigned)left);
		assert_true(rc == 0 || rc == -EMFILE);
		if (left == 7)
			assert_int_equal(rc, 0);
	}
}

static void lack_of_descriptors_is_an_error(void **state)
{
	check(*state, false, false);
}

static void lack_of_descriptors_for_a_thread_is_an_error(void **state)
{
	check(*state, false, true);
}

static void lack_of_descriptors_is_an_error_where_processes_are_chosen(void **state)
{
	check(*state, true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(lack_of_descriptors_is_an_error),
		fixture_test(lack_of_descriptors_for_a_thread_is_an_error),
		fixture_test(lack_of_descriptors_is_an_error_where_processes_are_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
