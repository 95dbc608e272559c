/*
 * Does a process still hold what it was seen with? Asked right before it is signalled,
 * with the process pinned (pin.h).
 */
#ifndef WHOPORT_CLAIM_H
#define WHOPORT_CLAIM_H

#include <stddef.h>

struct probe;
struct row;

/**
 * Look whether a process holds one of some sockets, by the descriptor it was seen with
 * or by any other.
 *
 * A name from /proc/net/unix proves nothing, as anybody can forge a line: there the
 * descriptor itself must tell that it is a unix socket, and, if it can be asked, its name.
 *
 * @rows  of that process; at least one
 * Return 1 if it does, 0 if not, or -errno: EACCES, EPERM if it may not be read any
 * more; of memory or descriptors.
 */
int claim_check(int proc_fd, struct probe *probe, const struct row *rows, size_t count);

#endif
