/*
 * Ports of the kernel: messages about devices built here and one dump as
 * Linux 6.18 sent it, cut and broken ones, and whole loads from a fake kernel
 * at the other end of a socket pair.
 *
 * tests/data/link_vxlan.bin holds lo; vx0 on port 4789; vx1, which is down, on
 * 8472; and vx2 on 4790, which came from another namespace.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "kernel_sock.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers of linux/{rtnetlink,if_link,genetlink,wireguard}.h. */
enum {
	NEWLINK = 16, GETLINK = 18, UP = 1,
	NAME = 3, LINKINFO = 18, EXT_MASK = 29, LINK_NETNSID = 37, KIND = 1, DATA = 2,
	VXLAN_PORT = 15, GENEVE_PORT = 5, BAREUDP_PORT = 1,
	CONTROL = 16, NEWFAMILY = 1, GETFAMILY = 3, FAMILY_ID = 1, FAMILY_NAME = 2,
	WG = 0x1d, /* whatever the kernel makes it */
	WG_GET = 0, WG_INDEX = 1, WG_NAME = 2, WG_KEY = 3, WG_PORT = 6, WG_PEERS = 8,
	INTERRUPTED = 0x10,
};

/* --- messages ------------------------------------------------------------ */

struct bytes {
	char v[8192];
	size_t len;
};

static void put(struct bytes *b, const void *data, size_t len)
{
	assert_true(b->len + len <= sizeof(b->v));
	if (len > 0)
		memcpy(b->v + b->len, data, len);
	b->len += len;
}

static void pad(struct bytes *b)
{
	put(b, "\0\0\0", -b->len & 3);
}

static size_t open_attr(struct bytes *b, int type)
{
	size_t at = b->len;

	put(b, (uint16_t[]){0, (uint16_t)type}, 4);
	return at;
}

static void close_attr(struct bytes *b, size_t at)
{
	memcpy(b->v + at, &(uint16_t){(uint16_t)(b->len - at)}, 2);
	pad(b);
}

static void put_attr(struct bytes *b, int type, const void *data, size_t len)
{
	size_t at = open_attr(b, type);

	put(b, data, len);
	close_attr(b, at);
}

static void put_text(struct bytes *b, int type, const char *text)
{
	put_attr(b, type, text, strlen(text) + 1);
}

static void put_u16(struct bytes *b, int type, unsigned value)
{
	put_attr(b, type, &(uint16_t){(uint16_t)value}, 2);
}

static void put_link_header(struct bytes *b, uint32_t flags)
{
	put(b, (uint32_t[]){0x10000, 7, flags, 0}, 16);
}

/* Of an info block whose port attribute is big-endian; attribute 0: none. */
static void put_info(struct bytes *b, const char *kind, int attr, unsigned port)
{
	size_t info = open_attr(b, LINKINFO);

	put_text(b, KIND, kind);
	size_t values = open_attr(b, DATA);
	put_attr(b, 40, "other", 5);
	if (attr != 0)
		put_u16(b, attr, htons((uint16_t)port));
	close_attr(b, values);
	close_attr(b, info);
}

static struct bytes make_link(const char *name, const char *kind, int attr, unsigned port)
{
	struct bytes b = {.len = 0};

	put_link_header(&b, UP);
	put_text(&b, NAME, name);
	put_attr(&b, 4, "\xdc\x05\0\0", 4);
	put_info(&b, kind, attr, port);
	put_text(&b, 6, "noqueue");
	return b;
}

static struct bytes make_wireguard(const char *name, unsigned port)
{
	struct bytes b = {.len = 0};

	put(&b, (uint8_t[]){WG_GET, 1, 0, 0}, 4);
	put_u16(&b, WG_PORT, port);
	put_attr(&b, WG_INDEX, "\7\0\0\0", 4);
	put_text(&b, WG_NAME, name);
	put_attr(&b, WG_KEY, "0123456789abcdef0123456789abcdef", 32);
	put_attr(&b, WG_PEERS | 0x8000, "\4\0\0\0", 4);
	return b;
}

typedef int parse(const void *data, size_t len, struct kernel_sock *out);

/* Parse in a guarded buffer; what is no socket leaves @out alone. */
static int parse_guarded(parse *f, const void *data, size_t len, struct kernel_sock *out)
{
	struct kernel_sock before;

	memset(out, 0x5a, sizeof(*out));
	before = *out;
	char *copy = guard_copy(data, len);
	int rc = f(copy, len, out);
	guard_free(copy, len);
	if (rc == 1)
		assert_true(memchr(out->name, 0, 16) && memchr(out->kind, 0, 16));
	else
		assert_memory_equal(out, &before, sizeof(before));
	return rc;
}

