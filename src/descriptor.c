/* What a descriptor itself tells; see descriptor.h. */
#define _GNU_SOURCE
#include "descriptor.h"

#include "holder.h"
#include "pidfd.h"
#include "procfs.h"
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

void descriptor_path(pid_t pid, pid_t tid, int fd, char *out, size_t size)
{
	if (tid == pid)
		snprintf(out, size, "%d/fd/%d", (int)pid, fd);
	else
		snprintf(out, size, "%d/task/%d/fd/%d", (int)pid, (int)tid, fd);
}

size_t descriptor_protocol(int proc_fd, const struct holder *h, char *out, size_t size)
{
	char path[64], full[96];
	uint64_t inode;

	if (!procfs_is_real(proc_fd))
		return 0;
	descriptor_path(h->pid, h->tid, h->fd, path, sizeof(path));
	snprintf(full, sizeof(full), "/proc/self/fd/%d/%s", proc_fd, path);
	ssize_t n = getxattr(full, "system.sockprotoname", out, size);
	/* The number may have been given to another file since the scan. */
	if (n <= 0 || procfs_read_socket(proc_fd, path, &inode) <= 0 || inode != h->inode)
		return 0;
	return strnlen(out, (size_t)n);
}

/* The bytes of a name as text shows them: a path ends at its NUL. */
static bool same_name(const struct sockaddr_un *un, size_t len, const struct sock *s)
{
	const char *name = un->sun_path;

	if (len > 0 && *name != '\0')
		len = strnlen(name, len);
	if (len != s->name_len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s->name[i] != (name[i] == '\0' ? '@' : name[i]))
			return false;
	}
	return true;
}

/* A copy of a holder's descriptor that is still its socket; the caller's. */
static int copy_socket(int proc_fd, const struct holder *h)
{
	struct stat st;

	if (h->kind != HOLDER_FD || !procfs_is_ours(proc_fd))
		return -EPERM;
	int copy = pidfd_get_copy(h->pid, h->tid, h->fd);
	if (copy < 0)
		return copy;
	if (fstat(copy, &st) == 0 && st.st_ino == h->inode)
		return copy;
	close(copy); /* the number was given to another file since the scan */
	return -ESTALE;
}

int descriptor_has_name(int proc_fd, const struct holder *h, const struct sock *s)
{
	/* The kernel may tell one byte more than the structure has (unix(7)). */
	union {
		struct sockaddr_un un;
		char bytes[sizeof(struct sockaddr_un) + 1];
	} addr = {{.sun_family = AF_UNSPEC}};
	socklen_t len = sizeof(addr);

	int copy = copy_socket(proc_fd, h);
	if (copy < 0)
		return copy;
	int rc = getsockname(copy, (struct sockaddr *)&addr, &len) < 0 ? -errno : 0;
	close(copy);
	size_t head = offsetof(struct sockaddr_un, sun_path);
	if (rc < 0 || addr.un.sun_family != AF_UNIX || len < head)
		return rc < 0 ? rc : 0;
	return same_name(&addr.un, (size_t)len - head, s);
}

int descriptor_netns(int proc_fd, const struct holder *h)
{
	enum { GET_NETNS = 0x894C }; /* SIOCGSKNS, linux/sockios.h */
	int copy = copy_socket(proc_fd, h);

	if (copy < 0)
		return copy;
	int fd = ioctl(copy, GET_NETNS);
	int err = -errno;
	close(copy);
	if (fd < 0)
		return err;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}
