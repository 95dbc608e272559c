/* System calls that name another process; see pidfd.h. */
#define _GNU_SOURCE
#include "pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Older C libraries have no names for these; the numbers are the same everywhere. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

int pidfd_compare_files(pid_t a, pid_t b)
{
	enum { KCMP_FILES = 2 }; /* linux/kcmp.h, which musl-gcc lacks */
	long rc = syscall(SYS_kcmp, a, b, KCMP_FILES, 0UL, 0UL);

	return rc < 0 ? -errno : (int)rc;
}

int pidfd_get_copy(pid_t pid, pid_t tid, int fd)
{
	unsigned flags = tid == pid ? 0 : (unsigned)O_EXCL; /* PIDFD_THREAD, linux/pidfd.h */
	int pidfd = (int)syscall(SYS_pidfd_open, tid, flags);
	if (pidfd < 0)
		return -errno;

	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0U);
	int err = -errno;
	close(pidfd);
	return copy < 0 ? err : copy;
}

int pidfd_of(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);

	if (pidfd >= 0)
		return pidfd;
	/* The number is a group's by now (EINVAL), or a thread's (ENOENT since Linux 6.15). */
	return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
}

int pidfd_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U) < 0 ? -errno : 0;
}
