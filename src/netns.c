/*
 * Network namespaces; see netns.h. They are found by
 *
 *     /proc/811/ns/net -> net:[4026531840]
 *     51 23 0:4 net:[4026532286] /run/netns/blue rw shared:5 - nsfs nsfs rw
 *
 * in the links of tasks and in mountinfo, and by descriptors that refer to one.
 */
#define _GNU_SOURCE
#include "netns.h"

#include "buf.h"
#include "escape.h"
#include "grow.h"
#include "line_reader.h"
#include "netlink.h"
#include "num.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
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
	if (list->home_fd >= 0)
		close(list->home_fd);
	*list = (struct netns_list){.proc_fd = -1, .home_fd = -1};
}

/* Append a namespace; it has an id of ours if its inode is not known. */
static struct netns *append(struct netns_list *list, const struct netns *ns)
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

static struct netns *find_inode(struct netns_list *list, uint64_t inode)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].inode == inode)
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

/* "811", or "811/task/812" for a thread. */
static void format_task(char *out, size_t size, pid_t pid, pid_t tid)
{
	if (pid == tid || tid == 0)
		snprintf(out, size, "%d", (int)pid);
	else
		snprintf(out, size, "%d/task/%d", (int)pid, (int)tid);
}

int netns_list_init(struct netns_list *out, int proc_fd)
{
	struct netns base = {.is_asked = true};
	char path[32];

	*out = (struct netns_list){.proc_fd = proc_fd, .home_fd = -1,
				   .is_real = procfs_is_real(proc_fd)};
	if (out->is_real)
		strcpy(out->base, procfs_is_ours(proc_fd) ? "self" : "1");
	snprintf(path, sizeof(path), "%s%sns/net", *out->base ? out->base : "self", "/");
	stat_inode(proc_fd, path, &base.inode);
	return append(out, &base) ? 0 : -ENOMEM;
}

/* --- processes ------------------------------------------------------------- */

/* The inode of a table in a task's `net` directory. */
static int stat_table(const struct netns_list *list, const char *task, uint64_t *out)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/net/unix", task);
	return stat_inode(list->proc_fd, path, out);
}

