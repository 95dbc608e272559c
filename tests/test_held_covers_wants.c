/* Whether a namespace has to be read for what is wanted, though the counts are equal. */
#include "held_fixture.h"

#define BIT SOCK_PROTO_BIT
#define TCP_BIT BIT(SOCK_PROTO_TCP)
#define STATE SOCK_STATE_BIT

/* Take the census of one socket that lives here, or elsewhere, and write the counts of here. */
static void take_one(struct fixture *fx, struct held_wants *w, const struct sock *s)
{
	bool is_here = s->netns == HELD_NETNS;
	struct sockstat n = {.used = is_here, .tcp = is_here && s->proto == SOCK_PROTO_TCP,
			     .udp = is_here && s->proto == SOCK_PROTO_UDP};

	held_start_census(fx, &w->held, &n);
	held_add(&w->held, *s);
	held_sort(&w->held);
}

/* TIME_WAIT has no file, and is in a count of its own. */
static void remains_matter_if_they_are_wanted(void **state)
{
	static const struct {
		unsigned protos;
		uint32_t tcp;
		bool matter;
	} cases[] = {
		{SOCK_PROTOS_INET, SOCK_STATES_WAITING, false},
		{TCP_BIT, STATE(SOCK_STATE_ESTABLISHED), false},
		{TCP_BIT, STATE(SOCK_STATE_TIME_WAIT), true},
		{TCP_BIT, STATE(SOCK_STATE_FIN_WAIT2), true},
		{SOCK_PROTOS_INET, SOCK_STATES_WAITING | STATE(SOCK_STATE_TIME_WAIT), true},
		{BIT(SOCK_PROTO_UDP), STATE(SOCK_STATE_TIME_WAIT), false}, /* none asks for TCP */
	};
	struct held_wants w;

	held_wants_all(&w);
	held_start_census(*state, &w.held, &(struct sockstat){.time_wait = 1});
	for (uint64_t count = 0; count < 3; count++) { /* those of now matter */
		held_write_counts(*state, &(struct sockstat){.time_wait = count}, true);
		for (size_t i = 0; i < COUNT(cases); i++)
			assert_int_equal(held_ask(*state, &w.held, cases[i].protos, cases[i].tcp),
					 count == 0 || !cases[i].matter);
	}
	held_wants_free(&w);
}

static void sink_without_wants_wants_all_states(void **state)
{
	struct source_sink sink = {.ctx = NULL};
	struct held_wants w;

	held_wants_all(&w);
	held_start_census(*state, &w.held, &(struct sockstat){0});
	for (uint64_t count = 0; count < 2; count++) {
		held_write_counts(*state, &(struct sockstat){.time_wait = count}, true);
		int fd = fixture_open(*state, "net");
		assert_int_equal(held_covers(&w.held, HELD_NETNS, fd, SOCK_PROTOS_INET, &sink),
				 count == 0);
		close(fd);
	}
	held_wants_free(&w);
}

/* A request in SYN_RECV is counted nowhere, and is in the queue of a listener. */
static void listener_needs_a_reading_if_requests_are_wanted(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state state;
		uint32_t netns;
		bool covers;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, HELD_NETNS, false},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, HELD_NETNS - 1, true},
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, HELD_NETNS + 1, true},
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, HELD_NETNS, true},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, HELD_NETNS, true},
	};
	const uint32_t requests = STATE(SOCK_STATE_SYN_RECV), others = ~requests;
	struct held_wants w;

	held_wants_all(&w);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = held_sock(cases[i].proto, cases[i].state, 80, 1001);
		s.netns = cases[i].netns;
		take_one(*state, &w, &s);
		assert_int_equal(held_ask(*state, &w.held, SOCK_PROTOS_INET, requests),
				 cases[i].covers);
		assert_true(held_ask(*state, &w.held, SOCK_PROTOS_INET, others));
		assert_true(held_ask(*state, &w.held, BIT(SOCK_PROTO_UDP), requests));
	}
	held_wants_free(&w);
}

static void listener_of_another_port_has_no_requests_that_matter(void **state)
{
	struct held_wants w;

	held_wants_init(&w, FILTER_TARGET, NULL, "80");
	for (uint16_t port = 79; port < 82; port++) {
		struct sock s = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, port, 1001);
		take_one(*state, &w, &s);
		assert_int_equal(held_ask(*state, &w.held, TCP_BIT, STATE(SOCK_STATE_SYN_RECV)),
				 port != 80);
	}
	held_wants_free(&w);
}

/* Its name, which rows show, is not told of. */
static void interface_needs_a_reading(void **state)
{
	struct held_wants w;

	held_wants_init(&w, FILTER_TARGET, NULL, "80");
	for (uint32_t index = 0; index < 3; index++) {
		for (uint16_t port = 80; port < 82; port++) { /* nobody wants the second one */
			struct sock bound =
				held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, port, 1001);
			struct sock local = bound, elsewhere = bound;
			bool covered = index == 0 || port == 81;
			bound.bound_if = index;
			take_one(*state, &w, &bound);
			assert_int_equal(held_ask_all(*state, &w.held), covered);
			local.local.scope_id = index;
			take_one(*state, &w, &local);
			assert_int_equal(held_ask_all(*state, &w.held), covered);
			elsewhere.bound_if = index;
			elsewhere.netns++;
			take_one(*state, &w, &elsewhere);
			assert_true(held_ask_all(*state, &w.held));
		}
	}
	held_wants_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(remains_matter_if_they_are_wanted),
		fixture_test(sink_without_wants_wants_all_states),
		fixture_test(listener_needs_a_reading_if_requests_are_wanted),
		fixture_test(listener_of_another_port_has_no_requests_that_matter),
		fixture_test(interface_needs_a_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
