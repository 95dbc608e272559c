/*
 * Why a bind(2) to a port fails: a row for each cause; see cause.h. What keeps the address
 * comes first, then who has the port if that is not just a process, then what is done
 * with it, and last what is told if nothing is in the way.
 */
#define _GNU_SOURCE
#include "cause.h"

#include "clue.h"
#include "column.h"
#include "diagnose_part.h"
#include "escape.h"
#include "holder.h"
#include "join.h"
#include "netns.h"
#include "obstacle_text.h"
#include "place.h"
#include "process.h"
#include "process_text.h"
#include "reason_text.h"
#include "sock.h"
#include "sock_text.h"

#include <string.h>

/* --- what keeps the address ------------------------------------------------- */

static void add_address(const struct telling *t, struct buf *out)
{
	struct addr addr = t->c->barred.addr;

	addr_add_ip(out, &addr, NULL);
}

static void tell_no_ipv6(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "the kernel has no IPv6");
}

static void tell_no_scope(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is link-local and needs its interface, as in [fe80::1%eth0]");
}

static void tell_multicast(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is a multicast address, which TCP cannot have");
}

static void tell_privileged(const struct telling *t, struct buf *out)
{
	buf_add_str(out, "ports below ");
	buf_add_dec(out, t->c->world->first_free_port);
	buf_add_str(out, " need CAP_NET_BIND_SERVICE");
}

static void tell_not_local(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is no address of this network namespace");
}

static void tell_tentative(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is tentative: the kernel still asks the network whether it is taken");
}

static void tell_duplicate(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is not in use here, because another host has it (dadfailed)");
}

static void tell_disabled(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "IPv6 is switched off here (disable_ipv6)");
}

/* --- who has the port, if it is not just a process --------------------------- */

static void tell_kernels(const struct telling *t, struct buf *out)
{
	const struct clue *clue = t->top->row->clue;

	buf_add_str(out, "the kernel itself has it");
	if (!clue || !*clue->kernel)
		return;
	buf_add_str(out, ", for ");
	escape_add(out, clue->kernel, strlen(clue->kernel), t->ctx->style->escape, ESCAPE_ALL);
}

/* What a socket does, without its holder: `is listened on`. */
static const char *passive_of(enum obstacle_kind kind)
{
	switch (kind) {
	case OBSTACLE_LISTENER:
		return " is listened on by ";
	case OBSTACLE_BOUND:
	case OBSTACLE_DATAGRAM:
		return " is bound by ";
	default:
		return " is used in a connection by ";
	}
}

static void tell_by(const struct telling *t, const char *who, struct buf *out)
{
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, passive_of(t->top->kind));
	buf_add_str(out, who);
}

/* `[hidden: permission; unit nginx.service]` */
static void add_reason(const struct telling *t, struct buf *out)
{
	buf_add_str(out, " [");
	reason_text_add(t->ctx->style, t->top->row, out);
	buf_add_char(out, ']');
}

static void tell_hidden(const struct telling *t, struct buf *out)
{
	tell_by(t, "a process that we may not see", out);
	if (t->top->row->sock->uid_known) {
		buf_add_str(out, ", of ");
		diagnose_add_user(t->ctx, t->top->row->sock->uid, out);
	}
	add_reason(t, out);
}

static void tell_outside(const struct telling *t, struct buf *out)
{
	tell_by(t, "somebody who cannot be seen", out);
	add_reason(t, out);
}

static void tell_in_flight(const struct telling *t, struct buf *out)
{
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, " is kept by a message that nobody has received yet, with its descriptor");
	add_reason(t, out);
}

static void tell_unknown(const struct telling *t, struct buf *out)
{
	tell_by(t, "somebody who cannot be named", out);
	add_reason(t, out);
}

static void tell_ring(const struct telling *t, struct buf *out)
{
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, " in an io_uring, without a descriptor");
}

static void tell_mapping(const struct telling *t, struct buf *out)
{
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, " in a mapping, without a descriptor");
}

static void tell_threads(const struct telling *t, struct buf *out)
{
	buf_add_str(out, "thread ");
	buf_add_dec(out, (uint64_t)t->top->row->holder->tid);
	buf_add_str(out, " of ");
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, ", which its main thread has not");
}

/* --- what is done with the port ------------------------------------------------ */

/* `nginx,811 listens on *:8080` */
static void tell_active(const struct telling *t, const char *one, const char *several,
			struct buf *out)
{
	unsigned count = obstacle_text_add_who(t->ctx->style, t->c, t->top, out);

