/*
 * Netlink, packet, vsock and XDP sockets: answers of sock_diag as the kernel
 * lays them out, rows of /proc/net, cut and broken ones too.
 */
#define _GNU_SOURCE
#include "nl_fixture.h"
#include "other_row.h"

#include <sys/socket.h>

/* Linux's numbers, whatever the C library has. */
enum { FAMILY_NETLINK = 16, FAMILY_PACKET = 17, FAMILY_VSOCK = 40, FAMILY_XDP = 44 };

enum { ANY = -1 }; /* of vsock, as 32 bits without sign */

static const uint32_t cookie[] = {0x11223344, 0x55667788};

/* A record and the text that its name points into. */
struct parsed {
	struct buf text;
	struct sock s;
	int rc;
};

/* Parse a guarded copy, over the name of an earlier record. */
static void parse(struct parsed *p, const struct nl_bytes *b, size_t len, enum sock_proto proto)
{
	char *bytes = guard_copy(b->data, len);

	p->rc = other_row_parse_diag(bytes, len, proto, &p->text, &p->s);
	guard_free(bytes, len);
}

static void drop(struct parsed *p)
{
	buf_free(&p->text);
}

/* Parse a good answer; it has this name. */
static struct sock parse_ok(const struct nl_bytes *b, enum sock_proto proto, const char *name)
{
	struct parsed p = {.rc = 0};

	buf_add_str(&p.text, "of another socket");
	parse(&p, b, b->len, proto);
	assert_int_equal(p.rc, 0);
	assert_bytes(p.s.name, p.s.name_len, name);
	assert_int_equal(p.s.proto, proto);
	assert_int_equal(p.s.cookie, 0x5566778811223344);
	drop(&p);
	return p.s;
}

/* struct netlink_diag_msg */
static void add_netlink(struct nl_bytes *b, uint8_t protocol, uint32_t port_id)
{
	const uint8_t head[] = {FAMILY_NETLINK, SOCK_RAW, protocol, 0x5a};
	const uint32_t words[] = {port_id, 0, 0, 31415};

	nl_bytes_add(b, head, sizeof(head));
	nl_bytes_add(b, words, sizeof(words));
	nl_bytes_add(b, cookie, sizeof(cookie));
}

/* The head of struct packet_diag_msg and of struct xdp_diag_msg. */
static void add_short(struct nl_bytes *b, uint8_t family, uint8_t type, uint16_t number)
{
	const uint8_t head[] = {family, type};
	const uint32_t inode = 31415;

	nl_bytes_add(b, head, sizeof(head));
	nl_bytes_add(b, &number, sizeof(number));
	nl_bytes_add(b, &inode, sizeof(inode));
	nl_bytes_add(b, cookie, sizeof(cookie));
}

/* struct vsock_diag_msg */
static void add_vsock(struct nl_bytes *b, uint8_t state, const int *ends)
{
	const uint8_t head[] = {FAMILY_VSOCK, SOCK_STREAM, state, 0};
	const uint32_t inode = 31415;

	nl_bytes_add(b, head, sizeof(head));
	nl_bytes_add(b, ends, 4 * sizeof(*ends));
	nl_bytes_add(b, &inode, sizeof(inode));
	nl_bytes_add(b, cookie, sizeof(cookie));
}

