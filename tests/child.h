/*
 * Children of a test: processes that live until they are told otherwise, and end with
 * the test whatever becomes of it.
 */
#ifndef WHOPORT_TESTS_CHILD_H
#define WHOPORT_TESTS_CHILD_H

#include "child_check.h"

#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	pid_t pid;
	int fd; /* to it: one byte for each thing to do, which it answers when it is done */
};

/* What a child does for a byte; false: it is to end. */
typedef bool child_obey(void *ctx, char command);

static inline struct child child_start(child_obey *obey, void *ctx)
{
	struct child c = {0};
	int pair[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) { /* no assertion in here: it would go on as the test */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		if (write(pair[1], "", 1) != 1)
			_exit(1);
		while (read(pair[1], &byte, 1) == 1 && obey(ctx, byte)) {
			if (write(pair[1], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(pair[1]);
	c.fd = pair[0];
	assert_int_equal(read(c.fd, &byte, 1), 1); /* it ends with us from here on */
	return c;
}

/** Have something done. */
static inline void child_tell(const struct child *c, char command)
{
	char byte = 0;

	assert_int_equal(send(c->fd, &command, 1, MSG_NOSIGNAL), 1);
	assert_int_equal(read(c->fd, &byte, 1), 1);
	assert_int_equal(byte, command);
}

/** Kill it, and leave it a zombie. */
static inline void child_kill(const struct child *c)
{
	siginfo_t info;

	assert_int_equal(kill(c->pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT), 0);
}

/** End it. */
static inline void child_end(struct child *c)
{
	close(c->fd);
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
	*c = (struct child){0};
}

/** True if it has neither ended nor been told to. */
static inline bool child_lives(const struct child *c)
{
	siginfo_t info = {0};

	assert_int_equal(waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOWAIT | WNOHANG), 0);
	return info.si_pid == 0;
}

/** The root of our own procfs; the caller closes it. */
static inline int open_proc(void)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/** What /proc says of a process; released by process_free(). */
static inline struct process load_process(int proc_fd, pid_t pid)
{
	struct process_table t = {0};

	assert_int_equal(process_table_load(&t, proc_fd, pid, PROCESS_STAT | PROCESS_CGROUP), 1);
	struct process p = *t.v;
	t.len = 0;
	process_table_free(&t);
	return p;
}

/** The inode of an open file. */
static inline uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

#endif
