/*
 * stderr, sent to a file of a fixture in the meantime.
 */
#ifndef WHOPORT_TESTS_CAPTURE_H
#define WHOPORT_TESTS_CAPTURE_H

#include "fixture.h"

#include <fcntl.h>
#include <unistd.h>

struct capture {
	int stderr_fd, file_fd;
};

static inline struct capture capture_start(struct fixture *fx)
{
	struct capture c;

	c.file_fd = openat(fx->root_fd, "stderr", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	c.stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	assert_true(c.file_fd >= 0 && c.stderr_fd >= 0);
	fflush(stderr);
	assert_true(dup2(c.file_fd, STDERR_FILENO) >= 0);
	return c;
}

/** Give stderr back; what was written is in @out, terminated. */
static inline void capture_end(struct capture *c, char *out, size_t size)
{
	dup2(c->stderr_fd, STDERR_FILENO);
	close(c->stderr_fd);
	ssize_t n = pread(c->file_fd, out, size - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	close(c->file_fd);
}

#endif
