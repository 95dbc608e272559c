/*
 * Answers of sock_diag; see sockdiag_row.h. Each is a fixed structure with
 * attributes behind it:
 *
 *     struct inet_diag_msg | SHUTDOWN | SKV6ONLY | CGROUP_ID | ...
 */
#define _GNU_SOURCE
#include "sockdiag_row.h"

#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* Wire forms; their members' order and sizes leave no holes. */
struct inet_answer {
	uint8_t family, state, timer, retransmits;
	uint16_t sport, dport; /* network byte order */
	uint32_t src[4], dst[4]; /* network byte order; IPv4 in the first word */
	uint32_t interface;
	uint32_t cookie[2]; /* low word first */
	uint32_t expires_ms, rqueue, wqueue, uid, inode;
};

struct unix_answer {
	uint8_t family, type, state, pad;
	uint32_t inode;
	uint32_t cookie[2];
};

static uint64_t cookie_of(const uint32_t words[2])
{
	return (uint64_t)words[1] << 32 | words[0];
}

static struct addr decode_addr(uint8_t family, uint16_t port, const uint32_t words[4])
{
	struct addr a = {.family = family, .port = ntohs(port)};

	memcpy(&a.ip, words, family == AF_INET ? sizeof(a.ip.v4) : sizeof(a.ip.v6));
	return a;
}

/* Link-local addresses need their interface; for others it is a bound device. */
static void set_interface(struct sock *s, uint32_t interface)
{
	struct addr *ends[] = {&s->local, &s->remote};
	bool scoped = false;

	for (size_t i = 0; i < 2; i++) {
		if (ends[i]->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ends[i]->ip.v6)) {
			ends[i]->scope_id = interface;
			scoped |= i == 0;
		}
	}
	if (!scoped)
		s->bound_if = interface;
}

static enum sock_state decode_tcp_state(uint8_t state)
{
	switch (state) {
	case SOCK_STATE_NEW_SYN_RECV:
		return SOCK_STATE_SYN_RECV;
	case SOCK_STATE_CLOSE: /* how a bound socket describes itself */
		return SOCK_STATE_BOUND;
	default:
		return state <= SOCK_STATE_CLOSING ? (enum sock_state)state : SOCK_STATE_UNKNOWN;
	}
}

/* enum sctp_state for associations (linux/sctp.h); endpoints, without peer, use TCP's. */
static enum sock_state decode_sctp_state(uint8_t state, bool has_peer)
{
	static const enum sock_state states[] = {
		SOCK_STATE_CLOSE, SOCK_STATE_SYN_SENT, SOCK_STATE_SYN_SENT,
		SOCK_STATE_ESTABLISHED, SOCK_STATE_FIN_WAIT1, SOCK_STATE_FIN_WAIT2,
		SOCK_STATE_CLOSE_WAIT, SOCK_STATE_LAST_ACK};

	if (!has_peer)
		return state == SOCK_STATE_LISTEN ? SOCK_STATE_LISTEN : SOCK_STATE_BOUND;
	return state < sizeof(states) / sizeof(*states) ? states[state] : SOCK_STATE_UNKNOWN;
}

static enum sock_state decode_state(enum sock_proto proto, uint8_t state, bool has_peer)
{
	switch (proto) {
	case SOCK_PROTO_TCP:
	case SOCK_PROTO_MPTCP:
		return decode_tcp_state(state);
	case SOCK_PROTO_SCTP:
		return decode_sctp_state(state, has_peer);
	default:
		return state == SOCK_STATE_ESTABLISHED ? SOCK_STATE_ESTABLISHED
						       : SOCK_STATE_UNCONNECTED;
	}
}

static void take_inet_attr(const struct nl_attr *a, struct sock *s)
{
	/* INET_DIAG_SKV6ONLY, INET_DIAG_CGROUP_ID */
	enum { SKV6ONLY = 11, CGROUP_ID = 21 };

	switch (a->type) {
	case SKV6ONLY:
		if (a->len == sizeof(uint8_t))
			s->v6only = nl_attr_u8(a) ? SOCK_V6ONLY_YES : SOCK_V6ONLY_NO;
		break;
	case CGROUP_ID:
		s->cgroup = nl_attr_u64(a);
		break;
	}
}

