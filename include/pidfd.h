/*
 * Thin wrappers of the system calls that name another process. Tests replace
 * them by functions of their own.
 */
#ifndef WHOPORT_PIDFD_H
#define WHOPORT_PIDFD_H

#include <sys/types.h>

/**
 * Compare the descriptor tables of two tasks of our own pid namespace.
 *
 * Return 0 if they share one, 1 or 2 for an order between two (it is total
 * and stays the same while whoport runs), or -errno: EPERM, ENOSYS, ESRCH.
 * Source: kcmp(2), KCMP_FILES.
 */
int pidfd_compare_files(pid_t a, pid_t b);

#endif