static int parse_link(const struct bytes *b, struct kernel_sock *out)
{
	return parse_guarded(kernel_sock_parse_link, b->v, b->len, out);
}

static int parse_wireguard(const struct bytes *b, struct kernel_sock *out)
{
	return parse_guarded(kernel_sock_parse_wireguard, b->v, b->len, out);
}

static void assert_sock(const struct kernel_sock *k, enum sock_proto proto, uint16_t port,
			const char *kind, const char *name)
{
	assert_int_equal(k->proto, proto);
	assert_int_equal(k->port, port);
	assert_string_equal(k->kind, kind);
	assert_string_equal(k->name, name);
}

/* Cut a message at every length, then put a wrong number at every place of one. */
static void break_everywhere(parse *f, const struct bytes *b)
{
	static const uint16_t wrong[] = {0, 1, 3, 4, 5, 8, 0x7fff, 0x8000, 0xfff0, 0xffff};
	struct kernel_sock k;
	struct bytes broken;

	for (size_t len = 0; len <= b->len; len++)
		assert_in_range(parse_guarded(f, b->v, len, &k) + EBADMSG, 0, EBADMSG + 1);
	for (size_t at = 0; at + 2 <= b->len; at += 2) {
		for (size_t i = 0; i < COUNT(wrong); i++) {
			broken = *b;
			memcpy(broken.v + at, &wrong[i], 2);
			parse_guarded(f, broken.v, broken.len, &k);
		}
	}
}

/* --- devices ------------------------------------------------------------- */

static void parse_link_reads_the_port_of_each_kind(void **state)
{
	static const struct {
		const char *kind;
		int attr;
	} kinds[] = {{"vxlan", VXLAN_PORT}, {"geneve", GENEVE_PORT}, {"bareudp", BAREUDP_PORT}};
	struct kernel_sock k;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct bytes b = make_link("tun0", kinds[i].kind, kinds[i].attr, 0x12b5);
		assert_int_equal(parse_link(&b, &k), 1);
		assert_sock(&k, SOCK_PROTO_UDP, 4789, kinds[i].kind, "tun0");
	}
}

static void parse_link_leaves_the_port_of_wireguard_open(void **state)
{
	struct bytes b = make_link("wg0", "wireguard", 0, 0);
	struct kernel_sock k;

	(void)state;
	assert_int_equal(parse_link(&b, &k), 1);
	assert_sock(&k, SOCK_PROTO_UDP, 0, "wireguard", "wg0");
}

static void parse_link_takes_attributes_in_any_order_and_with_flags(void **state)
{
	struct bytes b = {.len = 0};
	struct kernel_sock k;

	(void)state;
	put_link_header(&b, UP | 0x1002);
	size_t info = open_attr(&b, LINKINFO | 0x8000);
	size_t values = open_attr(&b, DATA | 0x8000);
	put_u16(&b, VXLAN_PORT | 0x4000, htons(8472));
	close_attr(&b, values);
	put_attr(&b, KIND, "vxlan", 5); /* no NUL */
	close_attr(&b, info);
	put_attr(&b, NAME, "flannel.1", 9);
	assert_int_equal(parse_link(&b, &k), 1);
	assert_sock(&k, SOCK_PROTO_UDP, 8472, "vxlan", "flannel.1");
}

static void parse_link_guesses_no_port(void **state)
{
	struct bytes absent = make_link("vx0", "vxlan", 0, 0);
	struct bytes foreign = make_link("vx0", "vxlan", GENEVE_PORT, 6081);
	struct bytes zero = make_link("vx0", "vxlan", VXLAN_PORT, 0);
	struct bytes wide = {.len = 0}, no_data = {.len = 0};
	struct kernel_sock k;

	(void)state;
	assert_int_equal(parse_link(&absent, &k), 0);
	assert_int_equal(parse_link(&foreign, &k), 0);
	assert_int_equal(parse_link(&zero, &k), 0);

	put_link_header(&wide, UP);
	put_text(&wide, NAME, "vx0");
	size_t info = open_attr(&wide, LINKINFO);
	put_text(&wide, KIND, "vxlan");
	size_t values = open_attr(&wide, DATA);
	put_attr(&wide, VXLAN_PORT, "\x12\xb5\0\0", 4);
	close_attr(&wide, values);
	close_attr(&wide, info);
	assert_int_equal(parse_link(&wide, &k), 0);

	put_link_header(&no_data, UP);
	put_text(&no_data, NAME, "vx0");
	info = open_attr(&no_data, LINKINFO);
	put_text(&no_data, KIND, "vxlan");
	close_attr(&no_data, info);
	assert_int_equal(parse_link(&no_data, &k), 0);
}

