/* How many descriptors processes have, and who may not be read. */
#define _GNU_SOURCE
#include "fixture.h"
#include "hidden.h"
#include "scan.h"
#include "survey.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Processes 42 to 44 with a few descriptors, 45 without a table; and our own. */
static void add_processes(struct fixture *fx)
{
	char target[32];

	for (pid_t pid = 42; pid < 45; pid++) {
		fixture_add_process(fx, pid, "server");
		for (int fd = 0; fd < 10 * (pid - 41); fd++) {
			snprintf(target, sizeof(target), "socket:[%d]", 1000 + fd);
			fixture_add_fd(fx, pid, pid, fd, target);
		}
	}
	fixture_write(fx, "45/comm", "gone\n", 5);
	fixture_write(fx, "self/fd/0", "", 0);
	fixture_write(fx, "0/fd/0", "", 0);
	fixture_write(fx, "net/fd/0", "", 0);
	fixture_write(fx, "42x/fd/0", "", 0);
}

/* The size of a directory of a tree, which depends on its file system. */
static off_t size_of(struct fixture *fx, pid_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "%d/fd", (int)pid);
	assert_int_equal(fstatat(fx->root_fd, path, &st, 0), 0);
	return st.st_size;
}

static bool directories_have_sizes(struct fixture *fx)
{
	struct stat st;

	return fstatat(fx->root_fd, "self/fd", &st, 0) == 0 && st.st_size > 0 &&
	       size_of(fx, 42) > 0 && size_of(fx, 43) > 0 && size_of(fx, 44) > 0;
}

static const struct scan_table *find_table(const struct scan_stats *st, pid_t pid)
{
	for (size_t i = 0; i < st->tables_len; i++) {
		if (st->tables[i].pid == pid)
			return &st->tables[i];
	}
	return NULL;
}

static void tables_are_counted_and_summed(void **state)
{
	struct fixture *fx = *state;
	struct scan_stats st = {0};
	uint64_t sum, expected = 0;

	add_processes(fx);
	if (!directories_have_sizes(fx))
		skip(); /* a file system that does not count */
	for (pid_t pid = 42; pid < 45; pid++)
		expected += (uint64_t)size_of(fx, pid);
	for (int again = 0; again < 2; again++) { /* the tables are replaced */
		assert_int_equal(survey_count_tables(fx->root_fd, 0, &st, &sum), 0);
		assert_int_equal(sum, expected);
		assert_int_equal(st.tables_len, 3);
	}
	for (pid_t pid = 42; pid < 45; pid++) {
		assert_non_null(find_table(&st, pid));
		assert_int_equal(find_table(&st, pid)->descriptors, size_of(fx, pid));
	}
	assert_int_equal(st.processes, 0); /* none was read */
	assert_int_equal(st.descriptors, 0);
	scan_stats_free(&st);
}

static void enough_is_enough(void **state)
{
	struct fixture *fx = *state;
	struct scan_stats st = {0};
	uint64_t sum, whole;

	add_processes(fx);
	if (!directories_have_sizes(fx))
		skip();
	assert_int_equal(survey_count_tables(fx->root_fd, 0, &st, &whole), 0);
	/* In whatever order they come. */
	uint64_t first = (uint64_t)st.tables[0].descriptors;
	assert_int_equal(survey_count_tables(fx->root_fd, 1, &st, &sum), 0);
	assert_int_equal(st.tables_len, 1);
	assert_int_equal(sum, first);
	assert_int_equal(survey_count_tables(fx->root_fd, first, &st, &sum), 0);
	assert_int_equal(st.tables_len, 1);
	assert_int_equal(survey_count_tables(fx->root_fd, first + 1, &st, &sum), 0);
	assert_int_equal(st.tables_len, 2);
	for (uint64_t more = 0; more < 2; more++) {
		assert_int_equal(survey_count_tables(fx->root_fd, whole + more, &st, &sum), 0);
		assert_int_equal(st.tables_len, 3);
		assert_int_equal(sum, whole);
	}
	scan_stats_free(&st);
}

static void tree_that_does_not_tell_has_tables_of_unknown_length(void **state)
{
	struct fixture *fx = *state;
	struct scan_stats st = {0};
	uint64_t sum = 7;

	fixture_add_process(fx, 42, "server"); /* but none is our own */
	assert_int_equal(scan_stats_add_table(&st, 7, 7), 0);
	assert_int_equal(survey_count_tables(fx->root_fd, 0, &st, &sum), -EOPNOTSUPP);
	assert_int_equal(sum, 0);
	assert_int_equal(st.tables_len, 1); /* in place of the old ones */
	assert_int_equal(st.tables[0].pid, 42);
	assert_int_equal(st.tables[0].descriptors, -1);
	scan_stats_free(&st);
}

/* The denied processes, as `42:1000`, of those whose tables are given. */
static void assert_denied(struct fixture *fx, struct scan_stats *st, const char *expected)
{
	struct buf b = {0};

	assert_int_equal(survey_find_denied(fx->root_fd, st), 0);
	for (size_t i = 0; i < st->denied_len; i++) {
		buf_add_str(&b, i ? " " : "");
		buf_add_dec(&b, (uint64_t)st->denied[i].pid);
		assert_int_equal(st->denied[i].uid, geteuid());
	}
	assert_buf(&b, expected);
	buf_free(&b);
	/* Found by pid, and by user. */
	assert_int_equal(st->denied_uids_len, st->denied_len > 0);
}

