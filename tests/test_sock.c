/* Socket records: names of states and protocols, the table. */
#include "fixture.h"
#include "sock_info.h"

#include <sys/socket.h>

static void proto_names_go_both_ways(void **state)
{
	enum sock_proto proto;

	(void)state;
	for (unsigned i = 0; i < SOCK_PROTO_OTHER; i++) {
		const char *name = sock_proto_name((enum sock_proto)i);
		assert_true(sock_proto_parse(name, strlen(name), &proto));
		assert_int_equal(proto, i);
	}
	assert_string_equal(sock_proto_name(SOCK_PROTO_TCP), "TCP");
	assert_string_equal(sock_proto_name(SOCK_PROTO_UNIX), "unix");
	assert_true(sock_proto_parse("uDpLiTe", 7, &proto));
	assert_int_equal(proto, SOCK_PROTO_UDPLITE);
	assert_true(sock_proto_parse("tcp:80", 3, &proto));
	assert_int_equal(proto, SOCK_PROTO_TCP);
}

static void unknown_protos_are_refused(void **state)
{
	static const char *const names[] = {"", "tc", "tcpx", "tcp ", "sock", "other", "icmp", "4"};
	enum sock_proto proto;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_false(sock_proto_parse(names[i], strlen(names[i]), &proto));
}

static void state_names_go_both_ways(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SOCK_STATE_COUNT; i++) {
		const char *name = sock_state_name((enum sock_state)i);
		enum sock_state parsed;
		if (i == SOCK_STATE_UNKNOWN || i == SOCK_STATE_NEW_SYN_RECV) {
			assert_string_equal(name, "");
			continue;
		}
		assert_true(*name != '\0');
		assert_true(sock_state_parse(name, strlen(name), &parsed));
		assert_int_equal(parsed, i);
	}
}

static void state_spellings_of_other_tools_are_understood(void **state)
{
	static const struct {
		const char *name;
		enum sock_state state;
	} cases[] = {
		{"listening", SOCK_STATE_LISTEN},    {"ESTAB", SOCK_STATE_ESTABLISHED},
		{"FIN-WAIT-1", SOCK_STATE_FIN_WAIT1}, {"fin_wait_2", SOCK_STATE_FIN_WAIT2},
		{"FIN_WAIT1", SOCK_STATE_FIN_WAIT1}, {"Time-Wait", SOCK_STATE_TIME_WAIT},
		{"UNCONN", SOCK_STATE_UNCONNECTED},  {"SYN_RCVD", SOCK_STATE_SYN_RECV},
		{"syn-recv", SOCK_STATE_SYN_RECV},   {"CLOSED", SOCK_STATE_CLOSE},
		{"close_wait", SOCK_STATE_CLOSE_WAIT}, {"bound", SOCK_STATE_BOUND},
	};
	static const char *const bad[] = {"", "LIST", "LISTEN ", "UNKNOWN", "_", "-", "TIMEWAIT_"};
	enum sock_state parsed;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(sock_state_parse(cases[i].name, strlen(cases[i].name), &parsed));
		assert_int_equal(parsed, cases[i].state);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(sock_state_parse(bad[i], strlen(bad[i]), &parsed));
}

static void each_proto_has_its_states(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state has, lacks;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, SOCK_STATE_UNCONNECTED},
		{SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, SOCK_STATE_NEW_SYN_RECV},
		{SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, SOCK_STATE_CONNECTED},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, SOCK_STATE_LISTEN},
		{SOCK_PROTO_RAW, SOCK_STATE_ESTABLISHED, SOCK_STATE_TIME_WAIT},
		{SOCK_PROTO_UNIX, SOCK_STATE_CONNECTED, SOCK_STATE_ESTABLISHED},
		{SOCK_PROTO_OTHER, SOCK_STATE_UNKNOWN, SOCK_STATE_LISTEN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t states = sock_proto_states(cases[i].proto);
		assert_true(states & SOCK_STATE_BIT(cases[i].has));
		assert_false(states & SOCK_STATE_BIT(cases[i].lacks));
	}
}

