/* Internet sockets in records of the iterator program. */
#define _GNU_SOURCE
#include "bpf_record.h"
#include "fixture.h"

#include <arpa/inet.h>

enum { TCP = 6, UDP = 17, SCTP = 132, UDPLITE = 136, MPTCP = 262 };
enum { STREAM = 1, DGRAM = 2, RAW = 3 };

/* A socket that listens on port 80 of TCP, or what is said instead. */
static struct bpf_record make_inet(const char *local, const char *remote)
{
	struct addr a = make_addr(local, 0), b = make_addr(remote, 0);
	struct bpf_record r = {.kind = BPF_RECORD_SOCKET, .size = BPF_RECORD_SHORT, .pid = 42,
			       .tid = 43, .fd = 3, .euid = 7, .inode = 31415, .cookie = 0x1122334455667788,
			       .netns = 4026531840, .uid = 1000, .family = a.family,
			       .type = STREAM, .protocol = TCP, .local_port = 80, .state = 10};

	/* Of IPv4, what is behind the address must not be looked at. */
	memset(r.local, 0x5a, sizeof(r.local));
	memset(r.remote, 0x5a, sizeof(r.remote));
	memcpy(r.local, &a.ip, a.family == AF_INET ? 4 : 16);
	memcpy(r.remote, &b.ip, a.family == AF_INET ? 4 : 16);
	return r;
}

static struct sock sock_ok(const struct bpf_record *r)
{
	struct sock s = {.rqueue = 77, .name = "x", .peer = 9};

	assert_true(bpf_record_sock(r, &s));
	assert_int_equal(s.rqueue, 0);
	return s;
}

static void assert_end(const struct addr *a, const char *ip, uint16_t port, uint32_t scope)
{
	struct addr expected = make_addr(ip, port);

	assert_int_equal(a->family, expected.family);
	assert_int_equal(a->port, port);
	assert_int_equal(a->scope_id, scope);
	assert_memory_equal(&a->ip, &expected.ip, sizeof(a->ip));
}

static void socket_has_ends_owner_and_namespace(void **state)
{
	static const char *const ends[][2] = {
		{"127.0.0.1", "192.0.2.9"}, {"0.0.0.0", "0.0.0.0"}, {"::", "::"},
		{"2001:db8::1:2", "::ffff:10.1.2.3"}, {"::1", "::1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct bpf_record r = make_inet(ends[i][0], ends[i][1]);
		r.local_port = 1337;	      /* as the kernel has it: in the machine's order, */
		r.remote_port = htons(50000); /* and this one in the network's */
		struct sock s = sock_ok(&r);
		assert_int_equal(s.proto, SOCK_PROTO_TCP);
		assert_int_equal(s.state, SOCK_STATE_LISTEN);
		assert_end(&s.local, ends[i][0], 1337, 0);
		assert_end(&s.remote, ends[i][1], 50000, 0);
		assert_int_equal(s.inode, 31415);
		assert_int_equal(s.cookie, 0x1122334455667788);
		assert_int_equal(s.netns, 4026531840);
		assert_int_equal(s.uid, 1000);
		assert_true(s.uid_known);
		assert_int_equal(s.bound_if, 0);
		assert_int_equal(s.peer, 0);
		assert_null(s.name);
		assert_null(s.device);
	}
}

static void protocol_is_that_of_the_socket(void **state)
{
	static const struct {
		uint16_t type, protocol;
		int proto; /* -1: none of ours */
	} cases[] = {
		{STREAM, TCP, SOCK_PROTO_TCP},	    {DGRAM, UDP, SOCK_PROTO_UDP},
		{DGRAM, UDPLITE, SOCK_PROTO_UDPLITE}, {STREAM, MPTCP, SOCK_PROTO_MPTCP},
		{RAW, 1, SOCK_PROTO_RAW},	    {RAW, 58, SOCK_PROTO_RAW},
		{RAW, 255, SOCK_PROTO_RAW},	    {RAW, TCP, SOCK_PROTO_RAW},
		{RAW, SCTP, SOCK_PROTO_RAW},
		{DGRAM, 1, -1}, {DGRAM, 58, -1}, /* what ping(8) has */
		{STREAM, SCTP, -1}, {5, SCTP, -1}, {STREAM, 0, -1}, {STREAM, 256, -1},
		{6, 33, -1}, {STREAM, 256 + TCP, SOCK_PROTO_MPTCP}, {DGRAM, 256 + UDP, -1},
	};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(cases); i++) {
		const char *ip = i % 2 ? "::1" : "127.0.0.1";
		struct bpf_record r = make_inet(ip, ip);
		struct sock s;
		r.type = cases[i / 2].type;
		r.protocol = cases[i / 2].protocol;
		assert_int_equal(bpf_record_sock(&r, &s), cases[i / 2].proto >= 0);
		if (cases[i / 2].proto >= 0)
			assert_int_equal(s.proto, cases[i / 2].proto);
	}
}

static void raw_socket_has_its_protocol_for_a_port(void **state)
{
	struct bpf_record r = make_inet("0.0.0.0", "192.0.2.1");

	(void)state;
	r.type = RAW;
	r.protocol = r.local_port = 1;
	r.state = 7;
	struct sock s = sock_ok(&r);
	assert_int_equal(s.proto, SOCK_PROTO_RAW);
	assert_int_equal(s.state, SOCK_STATE_UNCONNECTED);
	assert_end(&s.local, "0.0.0.0", 1, 0);
	assert_end(&s.remote, "192.0.2.1", 0, 0);
}

