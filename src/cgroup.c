/*
 * Control groups of version 2; see cgroup.h. Where they are mounted stands
 * in self/mountinfo:
 *
 *     35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
 *
 * The tree is listed level by level: the index is its own queue, so that
 * neither the stack nor the open descriptors grow with its depth. A path
 * longer than PATH_MAX cannot be opened, and ends a branch.
 */
#define _GNU_SOURCE
#include "cgroup.h"

#include "grow.h"
#include "line_reader.h"
#include "mountinfo.h"
#include "num.h"
#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* --- the mount ----------------------------------------------------------- */

bool cgroup_parse_mount(const char *line, size_t len, bool *out_whole, char *out_point, size_t size)
{
	struct mountinfo m;

	if (!mountinfo_parse(line, len, &m) || !mountinfo_is(&m.type, "cgroup2") ||
	    strlen(m.point) >= size)
		return false;
	strcpy(out_point, m.point);
	*out_whole = mountinfo_is(&m.root, "/");
	return true;
}

/* What the lines of mountinfo are searched for. */
struct mount_search {
	int fd;     /* of the best so far, or -1 */
	bool whole; /* its root is that of the hierarchy, or of our namespace */
	bool real;  /* mountinfo is the kernel's, no fixture */
	int error;  /* why there is none */
};

/* False where another mount lies on top; only a fixture may look like one. */
static bool is_cgroup(int fd, bool real)
{
	enum { CGROUP2_SUPER_MAGIC = 0x63677270 }; /* linux/magic.h, which musl-gcc lacks */
	struct statfs fs;

	if (real && (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC))
		return false;
	return faccessat(fd, "cgroup.procs", F_OK, 0) == 0;
}

static int take_mount(void *ctx, const char *line, size_t len)
{
	struct mount_search *m = ctx;
	char point[PATH_MAX];
	bool whole;

	if (!line || m->whole || !cgroup_parse_mount(line, len, &whole, point, sizeof(point)) ||
	    (m->fd >= 0 && !whole))
		return 0;
	int fd = open(point, DIR_FLAGS);
	if (fd < 0) {
		m->error = -errno;
		return 0;
	}
	if (!is_cgroup(fd, m->real)) {
		close(fd);
		return 0;
	}
	if (m->fd >= 0)
		close(m->fd);
	m->fd = fd;
	m->whole = whole;
	return 0;
}

int cgroup_open_mount(int proc_fd)
{
	struct mount_search m = {.fd = -1, .real = procfs_is_real(proc_fd), .error = -ENOENT};
	int fd = procfs_open(proc_fd, "self/mountinfo");

	if (fd < 0)
		return fd;
	int rc = line_reader_run(fd, take_mount, &m);
	close(fd);
	if (m.fd >= 0)
		return m.fd;
	return rc < 0 ? rc : m.error;
}

/* --- the index ----------------------------------------------------------- */

/* Add a directory; @parent is "" for what lies in the root, and for itself. */
static int add_cgroup(struct cgroup_index *x, const struct stat *st, const char *parent,
		      const char *name)
{
	struct cgroup *v = grow(x->v, x->len, &x->cap, sizeof(*x->v));
	if (!v)
		return -ENOMEM;
	x->v = v;
	if (asprintf(&v[x->len].path, "%s/%s", parent, name) < 0)
		return -ENOMEM;
	v[x->len].id = st->st_ino;
	v[x->len].leaf = st->st_nlink == 2;
	x->len++;
	return 0;
}

