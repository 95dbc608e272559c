/* Sockets that a scanner tells of: which are kept, in which order, and handed on. */
#include "held_fixture.h"

#define BIT SOCK_STATE_BIT

/* The ports wanted of a protocol, as `80 443`. */
static void assert_ports(const struct held *h, enum sock_proto proto, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < h->ports_len[proto]; i++) {
		buf_add_str(&b, i ? " " : "");
		buf_add_dec(&b, h->ports[proto][i]);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void init_notes_what_the_filter_wants(void **state)
{
	static const struct {
		enum filter_kind kind;
		const char *value, *target;
		uint32_t tcp, udp; /* states */
		const char *tcp_ports;
	} cases[] = {
		{FILTER_INET, NULL, NULL, SOCK_STATES_WAITING, BIT(SOCK_STATE_UNCONNECTED), ""},
		{FILTER_INET, "UDP", NULL, 0,
		 BIT(SOCK_STATE_ESTABLISHED) | BIT(SOCK_STATE_UNCONNECTED), ""},
		{FILTER_STATE, "TCP:TIME_WAIT", NULL,
		 BIT(SOCK_STATE_TIME_WAIT) | BIT(SOCK_STATE_LISTEN), 0, ""},
		{FILTER_STATE, "TCP:LISTEN", "80", BIT(SOCK_STATE_LISTEN), 0, "80"},
		{FILTER_STATE, "TCP:LISTEN", "80,443,8080-8080,1", BIT(SOCK_STATE_LISTEN), 0,
		 "1 80 443 8080"},
		{FILTER_STATE, "TCP:LISTEN", "1,2,3,4,5", BIT(SOCK_STATE_LISTEN), 0, ""},
		{FILTER_STATE, "TCP:LISTEN", "80-81", BIT(SOCK_STATE_LISTEN), 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct held_wants w;
		held_wants_init(&w, cases[i].kind, cases[i].value, cases[i].target);
		assert_int_equal(w.held.states[SOCK_PROTO_TCP], cases[i].tcp);
		assert_int_equal(w.held.states[SOCK_PROTO_UDP], cases[i].udp);
		assert_ports(&w.held, SOCK_PROTO_TCP, cases[i].tcp_ports);
		/* Nothing of what was there before. */
		assert_int_equal(w.held.netns, 0);
		assert_int_equal(w.held.socks.len, 0);
		assert_false(w.held.wants_counts);
		held_wants_free(&w);
	}
}

static void init_asks_for_more_than_a_filter_that_has_seen_a_holder(void **state)
{
	struct sock listener = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, 1001);
	struct held_wants w;
	struct held later;

	(void)state;
	held_wants_init(&w, FILTER_TARGET, NULL, "80");
	assert_true(w.held.states[SOCK_PROTO_TCP] & BIT(SOCK_STATE_TIME_WAIT));
	filter_classify(&w.filter, &listener);
	held_init(&later, &w.filter);
	assert_int_equal(later.states[SOCK_PROTO_TCP], SOCK_STATES_WAITING);
	/* What was noted first stands: a connection beside the listener is taken. */
	struct sock connection = held_sock(SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, 80, 1002);
	assert_int_equal(held_add(&w.held, connection), 1);
	assert_int_equal(held_add(&later, connection), 0);
	held_free(&later);
	held_wants_free(&w);
}

static void take_keeps_by_protocol_state_and_port(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state state;
		uint16_t port;
		int kept;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, 1},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 443, 1},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 81, 0},
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, 80, 0},
		{SOCK_PROTO_TCP, SOCK_STATE_UNKNOWN, 80, 0},
		{SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, 80, 1},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 80, 0},
		{SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, 80, 0},
	};
	struct held_wants w;

	(void)state;
	held_wants_init(&w, FILTER_STATE, "TCP:LISTEN,MPTCP:LISTEN", "80,443");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = held_sock(cases[i].proto, cases[i].state, cases[i].port, 100 + i);
		if (held_add(&w.held, s) != cases[i].kept)
			fail_msg("case %zu", i);
	}
	assert_kept(&w.held, "5/100 5/101 5/105");
	for (size_t i = 0; i < w.held.socks.len; i++)
		assert_true(w.held.socks.v[i].is_scanned);
	held_wants_free(&w);
}

