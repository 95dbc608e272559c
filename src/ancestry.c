/* Whoport's own parents; see ancestry.h. */
#define _GNU_SOURCE
#include "ancestry.h"

#include "process.h"

#include <unistd.h>

/* The parent of a process, 0 if it cannot be told. */
static pid_t parent_of(int proc_fd, pid_t pid)
{
	struct process p = {.pid = pid, .tid = pid};
	int fd = process_open(proc_fd, pid);

	if (fd < 0)
		return 0;
	int rc = process_load(fd, PROCESS_STAT, &p);
	close(fd);
	process_free(&p);
	return rc < 0 ? 0 : p.ppid;
}

void ancestry_load(struct ancestry *out, int proc_fd)
{
	pid_t pid = getpid();

	for (out->len = 0; pid > 0 && out->len < sizeof(out->v) / sizeof(*out->v);) {
		out->v[out->len++] = pid;
		/* What getppid() says needs no /proc, which may hide it. */
		pid = out->len == 1 ? getppid() : parent_of(proc_fd, pid);
	}
}

bool ancestry_has(const struct ancestry *a, pid_t pid)
{
	for (size_t i = 1; i < a->len; i++) {
		if (a->v[i] == pid)
			return true;
	}
	return false;
}
