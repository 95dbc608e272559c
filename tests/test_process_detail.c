/* Details of a process: pure parsers, then a tree. */
#define _GNU_SOURCE
#include "fixture.h"
#include "process.h"
#include "process_detail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- text ------------------------------------------------------------------ */

static int parse_stat(const char *text, struct process_detail *out)
{
	char *copy = guard_copy(text, strlen(text));
	int rc = process_detail_parse_stat(copy, strlen(text), out);

	guard_free(copy, strlen(text));
	return rc;
}

static void stat_gives_terminal_and_threads(void **state)
{
	struct process_detail d = {0};

	(void)state;
	assert_int_equal(parse_stat("7 (a) 1 (b)) S 1 7 7 34819 7 0 0 0 0 0 0 0 0 0 20 0 12 0 5", &d),
			 0);
	assert_int_equal(d.tty_major, 136);
	assert_int_equal(d.tty_minor, 3);
	assert_int_equal(d.threads, 12);
	/* 136:300: the minor's upper bits stand above the major. */
	assert_int_equal(parse_stat("7 (x) S 1 7 7 1083436 7 0 0 0 0 0 0 0 0 0 20 0 1 0 5", &d), 0);
	assert_int_equal(d.tty_major, 136);
	assert_int_equal(d.tty_minor, 300);
	assert_int_equal(parse_stat("7 (x) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5", &d), 0);
	assert_int_equal(d.tty_major | d.tty_minor, 0);
}

static void stat_that_is_cut_changes_nothing(void **state)
{
	const char *text = "7 (x) S 1 7 7 34819 7 0 0 0 0 0 0 0 0 0 20 0 1";
	struct process_detail d = {.threads = 99};

	(void)state;
	for (size_t len = 0; len + 1 < strlen(text); len++) {
		char *copy = guard_copy(text, len);
		assert_int_equal(process_detail_parse_stat(copy, len, &d), -EINVAL);
		guard_free(copy, len);
	}
	assert_int_equal(d.threads, 99);
	assert_int_equal(d.tty_major, 0);
}

static void status_gives_the_real_user(void **state)
{
	const char *text = "Name:\tUid:\t1\nUmask:\t0022\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\n";
	struct process_detail d = {0};

	(void)state;
	assert_int_equal(process_detail_parse_status(text, strlen(text), &d), 0);
	assert_true(d.real_uid_known);
	assert_int_equal(d.real_uid, 1000);
	d = (struct process_detail){0};
	for (size_t len = 0; len < strlen("Name:\tUid:\t1\nUmask:\t0022\nUid:\t1000\t"); len++) {
		char *copy = guard_copy(text, len);
		assert_int_equal(process_detail_parse_status(copy, len, &d), -EINVAL);
		guard_free(copy, len);
	}
	assert_false(d.real_uid_known);
	text = "Name:\tx\nUid:\t4294967296\t0\n";
	assert_int_equal(process_detail_parse_status(text, strlen(text), &d), -EINVAL);
	text = "Name:\tx\nUid:\t-1\t0\n";
	assert_int_equal(process_detail_parse_status(text, strlen(text), &d), -EINVAL);
}

