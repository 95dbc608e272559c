/* What a descriptor itself tells; see descriptor.h. */
#define _GNU_SOURCE
#include "descriptor.h"

#include "holder.h"
#include "pidfd.h"
#include "procfs.h"
#include "source_procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

size_t descriptor_protocol(int proc_fd, const struct holder *h, char *out, size_t size)
{
	char path[96];

	if (!procfs_is_real(proc_fd))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%d/task/%d/fd/%d", proc_fd, (int)h->pid,
		 (int)h->tid, h->fd);
	ssize_t n = getxattr(path, "system.sockprotoname", out, size);
	return n > 0 ? strnlen(out, (size_t)n) : 0;
}

struct search {
	uint64_t inode;
	bool found;
};

static int take_unix(void *ctx, const struct sock *s)
{
	struct search *search = ctx;

	search->found |= s->inode == search->inode && !s->doubt;
	return 0;
}

/* Does the holder live in another namespace, whose table has the socket? */
static bool is_of_other_netns(int proc_fd, const struct holder *h)
{
	struct search search = {.inode = h->inode};
	struct procnet_request rq = {.protos = SOCK_PROTO_BIT(SOCK_PROTO_UNIX),
				     .sink = take_unix, .ctx = &search};
	struct procnet_stats st = {0};
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "%d/net", (int)h->pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	rq.net_fd = fd;
	/* A table's inode is one for each namespace. */
	if (fstatat(proc_fd, "net/unix", &ours, 0) == 0 &&
	    fstatat(fd, "unix", &theirs, 0) == 0 && ours.st_ino != theirs.st_ino)
		source_procnet_read(&rq, &st);
	close(fd);
	return search.found;
}

bool descriptor_refutes_unix(int proc_fd, const struct holder *h)
{
	char name[32];
	size_t len = descriptor_protocol(proc_fd, h, name, sizeof(name));

	if (len > 0 && strncmp(name, "UNIX", 4) != 0)
		return true;
	return procfs_is_real(proc_fd) && is_of_other_netns(proc_fd, h);
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

int descriptor_has_name(int proc_fd, const struct holder *h, const struct sock *s)
{
	/* The kernel may tell one byte more than the structure has (unix(7)). */
	union {
		struct sockaddr_un un;
		char bytes[sizeof(struct sockaddr_un) + 1];
	} addr = {{.sun_family = AF_UNSPEC}};
	socklen_t len = sizeof(addr);

	if (!procfs_is_ours(proc_fd))
		return -EPERM;
	int copy = pidfd_get_copy(h->pid, h->tid, h->fd);
	if (copy < 0)
		return copy;
	int rc = getsockname(copy, (struct sockaddr *)&addr, &len) < 0 ? -errno : 0;
	close(copy);
	size_t head = offsetof(struct sockaddr_un, sun_path);
	if (rc < 0 || addr.un.sun_family != AF_UNIX || len < head)
		return rc < 0 ? rc : 0;
	return same_name(&addr.un, (size_t)len - head, s);
}
