/*
 * Socket records from NETLINK_SOCK_DIAG; see source_sockdiag.h. What an answer
 * means is sockdiag_row.c's and other_row.c's, the framing netlink.c's.
 *
 * Kernel-side filters: states, and the local port, which the kernel honours for
 * listeners, connections and UDP, but not for TCP sockets that are only bound
 * (inet_diag_dump_icsk): the sink filters again anyway.
 */
#define _GNU_SOURCE
#include "source_sockdiag.h"

#include "buf.h"
#include "netlink.h"
#include "other_row.h"
#include "sock.h"
#include "sock_info.h"
#include "sockdiag_request.h"
#include "sockdiag_row.h"
#include "source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	SOCK_DIAG_BY_FAMILY = 20, /* linux/sock_diag.h */
	TCPDIAG_GETSOCK = 18,     /* linux/inet_diag.h: of TCP, and of both families at once */
	PORTS_MAX = 4,            /* as many dumps by port cost less than a whole one */
	/* For details INET_DIAG_INFO, _CONG, _TOS, _TCLASS, _SKMEMINFO; others come unasked. */
	EXTENSIONS = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6,
};

static const struct inet_proto {
	enum sock_proto proto;
	bool has_states; /* waiting sockets and connections can be asked for apart */
} inet_protos[] = {
	{SOCK_PROTO_TCP, true},      {SOCK_PROTO_UDP, false},  {SOCK_PROTO_UDPLITE, false},
	{SOCK_PROTO_RAW, false},     {SOCK_PROTO_MPTCP, true}, {SOCK_PROTO_SCTP, false},
};

static const struct other_proto {
	enum sock_proto proto;
	uint8_t family;   /* AF_NETLINK and so on, linux/socket.h */
	uint8_t protocol; /* that the request wants */
	bool has_states;  /* the request has a set of states */
	uint32_t show;    /* attributes asked for */
	uint32_t memory;  /* ... for details: UDIAG_SHOW_MEMINFO and so on */
} other_protos[] = {
	/* UDIAG_SHOW_NAME, _VFS, _PEER, _RQLEN, _UID */
	{SOCK_PROTO_UNIX, AF_UNIX, 0, true, 0x57, 0x20},
	{SOCK_PROTO_NETLINK, 16, 255, false, 0, 1}, /* NDIAG_PROTO_ALL */
	{SOCK_PROTO_PACKET, 17, 0, false, 1, 0x10}, /* PACKET_SHOW_INFO */
	{SOCK_PROTO_VSOCK, 40, 0, true, 0, 0},
	{SOCK_PROTO_XDP, 44, 0, false, 1, 8},       /* XDP_SHOW_INFO */
};

/* Wire forms; their members' order and sizes leave no holes. */
struct tcp_request {
	uint8_t family, src_len, dst_len, extensions;
	uint16_t sport, dport; /* network byte order */
	uint32_t src[4], dst[4];
	uint32_t interface;
	uint32_t cookie[2];
	uint32_t states, dbs;
};

struct states_request { /* unix, vsock */
	uint8_t family, protocol;
	uint16_t pad;
	uint32_t states, inode, show;
	uint32_t cookie[2];
};

struct plain_request { /* netlink, packet, XDP */
	uint8_t family, protocol;
	uint16_t pad;
	uint32_t inode, show;
	uint32_t cookie[2];
};

/* Names of interfaces: the latest one, as a table has few. */
struct interface {
	uint32_t index;
	char name[IF_NAMESIZE]; /* "" when unknown */
};

/* One dump under way. */
struct dump {
	const struct source_request *rq;
	struct source_stats *st;
	enum sock_proto proto;
	size_t mark; /* the sink's, before the dump */
	size_t malformed; /* before the dump */
	bool lacks_tcp_request;
	bool is_dead;     /* the netlink socket is of no more use */
	int sink_error;
	uint64_t own_inode; /* of the netlink socket that we ask with */
	struct interface latest;
	struct buf text; /* names of the kinds that have none */
	struct sock_info info; /* of the latest answer */
};

/*
 * The interface's name in the namespace that the netlink socket is of: ours
 * may have another one with the index.
 */
static const char *interface_name(struct dump *d, uint32_t index)
{
	struct ifreq request = {0};

	if (d->latest.index != index) {
		d->latest.index = index;
		d->latest.name[0] = '\0';
		request.ifr_ifindex = (int)index;
		if (ioctl(d->rq->fd, SIOCGIFNAME, &request) == 0)
			memcpy(d->latest.name, request.ifr_name, sizeof(d->latest.name));
		d->latest.name[sizeof(d->latest.name) - 1] = '\0';
	}
	return d->latest.name[0] ? d->latest.name : NULL;
}

