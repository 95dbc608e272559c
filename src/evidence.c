/*
 * Evidence for sockets without descriptors; see evidence.h. The text is
 * fdinfo.c's; here it is read, process by process.
 */
#define _GNU_SOURCE
#include "evidence.h"

#include "descriptor.h"
#include "fdinfo.h"
#include "grow.h"
#include "holder.h"
#include "line_reader.h"
#include "process.h"
#include "procfs.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	RING_PAUSES_MAX = 100, /* for all busy rings together */
	RING_PAUSE_NS = 200000,
	THREADS_MAX = 20000,  /* asked what they wait for */
};

void evidence_list_free(struct evidence_list *list)
{
	free(list->v);
	*list = (struct evidence_list){0};
}

static int add(struct evidence_list *list, const struct evidence *e)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v)
		return -ENOMEM;
	list->v = v;
	list->v[list->len++] = *e;
	return 0;
}

/* Feed a file of /proc by lines; one that may not be read has none. */
static int read_lines(int dir_fd, const char *path, line_taker *take, void *ctx)
{
	int fd = procfs_open(dir_fd, path);
	if (fd < 0)
		return fd == -ENOMEM ? fd : 0;

	int rc = line_reader_run(fd, take, ctx);
	close(fd);
	return rc == -ENOMEM ? rc : 0;
}

/* --- io_uring -------------------------------------------------------------- */

struct ring_reading {
	struct fdinfo_ring ring;
	struct evidence found;
	struct evidence_list *out;
	bool is_readable; /* there were lines */
};

static int take_ring_line(void *ctx, const char *line, size_t len)
{
	struct ring_reading *r = ctx;

	r->is_readable = true;
	if (!line || !fdinfo_take_ring_line(&r->ring, line, len, &r->found.inode))
		return 0;
	return add(r->out, &r->found);
}

/* Could the ring be read while it was not busy? */
static bool is_complete(const struct ring_reading *r)
{
	const struct fdinfo_ring *ring = &r->ring;

	return !r->is_readable ||
	       (ring->has_files &&
		(ring->has_polls || ring->announced == 0 || ring->listed > 0));
}

static int read_ring(int proc_fd, const struct scan_sight *s, int *pauses,
		     struct evidence_list *out)
{
	struct ring_reading r = {.found = {EVIDENCE_RING_FILE, s->pid, s->tid, s->fd, 0},
				 .out = out};
	const struct timespec pause = {.tv_nsec = RING_PAUSE_NS};
	size_t before = out->len;
	char path[64];
	int rc;

	descriptor_info_path(s->pid, s->tid, s->fd, path, sizeof(path));
	for (;;) {
		r.ring = (struct fdinfo_ring){0};
		out->len = before;
		rc = read_lines(proc_fd, path, take_ring_line, &r);
		if (rc < 0 || is_complete(&r) || *pauses == 0)
			break;
		nanosleep(&pause, NULL);
		--*pauses;
	}
	/* Old kernels print names as they are: a newline in one makes a line too many. */
	if (r.ring.listed > r.ring.announced)
		out->len = before;
	r.found.kind = EVIDENCE_REQUEST;
	r.found.inode = 0;
	bool untold = !is_complete(&r) || r.ring.has_requests || r.ring.has_nameless;
	return rc == 0 && untold ? add(out, &r.found) : rc;
}

int evidence_add_rings(const struct evidence_request *rq, struct evidence_list *out)
{
	int rc = 0, pauses = RING_PAUSES_MAX;

	for (size_t i = 0; rc == 0 && i < rq->scan->sights_len; i++) {
		if (rq->scan->sights[i].kind == PROCFS_LINK_RING)
			rc = read_ring(rq->proc_fd, &rq->scan->sights[i], &pauses, out);
	}
	return rc;
}

/* --- all processes --------------------------------------------------------- */

/* Called with the directory of each process. */
typedef int visit(void *ctx, pid_t pid, int dir_fd);

static bool is_taken(const struct evidence_request *rq, pid_t pid, int dir_fd)
{
	struct process p = {.pid = pid, .tid = pid};

	if (!rq->wants)
		return true;
	int rc = process_load(dir_fd, PROCESS_STAT, &p);
	bool taken = rc == 0 && rq->wants(rq->ctx, &p);
	process_free(&p);
	return taken;
}

