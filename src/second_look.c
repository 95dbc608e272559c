/* The second look; see second_look.h. */
#define _GNU_SOURCE
#include "second_look.h"

#include "filter.h"
#include "inventory.h"
#include "netns.h"
#include "snapshot.h"
#include "snapshot_scan.h"
#include "survey.h"

#include <errno.h>

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
		/* A witness counts only beside the connections that it explains. */
		count.states |= sock->role == SOCK_ROLE_WANTED ? SOCK_STATE_BIT(sock->state) : ~0U;
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

/* The local port of a socket, or UINT32_MAX if it has none. */
static uint32_t port_of(const struct sock *s)
{
	return SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS ? s->local.port : UINT32_MAX;
}

static uint32_t netns_of(const struct sock *s)
{
	return s->netns ? s->netns : UINT32_MAX;
}

/*
 * What the sockets without holder have of some kind, each once. Return how many that
 * are; 0 if they are more than @max, or some socket has none.
 */
static size_t list_unheld(const struct snapshot *s, const struct unheld *unheld,
			  uint32_t (*value_of)(const struct sock *), uint32_t *out, size_t max)
{
	size_t count = 0, cursor = 0;

	for (size_t i = unheld->first; i < unheld->end; i++) {
		const struct sock *sock = &s->socks.v[i];
		size_t held, j = 0;

		holder_index_next(&s->holders, sock->inode, &cursor, &held);
		if (sock->inode == 0 || held > 0)
			continue;
		uint32_t value = value_of(sock);
		while (j < count && out[j] != value)
			j++;
		if (value == UINT32_MAX || j == max)
			return 0;
		out[j] = value;
		count += j == count;
	}
	return count;
}

/* Sockets of namespaces that are not read cannot be missed in a reading. */
static bool is_abroad(const struct snapshot_request *rq, const struct sock *s)
{
	const struct netns *ns = netns_list_find(rq->inventory.namespaces, s->netns);

	return s->is_scanned && (!ns || !ns->is_asked);
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
	uint32_t values[PORTS_MAX], only[NETNS_MAX];
	const struct unheld unheld = count_unheld(out);
	size_t kept = 0, cursor = 0, count;

	inventory.ports = ports;
	inventory.ports_len = list_unheld(out, &unheld, port_of, values, PORTS_MAX);
	for (size_t i = 0; i < inventory.ports_len; i++)
		ports[i] = (uint16_t)values[i];
	/* What is there to stay is not worth another look at everything. */
	if (inventory.ports_len == 0 && unheld.hidden == unheld.all && unheld.passing == 0 &&
	    out->socks.len > WHOLE_MAX)
		return 0;
	/* A listener stays one, or waits no more; a connection may be in any state by now. */
	if (unheld.states == SOCK_STATE_BIT(SOCK_STATE_LISTEN))
		inventory.states = SOCK_STATES_WAITING;
	inventory.only_len = list_unheld(out, &unheld, netns_of, only, NETNS_MAX);
	inventory.only = only;
	int rc = inventory_read(&inventory, &again, &st);
	bool whole = rc == 0 && st.unreadable <= out->inventory.unreadable;
	for (size_t i = 0; whole && i < out->socks.len; i++) {
		const struct sock *s = &out->socks.v[i];
		holder_index_next(&out->holders, s->inode, &cursor, &count);
		bool keep = s->inode == 0 || count > 0 || sock_table_find(&again, s->inode) ||
			    is_abroad(rq, s);
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

int second_look_read(const struct snapshot_request *rq, struct snapshot *out, bool keep_holding,
		     bool *out_any_new)
{
	struct sock_table again = {0};
	int rc = snapshot_read(rq, out, &again);

	if (rc < 0) {
		sock_table_free(&again);
		return rc;
	}
	*out_any_new = drop_newcomers(&out->socks, &again, keep_holding);
	sock_table_free(&out->socks);
	out->socks = again;
	return 0;
}

static int look_again_walking(const struct snapshot_request *rq, struct snapshot *out)
{
	struct unheld unheld = count_unheld(out);
	bool any_new = false;
	int rc = 0;

	if (unheld.hidden == unheld.all && unheld.passing == 0) {
		rc = snapshot_scan(rq, out, (struct snapshot_manner){.threads = SCAN_THREADS_UNSURE,
				   .only_changed = !out->scan.threads_unsure});
		/* To ask netlink again costs little, to read text again much. */
		return rc < 0 || out->inventory.used_text ? rc : drop_vanished(rq, out);
	}

	rc = second_look_read(rq, out, true, &any_new);
	unheld = count_unheld(out);
	if (rc < 0 || unheld.all == 0)
		return rc;
	bool only_changed =
		!any_new && unheld.hidden == unheld.all && !out->scan.threads_unsure;
	if (!only_changed)
		forget_holders(out);
	rc = snapshot_scan(rq, out, (struct snapshot_manner){.threads = SCAN_THREADS_UNSURE,
						.only_changed = only_changed});
	return rc < 0 || count_unheld(out).all == 0 ? rc : drop_vanished(rq, out);
}

/* The same with the iterator, which does not know whom it could not see. */
static int look_again_iterating(const struct snapshot_request *rq, struct snapshot *out)
{
	int proc_fd = rq->inventory.namespaces->proc_fd;
	bool any_new;
	uint64_t descriptors;
	int rc = 0;

	if (out->few_wanted) /* only a part was counted before */
		rc = survey_count_tables(proc_fd, 0, &out->scan, &descriptors);
	if (rc != -ENOMEM)
		rc = survey_find_denied(proc_fd, &out->scan);
	struct unheld unheld = count_unheld(out);
	bool hidden = unheld.hidden == unheld.all && unheld.passing == 0;
	if (rc == 0 && !hidden)
		rc = second_look_read(rq, out, true, &any_new);
	/* Which does not have what the scanner told of. */
	if (rc == 0 && !hidden && !out->held.wants_counts)
		rc = inventory_add_held(&rq->inventory, &out->held, &out->socks);
	if (rc < 0 || count_unheld(out).all == 0)
		return rc;
	/* A census keeps the holders of what it takes for wanted. */
	bool only_changed = hidden && !out->few_wanted && !out->held.wants_counts;
	if (!only_changed)
		forget_holders(out);
	rc = snapshot_scan(rq, out, (struct snapshot_manner){.threads = SCAN_THREADS_UNSURE,
						.only_changed = only_changed});
	return rc < 0 || count_unheld(out).all == 0 ? rc : drop_vanished(rq, out);
}

int second_look(const struct snapshot_request *rq, struct snapshot *out)
{
	if (count_unheld(out).all == 0)
		return 0;
	return out->scanner.is_ready ? look_again_iterating(rq, out)
				     : look_again_walking(rq, out);
}
