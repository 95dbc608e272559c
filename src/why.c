/*
 * --why; see why.h. One look at all that is on the ports of the targets, whatever its
 * address; then each place is judged, TCP and UDP apart, and the worst of the two told.
 */
#define _GNU_SOURCE
#include "why.h"

#include "ancestry.h"
#include "bind_case.h"
#include "buf.h"
#include "cgroup.h"
#include "column.h"
#include "diagnose.h"
#include "diagnose_any.h"
#include "diagnose_try.h"
#include "diagnose_unix.h"
#include "ends.h"
#include "filter.h"
#include "hint.h"
#include "look.h"
#include "msg.h"
#include "netns.h"
#include "netns_walk.h"
#include "place.h"
#include "probe.h"
#include "process.h"
#include "sock.h"
#include "status.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	PLACES_MAX = 1024, /* a screen that nobody reads */
	FACTS = PROCESS_STAT | PROCESS_ARGS | PROCESS_CGROUP,
};

/* Protocols that share their ports, in the order in which they are told. */
static const unsigned groups[] = {
	SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP),
	SOCK_PROTO_BIT(SOCK_PROTO_UDP),
	SOCK_PROTO_BIT(SOCK_PROTO_UDPLITE),
	SOCK_PROTO_BIT(SOCK_PROTO_SCTP),
};

enum { GROUPS = sizeof(groups) / sizeof(*groups) };

/* One --why under way. */
struct inquiry {
	const struct why_request *rq;
	struct place_list places;
	const struct look *look; /* borrowed */
	struct look wide; /* in every network namespace; if is_wide */
	bool is_wide;
	struct bind_world world;
	struct probe probe;
	struct ancestry ancestry;
	struct cgroup_index cgroups;
	struct column_style style;
	unsigned hints; /* of every port; if has_hints */
	bool has_hints;
	struct buf out;
	bool any_failing, any_unknown;
};

static void inquiry_free(struct inquiry *q)
{
	look_free(&q->wide);
	place_list_free(&q->places);
	probe_free(&q->probe);
	cgroup_index_free(&q->cgroups);
	buf_free(&q->out);
}

static void inquiry_init(struct inquiry *q, const struct why_request *rq)
{
	*q = (struct inquiry){.rq = rq};
	q->style = (struct column_style){.names = rq->names, .namespaces = rq->namespaces,
					 .escape = rq->escape,
					 .numeric_users = rq->numeric_users};
	bind_world_load(&q->world, rq->proc_fd);
	if (rq->is_ours)
		ancestry_load(&q->ancestry, rq->proc_fd);
}

static uint32_t home_of(const struct inquiry *q)
{
	return q->rq->namespaces->v->id;
}

/* --- looks ------------------------------------------------------------------------- */

/*
 * A filter of all that is on the ports, at any address; of what more than one protocol is
 * asked for, only these.
 */
static int make_filter(const struct inquiry *q, unsigned protos, struct filter *out)
{
	int rc = 0;

	*out = (struct filter){.names = q->rq->names, .all = true};
	for (size_t i = 0; i < q->places.len && rc == 0; i++) {
		const struct target_list *targets = &q->places.v[i].targets;
		for (size_t k = 0; k < targets->len && rc == 0; k++) {
			struct target t = targets->v[k];
			t.addr = (struct addr){.family = AF_UNSPEC};
			t.protos = t.protos & protos ? t.protos & protos : t.protos;
			if (!t.name && t.lo == 0) /* any port */
				t.hi = UINT16_MAX;
			rc = filter_add_target(out, &t);
		}
	}
	target_list_sort(&out->targets);
	return rc;
}

/* Return 0, or -errno after the user has been told. */
static int look_at(const struct inquiry *q, unsigned protos, struct look *out)
{
	struct filter filter;

	int rc = make_filter(q, protos, &filter);
	if (rc < 0)
		msg_error("--why", strerror(-rc));
	else
		rc = q->rq->looker->look(q->rq->looker->ctx, &filter, FACTS, out);
	filter_free(&filter);
	return rc;
}

