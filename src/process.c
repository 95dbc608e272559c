/*
 * Facts of a process; see process.h. Reads PID/comm, PID/stat, PID/cmdline
 * and PID/cwd, each only if it is asked for. The effective uid is the owner
 * of the PID directory, which task_dump_owner (fs/proc/base.c) keeps true for
 * that directory even where a process is not dumpable.
 */
#define _GNU_SOURCE
#include "process.h"

#include "cgroup_name.h"
#include "grow.h"
#include "num.h"
#include "process_detail.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void process_free(struct process *p)
{
	free(p->args);
	free(p->cwd);
	free(p->cgroup);
	process_detail_free(p->detail);
	p->args = p->cwd = p->cgroup = NULL;
	p->detail = NULL;
}

void process_table_free(struct process_table *t)
{
	for (size_t i = 0; i < t->len; i++)
		process_free(&t->v[i]);
	free(t->v);
	*t = (struct process_table){0};
}

int process_table_add(struct process_table *t, struct process *p)
{
	void *v = grow(t->v, t->len, &t->cap, sizeof(*t->v));

	if (!v) {
		process_free(p);
		return -ENOMEM;
	}
	t->v = v;
	t->v[t->len++] = *p;
	return 0;
}

void process_table_cut(struct process_table *t, size_t len)
{
	while (t->len > len)
		process_free(&t->v[--t->len]);
}

static int compare_task(const struct process *a, pid_t pid, pid_t tid)
{
	if (a->pid != pid)
		return a->pid < pid ? -1 : 1;
	return a->tid < tid ? -1 : a->tid > tid;
}

static int compare_process(const void *x, const void *y)
{
	const struct process *b = y;

	return compare_task(x, b->pid, b->tid);
}

void process_table_sort(struct process_table *t)
{
	size_t kept = 0;

	if (t->len == 0)
		return;
	qsort(t->v, t->len, sizeof(*t->v), compare_process);
	for (size_t i = 1; i < t->len; i++) {
		if (compare_process(&t->v[kept], &t->v[i]) == 0)
			process_free(&t->v[i]);
		else
			t->v[++kept] = t->v[i];
	}
	t->len = kept + 1;
}

