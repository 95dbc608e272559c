/*
 * Sockets of network namespaces, through the filter; see inventory.h. Sockets
 * first, then descriptors: only what is kept here is looked for in processes,
 * so that memory follows the answer, not the machine.
 */
#define _GNU_SOURCE
#include "inventory.h"

#include "end_key.h"
#include "filter.h"
#include "held.h"
#include "kernel_version.h"
#include "netns.h"
#include "netns_enter.h"
#include "netns_walk.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a source's records are handed to. */
struct intake {
	struct filter *filter;
	struct sock_table *socks;
	const uint16_t *ports; /* of the request */
	size_t ports_len;
	uint32_t states; /* of the request; 0: all */
	bool orphans_have_owners;
	bool (*accept)(void *ctx, const struct sock *s); /* NULL: everything */
	void *ctx;
};

/*
 * Since Linux 6.17 a closed socket keeps its owner; before, it claims uid 0.
 * TIME_WAIT remains and connections not accepted yet have none of their own.
 */
static bool has_owner(const struct intake *in, const struct sock *s)
{
	return s->uid_known || (in->orphans_have_owners && s->proto == SOCK_PROTO_TCP &&
				s->timer != SOCK_TIMER_TIME_WAIT && !sock_is_unaccepted(s) &&
				s->cookie != 0);
}

static int take_sock(void *ctx, const struct sock *s)
{
	struct intake *in = ctx;
	struct sock kept = *s;

	if (in->accept && !in->accept(in->ctx, s))
		return 0;
	kept.uid_known = has_owner(in, s);
	enum sock_role role = filter_classify(in->filter, &kept);
	if (role == SOCK_ROLE_NONE)
		return 0;
	kept.role = (uint8_t)role;
	return sock_table_add(in->socks, &kept);
}

static size_t mark(const void *ctx)
{
	const struct intake *in = ctx;

	return in->socks->len;
}

static void forget(void *ctx, size_t place)
{
	struct intake *in = ctx;

	in->socks->len = place;
}

static uint32_t wants_states(const void *ctx, enum sock_proto proto)
{
	const struct intake *in = ctx;

	uint32_t wanted = filter_wants_states(in->filter, proto);

	return in->states ? wanted & in->states : wanted;
}

static size_t wants_ports(const void *ctx, enum sock_proto proto, uint16_t *out, size_t max)
{
	const struct intake *in = ctx;

	if (in->ports_len == 0 || in->ports_len > max)
		return filter_wants_ports(in->filter, proto, out, max);
	memcpy(out, in->ports, in->ports_len * sizeof(*out));
	return in->ports_len;
}

/* A closed socket's uid is its late owner's since Linux 6.17. */
static bool orphans_have_owners(void)
{
	return kernel_version_reaches(6, 17);
}

static struct intake make_intake(const struct inventory_request *rq, struct sock_table *out)
{
	return (struct intake){.filter = rq->filter, .socks = out, .ports = rq->ports,
			       .ports_len = rq->ports_len, .states = rq->states,
			       .orphans_have_owners = orphans_have_owners()};
}

/* A sink that lets a source leave out what the filter does not want. */
static struct source_sink make_sink(struct intake *in)
{
	return (struct source_sink){.ctx = in, .take = take_sock, .mark = mark, .forget = forget,
				    .wants_states = wants_states, .wants_ports = wants_ports};
}

/* --- what is kept ---------------------------------------------------------- */

/* Decide on the records from a place on that were put off. */
static void settle_later(struct filter *f, struct sock_table *t, size_t from, unsigned protos)
{
	for (size_t i = from; i < t->len && t->roles & 1U << SOCK_ROLE_LATER; i++) {
		struct sock *s = &t->v[i];
		if (s->role == SOCK_ROLE_LATER && protos & SOCK_PROTO_BIT(s->proto))
			s->role = filter_settle(f, s) ? SOCK_ROLE_WANTED : SOCK_ROLE_NONE;
	}
}