static void unaccepted_is_a_connection_without_inode(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state state;
		uint64_t inode;
		bool unaccepted;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_SYN_RECV, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_CLOSE_WAIT, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, 7, false},
		{SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, 0, false},
		{SOCK_PROTO_TCP, SOCK_STATE_FIN_WAIT1, 0, false},
		{SOCK_PROTO_TCP, SOCK_STATE_LAST_ACK, 0, false},
		{SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED, 0, false},
		{SOCK_PROTO_UNIX, SOCK_STATE_CONNECTING, 0, true},
		{SOCK_PROTO_UNIX, SOCK_STATE_CONNECTED, 0, false},
		{SOCK_PROTO_UNIX, SOCK_STATE_CONNECTING, 7, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = {.proto = (uint8_t)cases[i].proto, .state = (uint8_t)cases[i].state,
				 .inode = cases[i].inode};
		assert_int_equal(sock_is_unaccepted(&s), cases[i].unaccepted);
	}
}

static void table_keeps_copies_of_names(void **state)
{
	struct sock_table t = {0};
	char name[100];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "@name-%u-%060u", i, i);
		struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, name, i + 1);
		assert_int_equal(sock_table_add(&t, &s), 0);
	}
	memset(name, 'x', sizeof(name));
	for (unsigned i = 0; i < 1000; i++) {
		char expected[100];
		snprintf(expected, sizeof(expected), "@name-%u-%060u", i, i);
		assert_bytes(t.v[i].name, t.v[i].name_len, expected);
	}
	assert_null(sock_table_keep(&t, name, 1000000));
	sock_table_free(&t);
	sock_table_free(&t);
}

static void table_keeps_copies_of_doubts_and_details(void **state)
{
	struct sock_table t = {0};
	char line[] = "0000: the row before";
	struct sock_info info = {.mark = 7};
	struct sock_doubt doubt = {.before = 7, .line = line, .len = sizeof(line) - 1};
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1);

	(void)state;
	s.doubt = &doubt;
	s.info = &info;
	assert_int_equal(sock_table_add(&t, &s), 0);
	memset(line, 'x', sizeof(line));
	doubt.before = info.mark = 8;
	assert_int_equal(t.v[0].info->mark, 7);
	assert_int_equal(t.v[0].doubt->before, 7);
	assert_bytes(t.v[0].doubt->line, t.v[0].doubt->len, "0000: the row before");
	sock_table_free(&t);
}

static void extended_name_has_a_newline_and_the_line(void **state)
{
	struct sock_table t = {0};
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1);

	(void)state;
	assert_int_equal(sock_table_add(&t, &s), 0);
	assert_int_equal(sock_table_extend_name(&t, &t.v[0], "more", 4), 0);
	assert_bytes(t.v[0].name, t.v[0].name_len, "/run/x\nmore");
	assert_int_equal(sock_table_extend_name(&t, &t.v[0], "", 0), 0);
	assert_bytes(t.v[0].name, t.v[0].name_len, "/run/x\nmore\n");
	sock_table_free(&t);
}

static void table_is_sorted_and_found_by_inode(void **state)
{
	struct sock_table t = {0};

	(void)state;
	sock_table_sort(&t);
	assert_null(sock_table_find(&t, 1));
	for (unsigned i = 0; i < 500; i++) {
		struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80,
					  1 + 2 * (i * 7919 % 500));
		assert_int_equal(sock_table_add(&t, &s), 0);
	}
	sock_table_sort(&t);
	assert_int_equal(t.len, 500);
	for (uint64_t i = 0; i < 500; i++) {
		const struct sock *s = sock_table_find(&t, 1 + 2 * i);
		assert_non_null(s);
		assert_int_equal(s->inode, 1 + 2 * i);
		assert_null(sock_table_find(&t, 2 * i));
	}
	assert_null(sock_table_find(&t, UINT64_MAX));
	sock_table_free(&t);
}