/* Somebody who has a port elsewhere. Return NULL if nobody is known. */
static const struct row *find_elsewhere(struct inquiry *q, const struct place *place)
{
	const struct row *found = NULL;

	if (!q->rq->is_ours || !q->rq->widen)
		return NULL;
	if (!q->is_wide) {
		q->is_wide = true;
		if (!netns_list_has_others(q->rq->namespaces) ||
		    q->rq->widen(q->rq->looker->ctx) < 0 ||
		    look_at(q, groups[0] | groups[1], &q->wide) < 0)
			return NULL;
		netns_list_find_names(q->rq->namespaces);
	}
	for (size_t i = 0; i < q->wide.rows.len && !found; i++) {
		const struct row *row = &q->wide.rows.v[i];
		if (row->sock->netns != home_of(q) && target_is_holding(row->sock) &&
		    place_match(place, row->sock))
			found = row;
	}
	return found;
}

/* --- one place ------------------------------------------------------------------------ */

static struct diagnose_context make_context(struct inquiry *q, const struct look *look)
{
	const struct snapshot *snap = &look->snap;

	return (struct diagnose_context){
		.style = &q->style, .ancestry = &q->ancestry, .cgroups = &q->cgroups,
		.proc_fd = q->rq->proc_fd, .is_root = geteuid() == 0,
		.misses_bound = snap->inventory.misses_bound && !snap->scanner.is_ready &&
				q->rq->namespaces->is_real};
}

/* Find who has the other end of what is left of a connection, or is the source of one. */
static void find_ends(struct inquiry *q, const struct bind_case *c, struct ends *out)
{
	struct row_list rows = {0};

	if (c->len == 0 || (c->v->kind != OBSTACLE_ORPHAN && c->v->kind != OBSTACLE_SOURCE))
		return;
	if (row_list_add(&rows, c->v->row) == 0)
		ends_find(&rows, q->rq->looker, q->rq->namespaces, 0, false, out);
	row_list_free(&rows);
}

/* The machine is asked once, however many ports there are. */
static unsigned find_hints(struct inquiry *q, unsigned protos, uint16_t port)
{
	const unsigned ipvs = 1U << HINT_IPVS;
	int proc_fd = q->rq->proc_fd;

	if (!q->has_hints)
		q->hints = hint_find(proc_fd, q->rq->is_ours, protos, port) & ~ipvs;
	q->has_hints = true;
	return q->hints | (hint_find_ipvs(proc_fd, protos, port) ? ipvs : 0);
}

static void add_hints(struct inquiry *q, const struct place *place, struct diagnosis *d)
{
	unsigned hints = find_hints(q, place->targets.v->protos, place->targets.v->lo);

	/* What may answer does not forbid. */
	for (unsigned i = d->is_unexplained ? HINT_CGROUP : 0; i < HINT_COUNT; i++) {
		struct buf *fact = hints & 1U << i ? diagnosis_add_fact(d) : NULL;
		if (!fact)
			continue;
		buf_add_str(fact, "perhaps: ");
		buf_add_str(fact, hint_text((enum hint)i));
	}
}

/* Explain a place of ports, of one group of protocols. Return 0 or -ENOMEM. */
static int explain(struct inquiry *q, const struct place *place, struct diagnosis *out)
{
	struct diagnose_context ctx = make_context(q, q->look);
	struct bind_case c = {0};
	struct ends ends = {0};
	bool is_note = q->world.sockets_only; /* a headline, which needs no other look */

	int rc = bind_case_judge(place, q->look, home_of(q), &q->world, q->rq->proc_fd,
				 q->rq->is_ours ? &q->probe : NULL,
				 q->rq->is_ours ? bind_right_ask_route : NULL, &c);
	if (rc == 0 && !is_note) {
		find_ends(q, &c, &ends);
		ctx.ends = ends.look.rows.len > 0 ? &ends : NULL;
		if (c.answers[TRY_PLAIN] == BIND_WORKS)
			ctx.elsewhere = find_elsewhere(q, place);
	}
	if (rc == 0)
		diagnose_ports(&ctx, &c, out);
	if (rc == 0 && q->rq->probe)
		diagnose_try_ports(&ctx, &c, out);
	ends_free(&ends);
	bind_case_free(&c);
	return rc;
}

/* --- in words ---------------------------------------------------------------------------- */

