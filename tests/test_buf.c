/* The growing buffer: what it appends, sticky errors, short writes. */
#define _GNU_SOURCE
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_appends(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "abc", 2);
	buf_add(&b, NULL, 0);
	buf_add_str(&b, "");
	buf_add_str(&b, "c");
	buf_add_char(&b, 'd');
	buf_add_pad(&b, 0);
	buf_add_pad(&b, 3);
	buf_add_char(&b, '|');
	assert_buf(&b, "abcd   |");
	buf_free(&b);
}

static void add_takes_any_byte(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add(&b, "a\0b", 3);
	buf_add_char(&b, '\0');
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b", 4);
	buf_free(&b);
}

static void numbers_are_printed_in_full(void **state)
{
	static const struct {
		uint64_t value;
		const char *dec, *hex, *hex16;
	} cases[] = {
		{0, "0", "0", "0000000000000000"},
		{9, "9", "9", "0000000000000009"},
		{10, "10", "a", "000000000000000a"},
		{31415, "31415", "7ab7", "0000000000007ab7"},
		{UINT64_MAX, "18446744073709551615", "ffffffffffffffff", "ffffffffffffffff"},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_add_dec(&b, cases[i].value);
		assert_buf(&b, cases[i].dec);
		buf_add_hex(&b, cases[i].value, 0);
		assert_buf(&b, cases[i].hex);
		buf_add_hex(&b, cases[i].value, 16);
		assert_buf(&b, cases[i].hex16);
	}
	buf_add_hex(&b, 1, 99);
	assert_buf(&b, "0000000000000001");
	buf_free(&b);
}

static void repeat_copies_what_the_buffer_has(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_str(&b, "abcdef");
	buf_repeat(&b, 1, 3);
	assert_buf(&b, "abcdefbcd");
	buf_repeat(&b, 0, 0);
	assert_int_equal(b.len, 0);
	/* Also where the bytes move because the buffer grows. */
	for (unsigned i = 0; i < 256; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	for (unsigned i = 0; i < 10; i++)
		buf_repeat(&b, 0, b.len);
	assert_int_equal(b.len, 256 * 1024);
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], 'a' + i % 256 % 26);
	buf_free(&b);
	b.error = -ENOMEM;
	buf_repeat(&b, 0, 0);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void buffer_grows_without_losing_bytes(void **state)
{
	struct buf b = {0};

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	buf_add_pad(&b, 100000);
	assert_int_equal(b.len, 200000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_int_equal(b.data[199999], ' ');
	buf_free(&b);
}

static void error_is_sticky_until_free(void **state)
{
	struct buf b = {.error = -ENOMEM};

	(void)state;
	buf_add_str(&b, "abc");
	buf_add_char(&b, 'd');
	buf_add_pad(&b, 3);
	buf_add_dec(&b, 7);
	buf_add_hex(&b, 7, 2);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_write(&b, STDOUT_FILENO), -ENOMEM);
	assert_int_equal(buf_write(&b, STDOUT_FILENO), -ENOMEM);
	buf_free(&b);
	assert_int_equal(b.error, 0);
	buf_add_str(&b, "abc");
	assert_buf(&b, "abc");
	buf_free(&b);
	buf_free(&b);
}

static void write_reports_an_impossible_size(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_str(&b, "abc");
	buf_add_pad(&b, SIZE_MAX - 100);
	assert_int_equal(b.error, -ENOMEM);
	assert_int_equal(b.len, 3);
	buf_free(&b);
}

static void write_reports_a_bad_descriptor(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_str(&b, "abc");
	assert_int_equal(buf_write(&b, -1), -EBADF);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	/* Nothing to write: no call, no error. */
	assert_int_equal(buf_write(&b, -1), 0);
	buf_free(&b);
}

static void write_reports_a_full_disk(void **state)
{
	struct buf b = {0};
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		skip();
	buf_add_str(&b, "abc");
	assert_int_equal(buf_write(&b, fd), -ENOSPC);
	buf_free(&b);
	close(fd);
}

static void write_reports_a_closed_pipe(void **state)
{
	struct buf b = {0};
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	buf_add_str(&b, "abc");
	assert_int_equal(buf_write(&b, ends[1]), -EPIPE);
	signal(SIGPIPE, before);
	buf_free(&b);
	close(ends[1]);
}

static void write_goes_on_after_a_short_write(void **state)
{
	enum { ALLOWED = 1000 };
	struct fixture *fx = *state;
	struct buf b = {0};
	struct rlimit limit, small;

	/* A file that may not grow: first a short write, then the error. */
	int fd = openat(fx->root_fd, "out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = ALLOWED;
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	buf_add_pad(&b, ALLOWED + 500);
	int rc = buf_write(&b, fd);
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, before);
	assert_int_equal(rc, -EFBIG);
	assert_int_equal(lseek(fd, 0, SEEK_END), ALLOWED);
	buf_free(&b);
	close(fd);
}

/* Read all there is in small pieces; true if it is the pattern. */
static bool read_pattern(int fd, size_t len)
{
	char piece[777];
	size_t at = 0;

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n <= 0)
			return n == 0 && at == len;
		for (ssize_t i = 0; i < n; i++, at++) {
			if (piece[i] != (char)('a' + at % 26))
				return false;
		}
	}
}

static void write_passes_more_than_a_pipe_holds(void **state)
{
	enum { LEN = 300000 };
	struct buf b = {0};
	int ends[2], status;

	(void)state;
	for (size_t i = 0; i < LEN; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[1]);
		_exit(read_pattern(ends[0], LEN) ? 0 : 1);
	}
	close(ends[0]);
	assert_int_equal(buf_write(&b, ends[1]), 0);
	assert_int_equal(b.len, 0);
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_appends),
		cmocka_unit_test(add_takes_any_byte),
		cmocka_unit_test(numbers_are_printed_in_full),
		cmocka_unit_test(repeat_copies_what_the_buffer_has),
		cmocka_unit_test(buffer_grows_without_losing_bytes),
		cmocka_unit_test(error_is_sticky_until_free),
		cmocka_unit_test(write_reports_an_impossible_size),
		cmocka_unit_test(write_reports_a_bad_descriptor),
		cmocka_unit_test(write_reports_a_full_disk),
		cmocka_unit_test(write_reports_a_closed_pipe),
		fixture_test(write_goes_on_after_a_short_write),
		cmocka_unit_test(write_passes_more_than_a_pipe_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
