/*
 * One reading of the machine; see snapshot.h. Sockets first, then
 * descriptors, then a second look at what seems to be held by nobody.
 */
#define _GNU_SOURCE
#include "snapshot.h"

#include "doubt.h"
#include "filter.h"
#include "netns.h"
#include "netns_enter.h"
#include "pidfd.h"
#include "scan_procfd.h"
#include "stats.h"
#include "stray.h"
#include "survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void snapshot_free(struct snapshot *s)
{
	clue_list_free(&s->clues);
	sock_table_free(&s->socks);
	holder_index_free(&s->holders);
	process_table_free(&s->processes);
	scan_stats_free(&s->scan);
	held_free(&s->held);
	*s = (struct snapshot){0};
}

/* Read the socket tables. */
static int read_socks(const struct snapshot_request *rq, struct snapshot *out,
		      struct sock_table *socks)
{
	struct inventory_request inventory = rq->inventory;

	inventory.held = out->held.wants_counts ? &out->held : NULL;
	int rc = inventory_read(&inventory, socks, &out->inventory);

	memcpy(out->failed, out->inventory.failed, sizeof(out->failed));
	return rc;
}

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

/*
 * True if held sockets that no table has may belong to the answer: those of a
 * namespace that was not read, or of a kind without a table.
 */
