/*
 * Who is not signalled unless --force says so, and what to use instead: a signal to
 * the shell that we run in, to a service manager that would listen again, or to the
 * proxy of a container does harm and does not free the port. Decided from facts alone.
 */
#ifndef WHOPORT_GUARD_H
#define WHOPORT_GUARD_H

#include "word.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

enum guard_kind {
	GUARD_NONE,      /* it may be signalled */
	GUARD_INIT,      /* PID 1: never, --force or not */
	GUARD_SELF,      /* whoport itself: never */
	GUARD_ANCESTOR,  /* the shell, the sudo, the sshd that whoport was started from */
	GUARD_MANAGER,   /* a service manager that holds sockets for others */
	GUARD_CONTAINER, /* the runtime or port forwarder of containers */
};

/* What is known of a process; everything borrowed. */
struct guard_facts {
	pid_t pid;
	struct word command; /* any bytes; the kernel's 15 at most */
	struct word args;    /* NUL-separated; empty when unknown */
	struct word cgroup;  /* path, as cgroup_parse_file() gives it; empty when unknown */
	struct word sock_cgroup; /* path of the cgroup that the socket was made in; empty: unknown */
	uint16_t port; /* that it holds, host byte order; 0: none, or a unix socket */
	int fd;        /* by which it holds that; -1: by none */
	bool is_ours;  /* whoport */
	bool is_ancestor;
};

/**
 * Decide on one process.
 *
 * @out_reason  for other kinds than GUARD_NONE one line is appended: what the
 *              process is, and at its end, behind "use: ", the better command, where
 *              words in capitals are to be filled in. It is shown behind the process's
 *              name, and its command must be safe to be typed: what is foreign in it
 *              is left out if a shell could read more than a word in it.
 */
enum guard_kind guard_judge(const struct guard_facts *facts, struct buf *out_reason);

#endif