static int compare_port(const void *x, const void *y)
{
	const uint16_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static bool is_waiting_connection(const struct sock *s)
{
	return s->role == SOCK_ROLE_WANTED && sock_is_unaccepted(s);
}

/* Ports of the connections that are not accepted yet, ascending; NULL without memory. */
static uint16_t *list_queued_ports(const struct sock_table *t, size_t *out_count)
{
	size_t count = 0;

	for (size_t i = 0; i < t->len; i++)
		count += is_waiting_connection(&t->v[i]);
	uint16_t *ports = malloc((count + 1) * sizeof(*ports));
	*out_count = 0;
	for (size_t i = 0; ports && i < t->len; i++) {
		if (is_waiting_connection(&t->v[i]))
			ports[(*out_count)++] = t->v[i].local.port;
	}
	if (ports && count > 0)
		qsort(ports, count, sizeof(*ports), compare_port);
	return ports;
}

/* Drop listeners that no connection waits for, and what a holder overrules. */
static int drop_unneeded(struct sock_table *t)
{
	size_t count, kept = 0;

	if (t->roles == 1U << SOCK_ROLE_WANTED)
		return 0;
	uint16_t *ports = list_queued_ports(t, &count);

	if (!ports)
		return -ENOMEM;
	for (size_t i = 0; i < t->len; i++) {
		const struct sock *s = &t->v[i];
		if (s->role == SOCK_ROLE_WANTED ||
		    (s->role == SOCK_ROLE_WITNESS && count > 0 &&
		     bsearch(&s->local.port, ports, count, sizeof(*ports), compare_port)))
			t->v[kept++] = *s;
	}
	t->len = kept;
	free(ports);
	return 0;
}

/* --- all of them ----------------------------------------------------------- */

static const unsigned unix_bit = SOCK_PROTO_BIT(SOCK_PROTO_UNIX);

/*
 * Of the protocols wanted, those that a scanner has told all about: where the kernel
 * counts no socket that it has not seen.
 */
static unsigned covered(const struct inventory_request *rq, const struct netns *ns,
			unsigned protos, const struct source_sink *sink)
{
	unsigned inet = protos & SOCK_PROTOS_INET;

	if (!rq->held || rq->needs_queues || !inet || rq->source != INVENTORY_AUTO)
		return 0;
	int dir = netns_open_directory(rq->namespaces, ns);
	if (dir < 0)
		return 0;
	bool all = held_covers(rq->held, ns->id, dir, inet, sink);
	close(dir);
	return all ? inet : 0;
}

/* Return 0, or -errno if what was not told of could not be read. */
static int read_namespace(const struct inventory_request *rq, struct netns *ns, unsigned protos,
			  const struct source_sink *sink, struct inventory_stats *st)
{
	int rc = rq->held ? held_feed(rq->held, ns->id, sink) : 0;
	if (rc < 0)
		return rc;
	unsigned told = covered(rq, ns, protos, sink);
	st->source.tables += told != 0;
	st->covered += told != 0;
	return protos & ~told ? inventory_read_namespace(rq, ns, protos & ~told, sink, st) : 0;
}

/* Drop what a reading that failed has added; a scanner's word stands. */
static void keep_scanned(struct sock_table *t, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < t->len; i++) {
		if (t->v[i].is_scanned)
			t->v[kept++] = t->v[i];
	}
	t->len = kept;
}

/*
 * Read one namespace into the table. Of several it is no error if one may not be
 * read, and no news if one is gone.
 */
static int read_one(const struct inventory_request *rq, size_t i, unsigned protos,
		    const struct source_sink *sink, struct inventory_stats *st)
{
	struct intake *in = sink->ctx;
	size_t from = in->socks->len;

	filter_restart(rq->filter, ~unix_bit);
	int rc = read_namespace(rq, &rq->namespaces->v[i], protos, sink, st);
	settle_later(rq->filter, in->socks, from, ~unix_bit);
	rq->namespaces->v[i].is_read = rc == 0;
	if (rc == 0 || rc == -ENOMEM || (rq->namespaces->v[i].is_asked && !rq->every_netns))
		return rc;
	keep_scanned(in->socks, from);
	/* Nobody is in it any more, nor is it mounted. */
	bool gone = (rc == -ENOENT || rc == -ESRCH) && !rq->namespaces->v[i].path;
	st->unreadable += !gone;
	return 0;
}

static bool is_meant(const struct inventory_request *rq, const struct netns *ns)
{
	for (size_t i = 0; i < rq->only_len; i++) {
		if (rq->only[i] == ns->id)
			return true;
	}
	return rq->only_len == 0;
}

static void finish(struct sock_table *t)
{
	held_arrange(t);
	sock_table_drop_subflows(t);
}

