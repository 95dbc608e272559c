/* Which sockets can share a port: each address beside each, devices, and options. */
#include "fixture.h"

#include "bind_rule.h"
#include "probe.h"

#define W BIND_WORKS
#define D BIND_DEPENDS
#define F BIND_FAILS

static struct bind_wish make_wish(const char *ip)
{
	return (struct bind_wish){.addr = make_addr(ip, 80), .uid = 1000};
}

static struct sock make_listener(const char *ip)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, ip, 80, 1);

	s.uid_known = true;
	s.cookie = 7;
	return s;
}

static const char *const ips[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1", "2001:db8::1",
				  "::ffff:127.0.0.1", "::ffff:0.0.0.0"};

/* Rows: what is wished; columns: what listens, with IPv6 alone where that can be set. */
static void assert_meetings(int held, const enum bind_answer table[COUNT(ips)][COUNT(ips)])
{
	for (size_t i = 0; i < COUNT(ips); i++) {
		for (size_t k = 0; k < COUNT(ips); k++) {
			struct bind_wish wish = make_wish(ips[i]);
			struct sock s = make_listener(ips[k]);
			enum bind_answer meets = bind_rule_meets(&wish, &s, held);
			if (meets != table[i][k])
				fail_msg("%s beside %s: %d", ips[i], ips[k], meets);
		}
	}
}

static void a_wildcard_meets_every_address(void **state)
{
	static const enum bind_answer table[COUNT(ips)][COUNT(ips)] = {
		{F, F, F, F, W, W, F, F}, /* 0.0.0.0 */
		{F, F, W, F, W, W, F, F}, /* 127.0.0.1 */
		{F, W, F, F, W, W, W, F}, /* 127.0.0.2 */
		{F, F, F, F, F, F, F, F}, /* :: */
		{W, W, W, F, F, W, W, W}, /* ::1 */
		{W, W, W, F, W, F, W, W}, /* 2001:db8::1 */
		{F, F, W, F, W, W, F, F}, /* ::ffff:127.0.0.1 */
		{F, F, F, F, W, W, F, F}, /* ::ffff:0.0.0.0 */
	};

	(void)state;
	assert_meetings(0, table);
}

/* Only [::] itself can be asked for it here. */
static void v6only_leaves_ipv4_to_others(void **state)
{
	static const char *const v4[] = {"0.0.0.0", "127.0.0.1", "::ffff:127.0.0.1"};
	static const enum bind_answer answers[] = {[SOCK_V6ONLY_UNKNOWN] = D,
						   [SOCK_V6ONLY_NO] = F, [SOCK_V6ONLY_YES] = W};

	(void)state;
	for (size_t i = 0; i < COUNT(v4); i++) {
		struct bind_wish wish = make_wish(v4[i]);
		struct sock s = make_listener("::");
		for (unsigned k = 0; k < COUNT(answers); k++) {
			s.v6only = (uint8_t)k;
			assert_int_equal(bind_rule_meets(&wish, &s, -1), answers[k]);
			assert_int_equal(bind_rule_meets(&wish, &s, PROBE_V6ONLY), W);
			assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
		}
	}
	struct bind_wish wish = make_wish("::");
	struct sock s = make_listener("0.0.0.0");
	assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
	wish.v6only = true;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), W);
	s = make_listener("::1");
	assert_int_equal(bind_rule_meets(&wish, &s, PROBE_V6ONLY), F);
}

/* A connection that was not bound by hand has no address of IPv4, and keeps them all. */
static void an_ipv6_connection_may_keep_ipv4(void **state)
{
	struct bind_wish wish = make_wish("0.0.0.0"), other = make_wish("127.0.0.1");
	struct bind_wish mapped = make_wish("::ffff:0.0.0.0");
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "::1", 80, "::1", 5000, 1);

	(void)state;
	s.cookie = 7;
	assert_int_equal(bind_rule_meets(&wish, &s, -1), D);
	assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
	assert_int_equal(bind_rule_meets(&wish, &s, PROBE_V6ONLY), W);
	assert_int_equal(bind_rule_meets(&other, &s, 0), W);
	assert_int_equal(bind_rule_meets(&mapped, &s, 0), W);
	s.proto = SOCK_PROTO_MPTCP;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), D);
	s.state = SOCK_STATE_LISTEN;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), W);
}

static void udp_keeps_what_stands_in_for_ipv4(void **state)
{
	struct bind_wish wish = make_wish("127.0.0.6"), near = make_wish("127.0.0.7");
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "::1", 80, "::1", 5000, 1);

	(void)state;
	s.cookie = 7;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), W);
	s.proto = SOCK_PROTO_UDP;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
	assert_int_equal(bind_rule_meets(&wish, &s, PROBE_V6ONLY), W);
	assert_int_equal(bind_rule_meets(&near, &s, 0), W);
}

