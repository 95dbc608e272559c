/*
 * Answers of sock_diag about internet sockets: bytes as the kernel lays them
 * out, cut and broken ones too. Numbers are the kernel's.
 */
#define _GNU_SOURCE
#include "nl_fixture.h"
#include "sockdiag_row.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* What an internet answer says; ports in host byte order. */
struct inet_case {
	uint8_t state, timer;
	const char *local, *remote;
	uint16_t port, remote_port;
	uint32_t interface, cookie[2], expires, rqueue, wqueue, uid, inode;
};

enum { INET_SIZE = 72, IP_SIZE = 16 };

/* struct inet_diag_msg */
static void add_inet(struct nl_bytes *b, const struct inet_case *c)
{
	struct addr local = make_addr(c->local, 0), remote = make_addr(c->remote, 0);
	uint16_t ports[] = {htons(c->port), htons(c->remote_port)};
	size_t size = local.family == AF_INET ? 4 : IP_SIZE;
	char m[INET_SIZE];

	/* Whatever is not set must not be looked at, as the rest of an IPv4 address. */
	memset(m, 0x5a, sizeof(m));
	memcpy(m, (const uint8_t[]){(uint8_t)local.family, c->state, c->timer, 0}, 4);
	memcpy(m + 4, ports, 4);
	memcpy(m + 8, &local.ip, size);
	memcpy(m + 24, &remote.ip, size);
	memcpy(m + 40, &c->interface, 4);
	memcpy(m + 44, c->cookie, 8);
	memcpy(m + 52, &c->expires, 4);
	memcpy(m + 56, &c->rqueue, 4);
	memcpy(m + 60, &c->wqueue, 4);
	memcpy(m + 64, &c->uid, 4);
	memcpy(m + 68, &c->inode, 4);
	nl_bytes_add(b, m, sizeof(m));
}

/* Parse a guarded copy of so many bytes. */
static int parse(const struct nl_bytes *b, size_t len, enum sock_proto proto, struct sock *out)
{
	char *bytes = guard_copy(b->data, len);
	int rc = sockdiag_parse_inet(bytes, len, proto, out);

	guard_free(bytes, len);
	return rc;
}

/* Parse a good answer. */
static struct sock parse_ok(const struct nl_bytes *b, enum sock_proto proto)
{
	struct sock s = {.inode = 77};

	assert_int_equal(parse(b, b->len, proto, &s), 0);
	assert_int_equal(s.proto, proto);
	return s;
}

static struct sock parse_case(const struct inet_case *c, enum sock_proto proto)
{
	struct nl_bytes b = {0};

	add_inet(&b, c);
	return parse_ok(&b, proto);
}

static void assert_end(const struct addr *a, const char *ip, uint16_t port, uint32_t scope)
{
	struct addr expected = make_addr(ip, port);

	assert_int_equal(a->family, expected.family);
	assert_int_equal(a->port, port);
	assert_int_equal(a->scope_id, scope);
	assert_memory_equal(&a->ip, &expected.ip, a->family == AF_INET ? 4 : IP_SIZE);
}

static void inet_answer_gives_ends_queues_owner_and_cookie(void **state)
{
	struct inet_case c = {.state = 1, .local = "127.0.0.1", .port = 1337,
			      .remote = "192.0.2.9", .remote_port = 50000,
			      .cookie = {0x11223344, 0x55667788}, .rqueue = 3, .wqueue = 5,
			      .uid = 1000, .inode = 4294967295U};
	struct sock s = parse_case(&c, SOCK_PROTO_TCP);

	(void)state;
	assert_end(&s.local, "127.0.0.1", 1337, 0);
	assert_end(&s.remote, "192.0.2.9", 50000, 0);
	assert_int_equal(s.state, SOCK_STATE_ESTABLISHED);
	assert_int_equal(s.cookie, 0x5566778811223344);
	assert_int_equal(s.rqueue, 3);
	assert_int_equal(s.wqueue, 5);
	assert_int_equal(s.inode, 4294967295U);
	assert_int_equal(s.uid, 1000);
	assert_true(s.uid_known);
	assert_int_equal(s.bound_if, 0);
	assert_int_equal(s.timer, SOCK_TIMER_NONE);
	assert_int_equal(s.cgroup, 0);
	assert_int_equal(s.v6only, SOCK_V6ONLY_UNKNOWN);
	assert_null(s.name);
	assert_null(s.device);

	c.local = "2001:db8::1:2";
	c.remote = "::ffff:10.1.2.3";
	s = parse_case(&c, SOCK_PROTO_UDP);
	assert_end(&s.local, "2001:db8::1:2", 1337, 0);
	assert_end(&s.remote, "::ffff:10.1.2.3", 50000, 0);
}