static void netlink_answer_names_protocol_and_port_id(void **state)
{
	static const struct {
		uint8_t protocol;
		uint32_t port_id;
		const char *name;
	} cases[] = {
		{0, 811, "ROUTE portid=811"},
		{15, 1, "KOBJECT_UEVENT portid=1"},
		{4, 4294967295U, "SOCK_DIAG portid=4294967295"},
		{16, 0, "GENERIC"},
		{22, 7, "SMC portid=7"},
		{1, 7, "protocol 1 portid=7"}, /* unused */
		{17, 7, "protocol 17 portid=7"},
		{23, 7, "protocol 23 portid=7"},
		{255, 0, "protocol 255"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nl_bytes b = {0};
		add_netlink(&b, cases[i].protocol, cases[i].port_id);
		struct sock s = parse_ok(&b, SOCK_PROTO_NETLINK, cases[i].name);
		assert_int_equal(s.inode, 31415);
		assert_int_equal(s.type, SOCK_RAW);
		assert_int_equal(s.state, SOCK_STATE_UNKNOWN);
		assert_int_equal(s.is_kernels, cases[i].port_id == 0);
		assert_false(s.uid_known);
	}
}

static void packet_answer_names_the_type_of_frames(void **state)
{
	static const struct {
		uint16_t number; /* host byte order: sk_diag_fill in net/packet/diag.c */
		uint8_t type;
		const char *name;
	} cases[] = {
		{0, SOCK_RAW, "none type=RAW"},	      {3, SOCK_RAW, "ALL type=RAW"},
		{0x0800, SOCK_DGRAM, "IP type=DGRAM"}, {0x0806, SOCK_RAW, "ARP type=RAW"},
		{0x86DD, SOCK_RAW, "IPV6 type=RAW"},  {0x88CC, SOCK_DGRAM, "LLDP type=DGRAM"},
		{0x0300, SOCK_RAW, "0x0300 type=RAW"}, {0x88B5, 10, "0x88b5"}, /* SOCK_PACKET */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nl_bytes b = {0};
		add_short(&b, FAMILY_PACKET, cases[i].type, cases[i].number);
		struct sock s = parse_ok(&b, SOCK_PROTO_PACKET, cases[i].name);
		assert_int_equal(s.inode, 31415);
		assert_int_equal(s.type, cases[i].type);
		assert_int_equal(s.bound_if, 0);
		assert_false(s.uid_known);
	}
}

static void packet_answer_tells_interface_and_owner(void **state)
{
	const uint32_t info[6] = {3, 2, 0, 0, 0, 0};
	struct nl_bytes b = {0};

	(void)state;
	add_short(&b, FAMILY_PACKET, SOCK_RAW, 0);
	nl_bytes_add_attr(&b, 0, info, sizeof(info)); /* PACKET_DIAG_INFO */
	nl_bytes_add_u32(&b, 4, 77);		      /* _FANOUT */
	nl_bytes_add_u32(&b, 5, 1000);		      /* _UID */
	struct sock s = parse_ok(&b, SOCK_PROTO_PACKET, "none type=RAW");
	assert_int_equal(s.bound_if, 3);
	assert_int_equal(s.uid, 1000);
	assert_true(s.uid_known);
}

static void vsock_answer_gives_both_ends_and_its_state(void **state)
{
	static const struct {
		uint8_t state;
		int ends[4];
		enum sock_state expected;
		const char *name;
	} cases[] = {
		{10, {ANY, 1024, ANY, ANY}, SOCK_STATE_LISTEN, "*:1024"},
		{1, {3, 1024, 2, 5000}, SOCK_STATE_ESTABLISHED, "3:1024->2:5000"},
		{2, {3, ANY, 0, 5000}, SOCK_STATE_SYN_SENT, "3:*->0:5000"},
		{7, {ANY, ANY, ANY, ANY}, SOCK_STATE_CLOSE, "*:*"},
		{11, {1, 0, 1, ANY}, SOCK_STATE_CLOSING, "1:0->1:*"},
		{12, {1, 1, ANY, 5}, SOCK_STATE_UNKNOWN, "1:1"},
		{255, {-2, -2, ANY, 5}, SOCK_STATE_UNKNOWN, "4294967294:4294967294"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nl_bytes b = {0};
		add_vsock(&b, cases[i].state, cases[i].ends);
		struct sock s = parse_ok(&b, SOCK_PROTO_VSOCK, cases[i].name);
		assert_int_equal(s.state, cases[i].expected);
		assert_int_equal(s.inode, 31415);
		assert_int_equal(s.type, SOCK_STREAM);
		assert_int_equal(s.local.family, AF_UNSPEC);
	}
}

static void xdp_answer_tells_interface_queue_and_owner(void **state)
{
	const uint32_t info[] = {3, 12};
	struct nl_bytes b = {0};

	(void)state;
	add_short(&b, FAMILY_XDP, SOCK_RAW, 0x5a5a);
	parse_ok(&b, SOCK_PROTO_XDP, "queue 0");
	nl_bytes_add_attr(&b, 1, info, sizeof(info)); /* XDP_DIAG_INFO */
	nl_bytes_add_u32(&b, 2, 1000);		      /* _UID */
	struct sock s = parse_ok(&b, SOCK_PROTO_XDP, "queue 12");
	assert_int_equal(s.bound_if, 3);
	assert_int_equal(s.uid, 1000);
	assert_true(s.uid_known);
	assert_int_equal(s.inode, 31415);
}

/* One answer of each kind, and how long its head is. */
struct kind {
	enum sock_proto proto;
	uint8_t family;
	size_t head;
};

static const struct kind kinds[] = {
	{SOCK_PROTO_NETLINK, FAMILY_NETLINK, 28},
	{SOCK_PROTO_PACKET, FAMILY_PACKET, 16},
	{SOCK_PROTO_VSOCK, FAMILY_VSOCK, 32},
	{SOCK_PROTO_XDP, FAMILY_XDP, 16},
};

static void add_kind(struct nl_bytes *b, const struct kind *k)
{
	static const int ends[] = {3, 1024, 2, 5000};
	const uint32_t info[] = {3, 12};

	if (k->proto == SOCK_PROTO_NETLINK)
		add_netlink(b, 0, 7);
	else if (k->proto == SOCK_PROTO_VSOCK)
		add_vsock(b, 1, ends);
	else
		add_short(b, k->family, SOCK_RAW, 0);
	assert_int_equal(b->len, k->head);
	nl_bytes_add_attr(b, k->proto == SOCK_PROTO_XDP, info, sizeof(info)); /* 12 bytes */
	nl_bytes_add_u32(b, k->proto == SOCK_PROTO_XDP ? 2 : 5, 1000);	      /* 8 */
}

static void answer_cut_anywhere_gives_what_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind *k = &kinds[i];
		bool has_attrs = k->proto == SOCK_PROTO_PACKET || k->proto == SOCK_PROTO_XDP;
		struct parsed p = {.rc = 0};
		struct nl_bytes b = {0};

		add_kind(&b, k);
		for (size_t cut = 0; cut <= b.len; cut++) {
			parse(&p, &b, cut, k->proto);
			assert_int_equal(p.rc, cut < k->head ? -EBADMSG : 0);
			if (cut < k->head)
				continue;
			assert_int_equal(p.s.inode, 31415);
			assert_int_equal(p.s.bound_if, has_attrs && cut >= k->head + 12 ? 3 : 0);
			assert_int_equal(p.s.uid_known, has_attrs && cut >= k->head + 20);
		}
		drop(&p);
	}
}

