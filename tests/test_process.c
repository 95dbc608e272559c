/* Facts of processes: hostile names in PID/stat, loading, the table. */
#define _GNU_SOURCE
#include "fixture.h"
#include "process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define TAIL " S 7 8 8 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 9 8 7\n"

static void parse_stat_counts_from_the_last_parenthesis(void **state)
{
	static const char *const names[] = {
		"nginx", "", ")", "((", "a b", "x) S 1 2 3 (y", ") R 1 1 1", "a\nb", "a) Z 5 6 7 8 9\n",
		"(sd-pam)", "\xff\xfe",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct process p = {0};
		char text[256];
		size_t len = (size_t)snprintf(text, sizeof(text), "42 (%s)" TAIL, names[i]);
		char *stat = guard_copy(text, len);
		assert_int_equal(process_parse_stat(stat, len, &p), 0);
		assert_int_equal(p.ppid, 7);
		assert_int_equal(p.pgid, 8);
		assert_int_equal(p.start_ticks, 12345);
		guard_free(stat, len);
	}
}

static void parse_stat_refuses_what_is_cut_before_the_start_time(void **state)
{
	static const char text[] = "42 (ng inx)" TAIL;
	size_t start = (size_t)(strstr(text, "12345") - text);

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct process p = {.ppid = -5};
		char *stat = guard_copy(text, len);
		assert_int_equal(process_parse_stat(stat, len, &p), len > start ? 0 : -EINVAL);
		guard_free(stat, len);
	}
}

static void parse_stat_refuses_garbage(void **state)
{
	static const char *const texts[] = {
		"", ")", "42 nginx S 1 2", "42 (x) S x 8 8 0 -1 1 1 0 0 0 0 0 0 0 20 0 1 0 1 9",
		"42 (x) S -1 8 8 0 -1 1 1 0 0 0 0 0 0 0 20 0 1 0 1 9",
		"42 (x) S 99999999999 8 8 0 -1 1 1 0 0 0 0 0 0 0 20 0 1 0 1 9",
		"42 (x) S 1 8 8 0 -1 1 1 0 0 0 0 0 0 0 20 0 1 0 -1 9",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct process p;
		assert_int_equal(process_parse_stat(texts[i], strlen(texts[i]), &p), -EINVAL);
	}
}

static int load(struct fixture *fx, const char *path, unsigned facts, struct process *out)
{
	int fd = fixture_open(fx, path);

	*out = (struct process){0};
	int rc = process_load(fd, facts, out);
	close(fd);
	return rc;
}

static void load_reads_only_what_is_asked(void **state)
{
	struct fixture *fx = *state;
	struct process p;

	fixture_add_process(fx, 42, "server");
	fixture_set_stat(fx, 42, "server", 'S', 7, 8);
	fixture_write(fx, "42/cmdline", "/bin/server\0-x\0", 15);
	assert_int_equal(symlinkat("/var/lib", fx->root_fd, "42/cwd"), 0);

	assert_int_equal(load(fx, "42", 0, &p), 0);
	assert_bytes(p.command, p.command_len, "server");
	assert_int_equal(p.uid, geteuid());
	assert_int_equal(p.ppid, 0);
	assert_null(p.args);
	assert_null(p.cwd);
	process_free(&p);

	assert_int_equal(load(fx, "42", PROCESS_STAT | PROCESS_ARGS | PROCESS_CWD, &p), 0);
	assert_int_equal(p.ppid, 7);
	assert_int_equal(p.pgid, 8);
	assert_int_equal(p.start_ticks, 4200);
	assert_int_equal(p.args_len, 15);
	assert_memory_equal(p.args, "/bin/server\0-x\0", 15);
	assert_string_equal(p.cwd, "/var/lib");
	process_free(&p);
	process_free(&p);
}

