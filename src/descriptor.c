/* What a descriptor itself tells; see descriptor.h. */
#define _GNU_SOURCE
#include "descriptor.h"

#include "holder.h"
#include "procfs.h"
#include "source_procnet.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

	search->found |= s->inode == search->inode && !s->forgeable;
	return 0;
}

/* Does the holder live in another namespace, whose table has the socket? */
static bool is_of_other_netns(int proc_fd, const struct holder *h)
{
	struct search search = {.inode = h->inode};
	struct procnet_stats st = {0};
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "%d/net", (int)h->pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* A table's inode is one for each namespace. */
	if (fstatat(proc_fd, "net/unix", &ours, 0) == 0 &&
	    fstatat(fd, "unix", &theirs, 0) == 0 && ours.st_ino != theirs.st_ino)
		source_procnet_read(fd, 0, SOCK_PROTO_BIT(SOCK_PROTO_UNIX), take_unix, &search,
				    &st);
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