static void parse_link_passes_other_kinds_by(void **state)
{
	static const char *const kinds[] = {"", "dummy", "vxla", "vxlanx", "VXLAN", "veth",
					    "wireguard_of_a_long_name"};
	struct bytes plain = {.len = 0};
	struct kernel_sock k;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct bytes b = make_link("x0", kinds[i], VXLAN_PORT, 4789);
		assert_int_equal(parse_link(&b, &k), 0);
	}
	put_link_header(&plain, UP);
	assert_int_equal(parse_link(&plain, &k), 0);
	put_text(&plain, NAME, "eth0");
	assert_int_equal(parse_link(&plain, &k), 0);
	put_attr(&plain, LINKINFO, "", 0);
	assert_int_equal(parse_link(&plain, &k), 0);
}

static void parse_link_passes_devices_without_a_socket_here_by(void **state)
{
	struct bytes down = make_link("vx0", "vxlan", VXLAN_PORT, 4789);
	struct bytes moved = make_link("vx0", "vxlan", VXLAN_PORT, 4789);
	struct kernel_sock k;

	(void)state;
	memset(down.v + 8, 0, 4);
	assert_int_equal(parse_link(&down, &k), 0);
	put_attr(&moved, LINK_NETNSID, "\0\0\0\0", 4);
	assert_int_equal(parse_link(&moved, &k), 0);
}

static void parse_link_keeps_15_bytes_of_a_name_as_they_are(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		const char *kept;
	} cases[] = {
		{"a\033[31m\n\"\xff\x80", 11, "a\033[31m\n\"\xff\x80"},
		{"exactly15bytes.", 16, "exactly15bytes."},
		{"sixteen bytes:::", 16, "sixteen bytes::"},
		{"a name that is far too long", 28, "a name that is "},
		{"a\0b", 4, "a"},
		{"x", 1, "x"},
	};
	struct kernel_sock k;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bytes b = {.len = 0};
		put_link_header(&b, UP);
		put_info(&b, "vxlan", VXLAN_PORT, 4789);
		put_attr(&b, NAME, cases[i].name, cases[i].len);
		assert_int_equal(parse_link(&b, &k), 1);
		assert_string_equal(k.name, cases[i].kept);
	}
}

static void parse_link_refuses_a_tunnel_without_name(void **state)
{
	struct bytes b = {.len = 0};
	struct kernel_sock k;

	(void)state;
	put_link_header(&b, UP);
	put_info(&b, "wireguard", 0, 0);
	assert_int_equal(parse_link(&b, &k), -EBADMSG);
	put_text(&b, NAME, "");
	assert_int_equal(parse_link(&b, &k), -EBADMSG);
}

static void parse_link_never_reads_past_the_end(void **state)
{
	struct bytes b = make_link("vx0", "vxlan", VXLAN_PORT, 4789);
	struct kernel_sock k;

	(void)state;
	break_everywhere(kernel_sock_parse_link, &b);
	for (size_t len = 0; len < 16; len++)
		assert_int_equal(parse_guarded(kernel_sock_parse_link, b.v, len, &k), -EBADMSG);
}

static void parse_link_ends_at_a_nested_length_that_is_wrong(void **state)
{
	struct bytes b = make_link("vx0", "vxlan", VXLAN_PORT, 4789);
	struct kernel_sock k;
	/* Header, name, mtu, info: its kind is next, then the data. */
	size_t kind = 16 + 8 + 8 + 4, values = kind + 12;

	(void)state;
	assert_int_equal(parse_link(&b, &k), 1);
	/* One byte longer than the block around it, though not than the message. */
	memcpy(b.v + values, &(uint16_t){4 + 12 + 8 + 1}, 2);
	assert_int_equal(parse_link(&b, &k), 0);
	memcpy(b.v + values, &(uint16_t){3}, 2);
	assert_int_equal(parse_link(&b, &k), 0);
	b = make_link("vx0", "vxlan", VXLAN_PORT, 4789);
	memcpy(b.v + kind, &(uint16_t){0xffff}, 2);
	assert_int_equal(parse_link(&b, &k), 0);
}

/* --- WireGuard ----------------------------------------------------------- */

static void parse_wireguard_reads_port_and_name(void **state)
{
	struct bytes b = make_wireguard("wg0", 51820);
	struct kernel_sock k;

	(void)state;
	assert_int_equal(parse_wireguard(&b, &k), 1);
	assert_sock(&k, SOCK_PROTO_UDP, 51820, "wireguard", "wg0");
	break_everywhere(kernel_sock_parse_wireguard, &b);
}