static void table_drops_what_was_read_twice(void **state)
{
	struct sock_table t = {0};
	struct sock socks[] = {
		make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 7),
		make_connection(SOCK_STATE_TIME_WAIT, "10.0.0.1", 80, "10.0.0.2", 5000, 0),
		make_connection(SOCK_STATE_TIME_WAIT, "10.0.0.1", 80, "10.0.0.2", 5001, 0),
		make_connection(SOCK_STATE_TIME_WAIT, "10.0.0.1", 80, "10.0.0.3", 5000, 0),
		make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/x", 0),
		make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/y", 0),
		make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run", 0),
		make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, NULL, 0),
	};

	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		for (size_t i = 0; i < COUNT(socks); i++) {
			if (socks[i].proto == SOCK_PROTO_UNIX)
				socks[i].cookie = 77;
			assert_int_equal(sock_table_add(&t, &socks[i]), 0);
		}
	}
	sock_table_sort(&t);
	assert_int_equal(t.len, COUNT(socks));
	sock_table_free(&t);
}

static void compare_address_orders_by_protocol_port_and_ends(void **state)
{
	/* Each one before the next. */
	const struct sock socks[] = {
		make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 22, 9),
		make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 8),
		make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5000, 7),
		make_connection(SOCK_STATE_CLOSE_WAIT, "127.0.0.1", 80, "127.0.0.1", 5000, 6),
		make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5001, 5),
		make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 4),
		make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 22, 3),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(socks); i++) {
		for (size_t j = 0; j < COUNT(socks); j++) {
			int order = sock_compare_address(&socks[i], &socks[j]);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
}

static void clients_in_one_queue_are_kept_apart(void **state)
{
	struct sock_table t = {0};
	struct sock s = make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/x", 0);

	(void)state;
	/* By the cookie; one is read twice. */
	for (uint64_t i = 0; i < 3; i++) {
		s.cookie = 7 + i % 2;
		assert_int_equal(sock_table_add(&t, &s), 0);
	}
	/* Where the kernel hides pointers nothing tells them apart: both count. */
	s.cookie = 0;
	assert_int_equal(sock_table_add(&t, &s), 0);
	assert_int_equal(sock_table_add(&t, &s), 0);
	sock_table_sort(&t);
	assert_int_equal(t.len, 4);
	sock_table_free(&t);
}

/* Sort two records, added in either order; there are so many then, the first of @state. */
static void check_pair(const struct sock *a, const struct sock *b, size_t len, enum sock_state state)
{
	for (int turned = 0; turned < 2; turned++) {
		struct sock_table t = {0};
		assert_int_equal(sock_table_add(&t, turned ? b : a), 0);
		assert_int_equal(sock_table_add(&t, turned ? a : b), 0);
		sock_table_sort(&t);
		assert_int_equal(t.len, len);
		assert_int_equal(t.v[0].state, state);
		sock_table_free(&t);
	}
}

static void socket_read_in_two_states_is_one_in_the_later(void **state)
{
	static const enum sock_state waiting[] = {SOCK_STATE_LISTEN, SOCK_STATE_BOUND};
	static const enum sock_state later[] = {SOCK_STATE_ESTABLISHED, SOCK_STATE_SYN_SENT,
						SOCK_STATE_CLOSE_WAIT, SOCK_STATE_CLOSING};

	(void)state;
	for (size_t i = 0; i < COUNT(waiting) * COUNT(later); i++) {
		struct sock was = make_sock(SOCK_PROTO_TCP, waiting[i % 2], "0.0.0.0", 80, 7);
		struct sock is = make_connection(later[i / 2], "127.0.0.1", 80, "127.0.0.1", 5, 7);

		/* The source asks for what waits first. */
		was.cookie = is.cookie = 77;
		check_pair(&was, &is, 1, later[i / 2]);
		/* Without an inode it is told by its ends. */
		was.inode = is.inode = 0;
		check_pair(&was, &is, 2, waiting[i % 2]);
	}
}

static void sockets_with_one_inode_and_other_cookies_are_kept_apart(void **state)
{
	struct sock a = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5, 7),
		    b = make_connection(SOCK_STATE_CLOSE_WAIT, "127.0.0.1", 80, "127.0.0.2", 6, 7);

	(void)state;
	/* Subflows of a Multipath TCP socket. */
	a.cookie = 77;
	b.cookie = 78;
	check_pair(&a, &b, 2, SOCK_STATE_ESTABLISHED);
	/* From text: perhaps the same, perhaps not. */
	a.cookie = b.cookie = 0;
	check_pair(&a, &b, 2, SOCK_STATE_ESTABLISHED);
	/* The subflow and its socket. */
	b = a;
	a.cookie = b.cookie = 77;
	b.proto = SOCK_PROTO_MPTCP;
	check_pair(&a, &b, 2, SOCK_STATE_ESTABLISHED);
}