static bool asks_for_strays(const struct snapshot_request *rq, const struct snapshot *snap)
{
	const struct inventory_request *inventory = &rq->inventory;
	const struct filter *filter = inventory->filter;

	if (inventory->every_netns || filter_wants_every_socket(filter))
		return true;
	if (inventory->stays_home)
		return false;
	return (filter_limits_scan(filter) && filter->targets.len == 0) ||
	       (filter_has_path(filter) && !any_unix(&snap->socks));
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
	scan->every_socket = asks_for_strays(rq, out);
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

/* How a scan is done. */
struct scan_manner {
	enum scan_threads threads;
	bool only_changed;
	bool census;      /* before tables are read: by the iterator alone */
	bool looks_again; /* if anything is missing, another scan follows */
};

/*
 * Scan by the kernel's iterator, which tells of the sockets, too: those that are
 * younger than the tables, or in none of them.
 */
static int iterate(const struct snapshot_request *rq, struct snapshot *out,
		   struct scan_request *scan, struct scan_manner manner)
{
	const struct inventory_request *inventory = &rq->inventory;
	bool everywhere = inventory->every_netns || asks_for_strays(rq, out);

	held_restart(&out->held, everywhere ? 0 : netns_asked(inventory->namespaces),
		     manner.census);
	if (manner.census && note_counts(inventory->namespaces, &out->held) < 0)
		return -ENOMEM;
	scan->take_sock = held_take;
	scan->sock_ctx = &out->held;
	scan->every_socket = filter_wants_every_socket(inventory->filter);
	/* Names from text are better from here; and what was not told of is wanted, too. */
	scan->describes_wanted = out->inventory.used_text;
	scan->describes_unix = filter_protos(inventory->filter) & SOCK_PROTO_BIT(SOCK_PROTO_UNIX);
	scan->only_wanted = out->few_wanted && !manner.census;
	scan->no_sights = scan->only_wanted && manner.looks_again;
	int rc = scanner_iterate(&out->scanner, scan, &out->holders, &out->processes, &out->scan);
	sort_holders(out);
	held_sort(&out->held);
	if (rc == 0 && !manner.census)
		rc = inventory_add_held(inventory, &out->held, &out->socks);
	return rc;
}

/* Scan for the holders of the sockets; adds to what is known. */
static int scan(const struct snapshot_request *rq, struct snapshot *out, struct scan_manner manner)
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
	int rc = 0;
	if (out->scanner.is_ready && !manner.only_changed)
		rc = iterate(rq, out, &scan, manner);
	else if (!manner.census)
		rc = walk(rq, out, &scan);
	if (rc < 0 && rc != -ENOMEM && !manner.census && rq->scanner != SCANNER_BPF)
		rc = walk(rq, out, &scan);
	free(inodes);
	if (rc < 0)
		snprintf(out->failed, sizeof(out->failed), "PID/fd");
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

/* Sockets that should have a holder and have none. */
struct unheld {
	size_t all;
	size_t hidden;  /* which missing rights explain */
	size_t passing; /* which come and go, as connections do */
	uint32_t states; /* that they are in: SOCK_STATE_BIT()s */
	size_t first, end; /* all are between these places of the table */
};

static bool is_passing(const struct sock *s)
{
	bool udp = s->proto == SOCK_PROTO_UDP || s->proto == SOCK_PROTO_UDPLITE;

	return s->state != SOCK_STATE_LISTEN && s->state != SOCK_STATE_BOUND &&
	       !(udp && s->state == SOCK_STATE_UNCONNECTED);
}

static struct unheld count_unheld(const struct snapshot *s)
{
	const struct holder_index *holders = &s->holders;
	struct unheld count = {0};
	size_t cursor = 0, held;

	for (size_t i = 0; i < s->socks.len; i++) { /* both are sorted by inode */
		const struct sock *sock = &s->socks.v[i];
		holder_index_next(holders, sock->inode, &cursor, &held);
		if (sock->inode == 0 || held > 0)
			continue;
		count.all++;
		count.hidden += snapshot_may_hide(s, sock);
		count.passing += is_passing(sock);
		count.states |= SOCK_STATE_BIT(sock->state);
		count.first = count.all == 1 ? i : count.first;
		count.end = i + 1;
	}
	return count;
}

/*
 * Of a second reading keep what was there before, and perhaps new listeners and
 * the like, since a server may have restarted; a new connection came after us.
 * Return true if there is something new.
 */
static bool drop_newcomers(const struct sock_table *before, struct sock_table *again,
			   bool keep_holding)
{
	size_t kept = 0;
	bool any_new = false;

	for (size_t i = 0; i < again->len; i++) {
		const struct sock *s = &again->v[i];
		bool is_new = s->inode != 0 && !sock_table_find(before, s->inode);

		if (is_new && !(keep_holding && target_is_holding(s)))
			continue;
		any_new |= is_new;
		again->v[kept++] = *s;
	}
	again->len = kept;
	return any_new;
}

/*
 * The local ports of the sockets without holder. Return how many there are; 0 if
 * they are more than @max, or some of them have no port.
 */
static size_t list_unheld_ports(const struct snapshot *s, const struct unheld *unheld,
				uint16_t *out, size_t max)
{
	size_t count = 0, cursor = 0;

	for (size_t i = unheld->first; i < unheld->end; i++) {
		const struct sock *sock = &s->socks.v[i];
		size_t held, j = 0;

		holder_index_next(&s->holders, sock->inode, &cursor, &held);
		if (sock->inode == 0 || held > 0)
			continue;
		while (j < count && out[j] != sock->local.port)
			j++;
		if (!(SOCK_PROTO_BIT(sock->proto) & SOCK_PROTOS_PORTS) || j == max)
			return 0;
		out[j] = sock->local.port;
		count += j == count;
	}
	return count;
}

/* The namespaces of the sockets without holder; 0 if they are more than @max, or unknown. */
static size_t list_unheld_netns(const struct snapshot *s, const struct unheld *unheld,
				uint32_t *out, size_t max)
{
	size_t count = 0, cursor = 0;

	for (size_t i = unheld->first; i < unheld->end; i++) {
		const struct sock *sock = &s->socks.v[i];
		size_t held, j = 0;

		holder_index_next(&s->holders, sock->inode, &cursor, &held);
		if (sock->inode == 0 || held > 0)
			continue;
		while (j < count && out[j] != sock->netns)
			j++;
		if (sock->netns == 0 || j == max)
			return 0;
		out[j] = sock->netns;
		count += j == count;
	}
	return count;
}

/* A scan of all processes stands for itself. */
static void forget_holders(struct snapshot *out)
{
	holder_index_free(&out->holders);
	process_table_free(&out->processes);
}

/* Drop sockets without holder that are not there any more: of a few only these are asked for. */
static int drop_vanished(const struct snapshot_request *rq, struct snapshot *out)
{
	enum { PORTS_MAX = 4, NETNS_MAX = 16, WHOLE_MAX = 1000 };
	struct inventory_request inventory = rq->inventory;
	struct inventory_stats st;
	struct sock_table again = {0};
	uint16_t ports[PORTS_MAX];
	uint32_t only[NETNS_MAX];
	const struct unheld unheld = count_unheld(out);
	size_t kept = 0, cursor = 0, count;

	inventory.ports = ports;
	inventory.ports_len = list_unheld_ports(out, &unheld, ports, PORTS_MAX);
	/* What is there to stay is not worth another look at everything. */
	if (inventory.ports_len == 0 && unheld.hidden == unheld.all && unheld.passing == 0 &&
	    out->socks.len > WHOLE_MAX)
		return 0;
	inventory.states = unheld.states;
	inventory.only_len = list_unheld_netns(out, &unheld, only, NETNS_MAX);
	inventory.only = only;
	int rc = inventory_read(&inventory, &again, &st);
	bool whole = rc == 0 && st.unreadable <= out->inventory.unreadable;
	for (size_t i = 0; whole && i < out->socks.len; i++) {
		const struct sock *s = &out->socks.v[i];
		holder_index_next(&out->holders, s->inode, &cursor, &count);
		bool keep = s->inode == 0 || count > 0 || sock_table_find(&again, s->inode);
		if (keep && kept != i)
			out->socks.v[kept] = *s;
		kept += keep;
	}
	if (whole)
		out->socks.len = kept;
	sock_table_free(&again);
	/* What was read once stands if it cannot be confirmed. */
	return rc == -ENOMEM ? rc : 0;
}

/* Replace the sockets by a second reading, without newcomers; see drop_newcomers(). */
static int read_again(const struct snapshot_request *rq, struct snapshot *out, bool keep_holding,
		      bool *out_any_new)
{
	struct sock_table again = {0};
	int rc = read_socks(rq, out, &again);

	if (rc < 0) {
		sock_table_free(&again);
		return rc;
	}
	*out_any_new = drop_newcomers(&out->socks, &again, keep_holding);
	sock_table_free(&out->socks);
	out->socks = again;
	return 0;
}

/*
 * The second look. A socket can be handed on while the scan goes by, or be
 * closed, and a server can restart between the two readings: ask for the
 * sockets again, then for who holds those that are still without holder, and
 * last whether they are still there.
 *
 * Where missing rights explain them all, only processes whose tables changed
 * are asked; and if they are all listeners, which seldom come and go, tables of
 * text are not read again.
 */
static int look_again_walking(const struct snapshot_request *rq, struct snapshot *out)
{
	struct unheld unheld = count_unheld(out);
	bool any_new = false;
	int rc = 0;

	if (unheld.hidden == unheld.all && unheld.passing == 0) {
		rc = scan(rq, out, (struct scan_manner){.threads = SCAN_THREADS_UNSURE,
				   .only_changed = !out->scan.threads_unsure});
		/* To ask netlink again costs little, to read text again much. */
		return rc < 0 || out->inventory.used_text ? rc : drop_vanished(rq, out);
	}

	rc = read_again(rq, out, true, &any_new);
	unheld = count_unheld(out);
	if (rc < 0 || unheld.all == 0)
		return rc;
	bool only_changed =
		!any_new && unheld.hidden == unheld.all && !out->scan.threads_unsure;
	if (!only_changed)
		forget_holders(out);
	rc = scan(rq, out, (struct scan_manner){.threads = SCAN_THREADS_UNSURE,
						.only_changed = only_changed});
	return rc < 0 || count_unheld(out).all == 0 ? rc : drop_vanished(rq, out);
}

/*
 * The same with the iterator, which does not know whom it could not see, and tells of
 * newcomers itself, unless it is asked for a few sockets only. What comes and goes
 * has gone by now: to ask for that costs least.
 */
static int look_again_iterating(const struct snapshot_request *rq, struct snapshot *out)
{
	int proc_fd = rq->inventory.namespaces->proc_fd;
	bool any_new;
	uint64_t descriptors;
	int rc = 0;

	if (out->few_wanted) /* only a part was counted before */
		rc = survey_tables(proc_fd, 0, &out->scan, &descriptors);
	if (rc != -ENOMEM)
		rc = survey_denied(proc_fd, &out->scan);
	struct unheld unheld = count_unheld(out);
	bool hidden = unheld.hidden == unheld.all && unheld.passing == 0;
	if (rc == 0 && !hidden)
		rc = out->few_wanted ? read_again(rq, out, true, &any_new)
				     : drop_vanished(rq, out);
	if (rc < 0 || count_unheld(out).all == 0)
		return rc;
	bool only_changed = hidden && !out->few_wanted;
	if (!only_changed)
		forget_holders(out);
	rc = scan(rq, out, (struct scan_manner){.threads = SCAN_THREADS_UNSURE,
						.only_changed = only_changed});
	return rc < 0 || count_unheld(out).all == 0 ? rc : drop_vanished(rq, out);
}

static int look_again(const struct snapshot_request *rq, struct snapshot *out)
{
	if (count_unheld(out).all == 0)
		return 0;
	return out->scanner.is_ready ? look_again_iterating(rq, out)
				     : look_again_walking(rq, out);
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
		.every_socket = filter_wants_every_socket(rq->inventory.filter),
	};
	bool any_new;
	int rc = 0;

	if (stray.every_socket && stray_any(&stray, &out->socks))
		rc = read_again(rq, out, false, &any_new);
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
	if (rq->threads || rq->facts & PROCESS_TASK || filter_limits_scan(rq->inventory.filter))
		return 0;
	return scanner_prepare(&out->scanner, rq->inventory.namespaces->proc_fd, !out->few_wanted,
			       &out->scan);
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
	rc = scan(rq, out, (struct scan_manner){.census = true});
	if (rc == -ENOMEM || out->scanner.is_ready)
		return rc;
	held_restart(&out->held, 0, false);
	return rq->scanner == SCANNER_BPF ? rc : 0;
}