static void parse_wireguard_passes_answers_without_port_by(void **state)
{
	struct bytes zero = make_wireguard("wg0", 0), other = make_wireguard("wg0", 51820);
	struct bytes peers = {.len = 0}, wide = {.len = 0};
	struct kernel_sock k;

	(void)state;
	assert_int_equal(parse_wireguard(&zero, &k), 0);
	other.v[0] = 1;
	assert_int_equal(parse_wireguard(&other, &k), 0);

	put(&peers, (uint8_t[]){WG_GET, 1, 0, 0}, 4);
	assert_int_equal(parse_wireguard(&peers, &k), 0);
	put_text(&peers, WG_NAME, "wg0");
	size_t nest = open_attr(&peers, WG_PEERS | 0x8000);
	put_u16(&peers, WG_PORT, 51820); /* a peer's, whatever it means there */
	close_attr(&peers, nest);
	assert_int_equal(parse_wireguard(&peers, &k), 0);

	put(&wide, (uint8_t[]){WG_GET, 1, 0, 0}, 4);
	put_text(&wide, WG_NAME, "wg0");
	put_attr(&wide, WG_PORT, "\x6c\xca\0\0", 4);
	assert_int_equal(parse_wireguard(&wide, &k), 0);
}

static void parse_wireguard_refuses_what_makes_no_sense(void **state)
{
	struct bytes b = {.len = 0};
	struct kernel_sock k;

	(void)state;
	put(&b, (uint8_t[]){WG_GET, 1, 0, 0}, 4);
	for (size_t len = 0; len < 4; len++)
		assert_int_equal(parse_guarded(kernel_sock_parse_wireguard, b.v, len, &k),
				 -EBADMSG);
	put_u16(&b, WG_PORT, 51820);
	assert_int_equal(parse_wireguard(&b, &k), -EBADMSG);
}

/* --- the NFS server ------------------------------------------------------ */

static void parse_portlist_reads_ports_of_ours(void **state)
{
	static const char text[] = "rdma 20049\ntcp 2049\nudp 2049\ntcp 2049\nlocal 0\ntcp 65535\n";
	struct kernel_sock_list list = {0};
	char *copy = guard_copy(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(kernel_sock_parse_portlist(copy, sizeof(text) - 1, &list), 0);
	guard_free(copy, sizeof(text) - 1);
	assert_int_equal(list.len, 4);
	assert_sock(&list.v[0], SOCK_PROTO_TCP, 2049, "nfsd", "");
	assert_sock(&list.v[1], SOCK_PROTO_UDP, 2049, "nfsd", "");
	assert_sock(&list.v[2], SOCK_PROTO_TCP, 2049, "nfsd", "");
	assert_sock(&list.v[3], SOCK_PROTO_TCP, 65535, "nfsd", "");
	kernel_sock_list_free(&list);
}

static void parse_portlist_skips_other_lines(void **state)
{
	static const char text[] = "\n\ntcp\ntcp \ntcp 0\ntcp 65536\ntcp 2049x\ntcp  2049\ntcp -1\n"
				   " tcp 2049\nTCP 2049\nudplite 2049\ntcp-bc 2049\ntcp\t2049\n"
				   "tcp 18446744073709551617\ntcp 20\00049\ntcp 2049";
	struct kernel_sock_list list = {0};

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = guard_copy(text, len);
		assert_int_equal(kernel_sock_parse_portlist(copy, len, &list), 0);
		guard_free(copy, len);
		assert_int_equal(list.len, 0);
	}
	kernel_sock_list_free(&list);
}

static void parse_portlist_believes_no_line_that_is_cut(void **state)
{
	static const char text[] = "tcp 2049\nudp 2050\n";
	struct kernel_sock_list list = {0};

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		list.len = 0;
		assert_int_equal(kernel_sock_parse_portlist(text, len, &list), 0);
		assert_int_equal(list.len, len < 9 ? 0 : len < 18 ? 1 : 2);
	}
	kernel_sock_list_free(&list);
}