static void inet_answer_of_every_tcp_state_is_understood(void **state)
{
	static const enum sock_proto protos[] = {SOCK_PROTO_TCP, SOCK_PROTO_MPTCP};
	static const enum sock_state states[] = {
		SOCK_STATE_UNKNOWN,    SOCK_STATE_ESTABLISHED, SOCK_STATE_SYN_SENT,
		SOCK_STATE_SYN_RECV,   SOCK_STATE_FIN_WAIT1,   SOCK_STATE_FIN_WAIT2,
		SOCK_STATE_TIME_WAIT,  SOCK_STATE_BOUND, /* CLOSE: it is bound, or not there */
		SOCK_STATE_CLOSE_WAIT, SOCK_STATE_LAST_ACK,    SOCK_STATE_LISTEN,
		SOCK_STATE_CLOSING,    SOCK_STATE_SYN_RECV};

	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		struct inet_case c = {.local = "::", .remote = "::", .state = (uint8_t)i};
		struct sock s = parse_case(&c, protos[i / 256]);
		assert_int_equal(s.state, i % 256 < COUNT(states) ? states[i % 256]
								  : SOCK_STATE_UNKNOWN);
	}
}

static void inet_answer_of_every_sctp_state_is_understood(void **state)
{
	/* enum sctp_state: closed, three of the handshake, shutdown in four steps. */
	static const enum sock_state states[] = {
		SOCK_STATE_CLOSE, SOCK_STATE_SYN_SENT, SOCK_STATE_SYN_SENT, SOCK_STATE_ESTABLISHED,
		SOCK_STATE_FIN_WAIT1, SOCK_STATE_FIN_WAIT2, SOCK_STATE_CLOSE_WAIT,
		SOCK_STATE_LAST_ACK, SOCK_STATE_UNKNOWN, SOCK_STATE_UNKNOWN, SOCK_STATE_LISTEN};

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		/* An association, unless it is an endpoint that listens. */
		struct inet_case c = {.local = "127.0.0.1", .remote = i == 10 ? "0.0.0.0" : "192.0.2.9",
				      .port = 80, .remote_port = i == 10 ? 0 : 5000,
				      .state = (uint8_t)i};
		struct sock s = parse_case(&c, SOCK_PROTO_SCTP);
		assert_int_equal(s.state, i < COUNT(states) ? states[i] : SOCK_STATE_UNKNOWN);
	}
}

static void inet_answer_of_a_datagram_is_connected_or_not(void **state)
{
	static const enum sock_proto protos[] = {SOCK_PROTO_UDP, SOCK_PROTO_UDPLITE, SOCK_PROTO_RAW};

	(void)state;
	for (size_t j = 0; j < COUNT(protos); j++) {
		for (unsigned i = 0; i < 256; i++) {
			struct inet_case c = {.local = "::1", .remote = "::1", .state = (uint8_t)i,
					      .timer = 1, .expires = 1000};
			struct sock s = parse_case(&c, protos[j]);
			assert_int_equal(s.state, i == 1 ? SOCK_STATE_ESTABLISHED
							 : SOCK_STATE_UNCONNECTED);
			assert_int_equal(s.timer, SOCK_TIMER_NONE);
			assert_int_equal(s.timer_ms, 0);
		}
	}
}

