/*
 * The processes that whoport was started from: shell, terminal or sshd, init.
 */
#ifndef WHOPORT_ANCESTRY_H
#define WHOPORT_ANCESTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ancestry {
	pid_t v[64]; /* ourselves first */
	size_t len;
};

/**
 * Follow the parents up to PID 1.
 *
 * @proc_fd  root of our own procfs; borrowed
 * Source: proc_pid_stat(5), field 4.
 */
void ancestry_load(struct ancestry *out, int proc_fd);

/** True if a process is one of them; whoport itself is none. */
bool ancestry_has(const struct ancestry *a, pid_t pid);

#endif