static void find_wants_protocol_and_port(void **state)
{
	struct kernel_sock v[] = {
		{SOCK_PROTO_UDP, 4789, AF_INET, "vxlan", "vx0"},
		{SOCK_PROTO_TCP, 2049, AF_UNSPEC, "nfsd", ""},
		{SOCK_PROTO_UDP, 4789, AF_INET, "vxlan", "vx1"},
		{SOCK_PROTO_UDP, 4789, AF_INET6, "vxlan", "vx2"},
	};
	const struct kernel_sock_list list = {v, COUNT(v), COUNT(v)}, none = {0};
	const struct {
		enum sock_proto proto;
		const char *ip;
		uint16_t port;
		const struct kernel_sock *expected;
	} cases[] = {
		{SOCK_PROTO_UDP, "0.0.0.0", 4789, &v[0]}, {SOCK_PROTO_UDP, "::", 4789, &v[3]},
		{SOCK_PROTO_TCP, "0.0.0.0", 2049, &v[1]}, {SOCK_PROTO_TCP, "::", 2049, &v[1]},
		{SOCK_PROTO_UDP, "0.0.0.0", 2049, NULL},  {SOCK_PROTO_TCP, "0.0.0.0", 4789, NULL},
		/* A process may have it at an address of its own. */
		{SOCK_PROTO_UDP, "127.0.0.1", 4789, NULL}, {SOCK_PROTO_UDP, "::1", 4789, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_sock(cases[i].proto, SOCK_STATE_UNCONNECTED, cases[i].ip,
					  cases[i].port, 7);
		assert_ptr_equal(kernel_sock_find(&list, &s), cases[i].expected);
		assert_null(kernel_sock_find(&none, &s));
	}
	struct sock connected = make_sock(SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED, "0.0.0.0", 4789, 7);
	connected.remote.port = 1;
	assert_null(kernel_sock_find(&list, &connected));
}

/* --- the fake kernel ----------------------------------------------------- */

/* One request that must come, and the datagram that answers it. */
struct exchange {
	int protocol;
	uint16_t type, flags;
	struct bytes body;
	struct bytes reply;
};

/* Two sockets at most are opened, one after the other, each served by a child. */
struct kernel {
	struct exchange script[8];
	size_t len;
	int refuse[NL_GENERIC + 1]; /* errno for a protocol */
	pid_t children[2];
	size_t opened;
};

static void put_message(struct bytes *b, unsigned type, unsigned flags, const void *body,
			size_t len)
{
	struct nl_header h = {.len = (uint32_t)(sizeof(h) + len), .type = (uint16_t)type,
			      .flags = (uint16_t)flags};

	put(b, &h, sizeof(h));
	put(b, body, len);
	pad(b);
}

static void put_error(struct bytes *b, unsigned type, int error)
{
	put_message(b, type, 0, &error, sizeof(error));
}

static struct exchange *expect(struct kernel *kernel, int protocol, unsigned type, unsigned flags)
{
	struct exchange *x = &kernel->script[kernel->len++];

	assert_true(kernel->len <= COUNT(kernel->script));
	*x = (struct exchange){.protocol = protocol, .type = (uint16_t)type,
			       .flags = (uint16_t)(NL_FLAG_REQUEST | flags)};
	return x;
}

static struct bytes *expect_links(struct kernel *kernel)
{
	struct exchange *x = expect(kernel, NL_ROUTE, GETLINK, NL_FLAG_DUMP);

	put(&x->body, (char[16]){0}, 16);
	put_attr(&x->body, EXT_MASK, &(uint32_t){8}, 4);
	return &x->reply;
}

static struct bytes *expect_family(struct kernel *kernel)
{
	struct exchange *x = expect(kernel, NL_GENERIC, CONTROL, 0);

	put(&x->body, (uint8_t[]){GETFAMILY, 1, 0, 0}, 4);
	put_text(&x->body, FAMILY_NAME, "wireguard");
	return &x->reply;
}

static void expect_family_found(struct kernel *kernel)
{
	struct bytes *reply = expect_family(kernel), b = {.len = 0};

	put(&b, (uint8_t[]){NEWFAMILY, 2, 0, 0}, 4);
	put_text(&b, FAMILY_NAME, "wireguard");
	put_u16(&b, FAMILY_ID, WG);
	put_message(reply, CONTROL, 0, b.v, b.len);
	b.v[b.len - 4]++;
	put_message(reply, CONTROL + 1, 0, b.v, b.len);
}

static struct bytes *expect_wireguard(struct kernel *kernel, const char *name)
{
	struct exchange *x = expect(kernel, NL_GENERIC, WG, NL_FLAG_DUMP);

	put(&x->body, (uint8_t[]){WG_GET, 1, 0, 0}, 4);
	put_text(&x->body, WG_NAME, name);
	return &x->reply;
}

static void put_link(struct bytes *b, unsigned flags, const char *name, const char *kind, int attr,
		     unsigned port)
{
	struct bytes link = make_link(name, kind, attr, port);

	put_message(b, NEWLINK, flags, link.v, link.len);
}

static void put_wireguard(struct bytes *b, unsigned flags, const char *name, unsigned port)
{
	struct bytes device = make_wireguard(name, port);

	put_message(b, WG, flags, device.v, device.len);
}

/* Give every message of a datagram the number of the request. */
static void set_seq(struct bytes *b, uint32_t seq)
{
	struct nl_header h;

	for (size_t at = 0; at + sizeof(h) <= b->len; at += (h.len + 3) & ~3U) {
		memcpy(&h, b->v + at, sizeof(h));
		h.seq = seq;
		memcpy(b->v + at, &h, sizeof(h));
	}
}

/* In the child: 0 if the requests were those of the script, and no more came. */
static int serve(struct kernel *kernel, int protocol, int fd)
{
	struct {
		struct nl_header h;
		char body[512];
	} rq;

	alarm(10);
	for (size_t i = 0; i < kernel->len; i++) {
		struct exchange *x = &kernel->script[i];
		if (x->protocol != protocol)
			continue;
		ssize_t n = recv(fd, &rq, sizeof(rq), 0);
		if (n != (ssize_t)(sizeof(rq.h) + x->body.len) || rq.h.len != (size_t)n ||
		    rq.h.type != x->type || rq.h.flags != x->flags ||
		    memcmp(rq.body, x->body.v, x->body.len) != 0)
			return 1;
		set_seq(&x->reply, rq.h.seq);
		if (x->reply.len == 0)
			return 0; /* hang up */
		if (send(fd, x->reply.v, x->reply.len, 0) != (ssize_t)x->reply.len)
			return 2;
	}
	return recv(fd, &rq, sizeof(rq), 0) == 0 ? 0 : 3;
}

static int open_fake(void *ctx, int protocol)
{
	struct kernel *kernel = ctx;
	int ends[2];

	if (kernel->refuse[protocol] != 0)
		return -kernel->refuse[protocol];
	assert_true(kernel->opened < COUNT(kernel->children));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		_exit(serve(kernel, protocol, ends[1]));
	}
	close(ends[1]);
	kernel->children[kernel->opened++] = child;
	return ends[0];
}

