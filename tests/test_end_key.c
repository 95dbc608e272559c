/* Keys of ends: which two sockets meet, and the set of those that are looked for. */
#include "fixture.h"
#include "end_key.h"

#include <sys/socket.h>

static struct sock pair_end(enum sock_proto proto, const char *ip, uint16_t port,
			    const char *remote_ip, uint16_t remote_port)
{
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, ip, port, remote_ip, remote_port,
					1);

	s.proto = (uint8_t)proto;
	return s;
}

static struct sock unix_end(enum sock_state state, uint64_t inode, uint32_t peer)
{
	struct sock s = make_unix(state, SOCK_STREAM, NULL, inode);

	s.peer = peer;
	return s;
}

/* Each is the other's other end, or neither is. */
static bool meet(const struct sock *a, const struct sock *b)
{
	struct end_key own_a[END_KEYS_MAX], own_b[END_KEYS_MAX], other_a, other_b;

	assert_true(end_key_own(a, own_a) > 0 && end_key_own(b, own_b) > 0);
	assert_true(end_key_other(a, &other_a) && end_key_other(b, &other_b));
	bool forth = end_key_compare(&other_a, own_b) == 0;
	assert_int_equal(forth, end_key_compare(&other_b, own_a) == 0);
	return forth;
}

static void two_ends_of_a_connection_meet(void **state)
{
	static const struct {
		enum sock_proto proto, other_proto;
		const char *ip, *remote_ip, *other_ip, *other_remote_ip;
		bool expected;
	} cases[] = {
#define TCP SOCK_PROTO_TCP
#define V4 "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.1"
		{TCP, TCP, V4, true},
		{SOCK_PROTO_UDP, SOCK_PROTO_UDP, V4, true},
		{SOCK_PROTO_UDPLITE, SOCK_PROTO_UDPLITE, V4, true},
		{SOCK_PROTO_SCTP, SOCK_PROTO_SCTP, V4, true},
		{SOCK_PROTO_MPTCP, SOCK_PROTO_MPTCP, V4, true},
		/* Multipath TCP that fell back on one side. */
		{TCP, SOCK_PROTO_MPTCP, V4, true},
		{SOCK_PROTO_MPTCP, TCP, V4, true},
		{TCP, SOCK_PROTO_UDP, V4, false},
		{TCP, SOCK_PROTO_SCTP, V4, false},
		{SOCK_PROTO_UDP, SOCK_PROTO_UDPLITE, V4, false},
		{TCP, TCP, "::1", "::2", "::2", "::1", true},
		/* A client of IPv4 and a dual-stack server. */
		{TCP, TCP, "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.1", true},
		{TCP, SOCK_PROTO_MPTCP, "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1",
		 "::ffff:127.0.0.1", true},
		{TCP, TCP, "127.0.0.1", "127.0.0.1", "::127.0.0.1", "::127.0.0.1", false},
		{TCP, TCP, "127.0.0.1", "127.0.0.2", "127.0.0.1", "127.0.0.2", false},
		{TCP, TCP, "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3", false},
		{TCP, TCP, "::1", "::2", "::1", "::2", false},
#undef TCP
#undef V4
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock a = pair_end(cases[i].proto, cases[i].ip, 40000, cases[i].remote_ip,
					 80);
		struct sock b = pair_end(cases[i].other_proto, cases[i].other_ip, 80,
					 cases[i].other_remote_ip, 40000);
		if (meet(&a, &b) != cases[i].expected)
			fail_msg("case %zu", i);
		/* In whatever state it is. */
		b.state = SOCK_STATE_CLOSE_WAIT;
		b.inode = 0;
		assert_int_equal(meet(&a, &b), cases[i].expected);
	}
}

static void ports_and_namespace_count(void **state)
{
	struct sock a = pair_end(SOCK_PROTO_TCP, "127.0.0.1", 40000, "127.0.0.1", 80);
	struct sock b = pair_end(SOCK_PROTO_TCP, "127.0.0.1", 80, "127.0.0.1", 40000);

	(void)state;
	assert_true(meet(&a, &b));
	a.netns = b.netns = 7;
	assert_true(meet(&a, &b));
	b.netns = 8;
	assert_false(meet(&a, &b));
	b.netns = 7;
	b.local.port = 81;
	assert_false(meet(&a, &b));
	b.local.port = 80;
	b.remote.port = 40001;
	assert_false(meet(&a, &b));
	/* One that is connected to itself is its own other end. */
	a = pair_end(SOCK_PROTO_TCP, "127.0.0.1", 80, "127.0.0.1", 80);
	assert_true(meet(&a, &a));
}