	buf_add_str(out, count == 1 ? one : several);
	obstacle_text_add_end(t->ctx->style, t->top, out);
}

/* What holds it for others, as guard.h says it: `docker-proxy,33, the port forwarder ...` */
static void tell_for_others(const struct telling *t, struct buf *out)
{
	tell_active(t, t->top->kind == OBSTACLE_LISTENER ? " listens on " : " has ",
		    t->top->kind == OBSTACLE_LISTENER ? " listen on " : " have ", out);
	buf_add_str(out, ": ");
	buf_add(out, t->advice.data, t->advice.len);
}

static void tell_listener(const struct telling *t, struct buf *out)
{
	tell_active(t, " listens on ", " listen on ", out);
}

static void tell_bound(const struct telling *t, struct buf *out)
{
	tell_active(t, " is bound to ", " are bound to ", out);
	buf_add_str(out, " and does not listen, so that most tools do not show it");
}

static void tell_datagram(const struct telling *t, struct buf *out)
{
	tell_active(t, " receives on ", " receive on ", out);
}

static void tell_self(const struct telling *t, struct buf *out)
{
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " is connected to itself through ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, ": it called the port while nobody listened, from the port itself");
}

static size_t count_kind(const struct telling *t, enum obstacle_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < t->c->len; i++)
		count += t->c->v[i].kind == kind;
	return count;
}

/* `sshd,812 has 127.0.0.1:22->10.0.0.1:5000`; of several the first, and how many there are. */
static void tell_connection(const struct telling *t, const char *as, struct buf *out)
{
	const struct sock *s = t->top->row->sock;
	size_t count = count_kind(t, t->top->kind);

	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, as);
	sock_text_add_end(t->ctx->style, s, &s->local, out);
	buf_add_str(out, "->");
	sock_text_add_end(t->ctx->style, s, &s->remote, out);
	if (count > 1) {
		buf_add_str(out, " and ");
		buf_add_dec(out, count - 1);
		buf_add_str(out, " more");
	}
}

static void tell_source(const struct telling *t, struct buf *out)
{
	tell_connection(t, " uses it as the source port of its connection ", out);
}

static void tell_accepted(const struct telling *t, struct buf *out)
{
	tell_connection(t, " still has a connection that outlives its listener: ", out);
}

static void tell_any_connection(const struct telling *t, struct buf *out)
{
	tell_connection(t, " uses it in its connection ", out);
}

static void tell_orphan(const struct telling *t, struct buf *out)
{
	const struct sock *s = t->top->row->sock;

	buf_add_str(out, "a closed connection to ");
	sock_text_add_end(t->ctx->style, s, &s->remote, out);
	buf_add_str(out, " has data that was not taken yet (");
	buf_add_str(out, sock_state_name((enum sock_state)s->state));
	buf_add_str(out, ")");
}

static void tell_time_wait(const struct telling *t, struct buf *out)
{
	const char *state = sock_state_name((enum sock_state)t->top->row->sock->state);

	buf_add_str(out, *state ? state : "a closed connection");
	buf_add_str(out, " for ");
	obstacle_text_add_time(t->top, out);
	buf_add_str(out, ", left by a connection with ");
	sock_text_add_end(t->ctx->style, t->top->row->sock, &t->top->row->sock->remote, out);
}

/* --- nothing is in the way ------------------------------------------------------- */

static void tell_blind(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "nothing is seen on it, but sockets that are bound and do not listen "
			 "cannot be seen here");
}

static void tell_elsewhere(const struct telling *t, struct buf *out)
{
	const struct row *row = t->ctx->elsewhere;
	const struct netns *ns = t->ctx->style->namespaces
		? netns_list_find(t->ctx->style->namespaces, row->sock->netns) : NULL;

	buf_add_str(out, "it is free here; ");
	if (row->process)
		process_text_add(row->process, t->ctx->style->escape, out);
	else
		buf_add_str(out, "somebody");
	buf_add_str(out, " has it in another network namespace");
	if (ns) {
		buf_add_str(out, ", ");
		netns_add_name(out, ns, t->ctx->style->escape);
	}
}

static void tell_aside(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "what is on the port has another address or device");
}

static void tell_free(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "nothing is in the way");
}

/* --- the table --------------------------------------------------------------------------- */

