/*
 * Netlink, packet, vsock and XDP sockets; see other_row.h. Rows of
 * /proc/net/netlink and /proc/net/packet:
 *
 *     000000002fc0623b 0   811        00000111 0        0        0     2        0        4711
 *     00000000c2c3f2a1 3      3    0003   2     1 0      0      31415
 *
 * socket, protocol, port id, groups, memory, ... inode; and socket, references,
 * type, protocol, interface, running, memory, uid, inode.
 */
#include "other_row.h"

#include "buf.h"
#include "netlink.h"
#include "num.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Wire forms; their members' order and sizes leave no holes. */
struct netlink_answer {
	uint8_t family, type, protocol, state;
	uint32_t port_id, peer_id, peer_group, inode;
	uint32_t cookie[2];
};

struct packet_answer { /* packet and XDP */
	uint8_t family, type;
	uint16_t protocol; /* host byte order; of XDP nothing */
	uint32_t inode;
	uint32_t cookie[2];
};

struct vsock_answer {
	uint8_t family, type, state, shutdown;
	uint32_t cid, port, peer_cid, peer_port, inode;
	uint32_t cookie[2];
};

/* Linux's numbers, which not every C library names: linux/socket.h. */
enum { FAMILY_NETLINK = 16, FAMILY_PACKET = 17, FAMILY_VSOCK = 40, FAMILY_XDP = 44 };

/* The names of linux/netlink.h without NETLINK_, as lsof shows them. */
static void add_netlink(struct buf *text, unsigned protocol, uint32_t port_id)
{
	static const char *const names[] = {
		[0] = "ROUTE",          [2] = "USERSOCK",   [3] = "FIREWALL",
		[4] = "SOCK_DIAG",      [5] = "NFLOG",      [6] = "XFRM",
		[7] = "SELINUX",        [8] = "ISCSI",      [9] = "AUDIT",
		[10] = "FIB_LOOKUP",    [11] = "CONNECTOR", [12] = "NETFILTER",
		[13] = "IP6_FW",        [14] = "DNRTMSG",   [15] = "KOBJECT_UEVENT",
		[16] = "GENERIC",       [18] = "SCSITRANSPORT", [19] = "ECRYPTFS",
		[20] = "RDMA",          [21] = "CRYPTO",    [22] = "SMC"};

	if (protocol < sizeof(names) / sizeof(*names) && names[protocol]) {
		buf_add_str(text, names[protocol]);
	} else {
		buf_add_str(text, "protocol ");
		buf_add_dec(text, protocol);
	}
	if (port_id == 0)
		return;
	buf_add_str(text, " portid=");
	buf_add_dec(text, port_id);
}

/* @protocol is an Ethernet type in host byte order. */
static void add_packet(struct buf *text, unsigned protocol, unsigned type)
{
	static const struct {
		unsigned protocol;
		const char *name;
	} names[] = {{0, "none"}, {0x0003, "ALL"}, {0x0800, "IP"}, {0x0806, "ARP"},
		     {0x86DD, "IPV6"}, {0x888E, "PAE"}, {0x88CC, "LLDP"}};
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].protocol == protocol)
			name = names[i].name;
	}
	if (name) {
		buf_add_str(text, name);
	} else {
		buf_add_str(text, "0x");
		buf_add_hex(text, protocol, 4);
	}
	buf_add_str(text, type == SOCK_RAW ? " type=RAW" : type == SOCK_DGRAM ? " type=DGRAM" : "");
}

/* `3:1024`, with * for any. */
static void add_vsock_end(struct buf *text, uint32_t cid, uint32_t port)
{
	const uint32_t any = UINT32_MAX; /* VMADDR_CID_ANY, VMADDR_PORT_ANY */

	if (cid == any)
		buf_add_char(text, '*');
	else
		buf_add_dec(text, cid);
	buf_add_char(text, ':');
	if (port == any)
		buf_add_char(text, '*');
	else
		buf_add_dec(text, port);
}

static uint64_t cookie_of(const uint32_t words[2])
{
	return (uint64_t)words[1] << 32 | words[0];
}

static bool copy_answer(const void *data, size_t len, void *out, size_t size)
{
	if (len < size)
		return false;
	memcpy(out, data, size);
	return true;
}

static int parse_netlink(const void *data, size_t len, struct buf *text, struct sock *s)
{
	struct netlink_answer m;

	if (!copy_answer(data, len, &m, sizeof(m)) || m.family != FAMILY_NETLINK)
		return -EBADMSG;
	s->inode = m.inode;
	s->type = m.type;
	s->cookie = cookie_of(m.cookie);
	s->is_kernels = m.port_id == 0;
	add_netlink(text, m.protocol, m.port_id);
	return 0;
}

/* How packet and XDP sockets number their attributes. */
struct packet_attrs {
	uint8_t family;
	uint16_t info, uid;
};

/*
 * A packet or XDP socket: the fixed part, and of its attributes two words of
 * information, whose first is the interface, and the owner's uid.
 */
static int parse_frames(const void *data, size_t len, const struct packet_attrs *attrs,
			struct packet_answer *m, uint32_t info[2], struct sock *s)
{
	struct nl_attr a;

	if (!copy_answer(data, len, m, sizeof(*m)) || m->family != attrs->family)
		return -EBADMSG;
	s->inode = m->inode;
	s->type = m->type;
	s->cookie = cookie_of(m->cookie);
	info[0] = info[1] = 0;
	const void *at = (const char *)data + sizeof(*m);
	len -= sizeof(*m);
	while (nl_attr_next(&at, &len, &a)) {
		if (a.type == attrs->info && a.len >= 2 * sizeof(*info)) {
			memcpy(info, a.data, 2 * sizeof(*info));
		} else if (a.type == attrs->uid && a.len == sizeof(s->uid)) {
			s->uid = nl_attr_u32(&a);
			s->uid_known = true;
		}
	}
	s->bound_if = info[0];
	return 0;
}

