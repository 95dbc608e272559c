/*
 * A check that has a process to itself.
 */
#ifndef WHOPORT_TESTS_CHILD_CHECK_H
#define WHOPORT_TESTS_CHILD_CHECK_H

#include "fixture.h"

#include <sys/wait.h>
#include <unistd.h>

/**
 * Run a check in a child, for what changes a process for good.
 *
 * @check  returns the line of what is wrong, 0, or -1 if it cannot be checked here
 */
static inline void child_check(int (*check)(void))
{
	enum { CANNOT = 255 };
	int status = 0;

	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int line = check();
		_exit(line < 0 ? CANNOT : line > 254 ? 254 : line);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
		skip();
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("status %#x: the check of that line failed", (unsigned)status);
}

/* In such a check. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__;                                                           \
	} while (0)

#endif