static void load_keeps_hostile_commands_whole(void **state)
{
	static const struct {
		const char *comm, *expected;
	} cases[] = {
		{"x) y (z\n", "x) y (z"}, {"a\nb\n", "a\nb"}, {"\n", ""}, {"", ""}, {"\n\n", "\n"},
		{"no newline", "no newline"}, {"\033[31m\n", "\033[31m"}, {"\xff\xfe\n", "\xff\xfe"},
		{"kworker/u8:3-events_unbound\n", "kworker/u8:3-events_unbound"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct process p;
		fixture_add_process(*state, 42, "x");
		fixture_write(*state, "42/comm", cases[i].comm, strlen(cases[i].comm));
		assert_int_equal(load(*state, "42", 0, &p), 0);
		assert_bytes(p.command, p.command_len, cases[i].expected);
	}
}

static void load_takes_missing_args_and_cwd_as_unknown(void **state)
{
	struct fixture *fx = *state;
	struct process p;

	fixture_add_process(fx, 42, "kthread");
	fixture_write(fx, "42/cmdline", "", 0);
	assert_int_equal(load(fx, "42", PROCESS_ARGS | PROCESS_CWD, &p), 0);
	assert_null(p.args);
	assert_null(p.cwd);
	assert_int_equal(unlinkat(fx->root_fd, "42/cmdline", 0), 0);
	assert_int_equal(load(fx, "42", PROCESS_ARGS | PROCESS_CWD, &p), 0);
	assert_null(p.args);
	process_free(&p);
}

static void load_takes_a_task_that_is_being_reaped_without_stat(void **state)
{
	static const char stat[] = "42 (srv) X 0 -1 -1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 7 0\n";
	struct fixture *fx = *state;
	struct process p;

	fixture_add_process(fx, 42, "srv");
	fixture_write(fx, "42/stat", stat, sizeof(stat) - 1);
	assert_int_equal(load(fx, "42", PROCESS_STAT, &p), 0);
	assert_int_equal(p.pgid, 0);
	process_free(&p);
}

static void load_reports_a_process_that_is_gone(void **state)
{
	struct fixture *fx = *state;
	struct process p;

	fixture_write(fx, "42/other", "", 0);
	assert_int_equal(load(fx, "42", 0, &p), -ENOENT);
	fixture_write(fx, "42/comm", "x\n", 2);
	assert_int_equal(load(fx, "42", PROCESS_ARGS, &p), 0);
	process_free(&p);
	assert_int_equal(load(fx, "42", PROCESS_ARGS | PROCESS_STAT, &p), -ENOENT);
	assert_null(p.args);
}

static void load_cuts_arguments_that_are_too_long(void **state)
{
	size_t len = 200000;
	char *args = malloc(len);
	struct process p;

	assert_non_null(args);
	memset(args, 'a', len);
	fixture_add_process(*state, 42, "server");
	fixture_write(*state, "42/cmdline", args, len);
	assert_int_equal(load(*state, "42", PROCESS_ARGS, &p), 0);
	assert_true(p.args_len > 4096 && p.args_len <= len);
	assert_memory_equal(p.args, args, p.args_len);
	process_free(&p);
	free(args);
}

static void load_tells_the_path_of_the_cgroup(void **state)
{
	static const struct {
		const char *text, *path; /* NULL: unknown */
	} cases[] = {
		{"0::/system.slice/x.service\n", "/system.slice/x.service"},
		{"1:name=systemd:/x.scope\n0::/\n", "/x.scope"},
		{"0::/a b\\x2d\n", "/a b\\x2d"},
		{"", NULL},
		{"nonsense\n", NULL},
	};
	struct fixture *fx = *state;
	struct process p;

	fixture_add_process(fx, 42, "server");
	assert_int_equal(load(fx, "42", PROCESS_CGROUP, &p), 0); /* no file: unknown */
	assert_null(p.cgroup);
	for (size_t i = 0; i < COUNT(cases); i++) {
		fixture_write(fx, "42/cgroup", cases[i].text, strlen(cases[i].text));
		assert_int_equal(load(fx, "42", 0, &p), 0);
		assert_null(p.cgroup); /* unasked */
		assert_int_equal(load(fx, "42", PROCESS_CGROUP, &p), 0);
		if (cases[i].path)
			assert_string_equal(p.cgroup, cases[i].path);
		else
			assert_null(p.cgroup);
		process_free(&p);
		assert_null(p.cgroup);
		process_free(&p);
	}
}

static void state_is_the_letter_behind_the_command(void **state)
{
	static const struct {
		const char *stat;
		char letter;
	} cases[] = {
		{"42 (x) S 1 42 42 0 -1 4194560 0 0", 'S'}, {"42 (x) Z 1 42 42 0 -1 0 0 0", 'Z'},
		{"42 (x) R (y) T 1 42 42 0 -1 0 0 0", 'T'}, {"42 (x) X 0 -1 -1 0 -1 0 0 0", 'X'},
		{"42 (x", '\0'}, {"", '\0'},
	};
	struct fixture *fx = *state;

	fixture_write(fx, "42/comm", "x\n", 2);
	int fd = fixture_open(fx, "42");
	assert_int_equal(process_load_state(fd), '\0'); /* no file: gone */
	for (size_t i = 0; i < COUNT(cases); i++) {
		fixture_write(fx, "42/stat", cases[i].stat, strlen(cases[i].stat));
		assert_int_equal(process_load_state(fd), cases[i].letter);
	}
	close(fd);
	assert_int_equal(process_load_state(-1), '\0');
}

static void holds_nothing_is_true_of_zombies_and_kernel_threads(void **state)
{
	static const struct {
		const char *stat;
		bool nothing;
	} cases[] = {
		{"42 (x) S 1 42 42 0 -1 4194560 0 0", false},
		{"42 (x) Z 1 42 42 0 -1 4227084 0 0", true},
		{"42 (x) X 1 42 42 0 -1 4227084 0 0", true},
		{"42 (kworker) I 2 0 0 0 -1 69238880 0 0", true},
		{"42 (x) Z (y) S 1 42 42 0 -1 4194560 0 0", false},
		{"42 (x) S 1 42 42 0 -1 69238880 (y) S 1 42 42 0 -1 4194560 0", false},
		{"", false},
		{"42 (x)", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		fixture_write(*state, "42/stat", cases[i].stat, strlen(cases[i].stat));
		int fd = fixture_open(*state, "42");
		assert_int_equal(process_holds_nothing(fd), cases[i].nothing);
		close(fd);
	}
}

static void add(struct process_table *t, pid_t pid, pid_t tid)
{
	struct process p = {.pid = pid, .tid = tid, .args = malloc(1), .args_len = 1};

	assert_int_equal(process_table_add(t, &p), 0);
}

static void table_finds_each_task_after_sorting(void **state)
{
	struct process_table t = {0};

	(void)state;
	for (pid_t pid = 50; pid > 0; pid--) {
		add(&t, pid, pid);
		add(&t, pid, pid + 1000);
	}
	process_table_sort(&t);
	for (pid_t pid = 1; pid <= 50; pid++) {
		const struct process *p = process_table_find(&t, pid, pid);
		assert_non_null(p);
		assert_int_equal(p->pid, pid);
		assert_int_equal(p->tid, pid);
		p = process_table_find(&t, pid, pid + 1000);
		assert_non_null(p);
		assert_int_equal(p->tid, pid + 1000);
		assert_null(process_table_find(&t, pid, pid + 1));
	}
	assert_null(process_table_find(&t, 0, 0));
	assert_null(process_table_find(&t, 51, 51));
	process_table_free(&t);
}

static void table_keeps_one_record_of_a_task(void **state)
{
	struct process_table t = {0};

	(void)state;
	process_table_sort(&t);
	for (int i = 0; i < 5; i++) {
		add(&t, 42, 42);
		add(&t, 7, 7);
	}
	process_table_sort(&t);
	assert_int_equal(t.len, 2);
	assert_int_equal(t.v[0].pid, 7);
	assert_int_equal(t.v[1].pid, 42);
	process_table_free(&t);
	process_table_free(&t);
}

static void start_is_told_where_boot_time_and_ticks_are_known(void **state)
{
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct process p = {.start_ticks = 100 * hz};
	int64_t start = 7;

	(void)state;
	assert_true(process_start(&p, 1000000000, &start));
	assert_int_equal(start, 1000000100);
	p.start_ticks += hz - 1; /* whole seconds */
	assert_true(process_start(&p, 1000000000, &start));
	assert_int_equal(start, 1000000100);
	p.start_ticks = 0; /* with the machine */
	assert_true(process_start(&p, 1000000000, &start));
	assert_int_equal(start, 1000000000);
	assert_false(process_start(&p, 0, &start));
	p.is_gone = true;
	assert_false(process_start(&p, 1000000000, &start));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_stat_counts_from_the_last_parenthesis),
		cmocka_unit_test(parse_stat_refuses_what_is_cut_before_the_start_time),
		cmocka_unit_test(parse_stat_refuses_garbage),
		fixture_test(load_reads_only_what_is_asked),
		fixture_test(load_keeps_hostile_commands_whole),
		fixture_test(load_takes_missing_args_and_cwd_as_unknown),
		fixture_test(load_takes_a_task_that_is_being_reaped_without_stat),
		fixture_test(load_reports_a_process_that_is_gone),
		fixture_test(load_cuts_arguments_that_are_too_long),
		fixture_test(load_tells_the_path_of_the_cgroup),
		fixture_test(state_is_the_letter_behind_the_command),
		fixture_test(holds_nothing_is_true_of_zombies_and_kernel_threads),
		cmocka_unit_test(table_finds_each_task_after_sorting),
		cmocka_unit_test(table_keeps_one_record_of_a_task),
		cmocka_unit_test(start_is_told_where_boot_time_and_ticks_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