static int parse_message(struct dump *d, const struct nl_message *m, struct sock *out)
{
	if (SOCK_PROTO_BIT(d->proto) & SOCK_PROTOS_INET)
		return sockdiag_parse_inet(m->data, m->len, d->proto, out);
	if (d->proto == SOCK_PROTO_UNIX)
		return sockdiag_parse_unix(m->data, m->len, out);
	return other_row_parse_diag(m->data, m->len, d->proto, &d->text, out);
}

/*
 * The connections that a unix listener has not accepted, as text has them. The
 * kernel leaves them out here, as they have no inode, and tells their number.
 * Their clients are not asked for (UDIAG_SHOW_ICONS): a long queue, which any
 * user can make, would not fit into a message and end the whole dump.
 */
static int take_queue(struct dump *d, const struct sock *listener)
{
	enum { QUEUE_MAX = 65536 }; /* records of one queue */
	struct sock s = *listener;
	int rc = 0;

	s.inode = s.cookie = 0;
	s.state = SOCK_STATE_CONNECTING;
	s.rqueue = s.wqueue = 0;
	s.uid_known = false;
	s.file = (struct sock_file){0};
	s.info = NULL;
	for (uint32_t i = 0; rc == 0 && i < listener->rqueue && i < QUEUE_MAX; i++)
		rc = d->rq->sink->take(d->rq->sink->ctx, &s);
	return rc;
}

static int take_message(void *ctx, const struct nl_message *m)
{
	struct dump *d = ctx;
	struct sock s;
	int rc = parse_message(d, m, &s);

	if (rc == -ENOMEM) {
		d->sink_error = rc;
		return rc;
	}
	if (rc < 0) {
		d->st->malformed++;
		return 0;
	}
	if (s.inode == d->own_inode && d->proto == SOCK_PROTO_NETLINK)
		return 0; /* ours, and gone before anybody reads of it */
	s.netns = d->rq->netns;
	if (d->rq->details && sock_info_parse(m->data, m->len, &s, &d->info))
		s.info = &d->info;
	uint32_t index = s.bound_if ? s.bound_if : s.local.scope_id;
	if (index)
		s.device = interface_name(d, index);
	d->sink_error = d->rq->sink->take(d->rq->sink->ctx, &s);
	if (d->sink_error == 0 && d->proto == SOCK_PROTO_UNIX && s.state == SOCK_STATE_LISTEN)
		d->sink_error = take_queue(d, &s);
	return d->sink_error;
}

static void forget(void *ctx)
{
	struct dump *d = ctx;

	if (d->rq->sink->forget)
		d->rq->sink->forget(d->rq->sink->ctx, d->mark);
	d->st->malformed = d->malformed;
}

/*
 * What the kernel answers to what it does not have or allow. After anything else,
 * such as a timeout where a sandbox swallows requests, the socket is not
 * asked again.
 */
static bool is_refusal(int rc)
{
	return rc == -ENOENT || rc == -EINVAL || rc == -EPERM || rc == -EACCES ||
	       rc == -EOPNOTSUPP || rc == -EPROTONOSUPPORT || rc == -EAFNOSUPPORT;
}

/* Run one dump. Return 0, also if it was refused, or -errno of the sink. */
static int run_dump(struct dump *d, uint16_t type, const void *body, size_t len)
{
	const struct source_sink *sink = d->rq->sink;
	struct nl_request request = {
		.type = type, .flags = NL_FLAG_DUMP, .body = body, .len = len,
		.take = take_message, .ctx = d, .restart = forget};

	d->mark = sink->mark ? sink->mark(sink->ctx) : 0;
	d->malformed = d->st->malformed;
	int rc = d->is_dead ? -EIO : nl_dump(d->rq->fd, &request);
	if (d->sink_error < 0 || rc == -ENOMEM)
		return d->sink_error < 0 ? d->sink_error : rc;
	if (rc < 0) {
		forget(d);
		d->is_dead |= !is_refusal(rc);
		d->st->refused |= SOCK_PROTO_BIT(d->proto);
	} else {
		d->st->tables++;
	}
	return 0;
}

static int dump_inet(struct dump *d, const struct inet_proto *p, sa_family_t family,
		     uint32_t states, uint16_t port)
{
	struct sockdiag_request body;
	size_t len = sockdiag_request_begin(p->proto, family, &body);

	body.extensions = d->rq->details ? EXTENSIONS : 0;
	body.states = states;
	body.sport = htons(port);
	return run_dump(d, SOCK_DIAG_BY_FAMILY, &body, len);
}

/*
 * The older request for TCP has no use for the family: its one walk over the tables
 * tells of both (inet_diag_dump_compat in net/ipv4/inet_diag.c).
 */
