/* Port 0; see diagnose_any.h. */
#define _GNU_SOURCE
#include "diagnose_any.h"

#include "column.h"
#include "join.h"
#include "look.h"
#include "place.h"
#include "process.h"
#include "process_text.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>

enum { PORTS = 65536 };

/* The ports of the range, and who has them. */
struct census {
	unsigned total, taken, reserved;
	const struct process *most; /* who has the most of them, NULL: nobody is known */
	unsigned most_len;
};

/* True if a bind() to the place's address would meet a socket on that one's port. */
static bool meets(const struct place *place, const struct sock *s, uint32_t home, uint32_t uid)
{
	struct bind_wish wish = {.addr = place->targets.v->addr, .uid = uid};

	if (wish.addr.family == AF_UNSPEC)
		wish.addr = (struct addr){.family = AF_INET6, .ip.v6 = IN6ADDR_ANY_INIT};
	wish.addr.port = s->local.port;
	return place->targets.v->protos & SOCK_PROTO_BIT(s->proto) &&
	       (home == 0 || s->netns == 0 || s->netns == home) &&
	       bind_rule_meets(&wish, s, -1) == BIND_FAILS;
}

/* Rows come by process: count the ports of each. @seen of its own and of all. */
static void count_rows(const struct place *place, const struct look *look, uint32_t home,
		       const struct bind_world *world, bool *taken, struct census *out)
{
	const struct process *last = NULL;
	unsigned len = 0;

	for (size_t i = 0; i < look->rows.len; i++) {
		const struct row *row = &look->rows.v[i];
		uint16_t port = row->sock->local.port;

		if (!local_ports_has(&world->range, port) ||
		    reserved_ports_has(&world->reserved, port) ||
		    !meets(place, row->sock, home, world->uid))
			continue;
		out->taken += !taken[port];
		taken[port] = true;
		len = row->process && row->process == last ? len + 1 : 1;
		last = row->process;
		if (last && len > out->most_len) {
			out->most = last;
			out->most_len = len;
		}
	}
}

static void count_range(const struct bind_world *world, struct census *out)
{
	for (unsigned port = world->range.lo; port <= world->range.hi; port++) {
		out->total++;
		out->reserved += reserved_ports_has(&world->reserved, (uint16_t)port);
	}
}

static void add_range(const struct bind_world *world, struct buf *out)
{
	buf_add_str(out, "ip_local_port_range, ");
	buf_add_dec(out, world->range.lo);
	buf_add_str(out, " to ");
	buf_add_dec(out, world->range.hi);
}

static void tell(const struct diagnose_context *ctx, const struct census *c,
		 const struct bind_world *world, struct diagnosis *d)
{
	unsigned left = c->total - c->reserved - c->taken;

	buf_add_str(&d->headline, ": ");
	if (world->range.hi == 0) {
		buf_add_str(&d->headline, "ip_local_port_range cannot be read");
		return;
	}
	buf_add_dec(&d->headline, left);
	buf_add_str(&d->headline, " of ");
	buf_add_dec(&d->headline, c->total);
	buf_add_str(&d->headline, left == 1 ? " port is left in " : " ports are left in ");
	add_range(world, &d->headline);
	if (c->reserved > 0) {
		struct buf *fact = diagnosis_put_fact(d);
		buf_add_dec(fact, c->reserved);
		buf_add_str(fact, " of them are reserved (ip_local_reserved_ports)");
	}
	if (left > 0)
		return;
	if (c->most) {
		struct buf *fact = diagnosis_put_fact(d);
		process_text_add(c->most, ctx->style->escape, fact);
		buf_add_str(fact, " has ");
		buf_add_dec(fact, c->most_len);
		buf_add_str(fact, c->most_len == 1 ? " socket on them" : " sockets on them");
	}
	buf_add_str(&d->help, ctx->is_root ? "" : "sudo ");
	buf_add_str(&d->help, "sysctl -w net.ipv4.ip_local_port_range='1024 65535'");
}

int diagnose_any(const struct diagnose_context *ctx, const struct place *place,
		 const struct look *look, uint32_t home, const struct bind_world *world,
		 struct diagnosis *out)
{
	bool *taken = calloc(PORTS, sizeof(*taken)); /* by port */
	struct census c = {0};

	if (!taken)
		return -ENOMEM;
	count_range(world, &c);
	count_rows(place, look, home, world, taken, &c);
	free(taken);
	bool is_full = c.total > 0 && c.taken + c.reserved >= c.total;
	out->cause = is_full ? "exhausted" : "range";
	out->verdict = world->range.hi == 0 ? VERDICT_UNKNOWN
		       : is_full ? VERDICT_FAILS : VERDICT_WORKS;
	out->error = is_full ? EADDRINUSE : 0;
	diagnosis_add_verdict(ctx, place, world->uid, out);
	tell(ctx, &c, world, out);
	return 0;
}