static void attribute_with_a_wrong_length_ends_them(void **state)
{
	static const uint16_t lens[] = {0, 1, 3, 21, 0x7fff, 0xfffc, 0xffff};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (size_t j = 0; j < COUNT(lens); j++) {
			struct parsed p = {.rc = 0};
			struct nl_bytes b = {0};
			add_kind(&b, &kinds[i]);
			memcpy(b.data + kinds[i].head, &lens[j], sizeof(lens[j]));
			parse(&p, &b, b.len, kinds[i].proto);
			assert_int_equal(p.rc, 0);
			assert_int_equal(p.s.bound_if, 0);
			assert_false(p.s.uid_known);
			drop(&p);
		}
	}
}

static void info_that_is_too_short_is_none(void **state)
{
	static const uint32_t info[] = {3, 12};
	struct nl_bytes packet = {0}, xdp = {0};

	(void)state;
	add_short(&packet, FAMILY_PACKET, SOCK_RAW, 0);
	nl_bytes_add_attr(&packet, 0, info, 3);
	assert_int_equal(parse_ok(&packet, SOCK_PROTO_PACKET, "none type=RAW").bound_if, 0);
	add_short(&xdp, FAMILY_XDP, SOCK_RAW, 0);
	nl_bytes_add_attr(&xdp, 1, info, 7);
	assert_int_equal(parse_ok(&xdp, SOCK_PROTO_XDP, "queue 0").bound_if, 0);
}