/* Load, and see that all that was opened was asked as expected and closed. */
static int load(struct kernel *kernel, int proc_fd, struct kernel_sock_list *out)
{
	int rc = kernel_sock_load(proc_fd, open_fake, kernel, out), status;

	for (size_t i = 0; i < kernel->opened; i++) {
		assert_int_equal(waitpid(kernel->children[i], &status, 0), kernel->children[i]);
		assert_int_equal(status, 0);
	}
	return rc;
}

/* --- loads --------------------------------------------------------------- */

static void load_reads_a_recorded_dump(void **state)
{
	struct kernel kernel = {.len = 0};
	struct kernel_sock_list list = {0};
	struct bytes *reply = expect_links(&kernel);
	struct nl_header h;
	int messages = 0;

	(void)state;
	if (htons(1) == 1)
		skip(); /* recorded on a little-endian machine */
	reply->len = data_read("link_vxlan.bin", reply->v, sizeof(reply->v));
	for (size_t at = 0; at < reply->len; at += h.len, messages++) {
		memcpy(&h, reply->v + at, sizeof(h));
		struct bytes link = {.len = 0};
		put(&link, reply->v + at + sizeof(h), h.len - sizeof(h));
		break_everywhere(kernel_sock_parse_link, &link);
	}
	assert_int_equal(messages, 4);

	put_error(reply, NL_TYPE_DONE, 0);
	assert_int_equal(load(&kernel, -1, &list), 0);
	assert_int_equal(kernel.opened, 1);
	assert_int_equal(list.len, 1);
	assert_sock(&list.v[0], SOCK_PROTO_UDP, 4789, "vxlan", "vx0");
	kernel_sock_list_free(&list);
}

static void load_asks_wireguard_of_its_devices_alone(void **state)
{
	struct kernel kernel = {.len = 0};
	struct kernel_sock_list list = {0};
	struct bytes *reply = expect_links(&kernel);

	(void)state;
	put_link(reply, 2, "wg0", "wireguard", 0, 0);
	put_link(reply, 2, "vx0", "vxlan", VXLAN_PORT, 4789);
	put_link(reply, 2, "exactly15bytes.", "wireguard", 0, 0);
	struct bytes other = make_link("vx9", "vxlan", VXLAN_PORT, 9);
	put_message(reply, NEWLINK + 1, 2, other.v, other.len);
	put_error(reply, NL_TYPE_DONE, 0);
	expect_family_found(&kernel);
	reply = expect_wireguard(&kernel, "wg0");
	put_wireguard(reply, 2, "wg0", 51820);
	put_message(reply, WG, 2, (uint8_t[]){WG_GET, 1, 0, 0}, 4);
	other = make_wireguard("wg9", 9);
	put_message(reply, WG + 1, 2, other.v, other.len);
	put_error(reply, NL_TYPE_DONE, 0);
	reply = expect_wireguard(&kernel, "exactly15bytes.");
	put_wireguard(reply, 2, "exactly15bytes.", 51821);
	put_error(reply, NL_TYPE_DONE, 0);

	assert_int_equal(load(&kernel, -1, &list), 0);
	assert_int_equal(kernel.opened, 2);
	assert_int_equal(list.len, 3);
	assert_sock(&list.v[0], SOCK_PROTO_UDP, 4789, "vxlan", "vx0");
	assert_sock(&list.v[1], SOCK_PROTO_UDP, 51820, "wireguard", "wg0");
	assert_sock(&list.v[2], SOCK_PROTO_UDP, 51821, "wireguard", "exactly15bytes.");
	kernel_sock_list_free(&list);
}

