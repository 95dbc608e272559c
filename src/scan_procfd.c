/*
 * Who refers to a socket, from /proc; see scan_procfd.h. The links read
 *
 *     /proc/811/fd/6 -> socket:[31415]
 *
 * Each process costs a few calls and each descriptor one readlinkat(2): that
 * is nearly all the time whoport takes, and nothing below asks more than it
 * needs. A scan cannot stop at a first hit, since sockets are inherited.
 */
#define _GNU_SOURCE
#include "scan_procfd.h"

#include "grow.h"
#include "holder.h"
#include "procfs.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One scan under way. */
struct scan {
	const struct scan_request *rq;
	struct holder_index *holders;
	struct process_table *processes;
	struct scan_stats *st;
	struct scan_table *before; /* tables of the scan before, for only_changed */
	size_t before_len;
	size_t denied_before; /* of the statistics' denied ones, from that scan */
	size_t hint;      /* for scan_wants_inode() */
	uid_t uid;        /* effective, ours */
	bool real;        /* a procfs, whose link counts tell the number of threads */
	bool sizes_count; /* st_size of PID/fd is the number of descriptors */
	char *pids, *tids, *fds; /* directory chunks */
};

/* The process at hand. */
struct target {
	pid_t pid;
	int dir_fd;
	int table_fd;      /* its own table, if it was opened from outside; else -1 */
	off_t descriptors; /* 1 where that is not told */
	bool denied;
	size_t first_holder; /* index of its first holder */
};

static bool is_gone(int rc)
{
	return rc == -ENOENT || rc == -ESRCH || rc == -ENOTDIR;
}

static bool is_denied(int rc)
{
	return rc == -EACCES || rc == -EPERM;
}

/* What says nothing about the process, but that we cannot go on. */
static bool is_lack(int rc)
{
	return rc == -ENOMEM || rc == -EMFILE || rc == -ENFILE;
}

static int open_dir(int dir_fd, const char *name, int flags)
{
	int fd = openat(dir_fd, name, O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | flags);

	return fd < 0 ? -errno : fd;
}

/* Note what a descriptor leads to. Return 0 or -ENOMEM. */
static int take_link(struct scan *s, const struct target *t, pid_t tid, int fd,
		     enum procfs_link kind, uint64_t inode)
{
	if (kind == PROCFS_LINK_OTHER)
		return 0;
	if (kind != PROCFS_LINK_SOCKET)
		return scan_stats_add_sight(s->st, &(struct scan_sight){t->pid, tid, fd, kind, inode});
	if (!scan_wants_inode(s->rq, inode, &s->hint))
		return 0;
	return holder_index_add(s->holders, &(struct holder){inode, t->pid, tid, fd, HOLDER_FD});
}

/* Read one descriptor table. Return 0, or -errno of memory or descriptors. */
static int read_table(struct scan *s, struct target *t, pid_t tid, int fd)
{
	struct procfs_dir dir;
	const char *name;
	int number, rc;

	procfs_dir_start(&dir, fd, s->fds);
	while ((rc = procfs_dir_next(&dir, &name, &number)) > 0) {
		uint64_t inode;

		s->st->descriptors++;
		rc = procfs_read_link(fd, name, &inode);
		if (is_denied(rc) || is_lack(rc)) /* one refused link: all are */
			break;
		if (rc > 0)
			rc = take_link(s, t, tid, number, (enum procfs_link)rc, inode);
		if (rc == -ENOMEM)
			break;
	}
	t->denied |= is_denied(rc);
	return is_lack(rc) ? rc : 0;
}

static int scan_table(struct scan *s, struct target *t, pid_t tid, const char *path)
{
	int fd = open_dir(t->dir_fd, path, O_RDONLY);
	if (fd < 0) {
		t->denied |= is_denied(fd);
		return is_gone(fd) || is_denied(fd) ? 0 : fd;
	}
	int rc = read_table(s, t, tid, fd);
	close(fd);
	return rc;
}

/* Tables that are known in this process, each by one task, in kcmp's order. */
struct known_tables {
	pid_t *tids;
	size_t len, cap;
};

/*
 * Note the table of a task. Return 1 if it is a new one, 0 if it is known,
 * or -errno if it cannot be told.
 */
static int note_table(const struct scan *s, struct known_tables *known, pid_t tid)
{
	size_t lo = 0, hi = known->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = s->rq->compare_files(known->tids[mid], tid);
		if (order <= 0)
			return order;
		if (order == 1)
			lo = mid + 1;
		else
			hi = mid;
	}
	void *tids = grow(known->tids, known->len, &known->cap, sizeof(*known->tids));
	if (!tids)
		return -ENOMEM;
	known->tids = tids;
	memmove(known->tids + lo + 1, known->tids + lo, (known->len - lo) * sizeof(*known->tids));
	known->tids[lo] = tid;
	known->len++;
	return 1;
}

