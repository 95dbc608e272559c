/* The facts behind a headline; see diagnose_part.h. */
#define _GNU_SOURCE
#include "diagnose_part.h"

#include "column.h"
#include "join.h"
#include "obstacle_text.h"
#include "place.h"
#include "probe.h"
#include "process_text.h"
#include "sock.h"
#include "sock_text.h"

#include <string.h>

/* --- sharing ---------------------------------------------------------------------- */

/* Somebody else's SO_REUSEPORT group, or our own. */
static bool add_group(const struct telling *t, struct buf *out)
{
	const struct sock *s = t->top->row->sock;

	if (t->top->options < 0 || !(t->top->options & PROBE_REUSEPORT) || !s->uid_known ||
	    t->top->kind == OBSTACLE_TIME_WAIT)
		return false;
	if (s->uid == t->c->world->uid) {
		buf_add_str(out, "it has SO_REUSEPORT set: a socket of the same user that sets it, "
				 "too, shares the port");
		return true;
	}
	buf_add_str(out, "its SO_REUSEPORT group is ");
	diagnose_add_user(t->ctx, s->uid, out);
	buf_add_str(out, "'s: no other user can join it");
	return true;
}

/* What SO_REUSEADDR would do. */
static void add_reuse(const struct telling *t, struct buf *out)
{
	int options = t->top->options;
	bool has = options >= 0 && options & PROBE_REUSEADDR;

	if (t->top->kind == OBSTACLE_LISTENER)
		buf_add_str(out, "SO_REUSEADDR does not help against a socket that listens");
	else if (t->top->kind == OBSTACLE_TIME_WAIT)
		buf_add_str(out, "both sockets need SO_REUSEADDR, the new one and the one that "
				 "the connection was; what that had cannot be read any more");
	else if (has)
		buf_add_str(out, "it has SO_REUSEADDR set: with it on both sides the port is shared");
	else if (options >= 0)
		buf_add_str(out, "it has no SO_REUSEADDR, which helps only if both sockets set it");
	else
		buf_add_str(out, t->ctx->is_root || !t->top->row->process
					 ? "whether it has SO_REUSEADDR set cannot be read"
					 : "whether it has SO_REUSEADDR set cannot be read; sudo could");
}

static void fact_sharing(const struct telling *t, struct diagnosis *d)
{
	struct buf text = {0}, *fact;

	if (!t->top)
		return;
	bool is_group = add_group(t, &text);
	fact = diagnosis_add_fact(d);
	if (fact && is_group)
		buf_add(fact, text.data, text.len);
	else if (fact)
		add_reuse(t, fact);
	buf_free(&text);
}

/* --- addresses ---------------------------------------------------------------------- */

enum { ALL_V4 = 1, ALL_V6 = 2, ALL_SPECIFIC = 4 };

/* What all that is in the way has in common. */
static unsigned common_of(const struct bind_case *c)
{
	unsigned common = ALL_V4 | ALL_V6 | ALL_SPECIFIC;

	for (size_t i = 0; i < c->len; i++) {
		const struct sock *s = c->v[i].row->sock;
		struct addr plain = addr_unmap(&s->local);
		bool any = addr_is_wildcard(&plain);

		if (plain.family == AF_INET)
			common &= ~(unsigned)ALL_V6;
		else
			common &= ~(unsigned)ALL_V4;
		if (plain.family == AF_INET6 && s->v6only != SOCK_V6ONLY_YES)
			common &= ~(unsigned)ALL_V6;
		if (any)
			common &= ~(unsigned)ALL_SPECIFIC;
	}
	return common;
}

static void add_wish(const struct bind_wish *wish, struct buf *out)
{
	if (addr_is_wildcard(&wish->addr))
		buf_add_str(out, wish->addr.family == AF_INET ? "0.0.0.0" : "[::]");
	else
		addr_add_ip(out, &wish->addr, NULL);
}

/* A wildcard that is wanted, or only a port: what would work instead. */
static void fact_wide_wish(const struct telling *t, struct diagnosis *d)
{
	const struct bind_wish *wish = t->c->wishes;
	unsigned common = common_of(t->c);
	bool is_named = t->c->place->targets.v->addr.family != AF_UNSPEC;
	struct buf *fact = common ? diagnosis_add_fact(d) : NULL;

	if (!fact)
		return;
	if (is_named) {
		add_wish(wish, fact);
		buf_add_str(fact, " covers what is taken; ");
	}
	if (common & ALL_SPECIFIC) {
		buf_add_str(fact, "only ");
		obstacle_text_add_end(t->ctx->style, t->top, fact);
		buf_add_str(fact, t->c->len > 1 ? " and the like are taken: another address works"
						: " is taken: another address works");
	} else if (common & ALL_V4) {
		buf_add_str(fact, "only IPv4 is taken: [::] with IPV6_V6ONLY works");
	} else {
		buf_add_str(fact, "only IPv6 is taken: 0.0.0.0 works");
	}
}

/* A wildcard that is there. */
static void fact_wide_sock(const struct telling *t, struct diagnosis *d)
{
	const struct sock *s = t->top->row->sock;
	struct addr wanted = addr_unmap(&t->c->wishes->addr);
	bool is_dual = s->local.family == AF_INET6 && wanted.family == AF_INET;
	struct buf *fact = addr_is_wildcard(&s->local) ? diagnosis_add_fact(d) : NULL;

	if (!fact)
		return;
	obstacle_text_add_end(t->ctx->style, t->top, fact);
	if (is_dual && t->top->meets == BIND_DEPENDS)
		buf_add_str(fact, " is of IPv6 and takes IPv4, too, unless it has set "
				  "IPV6_V6ONLY, which cannot be read");
	else if (is_dual)
		buf_add_str(fact, " is of IPv6 and takes IPv4, too: it has not set IPV6_V6ONLY");
	else
		buf_add_str(fact, " takes every address");
}

