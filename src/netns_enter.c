/* Ways into a network namespace; see netns_enter.h. */
#define _GNU_SOURCE
#include "netns_enter.h"

#include "netlink.h"
#include "netns.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What an O_PATH descriptor refers to: is it certain, or at least possible? */
static bool is_namespace(int place, const char *link, bool is_link)
{
	enum { NSFS = 0x6e736673 }; /* NSFS_MAGIC, linux/magic.h */
	struct statfs fs;
	uint64_t inode;

	if (procfs_read_link(AT_FDCWD, link, &inode) == PROCFS_LINK_NETNS)
		return true;
	return !is_link && fstatfs(place, &fs) == 0 && fs.f_type == NSFS;
}

int netns_open_file(int dir_fd, const char *path, bool is_link)
{
	enum { GET_TYPE = _IO(0xb7, 3) }; /* NS_GET_NSTYPE, linux/nsfs.h, since Linux 4.11 */
	char link[32];

	int place = openat(dir_fd, path, O_PATH | O_CLOEXEC);
	if (place < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	if (!is_namespace(place, link, is_link)) {
		close(place);
		return -EINVAL;
	}
	int fd = open(link, O_RDONLY | O_CLOEXEC);
	int err = -errno;
	close(place);
	if (fd < 0)
		return err;
	int type = ioctl(fd, GET_TYPE);
	if (type >= 0 && type != CLONE_NEWNET) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static int open_task(const struct netns_list *list, const char *task)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/ns/net", task);
	return netns_open_file(list->proc_fd, path, true);
}

/* Open a namespace: by a task in it, or where it is mounted or held. */
static int open_netns(struct netns_list *list, struct netns *ns)
{
	char task[40];
	struct stat st;
	int fd = -ENOENT;

	if (ns->fd >= 0)
		return ns->fd;
	if (ns == list->v)
		fd = open_task(list, list->base);
	if (fd < 0 && ns->pid > 0) {
		netns_task_path(ns->pid, ns->tid, task, sizeof(task));
		fd = open_task(list, task);
	}
	if (fd < 0 && ns->path)
		fd = netns_open_file(list->proc_fd, ns->path, !ns->is_mounted);
	if (fd < 0)
		return fd;
	/* The task may have gone elsewhere, the number may be a stranger's. */
	if (ns->inode && (fstat(fd, &st) < 0 || st.st_ino != ns->inode)) {
		close(fd);
		return -ENOENT;
	}
	ns->fd = fd;
	return fd;
}

/* True if the namespace is the one we are in. */
static bool is_home(const struct netns_list *list, const struct netns *ns)
{
	return ns == list->v && strcmp(list->base, "self") == 0;
}

/*
 * Open our own namespace, to come back to. Who may go there is asked while we
 * are still there: it can belong to a user namespace above ours.
 */
static int open_home(struct netns_list *list)
{
	if (list->has_home)
		return list->home_fd;
	int fd = netns_open_file(AT_FDCWD, "/proc/self/ns/net", true);
	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNET) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	list->home_fd = fd;
	list->has_home = true;
	return fd;
}

int netns_enter(struct netns_list *list, struct netns *ns)
{
	if (!list->is_real)
		return -EAFNOSUPPORT;
	if (is_home(list, ns))
		return 0;
	int home = open_home(list);
	if (home < 0)
		return home;
	bool was_open = ns->fd >= 0;
	int fd = open_netns(list, ns);
	if (fd < 0)
		return fd;

	int rc = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	if (!was_open) { /* a thousand open ones would be too many */
		close(ns->fd);
		ns->fd = -1;
	}
	return rc;
}

void netns_leave(const struct netns_list *list)
{
	/* It worked a moment ago; from elsewhere no answer of ours would be true. */
	if (list->has_home && setns(list->home_fd, CLONE_NEWNET) < 0)
		abort();
}

int netns_keep(struct netns_list *list, struct netns *ns)
{
	if (is_home(list, ns))
		return 0;
	int fd = open_netns(list, ns), rc = fd < 0 ? fd : netns_enter(list, ns);

	if (rc == 0)
		netns_leave(list);
	else if (fd >= 0)
		netns_close(ns);
	return rc;
}

int netns_open_netlink(struct netns_list *list, struct netns *ns, int protocol)
{
	int rc = netns_enter(list, ns);
	if (rc < 0)
		return rc;

	rc = nl_open(protocol);
	netns_leave(list);
	return rc;
}

/* Is a task still in the namespace that it was found in? */
static bool is_still_in(const struct netns_list *list, const struct netns *ns, const char *task)
{
	uint64_t seen = ns->inode ? ns->inode : ns->table;
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", task, ns->inode ? "ns/net" : "net/unix");
	if (fstatat(list->proc_fd, path, &st, 0) == 0)
		return seen == 0 || st.st_ino == seen;
	return errno != ENOENT && errno != ESRCH;
}

int netns_open_directory(struct netns_list *list, const struct netns *ns)
{
	char task[40], path[64];

	netns_task_path(ns->pid, ns->tid, task, sizeof(task));
	if (ns == list->v)
		snprintf(path, sizeof(path), "%s%snet", list->base, *list->base ? "/" : "");
	else if (ns->pid > 0 && is_still_in(list, ns, task))
		snprintf(path, sizeof(path), "%s/net", task);
	else
		return -ENOENT;
	int fd = openat(list->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
