/*
 * Scans of a snapshot; see snapshot_scan.h. The walk looks for the sockets that are
 * known; the iterator tells of sockets itself, and what it tells is added.
 */
#define _GNU_SOURCE
#include "snapshot_scan.h"

#include "end_key.h"
#include "filter.h"
#include "netns.h"
#include "netns_enter.h"
#include "pidfd.h"
#include "scan_procfd.h"
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The inodes of a sorted table, without 0; NULL without memory. */
static uint64_t *list_inodes(const struct sock_table *t, size_t *out_count)
{
	uint64_t *inodes = malloc((t->len + 1) * sizeof(*inodes));

	*out_count = 0;
	for (size_t i = 0; inodes && i < t->len; i++) {
		if (t->v[i].inode != 0)
			inodes[(*out_count)++] = t->v[i].inode;
	}
	return inodes;
}

static bool any_unix(const struct sock_table *t)
{
	for (size_t i = 0; i < t->len; i++) {
		if (t->v[i].proto == SOCK_PROTO_UNIX && t->v[i].role == SOCK_ROLE_WANTED)
			return true;
	}
	return false;
}

unsigned snapshot_stray_protos(const struct snapshot_request *rq, const struct snapshot *snap)
{
	const struct inventory_request *inventory = &rq->inventory;
	const struct filter *filter = inventory->filter;

	if (inventory->every_netns || filter_wants_every_socket(filter))
		return ~0U;
	if (inventory->stays_home)
		return 0;
	if (filter->ends && filter->ends->strays)
		return filter->ends->protos;
	if (filter->ends) /* unix sockets know nothing of network namespaces */
		return end_set_misses_unix(filter->ends, &snap->socks)
			       ? SOCK_PROTO_BIT(SOCK_PROTO_UNIX)
			       : 0;
	if (filter_limits_scan(filter) && filter->targets.len == 0)
		return ~0U;
	/* A path is the same everywhere, a port is not. */
	return filter_has_path(filter) && !any_unix(&snap->socks)
		       ? SOCK_PROTO_BIT(SOCK_PROTO_UNIX)
		       : 0;
}

/* Sort what a scan has added. */
static void sort_holders(struct snapshot *out)
{
	holder_index_sort(&out->holders);
	process_table_sort(&out->processes);
}

/* Scan for the holders of the sockets by the walk; adds to what is known. */
static int walk(const struct snapshot_request *rq, struct snapshot *out,
		struct scan_request *scan)
{
	size_t known = out->holders.len;
	int rc = 0;

	scan->compare_files = procfs_is_ours(scan->proc_fd) ? pidfd_compare_files : NULL;
	scan->every_socket = snapshot_stray_protos(rq, out) != 0;
	if (scan->inode_count > 0 || scan->every_socket)
		rc = scan_procfd(scan, &out->holders, &out->processes, &out->scan);
	if (out->holders.len > known)
		sort_holders(out);
	return rc;
}

static uint32_t netns_asked(const struct netns_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].is_asked)
			return list->v[i].id;
	}
	return 0;
}

/* What the kernel counts in each namespace that there is a way into without entering it. */
static int note_counts(struct netns_list *list, struct held *held)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->len; i++) {
		int dir = netns_open_directory(list, &list->v[i]);
		if (dir < 0)
			continue;
		rc = held_note_counts(held, list->v[i].id, dir);
		close(dir);
	}
	return rc;
}

/*
 * Scan by the kernel's iterator, which tells of the sockets, too: those that are
 * younger than the tables, or in none of them.
 */
static int iterate(const struct snapshot_request *rq, struct snapshot *out,
		   struct scan_request *scan, struct snapshot_manner manner)
{
	const struct inventory_request *inventory = &rq->inventory;

	held_restart(&out->held, netns_asked(inventory->namespaces),
		     snapshot_stray_protos(rq, out), manner.census);
	if (manner.census && note_counts(inventory->namespaces, &out->held) < 0)
		return -ENOMEM;
	out->held.known = manner.census ? inventory->namespaces : NULL;
	scan->take_sock = held_take;
	scan->sock_ctx = &out->held;
	scan->every_socket = filter_wants_every_socket(inventory->filter);
	scan->describes_unix = filter_protos(inventory->filter) & SOCK_PROTO_BIT(SOCK_PROTO_UNIX);
	/* Names are better from here than from text. */
	scan->describes_wanted = scan->describes_unix && out->inventory.used_text;
	scan->only_wanted = out->few_wanted && !manner.census;
	scan->no_sights = scan->only_wanted && manner.looks_again;
	int rc = scanner_iterate(&out->scanner, scan, &out->holders, &out->processes, &out->scan);
	sort_holders(out);
	held_sort(&out->held);
	if (rc == 0 && !manner.census)
		rc = inventory_add_held(inventory, &out->held, &out->socks);
	return rc;
}

int snapshot_scan(const struct snapshot_request *rq, struct snapshot *out,
		  struct snapshot_manner manner)
{
	const struct filter *filter = rq->inventory.filter;
	struct scan_request scan = {
		.proc_fd = rq->inventory.namespaces->proc_fd,
		.threads = rq->threads ? SCAN_THREADS_ALL : manner.threads,
		.facts = rq->facts,
		.wants = filter_limits_scan(filter) ? filter_wants_process : NULL,
		.ctx = filter,
		.only_changed = manner.only_changed,
	};
	uint64_t *inodes = list_inodes(&out->socks, &scan.inode_count);
	if (!inodes)
		return -ENOMEM;

	scan.inodes = inodes;
	bool iterates = out->scanner.is_ready && !manner.only_changed;
	int rc = iterates ? iterate(rq, out, &scan, manner) : 0;
	bool failed = rc < 0 && rc != -ENOMEM && rq->scanner != SCANNER_BPF;
	if (!manner.census && (!iterates || failed))
		rc = walk(rq, out, &scan);
	free(inodes);
	if (rc < 0)
		snprintf(out->failed, sizeof(out->failed), "PID/fd");
	return rc;
}
