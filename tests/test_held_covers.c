/* Whether a namespace has other sockets than those that a scanner told of. */
#include "held_fixture.h"

#define BIT SOCK_PROTO_BIT
#define TCP_BIT BIT(SOCK_PROTO_TCP)
#define STATE SOCK_STATE_BIT

static void add(struct held *h, enum sock_proto proto, enum sock_state state, uint64_t inode)
{
	held_add(h, held_sock(proto, state, (uint16_t)(inode % 1000), inode));
}

/* Four of TCP and one that is only bound, three of UDP, two of UDP-Lite, one raw, five others. */
static const struct sockstat usual = {.used = 16, .tcp = 4, .udp = 3, .udplite = 2, .raw = 1};

static void take_sockets(struct held *h)
{
	/* What has several holders is told of as often. */
	for (int holders = 0; holders < 3; holders++) {
		add(h, SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 1001);
		add(h, SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 1002);
		add(h, SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, 1003);
		add(h, SOCK_PROTO_TCP, SOCK_STATE_CLOSE_WAIT, 1004);
		add(h, SOCK_PROTO_TCP, SOCK_STATE_BOUND, 1005);
		add(h, SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 2001);
		add(h, SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 2002);
		add(h, SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED, 2003);
		add(h, SOCK_PROTO_UDPLITE, SOCK_STATE_UNCONNECTED, 3001);
		add(h, SOCK_PROTO_UDPLITE, SOCK_STATE_UNCONNECTED, 3002);
		add(h, SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, 4001);
		for (uint64_t inode = 5001; inode < 5006; inode++)
			held_add(h, held_other(SOCK_PROTO_OTHER, inode));
	}
	/* Another namespace's do not matter. */
	struct sock s = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, 6001);
	for (s.netns = HELD_NETNS - 1; s.netns <= HELD_NETNS + 1; s.netns += 2)
		held_add(h, s);
	held_sort(h);
}

static void take_usual(struct fixture *fx, struct held_wants *w)
{
	held_wants_all(w);
	held_start_census(fx, &w->held, &usual);
	take_sockets(&w->held);
}

static void equal_counts_cover(void **state)
{
	struct held_wants w;

	take_usual(*state, &w);
	assert_true(held_ask_all(*state, &w.held));
	assert_true(held_ask(*state, &w.held, TCP_BIT, STATE(SOCK_STATE_ESTABLISHED)));
	assert_true(held_ask(*state, &w.held, BIT(SOCK_PROTO_UDP), ~0U));
	assert_true(held_ask(*state, &w.held, BIT(SOCK_PROTO_RAW) | TCP_BIT, 0));
	held_wants_free(&w);
}

static void without_ipv6_there_is_one_file(void **state)
{
	struct held_wants w;

	held_write_counts(*state, &usual, false);
	held_wants_all(&w);
	held_begin(&w.held, true);
	held_note(*state, &w.held, HELD_NETNS);
	take_sockets(&w.held);
	assert_true(held_ask_all(*state, &w.held));
	held_wants_free(&w);
}

/* Before the scan, after it, or both times. */
static void every_count_that_differs_needs_a_reading(void **state)
{
	static const size_t places[] = {
		offsetof(struct sockstat, used), offsetof(struct sockstat, tcp),
		offsetof(struct sockstat, udp), offsetof(struct sockstat, udplite),
		offsetof(struct sockstat, raw)};

	for (size_t i = 0; i < 3 * COUNT(places); i++) {
		for (int step = -1; step <= 1; step++) {
			struct sockstat n = usual;
			struct held_wants w;
			take_usual(*state, &w);
			*(uint64_t *)((char *)&n + places[i / 3]) += (uint64_t)(int64_t)step;
			if (i % 3 > 0)
				w.held.before[0].counts = n;
			if (i % 3 < 2)
				held_write_counts(*state, &n, true);
			if (held_ask_all(*state, &w.held) != (step == 0))
				fail_msg("case %zu, %+d", i, step);
			held_wants_free(&w);
		}
	}
}

static void each_namespace_has_counts_of_its_own(void **state)
{
	struct sockstat n = {.used = 9};
	struct held_wants w;

	take_usual(*state, &w);
	held_write_counts(*state, &n, true);
	for (uint32_t netns = HELD_NETNS + 3; netns > 0; netns--) { /* in another order */
		if (netns != HELD_NETNS)
			held_note(*state, &w.held, netns);
	}
	held_sort(&w.held);
	assert_false(held_ask_all(*state, &w.held));
	held_write_counts(*state, &usual, true);
	assert_true(held_ask_all(*state, &w.held));
	/* One that nobody counted before, as it is new. */
	held_begin(&w.held, true);
	assert_false(held_ask_all(*state, &w.held));
	held_write_counts(*state, &(struct sockstat){0}, true);
	held_note(*state, &w.held, HELD_NETNS + 1);
	held_sort(&w.held);
	assert_false(held_ask_all(*state, &w.held));
	held_wants_free(&w);
}

