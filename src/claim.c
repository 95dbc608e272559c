/* Who still holds a socket; see claim.h. */
#define _GNU_SOURCE
#include "claim.h"

#include "descriptor.h"
#include "evidence.h"
#include "holder.h"
#include "join.h"
#include "process.h"
#include "procfs.h"
#include "scan.h"
#include "scan_procfd.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_process(const void *ctx, const struct process *p)
{
	const pid_t *pid = ctx;

	return p->pid == *pid;
}

static bool is_told(const struct evidence_list *list, uint64_t inode)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].inode == inode)
			return true;
	}
	return false;
}

/* A registered file of an io_uring, or a mapping. */
static int check_evidence(int proc_fd, const struct holder *h)
{
	struct scan_sight ring = {h->pid, h->tid, h->fd, PROCFS_LINK_RING, 0};
	struct scan_stats scan = {.sights = &ring, .sights_len = 1};
	struct evidence_request rq = {.proc_fd = proc_fd, .scan = &scan, .wants = is_process,
				      .ctx = &h->pid};
	struct evidence_list found = {0};

	int rc = h->kind == HOLDER_RING ? evidence_add_rings(&rq, &found)
					: evidence_add_mappings(&rq, &found);
	if (rc == 0)
		rc = is_told(&found, h->inode);
	evidence_list_free(&found);
	return rc;
}

/* Is what a descriptor holds a unix socket indeed, and the one that was named? */
static int check_unix(int proc_fd, struct probe *probe, const struct row *row)
{
	char protocol[32];

	if (row->sock->proto != SOCK_PROTO_UNIX || row->sock->name_is_exact)
		return 1;
	int rc = descriptor_has_name(proc_fd, probe, row->holder, row->sock);
	if (rc >= 0)
		return rc;
	size_t len = descriptor_protocol(proc_fd, row->holder, protocol, sizeof(protocol));
	return len >= 4 && memcmp(protocol, "UNIX", 4) == 0;
}

/* By the same descriptor as before. */
static int check_descriptor(int proc_fd, struct probe *probe, const struct row *row)
{
	const struct holder *h = row->holder;
	char path[64];
	uint64_t inode;

	descriptor_path(h->pid, h->tid, h->fd, path, sizeof(path));
	int rc = procfs_read_socket(proc_fd, path, &inode);
	/* A dead leader's table is root's, and empty: its threads are asked (check_tables). */
	if (rc == -ENOENT || rc == -ESRCH || rc == -EACCES || (rc > 0 && inode != h->inode))
		return 0;
	return rc > 0 ? check_unix(proc_fd, probe, row) : rc;
}

static int check_row(int proc_fd, struct probe *probe, const struct row *row)
{
	return row->holder->kind == HOLDER_FD ? check_descriptor(proc_fd, probe, row)
					      : check_evidence(proc_fd, row->holder);
}

static int compare_inode(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* By any descriptor: it may have been moved since. */
static int check_tables(int proc_fd, struct probe *probe, const struct row *rows, size_t count)
{
	pid_t pid = rows->holder->pid;
	uint64_t *inodes = malloc((count + 1) * sizeof(*inodes));
	struct scan_request rq = {.proc_fd = proc_fd, .inodes = inodes, .inode_count = count,
				  .threads = SCAN_THREADS_ALL, .wants = is_process, .ctx = &pid};
	struct holder_index found = {0};
	struct process_table processes = {0};
	struct scan_stats st = {0};
	int rc = inodes ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && rc == 0; i++)
		inodes[i] = rows[i].sock->inode;
	if (rc == 0) {
		qsort(inodes, count, sizeof(*inodes), compare_inode);
		rc = scan_procfd(&rq, &found, &processes, &st);
	}
	if (rc == 0 && found.len == 0 && st.denied_len > 0)
		rc = -EACCES;
	for (size_t i = 0; i < count && rc == 0; i++) {
		for (size_t k = 0; k < found.len && rc == 0; k++) {
			struct row moved = {.sock = rows[i].sock, .holder = &found.v[k]};
			if (found.v[k].inode == moved.sock->inode)
				rc = check_unix(proc_fd, probe, &moved);
		}
	}
	free(inodes);
	holder_index_free(&found);
	process_table_free(&processes);
	scan_stats_free(&st);
	return rc;
}

int claim_check(int proc_fd, struct probe *probe, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int rc = check_row(proc_fd, probe, &rows[i]);
		if (rc != 0)
			return rc;
	}
	return check_tables(proc_fd, probe, rows, count);
}