static void who_may_not_be_read_is_noted(void **state)
{
	static const pid_t pids[] = {44, 42, 43, 99};
	struct fixture *fx = *state;
	struct scan_stats st = {0};

	add_processes(fx);
	fixture_drop_root(fx);
	for (size_t i = 0; i < COUNT(pids); i++) /* 99 is gone */
		assert_int_equal(scan_stats_add_table(&st, pids[i], 5), 0);
	assert_denied(fx, &st, "");
	assert_int_equal(fchmodat(fx->root_fd, "44/fd", 0, 0), 0);
	assert_denied(fx, &st, "44");
	assert_int_equal(fchmodat(fx->root_fd, "42/fd", 0, 0), 0);
	assert_denied(fx, &st, "42 44");
	assert_int_equal(fchmodat(fx->root_fd, "44/fd", 0700, 0), 0);
	assert_denied(fx, &st, "42"); /* what was there before is replaced */
	/* Where not even the number is told, as under hidepid=1. */
	assert_int_equal(fchmodat(fx->root_fd, "43", 0, 0), 0);
	st.tables[2].descriptors = -1;
	assert_denied(fx, &st, "42 43");
	scan_stats_free(&st);
}

static void who_need_not_be_asked_is_not(void **state)
{
	struct fixture *fx = *state;
	struct scan_stats st = {0};

	add_processes(fx);
	fixture_drop_root(fx);
	for (pid_t pid = 42; pid < 45; pid++) {
		char path[32];
		snprintf(path, sizeof(path), "%d/fd", (int)pid);
		assert_int_equal(fchmodat(fx->root_fd, path, 0, 0), 0);
		/* One with an empty table has nothing to hide. */
		assert_int_equal(scan_stats_add_table(&st, pid, pid == 42 ? 0 : 5), 0);
	}
	assert_denied(fx, &st, "43 44");
	assert_int_equal(scan_stats_add_seen(&st, 44), 0); /* by a scan without gaps */
	assert_denied(fx, &st, "43");
	scan_stats_free(&st);
}

static void table_without_a_first_descriptor_is_asked_for_another(void **state)
{
	struct fixture *fx = *state;
	struct scan_stats st = {0};

	fixture_add_process(fx, 42, "server");
	fixture_add_fd(fx, 42, 42, 7, "socket:[1001]");
	fixture_add_process(fx, 43, "idle"); /* by now it has none */
	fixture_drop_root(fx);
	assert_int_equal(scan_stats_add_table(&st, 42, 1), 0);
	assert_int_equal(scan_stats_add_table(&st, 43, 1), 0);
	assert_denied(fx, &st, "");
	scan_stats_free(&st);
}

/* --- the real one ---------------------------------------------------------- */

static int open_proc(void)
{
	return open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Our descriptors, as a listing has them. */
static off_t count_own(void)
{
	DIR *dir = opendir("/proc/self/fd");
	off_t count = 0;

	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));)
		count += e->d_name[0] != '.';
	closedir(dir);
	return count - 1; /* that of the listing */
}

static void real_tables_are_counted(void **state)
{
	struct scan_stats st = {0};
	int proc_fd = open_proc(), fds[8];
	uint64_t sum, few, listed = 0;

	(void)state;
	if (proc_fd < 0 || survey_count_tables(proc_fd, 0, &st, &sum) == -EOPNOTSUPP)
		skip(); /* no /proc, or that of a kernel before 6.2 */
	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = dup(proc_fd);
	assert_int_equal(survey_count_tables(proc_fd, 0, &st, &sum), 0);
	assert_int_equal(scan_stats_sort(&st), 0);
	/* The directory of processes is not open any more. */
	const struct scan_table *own = find_table(&st, getpid());
	assert_non_null(own);
	assert_in_range(own->descriptors - count_own(), 0, 1);
	assert_true(sum >= COUNT(fds));
	for (size_t i = 0; i < st.tables_len; i++)
		listed += st.tables[i].descriptors > 0 ? (uint64_t)st.tables[i].descriptors : 0;
	assert_int_equal(listed, sum);
	size_t all = st.tables_len;
	assert_int_equal(survey_count_tables(proc_fd, 1, &st, &few), 0);
	assert_true(few >= 1 && st.tables_len <= all);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(proc_fd);
	scan_stats_free(&st);
}

static int look_at_hidden(pid_t hidden, bool ended)
{
	struct scan_stats st = {0};
	int proc_fd = open_proc();
	uint64_t sum;

	if (proc_fd < 0 || survey_count_tables(proc_fd, 0, &st, &sum) < 0 || !find_table(&st, hidden))
		return -1; /* /proc does not tell */
	CHECK(survey_is_denied(proc_fd, hidden) != ended);
	if (ended)
		return 0;
	CHECK(survey_find_denied(proc_fd, &st) == 0);
	const struct scan_denied *denied = scan_stats_find_denied(&st, st.denied_len, hidden);
	CHECK(denied && denied->uid == geteuid());
	CHECK(!scan_stats_find_denied(&st, st.denied_len, getpid()));
	return 0;
}

static int check_hidden(void)
{
	return hidden_meet(look_at_hidden);
}

static void process_that_hides_is_denied_while_it_lives(void **state)
{
	(void)state;
	child_check(check_hidden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tables_are_counted_and_summed),
		fixture_test(enough_is_enough),
		fixture_test(tree_that_does_not_tell_has_tables_of_unknown_length),
		fixture_test(who_may_not_be_read_is_noted),
		fixture_test(who_need_not_be_asked_is_not),
		fixture_test(table_without_a_first_descriptor_is_asked_for_another),
		cmocka_unit_test(real_tables_are_counted),
		cmocka_unit_test(process_that_hides_is_denied_while_it_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
