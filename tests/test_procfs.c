/* A proc tree: links, numeric entries, small files, fields of PID/stat. */
#define _GNU_SOURCE
#include "fixture.h"
#include "procfs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void parse_socket_takes_socket_links_only(void **state)
{
	static const struct {
		const char *text;
		bool is_socket;
		uint64_t inode;
	} cases[] = {
		{"socket:[1]", true, 1},
		{"socket:[31415]", true, 31415},
		{"socket:[4294967295]", true, 4294967295U},
		{"socket:[18446744073709551615]", true, UINT64_MAX},
		{"socket:[18446744073709551616]", false, 0},
		{"socket:[]", false, 0},
		{"socket:[", false, 0},
		{"socket:", false, 0},
		{"socket:[1", false, 0},
		{"socket:[1]x", false, 0},
		{"socket:[1] (deleted)", false, 0},
		{"socket:[-1]", false, 0},
		{"socket:[ 1]", false, 0},
		{"socket:[0x1]", false, 0},
		{"socket:[1]]", false, 0},
		{"Socket:[1]", false, 0},
		{"/socket:[1]", false, 0},
		{"pipe:[1]", false, 0},
		{"anon_inode:[eventfd]", false, 0},
		{"", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t inode = 7;
		size_t len = strlen(cases[i].text);
		char *text = guard_copy(cases[i].text, len);
		if (procfs_parse_socket(text, len, &inode) != cases[i].is_socket)
			fail_msg("wrong answer to '%s'", cases[i].text);
		if (cases[i].is_socket)
			assert_int_equal(inode, cases[i].inode);
		guard_free(text, len);
	}
}

static void parse_link_tells_kinds_apart(void **state)
{
	static const struct {
		const char *text;
		enum procfs_link kind;
		uint64_t inode;
	} cases[] = {
		{"socket:[31415]", PROCFS_LINK_SOCKET, 31415},
		{"socket:[18446744073709551615]", PROCFS_LINK_SOCKET, UINT64_MAX},
		{"net:[4026531840]", PROCFS_LINK_NETNS, 4026531840U},
		{"net:[1]", PROCFS_LINK_NETNS, 1},
		{"anon_inode:[io_uring]", PROCFS_LINK_RING, 0},
		{"", PROCFS_LINK_OTHER, 0},
		{"n", PROCFS_LINK_OTHER, 0},
		{"net:[", PROCFS_LINK_OTHER, 0},
		{"net:[]", PROCFS_LINK_OTHER, 0},
		{"net:[1", PROCFS_LINK_OTHER, 0},
		{"net:[1]]", PROCFS_LINK_OTHER, 0},
		{"net:[1] ", PROCFS_LINK_OTHER, 0},
		{"net:[x]", PROCFS_LINK_OTHER, 0},
		{"net:[18446744073709551616]", PROCFS_LINK_OTHER, 0},
		{"mnt:[4026531841]", PROCFS_LINK_OTHER, 0},
		{"pid:[4026531836]", PROCFS_LINK_OTHER, 0},
		{"socket:[18446744073709551616]", PROCFS_LINK_OTHER, 0},
		{"socket:[]", PROCFS_LINK_OTHER, 0},
		{"pipe:[31415]", PROCFS_LINK_OTHER, 0},
		{"anon_inode:[io_urin]", PROCFS_LINK_OTHER, 0},
		{"anon_inode:[io_uring]x", PROCFS_LINK_OTHER, 0},
		{"anon_inode:[eventpoll]", PROCFS_LINK_OTHER, 0},
		{"/dev/null", PROCFS_LINK_OTHER, 0},
		/* Files of these names. */
		{"/socket:[31415]", PROCFS_LINK_OTHER, 0},
		{"/net:[1]", PROCFS_LINK_OTHER, 0},
		{"/anon_inode:[io_uring]", PROCFS_LINK_OTHER, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *text = guard_copy(cases[i].text, len);
		uint64_t inode = 7;
		if (procfs_parse_link(text, len, &inode) != cases[i].kind)
			fail_msg("wrong answer to '%s'", cases[i].text);
		if (cases[i].kind != PROCFS_LINK_OTHER)
			assert_int_equal(inode, cases[i].inode);
		guard_free(text, len);
	}
}

static void link_cut_anywhere_is_another(void **state)
{
	static const char *const texts[] = {"socket:[31415]", "net:[4026531840]",
					    "anon_inode:[io_uring]"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		for (size_t cut = 0; cut < strlen(texts[i]); cut++) {
			char *text = guard_copy(texts[i], cut);
			uint64_t inode;
			assert_int_equal(procfs_parse_link(text, cut, &inode), PROCFS_LINK_OTHER);
			guard_free(text, cut);
		}
	}
}

static void read_link_asks_one_link(void **state)
{
	struct fixture *fx = *state;
	char path[256] = "socket:[1]";
	uint64_t inode;

	memset(path + strlen(path), '/', 200); /* longer than any link of ours */
	fixture_add_fd(fx, 42, 42, 0, "/dev/null");
	fixture_add_fd(fx, 42, 42, 3, "socket:[31415]");
	fixture_add_fd(fx, 42, 42, 4, "net:[4026531840]");
	fixture_add_fd(fx, 42, 42, 5, "anon_inode:[io_uring]");
	fixture_add_fd(fx, 42, 42, 6, path);
	int fd = fixture_open(fx, "42/fd");
	assert_int_equal(procfs_read_link(fd, "0", &inode), PROCFS_LINK_OTHER);
	assert_int_equal(procfs_read_link(fd, "3", &inode), PROCFS_LINK_SOCKET);
	assert_int_equal(inode, 31415);
	assert_int_equal(procfs_read_link(fd, "4", &inode), PROCFS_LINK_NETNS);
	assert_int_equal(inode, 4026531840U);
	assert_int_equal(procfs_read_link(fd, "5", &inode), PROCFS_LINK_RING);
	assert_int_equal(procfs_read_link(fd, "6", &inode), PROCFS_LINK_OTHER);
	assert_int_equal(procfs_read_link(fd, "9", &inode), -ENOENT);
	/* Neither a namespace nor a ring is a socket. */
	assert_int_equal(procfs_read_socket(fd, "4", &inode), 0);
	assert_int_equal(procfs_read_socket(fd, "5", &inode), 0);
	close(fd);
}

static void read_socket_asks_one_link(void **state)
{
	struct fixture *fx = *state;
	uint64_t inode;

	fixture_add_fd(fx, 42, 42, 0, "/dev/null");
	fixture_add_fd(fx, 42, 42, 3, "socket:[31415]");
	fixture_write(fx, "42/fd/file", "", 0);
	int fd = fixture_open(fx, "42/fd");
	assert_int_equal(procfs_read_socket(fd, "3", &inode), 1);
	assert_int_equal(inode, 31415);
	assert_int_equal(procfs_read_socket(fd, "0", &inode), 0);
	assert_int_equal(procfs_read_socket(fd, "9", &inode), -ENOENT);
	assert_int_equal(procfs_read_socket(fd, "file", &inode), -EINVAL);
	close(fd);
}

static void dir_next_gives_numeric_entries_only(void **state)
{
	struct fixture *fx = *state;
	static const char *const others[] = {"self", "1x", "x1", "-1", "+1", "0x1", "2147483648",
					     "99999999999999999999", " 1", "1 ", "1.5"};
	char chunk[PROCFS_CHUNK], path[64];
	bool seen[3] = {false};
	static const int numbers[] = {0, 42, 2147483647};
	struct procfs_dir dir;
	const char *name;
	int number, rc, count = 0;

	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(path, sizeof(path), "d/%s", others[i]);
		fixture_write(fx, path, "", 0);
	}
	for (size_t i = 0; i < COUNT(numbers); i++) {
		snprintf(path, sizeof(path), "d/%d", numbers[i]);
		fixture_write(fx, path, "", 0);
	}
	int fd = fixture_open(fx, "d");
	procfs_dir_start(&dir, fd, chunk);
	while ((rc = procfs_dir_next(&dir, &name, &number)) > 0) {
		snprintf(path, sizeof(path), "%d", number);
		assert_string_equal(name, path);
		for (size_t i = 0; i < COUNT(numbers); i++)
			seen[i] |= number == numbers[i];
		count++;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(count, 3);
	assert_true(seen[0] && seen[1] && seen[2]);
	close(fd);
}

static void dir_next_goes_on_over_many_chunks(void **state)
{
	enum { ENTRIES = 3000 }; /* more than one getdents64(2) gives */
	struct fixture *fx = *state;
	char chunk[PROCFS_CHUNK], path[32];
	struct procfs_dir dir;
	const char *name;
	int number, count = 0;
	long sum = 0;

	fixture_write(fx, "d/x", "", 0);
	for (int i = 1; i <= ENTRIES; i++) {
		snprintf(path, sizeof(path), "d/%d", i);
		assert_int_equal(symlinkat("x", fx->root_fd, path), 0);
	}
	int fd = fixture_open(fx, "d");
	procfs_dir_start(&dir, fd, chunk);
	while (procfs_dir_next(&dir, &name, &number) > 0) {
		count++;
		sum += number;
	}
	assert_int_equal(count, ENTRIES);
	assert_int_equal(sum, (long)ENTRIES * (ENTRIES + 1) / 2);
	close(fd);
}

static void dir_next_reports_an_error(void **state)
{
	struct fixture *fx = *state;
	char chunk[PROCFS_CHUNK];
	struct procfs_dir dir;
	const char *name;
	int number;

	fixture_write(fx, "file", "", 0);
	int fd = openat(fx->root_fd, "file", O_RDONLY | O_CLOEXEC);
	procfs_dir_start(&dir, fd, chunk);
	assert_int_equal(procfs_dir_next(&dir, &name, &number), -ENOTDIR);
	close(fd);
}

static void read_gives_a_whole_file_or_its_beginning(void **state)
{
	struct fixture *fx = *state;
	char out[16];

	fixture_write(fx, "file", "0123456789", 10);
	fixture_write(fx, "empty", "", 0);
	assert_int_equal(procfs_read(fx->root_fd, "file", out, sizeof(out)), 10);
	assert_memory_equal(out, "0123456789", 10);
	memset(out, 'x', sizeof(out));
	assert_int_equal(procfs_read(fx->root_fd, "file", out, 4), 4);
	assert_memory_equal(out, "0123x", 5);
	assert_int_equal(procfs_read(fx->root_fd, "file", out, 0), 0);
	assert_int_equal(procfs_read(fx->root_fd, "empty", out, sizeof(out)), 0);
	assert_int_equal(procfs_read(fx->root_fd, "missing", out, sizeof(out)), -ENOENT);
	fixture_write(fx, "dir/x", "", 0);
	assert_int_equal(procfs_read(fx->root_fd, "dir", out, sizeof(out)), -EISDIR);
}

static void read_follows_no_link(void **state)
{
	struct fixture *fx = *state;
	char out[16];

	fixture_write(fx, "file", "0123456789", 10);
	assert_int_equal(symlinkat("file", fx->root_fd, "link"), 0);
	assert_int_equal(procfs_read(fx->root_fd, "link", out, sizeof(out)), -ELOOP);
}

static void stat_field_counts_from_the_last_parenthesis(void **state)
{
	static const struct {
		const char *text;
		int field;
		const char *expected; /* how it begins; NULL: no such field */
	} cases[] = {
		{"42 (nginx) S 1 42", 3, "S"},        {"42 (nginx) S 1 42", 4, "1"},
		{"42 (nginx) S 1 42", 5, "42"},       {"42 (nginx) S 1 42", 6, NULL},
		{"42 (x) y (z) S 1 42", 3, "S"},      {"42 (x) y (z) S 1 42", 4, "1"},
		{"42 (a b c d e) S 1 42", 4, "1"},    {"42 ()) R 2", 3, "R"},
		{"42 (nginx)", 3, NULL},              {"42 nginx S 1 42", 3, NULL},
		{"", 3, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *text = guard_copy(cases[i].text, len);
		const char *field = procfs_stat_field(text, len, cases[i].field);
		if (cases[i].expected) {
			assert_non_null(field);
			assert_memory_equal(field, cases[i].expected, strlen(cases[i].expected));
		} else {
			assert_null(field);
		}
		guard_free(text, len);
	}
}

static void flags_tell_kernel_threads_and_who_is_ending(void **state)
{
	static const struct {
		const char *stat;
		bool kthread, exiting;
	} cases[] = {
		{"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0", true, false},
		{"42 (nginx) S 1 42 42 0 -1 4194560 0 0 0", false, false},
		{"42 (x) S 0 0 0 0 -1 2129988 0) S 1 42 42 0 -1 4194560 0 0", false, false},
		{"42 (nginx) Z 1 42 42 0 -1 4227084 0 0 0", false, true},
		{"42 (nginx) R 1 42 42 0 -1 4194564 0 0 0", false, true},
		{"42 (nginx) S 1 42", false, false},
		{"", false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].stat);
		char *text = guard_copy(cases[i].stat, len);
		assert_int_equal(procfs_parse_kthread(text, len), cases[i].kthread);
		assert_int_equal(procfs_parse_exiting(text, len), cases[i].exiting);
		guard_free(text, len);
	}
}

static void fixture_tree_is_not_real_but_whole(void **state)
{
	struct fixture *fx = *state;

	assert_false(procfs_is_real(fx->root_fd));
	assert_false(procfs_is_ours(fx->root_fd));
	assert_int_equal(procfs_view(fx->root_fd), PROCFS_VIEW_WHOLE);
}

static void boot_time_is_read_from_stat(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} cases[] = {
		{"cpu  1 2 3\nintr 9 9 9\nctxt 5\nbtime 1700000000\nprocesses 7\n", 1700000000},
		{"btime 1700000000", 1700000000},
		{"cpu 1\n", 0},
		{"btime \n", 0},
		{"btime x\n", 0},
		{"xbtime 1700000000\n", 0},
		{"", 0},
	};
	struct fixture *fx = *state;

	assert_int_equal(procfs_boot_time(fx->root_fd), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		fixture_write(fx, "stat", cases[i].text, strlen(cases[i].text));
		assert_int_equal(procfs_boot_time(fx->root_fd), cases[i].time);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_socket_takes_socket_links_only),
		cmocka_unit_test(parse_link_tells_kinds_apart),
		cmocka_unit_test(link_cut_anywhere_is_another),
		fixture_test(read_link_asks_one_link),
		fixture_test(read_socket_asks_one_link),
		fixture_test(dir_next_gives_numeric_entries_only),
		fixture_test(dir_next_goes_on_over_many_chunks),
		fixture_test(dir_next_reports_an_error),
		fixture_test(read_gives_a_whole_file_or_its_beginning),
		fixture_test(read_follows_no_link),
		cmocka_unit_test(stat_field_counts_from_the_last_parenthesis),
		cmocka_unit_test(flags_tell_kernel_threads_and_who_is_ending),
		fixture_test(fixture_tree_is_not_real_but_whole),
		fixture_test(boot_time_is_read_from_stat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
