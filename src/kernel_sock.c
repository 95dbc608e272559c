/*
 * Ports that the kernel holds; see kernel_sock.h. A device in an answer to
 * RTM_GETLINK is a struct ifinfomsg and attributes, two of them nested:
 *
 *     ifinfomsg | IFLA_IFNAME "vx0" | ... | IFLA_LINKINFO
 *                     IFLA_INFO_KIND "vxlan" | IFLA_INFO_DATA
 *                         ... | IFLA_VXLAN_PORT 12 b5 | ...
 *
 * as rtnl_fill_ifinfo (net/core/rtnetlink.c) and each driver's fill_info put
 * them. WireGuard tells its port to generic netlink alone (linux/wireguard.h).
 */
#define _GNU_SOURCE
#include "kernel_sock.h"

#include "grow.h"
#include "netlink.h"
#include "num.h"
#include "procfs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The headers named here are not included: musl-gcc has none of them. */
enum {
	/* linux/rtnetlink.h */
	RTM_NEWLINK = 16,
	RTM_GETLINK = 18,
	RTEXT_FILTER_SKIP_STATS = 1 << 3,

	/* linux/if.h */
	IFF_UP = 1,

	/* linux/if_link.h */
	IFLA_IFNAME = 3,
	IFLA_LINKINFO = 18,
	IFLA_EXT_MASK = 29,
	IFLA_LINK_NETNSID = 37,
	IFLA_INFO_KIND = 1, /* inside of IFLA_LINKINFO */
	IFLA_INFO_DATA = 2,
	IFLA_VXLAN_PORT = 15, /* inside of IFLA_INFO_DATA */
	IFLA_VXLAN_GROUP6 = 16,
	IFLA_VXLAN_LOCAL6 = 17,
	IFLA_VXLAN_COLLECT_METADATA = 25,
	IFLA_GENEVE_PORT = 5,
	IFLA_GENEVE_COLLECT_METADATA = 6,
	IFLA_GENEVE_REMOTE6 = 7,
	IFLA_BAREUDP_PORT = 1,

	/* linux/genetlink.h */
	GENL_ID_CTRL = 16,
	CTRL_CMD_GETFAMILY = 3,
	CTRL_ATTR_FAMILY_ID = 1,
	CTRL_ATTR_FAMILY_NAME = 2,
	GENERIC_VERSION = 1, /* of a request; WG_GENL_VERSION */

	/* linux/wireguard.h */
	WG_CMD_GET_DEVICE = 0,
	WGDEVICE_A_IFNAME = 2,
	WGDEVICE_A_LISTEN_PORT = 6,
};

/* struct ifinfomsg, linux/rtnetlink.h */
struct link_header {
	uint8_t family;
	uint8_t pad;
	uint16_t type;
	int32_t index;
	uint32_t flags;
	uint32_t change;
};

/* struct genlmsghdr, linux/genetlink.h */
struct generic_header {
	uint8_t command;
	uint8_t version;
	uint16_t reserved;
};

/* Kinds of devices that receive on a UDP port. */
static const struct tunnel {
	char kind[16];
	uint16_t port_attr; /* inside of IFLA_INFO_DATA, big-endian; 0: not told there */
	/* Without any of these a tunnel is IPv4's, with one of the first two IPv6's,
	 * with the last both; 0: always both. */
	uint16_t v6_attrs[2], both_attr;
} tunnels[] = {
	{"vxlan", IFLA_VXLAN_PORT, {IFLA_VXLAN_GROUP6, IFLA_VXLAN_LOCAL6},
	 IFLA_VXLAN_COLLECT_METADATA},
	{"geneve", IFLA_GENEVE_PORT, {IFLA_GENEVE_REMOTE6, IFLA_GENEVE_REMOTE6},
	 IFLA_GENEVE_COLLECT_METADATA},
	{"bareudp", IFLA_BAREUDP_PORT, {0, 0}, 0},
	{"wireguard", 0, {0, 0}, 0},
};