/* Look for the holders of what was read, if there is anything to look for. */
static int scan_first(const struct snapshot_request *rq, struct snapshot *out,
		      enum scan_threads threads)
{
	const struct inventory_stats *inventory = &out->inventory;
	bool others = asks_for_strays(rq, out) || inventory->misses_bound;
	size_t wanted = 0;

	for (size_t i = 0; i < out->socks.len; i++)
		wanted += out->socks.v[i].inode != 0;
	if (wanted == 0 && !others)
		return 0;
	out->few_wanted = !others && !inventory->used_text && wanted <= BPF_INODES_MAX;
	int rc = out->scanner.is_ready ? 0 : prepare(rq, out);
	struct scan_manner manner = {.threads = threads,
				     .looks_again = filter_wants_unheld(rq->inventory.filter)};
	return rc < 0 ? rc : scan(rq, out, manner);
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
	int rc = rq->inventory.every_netns ? take_census(rq, out) : 0;
	stats_phase(rq->stats, "scan");
	if (rc == 0)
		rc = read_socks(rq, out, &out->socks);
	stats_phase(rq->stats, "sockets");
	if (rc == 0 && !out->held.wants_counts)
		rc = scan_first(rq, out, threads);
	stats_phase(rq->stats, "scan");
	if (rc == 0 && unheld)
		rc = look_again(rq, out);
	stats_phase(rq->stats, "again");
	if (rc == 0 && asks_for_strays(rq, out))
		rc = settle_strays(rq, out);
	if (rc == 0 && out->inventory.used_text)
		rc = doubt_settle(&rq->inventory, &out->socks, &out->holders);
	stats_phase(rq->stats, "strays");
	return rc;
}
