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

/**
 * A copy of another task's descriptor.
 *
 * @pid  its process
 * @tid  == pid, or a thread with a table of its own (Linux 6.9)
 * Return the copy, the caller's to close at once, or -errno: EPERM, ENOSYS,
 * ESRCH, EBADF. Source: pidfd_open(2), pidfd_getfd(2).
 */
int pidfd_get_copy(pid_t pid, pid_t tid, int fd);

/**
 * A descriptor of a process, which stays that process's whoever gets its number.
 * It is readable when the process has ended (poll(2)).
 *
 * Return it, the caller's, or -errno: ESRCH, also where the number is by now that of a
 * process group or a thread alone; ENOSYS before Linux 5.3.
 * Source: pidfd_open(2).
 */
int pidfd_of(pid_t pid);

/**
 * Signal a process.
 *
 * @signal  0 sends nothing: it asks whether we may
 * Return 0 or -errno: EPERM, ESRCH. Source: pidfd_send_signal(2).
 */
int pidfd_signal(int pidfd, int signal);

#endif