static void unix_sockets_meet_by_inode(void **state)
{
	struct sock a = unix_end(SOCK_STATE_CONNECTED, 20, 21),
		    b = unix_end(SOCK_STATE_CONNECTED, 21, 20),
		    c = unix_end(SOCK_STATE_CONNECTED, 22, 20);
	struct end_key key, other[END_KEYS_MAX];

	(void)state;
	assert_true(meet(&a, &b));
	/* The machine's inodes: namespaces are none of theirs. */
	a.netns = 5;
	assert_true(meet(&a, &b));
	/* A datagram socket can talk to one that talks to another. */
	assert_true(end_key_other(&c, &key) && end_key_own(&a, other) > 0);
	assert_int_equal(end_key_compare(&key, other), 0);
	/* An inode is no port, though the numbers be the same. */
	struct sock tcp = make_connection(SOCK_STATE_ESTABLISHED, "::", 1, "::", 1, 21);
	assert_false(meet(&a, &tcp));
}

static void client_in_a_queue_has_the_listeners_key(void **state)
{
	struct sock client = unix_end(SOCK_STATE_CONNECTED, 31, 0);
	struct end_key queued = end_key_queue(31), key, own[END_KEYS_MAX];

	(void)state;
	assert_true(end_key_other(&client, &key));
	assert_int_equal(end_key_compare(&key, &queued), 0);
	assert_int_equal(end_key_own(&client, own), 1);
	assert_true(end_key_compare(own, &queued) != 0);
	key = end_key_queue(32);
	assert_true(end_key_compare(&key, &queued) != 0);
	/* Accepted: it has a peer. */
	client.peer = 40;
	assert_true(end_key_other(&client, &key));
	assert_true(end_key_compare(&key, &queued) != 0);
}

static void datagram_socket_has_those_that_send_to_it(void **state)
{
	struct sock server = make_unix(SOCK_STATE_UNCONNECTED, SOCK_DGRAM, "/s", 50),
		    client = make_unix(SOCK_STATE_CONNECTED, SOCK_DGRAM, NULL, 51);
	struct end_key key, own[END_KEYS_MAX];

	(void)state;
	client.peer = 50;
	assert_true(meet(&client, &client) == false);
	assert_int_equal(end_key_own(&client, own), 2);
	assert_true(end_key_other(&server, &key) && end_key_is_senders(&key));
	assert_int_equal(end_key_compare(&key, &own[1]), 0);
	assert_true(end_key_other(&client, &key));
	assert_int_equal(end_key_own(&server, own), 1);
	assert_int_equal(end_key_compare(&key, &own[0]), 0);
	/* A stream has one other end. */
	client.type = SOCK_STREAM;
	assert_int_equal(end_key_own(&client, own), 1);
}

static void who_talks_to_nobody_has_no_other_end(void **state)
{
	const struct {
		struct sock s;
		bool has_own;
	} cases[] = {
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1), false},
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "127.0.0.1", 80, 1), false},
		{make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 53, 1), false},
		{make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "0.0.0.0", 1, 1), false},
		{pair_end(SOCK_PROTO_RAW, "127.0.0.1", 1, "127.0.0.1", 1), false},
		{{.proto = SOCK_PROTO_NETLINK, .inode = 1}, false},
		{{.proto = SOCK_PROTO_VSOCK, .inode = 1, .state = SOCK_STATE_ESTABLISHED}, false},
		{{.proto = SOCK_PROTO_OTHER, .inode = 1}, false},
		{unix_end(SOCK_STATE_LISTEN, 1, 0), true},
		{unix_end(SOCK_STATE_UNCONNECTED, 1, 0), true},
		{unix_end(SOCK_STATE_CONNECTING, 0, 0), false},
		{unix_end(SOCK_STATE_CONNECTED, 0, 0), false},
	};
	struct end_key key, own[END_KEYS_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (end_key_own(&cases[i].s, own) != cases[i].has_own)
			fail_msg("case %zu", i);
		assert_false(end_key_other(&cases[i].s, &key));
	}
}