static void devices_part_sockets(void **state)
{
	struct bind_wish wish = make_wish("fe80::1");
	struct sock s = make_listener("::"), local = make_listener("fe80::1");

	(void)state;
	wish.addr.scope_id = 2;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
	s.bound_if = 3;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), W);
	s.bound_if = 2;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
	local.local.scope_id = 2;
	assert_int_equal(bind_rule_meets(&wish, &local, 0), F);
	local.local.scope_id = 3;
	assert_int_equal(bind_rule_meets(&wish, &local, 0), W);
	struct bind_wish any = make_wish("::");
	assert_int_equal(bind_rule_meets(&any, &local, 0), F);
}

static void a_device_that_is_not_told_is_not_known(void **state)
{
	struct bind_wish wish = make_wish("fe80::1");
	struct sock s = make_listener("::"), local = make_listener("fe80::1");

	(void)state;
	wish.addr.scope_id = 2;
	assert_int_equal(bind_rule_meets(&wish, &local, 0), D);
	s.cookie = 0;
	assert_int_equal(bind_rule_meets(&wish, &s, 0), D);
	wish = make_wish("::1");
	assert_int_equal(bind_rule_meets(&wish, &s, 0), F);
}

static void what_is_in_no_table_of_ports_is_not_met(void **state)
{
	struct bind_wish wish = make_wish("127.0.0.1");
	struct sock s = make_connection(SOCK_STATE_SYN_RECV, "127.0.0.1", 80, "10.0.0.1", 5000, 0);

	(void)state;
	assert_int_equal(bind_rule_meets(&wish, &s, -1), W);
	s.inode = 7;
	assert_int_equal(bind_rule_meets(&wish, &s, -1), F);
	s.local.port = 0;
	assert_int_equal(bind_rule_meets(&wish, &s, -1), W);
}

enum { ADDR = PROBE_REUSEADDR, PORT = PROBE_REUSEPORT };

/* Of a socket with some options, what binds without any, with ADDR, and with PORT give. */
struct sharing_case {
	enum sock_proto proto;
	enum sock_state state;
	bool remains; /* of a connection */
	int held;
	enum bind_answer plain, addr, port, other_user; /* the last with PORT */
};

static void both_have_to_have_the_option(void **state)
{
	static const struct sharing_case cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, false, 0, F, F, F, F},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, false, ADDR, F, F, F, F},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, false, PORT, F, F, W, F},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, false, -1, F, F, D, F},
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, false, 0, F, F, F, F},
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, false, ADDR, F, W, F, F},
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, false, PORT, F, F, W, F},
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, false, ADDR | PORT, F, W, W, F},
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, false, -1, F, D, D, F},
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, false, ADDR, F, W, F, F},
		{SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, true, -1, F, D, D, D},
		{SOCK_PROTO_TCP, SOCK_STATE_FIN_WAIT2, true, PORT, F, F, W, W},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, false, 0, F, F, F, F},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, false, ADDR, F, W, F, F},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, false, PORT, F, F, W, F},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, false, -1, F, D, D, F},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct sharing_case *c = &cases[i];
		struct bind_wish wish = make_wish("127.0.0.1"), other = wish;
		struct sock s = make_sock(c->proto, c->state, "0.0.0.0", 80, 1);
		other.uid = 1001;
		s.uid_known = !c->remains;
		s.timer = c->remains ? SOCK_TIMER_TIME_WAIT : SOCK_TIMER_NONE;
		if (bind_rule_judge(&wish, 0, &s, c->held) != c->plain ||
		    bind_rule_judge(&wish, ADDR, &s, c->held) != c->addr ||
		    bind_rule_judge(&wish, PORT, &s, c->held) != c->port ||
		    bind_rule_judge(&other, PORT, &s, c->held) != c->other_user)
			fail_msg("case %zu", i);
	}
}

static void an_owner_who_is_not_known_may_be_the_same(void **state)
{
	struct bind_wish wish = make_wish("127.0.0.1");
	struct sock s = make_listener("127.0.0.1");

	(void)state;
	s.uid_known = false;
	assert_int_equal(bind_rule_judge(&wish, PORT, &s, PORT), D);
	assert_int_equal(bind_rule_judge(&wish, PORT, &s, 0), F);
}

static void what_is_not_met_needs_no_option(void **state)
{
	struct bind_wish wish = make_wish("127.0.0.1");
	struct sock s = make_listener("127.0.0.2"), v6 = make_listener("::");

	(void)state;
	assert_int_equal(bind_rule_judge(&wish, 0, &s, 0), W);
	assert_int_equal(bind_rule_judge(&wish, 0, &v6, -1), D);
	assert_int_equal(bind_rule_judge(&wish, ADDR, &v6, -1), D);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wildcard_meets_every_address),
		cmocka_unit_test(v6only_leaves_ipv4_to_others),
		cmocka_unit_test(an_ipv6_connection_may_keep_ipv4),
		cmocka_unit_test(udp_keeps_what_stands_in_for_ipv4),
		cmocka_unit_test(devices_part_sockets),
		cmocka_unit_test(a_device_that_is_not_told_is_not_known),
		cmocka_unit_test(what_is_in_no_table_of_ports_is_not_met),
		cmocka_unit_test(both_have_to_have_the_option),
		cmocka_unit_test(an_owner_who_is_not_known_may_be_the_same),
		cmocka_unit_test(what_is_not_met_needs_no_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