void kernel_sock_list_free(struct kernel_sock_list *list)
{
	free(list->v);
	*list = (struct kernel_sock_list){0};
}

static int add(struct kernel_sock_list *list, const struct kernel_sock *k)
{
	struct kernel_sock *v = grow(list->v, list->len, &list->cap, sizeof(*v));

	if (!v)
		return -ENOMEM;
	list->v = v;
	v[list->len++] = *k;
	return 0;
}

const struct kernel_sock *kernel_sock_find(const struct kernel_sock_list *list,
					   const struct sock *s)
{
	if (!addr_is_wildcard(&s->local) || s->remote.port != 0)
		return NULL;
	for (size_t i = 0; i < list->len; i++) {
		const struct kernel_sock *k = &list->v[i];
		if (k->proto == s->proto && k->port == s->local.port &&
		    (k->family == AF_UNSPEC || k->family == s->local.family))
			return k;
	}
	return NULL;
}

/* --- devices ------------------------------------------------------------- */

/* First attribute of a type. */
static bool find_attr(const void *data, size_t len, uint16_t type, struct nl_attr *out)
{
	while (nl_attr_next(&data, &len, out)) {
		if (out->type == type)
			return true;
	}
	return false;
}

/* The bytes before the NUL, or before the end; false if there are none. */
static bool copy_name(const struct nl_attr *a, char out[16])
{
	size_t len = strnlen(a->data, a->len < 16 ? a->len : 15);

	memset(out, 0, 16);
	memcpy(out, a->data, len);
	return len > 0;
}

static const struct tunnel *find_tunnel(const struct nl_attr *kind)
{
	size_t len = strnlen(kind->data, kind->len);

	for (size_t i = 0; i < sizeof(tunnels) / sizeof(*tunnels); i++) {
		if (strlen(tunnels[i].kind) == len && memcmp(tunnels[i].kind, kind->data, len) == 0)
			return &tunnels[i];
	}
	return NULL;
}

/* A flag that is a number, or an attribute without value. */
static bool is_set(const void *data, size_t len, uint16_t type)
{
	struct nl_attr a;

	return find_attr(data, len, type, &a) && (a.len != sizeof(uint8_t) || nl_attr_u8(&a) != 0);
}

static sa_family_t family_of(const struct tunnel *tunnel, const struct nl_attr *values)
{
	struct nl_attr a;

	if (tunnel->both_attr == 0 || is_set(values->data, values->len, tunnel->both_attr))
		return AF_UNSPEC;
	for (size_t i = 0; i < 2; i++) {
		if (find_attr(values->data, values->len, tunnel->v6_attrs[i], &a))
			return AF_INET6;
	}
	return AF_INET;
}

int kernel_sock_parse_link(const void *data, size_t len, struct kernel_sock *out)
{
	struct link_header h;
	struct nl_attr info, kind, values, port, name, elsewhere;
	const struct tunnel *tunnel;
	struct kernel_sock k = {.proto = SOCK_PROTO_UDP};

	if (len < sizeof(h))
		return -EBADMSG;
	memcpy(&h, data, sizeof(h));
	data = (const char *)data + sizeof(h);
	len -= sizeof(h);

	/* These drivers open their socket with the device, and close it with it. */
	if (!(h.flags & IFF_UP) || !find_attr(data, len, IFLA_LINKINFO, &info) ||
	    !find_attr(info.data, info.len, IFLA_INFO_KIND, &kind))
		return 0;
	tunnel = find_tunnel(&kind);
	/* A device that was moved has left its socket where it was made. */
	if (!tunnel || find_attr(data, len, IFLA_LINK_NETNSID, &elsewhere))
		return 0;
	if (tunnel->port_attr != 0) {
		if (!find_attr(info.data, info.len, IFLA_INFO_DATA, &values) ||
		    !find_attr(values.data, values.len, tunnel->port_attr, &port))
			return 0;
		k.port = ntohs(nl_attr_u16(&port));
		k.family = family_of(tunnel, &values);
		if (k.port == 0)
			return 0;
	}
	if (!find_attr(data, len, IFLA_IFNAME, &name) || !copy_name(&name, k.name))
		return -EBADMSG;
	memcpy(k.kind, tunnel->kind, sizeof(k.kind));
	*out = k;
	return 1;
}