static void every_state_of_a_connection_is_understood(void **state)
{
	/* include/net/tcp_states.h */
	static const enum sock_state states[] = {
		SOCK_STATE_UNKNOWN,    SOCK_STATE_ESTABLISHED, SOCK_STATE_SYN_SENT,
		SOCK_STATE_SYN_RECV,   SOCK_STATE_FIN_WAIT1,   SOCK_STATE_FIN_WAIT2,
		SOCK_STATE_TIME_WAIT,  SOCK_STATE_BOUND, /* CLOSE, with a port */
		SOCK_STATE_CLOSE_WAIT, SOCK_STATE_LAST_ACK,    SOCK_STATE_LISTEN,
		SOCK_STATE_CLOSING,    SOCK_STATE_SYN_RECV};

	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		struct bpf_record r = make_inet("::", "::");
		r.protocol = i < 256 ? TCP : MPTCP;
		r.state = (uint8_t)i;
		assert_int_equal(sock_ok(&r).state, i % 256 < COUNT(states) ? states[i % 256]
									    : SOCK_STATE_UNKNOWN);
	}
}

static void datagrams_are_connected_or_not(void **state)
{
	static const uint16_t protocols[] = {UDP, UDPLITE, 1};

	(void)state;
	for (unsigned i = 0; i < 256 * COUNT(protocols); i++) {
		struct bpf_record r = make_inet("127.0.0.1", "127.0.0.1");
		r.protocol = protocols[i / 256];
		r.type = r.protocol == 1 ? RAW : DGRAM;
		r.state = (uint8_t)i;
		assert_int_equal(sock_ok(&r).state, r.state == 1 ? SOCK_STATE_ESTABLISHED
								 : SOCK_STATE_UNCONNECTED);
	}
}

static void socket_without_a_port_is_none(void **state)
{
	static const uint16_t protocols[] = {TCP, UDP, UDPLITE, MPTCP, 1};

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(protocols); i++) {
		const char *ip = i % 2 ? "::" : "0.0.0.0";
		struct bpf_record r = make_inet(ip, ip);
		struct sock s;
		r.protocol = protocols[i / 2];
		r.type = r.protocol == 1 ? RAW : r.protocol == UDP ? DGRAM : STREAM;
		assert_true(bpf_record_sock(&r, &s));
		r.local_port = 0;
		r.remote_port = htons(80);
		assert_false(bpf_record_sock(&r, &s));
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
		{"254.128.0.1", "254.128.0.2", 0, 0, 3}, /* begins as fe80 does */
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
		struct bpf_record r = make_inet(cases[i].local, cases[i].remote);
		r.bound_if = 3;
		struct sock s = sock_ok(&r);
		assert_end(&s.local, cases[i].local, 80, cases[i].scope);
		assert_end(&s.remote, cases[i].remote, 0, cases[i].remote_scope);
		assert_int_equal(s.bound_if, cases[i].bound_if);
		r.bound_if = 0;
		s = sock_ok(&r);
		assert_int_equal(s.local.scope_id | s.remote.scope_id | s.bound_if, 0);
	}
}

static void v6only_is_known_of_ipv6_alone(void **state)
{
	struct bpf_record r = make_inet("::", "::");

	(void)state;
	assert_int_equal(sock_ok(&r).v6only, SOCK_V6ONLY_NO);
	r.v6only = 1;
	assert_int_equal(sock_ok(&r).v6only, SOCK_V6ONLY_YES);
	r = make_inet("0.0.0.0", "0.0.0.0");
	r.v6only = 1;
	assert_int_equal(sock_ok(&r).v6only, SOCK_V6ONLY_UNKNOWN);
}

static void other_families_and_kinds_have_no_socket(void **state)
{
	struct bpf_record r = make_inet("127.0.0.1", "127.0.0.1");
	struct sock s;

	(void)state;
	for (unsigned family = 0; family < 300; family++) {
		r.family = (uint16_t)family;
		bool is_ours = family == AF_UNIX || family == AF_INET || family == AF_INET6;
		assert_int_equal(bpf_record_sock(&r, &s), is_ours);
	}
	static const uint16_t families[] = {AF_INET, AF_INET6, AF_UNIX};
	for (size_t i = 0; i < COUNT(families); i++) {
		r.family = families[i];
		for (uint32_t kind = 0; kind < 5; kind++) {
			r.kind = kind;
			assert_int_equal(bpf_record_sock(&r, &s), kind == BPF_RECORD_SOCKET);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_has_ends_owner_and_namespace),
		cmocka_unit_test(protocol_is_that_of_the_socket),
		cmocka_unit_test(raw_socket_has_its_protocol_for_a_port),
		cmocka_unit_test(every_state_of_a_connection_is_understood),
		cmocka_unit_test(datagrams_are_connected_or_not),
		cmocka_unit_test(socket_without_a_port_is_none),
		cmocka_unit_test(interface_is_a_scope_or_a_bound_device),
		cmocka_unit_test(v6only_is_known_of_ipv6_alone),
		cmocka_unit_test(other_families_and_kinds_have_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
