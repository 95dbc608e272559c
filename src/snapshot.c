/*
 * One reading of the machine; see snapshot.h. Sockets first, then
 * descriptors, then a second look at what seems to be held by nobody.
 */
#define _GNU_SOURCE
#include "snapshot.h"

#include "doubt.h"
#include "filter.h"
#include "netns.h"
#include "second_look.h"
#include "snapshot_scan.h"
#include "stats.h"
#include "stray.h"

#include <errno.h>
#include <string.h>

void snapshot_free(struct snapshot *s)
{
	peer_index_free(&s->listeners);
	clue_list_free(&s->clues);
	sock_table_free(&s->socks);
	holder_index_free(&s->holders);
	process_table_free(&s->processes);
	scan_stats_free(&s->scan);
	held_free(&s->held);
	*s = (struct snapshot){0};
}

int snapshot_read(const struct snapshot_request *rq, struct snapshot *out,
		  struct sock_table *socks)
{
	struct inventory_request inventory = rq->inventory;

	inventory.held = out->held.wants_counts ? &out->held : NULL;
	int rc = inventory_read(&inventory, socks, &out->inventory);

	memcpy(out->failed, out->inventory.failed, sizeof(out->failed));
	return rc;
}

bool snapshot_may_hide(const struct snapshot *s, const struct sock *sock)
{
	if (s->view == PROCFS_VIEW_HIDDEN)
		return true;
	for (size_t i = 0; i < s->scan.denied_uids_len && sock->uid_known; i++) {
		if (s->scan.denied_uids[i] == sock->uid)
			return true;
	}
	return false;
}

/*
 * Held sockets that no table read so far has: of another protocol or
 * namespace, or younger than our reading. So that the last is not mistaken
 * for the others, the tables are read once more.
 */
static int settle_strays(const struct snapshot_request *rq, struct snapshot *out)
{
	struct stray_request stray = {
		.inventory = &rq->inventory,
		.holders = &out->holders,
		.sights = out->scan.sights,
		.sights_len = out->scan.sights_len,
		.protos = snapshot_stray_protos(rq, out),
		.every_socket = filter_wants_every_socket(rq->inventory.filter),
	};
	bool any_new;
	int rc = 0;

	if (stray.every_socket && stray_any(&stray, &out->socks))
		rc = second_look_read(rq, out, false, &any_new);
	/* A second reading does not have what the scanner told of. */
	if (rc == 0 && out->scanner.is_ready && !out->held.wants_counts)
		rc = inventory_add_held(&rq->inventory, &out->held, &out->socks);
	if (rc == 0)
		rc = stray_settle(&stray, &out->socks, &out->inventory);
	/* Of namespaces that there is no way into we have the census. */
	if (rc == 0 && out->held.wants_counts)
		rc = inventory_add_held(&rq->inventory, &out->held, &out->socks);
	return rc;
}

/* Get the iterator, if it is permitted, pays, and can tell what is asked. */
static int prepare(const struct snapshot_request *rq, struct snapshot *out)
{
	struct scanner *scanner = &out->scanner;
	int rc = 0;

	scanner->is_unfit = rq->threads || rq->facts & PROCESS_TASK ||
			    filter_limits_scan(rq->inventory.filter);
	if (scanner->is_unfit && rq->scanner != SCANNER_BPF)
		return 0;
	rc = scanner_prepare(scanner, rq->inventory.namespaces->proc_fd, !out->few_wanted,
			     &out->scan);
	scanner->is_ready &= !scanner->is_unfit;
	return rc;
}

/*
 * With many namespaces the iterator comes first: where a namespace has no sockets
 * but those it has seen, nothing needs to be read.
 */
static int take_census(const struct snapshot_request *rq, struct snapshot *out)
{
	int rc = prepare(rq, out);

	if (rc < 0 || !out->scanner.is_ready)
		return rc;
	rc = snapshot_scan(rq, out, (struct snapshot_manner){.census = true});
	if (rc == -ENOMEM || out->scanner.is_ready)
		return rc;
	held_restart(&out->held, 0, 0, false);
	return rq->scanner == SCANNER_BPF ? rc : 0;
}

/*
 * Counts can agree by chance where sockets come and go. Before it is said that a target
 * is nowhere, everything is read that was not.
 */
static int read_covered(const struct snapshot_request *rq, struct snapshot *out)
{
	if (out->inventory.covered == 0 || !filter_misses_target(rq->inventory.filter))
		return 0;
	sock_table_free(&out->socks);
	int rc = inventory_read(&rq->inventory, &out->socks, &out->inventory);
	memcpy(out->failed, out->inventory.failed, sizeof(out->failed));
	return rc;
}

/* Look for the holders of what was read, if there is anything to look for. */
static int scan_first(const struct snapshot_request *rq, struct snapshot *out,
		      enum scan_threads threads)
{
	const struct inventory_stats *inventory = &out->inventory;
	bool others = snapshot_stray_protos(rq, out) || inventory->misses_bound;
	size_t wanted = 0;

	for (size_t i = 0; i < out->socks.len; i++)
		wanted += out->socks.v[i].inode != 0;
	if (wanted == 0 && !others)
		return 0;
	bool names = inventory->used_text &&
		     filter_protos(rq->inventory.filter) & SOCK_PROTO_BIT(SOCK_PROTO_UNIX);
	out->few_wanted = !others && !names && wanted <= BPF_INODES_MAX;
	int rc = prepare(rq, out);
	struct snapshot_manner manner = {.threads = threads,
				     .looks_again = filter_wants_unheld(rq->inventory.filter)};
	return rc < 0 ? rc : snapshot_scan(rq, out, manner);
}

int snapshot_take(const struct snapshot_request *rq, struct snapshot *out)
{
	const struct filter *filter = rq->inventory.filter;
	bool unheld = filter_wants_unheld(filter);
	/* Where sockets without holder are no part of the answer, no second look
	 * will find what a thread holds alone. */
	enum scan_threads threads = unheld && !filter_wants_every_socket(filter)
					    ? SCAN_THREADS_PRIVATE
					    : SCAN_THREADS_UNSURE;

	out->view = procfs_view(rq->inventory.namespaces->proc_fd);
	out->scanner.choice = rq->scanner;
	held_init(&out->held, filter);
	int rc = rq->scanner == SCANNER_BPF ? prepare(rq, out) : 0; /* or else it is an error */
	if (rc == 0 && rq->inventory.every_netns)
		rc = take_census(rq, out);
	stats_phase(rq->stats, "scan");
	if (rc == 0)
		rc = snapshot_read(rq, out, &out->socks);
	if (rc == 0)
		rc = read_covered(rq, out);
	stats_phase(rq->stats, "sockets");
	if (rc == 0 && !out->held.wants_counts)
		rc = scan_first(rq, out, threads);
	stats_phase(rq->stats, "scan");
	if (rc == 0 && unheld)
		rc = second_look(rq, out);
	stats_phase(rq->stats, "again");
	if (rc == 0 && snapshot_stray_protos(rq, out))
		rc = settle_strays(rq, out);
	if (rc == 0 && out->inventory.used_text)
		rc = doubt_settle(&rq->inventory, &out->socks, &out->holders);
	stats_phase(rq->stats, "strays");
	return rc;
}