static void answer_of_another_family_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct parsed p = {.rc = 0};
		struct nl_bytes b = {0};

		add_kind(&b, &kinds[i]);
		for (unsigned family = 0; family < 256; family++) {
			b.data[0] = (char)family;
			parse(&p, &b, b.len, kinds[i].proto);
			assert_int_equal(p.rc, family == kinds[i].family ? 0 : -EBADMSG);
		}
		/* Nor is it asked as what has another answer. */
		b.data[0] = (char)kinds[i].family;
		for (unsigned proto = 0; proto < SOCK_PROTO_COUNT; proto++) {
			parse(&p, &b, b.len, (enum sock_proto)proto);
			assert_int_equal(p.rc, proto == kinds[i].proto ? 0 : -EBADMSG);
		}
		drop(&p);
	}
}

/* --- text ---------------------------------------------------------------- */

#define NETLINK_ROW \
	"000000002fc0623b 0   811        00000111 0        0        0     2        0        4711    "
#define KERNEL_ROW \
	"00000000a1fc0623 16  0          00000000 0        0        0     2        0        12      "
#define PACKET_ROW "00000000c2c3f2a1 3      3    0003   2     1 0      1000   31415 "

static void parse_text(struct parsed *p, const char *row, size_t len, enum sock_proto proto)
{
	char *line = guard_copy(row, len);

	p->rc = other_row_parse_text(line, len, proto, &p->text, &p->s);
	guard_free(line, len);
}

static void netlink_row_gives_name_and_inode(void **state)
{
	struct parsed p = {.rc = 0};

	(void)state;
	buf_add_str(&p.text, "of another socket");
	parse_text(&p, NETLINK_ROW, strlen(NETLINK_ROW), SOCK_PROTO_NETLINK);
	assert_int_equal(p.rc, 0);
	assert_bytes(p.s.name, p.s.name_len, "ROUTE portid=811");
	assert_int_equal(p.s.proto, SOCK_PROTO_NETLINK);
	assert_int_equal(p.s.inode, 4711);
	assert_false(p.s.uid_known);
	assert_false(p.s.is_kernels);
	parse_text(&p, KERNEL_ROW, strlen(KERNEL_ROW), SOCK_PROTO_NETLINK);
	assert_int_equal(p.rc, 0);
	assert_bytes(p.s.name, p.s.name_len, "GENERIC");
	assert_true(p.s.is_kernels);
	drop(&p);
}

static void packet_row_gives_name_interface_owner_and_inode(void **state)
{
	struct parsed p = {.rc = 0};

	(void)state;
	buf_add_str(&p.text, "of another socket");
	parse_text(&p, PACKET_ROW, strlen(PACKET_ROW), SOCK_PROTO_PACKET);
	assert_int_equal(p.rc, 0);
	assert_bytes(p.s.name, p.s.name_len, "ALL type=RAW");
	assert_int_equal(p.s.proto, SOCK_PROTO_PACKET);
	assert_int_equal(p.s.type, SOCK_RAW);
	assert_int_equal(p.s.inode, 31415);
	assert_int_equal(p.s.bound_if, 2);
	assert_int_equal(p.s.uid, 1000);
	assert_true(p.s.uid_known);
	drop(&p);
}