static void socket_without_file_from_text_and_diag_is_one(void **state)
{
	struct sock text = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", 80, "127.0.0.1", 5, 0),
		    diag = text;

	(void)state;
	diag.cookie = 77;
	diag.timer_ms = 5000;
	check_pair(&text, &diag, 1, SOCK_STATE_TIME_WAIT);
	/* Both tell their cookies. */
	text.cookie = 78;
	check_pair(&text, &diag, 2, SOCK_STATE_TIME_WAIT);
	text.cookie = 0;
	text.netns = 1;
	check_pair(&text, &diag, 2, SOCK_STATE_TIME_WAIT);
	text.netns = 0;
	text.remote.port = 6;
	check_pair(&text, &diag, 2, SOCK_STATE_TIME_WAIT);
	/* Clients in the queue of a unix socket have nothing else to tell them apart. */
	text = diag = make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/x", 0);
	diag.cookie = 77;
	check_pair(&text, &diag, 2, SOCK_STATE_CONNECTING);
	diag = make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/a", 0);
	diag.cookie = 77;
	check_pair(&text, &diag, 2, SOCK_STATE_CONNECTING);
}

static void socket_with_a_file_from_text_and_diag_is_one(void **state)
{
	struct sock text = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 53, 7), diag = text;

	(void)state;
	diag.cookie = 77;
	diag.v6only = SOCK_V6ONLY_YES;
	check_pair(&text, &diag, 1, SOCK_STATE_UNCONNECTED);
}

static void protocols_with_tables_are_known_by_the_kernels_names(void **state)
{
	static const char *const known[] = {"TCP", "TCPv6", "MPTCP", "MPTCPv6", "UDP", "UDPv6",
					    "UDP-Lite", "UDPLITEv6", "RAW", "RAWv6", "SCTP",
					    "SCTPv6", "UNIX", "UNIX-STREAM"};
	static const char *const others[] = {"", "T", "TC", "tcp", "PING", "PINGv6", "SMC", "KCM",
					     "ALG", "L2CAP", "xTCP", "UNI"};

	(void)state;
	for (size_t i = 0; i < COUNT(known) + COUNT(others); i++) {
		bool is_known = i < COUNT(known);
		const char *name = is_known ? known[i] : others[i - COUNT(known)];
		size_t len = strlen(name);
		char *copy = guard_copy(name, len);
		if (sock_proto_has_table(copy, len) != is_known)
			fail_msg("wrong answer to '%s'", name);
		guard_free(copy, len);
	}
	assert_false(sock_proto_has_table("TCP", 2));
}

static void orphan_is_what_is_still_sent(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state state;
		enum sock_timer timer;
		uint64_t inode;
		bool is_orphan;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_FIN_WAIT1, SOCK_TIMER_RETRANSMIT, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_FIN_WAIT2, SOCK_TIMER_NONE, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_LAST_ACK, SOCK_TIMER_PROBE, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_CLOSING, SOCK_TIMER_RETRANSMIT, 0, true},
		{SOCK_PROTO_TCP, SOCK_STATE_FIN_WAIT1, SOCK_TIMER_RETRANSMIT, 7, false},
		{SOCK_PROTO_TCP, SOCK_STATE_FIN_WAIT2, SOCK_TIMER_TIME_WAIT, 0, false},
		{SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, SOCK_TIMER_TIME_WAIT, 0, false},
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, SOCK_TIMER_NONE, 0, false}, /* not accepted */
		{SOCK_PROTO_TCP, SOCK_STATE_SYN_RECV, SOCK_TIMER_RETRANSMIT, 0, false},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, SOCK_TIMER_NONE, 0, false},
		{SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED, SOCK_TIMER_NONE, 0, false},
		{SOCK_PROTO_UNIX, SOCK_STATE_DISCONNECTING, SOCK_TIMER_NONE, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = {.proto = (uint8_t)cases[i].proto, .state = (uint8_t)cases[i].state,
				 .timer = (uint8_t)cases[i].timer, .inode = cases[i].inode};
		assert_int_equal(sock_is_orphan(&s), cases[i].is_orphan);
	}
}