int kernel_sock_parse_wireguard(const void *data, size_t len, struct kernel_sock *out)
{
	struct generic_header h;
	struct nl_attr port, name;
	struct kernel_sock k = {.proto = SOCK_PROTO_UDP, .kind = "wireguard"};

	if (len < sizeof(h))
		return -EBADMSG;
	memcpy(&h, data, sizeof(h));
	data = (const char *)data + sizeof(h);
	len -= sizeof(h);

	/* Further messages about a device tell more of its peers, and no port. */
	if (h.command != WG_CMD_GET_DEVICE || !find_attr(data, len, WGDEVICE_A_LISTEN_PORT, &port))
		return 0;
	k.port = nl_attr_u16(&port);
	if (k.port == 0)
		return 0;
	if (!find_attr(data, len, WGDEVICE_A_IFNAME, &name) || !copy_name(&name, k.name))
		return -EBADMSG;
	*out = k;
	return 1;
}

/* --- asking -------------------------------------------------------------- */

/* Where the answers go. */
struct intake {
	struct kernel_sock_list *out;
	struct kernel_sock_list *asked_later; /* devices that do not tell their port here */
	size_t kept;                          /* of @out, from earlier requests */
	uint16_t family;                      /* of generic netlink; 0 when unknown */
};

static void forget(void *ctx)
{
	struct intake *in = ctx;

	in->out->len = in->kept;
	if (in->asked_later)
		in->asked_later->len = 0;
}

static int take_link(void *ctx, const struct nl_message *m)
{
	struct intake *in = ctx;
	struct kernel_sock k;

	if (m->type != RTM_NEWLINK || kernel_sock_parse_link(m->data, m->len, &k) != 1)
		return 0;
	return add(k.port == 0 ? in->asked_later : in->out, &k);
}

static int take_family(void *ctx, const struct nl_message *m)
{
	struct intake *in = ctx;
	struct nl_attr id;
	size_t head = sizeof(struct generic_header);

	if (m->type == GENL_ID_CTRL && m->len >= head &&
	    find_attr((const char *)m->data + head, m->len - head, CTRL_ATTR_FAMILY_ID, &id))
		in->family = nl_attr_u16(&id);
	return 0;
}

static int take_wireguard(void *ctx, const struct nl_message *m)
{
	struct intake *in = ctx;
	struct kernel_sock k;

	if (m->type != in->family || kernel_sock_parse_wireguard(m->data, m->len, &k) != 1)
		return 0;
	return add(in->out, &k);
}

/* All devices, without IPv6 counters, which the kernel sums up over all CPUs. */
static int load_links(kernel_sock_open *open, void *ctx, struct intake *in)
{
	const struct {
		struct link_header h;
		uint16_t len, type;
		uint32_t mask;
	} body = {.len = 8, .type = IFLA_EXT_MASK, .mask = RTEXT_FILTER_SKIP_STATS};
	const struct nl_request rq = {
		.type = RTM_GETLINK, .flags = NL_FLAG_DUMP, .body = &body, .len = sizeof(body),
		.take = take_link, .ctx = in, .restart = forget,
	};

	int fd = open(ctx, NL_ROUTE);
	if (fd < 0)
		return fd;
	int rc = nl_dump(fd, &rq);
	close(fd);
	return rc;
}

/* Send a generic command whose one argument is a string of at most 15 bytes. */
static int ask_generic(int fd, struct nl_request rq, uint8_t command, uint16_t attr,
		       const char *text)
{
	size_t size = strlen(text) + 1;
	struct {
		struct generic_header h;
		uint16_t len, type;
		char text[16];
	} body = {{command, GENERIC_VERSION, 0}, (uint16_t)(4 + size), attr, ""};

	memcpy(body.text, text, size);
	rq.body = &body;
	rq.len = sizeof(body.h) + ((body.len + 3U) & ~3U);
	return nl_dump(fd, &rq);
}