/* A port is another one in each namespace, a path is not. */
static void take_keeps_one_namespace_and_of_others_some_protocols(void **state)
{
	static const struct {
		uint32_t netns;
		unsigned foreign;
		const char *kept;
	} cases[] = {
		{1, 0, "1/11 1/12"},
		{2, 0, "2/21 2/22"},
		{1, SOCK_PROTO_BIT(SOCK_PROTO_UNIX), "1/11 1/12 2/22"},
		{1, SOCK_PROTO_BIT(SOCK_PROTO_UDP), "1/11 1/12 2/21"},
		{1, SOCK_PROTO_BIT(SOCK_PROTO_TCP), "1/11 1/12"},
		{0, ~0U, "1/11 1/12 2/21 2/22"},
		{7, ~0U, "1/11 1/12 2/21 2/22"},
		{7, 0, ""},
	};
	struct held_wants w;

	(void)state;
	held_wants_all(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		held_restart(&w.held, cases[i].netns, cases[i].foreign, false);
		for (uint32_t netns = 1; netns < 3; netns++) {
			struct sock udp = held_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 53,
						    10 * netns + 1);
			struct sock path = make_unix(SOCK_STATE_LISTEN, 1, "/run/x", 10 * netns + 2);
			udp.netns = path.netns = netns;
			held_add(&w.held, udp);
			held_add(&w.held, path);
		}
		assert_kept(&w.held, cases[i].kept);
	}
	held_wants_free(&w);
}

static void take_copies_what_a_record_points_to(void **state)
{
	char name[] = "/run/a.sock";
	struct sock s = make_unix(SOCK_STATE_LISTEN, 1, name, 1001);
	struct held_wants w;

	(void)state;
	held_wants_all(&w);
	assert_int_equal(held_add(&w.held, s), 1);
	memset(name, 'x', sizeof(name) - 1);
	assert_bytes(w.held.socks.v[0].name, w.held.socks.v[0].name_len, "/run/a.sock");
	assert_int_equal(w.held.counts_len, 0);
	held_wants_free(&w);
}

static void take_wants_holders_of_what_it_cannot_describe_with_a_census(void **state)
{
	struct held_wants w;

	(void)state;
	held_wants_init(&w, FILTER_INET, "UDP", NULL);
	/* Tables were read before: they have the inodes that matter. */
	assert_int_equal(held_add(&w.held, held_other(SOCK_PROTO_OTHER, 1)), 0);
	assert_int_equal(held_add(&w.held, held_other(SOCK_PROTO_SCTP, 2)), 0);
	held_begin(&w.held, true);
	assert_int_equal(held_add(&w.held, held_other(SOCK_PROTO_OTHER, 1)), 1);
	assert_int_equal(held_add(&w.held, held_other(SOCK_PROTO_SCTP, 2)), 1);
	/* Of what it describes no more than before. */
	assert_int_equal(held_add(&w.held, held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, 3)), 0);
	assert_int_equal(w.held.socks.len, 0);
	assert_int_equal(w.held.counts_len, 3);
	held_wants_free(&w);
}

static void sort_orders_by_namespace_and_drops_doubles(void **state)
{
	static const uint32_t taken[][2] = {{7, 30}, {5, 20}, {7, 10}, {5, 40}, {5, 20},
					    {7, 20}, {7, 30}, {5, 20}, {4294967295, 1}};
	struct held_wants w;

	(void)state;
	held_wants_all(&w);
	held_sort(&w.held); /* nothing is fine */
	held_begin(&w.held, true);
	for (size_t i = 0; i < COUNT(taken); i++) {
		struct sock s = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, taken[i][1]);
		s.netns = taken[i][0];
		assert_int_equal(held_add(&w.held, s), 1);
	}
	for (int again = 0; again < 2; again++) {
		held_sort(&w.held);
		assert_kept(&w.held, "5/20 5/40 7/10 7/20 7/30 4294967295/1");
		assert_int_equal(w.held.counts_len, 6);
	}
	held_begin(&w.held, false);
	assert_kept(&w.held, "");
	assert_int_equal(w.held.counts_len, 0);
	held_wants_free(&w);
	held_free(&w.held);
}