const struct process *process_table_find(const struct process_table *t, pid_t pid, pid_t tid)
{
	size_t lo = 0, hi = t->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = compare_task(&t->v[mid], pid, tid);
		if (order == 0)
			return &t->v[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool parse_field(const char *text, size_t len, int field, uint64_t max, uint64_t *out)
{
	const char *p = procfs_stat_field(text, len, field);

	return p && num_scan(&p, text + len, 10, max, out);
}

int process_parse_stat(const char *text, size_t len, struct process *out)
{
	uint64_t ppid, pgid, start;

	if (!parse_field(text, len, 4, INT_MAX, &ppid) ||
	    !parse_field(text, len, 5, INT_MAX, &pgid) ||
	    !parse_field(text, len, 22, UINT64_MAX, &start))
		return -EINVAL;
	out->ppid = (pid_t)ppid;
	out->pgid = (pid_t)pgid;
	out->start_ticks = start;
	return 0;
}

static int load_command(int dir_fd, struct process *out)
{
	ssize_t n = procfs_read(dir_fd, "comm", out->command, sizeof(out->command));

	if (n < 0)
		return (int)n;
	/* Only the last byte is the file's newline: a name may hold others. */
	if (n > 0 && out->command[n - 1] == '\n')
		n--;
	out->command_len = (uint8_t)n;
	return 0;
}

static int load_stat(int dir_fd, struct process *out)
{
	char text[1024];
	ssize_t n = procfs_read(dir_fd, "stat", text, sizeof(text));

	/* A task that is being reaped has process group -1 (do_task_stat,
	 * fs/proc/array.c): then the facts stay 0. */
	if (n >= 0)
		process_parse_stat(text, (size_t)n, out);
	return n < 0 ? (int)n : 0;
}

static int load_args(int dir_fd, struct process *out)
{
	char args[65536];
	ssize_t n = procfs_read(dir_fd, "cmdline", args, sizeof(args));

	if (n <= 0)
		return 0;
	out->args = malloc((size_t)n);
	if (!out->args)
		return -ENOMEM;
	memcpy(out->args, args, (size_t)n);
	out->args_len = (size_t)n;
	return 0;
}

static int load_cwd(int dir_fd, struct process *out)
{
	char path[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, "cwd", path, sizeof(path) - 1);

	if (n < 0)
		return 0;
	path[n] = '\0';
	out->cwd = strdup(path);
	return out->cwd ? 0 : -ENOMEM;
}

static int load_cgroup(int dir_fd, struct process *out)
{
	char text[8192];
	struct cgroup_name path;
	ssize_t n = procfs_read(dir_fd, "cgroup", text, sizeof(text));

	if (n <= 0 || !cgroup_parse_file(text, (size_t)n, &path))
		return 0;
	out->cgroup = strndup(path.text, path.len);
	return out->cgroup ? 0 : -ENOMEM;
}

int process_load(int dir_fd, unsigned facts, struct process *out)
{
	struct stat st;
	int rc = fstat(dir_fd, &st) < 0 ? -errno : 0;

	out->uid = rc == 0 ? st.st_uid : 0;
	if (rc == 0)
		rc = load_command(dir_fd, out);
	if (rc == 0 && facts & PROCESS_STAT)
		rc = load_stat(dir_fd, out);
	if (rc == 0 && facts & PROCESS_ARGS)
		rc = load_args(dir_fd, out);
	if (rc == 0 && facts & PROCESS_CWD)
		rc = load_cwd(dir_fd, out);
	if (rc == 0 && facts & PROCESS_CGROUP)
		rc = load_cgroup(dir_fd, out);
	if (rc == 0 && facts & PROCESS_DETAIL)
		rc = process_detail_load(dir_fd, &out->detail);
	if (rc < 0)
		process_free(out);
	return rc;
}

bool process_start(const struct process *p, int64_t boot_time, int64_t *out)
{
	long hz = sysconf(_SC_CLK_TCK);

	if (p->is_gone || hz <= 0 || boot_time == 0)
		return false;
	*out = boot_time + (int64_t)(p->start_ticks / (uint64_t)hz);
	return true;
}

bool process_age(const struct process *p, int64_t uptime, uint64_t *out)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t start = hz > 0 ? p->start_ticks / (uint64_t)hz : 0;

	/* Later than now is another machine's. */
	if (p->is_gone || p->is_opaque || hz <= 0 || uptime < 0 || start > (uint64_t)uptime)
		return false;
	*out = (uint64_t)uptime - start;
	return true;
}

/* The state letter in the text of PID/stat, or 0. */
static char parse_state(const char *text, size_t len)
{
	const char *state = procfs_stat_field(text, len, 3);

	return state && state < text + len ? *state : '\0';
}

char process_load_state(int dir_fd)
{
	char text[1024];
	ssize_t n = procfs_read(dir_fd, "stat", text, sizeof(text));

	return n > 0 ? parse_state(text, (size_t)n) : '\0';
}

bool process_holds_nothing(int dir_fd)
{
	char text[1024];
	ssize_t n = procfs_read(dir_fd, "stat", text, sizeof(text));
	if (n <= 0)
		return false;

	char state = parse_state(text, (size_t)n);
	return state == 'Z' || state == 'X' || procfs_parse_kthread(text, (size_t)n);
}

bool process_is_ending(int dir_fd)
{
	char text[1024];
	ssize_t n = procfs_read(dir_fd, "stat", text, sizeof(text));

	return n > 0 && procfs_parse_exiting(text, (size_t)n);
}

int process_open(int proc_fd, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	int fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int process_table_load(struct process_table *t, int proc_fd, pid_t pid, unsigned facts)
{
	struct process p = {.pid = pid, .tid = pid};
	int fd = process_open(proc_fd, pid);

	if (fd < 0)
		return 0;
	int rc = process_load(fd, facts, &p);
	close(fd);
	if (rc < 0) {
		process_free(&p);
		return rc == -ENOMEM ? rc : 0;
	}
	rc = process_table_add(t, &p);
	return rc < 0 ? rc : 1;
}