/* Learn the tables of the namespaces known, once somebody's may not be asked. */
static void learn_tables(struct netns_list *list)
{
	char task[40];

	for (size_t i = 0; i < list->len && !list->tables_known; i++) {
		struct netns *ns = &list->v[i];
		format_task(task, sizeof(task), ns->pid, ns->tid);
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

/* The namespace of a task. Return 0 and @out, or -errno. */
static int find_task(struct netns_list *list, pid_t pid, pid_t tid, struct netns **out)
{
	struct netns ns = {.pid = pid, .tid = tid};
	char task[40], path[64];

	format_task(task, sizeof(task), pid, tid);
	snprintf(path, sizeof(path), "%s/ns/net", task);
	int rc = stat_inode(list->proc_fd, path, &ns.inode);
	if (is_denied(rc)) {
		learn_tables(list);
		rc = stat_table(list, task, &ns.table);
		*out = rc == 0 ? find_table(list, ns.table) : NULL;
	} else {
		*out = rc == 0 ? find_inode(list, ns.inode) : NULL;
	}
	if (rc < 0)
		return rc;
	if (!*out) {
		if (ns.table == 0 && list->tables_known)
			stat_table(list, task, &ns.table);
		*out = append(list, &ns);
	}
	if (*out && (*out)->pid == 0) {
		(*out)->pid = pid;
		(*out)->tid = tid;
	}
	return *out ? 0 : -ENOMEM;
}

struct netns *netns_list_of_process(struct netns_list *list, pid_t pid)
{
	struct netns *ns;

	return find_task(list, pid, pid, &ns) == 0 ? ns : NULL;
}

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

static int walk_threads(struct walk *w, pid_t pid)
{
	struct procfs_dir dir;
	struct stat st;
	const char *name;
	struct netns *ns;
	char path[32];
	int tid, rc;

	/* A directory's links: itself, its name, and one for each thread. */
	snprintf(path, sizeof(path), "%d/task", (int)pid);
	if (fstatat(w->list->proc_fd, path, &st, 0) < 0 || st.st_nlink <= 3)
		return 0;
	int fd = openat(w->list->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	procfs_dir_start(&dir, fd, w->tids);
	while ((rc = procfs_dir_next(&dir, &name, &tid)) > 0 && !is_finished(w)) {
		rc = tid == pid ? 0 : find_task(w->list, pid, tid, &ns);
		if (rc == -ENOMEM)
			break;
	}
	close(fd);
	return rc == -ENOMEM ? rc : 0;
}

static int walk_processes(struct walk *w, int fd)
{
	struct procfs_dir dir;
	struct netns *ns;
	const char *name;
	int pid, rc;

	procfs_dir_start(&dir, fd, w->pids);
	while ((rc = procfs_dir_next(&dir, &name, &pid)) > 0 && !is_finished(w)) {
		rc = pid > 0 ? find_task(w->list, pid, pid, &ns) : 0;
		if (rc == 0)
			rc = walk_threads(w, pid);
		if (rc == -ENOMEM)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

/* --- mounts ---------------------------------------------------------------- */

/* Undo mountinfo's octal escapes: \040 is a blank. */
static size_t unescape(const char *text, size_t len, char *out)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t byte;
		const char *at = text + i + 1;
		if (text[i] == '\\' && len - i > 3 && num_scan(&at, text + i + 4, 8, 255, &byte) &&
		    at == text + i + 4) {
			out[count++] = (char)byte;
			i += 3;
		} else {
			out[count++] = text[i];
		}
	}
	return count;
}

/* The N-th field of a line, counted from 0; false if it has fewer. */
static bool take_field(const char *line, size_t len, size_t n, const char **out, size_t *out_len)
{
	const char *at = line, *end = line + len;

	for (; n > 0 && at; n--) {
		at = memchr(at, ' ', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return false;
	const char *blank = memchr(at, ' ', (size_t)(end - at));
	*out = at;
	*out_len = (size_t)((blank ? blank : end) - at);
	return true;
}

/* `net:[4026532286]` */
static bool parse_link(const char *text, size_t len, uint64_t *out)
{
	static const char head[] = "net:[";
	const size_t skip = sizeof(head) - 1;

	return len > skip + 1 && memcmp(text, head, skip) == 0 && text[len - 1] == ']' &&
	       num_parse(text + skip, text + len - 1, UINT64_MAX, out);
}

static int add_place(struct netns_list *list, uint64_t inode, const char *path, const char *name)
{
	struct netns *ns = find_inode(list, inode);

	if (!ns)
		ns = append(list, &(struct netns){.inode = inode});
	if (!ns)
		return -ENOMEM;
	if (!ns->path)
		ns->path = strdup(path);
	if (name && !ns->name)
		ns->name = strdup(name);
	return ns->path && (!name || ns->name) ? 0 : -ENOMEM;
}

int netns_list_add_held(struct netns_list *list, uint64_t inode, const char *path)
{
	return add_place(list, inode, path, NULL);
}

/* A line of mountinfo: root is field 3, mount point field 4. */
static int take_mount(void *ctx, const char *line, size_t len)
{
	struct netns_list *list = ctx;
	char path[4096 + 32];
	const char *root, *point;
	size_t root_len, point_len;
	uint64_t inode;

	if (!line || !take_field(line, len, 3, &root, &root_len) ||
	    !parse_link(root, root_len, &inode) || !take_field(line, len, 4, &point, &point_len) ||
	    point_len > 4096)
		return 0;
	int head = snprintf(path, sizeof(path), "%s/root", list->base);
	size_t n = unescape(point, point_len, path + head);
	path[(size_t)head + n] = '\0';
	const char *slash = strrchr(path, '/');
	return add_place(list, inode, path, slash ? slash + 1 : NULL);
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

/* --- ways in --------------------------------------------------------------- */

/* Open a file that must be a namespace, without a side effect if it is not. */
static int open_nsfs(int dir_fd, const char *path)
{
	enum { NSFS = 0x6e736673 }; /* NSFS_MAGIC, linux/magic.h */
	struct statfs fs;
	char link[32];

	int place = openat(dir_fd, path, O_PATH | O_CLOEXEC);
	if (place < 0)
		return -errno;
	if (fstatfs(place, &fs) < 0 || fs.f_type != NSFS) {
		close(place);
		return -EINVAL;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	int fd = open(link, O_RDONLY | O_CLOEXEC);
	int err = -errno;
	close(place);
	return fd < 0 ? err : fd;
}

/* Open a namespace: by a task in it, or where it is mounted or held. */
static int open_netns(struct netns_list *list, struct netns *ns)
{
	char task[40], path[64];
	uint64_t inode;
	int fd = -ENOENT;

	if (ns->fd >= 0)
		return ns->fd;
	if (ns->pid > 0 || ns == list->v) {
		format_task(task, sizeof(task), ns->pid, ns->tid);
		snprintf(path, sizeof(path), "%s/ns/net", ns == list->v ? list->base : task);
		fd = open_nsfs(list->proc_fd, path);
	}
	if (fd < 0 && ns->path)
		fd = open_nsfs(list->proc_fd, ns->path);
	if (fd < 0)
		return fd;
	/* The task may have gone elsewhere, the number may be a stranger's. */
	struct stat st;
	inode = fstat(fd, &st) < 0 ? 0 : st.st_ino;
	if (ns->inode && inode != ns->inode) {
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

int netns_open_netlink(struct netns_list *list, struct netns *ns, int protocol)
{
	if (!list->is_real)
		return -EAFNOSUPPORT;
	if (is_home(list, ns))
		return nl_open(protocol);
	if (list->home_fd < 0)
		list->home_fd = open_nsfs(AT_FDCWD, "/proc/self/ns/net");
	if (list->home_fd < 0)
		return list->home_fd;
	bool was_open = ns->fd >= 0;
	int fd = open_netns(list, ns);
	if (fd < 0)
		return fd;
	int rc = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	if (rc == 0) {
		rc = nl_open(protocol);
		/* Elsewhere no answer of ours would be true. */
		if (setns(list->home_fd, CLONE_NEWNET) < 0)
			abort();
	}
	if (!was_open && (ns->pid > 0 || ns->path)) { /* a thousand would be too many */
		close(ns->fd);
		ns->fd = -1;
	}
	return rc;
}

int netns_open_directory(struct netns_list *list, const struct netns *ns)
{
	char task[40], path[64];

	format_task(task, sizeof(task), ns->pid, ns->tid);
	if (ns == list->v)
		snprintf(path, sizeof(path), "%s%snet", list->base, *list->base ? "/" : "");
	else if (ns->pid > 0)
		snprintf(path, sizeof(path), "%s/net", task);
	else
		return -ENOENT;
	int fd = openat(list->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_list_add_fd(struct netns_list *list, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && !find_inode(list, st.st_ino)) {
		struct netns *ns = append(list, &(struct netns){.inode = st.st_ino});
		if (ns) {
			ns->fd = fd;
			return 1;
		}
		close(fd);
		return -ENOMEM;
	}
	close(fd);
	return 0;
}

/* --- the words of -N ------------------------------------------------------- */

static int ask_place(struct netns_list *list, const char *path, const char *name,
		     const char **out_why)
{
	struct stat st;

	int fd = open_nsfs(AT_FDCWD, path);
	if (fd < 0) {
		*out_why = fd == -EINVAL ? "not a network namespace" : strerror(-fd);
		return -EINVAL;
	}
	if (fstat(fd, &st) < 0) {
		close(fd);
		return -errno;
	}
	struct netns *ns = find_inode(list, st.st_ino);
	if (!ns)
		ns = append(list, &(struct netns){.inode = st.st_ino});
	if (!ns || (name && !ns->name && !(ns->name = strdup(name)))) {
		close(fd);
		return -ENOMEM;
	}
	if (ns->fd >= 0)
		close(ns->fd);
	ns->fd = fd;
	ns->is_asked = true;
	return 0;
}

static int ask_name(struct netns_list *list, const char *name, const char **out_why)
{
	static const char *const places[] = {"/run/netns/", "/var/run/netns/", "/run/docker/netns/"};
	char path[4096];
	int rc = -EINVAL;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s%s", places[i], name) >= sizeof(path))
			break;
		rc = ask_place(list, path, name, out_why);
		if (rc != -EINVAL || access(path, F_OK) == 0)
			return rc;
	}
	*out_why = "no such network namespace; a process ID, a name in /run/netns, a path, "
		   "self or all";
	return -EINVAL;
}

static int ask_process(struct netns_list *list, pid_t pid, const char **out_why)
{
	struct netns *ns;
	int rc = find_task(list, pid, pid, &ns);

	if (rc == -ENOENT || rc == -ESRCH)
		*out_why = "no such process";
	else if (rc < 0)
		*out_why = strerror(-rc);
	if (rc < 0)
		return rc == -ENOMEM ? rc : -EINVAL;
	ns->is_asked = true;
	return 0;
}

int netns_list_ask(struct netns_list *list, const char *word, const char **out_why)
{
	uint64_t pid;

	if (strcmp(word, "self") == 0)
		return 0;
	if (strcmp(word, "all") == 0) {
		int rc = netns_list_find_all(list);
		for (size_t i = 0; i < list->len; i++)
			list->v[i].is_asked = true;
		return rc;
	}
	list->v[0].is_asked = false;
	if (num_parse(word, word + strlen(word), INT32_MAX, &pid) && pid > 0)
		return ask_process(list, (pid_t)pid, out_why);
	if (strchr(word, '/'))
		return ask_place(list, word, NULL, out_why);
	if (*word == '\0' || strcmp(word, ".") == 0 || strcmp(word, "..") == 0) {
		*out_why = "not a network namespace";
		return -EINVAL;
	}
	return ask_name(list, word, out_why);
}

void netns_add_name(struct buf *out, const struct netns *ns, unsigned escape)
{
	if (ns->name) {
		escape_add(out, ns->name, strlen(ns->name), escape | ESCAPE_BLANKS, ESCAPE_ALL);
	} else if (ns->inode) {
		buf_add_dec(out, ns->inode);
	} else {
		buf_add_str(out, "pid:");
		buf_add_dec(out, (uint64_t)ns->pid);
	}
}