static void only_listeners_with_clients_have_a_queue(void **state)
{
	struct sock s = unix_end(SOCK_STATE_LISTEN, 30, 0);
	struct sock tcp = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);

	(void)state;
	assert_false(end_has_queue(&s));
	s.rqueue = 1;
	assert_true(end_has_queue(&s));
	s.state = SOCK_STATE_CONNECTED;
	assert_false(end_has_queue(&s));
	s.state = SOCK_STATE_LISTEN;
	s.inode = 0;
	assert_false(end_has_queue(&s));
	tcp.rqueue = 1;
	assert_false(end_has_queue(&tcp));
}

/* --- sets ------------------------------------------------------------------ */

static void set_is_sorted_and_unique(void **state)
{
	struct end_set set = {0};

	(void)state;
	end_set_sort(&set);
	assert_int_equal(set.len, 0);
	for (uint16_t i = 0; i < 20; i++) {
		uint16_t port = (uint16_t)(1000 + i * 7 % 10);
		struct sock s = pair_end(SOCK_PROTO_TCP, "127.0.0.1", port, "127.0.0.1", 80);
		struct sock u = unix_end(SOCK_STATE_CONNECTED, 100, 50U - i / 2);
		assert_int_equal(end_set_add(&set, &s, false), 0);
		assert_int_equal(end_set_add(&set, &u, false), 0);
	}
	assert_int_equal(set.len, 40);
	end_set_sort(&set);
	assert_int_equal(set.len, 20);
	for (size_t i = 1; i < set.len; i++)
		assert_true(end_key_compare(&set.v[i - 1], &set.v[i]) < 0);
	end_set_free(&set);
	end_set_free(&set);
}

static void set_has_other_ends_and_on_request_the_sockets(void **state)
{
	struct sock client = pair_end(SOCK_PROTO_TCP, "127.0.0.1", 40000, "127.0.0.1", 80),
		    server = pair_end(SOCK_PROTO_TCP, "::ffff:127.0.0.1", 80, "::ffff:127.0.0.1",
				      40000),
		    listener = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1),
		    a = unix_end(SOCK_STATE_CONNECTED, 20, 21),
		    b = unix_end(SOCK_STATE_CONNECTED, 21, 20);

	(void)state;
	for (int itself = 0; itself < 2; itself++) {
		struct end_set set = {0};
		assert_false(end_set_match(&set, &server));
		assert_int_equal(end_set_add(&set, &listener, itself), 0);
		assert_int_equal(set.len, 0);
		assert_int_equal(end_set_add(&set, &client, itself), 0);
		assert_int_equal(end_set_add(&set, &a, itself), 0);
		end_set_sort(&set);
		assert_true(end_set_match(&set, &server));
		assert_true(end_set_match(&set, &b));
		assert_int_equal(end_set_match(&set, &client), itself);
		assert_int_equal(end_set_match(&set, &a), itself);
		assert_false(end_set_match(&set, &listener));
		end_set_free(&set);
	}
}

static void set_knows_which_protocols_its_sockets_may_have(void **state)
{
	static const unsigned tcp = SOCK_PROTO_BIT(SOCK_PROTO_TCP) |
				    SOCK_PROTO_BIT(SOCK_PROTO_MPTCP);
	const struct {
		struct sock s;
		unsigned protos;
	} cases[] = {
		{pair_end(SOCK_PROTO_TCP, "::1", 1, "::1", 2), tcp},
		{pair_end(SOCK_PROTO_MPTCP, "::1", 1, "::1", 2), tcp},
		{pair_end(SOCK_PROTO_UDP, "::1", 1, "::1", 2), SOCK_PROTO_BIT(SOCK_PROTO_UDP)},
		{unix_end(SOCK_STATE_CONNECTED, 20, 21), SOCK_PROTO_BIT(SOCK_PROTO_UNIX)},
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1), 0},
	};
	struct end_set all = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct end_set set = {0};
		assert_int_equal(end_set_add(&set, &cases[i].s, true), 0);
		assert_int_equal(set.protos, cases[i].protos);
		assert_false(set.queues);
		end_set_free(&set);
		assert_int_equal(end_set_add(&all, &cases[i].s, false), 0);
	}
	assert_int_equal(all.protos, tcp | SOCK_PROTO_BIT(SOCK_PROTO_UDP) |
				     SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
	end_set_free(&all);
}

