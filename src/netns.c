/*
 * The list of network namespaces; see netns.h. A task's is the target of
 *
 *     /proc/811/ns/net -> net:[4026531840]
 */
#define _GNU_SOURCE
#include "netns.h"

#include "buf.h"
#include "escape.h"
#include "grow.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_denied(int rc)
{
	return rc == -EACCES || rc == -EPERM;
}

void netns_list_free(struct netns_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		free(list->v[i].path);
		free(list->v[i].name);
		if (list->v[i].fd >= 0)
			close(list->v[i].fd);
	}
	free(list->v);
	if (list->has_home)
		close(list->home_fd);
	*list = (struct netns_list){0};
}

struct netns *netns_list_add(struct netns_list *list, const struct netns *ns)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v)
		return NULL;
	list->v = v;
	struct netns *added = &list->v[list->len++];
	*added = *ns;
	added->fd = -1;
	added->id = ns->inode ? (uint32_t)ns->inode : (uint32_t)list->len;
	return added;
}

struct netns *netns_list_find_inode(struct netns_list *list, uint64_t inode)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].inode == inode)
			return &list->v[i];
	}
	return NULL;
}

struct netns *netns_list_by_id(struct netns_list *list, uint32_t id)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].id == id)
			return &list->v[i];
	}
	return NULL;
}

const struct netns *netns_list_find(const struct netns_list *list, uint32_t id)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].id == id)
			return &list->v[i];
	}
	return NULL;
}

static int stat_inode(int dir_fd, const char *path, uint64_t *out)
{
	struct stat st;

	if (fstatat(dir_fd, path, &st, 0) < 0)
		return -errno;
	*out = st.st_ino;
	return 0;
}

int netns_list_init(struct netns_list *out, int proc_fd, bool chosen)
{
	struct netns base = {.is_asked = true};
	char path[32];

	*out = (struct netns_list){.proc_fd = proc_fd, .is_real = procfs_is_real(proc_fd)};
	if (out->is_real)
		strcpy(out->base, chosen && !procfs_is_ours(proc_fd) ? "1" : "self");
	snprintf(path, sizeof(path), "%s/ns/net", *out->base ? out->base : "self");
	stat_inode(proc_fd, path, &base.inode);
	return netns_list_add(out, &base) ? 0 : -ENOMEM;
}

void netns_task_path(pid_t pid, pid_t tid, char *out, size_t size)
{
	if (pid == tid || tid == 0)
		snprintf(out, size, "%d", (int)pid);
	else
		snprintf(out, size, "%d/task/%d", (int)pid, (int)tid);
}

/* The inode of a table in a task's `net` directory. */
static int stat_table(const struct netns_list *list, const char *task, uint64_t *out)
{
	char path[64];

	snprintf(path, sizeof(path), "%s%snet/unix", task, *task ? "/" : "");
	return stat_inode(list->proc_fd, path, out);
}

/* Learn the tables of the namespaces known, once somebody's may not be asked. */
static void learn_tables(struct netns_list *list)
{
	char task[40];

	for (size_t i = 0; i < list->len && !list->tables_known; i++) {
		struct netns *ns = &list->v[i];
		netns_task_path(ns->pid, ns->tid, task, sizeof(task));
		if (ns->table == 0 && (i == 0 || ns->pid > 0))
			stat_table(list, i == 0 ? list->base : task, &ns->table);
	}
	list->tables_known = true;
}

static struct netns *find_table(struct netns_list *list, uint64_t table)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].table == table)
			return &list->v[i];
	}
	return NULL;
}

static bool any_without_inode(const struct netns_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].inode == 0)
			return true;
	}
	return false;
}

/* Find a task's namespace among those known, by its table. */
static struct netns *find_by_table(struct netns_list *list, const char *task, struct netns *ns)
{
	learn_tables(list);
	if (stat_table(list, task, &ns->table) < 0 || ns->table == 0)
		return NULL;
	struct netns *found = find_table(list, ns->table);
	if (found && found->inode == 0) /* its id stays */
		found->inode = ns->inode;
	return found;
}