/* A line; if there was no memory for all of it, nothing is written. */
static void add_line(const char *head, const struct buf *text, struct buf *out)
{
	buf_add_str(out, head);
	buf_add(out, text->data, text->len);
	buf_add_char(out, '\n');
	if (text->error)
		out->error = text->error;
}

static void add_diagnosis(const struct diagnosis *d, struct buf *out)
{
	add_line("", &d->headline, out);
	for (size_t i = 0; i < d->facts_len; i++)
		add_line("  ", &d->facts[i], out);
	if (d->help.len > 0)
		add_line("  try: ", &d->help, out);
}

static void note_verdict(struct inquiry *q, enum verdict verdict)
{
	q->any_unknown |= verdict == VERDICT_UNKNOWN;
	q->any_failing |= verdict != VERDICT_UNKNOWN && verdict != VERDICT_WORKS;
}

/* How bad a verdict is, to choose what is told of a port. */
static int badness(enum verdict verdict)
{
	return verdict == VERDICT_WORKS ? 0 : verdict == VERDICT_UNKNOWN ? 1 : 2;
}

/* Behind what is told of TCP, say, that UDP fails, too; it matters more than a third fact. */
static void add_other(const struct diagnosis *other, struct diagnosis *d)
{
	struct buf *fact = badness(other->verdict) > 0 ? diagnosis_put_fact(d) : NULL;

	if (fact)
		buf_add(fact, other->headline.data, other->headline.len);
}

/* The groups of a port's protocols that are worth a word. */
static bool is_asked(const struct inquiry *q, const struct place *place, unsigned group)
{
	bool is_any = place->targets.v->protos & groups[0];

	if (!(place->targets.v->protos & group))
		return false;
	if (!is_any || group == groups[0] || group == groups[1])
		return true;
	for (size_t i = 0; i < q->look->rows.len; i++) {
		const struct sock *s = q->look->rows.v[i].sock;
		if (SOCK_PROTO_BIT(s->proto) & group && place_match(place, s))
			return true;
	}
	return false;
}

/* True if all that was told has the same cause, which is of no single protocol. */
static bool are_same(const struct diagnosis *d)
{
	const struct diagnosis *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < GROUPS; i++) {
		if (!d[i].cause)
			continue;
		first = first ? first : &d[i];
		count++;
		if (!d[i].is_general || d[i].cause != first->cause ||
		    d[i].verdict != first->verdict)
			return false;
	}
	return count > 1;
}

/* Explain a port: of all protocols that are asked for, the one that fares worst. */
static int find_worst(struct inquiry *q, const struct place *place, struct diagnosis *out)
{
	struct diagnosis d[GROUPS] = {0};
	size_t worst = GROUPS;
	int rc = 0;

	for (size_t i = 0; i < GROUPS && rc == 0; i++) {
		struct place part = {0};
		if (!is_asked(q, place, groups[i]))
			continue;
		rc = place_restrict(place, groups[i], &part);
		if (rc == 0)
			rc = explain(q, &part, &d[i]);
		target_list_free(&part.targets);
		if (rc == 0)
			note_verdict(q, d[i].verdict);
		if (worst == GROUPS || badness(d[i].verdict) > badness(d[worst].verdict))
			worst = i;
	}
	if (rc == 0 && are_same(d)) {
		rc = explain(q, place, out);
	} else if (rc == 0) {
		for (size_t i = 0; i < GROUPS; i++) {
			if (i != worst && d[i].cause)
				add_other(&d[i], &d[worst]);
		}
		*out = d[worst];
		d[worst] = (struct diagnosis){0};
	}
	for (size_t i = 0; i < GROUPS; i++)
		diagnosis_free(&d[i]);
	return rc;
}

/* Port 0: of TCP, or what else was asked for. */
static int explain_any(struct inquiry *q, const struct place *place, struct diagnosis *out)
{
	struct diagnose_context ctx = make_context(q, q->look);
	struct place part = {0};
	int rc = 0;

	for (size_t i = 0; i < GROUPS && rc == 0 && part.targets.len == 0; i++)
		rc = place_restrict(place, groups[i], &part);
	if (rc == 0)
		rc = diagnose_any(&ctx, &part, q->look, home_of(q), &q->world, out);
	if (rc == 0)
		note_verdict(q, out->verdict);
	target_list_free(&part.targets);
	return rc;
}