#define BAR(bar) CAUSE_BAR, (int)(bar)
#define REASON(reason) CAUSE_REASON, (int)(reason)
#define HOLDER(kind) CAUSE_HOLDER, (int)(kind)
#define KIND(kind) CAUSE_KIND, (int)(kind)

const struct cause cause_rows[] = {
	{"no-ipv6", BAR(BIND_BAR_NO_IPV6), tell_no_ipv6},
	{"no-scope", BAR(BIND_BAR_NO_SCOPE), tell_no_scope},
	{"multicast", BAR(BIND_BAR_MULTICAST), tell_multicast},
	{"privileged", BAR(BIND_BAR_PRIVILEGED), tell_privileged},
	{"not-local", BAR(BIND_BAR_NOT_LOCAL), tell_not_local},
	{"tentative", BAR(BIND_BAR_TENTATIVE), tell_tentative},
	{"duplicate", BAR(BIND_BAR_DUPLICATE), tell_duplicate},
	{"ipv6-off", BAR(BIND_BAR_DISABLED), tell_disabled},
	{"kernel", REASON(REASON_KERNEL), tell_kernels},
	{"hidden", REASON(REASON_PERMISSION), tell_hidden},
	{"pid-namespace", REASON(REASON_PIDNS), tell_outside},
	{"in-flight", REASON(REASON_IN_FLIGHT), tell_in_flight},
	{"unknown", REASON(REASON_UNKNOWN), tell_unknown},
	{"ring", HOLDER(HOLDER_RING), tell_ring},
	{"mapping", HOLDER(HOLDER_MEM), tell_mapping},
	{"for-others", CAUSE_FOR_OTHERS, 0, tell_for_others},
	{"thread", CAUSE_THREAD, 0, tell_threads},
	{"listener", KIND(OBSTACLE_LISTENER), tell_listener},
	{"bound", KIND(OBSTACLE_BOUND), tell_bound},
	{"datagram", KIND(OBSTACLE_DATAGRAM), tell_datagram},
	{"self-connect", KIND(OBSTACLE_SELF), tell_self},
	{"source-port", KIND(OBSTACLE_SOURCE), tell_source},
	{"accepted", KIND(OBSTACLE_ACCEPTED), tell_accepted},
	{"connection", KIND(OBSTACLE_CONNECTION), tell_any_connection},
	{"orphan", KIND(OBSTACLE_ORPHAN), tell_orphan},
	{"time-wait", KIND(OBSTACLE_TIME_WAIT), tell_time_wait},
	{"blind", CAUSE_BLIND, 0, tell_blind},
	{"elsewhere", CAUSE_ELSEWHERE, 0, tell_elsewhere},
	{"aside", CAUSE_ASIDE, 0, tell_aside},
	{"free", CAUSE_FREE, 0, tell_free},
};

const size_t cause_rows_len = sizeof(cause_rows) / sizeof(*cause_rows);

bool cause_is_blind(const struct telling *t)
{
	return !t->top && t->ctx->misses_bound &&
	       t->c->place->targets.v->protos & SOCK_PROTO_BIT(SOCK_PROTO_TCP);
}

static bool applies(const struct cause *cause, const struct telling *t)
{
	const struct row *row = t->top ? t->top->row : NULL;
	const struct holder *h = row ? row->holder : NULL;

	switch (cause->on) {
	case CAUSE_BAR:
		return (int)t->c->bar == cause->value;
	case CAUSE_REASON:
		return row && !h && row->sock->inode != 0 && (int)row->reason == cause->value;
	case CAUSE_HOLDER:
		return h && (int)h->kind == cause->value;
	case CAUSE_FOR_OTHERS:
		return t->guard != GUARD_NONE || t->is_forwarder;
	case CAUSE_THREAD:
		return h && h->tid != h->pid;
	case CAUSE_KIND:
		return t->top && (int)t->top->kind == cause->value;
	case CAUSE_BLIND:
		return cause_is_blind(t);
	case CAUSE_ELSEWHERE:
		return !t->top && t->ctx->elsewhere;
	case CAUSE_ASIDE:
		return !t->top && t->c->elsewhere > 0;
	case CAUSE_FREE:
		return !t->top;
	}
	return false;
}

const struct cause *cause_find(const struct telling *t)
{
	const struct cause *cause = cause_rows;

	/* Each kind of obstacle has a row, and the last applies if there is none. */
	while (!applies(cause, t))
		cause++;
	return cause;
}