static int ask_family(int fd, struct intake *in)
{
	const struct nl_request rq = {.type = GENL_ID_CTRL, .take = take_family, .ctx = in};
	int rc = ask_generic(fd, rq, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "wireguard");

	return rc == 0 && in->family < NL_TYPE_FIRST ? -ENOENT : rc;
}

static int ask_wireguard(int fd, const char *name, struct intake *in)
{
	const struct nl_request rq = {.type = in->family, .flags = NL_FLAG_DUMP,
				      .take = take_wireguard, .ctx = in, .restart = forget};

	in->kept = in->out->len;
	int rc = ask_generic(fd, rq, WG_CMD_GET_DEVICE, WGDEVICE_A_IFNAME, name);
	/* Gone, or another device has its name now: the next may still be there. */
	return rc == -ENODEV || rc == -EOPNOTSUPP ? 0 : rc;
}

static int load_wireguard(kernel_sock_open *open, void *ctx,
			  const struct kernel_sock_list *devices, struct kernel_sock_list *out)
{
	struct intake in = {.out = out};

	int fd = open(ctx, NL_GENERIC);
	if (fd < 0)
		return fd;
	int rc = ask_family(fd, &in);
	for (size_t i = 0; rc == 0 && i < devices->len; i++)
		rc = ask_wireguard(fd, devices->v[i].name, &in);
	close(fd);
	return rc;
}

/* --- the NFS server ------------------------------------------------------ */

/* A transport, a blank and a port; the kernel knows rdma and others, too. */
static bool parse_listener(const char *line, const char *end, struct kernel_sock *out)
{
	uint64_t port;

	if (end - line < 4)
		return false;
	if (memcmp(line, "tcp ", 4) == 0)
		out->proto = SOCK_PROTO_TCP;
	else if (memcmp(line, "udp ", 4) == 0)
		out->proto = SOCK_PROTO_UDP;
	else
		return false;
	if (!num_parse(line + 4, end, UINT16_MAX, &port))
		return false;
	out->port = (uint16_t)port;
	return port != 0;
}

int kernel_sock_parse_portlist(const char *text, size_t len, struct kernel_sock_list *out)
{
	const char *end = text + len, *newline;
	struct kernel_sock k = {.kind = "nfsd"};

	/* The kernel ends every line; one that is cut may have lost digits. */
	for (; len > 0 && (newline = memchr(text, '\n', len)) != NULL; len = (size_t)(end - text)) {
		if (parse_listener(text, newline, &k) && add(out, &k) < 0)
			return -ENOMEM;
		text = newline + 1;
	}
	return 0;
}

static int load_portlist(int proc_fd, struct kernel_sock_list *out)
{
	char text[4096]; /* the kernel's answer fits a page: SIMPLE_TRANSACTION_LIMIT */
	ssize_t n = procfs_read(proc_fd, "fs/nfsd/portlist", text, sizeof(text));

	return n < 0 ? (int)n : kernel_sock_parse_portlist(text, (size_t)n, out);
}

int kernel_sock_load(int proc_fd, kernel_sock_open *open, void *ctx, struct kernel_sock_list *out)
{
	struct kernel_sock_list wireguard = {0};
	struct intake in = {.out = out, .asked_later = &wireguard, .kept = out->len};

	/* Each part stands alone: what one may not tell, another may. */
	int rc = load_links(open, ctx, &in);
	if (rc != -ENOMEM && wireguard.len > 0)
		rc = load_wireguard(open, ctx, &wireguard, out);
	if (rc != -ENOMEM && proc_fd >= 0)
		rc = load_portlist(proc_fd, out);
	kernel_sock_list_free(&wireguard);
	return rc == -ENOMEM ? rc : 0;
}
