/*
 * Of a real process that may not be read a scan tells as long as it lives: when it has
 * ended between two scans, the second takes it back.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "hidden.h"
#include "holder.h"
#include "procfs.h"
#include "scan.h"
#include "scan_procfd.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Kept from one look to the next. */
static struct scan_stats stats;

static int look(pid_t hidden, bool ended)
{
	static const uint64_t none[] = {1};
	struct scan_request rq = {.inodes = none, .inode_count = 1, .only_changed = ended};
	struct holder_index holders = {0};
	struct process_table processes = {0};
	struct stat fds;

	rq.proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rq.proc_fd < 0 || fstatat(rq.proc_fd, "self/fd", &fds, 0) < 0 || fds.st_size == 0)
		return -1; /* before Linux 6.2 a second scan asks all again */
	int rc = scan_procfd(&rq, &holders, &processes, &stats);
	holder_index_free(&holders);
	process_table_free(&processes);
	close(rq.proc_fd);
	CHECK(rc == 0);
	bool is_denied = scan_stats_find_denied(&stats, stats.denied_len, hidden) != NULL;
	CHECK(is_denied != ended);
	return 0;
}

static int check_hidden(void)
{
	return hidden_meet(look);
}

static void who_has_ended_is_denied_no_more(void **state)
{
	(void)state;
	child_check(check_hidden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_ended_is_denied_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