static void listeners_match_where_a_client_may_wait(void **state)
{
	struct sock client = unix_end(SOCK_STATE_CONNECTED, 31, 0),
		    listener = unix_end(SOCK_STATE_LISTEN, 30, 0);
	struct end_set set = {0};

	(void)state;
	listener.rqueue = 1;
	assert_false(end_set_match(&set, &listener));
	assert_int_equal(end_set_add(&set, &client, false), 0);
	end_set_sort(&set);
	assert_true(set.queues);
	assert_int_equal(set.protos, SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
	assert_true(end_set_match(&set, &listener));
	listener.rqueue = 0;
	assert_false(end_set_match(&set, &listener));
	assert_false(end_set_match(&set, &client));
	end_set_free(&set);
}

static void set_knows_the_namespaces_of_its_connections(void **state)
{
	struct sock tcp = pair_end(SOCK_PROTO_TCP, "::1", 1, "::1", 2),
		    u = unix_end(SOCK_STATE_CONNECTED, 20, 21), unknown = tcp;
	struct end_set set = {0};

	(void)state;
	tcp.netns = 7;
	u.netns = 8;
	assert_false(end_set_has_netns(&set, 7));
	assert_int_equal(end_set_add(&set, &u, true), 0);
	assert_int_equal(end_set_add(&set, &unknown, false), 0);
	assert_int_equal(end_set_add(&set, &tcp, false), 0);
	end_set_sort(&set);
	assert_true(end_set_has_netns(&set, 7));
	assert_false(end_set_has_netns(&set, 8)); /* unix sockets have none */
	assert_false(end_set_has_netns(&set, 0)); /* nor is an unknown one asked for */
	end_set_free(&set);
}

static void missing_unix_sockets_are_told(void **state)
{
	struct sock a = unix_end(SOCK_STATE_CONNECTED, 20, 21),
		    b = unix_end(SOCK_STATE_CONNECTED, 21, 20),
		    waiting = unix_end(SOCK_STATE_CONNECTED, 31, 0),
		    tcp = pair_end(SOCK_PROTO_TCP, "::1", 1, "::1", 2);
	struct sock_table t = {0};
	struct end_set set = {0};

	(void)state;
	assert_false(end_set_misses_unix(&set, &t));
	/* Neither connections nor queues are looked for by inode. */
	assert_int_equal(end_set_add(&set, &tcp, false), 0);
	assert_int_equal(end_set_add(&set, &waiting, false), 0);
	end_set_sort(&set);
	assert_false(end_set_misses_unix(&set, &t));
	assert_int_equal(end_set_add(&set, &a, true), 0);
	end_set_sort(&set);
	assert_true(end_set_misses_unix(&set, &t));
	assert_int_equal(sock_table_add(&t, &b), 0);
	assert_true(end_set_misses_unix(&set, &t));
	assert_int_equal(sock_table_add(&t, &a), 0);
	sock_table_sort(&t);
	assert_false(end_set_misses_unix(&set, &t));
	end_set_free(&set);
	sock_table_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_ends_of_a_connection_meet),
		cmocka_unit_test(ports_and_namespace_count),
		cmocka_unit_test(unix_sockets_meet_by_inode),
		cmocka_unit_test(client_in_a_queue_has_the_listeners_key),
		cmocka_unit_test(datagram_socket_has_those_that_send_to_it),
		cmocka_unit_test(who_talks_to_nobody_has_no_other_end),
		cmocka_unit_test(only_listeners_with_clients_have_a_queue),
		cmocka_unit_test(set_is_sorted_and_unique),
		cmocka_unit_test(set_has_other_ends_and_on_request_the_sockets),
		cmocka_unit_test(set_knows_which_protocols_its_sockets_may_have),
		cmocka_unit_test(listeners_match_where_a_client_may_wait),
		cmocka_unit_test(set_knows_the_namespaces_of_its_connections),
		cmocka_unit_test(missing_unix_sockets_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