static void fact_overlap(const struct telling *t, struct diagnosis *d)
{
	const struct addr *wanted = &t->c->wishes->addr;

	if (!t->top || t->c->wishes_len != 1)
		return;
	if (addr_is_wildcard(wanted) && (wanted->family == AF_INET6 ||
					 t->top->row->sock->local.family == AF_INET))
		fact_wide_wish(t, d);
	else
		fact_wide_sock(t, d);
}

static void fact_device(const struct telling *t, struct diagnosis *d)
{
	struct buf *fact;

	if (!t->top || t->top->row->sock->bound_if == 0)
		return;
	fact = diagnosis_add_fact(d);
	if (!fact)
		return;
	buf_add_str(fact, "it is bound to device ");
	if (t->top->row->sock->device)
		process_text_add_name(t->top->row->sock->device,
				      strlen(t->top->row->sock->device), t->ctx->style->escape,
				      fact);
	else
		buf_add_dec(fact, t->top->row->sock->bound_if);
	buf_add_str(fact, ": a socket that is bound to another one is not in its way");
}

/* --- what else there is ---------------------------------------------------------------- */

/* Why a connection has the port at all. */
static void fact_range(const struct telling *t, struct diagnosis *d)
{
	const struct bind_world *world = t->c->world;
	uint16_t port = t->c->place->targets.v->lo;
	bool is_connection = t->top && (t->top->kind == OBSTACLE_SOURCE ||
					t->top->kind == OBSTACLE_CONNECTION ||
					t->top->kind == OBSTACLE_SELF ||
					t->top->kind == OBSTACLE_TIME_WAIT);
	struct buf *fact = is_connection && local_ports_has(&world->range, port)
				   ? diagnosis_add_fact(d) : NULL;

	if (!fact)
		return;
	buf_add_dec(fact, port);
	buf_add_str(fact, " is of ip_local_port_range, ");
	buf_add_dec(fact, world->range.lo);
	buf_add_str(fact, " to ");
	buf_add_dec(fact, world->range.hi);
	buf_add_str(fact, reserved_ports_has(&world->reserved, port)
				  ? ", but reserved by now: no new connection gets it"
				  : ", from which connections get their ports");
}

static void fact_peer(const struct telling *t, struct diagnosis *d)
{
	struct column_style style = *t->ctx->style;
	struct buf text = {0};

	if (!t->top || !t->ctx->ends ||
	    (t->top->kind != OBSTACLE_ORPHAN && t->top->kind != OBSTACLE_SOURCE))
		return;
	style.ends = t->ctx->ends;
	sock_text_add_ends(&style, t->top->row->sock, &text);
	struct buf *fact = text.len > 0 && text.error == 0 ? diagnosis_add_fact(d) : NULL;
	if (fact) {
		bool is_named = *text.data != '['; /* `[permission]` */
		buf_add_str(fact, t->top->kind == OBSTACLE_ORPHAN
					  ? "the other end, which takes nothing, is here"
					  : "the other end is here");
		buf_add_str(fact, is_named ? ": " : ", of a process that cannot be named ");
		buf_add(fact, text.data, text.len);
	}
	buf_free(&text);
}

static void fact_count(const struct telling *t, struct diagnosis *d)
{
	size_t others = 0;

	for (size_t i = 1; i < t->c->len; i++)
		others += t->c->v[i].kind != t->top->kind || t->c->v[i].kind < OBSTACLE_SELF;
	struct buf *fact = others > 0 ? diagnosis_add_fact(d) : NULL;
	if (!fact)
		return;
	buf_add_dec(fact, others);
	buf_add_str(fact, others == 1 ? " more socket is in the way" : " more sockets are in the way");
}

static void fact_barred(const struct telling *t, struct diagnosis *d)
{
	struct buf *fact = t->c->bar != BIND_BAR_NONE && t->top ? diagnosis_add_fact(d) : NULL;

	if (!fact)
		return;
	buf_add_str(fact, "besides, ");
	obstacle_text_add_who(t->ctx->style, t->c, t->top, fact);
	buf_add_str(fact, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, fact);
}

/* Root of a user namespace, in a network namespace of its parent. */
static void fact_void_right(const struct telling *t, struct diagnosis *d)
{
	bool is_void = t->c->bar == BIND_BAR_PRIVILEGED && t->c->world->has_void_right;
	struct buf *fact = is_void ? diagnosis_add_fact(d) : NULL;

	if (fact)
		buf_add_str(fact, "the one we have does not count: the network namespace belongs to "
				  "another user namespace");
}

void diagnose_add_facts(const struct telling *t, struct diagnosis *out)
{
	static void (*const facts[])(const struct telling *t, struct diagnosis *d) = {
		fact_peer, fact_range, fact_sharing, fact_overlap, fact_device, fact_count};

	if (t->c->bar != BIND_BAR_NONE) {
		fact_void_right(t, out);
		fact_barred(t, out);
		return;
	}
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		facts[i](t, out);
}