enum thread_table { TABLE_KNOWN, TABLE_NEW, TABLE_UNSURE };

/* Whether a thread's table is to be read: an enum thread_table, or -errno of memory. */
static int wants_thread(struct scan *s, const struct target *t, bool leader_empty,
			struct known_tables *known, pid_t tid)
{
	if (tid == t->pid)
		return TABLE_KNOWN;
	if (s->rq->threads == SCAN_THREADS_ALL)
		return TABLE_NEW;
	int rc = s->rq->compare_files ? note_table(s, known, tid) : -EPERM;
	if (rc == -ENOMEM)
		return rc;
	if (rc >= 0)
		return rc > 0 ? TABLE_NEW : TABLE_KNOWN;
	if (rc == -ESRCH) /* this thread, or one noted before, has ended */
		return TABLE_UNSURE;
	s->st->threads_unsure = true;
	return leader_empty || s->rq->threads == SCAN_THREADS_UNSURE ? TABLE_UNSURE : TABLE_KNOWN;
}

static int compare_descriptor(const void *x, const void *y)
{
	const struct holder *a = x, *b = y;

	if (a->fd != b->fd)
		return a->fd < b->fd ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->tid < b->tid ? -1 : a->tid > b->tid;
}

/*
 * Without kcmp, threads that share a table repeat its entries: of the process's
 * holders keep one for each descriptor and socket.
 */
static void drop_repeated(struct scan *s, const struct target *t)
{
	size_t len = s->holders->len - t->first_holder, kept = 0;

	if (len < 2)
		return;
	struct holder *v = s->holders->v + t->first_holder;
	qsort(v, len, sizeof(*v), compare_descriptor);
	for (size_t i = 1; i < len; i++) {
		if (v[i].fd != v[kept].fd || v[i].inode != v[kept].inode)
			v[++kept] = v[i];
	}
	s->holders->len = t->first_holder + kept + 1;
}

/* With -K and for TASKCMD: the names of the threads that hold something. */
static int load_task(struct scan *s, const struct target *t, pid_t tid)
{
	char path[32];
	struct process p = {.pid = t->pid, .tid = tid};

	snprintf(path, sizeof(path), "task/%d", tid);
	int fd = open_dir(t->dir_fd, path, O_PATH);
	if (fd < 0)
		return 0;
	int rc = process_load(fd, 0, &p);
	close(fd);
	return rc < 0 ? 0 : process_table_add(s->processes, &p);
}

static int scan_thread(struct scan *s, struct target *t, pid_t tid, enum thread_table table)
{
	char path[40];
	size_t before = s->holders->len;

	snprintf(path, sizeof(path), "task/%d/fd", tid);
	int rc = scan_table(s, t, tid, path);
	if (rc == 0 && table == TABLE_UNSURE)
		drop_repeated(s, t);
	if (rc == 0 && s->holders->len > before && s->rq->facts & PROCESS_TASK)
		rc = load_task(s, t, tid);
	return rc;
}

static int scan_threads(struct scan *s, struct target *t, bool leader_empty)
{
	int fd = open_dir(t->dir_fd, "task", O_RDONLY);
	if (fd < 0)
		return is_gone(fd) || is_denied(fd) ? 0 : fd;

	struct known_tables known = {0};
	struct procfs_dir dir;
	const char *name;
	pid_t tid;
	int rc = 0;
	if (s->rq->compare_files && note_table(s, &known, t->pid) == -ENOMEM)
		rc = -ENOMEM;
	procfs_dir_start(&dir, fd, s->tids);
	while (rc >= 0 && (rc = procfs_dir_next(&dir, &name, &tid)) > 0) {
		rc = wants_thread(s, t, leader_empty, &known, tid);
		if (rc > TABLE_KNOWN)
			rc = scan_thread(s, t, tid, (enum thread_table)rc);
	}
	free(known.tids);
	close(fd);
	return is_gone(rc) ? 0 : rc;
}