static int visit_processes(const struct evidence_request *rq, visit *visit_one, void *ctx)
{
	int fd = openat(rq->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;

	struct procfs_dir dir;
	const char *name;
	int pid, rc = 0;
	char *chunk = malloc(PROCFS_CHUNK);
	procfs_dir_start(&dir, fd, chunk);
	while (chunk && rc != -ENOMEM && procfs_dir_next(&dir, &name, &pid) > 0) {
		/* Who refuses a descriptor refuses all of this, too. */
		if (scan_stats_find_denied(rq->scan, rq->scan->denied_len, pid))
			continue;
		int dir_fd = openat(fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (dir_fd < 0)
			continue;
		if (pid > 0 && is_taken(rq, pid, dir_fd))
			rc = visit_one(ctx, pid, dir_fd);
		close(dir_fd);
	}
	free(chunk);
	close(fd);
	return !chunk || rc == -ENOMEM ? -ENOMEM : 0;
}

/* --- mappings -------------------------------------------------------------- */

struct map_reading {
	const struct evidence_request *rq;
	struct evidence_list *out;
	pid_t pid;
};

/* An io_uring that is mapped usually has a descriptor, too. */
static bool has_ring(const struct evidence_request *rq, pid_t pid)
{
	size_t lo = 0, hi = rq->scan->sights_len;

	while (lo < hi) { /* they are sorted by pid */
		size_t mid = lo + (hi - lo) / 2;
		if (rq->scan->sights[mid].pid < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < rq->scan->sights_len && rq->scan->sights[lo].pid == pid; lo++) {
		if (rq->scan->sights[lo].kind == PROCFS_LINK_RING)
			return true;
	}
	return false;
}

static int take_map(void *ctx, const char *line, size_t len)
{
	struct map_reading *r = ctx;
	struct evidence e = {.pid = r->pid, .tid = r->pid, .fd = -1};
	uint64_t inode = 0;

	switch (line ? fdinfo_parse_map(line, len, &inode) : FDINFO_MAP_OTHER) {
	case FDINFO_MAP_SOCKET:
		e.kind = EVIDENCE_MAPPING;
		e.inode = inode;
		return add(r->out, &e);
	case FDINFO_MAP_RING:
		e.kind = EVIDENCE_RING_MAPPING;
		return has_ring(r->rq, r->pid) ? 0 : add(r->out, &e);
	case FDINFO_MAP_AIO:
		e.kind = EVIDENCE_AIO;
		return add(r->out, &e);
	default:
		return 0;
	}
}

static int visit_maps(void *ctx, pid_t pid, int dir_fd)
{
	struct map_reading *r = ctx;

	r->pid = pid;
	return read_lines(dir_fd, "maps", take_map, r);
}

int evidence_add_mappings(const struct evidence_request *rq, struct evidence_list *out)
{
	struct map_reading r = {.rq = rq, .out = out};

	return visit_processes(rq, visit_maps, &r);
}

/* --- threads --------------------------------------------------------------- */

struct thread_reading {
	struct evidence_list *out;
	size_t threads;
	char *chunk;
};

/* Does a thread wait on a descriptor that its table does not have? */
static int visit_thread(struct thread_reading *r, pid_t pid, int tasks_fd, int tid)
{
	char path[64], text[256];
	uint64_t inode;
	int rc;

	snprintf(path, sizeof(path), "%d/syscall", tid);
	ssize_t n = procfs_read(tasks_fd, path, text, sizeof(text));
	bool accepts = false;
	int fd = n > 0 ? fdinfo_parse_waiting(text, (size_t)n, &accepts) : -1;
	if (fd < 0)
		return 0;
	snprintf(path, sizeof(path), "%d/fd/%d", tid, fd);
	/* The number may be another file's by now; another socket's cannot be told. */
	rc = procfs_read_socket(tasks_fd, path, &inode);
	if (rc != 0 && rc != -ENOENT)
		return 0;
	return add(r->out, &(struct evidence){accepts ? EVIDENCE_ACCEPTING : EVIDENCE_RECEIVING, pid,
					      tid, fd, 0});
}

static int visit_threads(void *ctx, pid_t pid, int dir_fd)
{
	struct thread_reading *r = ctx;
	struct procfs_dir dir;
	const char *name;
	int tid, rc = 0;

	int fd = openat(dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	procfs_dir_start(&dir, fd, r->chunk);
	while (rc == 0 && r->threads < THREADS_MAX && procfs_dir_next(&dir, &name, &tid) > 0) {
		r->threads++;
		rc = visit_thread(r, pid, fd, tid);
	}
	close(fd);
	return rc;
}

int evidence_add_blocked(const struct evidence_request *rq, struct evidence_list *out)
{
	struct thread_reading r = {.out = out, .chunk = malloc(PROCFS_CHUNK)};

	if (!r.chunk)
		return -ENOMEM;
	int rc = visit_processes(rq, visit_threads, &r);
	free(r.chunk);
	return rc;
}

/* --- messages -------------------------------------------------------------- */

static int take_scm_line(void *ctx, const char *line, size_t len)
{
	uint64_t *count = ctx;

	if (line)
		fdinfo_parse_scm_fds(line, len, count);
	return 0;
}

int evidence_add_messages(const struct evidence_request *rq, const struct holder_index *carriers,
			  struct evidence_list *out)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < carriers->len; i++) {
		const struct holder *h = &carriers->v[i];
		uint64_t count = 0;
		char path[64];

		descriptor_info_path(h->pid, h->tid, h->fd, path, sizeof(path));
		rc = read_lines(rq->proc_fd, path, take_scm_line, &count);
		if (rc == 0 && count > 0)
			rc = add(out, &(struct evidence){EVIDENCE_MESSAGE, h->pid, h->tid, h->fd, 0});
	}
	return rc;
}
