/* A bind(2) and what it would meet; see bind_case.h. */
#define _GNU_SOURCE
#include "bind_case.h"

#include "capability.h"
#include "grow.h"
#include "holder.h"
#include "join.h"
#include "look.h"
#include "place.h"
#include "probe.h"
#include "sock.h"
#include "sock_info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASKED_MAX = 64 }; /* sockets whose options are asked */

/* Options of the new socket, by enum bind_try. */
static const unsigned tried[TRY_COUNT] = {0, PROBE_REUSEADDR, PROBE_REUSEPORT};

void bind_case_free(struct bind_case *c)
{
	free(c->v);
	c->v = NULL;
	c->len = c->cap = 0;
}

void bind_world_load(struct bind_world *out, int proc_fd)
{
	*out = (struct bind_world){
		.range = net_setting_local_ports(proc_fd),
		.first_free_port = bind_right_first_free_port(proc_fd),
		.uid = (uint32_t)geteuid(),
		.may_bind_low = capability_has_for_net(proc_fd, CAPABILITY_NET_BIND_SERVICE)};
	out->has_void_right = !out->may_bind_low && capability_has(CAPABILITY_NET_BIND_SERVICE);
	net_setting_reserved(proc_fd, &out->reserved);
}

/* --- what is wished ----------------------------------------------------------- */

/*
 * One for each address of the place. A port alone stands for what servers bind: [::] with
 * IPv4, which meets every socket of the port.
 */
static void make_wishes(struct bind_case *c)
{
	const struct target_list *targets = &c->place->targets;

	for (size_t i = 0; i < targets->len && c->wishes_len < WISHES_MAX; i++) {
		struct bind_wish wish = {.addr = targets->v[i].addr, .uid = c->world->uid};

		if (wish.addr.family == AF_UNSPEC)
			wish.addr = (struct addr){.family = AF_INET6, .ip.v6 = IN6ADDR_ANY_INIT};
		wish.addr.port = targets->v[i].lo;
		if (!bind_right_needs_scope(&wish.addr)) /* bind(2) passes over it */
			wish.addr.scope_id = 0;
		c->wishes[c->wishes_len++] = wish;
	}
}

static void find_bar(struct bind_case *c, int proc_fd, bind_right_route *route)
{
	const struct target_list *targets = &c->place->targets;
	const unsigned streams = SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP);

	if (c->world->sockets_only)
		return;
	for (size_t i = 0; i < c->wishes_len && c->bar == BIND_BAR_NONE; i++) {
		struct addr addr = c->wishes[i].addr;

		if (targets->v[i].addr.family == AF_UNSPEC) /* IPv4 would do */
			addr = (struct addr){.family = AF_INET, .port = addr.port};
		c->bar = bind_right_find_bar(proc_fd, &addr, route, targets->v[i].protos & streams,
					     c->world->may_bind_low);
		c->barred = c->wishes[i];
	}
}

/* --- what is in the way --------------------------------------------------------- */

static bool is_self_connected(const struct sock *s)
{
	return s->local.port == s->remote.port && addr_equal_ip(&s->local, &s->remote);
}

static enum obstacle_kind kind_of_connection(const struct sock *s, const struct local_ports *range)
{
	bool mine = local_ports_has(range, s->local.port);

	if (is_self_connected(s))
		return OBSTACLE_SELF;
	enum sock_opener opener = sock_info_opener(s, s->info);
	if (s->state == SOCK_STATE_SYN_SENT || opener == SOCK_OPENER_THIS)
		return OBSTACLE_SOURCE;
	if (opener == SOCK_OPENER_OTHER)
		return OBSTACLE_ACCEPTED;
	if (range->hi == 0)
		return OBSTACLE_CONNECTION;
	/* A port of the range is seldom listened on, and one outside of it seldom given. */
	if (mine != local_ports_has(range, s->remote.port))
		return mine ? OBSTACLE_SOURCE : OBSTACLE_ACCEPTED;
	return OBSTACLE_CONNECTION;
}

enum obstacle_kind obstacle_kind_of(const struct row *row, const struct local_ports *range)
{
	const struct sock *s = row->sock;

	if (!(SOCK_PROTO_BIT(s->proto) &
	      (SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP) |
	       SOCK_PROTO_BIT(SOCK_PROTO_SCTP))))
		return OBSTACLE_DATAGRAM;
	if (s->state == SOCK_STATE_LISTEN)
		return OBSTACLE_LISTENER;
	if (s->state == SOCK_STATE_BOUND)
		return OBSTACLE_BOUND;
	if (s->timer == SOCK_TIMER_TIME_WAIT || s->state == SOCK_STATE_TIME_WAIT)
		return OBSTACLE_TIME_WAIT;
	if (sock_is_orphan(s))
		return OBSTACLE_ORPHAN;
	return kind_of_connection(s, range);
}

