/*
 * Who refers to a socket, from the kernel itself; see scan_bpf.h. The iterator is
 * bpf_iterator.c's, what a record means bpf_record.c's. A read(2) gives whole records
 * of at most 32 KiB in all.
 *
 * The kernel leaves out threads that share the table of their process. Those that
 * share another one, as after the main thread has ended, repeat its entries.
 */
#define _GNU_SOURCE
#include "scan_bpf.h"

#include "bpf_iterator.h"
#include "bpf_record.h"
#include "descriptor.h"
#include "grow.h"
#include "holder.h"
#include "procfs.h"
#include "scan.h"
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A descriptor table, by the first thread that was seen with it. */
struct table {
	uint64_t table;
	uint32_t pid, tid;
	int64_t last_fd; /* how far it was told of */
};

struct scan {
	const struct scan_request *rq;
	struct holder_index *holders;
	struct process_table *processes;
	struct scan_stats *st;
	struct table *tables; /* by pid and table */
	size_t tables_len, tables_cap;
	size_t latest; /* place of the latest record's */
	size_t hint; /* for scan_wants_inode() */
	uint32_t pid; /* of the latest record */
	uint32_t holder_pid; /* of the latest holder */
};

static int compare_table(const struct table *a, uint32_t pid, uint64_t table)
{
	if (a->pid != pid)
		return a->pid < pid ? -1 : 1;
	return a->table < table ? -1 : a->table > table;
}

/* The table of a record; a new one if it is not known. NULL without memory. */
static struct table *find_table(struct scan *s, const struct bpf_record *r)
{
	size_t lo = 0, hi = s->tables_len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (compare_table(&s->tables[mid], r->pid, r->table) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < s->tables_len && compare_table(&s->tables[lo], r->pid, r->table) == 0)
		return &s->tables[lo];
	void *tables = grow(s->tables, s->tables_len, &s->tables_cap, sizeof(*s->tables));
	if (!tables)
		return NULL;
	s->tables = tables;
	memmove(s->tables + lo + 1, s->tables + lo, (s->tables_len - lo) * sizeof(*s->tables));
	s->tables[lo] = (struct table){r->table, r->pid, r->tid, -1};
	s->tables_len++;
	return &s->tables[lo];
}

/*
 * Whether a record is news: another thread may have told of the table, as far as it
 * lived. Return 1, with the thread that stands for the table; 0 if not, or -ENOMEM.
 */
static int note_table(struct scan *s, struct bpf_record *r)
{
	struct table *t = s->latest < s->tables_len ? &s->tables[s->latest] : NULL;

	if (!t || compare_table(t, r->pid, r->table) != 0)
		t = find_table(s, r);
	if (!t)
		return -ENOMEM;
	s->latest = (size_t)(t - s->tables);
	if (r->fd <= t->last_fd)
		return 0;
	t->last_fd = r->fd;
	r->tid = t->tid;
	return 1;
}

/* Does the process behind a directory hold what a record says, and not a stranger? */
static bool is_still(int dir_fd, const struct bpf_record *r, const struct process *p)
{
	char path[48];
	uint64_t inode;

	snprintf(path, sizeof(path), "task/%u/fd/%u", (unsigned)r->tid, (unsigned)r->fd);
	int rc = procfs_read_link(dir_fd, path, &inode);
	if (rc == PROCFS_LINK_SOCKET)
		return inode == r->inode;
	/* Who may not be asked is at least called the same. */
	return (rc == -EACCES || rc == -EPERM) && p->uid == r->euid &&
	       p->command_len == strnlen(r->command, sizeof(r->command)) &&
	       memcmp(p->command, r->command, p->command_len) == 0;
}

