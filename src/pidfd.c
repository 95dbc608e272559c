/* System calls that name another process; see pidfd.h. */
#define _GNU_SOURCE
#include "pidfd.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int pidfd_compare_files(pid_t a, pid_t b)
{
	enum { KCMP_FILES = 2 }; /* linux/kcmp.h, which musl-gcc lacks */
	long rc = syscall(SYS_kcmp, a, b, KCMP_FILES, 0UL, 0UL);

	return rc < 0 ? -errno : (int)rc;
}