static void row_that_is_none_is_refused(void **state)
{
	static const struct {
		enum sock_proto proto;
		const char *row;
	} cases[] = {
		{SOCK_PROTO_NETLINK, ""},
		{SOCK_PROTO_NETLINK, "          "},
		{SOCK_PROTO_NETLINK, "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode"},
		{SOCK_PROTO_NETLINK, "1 0 811 00000111 0 0 0 2 4711"}, /* one is missing */
		{SOCK_PROTO_NETLINK, "1 256 811 00000111 0 0 0 2 0 4711"},
		{SOCK_PROTO_NETLINK, "1 0 4294967296 00000111 0 0 0 2 0 4711"},
		{SOCK_PROTO_NETLINK, "1 0 -1 00000111 0 0 0 2 0 4711"},
		{SOCK_PROTO_NETLINK, "1 0 811 00000111 0 0 0 2 0 4711x"},
		{SOCK_PROTO_NETLINK, "1 0 811 00000111 0 0 0 2 0 18446744073709551616"},
		{SOCK_PROTO_NETLINK, PACKET_ROW},
		{SOCK_PROTO_PACKET, ""},
		{SOCK_PROTO_PACKET, "sk RefCnt Type Proto Iface R Rmem User Inode"},
		{SOCK_PROTO_PACKET, "1 3 3 0003 2 1 0 31415"}, /* one is missing */
		{SOCK_PROTO_PACKET, "1 3 3 0003 2 1 0 1000 31415 9"},
		{SOCK_PROTO_PACKET, "1 3 256 0003 2 1 0 1000 31415"},
		{SOCK_PROTO_PACKET, "1 3 3 10000 2 1 0 1000 31415"},
		{SOCK_PROTO_PACKET, "1 3 3 000g 2 1 0 1000 31415"},
		{SOCK_PROTO_PACKET, "1 3 3 0003 4294967296 1 0 1000 31415"},
		{SOCK_PROTO_PACKET, "1 3 3 0003 2 1 0 4294967296 31415"},
		{SOCK_PROTO_PACKET, "1 3 3 0003 2 1 0 1000 -1"},
		{SOCK_PROTO_PACKET, NETLINK_ROW},
		{SOCK_PROTO_VSOCK, NETLINK_ROW}, /* has no table */
		{SOCK_PROTO_XDP, PACKET_ROW},
		{SOCK_PROTO_TCP, PACKET_ROW},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parsed p = {.rc = 0};
		parse_text(&p, cases[i].row, strlen(cases[i].row), cases[i].proto);
		if (p.rc != -EINVAL)
			fail_msg("'%s' gives %d", cases[i].row, p.rc);
		drop(&p);
	}
}

static void row_cut_anywhere_is_whole_or_refused(void **state)
{
	static const char *const rows[] = {NETLINK_ROW, PACKET_ROW};
	static const char *const last[] = {"4711", "31415"};
	static const enum sock_proto protos[] = {SOCK_PROTO_NETLINK, SOCK_PROTO_PACKET};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t from = (size_t)(strstr(rows[i], last[i]) - rows[i]);
		for (size_t cut = 0; cut <= strlen(rows[i]); cut++) {
			struct parsed p = {.rc = 0};
			parse_text(&p, rows[i], cut, protos[i]);
			assert_int_equal(p.rc, cut <= from ? -EINVAL : 0);
			drop(&p);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netlink_answer_names_protocol_and_port_id),
		cmocka_unit_test(packet_answer_names_the_type_of_frames),
		cmocka_unit_test(packet_answer_tells_interface_and_owner),
		cmocka_unit_test(vsock_answer_gives_both_ends_and_its_state),
		cmocka_unit_test(xdp_answer_tells_interface_queue_and_owner),
		cmocka_unit_test(answer_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(attribute_with_a_wrong_length_ends_them),
		cmocka_unit_test(info_that_is_too_short_is_none),
		cmocka_unit_test(answer_of_another_family_is_refused),
		cmocka_unit_test(netlink_row_gives_name_and_inode),
		cmocka_unit_test(packet_row_gives_name_interface_owner_and_inode),
		cmocka_unit_test(row_that_is_none_is_refused),
		cmocka_unit_test(row_cut_anywhere_is_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
