/* A filter that looks for the other ends of sockets, and for nothing else. */
#include "fixture.h"
#include "end_key.h"
#include "filter.h"

#include <sys/socket.h>

#define CLIENT make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 80, 10)
#define SERVER make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 40000, 11)

static struct sock unix_end(enum sock_state state, uint64_t inode, uint32_t peer)
{
	struct sock s = make_unix(state, SOCK_STREAM, NULL, inode);

	s.peer = peer;
	return s;
}

static void ends_are_wanted_and_listeners_are_witnesses(void **state)
{
	struct sock client = CLIENT, a = unix_end(SOCK_STATE_CONNECTED, 20, 21);
	struct sock mapped = make_connection(SOCK_STATE_CLOSE_WAIT, "::ffff:127.0.0.1", 80,
					     "::ffff:127.0.0.1", 40000, 12);
	const struct {
		struct sock s;
		enum sock_role role;
	} cases[] = {
		{SERVER, SOCK_ROLE_WANTED},
		{mapped, SOCK_ROLE_WANTED},
		{unix_end(SOCK_STATE_CONNECTED, 21, 20), SOCK_ROLE_WANTED},
		{CLIENT, SOCK_ROLE_NONE},
		{unix_end(SOCK_STATE_CONNECTED, 20, 21), SOCK_ROLE_NONE},
		/* They may have the other end in their queue. */
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1), SOCK_ROLE_WITNESS},
		{make_sock(SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, "::", 80, 1), SOCK_ROLE_WITNESS},
		{unix_end(SOCK_STATE_LISTEN, 22, 0), SOCK_ROLE_WITNESS},
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "::", 80, 1), SOCK_ROLE_NONE},
		{make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 80, 1), SOCK_ROLE_NONE},
		{make_sock(SOCK_PROTO_SCTP, SOCK_STATE_LISTEN, "::", 80, 1), SOCK_ROLE_NONE},
		{{.proto = SOCK_PROTO_NETLINK, .inode = 21}, SOCK_ROLE_NONE},
	};
	struct end_set set = {0};
	struct filter f = {.ends = &set};

	(void)state;
	assert_int_equal(end_set_add(&set, &client, false), 0);
	assert_int_equal(end_set_add(&set, &a, false), 0);
	end_set_sort(&set);
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (filter_classify(&f, &cases[i].s) != cases[i].role)
			fail_msg("case %zu", i);
	}
	filter_free(&f);
	end_set_free(&set);
}

static void listener_is_wanted_where_a_client_may_wait(void **state)
{
	struct sock client = unix_end(SOCK_STATE_CONNECTED, 31, 0),
		    listener = unix_end(SOCK_STATE_LISTEN, 30, 0);
	struct end_set set = {0};
	struct filter f = {.ends = &set};

	(void)state;
	assert_int_equal(end_set_add(&set, &client, false), 0);
	end_set_sort(&set);
	assert_int_equal(filter_classify(&f, &listener), SOCK_ROLE_WITNESS);
	listener.rqueue = 1;
	assert_int_equal(filter_classify(&f, &listener), SOCK_ROLE_WANTED);
	filter_free(&f);
	end_set_free(&set);
}

static void only_tables_of_the_ends_are_read(void **state)
{
	static const unsigned tcp = SOCK_PROTO_BIT(SOCK_PROTO_TCP) |
				    SOCK_PROTO_BIT(SOCK_PROTO_MPTCP);
	struct sock client = CLIENT, a = unix_end(SOCK_STATE_CONNECTED, 20, 21), udp = client;
	struct end_set set = {0};
	struct filter f = {.ends = &set};

	(void)state;
	udp.proto = SOCK_PROTO_UDP;
	assert_int_equal(filter_protos(&f), 0);
	assert_int_equal(end_set_add(&set, &a, false), 0);
	assert_int_equal(filter_protos(&f), SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
	assert_int_equal(end_set_add(&set, &client, false), 0);
	assert_int_equal(filter_protos(&f), tcp | SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
	assert_int_equal(end_set_add(&set, &udp, false), 0);
	assert_int_equal(filter_protos(&f), tcp | SOCK_PROTO_BIT(SOCK_PROTO_UNIX) |
					    SOCK_PROTO_BIT(SOCK_PROTO_UDP));
	end_set_free(&set);
}

static void every_holder_of_an_end_is_wanted(void **state)
{
	struct end_set set = {0};
	struct filter f = {.ends = &set};

	(void)state;
	assert_true(filter_wants_unheld(&f));
	assert_false(filter_limits_scan(&f));
	assert_false(filter_wants_every_socket(&f));
	/* In every state: a connection is looked for, whatever became of it. */
	struct sock client = CLIENT;
	assert_int_equal(end_set_add(&set, &client, false), 0);
	end_set_sort(&set);
	assert_int_equal(filter_wants_states(&f, SOCK_PROTO_TCP),
			 sock_proto_states(SOCK_PROTO_TCP));
	end_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_wanted_and_listeners_are_witnesses),
		cmocka_unit_test(listener_is_wanted_where_a_client_may_wait),
		cmocka_unit_test(only_tables_of_the_ends_are_read),
		cmocka_unit_test(every_holder_of_an_end_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