static void inet_answer_tells_what_a_connection_waits_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		struct inet_case c = {.local = "::1", .remote = "::1", .state = 1,
				      .timer = (uint8_t)i, .expires = 2001, .inode = 7};
		struct sock s = parse_case(&c, SOCK_PROTO_TCP);
		bool is_timer = i >= SOCK_TIMER_RETRANSMIT && i <= SOCK_TIMER_PROBE;
		assert_int_equal(s.timer, is_timer ? i : SOCK_TIMER_NONE);
		assert_int_equal(s.timer_ms, is_timer ? 2001 : 0);
		assert_int_equal(sock_timer_seconds(&s), is_timer ? 3 : 0);
	}
}

static void inet_answer_without_file_has_no_owner_of_uid_0(void **state)
{
	static const struct {
		uint32_t inode, uid;
		uint8_t state, timer;
		bool known;
	} cases[] = {
		{7, 0, 10, 0, true},   {7, 1000, 10, 0, true}, {0, 0, 1, 0, false},
		{0, 1000, 4, 1, true}, /* an orphan, since Linux 6.17 */
		{0, 1000, 6, 3, false}, /* what TIME_WAIT has is its listener's, if at all */
		{0, 0, 5, 3, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct inet_case c = {.local = "0.0.0.0", .remote = "0.0.0.0",
				      .state = cases[i].state, .timer = cases[i].timer,
				      .inode = cases[i].inode, .uid = cases[i].uid};
		struct sock s = parse_case(&c, SOCK_PROTO_TCP);
		assert_int_equal(s.uid, cases[i].uid);
		assert_int_equal(s.uid_known, cases[i].known);
	}
}

static void interface_is_a_scope_or_a_bound_device(void **state)
{
	static const struct {
		const char *local, *remote;
		uint32_t scope, remote_scope, bound_if;
	} cases[] = {
		{"0.0.0.0", "0.0.0.0", 0, 0, 3},
		{"169.254.0.1", "169.254.0.2", 0, 0, 3}, /* IPv4 has no scopes */
		{"::", "::", 0, 0, 3},
		{"::1", "2001:db8::1", 0, 0, 3},
		{"fe80::1", "::", 3, 0, 0},
		{"fe80::1", "fe80::2", 3, 3, 0},
		{"febf::1", "2001:db8::1", 3, 0, 0}, /* fe80::/10 */
		{"fec0::1", "::", 0, 0, 3},
		{"2001:db8::1", "fe80::2", 0, 3, 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct inet_case c = {.local = cases[i].local, .remote = cases[i].remote,
				      .port = 80, .interface = 3};
		struct sock s = parse_case(&c, SOCK_PROTO_UDP);
		assert_end(&s.local, cases[i].local, 80, cases[i].scope);
		assert_end(&s.remote, cases[i].remote, 0, cases[i].remote_scope);
		assert_int_equal(s.bound_if, cases[i].bound_if);
		c.interface = 0;
		s = parse_case(&c, SOCK_PROTO_UDP);
		assert_int_equal(s.local.scope_id | s.remote.scope_id | s.bound_if, 0);
	}
}

enum { SKV6ONLY = 11, ULP_INFO = 19, CGROUP_ID = 21 };

/* INET_DIAG_ULP_INFO: attributes in an attribute, of which ours are none. */
static void add_ulp(struct nl_bytes *b)
{
	size_t nest = nl_bytes_begin_nest(b, ULP_INFO | NL_ATTR_NESTED);

	nl_bytes_add_attr(b, 1, "mptcp", 6);
	nl_bytes_add_u8(b, SKV6ONLY, 0);
	nl_bytes_add_u64(b, CGROUP_ID, 1);
	nl_bytes_end_nest(b, nest);
}

static const struct inet_case listener = {.local = "::", .remote = "::", .port = 80, .state = 10,
					  .inode = 7, .uid = 33};

static void attributes_tell_v6only_and_cgroup(void **state)
{
	(void)state;
	for (uint8_t v6only = 0; v6only < 2; v6only++) {
		struct nl_bytes b = {0};
		add_inet(&b, &listener);
		nl_bytes_add_u8(&b, 8, 3);   /* INET_DIAG_SHUTDOWN */
		nl_bytes_add_u8(&b, SKV6ONLY, v6only);
		add_ulp(&b);
		nl_bytes_add_u64(&b, CGROUP_ID, 0x1122334455667788);
		nl_bytes_add_u32(&b, 999, 1); /* of a kernel to come */
		struct sock s = parse_ok(&b, SOCK_PROTO_TCP);
		assert_int_equal(s.v6only, v6only ? SOCK_V6ONLY_YES : SOCK_V6ONLY_NO);
		assert_int_equal(s.cgroup, 0x1122334455667788);
	}
}

static void inet_answer_cut_anywhere_gives_what_is_whole(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_inet(&b, &listener);
	nl_bytes_add_u8(&b, SKV6ONLY, 1); /* ends at 77, padding at 80 */
	nl_bytes_add_u64(&b, CGROUP_ID, 9); /* 92 */
	assert_int_equal(b.len, 92);
	for (size_t cut = 0; cut <= b.len; cut++) {
		struct sock s = {0};
		assert_int_equal(parse(&b, cut, SOCK_PROTO_TCP, &s), cut < INET_SIZE ? -EBADMSG : 0);
		if (cut < INET_SIZE)
			continue;
		assert_int_equal(s.local.port, 80);
		assert_int_equal(s.inode, 7);
		assert_int_equal(s.v6only, cut < 77 ? SOCK_V6ONLY_UNKNOWN : SOCK_V6ONLY_YES);
		assert_int_equal(s.cgroup, cut < 92 ? 0 : 9);
	}
}

static void attribute_with_a_wrong_length_ends_them(void **state)
{
	static const uint16_t lens[] = {0, 1, 3, 13, 0x7fff, 0xfffc, 0xffff};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		struct nl_bytes b = {0};
		add_inet(&b, &listener);
		nl_bytes_add_u8(&b, SKV6ONLY, 1);
		nl_bytes_add_u64(&b, CGROUP_ID, 9); /* with its head 12 bytes */
		memcpy(b.data + INET_SIZE + 8, &lens[i], sizeof(lens[i]));
		struct sock s = parse_ok(&b, SOCK_PROTO_TCP);
		assert_int_equal(s.v6only, SOCK_V6ONLY_YES);
		assert_int_equal(s.cgroup, 0);
	}
}

static void value_of_another_size_is_no_value(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_inet(&b, &listener);
	nl_bytes_add_u32(&b, CGROUP_ID, 9);
	struct sock s = parse_ok(&b, SOCK_PROTO_TCP);
	assert_int_equal(s.cgroup, 0);
}

static void answer_of_another_family_is_refused(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_inet(&b, &listener);
	for (unsigned family = 0; family < 256; family++) {
		struct sock s = {0};
		bool known = family == AF_INET || family == AF_INET6;
		b.data[0] = (char)family;
		assert_int_equal(parse(&b, b.len, SOCK_PROTO_UDP, &s), known ? 0 : -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inet_answer_gives_ends_queues_owner_and_cookie),
		cmocka_unit_test(inet_answer_of_every_tcp_state_is_understood),
		cmocka_unit_test(inet_answer_of_every_sctp_state_is_understood),
		cmocka_unit_test(inet_answer_of_a_datagram_is_connected_or_not),
		cmocka_unit_test(inet_answer_tells_what_a_connection_waits_for),
		cmocka_unit_test(inet_answer_without_file_has_no_owner_of_uid_0),
		cmocka_unit_test(interface_is_a_scope_or_a_bound_device),
		cmocka_unit_test(attributes_tell_v6only_and_cgroup),
		cmocka_unit_test(inet_answer_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(attribute_with_a_wrong_length_ends_them),
		cmocka_unit_test(value_of_another_size_is_no_value),
		cmocka_unit_test(answer_of_another_family_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
