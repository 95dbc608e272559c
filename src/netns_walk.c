/*
 * Which network namespaces exist; see netns_walk.h. Besides those of tasks there
 * are mounted ones, as mountinfo says:
 *
 *     51 23 0:4 net:[4026532286] /run/netns/blue rw shared:5 - nsfs nsfs rw
 */
#define _GNU_SOURCE
#include "netns_walk.h"

#include "line_reader.h"
#include "netns.h"
#include "num.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
		rc = tid == pid ? 0 : netns_list_add_task(w->list, pid, tid, &ns);
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
		rc = pid > 0 ? netns_list_add_task(w->list, pid, pid, &ns) : 0;
		if (rc == 0)
			rc = walk_threads(w, pid);
		if (rc == -ENOMEM)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

/* --- mounts ---------------------------------------------------------------- */

static bool is_octal(const char *at)
{
	return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' && at[2] >= '0' &&
	       at[2] <= '7';
}

/* Undo mountinfo's octal escapes: \040 is a blank. */
static size_t unescape(const char *text, size_t len, char *out)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && len - i > 3 && is_octal(text + i + 1)) {
			out[count++] = (char)((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
					      (text[i + 3] - '0'));
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
	return netns_list_add_place(list, inode, path, slash ? slash + 1 : NULL);
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