static int dump_tcp(struct dump *d, uint32_t states, uint16_t port)
{
	struct tcp_request body = {.family = AF_INET, .sport = htons(port), .states = states,
				   .extensions = d->rq->details ? EXTENSIONS : 0,
				   .cookie = {UINT32_MAX, UINT32_MAX}};

	return run_dump(d, TCPDIAG_GETSOCK, &body, sizeof(body));
}

/* Dump one port, or with 0 all, of both families. Return 0 or -errno of the sink. */
static int dump_port(struct dump *d, const struct inet_proto *p, uint32_t states, uint16_t port)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	unsigned bit = SOCK_PROTO_BIT(p->proto);
	int rc = 0;

	if (p->proto == SOCK_PROTO_TCP && !d->lacks_tcp_request) {
		rc = dump_tcp(d, states, port);
		if (rc < 0 || !(d->st->refused & bit))
			return rc;
		d->lacks_tcp_request = true;
		if (d->is_dead)
			return 0;
		d->st->refused &= ~bit;
	}
	for (size_t i = 0; rc == 0 && i < 2 && !(d->st->refused & bit); i++)
		rc = dump_inet(d, p, families[i], states, port);
	return rc;
}

/* Both families: an IPv4 dump lacks the dual-stack socket that holds the port. */
static int dump_families(struct dump *d, const struct inet_proto *p, uint32_t states)
{
	const struct source_sink *sink = d->rq->sink;
	uint16_t ports[PORTS_MAX] = {0};
	size_t count = 0, start = sink->mark ? sink->mark(sink->ctx) : 0;
	int rc = 0;

	d->proto = p->proto;
	if (sink->wants_ports)
		count = sink->wants_ports(sink->ctx, p->proto, ports, PORTS_MAX);
	if (count == 0) { /* port 0: any */
		ports[0] = 0;
		count = 1;
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = dump_port(d, p, states, ports[i]);
		if (!(d->st->refused & SOCK_PROTO_BIT(p->proto)))
			continue;
		/* One family refused: another source is asked for both. */
		d->mark = start;
		forget(d);
		return rc;
	}
	return rc;
}

static uint32_t wanted_states(const struct source_request *rq, enum sock_proto proto)
{
	return rq->sink->wants_states ? rq->sink->wants_states(rq->sink->ctx, proto) : UINT32_MAX;
}

/* The states of a request; a connection request has one of its own. */
static uint32_t wire_states(uint32_t states)
{
	if (states & SOCK_STATE_BIT(SOCK_STATE_SYN_RECV))
		states |= SOCK_STATE_BIT(SOCK_STATE_NEW_SYN_RECV);
	return states & (SOCK_STATE_BIT(SOCK_STATE_BOUND + 1) - 1);
}

/* What waits, of all protocols, and then, if it is wanted still, the rest. */
static int dump_inet_protos(struct dump *d)
{
	const size_t count = sizeof(inet_protos) / sizeof(*inet_protos);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 2 * count; i++) {
		const struct inet_proto *p = &inet_protos[i % count];
		uint32_t states = wanted_states(d->rq, p->proto);

		if (!(d->rq->protos & ~d->st->refused & SOCK_PROTO_BIT(p->proto)))
			continue;
		if (p->has_states)
			states &= i < count ? SOCK_STATES_WAITING : ~SOCK_STATES_WAITING;
		else
			states = i < count ? UINT32_MAX : 0;
		states = p->has_states ? wire_states(states) : states;
		if (states)
			rc = dump_families(d, p, states);
	}
	return rc;
}

static int dump_other(struct dump *d, const struct other_proto *p)
{
	uint32_t show = p->show | (d->rq->details ? p->memory : 0);
	struct states_request with_states = {
		.family = p->family, .protocol = p->protocol, .states = UINT32_MAX,
		.show = show, .cookie = {UINT32_MAX, UINT32_MAX}};
	struct plain_request plain = {
		.family = p->family, .protocol = p->protocol, .show = show,
		.cookie = {UINT32_MAX, UINT32_MAX}};

	d->proto = p->proto;
	return p->has_states
		       ? run_dump(d, SOCK_DIAG_BY_FAMILY, &with_states, sizeof(with_states))
		       : run_dump(d, SOCK_DIAG_BY_FAMILY, &plain, sizeof(plain));
}

int source_sockdiag_read(const struct source_request *rq, struct source_stats *st)
{
	struct dump d = {.rq = rq, .st = st};
	struct stat own;

	if (fstat(rq->fd, &own) == 0)
		d.own_inode = own.st_ino;
	int rc = dump_inet_protos(&d);
	for (size_t i = 0; rc == 0 && i < sizeof(other_protos) / sizeof(*other_protos); i++) {
		if (rq->protos & SOCK_PROTO_BIT(other_protos[i].proto))
			rc = dump_other(&d, &other_protos[i]);
	}
	buf_free(&d.text);
	return rc;
}