static int explain_port(struct inquiry *q, const struct place *place)
{
	struct diagnosis d = {0};
	int rc = place->targets.v->lo == 0 ? explain_any(q, place, &d) : find_worst(q, place, &d);

	if (rc == 0 && d.is_general && (d.verdict != VERDICT_FAILS || d.is_unexplained))
		add_hints(q, place, &d);
	if (rc == 0)
		add_diagnosis(&d, &q->out);
	diagnosis_free(&d);
	return rc;
}

static int explain_name(struct inquiry *q, const struct place *place)
{
	struct diagnose_context ctx = make_context(q, q->look);
	struct diagnosis d = {0};

	diagnose_unix(&ctx, place, q->rq->filter->items[place->item].text, q->look, home_of(q),
		      q->world.uid, &d);
	if (q->rq->probe)
		diagnose_try_name(&ctx, place, q->world.uid, &d);
	note_verdict(q, d.verdict);
	add_diagnosis(&d, &q->out);
	diagnosis_free(&d);
	return 0;
}

static int explain_all(struct inquiry *q)
{
	int rc = 0;

	for (size_t i = 0; i < q->places.len && rc == 0; i++) {
		const struct place *place = &q->places.v[i];
		rc = place_is_unix(place) ? explain_name(q, place) : explain_port(q, place);
	}
	return rc;
}

/* Return 0, -E2BIG or -ENOMEM. */
static int find_places(struct inquiry *q)
{
	const struct target_list *targets = &q->rq->filter->targets;
	size_t ports = 0;

	for (size_t i = 0; i < targets->len; i++)
		ports += 1U + targets->v[i].hi - targets->v[i].lo;
	if (ports > PLACES_MAX)
		return -E2BIG;
	int rc = place_list_add_targets(&q->places, q->rq->filter, 0);
	place_list_sort(&q->places);
	place_list_find_files(&q->places); /* whatever name they were bound by */
	return rc;
}

int why(const struct why_request *rq)
{
	struct look look = {0};
	struct inquiry q;
	int status = STATUS_ERROR;

	inquiry_init(&q, rq);
	int rc = find_places(&q);
	if (rc == -E2BIG)
		msg_error("--why", "more than 1024 ports");
	if (rc == 0 && look_at(&q, UINT_MAX, &look) < 0)
		goto out;
	q.look = &look;
	if (rc == 0)
		rc = explain_all(&q);
	if (rc < 0 && rc != -E2BIG)
		msg_error("--why", strerror(-rc));
	if (rc < 0)
		goto out;
	rc = buf_write(&q.out, STDOUT_FILENO);
	if (rc < 0)
		msg_unwritten(rc);
	else
		status = q.any_unknown ? STATUS_ERROR : q.any_failing ? STATUS_FOUND : STATUS_MISSING;
out:
	inquiry_free(&q);
	look_free(&look);
	return status;
}

/* --- the short form -------------------------------------------------------------------------- */

/* True if there are sockets of a place, and nobody to be named for any of them. */
static bool is_unheld(const struct place *place, const struct row_list *rows)
{
	bool any = false;

	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = &rows->v[i];
		if (!place_match(place, row->sock))
			continue;
		if (row->process)
			return false;
		any = true;
	}
	return any;
}

void why_note(const struct why_request *rq, const struct look *look)
{
	enum { NOTES_MAX = 3 };
	struct inquiry q;
	size_t told = 0;

	inquiry_init(&q, rq);
	q.look = look;
	q.world.sockets_only = true; /* nobody has asked for a port yet */
	int rc = find_places(&q);
	for (size_t i = 0; i < q.places.len && rc == 0 && told < NOTES_MAX; i++) {
		const struct place *place = &q.places.v[i];
		struct diagnosis d = {0};

		if (place_is_unix(place) || !is_unheld(place, &look->rows))
			continue;
		rc = find_worst(&q, place, &d);
		if (rc == 0 && badness(d.verdict) > 0) {
			msg_note_buf(&d.headline);
			told++;
		}
		diagnosis_free(&d);
	}
	inquiry_free(&q);
}