int sockdiag_parse_inet(const void *data, size_t len, enum sock_proto proto, struct sock *out)
{
	struct inet_answer m;
	struct nl_attr a;

	if (len < sizeof(m))
		return -EBADMSG;
	memcpy(&m, data, sizeof(m));
	if (m.family != AF_INET && m.family != AF_INET6)
		return -EBADMSG;
	struct sock s = {
		.proto = (uint8_t)proto,
		.state = (uint8_t)decode_state(proto, m.state, m.dport != 0),
		.inode = m.inode,
		.cookie = cookie_of(m.cookie),
		.uid = m.uid,
		.rqueue = m.rqueue,
		.wqueue = m.wqueue,
		.local = decode_addr(m.family, m.sport, m.src),
		.remote = decode_addr(m.family, m.dport, m.dst),
	};
	/* Of an association it is where its route leads. */
	if (proto != SOCK_PROTO_SCTP || m.dport == 0)
		set_interface(&s, m.interface);
	bool has_timer = proto == SOCK_PROTO_TCP || proto == SOCK_PROTO_MPTCP;
	if (has_timer && m.timer != SOCK_TIMER_NONE && m.timer <= SOCK_TIMER_PROBE) {
		s.timer = m.timer;
		s.timer_ms = m.expires_ms;
	}
	/* Before Linux 6.17 every socket without a file claims uid 0. */
	s.uid_known = (m.inode != 0 || m.uid != 0) && s.timer != SOCK_TIMER_TIME_WAIT;

	const void *at = (const char *)data + sizeof(m);
	len -= sizeof(m);
	while (nl_attr_next(&at, &len, &a))
		take_inet_attr(&a, &s);
	*out = s;
	return 0;
}

/* As /proc/net/unix has it: without an inode there is no file, so not accepted. */
static enum sock_state decode_unix_state(const struct unix_answer *m)
{
	switch (m->state) {
	case SOCK_STATE_LISTEN:
		return SOCK_STATE_LISTEN;
	case SOCK_STATE_ESTABLISHED:
		return m->inode ? SOCK_STATE_CONNECTED : SOCK_STATE_CONNECTING;
	default:
		return m->inode ? SOCK_STATE_UNCONNECTED : SOCK_STATE_DISCONNECTING;
	}
}

/* A path ends at its first NUL, an abstract name has a length. */
static void set_unix_name(struct sock *s, const struct nl_attr *a)
{
	enum { NAME_MAX_BYTES = 108 }; /* sun_path, sys/un.h */
	const char *name = a->data;
	size_t len = a->len <= NAME_MAX_BYTES + 1 ? a->len : NAME_MAX_BYTES + 1;

	if (len > 0 && *name != '\0')
		len = strnlen(name, len);
	if (len == 0)
		return;
	s->name = name;
	s->name_len = (uint16_t)len;
}

/* The kernel's own encoding of a device: 12 bits of major, 20 of minor. */
static struct sock_file decode_file(const struct nl_attr *a)
{
	uint32_t words[2] = {0}; /* inode, device: struct unix_diag_vfs */

	if (a->len >= sizeof(words))
		memcpy(words, a->data, sizeof(words));
	return (struct sock_file){words[1] >> 20, words[1] & 0xFFFFF, words[0]};
}

static void take_unix_attr(const struct nl_attr *a, struct sock *s)
{
	/* UNIX_DIAG_NAME and so on, linux/unix_diag.h */
	enum { NAME = 0, VFS = 1, PEER = 2, RQLEN = 4, UID = 7 };
	uint32_t queues[2];

	switch (a->type) {
	case NAME:
		set_unix_name(s, a);
		break;
	case VFS:
		s->file = decode_file(a);
		break;
	case PEER:
		s->peer = nl_attr_u32(a);
		break;
	case RQLEN:
		if (a->len < sizeof(queues))
			break;
		memcpy(queues, a->data, sizeof(queues));
		s->rqueue = queues[0];
		s->wqueue = queues[1];
		break;
	case UID:
		s->uid = nl_attr_u32(a);
		s->uid_known = s->inode != 0 && a->len == sizeof(s->uid);
		break;
	}
}

int sockdiag_parse_unix(const void *data, size_t len, struct sock *out)
{
	struct unix_answer m;
	struct nl_attr a;

	if (len < sizeof(m))
		return -EBADMSG;
	memcpy(&m, data, sizeof(m));
	if (m.family != AF_UNIX)
		return -EBADMSG;
	struct sock s = {
		.proto = SOCK_PROTO_UNIX,
		.state = (uint8_t)decode_unix_state(&m),
		.type = m.type,
		.inode = m.inode,
		.cookie = cookie_of(m.cookie),
		.name_is_exact = true,
	};
	const void *at = (const char *)data + sizeof(m);
	len -= sizeof(m);
	while (nl_attr_next(&at, &len, &a))
		take_unix_attr(&a, &s);
	*out = s;
	return 0;
}