/* A kernel with a vxlan device and two of WireGuard. */
static void expect_three_links(struct kernel *kernel)
{
	struct bytes *reply = expect_links(kernel);

	put_link(reply, 2, "wg0", "wireguard", 0, 0);
	put_link(reply, 2, "wg1", "wireguard", 0, 0);
	put_link(reply, 2, "vx0", "vxlan", VXLAN_PORT, 4789);
	put_error(reply, NL_TYPE_DONE, 0);
}

/* The list is the vxlan device of expect_three_links() and the NFS server. */
static void assert_vxlan_and_nfsd(struct kernel_sock_list *list)
{
	assert_int_equal(list->len, 2);
	assert_sock(&list->v[0], SOCK_PROTO_UDP, 4789, "vxlan", "vx0");
	assert_sock(&list->v[1], SOCK_PROTO_TCP, 2049, "nfsd", "");
	kernel_sock_list_free(list);
}

static void load_leaves_out_what_may_not_be_asked(void **state)
{
	struct fixture *fx = *state;
	struct kernel eperm = {.len = 0}, no_family = {.len = 0}, no_socket = {.len = 0};
	struct kernel strange = {.len = 0};
	struct kernel_sock_list list = {0};

	fixture_write(fx, "fs/nfsd/portlist", "tcp 2049\n", 9);
	expect_three_links(&eperm);
	expect_family_found(&eperm);
	put_error(expect_wireguard(&eperm, "wg0"), NL_TYPE_ERROR, -EPERM);
	assert_int_equal(load(&eperm, fx->root_fd, &list), 0);
	assert_vxlan_and_nfsd(&list);

	expect_three_links(&no_family);
	put_error(expect_family(&no_family), NL_TYPE_ERROR, -ENOENT);
	assert_int_equal(load(&no_family, fx->root_fd, &list), 0);
	assert_vxlan_and_nfsd(&list);

	expect_three_links(&strange);
	put_message(expect_family(&strange), CONTROL, 0, "\1\2", 2);
	assert_int_equal(load(&strange, fx->root_fd, &list), 0);
	assert_vxlan_and_nfsd(&list);

	expect_three_links(&no_socket);
	no_socket.refuse[NL_GENERIC] = EPROTONOSUPPORT;
	assert_int_equal(load(&no_socket, fx->root_fd, &list), 0);
	assert_vxlan_and_nfsd(&list);
}

static void load_goes_on_without_netlink(void **state)
{
	struct fixture *fx = *state;
	struct kernel kernel = {.refuse = {[NL_ROUTE] = EPERM, [NL_GENERIC] = EPERM}};
	struct kernel_sock_list list = {0};

	assert_int_equal(load(&kernel, fx->root_fd, &list), 0);
	assert_int_equal(list.len, 0);
	fixture_write(fx, "fs/nfsd/portlist", "udp 2049\n", 9);
	assert_int_equal(load(&kernel, -1, &list), 0);
	assert_int_equal(list.len, 0);
	assert_int_equal(load(&kernel, fx->root_fd, &list), 0);
	assert_int_equal(list.len, 1);
	assert_sock(&list.v[0], SOCK_PROTO_UDP, 2049, "nfsd", "");
	kernel_sock_list_free(&list);
}

static void load_passes_a_device_that_is_gone_by(void **state)
{
	struct kernel kernel = {.len = 0};
	struct kernel_sock_list list = {0};

	(void)state;
	expect_three_links(&kernel);
	expect_family_found(&kernel);
	put_error(expect_wireguard(&kernel, "wg0"), NL_TYPE_ERROR, -ENODEV);
	struct bytes *reply = expect_wireguard(&kernel, "wg1");
	put_wireguard(reply, 2, "wg1", 51821);
	put_error(reply, NL_TYPE_DONE, 0);
	assert_int_equal(load(&kernel, -1, &list), 0);
	assert_int_equal(list.len, 2);
	assert_sock(&list.v[1], SOCK_PROTO_UDP, 51821, "wireguard", "wg1");
	kernel_sock_list_free(&list);
}

