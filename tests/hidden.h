/*
 * A process that nobody but root may look at, and an ordinary user to look at it.
 */
#ifndef WHOPORT_TESTS_HIDDEN_H
#define WHOPORT_TESTS_HIDDEN_H

#include "child_check.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>

/* Looks at it while it lives, and when it is a zombie; returns as a child_check() does. */
typedef int hidden_look(pid_t hidden, bool ended);

/** Become an ordinary user, and look at such a process: the body of a child_check(). */
static inline int hidden_meet(hidden_look *look)
{
	enum { ORDINARY = 65534 };
	int ready[2], end[2];
	siginfo_t info;
	char byte;

	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setgid(ORDINARY) < 0 || setuid(ORDINARY) < 0))
		return -1;
	CHECK(pipe2(ready, O_CLOEXEC) == 0 && pipe2(end, O_CLOEXEC) == 0);
	pid_t hidden = fork();
	CHECK(hidden >= 0);
	if (hidden == 0) {
		close(end[1]);
		prctl(PR_SET_DUMPABLE, 0);
		if (write(ready[1], "x", 1) == 1)
			(void)!read(end[0], &byte, 1); /* until its end */
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	int status = look(hidden, false);
	close(end[1]);
	CHECK(waitid(P_PID, (id_t)hidden, &info, WEXITED | WNOWAIT) == 0);
	return status != 0 ? status : look(hidden, true);
}

#endif