static void next_netns_goes_through_them_in_order(void **state)
{
	static const uint32_t taken[] = {7, 5, 4294967295, 5, 4294967294, 7};
	static const uint32_t sorted[] = {5, 7, 4294967294, 4294967295, 0};
	struct held_wants w;
	uint32_t netns = 0;

	(void)state;
	held_wants_all(&w);
	assert_int_equal(held_next_netns(&w.held, 0), 0);
	for (size_t i = 0; i < COUNT(taken); i++) {
		struct sock s = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, i);
		s.netns = taken[i];
		held_add(&w.held, s);
	}
	held_sort(&w.held);
	for (size_t i = 0; i < COUNT(sorted); i++) {
		netns = held_next_netns(&w.held, netns);
		assert_int_equal(netns, sorted[i]);
	}
	assert_int_equal(held_next_netns(&w.held, 4), 5);
	assert_int_equal(held_next_netns(&w.held, 6), 7);
	assert_int_equal(held_next_netns(&w.held, 4294967295), 0);
	held_wants_free(&w);
}

/* A sink that notes inodes, and has enough at one of them. */
struct eater {
	struct buf text;
	uint64_t last;
};

static int eat(void *ctx, const struct sock *s)
{
	struct eater *e = ctx;

	buf_add_dec(&e->text, s->inode);
	buf_add_char(&e->text, ' ');
	return s->inode == e->last ? -ECANCELED : 0;
}

static void feed_hands_on_one_namespace(void **state)
{
	static const struct {
		uint32_t netns;
		uint64_t last;
		const char *expected;
	} cases[] = {
		{5, 0, "20 40 "}, {7, 0, "10 20 30 "}, {6, 0, ""}, {1, 0, ""}, {8, 0, ""},
		{0, 0, ""}, {4294967295, 0, ""}, {7, 10, "10 "}, {7, 30, "10 20 30 "},
		{5, 10, "20 40 "},
	};
	struct held_wants w;

	(void)state;
	held_wants_all(&w);
	for (size_t i = 1; i <= 5; i++) {
		uint64_t inode = i < 4 ? 10 * i : 20 * (i - 3);
		struct sock s = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, inode);
		s.netns = i < 4 ? 7 : 5;
		held_add(&w.held, s);
	}
	held_sort(&w.held);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct eater e = {.last = cases[i].last};
		struct source_sink sink = {.ctx = &e, .take = eat};
		int rc = held_feed(&w.held, cases[i].netns, &sink);
		bool stops = cases[i].last && cases[i].netns == 7;
		assert_int_equal(rc, stops ? -ECANCELED : 0);
		assert_buf(&e.text, cases[i].expected);
		buf_free(&e.text);
	}
	held_wants_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_notes_what_the_filter_wants),
		cmocka_unit_test(init_asks_for_more_than_a_filter_that_has_seen_a_holder),
		cmocka_unit_test(take_keeps_by_protocol_state_and_port),
		cmocka_unit_test(take_keeps_one_namespace_and_of_others_some_protocols),
		cmocka_unit_test(take_copies_what_a_record_points_to),
		cmocka_unit_test(take_wants_holders_of_what_it_cannot_describe_with_a_census),
		cmocka_unit_test(sort_orders_by_namespace_and_drops_doubles),
		cmocka_unit_test(next_netns_goes_through_them_in_order),
		cmocka_unit_test(feed_hands_on_one_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