static void load_forgets_what_an_interrupted_dump_told(void **state)
{
	struct kernel kernel = {.len = 0};
	struct kernel_sock_list list = {0};

	(void)state;
	struct bytes *reply = expect_links(&kernel);
	put_link(reply, INTERRUPTED, "vx0", "vxlan", VXLAN_PORT, 4789);
	put_link(reply, INTERRUPTED, "wg0", "wireguard", 0, 0);
	put_error(reply, NL_TYPE_DONE, 0);
	reply = expect_links(&kernel);
	put_link(reply, 2, "vx1", "vxlan", VXLAN_PORT, 8472);
	put_link(reply, 2, "wg1", "wireguard", 0, 0);
	put_error(reply, NL_TYPE_DONE, 0);
	expect_family_found(&kernel);
	reply = expect_wireguard(&kernel, "wg1");
	put_wireguard(reply, INTERRUPTED, "wg1", 1);
	put_error(reply, NL_TYPE_DONE, 0);
	reply = expect_wireguard(&kernel, "wg1");
	put_wireguard(reply, 2, "wg1", 51821);
	put_error(reply, NL_TYPE_DONE, 0);

	/* What other loads have appended stays. */
	assert_int_equal(kernel_sock_parse_portlist("tcp 2049\n", 9, &list), 0);
	assert_int_equal(load(&kernel, -1, &list), 0);
	assert_int_equal(list.len, 3);
	assert_sock(&list.v[0], SOCK_PROTO_TCP, 2049, "nfsd", "");
	assert_sock(&list.v[1], SOCK_PROTO_UDP, 8472, "vxlan", "vx1");
	assert_sock(&list.v[2], SOCK_PROTO_UDP, 51821, "wireguard", "wg1");
	kernel_sock_list_free(&list);
}

static void load_keeps_what_came_before_an_error(void **state)
{
	struct kernel cut = {.len = 0}, dumb = {.len = 0};
	struct kernel_sock_list list = {0};

	(void)state;
	struct bytes *reply = expect_links(&cut);
	put_link(reply, 2, "vx0", "vxlan", VXLAN_PORT, 4789);
	put_message(reply, NEWLINK, 2, "short", 5); /* no device, and no reason to stop */
	put_link(reply, 2, "vx1", "vxlan", VXLAN_PORT, 8472);
	put_error(reply, NL_TYPE_DONE, -EIO);
	assert_int_equal(load(&cut, -1, &list), 0);
	assert_int_equal(list.len, 2);
	assert_sock(&list.v[1], SOCK_PROTO_UDP, 8472, "vxlan", "vx1");

	expect_links(&dumb);
	assert_int_equal(load(&dumb, -1, &list), 0);
	assert_int_equal(list.len, 2);
	kernel_sock_list_free(&list);
}

static void load_ends_without_memory(void **state)
{
	struct fixture *fx = *state;
	struct kernel kernel = {.len = 0};
	struct kernel_sock_list list = {0};
	struct bytes *reply = expect_links(&kernel);

	fixture_write(fx, "fs/nfsd/portlist", "tcp 2049\n", 9);
	put_link(reply, 2, "vx0", "vxlan", VXLAN_PORT, 4789);
	put_link(reply, 2, "wg0", "wireguard", 0, 0);
	put_error(reply, NL_TYPE_DONE, -ENOMEM);
	assert_int_equal(load(&kernel, fx->root_fd, &list), -ENOMEM);
	assert_int_equal(kernel.opened, 1);
	assert_int_equal(list.len, 1);
	kernel_sock_list_free(&list);
	kernel_sock_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_link_reads_the_port_of_each_kind),
		cmocka_unit_test(parse_link_leaves_the_port_of_wireguard_open),
		cmocka_unit_test(parse_link_takes_attributes_in_any_order_and_with_flags),
		cmocka_unit_test(parse_link_guesses_no_port),
		cmocka_unit_test(parse_link_passes_other_kinds_by),
		cmocka_unit_test(parse_link_passes_devices_without_a_socket_here_by),
		cmocka_unit_test(parse_link_keeps_15_bytes_of_a_name_as_they_are),
		cmocka_unit_test(parse_link_refuses_a_tunnel_without_name),
		cmocka_unit_test(parse_link_never_reads_past_the_end),
		cmocka_unit_test(parse_link_ends_at_a_nested_length_that_is_wrong),
		cmocka_unit_test(parse_wireguard_reads_port_and_name),
		cmocka_unit_test(parse_wireguard_passes_answers_without_port_by),
		cmocka_unit_test(parse_wireguard_refuses_what_makes_no_sense),
		cmocka_unit_test(parse_portlist_reads_ports_of_ours),
		cmocka_unit_test(parse_portlist_skips_other_lines),
		cmocka_unit_test(parse_portlist_believes_no_line_that_is_cut),
		cmocka_unit_test(find_wants_protocol_and_port),
		cmocka_unit_test(load_reads_a_recorded_dump),
		cmocka_unit_test(load_asks_wireguard_of_its_devices_alone),
		fixture_test(load_leaves_out_what_may_not_be_asked),
		fixture_test(load_goes_on_without_netlink),
		cmocka_unit_test(load_passes_a_device_that_is_gone_by),
		cmocka_unit_test(load_forgets_what_an_interrupted_dump_told),
		cmocka_unit_test(load_keeps_what_came_before_an_error),
		fixture_test(load_ends_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