/* The protocols of which a namespace is read, of all that are wanted. */
static unsigned meant_protos(const struct inventory_request *rq, const struct netns *ns,
			     unsigned protos, bool unix_everywhere)
{
	const struct end_set *ends = rq->filter->ends;

	/* Rows can be of namespaces that only their process led to. */
	if (ns->is_asked || (ends && !rq->stays_home && end_set_has_netns(ends, ns->id)))
		return protos;
	return unix_everywhere ? unix_bit : 0;
}

static int read_all(const struct inventory_request *rq, const struct source_sink *sink,
		    struct inventory_stats *st)
{
	unsigned protos = filter_protos(rq->filter);
	bool unix_everywhere = filter_has_path(rq->filter) && protos & unix_bit;
	int rc = unix_everywhere ? netns_list_find_all(rq->namespaces) : 0;

	for (size_t i = 0; rc == 0 && i < rq->namespaces->len; i++) {
		struct netns *ns = &rq->namespaces->v[i];
		unsigned wanted = meant_protos(rq, ns, protos, unix_everywhere);
		if (wanted && is_meant(rq, ns))
			rc = read_one(rq, i, wanted, sink, st);
	}
	return rc;
}

int inventory_read(const struct inventory_request *rq, struct sock_table *out,
		   struct inventory_stats *st)
{
	struct intake in = make_intake(rq, out);
	struct source_sink sink = make_sink(&in);

	*st = (struct inventory_stats){0};
	filter_restart(rq->filter, ~0U);
	int rc = read_all(rq, &sink, st);
	st->untold = rq->every_netns ? rq->namespaces->denied : 0;
	if (rc == 0 && st->source.tables == 0 && st->unreadable == 0)
		rc = -ENODATA;
	if (rc < 0)
		return rc;
	settle_later(rq->filter, out, 0, unix_bit);
	rc = drop_unneeded(out);
	if (rc == 0)
		finish(out);
	return rc;
}

/* Which targets are held in a namespace, by what was read of it. */
static void recall(struct filter *f, const struct sock_table *t, uint32_t netns)
{
	filter_restart(f, ~0U);
	for (size_t i = 0; i < t->len && f->targets.len > 0; i++) {
		if (t->v[i].netns == netns)
			filter_classify(f, &t->v[i]);
	}
}

int inventory_add_held(const struct inventory_request *rq, const struct held *held,
		       struct sock_table *out)
{
	struct intake in = make_intake(rq, out);
	struct source_sink sink = make_sink(&in);
	int rc = 0;

	if (held->socks.len == 0)
		return 0;
	for (uint32_t netns = held_next_netns(held, 0); rc == 0 && netns != 0;
	     netns = held_next_netns(held, netns)) {
		const struct netns *ns = netns_list_find(rq->namespaces, netns);
		size_t from = out->len;

		if (held->wants_counts && ns && ns->is_read)
			continue; /* was told then */
		recall(rq->filter, out, netns);
		rc = held_feed(held, netns, &sink);
		settle_later(rq->filter, out, from, ~0U);
	}
	if (rc == 0)
		rc = drop_unneeded(out);
	finish(out);
	return rc;
}

int inventory_read_also(const struct inventory_request *rq, struct netns *ns,
			struct sock_table *out, struct inventory_stats *st)
{
	struct intake in = make_intake(rq, out);
	struct source_sink sink = make_sink(&in);
	size_t from = out->len;

	filter_restart(rq->filter, ~0U);
	int rc = inventory_read_namespace(rq, ns, filter_protos(rq->filter), &sink, st);
	settle_later(rq->filter, out, from, ~0U);
	return rc < 0 ? rc : drop_unneeded(out);
}

int inventory_read_more(const struct inventory_request *rq, struct netns *ns,
			bool (*accept)(void *ctx, const struct sock *s), void *ctx,
			struct sock_table *out, struct inventory_stats *st)
{
	struct intake in = make_intake(rq, out);
	struct source_sink sink = make_sink(&in);
	size_t from = out->len;
	unsigned refused = st->source.refused;

	in.accept = accept;
	in.ctx = ctx;
	sink.wants_states = NULL; /* all there is */
	sink.wants_ports = NULL;
	filter_restart(rq->filter, ~0U);
	int rc = inventory_read_namespace(rq, ns, SOCK_PROTO_BIT(SOCK_PROTO_OTHER) - 1, &sink, st);
	st->source.refused = refused; /* nobody asked for all of them */
	settle_later(rq->filter, out, from, ~0U);
	return rc < 0 ? rc : drop_unneeded(out);
}