static void namespaces_are_kept_apart(void **state)
{
	struct sock_table t = {0};
	struct sock s = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", 80, "127.0.0.1", 5000, 0);

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		s.netns = 1 + i % 2;
		assert_int_equal(sock_table_add(&t, &s), 0);
	}
	sock_table_sort(&t);
	assert_int_equal(t.len, 2);
	sock_table_free(&t);
}

static void queues_are_known_where_a_source_tells_them(void **state)
{
	static const struct {
		enum sock_proto proto;
		const char *ip; /* NULL: none */
		bool exact, scanned;
		uint32_t row;
		bool is_text, has_queues;
	} cases[] = {
		{SOCK_PROTO_TCP, "::", false, false, 0, false, true},
		{SOCK_PROTO_RAW, "0.0.0.0", false, false, 0, false, true},
		{SOCK_PROTO_TCP, "::", false, true, 0, false, false},
		{SOCK_PROTO_UNIX, NULL, false, false, 1, true, false},
		{SOCK_PROTO_UNIX, NULL, false, false, 0, true, false},
		/* From sock_diag, and a row of text whose name a descriptor has told. */
		{SOCK_PROTO_UNIX, NULL, true, false, 0, false, true},
		{SOCK_PROTO_UNIX, NULL, true, false, 1, true, false},
		{SOCK_PROTO_UNIX, NULL, true, true, 0, false, false},
		{SOCK_PROTO_NETLINK, NULL, false, false, 0, false, false},
		{SOCK_PROTO_PACKET, NULL, true, false, 0, false, false},
		{SOCK_PROTO_OTHER, NULL, false, false, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct sock s = {
			.proto = (uint8_t)cases[i].proto, .local = make_addr(cases[i].ip, 0),
			.name_is_exact = cases[i].exact, .is_scanned = cases[i].scanned,
			.row = cases[i].row};
		if (sock_is_unix_text(&s) != cases[i].is_text ||
		    sock_has_queues(&s) != cases[i].has_queues)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proto_names_go_both_ways),
		cmocka_unit_test(unknown_protos_are_refused),
		cmocka_unit_test(state_names_go_both_ways),
		cmocka_unit_test(state_spellings_of_other_tools_are_understood),
		cmocka_unit_test(each_proto_has_its_states),
		cmocka_unit_test(unaccepted_is_a_connection_without_inode),
		cmocka_unit_test(table_keeps_copies_of_names),
		cmocka_unit_test(table_keeps_copies_of_doubts_and_details),
		cmocka_unit_test(extended_name_has_a_newline_and_the_line),
		cmocka_unit_test(table_is_sorted_and_found_by_inode),
		cmocka_unit_test(table_drops_what_was_read_twice),
		cmocka_unit_test(clients_in_one_queue_are_kept_apart),
		cmocka_unit_test(socket_read_in_two_states_is_one_in_the_later),
		cmocka_unit_test(sockets_with_one_inode_and_other_cookies_are_kept_apart),
		cmocka_unit_test(socket_without_file_from_text_and_diag_is_one),
		cmocka_unit_test(socket_with_a_file_from_text_and_diag_is_one),
		cmocka_unit_test(protocols_with_tables_are_known_by_the_kernels_names),
		cmocka_unit_test(orphan_is_what_is_still_sent),
		cmocka_unit_test(namespaces_are_kept_apart),
		cmocka_unit_test(queues_are_known_where_a_source_tells_them),
		cmocka_unit_test(compare_address_orders_by_protocol_port_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
