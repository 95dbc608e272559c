/*
 * A process that nobody but root may look at, and an ordinary user to look at it.
 */
#ifndef WHOPORT_TESTS_HIDDEN_H
#define WHOPORT_TESTS_HIDDEN_H

#include "fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HIDDEN_ORDINARY = 65534, HIDDEN_SKIPPED = 77 };

/* Looks at it while it lives, and when it is a zombie: 0, HIDDEN_SKIPPED, or what failed. */
typedef int hidden_look(pid_t hidden, bool ended);

/* In a child of the test: an exit status. */
static inline int hidden_meet_as_user(hidden_look *look)
{
	int ready[2], end[2];
	siginfo_t info;
	char byte;

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(HIDDEN_ORDINARY) < 0 ||
			       setuid(HIDDEN_ORDINARY) < 0))
		return HIDDEN_SKIPPED;
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0)
		return 101;
	pid_t hidden = fork();
	if (hidden == 0) {
		close(end[1]);
		prctl(PR_SET_DUMPABLE, 0);
		if (write(ready[1], "x", 1) == 1)
			(void)!read(end[0], &byte, 1); /* until its end */
		_exit(0);
	}
	close(end[0]);
	int status = hidden > 0 && read(ready[0], &byte, 1) == 1 ? look(hidden, false) : 102;
	close(end[1]);
	if (waitid(P_PID, (id_t)hidden, &info, WEXITED | WNOWAIT) < 0)
		return 103;
	if (status == 0)
		status = look(hidden, true);
	waitpid(hidden, NULL, 0);
	return status;
}

static inline void hidden_meet(hidden_look *look)
{
	int status = -1;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(hidden_meet_as_user(look));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == HIDDEN_SKIPPED)
		skip(); /* no other user to be, or /proc does not tell */
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