static void namespace_without_sockets_is_covered_by_nothing(void **state)
{
	struct held_wants w;

	held_wants_all(&w);
	for (uint64_t used = 0; used < 2; used++) {
		held_start_census(*state, &w.held, &(struct sockstat){.used = used});
		held_sort(&w.held);
		assert_int_equal(held_ask_all(*state, &w.held), used == 0);
	}
	held_wants_free(&w);
}

/* The kernel's own are found by a port, and not in use. */
static void sockets_that_are_not_counted_count_by_protocol(void **state)
{
	struct sock tunnel = held_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 4789, 1001);
	struct held_wants w;

	held_wants_all(&w);
	for (uint64_t used = 0; used < 2; used++) {
		held_start_census(*state, &w.held, &(struct sockstat){.used = used, .udp = 1});
		assert_int_equal(held_take(&w.held, &tunnel, false), 1);
		held_sort(&w.held);
		assert_int_equal(held_ask_all(*state, &w.held), used == 0);
	}
	held_wants_free(&w);
}

static void what_the_kernel_has_no_count_of_needs_a_reading(void **state)
{
	static const enum sock_proto protos[] = {SOCK_PROTO_SCTP, SOCK_PROTO_MPTCP};

	for (size_t i = 0; i < 2 * COUNT(protos); i++) {
		enum sock_proto proto = protos[i / 2];
		bool is_here = i % 2 == 0;
		struct sockstat n = {.used = 1U + is_here};
		struct sock s = proto == SOCK_PROTO_SCTP
					? held_other(proto, 1001)
					: held_sock(proto, SOCK_STATE_LISTEN, 80, 1001);
		struct held_wants w;
		held_wants_all(&w);
		held_start_census(*state, &w.held, &n);
		held_add(&w.held, held_other(SOCK_PROTO_OTHER, 1002));
		s.netns += !is_here;
		held_add(&w.held, s);
		held_sort(&w.held);
		assert_int_equal(held_ask_all(*state, &w.held), !is_here);
		held_wants_free(&w);
	}
}

static void what_is_not_counted_is_never_covered(void **state)
{
	struct held_wants w;

	take_usual(*state, &w);
	for (unsigned proto = SOCK_PROTO_UNIX; proto < SOCK_PROTO_OTHER; proto++) {
		assert_false(held_ask(*state, &w.held, BIT(proto), SOCK_STATES_WAITING));
		assert_false(held_ask(*state, &w.held, BIT(proto) | TCP_BIT, SOCK_STATES_WAITING));
	}
	assert_true(held_ask_all(*state, &w.held));
	w.held.wants_counts = false; /* as in a scan without a census */
	assert_false(held_ask_all(*state, &w.held));
	held_wants_free(&w);
}

static void counts_that_cannot_be_read_cover_nothing(void **state)
{
	static const struct {
		const char *v4, *v6;
		bool covers;
	} cases[] = {
		{NULL, NULL, false},
		{NULL, "TCP6: inuse 0\n", false},
		{"", "TCP6: inuse 0\n", false},
		{"sockets: used 0\n", "nonsense\n", false},
		{"sockets: used 0\n", "TCP6: inuse 0\n", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;
		struct held_wants w;
		fixture_init(&fx);
		fixture_add_table(&fx, "tcp", INET_HEADER);
		if (cases[i].v4)
			fixture_add_table(&fx, "sockstat", cases[i].v4);
		if (cases[i].v6)
			fixture_add_table(&fx, "sockstat6", cases[i].v6);
		held_wants_all(&w);
		held_begin(&w.held, true);
		held_note(&fx, &w.held, HELD_NETNS);
		held_sort(&w.held);
		assert_int_equal(w.held.before_len, cases[i].covers);
		assert_int_equal(held_ask_all(&fx, &w.held), cases[i].covers);
		held_wants_free(&w);
		fixture_free(&fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(equal_counts_cover),
		fixture_test(without_ipv6_there_is_one_file),
		fixture_test(every_count_that_differs_needs_a_reading),
		fixture_test(each_namespace_has_counts_of_its_own),
		fixture_test(namespace_without_sockets_is_covered_by_nothing),
		fixture_test(sockets_that_are_not_counted_count_by_protocol),
		fixture_test(what_the_kernel_has_no_count_of_needs_a_reading),
		fixture_test(what_is_not_counted_is_never_covered),
		cmocka_unit_test(counts_that_cannot_be_read_cover_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