/* Facts that the record does not have. Return 1, 0 if they cannot be had, or -ENOMEM. */
static int load_facts(struct scan *s, const struct bpf_record *r)
{
	struct process p = {.pid = (pid_t)r->pid, .tid = (pid_t)r->pid};
	char name[16];

	if (!s->rq->facts)
		return 0;
	snprintf(name, sizeof(name), "%u", (unsigned)r->pid);
	int fd = openat(s->rq->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	int rc = process_load(fd, s->rq->facts, &p);
	bool is_good = rc == 0 && is_still(fd, r, &p);
	close(fd);
	if (!is_good) {
		process_free(&p);
		return rc == -ENOMEM ? rc : 0;
	}
	rc = process_table_add(s->processes, &p);
	return rc < 0 ? rc : 1;
}

/* The process of a holder: what its record tells or, if more is asked, /proc. */
static int note_process(struct scan *s, const struct bpf_record *r)
{
	struct process p = {.pid = (pid_t)r->pid, .tid = (pid_t)r->pid, .uid = r->euid};

	if (s->holder_pid == r->pid)
		return 0;
	s->holder_pid = r->pid;
	int rc = load_facts(s, r);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	p.is_gone = s->rq->facts != 0;
	p.command_len = (uint8_t)strnlen(r->command, sizeof(r->command));
	memcpy(p.command, r->command, p.command_len);
	return process_table_add(s->processes, &p);
}

static int take_socket(struct scan *s, const struct bpf_record *r)
{
	struct holder h = {r->inode, (pid_t)r->pid, (pid_t)r->tid, (int)r->fd, HOLDER_FD};
	enum { IPPROTO_NUMBER_SCTP = 132 };
	bool is_sctp = r->protocol == IPPROTO_NUMBER_SCTP && r->family != AF_UNIX;
	struct sock sock = {.inode = r->inode, .netns = r->netns,
			    .proto = is_sctp ? SOCK_PROTO_SCTP : SOCK_PROTO_OTHER};
	int wanted = 0;

	bool known = !s->rq->every_socket && scan_wants_inode(s->rq, r->inode, &s->hint);
	if (s->rq->take_sock && (!known || s->rq->describes_wanted)) {
		bpf_record_sock(r, &sock);
		wanted = s->rq->take_sock(s->rq->sock_ctx, &sock, r->is_counted);
	}
	if (wanted < 0 || (wanted == 0 && !known && !s->rq->every_socket))
		return wanted;
	int rc = note_process(s, r);
	return rc < 0 ? rc : holder_index_add(s->holders, &h);
}

static int take_sight(struct scan *s, const struct bpf_record *r)
{
	struct scan_sight sight = {.pid = (pid_t)r->pid, .tid = (pid_t)r->tid, .fd = (int)r->fd};
	char path[64];

	sight.kind = PROCFS_LINK_RING;
	if (r->kind == BPF_RECORD_NAMESPACE) { /* of which kind tells the link */
		descriptor_path(sight.pid, sight.tid, sight.fd, path, sizeof(path));
		int kind = procfs_read_link(s->rq->proc_fd, path, &sight.inode);
		if (kind != PROCFS_LINK_NETNS)
			return 0;
		sight.kind = PROCFS_LINK_NETNS;
	}
	return scan_stats_add_sight(s->st, &sight);
}

static int take_record(struct scan *s, struct bpf_record *r)
{
	if (r->pid != s->pid) {
		if (scan_stats_add_seen(s->st, (pid_t)r->pid) < 0)
			return -ENOMEM;
		s->st->processes++;
	}
	s->pid = r->pid;
	s->st->descriptors++;
	int rc = note_table(s, r);
	if (rc <= 0)
		return rc;
	return r->kind == BPF_RECORD_SOCKET ? take_socket(s, r) : take_sight(s, r);
}

/* Take the whole records in a buffer. Return the bytes that they are, or -errno. */
static ssize_t take_records(struct scan *s, const char *data, size_t len)
{
	struct bpf_record r;
	size_t at = 0;

	while (len - at >= BPF_RECORD_SHORT) {
		size_t size = bpf_record_parse(data + at, len - at, &r);
		if (size == 0)
			break;
		int rc = take_record(s, &r);
		if (rc < 0)
			return rc;
		at += size;
	}
	return (ssize_t)at;
}

static int read_records(struct scan *s, int fd)
{
	enum { SIZE = 65536, PATIENCE = 100000 }; /* reads without a record: each a million files */
	size_t len = 0;
	int idle = 0;
	ssize_t n = 0;
	char *data = malloc(SIZE);

	if (!data)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, data + len, SIZE - len);
		if (got < 0 && (errno == EINTR || errno == EAGAIN) && ++idle < PATIENCE)
			continue;
		n = got >= 0 ? got : errno == ENOMEM ? -ENOBUFS : -errno; /* not our memory */
		if (n <= 0)
			break;
		len += (size_t)n;
		n = take_records(s, data, len);
		if (n <= 0)
			break;
		len -= (size_t)n;
		memmove(data, data + n, len);
	}
	free(data);
	/* What is left at the end is cut short, or no record. */
	return n < 0 ? (int)n : len > 0 ? -EBADMSG : 0;
}

int scan_bpf(const struct bpf_layout *layout, const struct scan_request *rq,
	     struct holder_index *out_holders, struct process_table *out_processes,
	     struct scan_stats *st)
{
	struct scan s = {.rq = rq, .holders = out_holders, .processes = out_processes, .st = st};
	bool few = rq->only_wanted && !rq->every_socket && rq->inode_count <= BPF_INODES_MAX;
	struct bpf_choice choice = {.with_unix = rq->describes_unix, .with_others = !rq->no_sights,
				    .inodes = rq->inodes, .count = few ? rq->inode_count : 0};
	int fd = bpf_iterator_open(layout, &choice);

	if (fd < 0)
		return fd;
	st->sights_len = st->seen_len = 0;
	int rc = read_records(&s, fd);
	close(fd);
	free(s.tables);
	int sorted = scan_stats_sort(st);
	return rc < 0 ? rc : sorted;
}