static void terminals_are_called_as_below_dev(void **state)
{
	static const struct {
		uint32_t major, minor;
		const char *name;
	} cases[] = {{0, 0, ""},          {136, 0, "pts/0"},  {137, 1, "pts/257"}, {136, 300, "pts/300"},
		     {4, 1, "tty1"},      {4, 64, "ttyS0"},   {4, 67, "ttyS3"},    {5, 1, "console"},
		     {204, 64, "char 204:64"}, {0, 1, "char 0:1"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct process_detail d = {.tty_major = cases[i].major,
					   .tty_minor = cases[i].minor};
		struct buf b = {0};
		process_detail_add_tty(&d, &b);
		assert_buf(&b, cases[i].name);
		buf_free(&b);
	}
}

/* --- a tree ---------------------------------------------------------------- */

static struct process_detail *load(struct fixture *fx, pid_t pid)
{
	struct process_detail *d = NULL;
	int fd = process_open(fx->root_fd, pid);

	assert_true(fd >= 0);
	assert_int_equal(process_detail_load(fd, &d), 0);
	assert_non_null(d);
	close(fd);
	return d;
}

static void add_exe(struct fixture *fx, const char *target)
{
	assert_int_equal(symlinkat(target, fx->root_fd, "811/exe"), 0);
}

static void process_has_exe_descriptors_and_threads(void **state)
{
	struct fixture *fx = *state;

	fixture_add_process(fx, 811, "nginx");
	add_exe(fx, "/usr/sbin/nginx");
	fixture_add_fd(fx, 811, 811, 3, "socket:[1]");
	fixture_add_fd(fx, 811, 811, 4, "pipe:[2]");
	struct process_detail *d = load(fx, 811);
	assert_string_equal(d->exe, "/usr/sbin/nginx");
	assert_false(d->exe_deleted);
	assert_false(d->is_denied);
	assert_int_equal(d->fds, 2);
	assert_false(d->real_uid_known);
	process_detail_free(d);
}

static void deleted_exe_is_told_apart(void **state)
{
	static const struct {
		const char *link, *exe;
		bool deleted;
	} cases[] = {{"/bin/x (deleted)", "/bin/x", true},
		     {"/bin/x (deleted) (deleted)", "/bin/x (deleted)", true},
		     {"/bin/x (deleted)y", "/bin/x (deleted)y", false},
		     {"(deleted)", "(deleted)", false}};
	struct fixture *fx = *state;

	fixture_add_process(fx, 811, "x");
	for (size_t i = 0; i < COUNT(cases); i++) {
		add_exe(fx, cases[i].link);
		struct process_detail *d = load(fx, 811);
		assert_string_equal(d->exe, cases[i].exe);
		assert_int_equal(d->exe_deleted, cases[i].deleted);
		process_detail_free(d);
		assert_int_equal(unlinkat(fx->root_fd, "811/exe", 0), 0);
	}
}

static void what_is_missing_is_unknown(void **state)
{
	struct fixture *fx = *state;
	struct process_detail *d;

	fixture_write(fx, "811/comm", "x\n", 2);
	d = load(fx, 811);
	assert_null(d->exe);
	assert_false(d->is_denied); /* a kernel thread has none */
	assert_int_equal(d->fds, -1);
	assert_int_equal(d->threads, 0);
	process_detail_free(d);
	process_detail_free(NULL);
}

static void what_may_not_be_read_is_denied(void **state)
{
	struct fixture *fx = *state;
	struct process_detail *d;

	fixture_add_process(fx, 811, "x");
	add_exe(fx, "/bin/x");
	fixture_drop_root(fx);
	int fd = process_open(fx->root_fd, 811);
	assert_true(fd >= 0);
	assert_int_equal(fchmodat(fx->root_fd, "811", 0, 0), 0);
	assert_int_equal(process_detail_load(fd, &d), 0);
	assert_true(d->is_denied);
	assert_null(d->exe);
	assert_int_equal(d->fds, -1);
	process_detail_free(d);
	close(fd);
}

static void details_come_with_the_other_facts(void **state)
{
	struct fixture *fx = *state;
	struct process_table t = {0};

	fixture_add_process(fx, 811, "nginx");
	add_exe(fx, "/usr/sbin/nginx");
	assert_int_equal(process_table_load(&t, fx->root_fd, 811, PROCESS_DETAIL), 1);
	assert_int_equal(process_table_load(&t, fx->root_fd, 811, PROCESS_STAT), 1);
	assert_string_equal(t.v[0].detail->exe, "/usr/sbin/nginx");
	assert_null(t.v[1].detail);
	process_table_sort(&t); /* drops one of them */
	process_table_free(&t);
}

/* Our own, of the real /proc, where there is one. */
static void own_process_is_as_we_know_it(void **state)
{
	struct process_detail *d;
	char exe[4096];
	int fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	(void)state;
	if (fd < 0 || len < 0) {
		if (fd >= 0)
			close(fd);
		skip();
	}
	exe[len] = '\0';
	assert_int_equal(process_detail_load(fd, &d), 0);
	assert_string_equal(d->exe, exe);
	assert_int_equal(d->threads, 1);
	assert_true(d->fds >= 4); /* three, and this one */
	assert_true(d->real_uid_known);
	assert_int_equal(d->real_uid, getuid());
	process_detail_free(d);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_gives_terminal_and_threads),
		cmocka_unit_test(stat_that_is_cut_changes_nothing),
		cmocka_unit_test(status_gives_the_real_user),
		cmocka_unit_test(terminals_are_called_as_below_dev),
		fixture_test(process_has_exe_descriptors_and_threads),
		fixture_test(deleted_exe_is_told_apart),
		fixture_test(what_is_missing_is_unknown),
		fixture_test(what_may_not_be_read_is_denied),
		fixture_test(details_come_with_the_other_facts),
		cmocka_unit_test(own_process_is_as_we_know_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