static int parse_packet(const void *data, size_t len, struct buf *text, struct sock *s)
{
	/* PACKET_DIAG_INFO, PACKET_DIAG_UID */
	static const struct packet_attrs attrs = {FAMILY_PACKET, 0, 5};
	struct packet_answer m;
	uint32_t info[2];

	int rc = parse_frames(data, len, &attrs, &m, info, s);
	if (rc == 0)
		add_packet(text, m.protocol, m.type);
	return rc;
}

static int parse_vsock(const void *data, size_t len, struct buf *text, struct sock *s)
{
	struct vsock_answer m;

	if (!copy_answer(data, len, &m, sizeof(m)) || m.family != FAMILY_VSOCK)
		return -EBADMSG;
	s->inode = m.inode;
	s->type = m.type;
	s->cookie = cookie_of(m.cookie);
	s->state = m.state <= SOCK_STATE_CLOSING ? m.state : (uint8_t)SOCK_STATE_UNKNOWN;
	add_vsock_end(text, m.cid, m.port);
	if (m.peer_cid != UINT32_MAX) {
		buf_add_str(text, "->");
		add_vsock_end(text, m.peer_cid, m.peer_port);
	}
	return 0;
}

static int parse_xdp(const void *data, size_t len, struct buf *text, struct sock *s)
{
	/* XDP_DIAG_INFO, XDP_DIAG_UID */
	static const struct packet_attrs attrs = {FAMILY_XDP, 1, 2};
	struct packet_answer m;
	uint32_t info[2]; /* interface, queue: struct xdp_diag_info */

	int rc = parse_frames(data, len, &attrs, &m, info, s);
	if (rc < 0)
		return rc;
	buf_add_str(text, "queue ");
	buf_add_dec(text, info[1]);
	return 0;
}

/* Give the text to the record as its name. */
static int finish(int rc, struct buf *text, struct sock *s, struct sock *out)
{
	if (rc < 0 || text->error)
		return rc < 0 ? rc : text->error;
	s->name = text->data;
	s->name_len = (uint16_t)text->len;
	*out = *s;
	return 0;
}

int other_row_parse_diag(const void *data, size_t len, enum sock_proto proto, struct buf *text,
			 struct sock *out)
{
	struct sock s = {.proto = (uint8_t)proto};

	text->len = 0;
	switch (proto) {
	case SOCK_PROTO_NETLINK:
		return finish(parse_netlink(data, len, text, &s), text, &s, out);
	case SOCK_PROTO_PACKET:
		return finish(parse_packet(data, len, text, &s), text, &s, out);
	case SOCK_PROTO_VSOCK:
		return finish(parse_vsock(data, len, text, &s), text, &s, out);
	case SOCK_PROTO_XDP:
		return finish(parse_xdp(data, len, text, &s), text, &s, out);
	default:
		return -EBADMSG;
	}
}

/* One field of a row. */
struct field {
	const char *text;
	size_t len;
};

/* The fields of a row, parted by blanks. Return how many there are. */
static size_t split(const char *line, size_t len, struct field *out, size_t max)
{
	const char *at = line, *end = line + len;
	size_t count = 0;

	for (; at < end && count < max; count++) {
		while (at < end && *at == ' ')
			at++;
		out[count].text = at;
		while (at < end && *at != ' ')
			at++;
		out[count].len = (size_t)(at - out[count].text);
		if (out[count].len == 0)
			break;
	}
	return count;
}

static bool take_number(const struct field *f, unsigned base, uint64_t max, uint64_t *out)
{
	const char *at = f->text, *end = f->text + f->len;

	return num_scan(&at, end, base, max, out) && at == end;
}

int other_row_parse_text(const char *line, size_t len, enum sock_proto proto, struct buf *text,
			 struct sock *out)
{
	enum { NETLINK_FIELDS = 10, PACKET_FIELDS = 9 };
	struct field f[NETLINK_FIELDS];
	struct sock s = {.proto = (uint8_t)proto};
	uint64_t protocol, number, type, interface, uid;
	size_t count = split(line, len, f, NETLINK_FIELDS);

	text->len = 0;
	if (proto == SOCK_PROTO_NETLINK && count == NETLINK_FIELDS) {
		if (!take_number(&f[1], 10, UINT8_MAX, &protocol) ||
		    !take_number(&f[2], 10, UINT32_MAX, &number) ||
		    !take_number(&f[9], 10, UINT64_MAX, &s.inode))
			return -EINVAL;
		s.is_kernels = number == 0;
		add_netlink(text, (unsigned)protocol, (uint32_t)number);
		return finish(0, text, &s, out);
	}
	if (proto != SOCK_PROTO_PACKET || count != PACKET_FIELDS ||
	    !take_number(&f[2], 10, UINT8_MAX, &type) ||
	    !take_number(&f[3], 16, UINT16_MAX, &protocol) ||
	    !take_number(&f[4], 10, UINT32_MAX, &interface) ||
	    !take_number(&f[7], 10, UINT32_MAX, &uid) ||
	    !take_number(&f[8], 10, UINT64_MAX, &s.inode))
		return -EINVAL;
	s.type = (uint8_t)type;
	s.bound_if = (uint32_t)interface;
	s.uid = (uint32_t)uid;
	s.uid_known = true;
	add_packet(text, (unsigned)protocol, (unsigned)type);
	return finish(0, text, &s, out);
}
