/* Which sockets can share a port; see bind_rule.h. */
#define _GNU_SOURCE
#include "bind_rule.h"

#include "probe.h"
#include "sock.h"

#include <string.h>

/* How an address takes part in the comparison. */
enum shape {
	SHAPE_V4,   /* of IPv4, also v4-mapped */
	SHAPE_ANY4, /* 0.0.0.0 */
	SHAPE_V6,
	SHAPE_ANY6, /* [::] */
};

static enum shape shape_of(const struct addr *a)
{
	struct addr plain = addr_unmap(a);
	bool is_any = addr_is_wildcard(&plain);

	if (plain.family == AF_INET)
		return is_any ? SHAPE_ANY4 : SHAPE_V4;
	return is_any ? SHAPE_ANY6 : SHAPE_V6;
}

/*
 * Does an IPv6 socket keep IPv4 addresses, too? Of connections the kernel does not tell
 * (inet_diag_msg_attrs_fill); what was bound to an address of its own never does
 * (__inet6_bind), but a connection that was not bound by hand does (tcp_v6_connect,
 * tcp_v6_syn_recv_sock), though no packet of IPv4 is for it. Multipath TCP has its option
 * apart from those of the subflows that are bound (mptcp_bind).
 */
static enum bind_answer takes_v4(const struct sock *s, int held)
{
	bool is_any = addr_is_wildcard(&s->local);

	if (!is_any && SOCK_STATE_BIT(s->state) & SOCK_STATES_WAITING)
		return BIND_WORKS;
	if (!is_any && s->proto == SOCK_PROTO_MPTCP)
		return BIND_DEPENDS;
	if (held >= 0)
		return held & PROBE_V6ONLY ? BIND_WORKS : BIND_FAILS;
	if (s->v6only == SOCK_V6ONLY_UNKNOWN)
		return BIND_DEPENDS;
	return s->v6only == SOCK_V6ONLY_YES ? BIND_WORKS : BIND_FAILS;
}

static enum bind_answer meets_if(bool claim)
{
	return claim ? BIND_FAILS : BIND_WORKS;
}

/*
 * What an IPv6 socket has in the place of an IPv4 address while it has another one:
 * LOOPBACK4_IPV6, 127.0.0.6 (include/net/ipv6.h). UDP compares it as if it were meant;
 * TCP does not since Linux 6.1 (inet_bind2_bucket_addr_match).
 */
static bool is_stand_in(const struct bind_wish *wish, const struct sock *s)
{
	return wish->addr.family == AF_INET && wish->addr.ip.v4.s_addr == htonl(0x7F000006) &&
	       (s->proto == SOCK_PROTO_UDP || s->proto == SOCK_PROTO_UDPLITE);
}

/* Of an address of IPv4: does it meet another one of IPv6? */
static enum bind_answer meets_v6(const struct bind_wish *wish, const struct sock *s, int held)
{
	bool is_mapped = wish->addr.family == AF_INET6; /* ::ffff:0.0.0.0 is no wildcard there */

	if (is_mapped || !(addr_is_wildcard(&wish->addr) || is_stand_in(wish, s)))
		return BIND_WORKS;
	return takes_v4(s, held);
}

static enum bind_answer meets_address(const struct bind_wish *wish, const struct sock *s, int held)
{
	enum shape theirs = shape_of(&s->local);

	switch (shape_of(&wish->addr)) {
	case SHAPE_ANY6:
		return meets_if(!wish->v6only || theirs == SHAPE_V6 || theirs == SHAPE_ANY6);
	case SHAPE_V6:
		return meets_if(theirs == SHAPE_ANY6 ||
				(theirs == SHAPE_V6 && addr_equal_ip(&wish->addr, &s->local)));
	case SHAPE_ANY4:
	case SHAPE_V4:
		break;
	}
	if (theirs == SHAPE_ANY6)
		return takes_v4(s, held);
	if (theirs == SHAPE_V6)
		return meets_v6(wish, s, held);
	return meets_if(theirs == SHAPE_ANY4 || shape_of(&wish->addr) == SHAPE_ANY4 ||
			addr_equal_ip(&wish->addr, &s->local));
}

/* A socket that is bound to a device does not meet one that is bound to another. */
static bool shares_device(const struct bind_wish *wish, const struct sock *s)
{
	uint32_t mine = wish->addr.scope_id;
	uint32_t theirs = s->bound_if ? s->bound_if : s->local.scope_id;

	return mine == 0 || theirs == 0 || mine == theirs;
}

/*
 * Text tells of no device, also not that of a link-local address; nor has it cookies, as
 * sock_diag has.
 */
static bool may_have_device(const struct bind_wish *wish, const struct sock *s)
{
	bool is_scoped = s->local.family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&s->local.ip.v6);

	return wish->addr.scope_id != 0 && s->bound_if == 0 && s->local.scope_id == 0 &&
	       (is_scoped || s->cookie == 0);
}

/* Requests for a connection are in no table of ports, nor is what has none. */
static bool keeps_a_port(const struct sock *s)
{
	bool is_request = s->state == SOCK_STATE_SYN_RECV && s->inode == 0;

	return s->local.port != 0 && !is_request;
}

enum bind_answer bind_rule_meets(const struct bind_wish *wish, const struct sock *s, int held)
{
	if (!keeps_a_port(s) || !shares_device(wish, s))
		return BIND_WORKS;
	enum bind_answer meets = meets_address(wish, s, held);
	return meets == BIND_FAILS && may_have_device(wish, s) ? BIND_DEPENDS : meets;
}

/* Do both have an option? BIND_WORKS if they have. */
static enum bind_answer both_have(unsigned options, int held, unsigned option)
{
	if (!(options & option))
		return BIND_FAILS;
	if (held < 0)
		return BIND_DEPENDS;
	return (unsigned)held & option ? BIND_WORKS : BIND_FAILS;
}

/* SO_REUSEADDR: of TCP not beside a listener. */
static enum bind_answer share_address(unsigned options, const struct sock *s, int held)
{
	return s->state == SOCK_STATE_LISTEN ? BIND_FAILS
					     : both_have(options, held, PROBE_REUSEADDR);
}

/* SO_REUSEPORT: of the same user, but for what a connection has left. */
static enum bind_answer share_port(const struct bind_wish *wish, unsigned options,
				   const struct sock *s, int held)
{
	enum bind_answer both = both_have(options, held, PROBE_REUSEPORT);

	if (both == BIND_FAILS || s->timer == SOCK_TIMER_TIME_WAIT)
		return both;
	if (!s->uid_known)
		return BIND_DEPENDS;
	return s->uid == wish->uid ? both : BIND_FAILS;
}

enum bind_answer bind_rule_judge(const struct bind_wish *wish, unsigned options,
				 const struct sock *s, int held)
{
	enum bind_answer meets = bind_rule_meets(wish, s, held);
	enum bind_answer by_address = share_address(options, s, held);
	enum bind_answer by_port = share_port(wish, options, s, held);
	enum bind_answer sharing = by_address < by_port ? by_address : by_port;

	return meets < sharing ? meets : sharing;
}