/* Orders struct scan_table and struct scan_denied, which both begin with the pid. */
static int compare_pid(const void *x, const void *y)
{
	const pid_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* True if the table has as many descriptors as in the scan before. */
static bool is_unchanged(const struct scan *s, pid_t pid, off_t descriptors)
{
	const struct scan_table *before = NULL;

	if (s->before_len > 0)
		before = bsearch(&pid, s->before, s->before_len, sizeof(*s->before), compare_pid);
	return before && before->descriptors == descriptors;
}

/* Facts of a process that holds something; one that is gone holds nothing. */
static int load_holder(struct scan *s, const struct target *t)
{
	struct process p = {.pid = t->pid, .tid = t->pid};
	int rc = process_load(t->dir_fd, s->rq->facts, &p);

	if (is_gone(rc)) {
		s->holders->len = t->first_holder;
		return 0;
	}
	return is_lack(rc) ? rc : process_table_add(s->processes, &p);
}

/* It was refused before, and now it is not. */
static void take_back_denied(struct scan *s, pid_t pid)
{
	const struct scan_denied *before = scan_stats_find_denied(s->st, s->denied_before, pid);

	if (before) {
		scan_stats_remove_denied(s->st, before);
		s->denied_before--;
	}
}

/* Who is about to end refuses, too, and has no descriptors by now. */
static bool holds_nothing(const struct scan *s, const struct target *t)
{
	struct stat fds;
	char path[32];

	if (!s->sizes_count)
		return t->dir_fd >= 0 && process_holds_nothing(t->dir_fd);
	snprintf(path, sizeof(path), "%d/fd", (int)t->pid);
	if (fstatat(s->rq->proc_fd, path, &fds, 0) < 0)
		return is_gone(-errno);
	return fds.st_size == 0;
}

/* Of those that were refused before, who has ended since had nothing to hide. */
static void take_back_ended(struct scan *s)
{
	for (size_t i = s->denied_before; s->sizes_count && i-- > 0;) {
		const struct scan_denied *before = &s->st->denied[i];
		const struct target t = {.pid = before->pid};
		if ((s->uid == 0 || before->uid == s->uid) && holds_nothing(s, &t))
			take_back_denied(s, t.pid);
	}
}

static int note_denied(struct scan *s, const struct target *t)
{
	struct stat st;
	char path[16];

	if (holds_nothing(s, t))
		return 0;
	snprintf(path, sizeof(path), "%d", (int)t->pid);
	return fstatat(s->rq->proc_fd, path, &st, 0) < 0
		       ? 0
		       : scan_stats_add_denied(s->st, t->pid, st.st_uid);
}

static int finish_process(struct scan *s, struct target *t)
{
	int rc = 0;

	if (s->holders->len > t->first_holder)
		rc = load_holder(s, t);
	s->st->processes += !t->denied;
	if (!t->denied)
		take_back_denied(s, t->pid);
	return rc < 0 || !t->denied ? rc : note_denied(s, t);
}

/* Whether the process is asked for: 1, 0, or -errno. */
static int is_taken(const struct scan *s, const struct target *t)
{
	struct process p = {.pid = t->pid, .tid = t->pid};

	if (!s->rq->wants)
		return 1;
	int rc = process_load(t->dir_fd, s->rq->facts & PROCESS_STAT, &p);
	if (is_gone(rc) || is_lack(rc))
		return is_gone(rc) ? 0 : rc;
	p.is_opaque = rc < 0; /* hidepid=1 */
	return s->rq->wants(s->rq->ctx, &p);
}

/* A directory's links: itself, its name, and one for each thread. */
static bool has_threads(int dir_fd, const char *path)
{
	struct stat tasks;

	return fstatat(dir_fd, path, &tasks, 0) == 0 && tasks.st_nlink > 3;
}

static int scan_opened(struct scan *s, struct target *t)
{
	int rc = is_taken(s, t);
	if (rc <= 0)
		return rc;
	if (t->denied)
		return finish_process(s, t);
	bool threads = !s->real || has_threads(t->dir_fd, "task");
	rc = scan_stats_add_table(s->st, t->pid, s->sizes_count ? t->descriptors : -1);
	if (rc < 0 || (t->descriptors == 0 && !threads))
		return rc;

	size_t before = s->st->descriptors;
	rc = 0;
	if (t->table_fd >= 0)
		rc = read_table(s, t, t->pid, t->table_fd);
	else if (t->descriptors > 0)
		rc = scan_table(s, t, t->pid, "fd");
	if (rc == 0 && threads && !t->denied)
		rc = scan_threads(s, t, s->st->descriptors == before);
	return rc < 0 ? rc : finish_process(s, t);
}

/* In a second scan: a process of our own, or any for root, that was refused before. */
static bool is_own_denied(const struct scan *s, pid_t pid)
{
	const struct scan_denied *denied = scan_stats_find_denied(s->st, s->denied_before, pid);

	return denied && (s->uid == 0 || denied->uid == s->uid);
}

/* In a second scan: a process that has as many descriptors as before. */
static bool is_skipped(const struct scan *s, const struct target *t)
{
	return s->rq->only_changed && is_unchanged(s, t->pid, t->descriptors) &&
	       !is_own_denied(s, t->pid);
}

/*
 * What needs no directory of the process to be open: most have no descriptors, as
 * they are of the kernel, or may not be read. Return 1 if it is to be opened, 0 if
 * all is done, or -errno.
 */
static int look_from_outside(struct scan *s, struct target *t)
{
	char path[32];
	struct stat fds;

	if (!s->sizes_count)
		return 1;
	snprintf(path, sizeof(path), "%d/fd", (int)t->pid);
	if (fstatat(s->rq->proc_fd, path, &fds, 0) < 0) {
		t->denied = is_denied(-errno); /* hidepid=1 */
		return s->rq->wants ? 1 : t->denied ? finish_process(s, t) : 0;
	}
	t->descriptors = fds.st_size;
	if (is_skipped(s, t))
		return 0;
	if (s->rq->wants)
		return 1;
	if (t->descriptors > 0) {
		t->table_fd = open_dir(s->rq->proc_fd, path, O_RDONLY);
		t->denied = is_denied(t->table_fd);
		if (t->table_fd >= 0 || (!t->denied && !is_gone(t->table_fd)))
			return t->table_fd >= 0 ? 1 : t->table_fd;
	} else {
		snprintf(path, sizeof(path), "%d/task", (int)t->pid);
		if (has_threads(s->rq->proc_fd, path))
			return 1;
	}
	int rc = scan_stats_add_table(s->st, t->pid, t->descriptors);
	return rc == 0 && t->denied ? finish_process(s, t) : rc;
}

static int scan_process(struct scan *s, pid_t pid, const char *name)
{
	struct target t = {.pid = pid, .dir_fd = -1, .table_fd = -1, .descriptors = 1,
			   .first_holder = s->holders->len};

	int rc = look_from_outside(s, &t);
	if (rc <= 0)
		return rc;
	/* Its number may have a new owner by now: then the table opened has no entries. */
	t.dir_fd = open_dir(s->rq->proc_fd, name, O_PATH);
	if (t.dir_fd >= 0) {
		rc = scan_opened(s, &t);
		close(t.dir_fd);
	} else {
		rc = is_gone(t.dir_fd) ? 0 : t.dir_fd;
	}
	if (t.table_fd >= 0)
		close(t.table_fd);
	return rc;
}

/* Since Linux 6.2 a table's st_size tells its length; ours is never empty. */
static bool sizes_count(int proc_fd)
{
	struct stat st;

	return fstatat(proc_fd, "self/fd", &st, 0) == 0 && st.st_size > 0;
}

static int scan_root(struct scan *s, int root_fd)
{
	struct procfs_dir dir;
	const char *name;
	int pid, rc;

	procfs_dir_start(&dir, root_fd, s->pids);
	while ((rc = procfs_dir_next(&dir, &name, &pid)) > 0) {
		rc = pid > 0 ? scan_process(s, pid, name) : 0;
		if (rc < 0)
			return rc;
	}
	return rc;
}

int scan_procfd(const struct scan_request *rq, struct holder_index *out_holders,
		struct process_table *out_processes, struct scan_stats *st)
{
	struct scan s = {.rq = rq, .holders = out_holders, .processes = out_processes, .st = st,
			 .before = st->tables, .before_len = st->tables_len,
			 .denied_before = rq->only_changed ? st->denied_len : 0};

	st->tables = NULL;
	st->tables_len = st->tables_cap = 0;
	if (!rq->only_changed)
		st->denied_len = st->sights_len = 0;
	s.uid = geteuid();
	s.real = procfs_is_real(rq->proc_fd);
	s.sizes_count = s.real && sizes_count(rq->proc_fd);
	/* Listed through an fd of its own: a directory's offset is shared state. */
	int fd = open_dir(rq->proc_fd, ".", O_RDONLY);
	int rc = fd < 0 ? fd : 0;
	s.pids = malloc(3 * PROCFS_CHUNK);
	if (rc == 0 && !s.pids)
		rc = -ENOMEM;
	if (rc == 0) {
		s.tids = s.pids + PROCFS_CHUNK;
		s.fds = s.tids + PROCFS_CHUNK;
		rc = scan_root(&s, fd);
		take_back_ended(&s);
		int sorted = scan_stats_sort(st);
		rc = rc < 0 ? rc : sorted;
	}
	if (fd >= 0)
		close(fd);
	free(s.pids);
	free(s.before);
	return rc;
}
