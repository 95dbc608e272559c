/* -t: process IDs and nothing else. */
#define _GNU_SOURCE
#include "fixture.h"
#include "format_pids.h"
#include "holder.h"
#include "join.h"

#include <sys/mman.h>
#include <unistd.h>

/* Write the holders of these PIDs, 0 for a row without holder; read what came. */
static void assert_written(const pid_t *pids, size_t count, const char *expected)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct holder holders[16];
	struct row v[16];
	struct row_list rows = {.v = v, .len = count};
	char text[256];

	for (size_t i = 0; i < count; i++) {
		/* The thread differs each time, the process may not. */
		holders[i] = (struct holder){1, pids[i], pids[i] + (pid_t)i, 3, HOLDER_FD};
		v[i] = (struct row){.sock = &s, .holder = pids[i] ? &holders[i] : NULL,
				    .reason = pids[i] ? REASON_NONE : REASON_UNKNOWN};
	}
	int fd = memfd_create("out", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(format_pids_write(&rows, fd), 0);
	ssize_t n = pread(fd, text, sizeof(text), 0);
	assert_true(n >= 0);
	assert_bytes(text, (size_t)n, expected);
	close(fd);
}

static void pids_are_written_ascending_and_once(void **state)
{
	static const pid_t pids[] = {1, 9, 10, 10, 10, 811, 4194304, 0, 0};

	(void)state;
	assert_written(pids, COUNT(pids), "1\n9\n10\n811\n4194304\n");
}

static void rows_without_holder_write_nothing(void **state)
{
	static const pid_t pids[] = {0, 0};

	(void)state;
	assert_written(pids, COUNT(pids), "");
	assert_written(pids, 0, "");
}

static void error_of_write_is_returned(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct holder h = {1, 42, 42, 3, HOLDER_FD};
	struct row row = {.sock = &s, .holder = &h};

	(void)state;
	assert_int_equal(format_pids_write(&(struct row_list){.v = &row, .len = 1}, -1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pids_are_written_ascending_and_once),
		cmocka_unit_test(rows_without_holder_write_nothing),
		cmocka_unit_test(error_of_write_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
