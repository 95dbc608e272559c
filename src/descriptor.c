/* What a descriptor itself tells; see descriptor.h. */
#define _GNU_SOURCE
#include "descriptor.h"

#include "fdinfo.h"
#include "holder.h"
#include "probe.h"
#include "procfs.h"
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static void add_path(pid_t pid, pid_t tid, const char *table, int fd, char *out, size_t size)
{
	if (tid == pid)
		snprintf(out, size, "%d/%s/%d", (int)pid, table, fd);
	else
		snprintf(out, size, "%d/task/%d/%s/%d", (int)pid, (int)tid, table, fd);
}

void descriptor_path(pid_t pid, pid_t tid, int fd, char *out, size_t size)
{
	add_path(pid, tid, "fd", fd, out, size);
}

void descriptor_info_path(pid_t pid, pid_t tid, int fd, char *out, size_t size)
{
	add_path(pid, tid, "fdinfo", fd, out, size);
}

/*
 * Hold on to the file behind a descriptor, without opening it: the number may
 * be given to another file at any time, and to ask some of these could hang.
 * Return an O_PATH descriptor of the socket, the caller's, or -errno.
 */
static int pin_socket(int proc_fd, const struct holder *h, char *out_link, size_t size)
{
	char path[64];
	uint64_t inode;

	descriptor_path(h->pid, h->tid, h->fd, path, sizeof(path));
	int fd = openat(proc_fd, path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(out_link, size, "/proc/self/fd/%d", fd);
	if (procfs_read_socket(AT_FDCWD, out_link, &inode) > 0 && inode == h->inode)
		return fd;
	close(fd);
	return -ESTALE;
}

size_t descriptor_protocol(int proc_fd, const struct holder *h, char *out, size_t size)
{
	char link[32];

	if (h->kind != HOLDER_FD || !procfs_is_real(proc_fd))
		return 0;
	int fd = pin_socket(proc_fd, h, link, sizeof(link));
	if (fd < 0)
		return 0;
	ssize_t n = getxattr(link, "system.sockprotoname", out, size);
	close(fd);
	return n > 0 ? strnlen(out, (size_t)n) : 0;
}

bool descriptor_flags(int proc_fd, const struct holder *h, uint32_t *out)
{
	char path[64], text[1024];
	uint64_t inode;

	if (h->kind != HOLDER_FD)
		return false;
	descriptor_info_path(h->pid, h->tid, h->fd, path, sizeof(path));
	ssize_t n = procfs_read(proc_fd, path, text, sizeof(text));
	return n > 0 && fdinfo_parse_flags(text, (size_t)n, out, &inode) &&
	       (inode == 0 || inode == h->inode);
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

int descriptor_has_name(int proc_fd, struct probe *probe, const struct holder *h,
			const struct sock *s)
{
	/* The kernel may tell one byte more than the structure has (unix(7)). */
	union {
		struct sockaddr_un un;
		char bytes[sizeof(struct sockaddr_un) + 1];
	} addr = {{.sun_family = AF_UNSPEC}};
	const size_t head = offsetof(struct sockaddr_un, sun_path);

	if (!procfs_is_ours(proc_fd))
		return -EPERM;
	int len = probe_name(probe, h, &addr, sizeof(addr));
	if (len < 0 || addr.un.sun_family != AF_UNIX || (size_t)len < head)
		return len < 0 ? len : 0;
	return same_name(&addr.un, (size_t)len - head, s);
}
