/*
 * Which network namespaces exist; see netns_walk.h. Besides those of tasks there
 * are mounted ones, as mountinfo says:
 *
 *     51 23 0:4 net:[4026532286] /run/netns/blue rw shared:5 - nsfs nsfs rw
 */
#define _GNU_SOURCE
#include "netns_walk.h"

#include "cgroup_name.h"
#include "line_reader.h"
#include "mountinfo.h"
#include "netns.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS_MAX = 256 };

/* Directory chunks of the walk over processes and their threads. */
struct walk {
	struct netns_list *list;
	char *pids, *tids;
	bool first_only; /* stop when there is any besides the base */
};

static bool is_finished(const struct walk *w)
{
	return w->first_only && w->list->len > 1;
}

static int add_task(struct netns_list *list, pid_t pid, pid_t tid)
{
	struct netns *ns;
	int rc = netns_list_add_task(list, pid, tid, &ns);

	list->denied += rc == -EACCES || rc == -EPERM;
	return rc;
}

static int walk_threads(struct walk *w, pid_t pid)
{
	struct procfs_dir dir;
	struct stat st;
	const char *name;
	char path[32];
	int tid, rc;

	/* A directory's links: itself, its name, and one for each thread. */
	snprintf(path, sizeof(path), "%d/task", (int)pid);
	if (fstatat(w->list->proc_fd, path, &st, 0) < 0 || st.st_nlink <= 3)
		return 0;
	if (w->first_only && st.st_nlink > THREADS_MAX)
		return 0; /* it is about a hint */
	int fd = openat(w->list->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	procfs_dir_start(&dir, fd, w->tids);
	while ((rc = procfs_dir_next(&dir, &name, &tid)) > 0 && !is_finished(w)) {
		rc = tid == pid ? 0 : add_task(w->list, pid, tid);
		if (rc == -ENOMEM)
			break;
	}
	close(fd);
	return rc == -ENOMEM ? rc : 0;
}

static int walk_processes(struct walk *w, int fd)
{
	struct procfs_dir dir;
	const char *name;
	int pid, rc;

	procfs_dir_start(&dir, fd, w->pids);
	while ((rc = procfs_dir_next(&dir, &name, &pid)) > 0 && !is_finished(w)) {
		if (pid <= 0)
			continue;
		rc = add_task(w->list, pid, pid);
		if (rc != -ENOMEM) /* also if the main thread has ended */
			rc = walk_threads(w, pid);
		if (rc == -ENOMEM)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

/* --- mounts ---------------------------------------------------------------- */

static int take_mount(void *ctx, const char *line, size_t len)
{
	struct netns_list *list = ctx;
	char path[PATH_MAX + 32];
	struct mountinfo m;
	uint64_t inode;

	if (!line || !mountinfo_parse(line, len, &m) || !mountinfo_is(&m.type, "nsfs") ||
	    procfs_parse_link(m.root.text, m.root.len, &inode) != PROCFS_LINK_NETNS)
		return 0;
	snprintf(path, sizeof(path), "%s/root%s", list->base, m.point);
	return netns_list_add_place(list, inode, path, strrchr(path, '/') + 1);
}

static int walk_mounts(struct netns_list *list)
{
	char path[32];

	snprintf(path, sizeof(path), "%s/mountinfo", list->base);
	int fd = procfs_open(list->proc_fd, path);
	if (fd < 0)
		return 0;
	int rc = line_reader_run(fd, take_mount, list);
	close(fd);
	return rc == -ENOMEM ? rc : 0;
}

static int walk_all(struct netns_list *list, bool first_only)
{
	struct walk w = {.list = list, .first_only = first_only};

	if (!list->is_real)
		return 0;
	int rc = walk_mounts(list);
	if (rc < 0 || is_finished(&w))
		return rc;
	int fd = openat(list->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	w.pids = malloc(2 * PROCFS_CHUNK);
	if (w.pids) {
		w.tids = w.pids + PROCFS_CHUNK;
		rc = walk_processes(&w, fd);
	}
	free(w.pids);
	close(fd);
	return w.pids ? rc : -ENOMEM;
}

int netns_list_find_all(struct netns_list *list)
{
	return walk_all(list, false);
}

bool netns_list_has_others(struct netns_list *list)
{
	return list->len > 1 || (walk_all(list, true) == 0 && list->len > 1);
}


void netns_list_find_names(struct netns_list *list)
{
	if (list->is_real)
		walk_mounts(list); /* which has the names of those that are known, too */
	for (size_t i = 1; i < list->len; i++) {
		struct netns *ns = &list->v[i];
		struct cgroup_name path, name;
		char file[48], text[4096];

		if (ns->name || ns->pid == 0)
			continue;
		snprintf(file, sizeof(file), "%d/cgroup", (int)ns->pid);
		ssize_t n = procfs_read(list->proc_fd, file, text, sizeof(text));
		if (n > 0 && cgroup_parse_file(text, (size_t)n, &path) &&
		    cgroup_parse_container(path.text, path.len, &name))
			ns->name = strndup(name.text, name.len);
	}
}