/* The worst that any of the wishes would meet. */
static enum bind_answer worst_meeting(const struct bind_case *c, const struct sock *s, int held)
{
	enum bind_answer worst = BIND_WORKS;

	for (size_t i = 0; i < c->wishes_len; i++) {
		enum bind_answer meets = bind_rule_meets(&c->wishes[i], s, held);
		worst = meets > worst ? meets : worst;
	}
	return worst;
}

static bool is_on_port(const struct bind_case *c, const struct sock *s, uint32_t home)
{
	const struct target *t = c->place->targets.v;

	return t->protos & SOCK_PROTO_BIT(s->proto) && s->local.port == t->lo &&
	       (home == 0 || s->netns == 0 || s->netns == home);
}

/*
 * The options of a socket, from any holder that lets us ask. The kernel's own tunnels set
 * none (udp_sock_create in include/net/udp_tunnel.h).
 */
static int ask_options(const struct look *look, const struct row *row, struct probe *probe)
{
	size_t count = 0;
	const struct holder *h = holder_index_find(&look->snap.holders, row->sock->inode, &count);

	if (row->reason == REASON_KERNEL && row->sock->proto == SOCK_PROTO_UDP)
		return 0;
	for (size_t i = 0; i < count && row->holder && probe; i++) {
		int options = h[i].kind == HOLDER_FD ? probe_reuse(probe, &h[i]) : -1;
		if (options >= 0)
			return options;
	}
	return -1;
}

static int add_obstacle(struct bind_case *c, const struct row *row, int options,
			enum bind_answer meets)
{
	void *v = grow(c->v, c->len, &c->cap, sizeof(*c->v));

	if (!v)
		return -ENOMEM;
	c->v = v;
	c->v[c->len++] = (struct obstacle){.row = row, .meets = meets, .options = options,
					   .kind = obstacle_kind_of(row, &c->world->range)};
	return 0;
}

static int take_row(struct bind_case *c, const struct row *row, struct probe *probe)
{
	if (worst_meeting(c, row->sock, -1) == BIND_WORKS) {
		c->elsewhere++;
		return 0;
	}
	int options = c->len < ASKED_MAX ? ask_options(c->look, row, probe) : -1;
	enum bind_answer meets = worst_meeting(c, row->sock, options);
	if (meets == BIND_WORKS) {
		c->elsewhere++;
		return 0;
	}
	return add_obstacle(c, row, options, meets);
}

/* What ends by itself later counts as worse. */
static int compare_obstacle(const void *x, const void *y)
{
	const struct obstacle *a = x, *b = y;

	if (a->meets != b->meets)
		return a->meets > b->meets ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->row->sock->timer_ms != b->row->sock->timer_ms)
		return a->row->sock->timer_ms > b->row->sock->timer_ms ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* --- the answers ------------------------------------------------------------------ */

static enum bind_answer judge_try(const struct bind_case *c, unsigned options)
{
	enum bind_answer worst = c->bar == BIND_BAR_NONE ? BIND_WORKS : BIND_FAILS;

	for (size_t i = 0; i < c->len; i++) {
		for (size_t k = 0; k < c->wishes_len; k++) {
			enum bind_answer answer = bind_rule_judge(
				&c->wishes[k], options, c->v[i].row->sock, c->v[i].options);
			worst = answer > worst ? answer : worst;
		}
	}
	return worst;
}

int bind_case_judge(const struct place *place, const struct look *look, uint32_t home,
		    const struct bind_world *world, int proc_fd, struct probe *probe,
		    bind_right_route *route, struct bind_case *out)
{
	int rc = 0;

	*out = (struct bind_case){.place = place, .look = look, .world = world};
	make_wishes(out);
	find_bar(out, proc_fd, route);
	for (size_t i = 0; i < look->rows.len && rc == 0; i++) {
		const struct row *row = &look->rows.v[i];
		if (is_on_port(out, row->sock, home) && !look_repeats(look, row))
			rc = take_row(out, row, probe);
	}
	if (out->len > 0)
		qsort(out->v, out->len, sizeof(*out->v), compare_obstacle);
	for (size_t i = 0; i < TRY_COUNT; i++)
		out->answers[i] = judge_try(out, tried[i]);
	return rc;
}