/* Add what an entry of the directory with number @parent is, if a cgroup. */
static int add_entry(struct cgroup_index *x, size_t parent, int dir_fd, dev_t dev,
		     const struct dirent *entry)
{
	const char *name = entry->d_name;
	struct stat st;

	if ((entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return 0;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 ||
	    !S_ISDIR(st.st_mode) || st.st_dev != dev)
		return 0;
	const char *path = x->v[parent].path;
	return add_cgroup(x, &st, path[1] ? path : "", name);
}

static bool is_lack(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

/* Add the directories inside of one; none if it is closed to us or gone. */
static int list_children(struct cgroup_index *x, size_t parent, dev_t dev)
{
	const char *path = x->v[parent].path + 1;
	int fd = openat(x->root_fd, *path ? path : ".", DIR_FLAGS);
	if (fd < 0)
		return is_lack(-errno) ? -errno : 0;

	DIR *dir = fdopendir(fd);
	if (!dir) {
		int err = -errno;
		close(fd);
		return err;
	}
	const struct dirent *entry;
	int rc = 0;
	while (rc == 0 && (entry = readdir(dir)))
		rc = add_entry(x, parent, fd, dev, entry);
	closedir(dir);
	return rc;
}

/* By id; a directory that is mounted twice keeps one order. */
static int compare_cgroup(const void *a, const void *b)
{
	const struct cgroup *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return strcmp(x->path, y->path);
}

int cgroup_index_load(struct cgroup_index *out, int proc_fd)
{
	*out = (struct cgroup_index){.root_fd = cgroup_open_mount(proc_fd)};
	int rc = out->root_fd < 0 ? out->root_fd : 0;

	struct stat st;
	if (rc == 0 && fstat(out->root_fd, &st) < 0)
		rc = -errno;
	if (rc == 0)
		rc = add_cgroup(out, &st, "", "");
	if (rc < 0) {
		if (out->root_fd >= 0)
			close(out->root_fd);
		out->root_fd = -1;
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < out->len; i++)
		rc = out->v[i].leaf ? 0 : list_children(out, i, st.st_dev);
	qsort(out->v, out->len, sizeof(*out->v), compare_cgroup);
	return rc;
}

void cgroup_index_free(struct cgroup_index *x)
{
	/* The root comes first: without it nothing is open, and 0 no descriptor. */
	if (x->len > 0)
		close(x->root_fd);
	for (size_t i = 0; i < x->len; i++)
		free(x->v[i].path);
	free(x->v);
	*x = (struct cgroup_index){.root_fd = -1};
}

const char *cgroup_index_find(const struct cgroup_index *x, uint64_t id)
{
	size_t lo = 0, hi = x->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (x->v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < x->len && x->v[lo].id == id ? x->v[lo].path : NULL;
}

/* --- members ------------------------------------------------------------- */

struct pid_list {
	pid_t *v;
	size_t len, cap;
};

static int take_pid(void *ctx, const char *line, size_t len)
{
	struct pid_list *pids = ctx;
	uint64_t value;

	if (!line || !num_parse(line, line + len, INT_MAX, &value) || value == 0)
		return 0;
	pid_t *v = grow(pids->v, pids->len, &pids->cap, sizeof(*pids->v));
	if (!v)
		return -ENOMEM;
	pids->v = v;
	v[pids->len++] = (pid_t)value;
	return 0;
}

static int compare_pid(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The kernel gives no order, and may give a process twice. */
static void sort_pids(struct pid_list *pids)
{
	size_t kept = 0;

	if (pids->len == 0)
		return;
	qsort(pids->v, pids->len, sizeof(*pids->v), compare_pid);
	for (size_t i = 1; i < pids->len; i++) {
		if (pids->v[i] != pids->v[kept])
			pids->v[++kept] = pids->v[i];
	}
	pids->len = kept + 1;
}

/* "/../x" is how a cgroup outside of our cgroup namespace is written. */
static bool leads_up(const char *path)
{
	for (const char *p = strstr(path, "/.."); p; p = strstr(p + 1, "/..")) {
		if (p[3] == '/' || p[3] == '\0')
			return true;
	}
	return false;
}

/* Return a descriptor of cgroup.procs, the caller's, or -errno. */
static int open_members(const struct cgroup_index *x, const char *path)
{
	if (path[0] != '/' || leads_up(path))
		return -EINVAL;
	if (x->len == 0)
		return -ENOENT;

	path += strspn(path, "/");
	int dir_fd = openat(x->root_fd, *path ? path : ".", DIR_FLAGS);
	if (dir_fd < 0)
		return -errno;
	int fd = procfs_open(dir_fd, "cgroup.procs");
	close(dir_fd);
	return fd;
}

int cgroup_members(const struct cgroup_index *x, const char *path, pid_t **out, size_t *out_len)
{
	struct pid_list pids = {0};
	int fd = open_members(x, path);

	*out = NULL;
	*out_len = 0;
	if (fd < 0)
		return fd;
	int rc = line_reader_run(fd, take_pid, &pids);
	close(fd);
	if (rc < 0) {
		free(pids.v);
		return rc;
	}
	sort_pids(&pids);
	*out = pids.v;
	*out_len = pids.len;
	return 0;
}