int netns_list_add_task(struct netns_list *list, pid_t pid, pid_t tid, struct netns **out)
{
	struct netns ns = {.pid = pid, .tid = tid};
	char task[40], path[64];

	netns_task_path(pid, tid, task, sizeof(task));
	snprintf(path, sizeof(path), "%s/ns/net", task);
	int rc = stat_inode(list->proc_fd, path, &ns.inode);
	if (rc < 0 && !is_denied(rc))
		return rc;
	*out = ns.inode ? netns_list_find_inode(list, ns.inode) : NULL;
	if (!*out && (ns.inode == 0 || list->tables_known || any_without_inode(list)))
		*out = find_by_table(list, task, &ns);
	if (!*out && ns.inode == 0 && ns.table == 0)
		return rc;
	if (!*out)
		*out = netns_list_add(list, &ns);
	if (*out && (*out)->pid == 0) {
		(*out)->pid = pid;
		(*out)->tid = tid;
	}
	return *out ? 0 : -ENOMEM;
}

int netns_list_add_process(struct netns_list *list, pid_t pid, struct netns **out)
{
	int rc = netns_list_add_task(list, pid, pid, out);
	char path[32];

	if (rc != -ENOENT)
		return rc;
	snprintf(path, sizeof(path), "%d/task", (int)pid);
	int fd = openat(list->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *chunk = fd < 0 ? NULL : malloc(PROCFS_CHUNK);
	if (chunk) {
		struct procfs_dir dir;
		const char *name;
		int tid;

		procfs_dir_start(&dir, fd, chunk);
		while (rc == -ENOENT && procfs_dir_next(&dir, &name, &tid) > 0) {
			if (tid != pid)
				rc = netns_list_add_task(list, pid, tid, out);
		}
	}
	free(chunk);
	if (fd >= 0)
		close(fd);
	return rc;
}

struct netns *netns_list_of_process(struct netns_list *list, pid_t pid)
{
	struct netns *ns;

	return netns_list_add_process(list, pid, &ns) == 0 ? ns : NULL;
}

void netns_close(struct netns *ns)
{
	if (ns->fd >= 0)
		close(ns->fd);
	ns->fd = -1;
}

int netns_list_add_place(struct netns_list *list, uint64_t inode, const char *path,
			 const char *name)
{
	struct netns *ns = netns_list_find_inode(list, inode);

	if (!ns)
		ns = netns_list_add(list, &(struct netns){.inode = inode});
	if (!ns)
		return -ENOMEM;
	if (!ns->path) {
		ns->path = strdup(path);
		ns->is_mounted = name != NULL;
	}
	if (name && !ns->name)
		ns->name = strdup(name);
	return ns->path && (!name || ns->name) ? 0 : -ENOMEM;
}

bool netns_has_way(const struct netns *ns)
{
	return ns->is_asked || ns->pid != 0 || ns->path || ns->fd >= 0;
}

void netns_list_forget_lost(struct netns_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		list->v[i].is_read &= netns_has_way(&list->v[i]);
}

int netns_list_add_fd(struct netns_list *list, int fd, struct netns **out)
{
	struct stat st;
	struct netns *ns = NULL;
	bool is_known = fstat(fd, &st) < 0;

	if (!is_known) {
		ns = netns_list_find_inode(list, st.st_ino);
		is_known = ns && (ns->is_read || netns_has_way(ns));
	}
	if (!is_known && !ns)
		ns = netns_list_add(list, &(struct netns){.inode = st.st_ino});
	if (is_known || !ns) {
		close(fd);
		return is_known ? 0 : -ENOMEM;
	}
	ns->fd = fd;
	*out = ns;
	return 1;
}

void netns_add_name(struct buf *out, const struct netns *ns, unsigned escape)
{
	if (ns->name) {
		escape_add(out, ns->name, strlen(ns->name), escape | ESCAPE_BLANKS, ESCAPE_ALL);
	} else if (ns->inode) {
		buf_add_dec(out, ns->inode);
	} else {
		buf_add_str(out, "pid:");
		buf_add_dec(out, (uint64_t)(ns->tid ? ns->tid : ns->pid));
	}
}
