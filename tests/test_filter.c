/* Selections combined: what is wanted, what comes later, what can never match. */
#include "fixture.h"
#include "filter.h"
#include "process.h"

#include <sys/socket.h>

/* The words of one command line: kind, text; ended by NULL. */
struct word {
	enum filter_kind kind;
	const char *text;
};

/* Build and finish a filter from at most four words. */
static void build(struct filter *f, struct names *names, const struct word *words)
{
	make_names(names);
	f->names = names;
	for (size_t i = 0; i < 4 && words[i].text; i++)
		filter_add_ok(f, words[i].kind, words[i].text);
	filter_finish_ok(f);
}

static void drop(struct filter *f, struct names *names)
{
	filter_free(f);
	names_free(names);
}

static struct sock listener(uint16_t port)
{
	return make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", port, 100);
}

static struct sock udp(enum sock_state state, uint16_t port)
{
	return make_sock(SOCK_PROTO_UDP, state, "0.0.0.0", port, 200);
}

static struct sock connection(enum sock_state state, uint16_t port)
{
	return make_connection(state, "127.0.0.1", port, "127.0.0.1", 50000, 300);
}

static void nothing_selected_means_what_waits(void **state)
{
	struct filter f = {0};
	struct names names;
	const struct {
		struct sock s;
		enum sock_role role;
	} cases[] = {
		{listener(80), SOCK_ROLE_WANTED},
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "::", 80, 1), SOCK_ROLE_WANTED},
		{udp(SOCK_STATE_UNCONNECTED, 53), SOCK_ROLE_WANTED},
		{udp(SOCK_STATE_ESTABLISHED, 53), SOCK_ROLE_NONE},
		{connection(SOCK_STATE_ESTABLISHED, 80), SOCK_ROLE_NONE},
		{connection(SOCK_STATE_TIME_WAIT, 80), SOCK_ROLE_NONE},
		{make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "0.0.0.0", 1, 1), SOCK_ROLE_NONE},
		{make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1), SOCK_ROLE_NONE},
	};

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, NULL}});
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(filter_classify(&f, &cases[i].s), cases[i].role);
	assert_int_equal(filter_protos(&f), SOCK_PROTOS_PORTS);
	assert_false(filter_names_something(&f));
	assert_false(filter_wants_every_socket(&f));
	drop(&f, &names);
}

static void target_wants_holders_and_puts_off_the_rest(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock held = listener(80), conn = connection(SOCK_STATE_ESTABLISHED, 80),
		    other = listener(81), remote = connection(SOCK_STATE_ESTABLISHED, 81);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}});
	remote.remote.port = 80; /* a client of the port: not the local end */
	assert_int_equal(filter_classify(&f, &other), SOCK_ROLE_NONE);
	assert_int_equal(filter_classify(&f, &remote), SOCK_ROLE_NONE);
	assert_int_equal(filter_classify(&f, &conn), SOCK_ROLE_LATER);
	assert_true(filter_settle(&f, &conn));
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_WANTED);
	assert_false(filter_settle(&f, &conn));
	/* The tables are read again, and the listener is gone. */
	filter_restart(&f, ~0U);
	assert_true(filter_settle(&f, &conn));
	drop(&f, &names);
}

static void holder_of_one_protocol_does_not_settle_the_other(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock dns = udp(SOCK_STATE_UNCONNECTED, 80),
		    conn = connection(SOCK_STATE_TIME_WAIT, 80);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}});
	assert_int_equal(filter_classify(&f, &dns), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &conn), SOCK_ROLE_LATER);
	assert_true(filter_settle(&f, &conn));
	drop(&f, &names);
}

static void holder_of_one_target_does_not_settle_the_other(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock held = listener(80), conn = connection(SOCK_STATE_ESTABLISHED, 443);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80,443"}});
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &conn), SOCK_ROLE_LATER);
	assert_true(filter_settle(&f, &conn));
	drop(&f, &names);
}

static void all_and_states_want_every_state_of_a_target(void **state)
{
	struct filter f = {.all = true};
	struct names names;
	struct sock held = listener(80), conn = connection(SOCK_STATE_ESTABLISHED, 80),
		    wait = connection(SOCK_STATE_TIME_WAIT, 80);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}});
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &conn), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &wait), SOCK_ROLE_WANTED);
	drop(&f, &names);

	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}, {FILTER_STATE, "^TIME_WAIT"}});
	assert_int_equal(filter_classify(&f, &conn), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &wait), SOCK_ROLE_NONE);
	drop(&f, &names);
}

static void listener_is_witness_of_its_connections(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock held = listener(80), other = listener(81),
		    conn = connection(SOCK_STATE_ESTABLISHED, 80);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}, {FILTER_STATE, "ESTABLISHED"}});
	assert_int_equal(filter_classify(&f, &conn), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_WITNESS);
	assert_int_equal(filter_classify(&f, &other), SOCK_ROLE_NONE);
	drop(&f, &names);

	/* A dual-stack listener may have IPv4 connections in its queue. */
	struct sock dual = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	build(&f, &names, (const struct word[4]){{FILTER_INET, "4"}, {FILTER_STATE, "ESTABLISHED"}});
	assert_int_equal(filter_classify(&f, &dual), SOCK_ROLE_WITNESS);
	drop(&f, &names);

	/* TIME_WAIT has no listener to be asked. */
	build(&f, &names, (const struct word[4]){{FILTER_STATE, "TIME_WAIT"}});
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_NONE);
	drop(&f, &names);
}

static void inet_wants_both_ends_and_every_state(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock local = connection(SOCK_STATE_CLOSE_WAIT, 80), remote = local,
		    unix_sock = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1);

	(void)state;
	remote.local.port = 50000;
	remote.remote.port = 80;
	build(&f, &names, (const struct word[4]){{FILTER_INET, "TCP:80"}});
	assert_int_equal(filter_classify(&f, &local), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &remote), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &unix_sock), SOCK_ROLE_NONE);
	assert_true(filter_names_something(&f));
	drop(&f, &names);
}

static void local_ports_spare_clients_unless_more_is_said(void **state)
{
	static const struct {
		struct word words[4];
		bool wanted;
	} cases[] = {
		{{{FILTER_INET, ":80"}}, false},
		{{{FILTER_INET, "TCP:80"}}, false},
		{{{FILTER_INET, "@127.0.0.1:80"}}, true},
		{{{FILTER_INET, ":80"}, {FILTER_STATE, "ESTABLISHED"}}, true},
		{{{FILTER_INET, "TCP"}}, true},
	};
	struct sock client = connection(SOCK_STATE_ESTABLISHED, 50000);

	(void)state;
	client.remote.port = 80;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct filter f = {.local_ports = true};
		struct names names;
		build(&f, &names, cases[i].words);
		assert_int_equal(filter_classify(&f, &client) == SOCK_ROLE_WANTED, cases[i].wanted);
		drop(&f, &names);
	}
}

static void unix_and_inet_are_alternatives(void **state)
{
	struct filter f = {.unix_wanted = true};
	struct names names;
	struct sock u = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 1), t = listener(80),
		    d = udp(SOCK_STATE_UNCONNECTED, 53);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_INET, "TCP"}});
	assert_int_equal(filter_classify(&f, &u), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &t), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &d), SOCK_ROLE_NONE);
	assert_int_equal(filter_protos(&f),
			 SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
	drop(&f, &names);
}

static void states_alone_mean_internet_sockets(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock t = listener(80), d = udp(SOCK_STATE_UNCONNECTED, 53),
		    u = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_STATE, "LISTEN"}});
	assert_int_equal(filter_classify(&f, &t), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &d), SOCK_ROLE_NONE);
	assert_int_equal(filter_classify(&f, &u), SOCK_ROLE_NONE);
	drop(&f, &names);

	/* A protocol in front selects it too. */
	build(&f, &names, (const struct word[4]){{FILTER_STATE, "UNIX:LISTEN"}});
	assert_int_equal(filter_classify(&f, &u), SOCK_ROLE_WANTED);
	assert_int_equal(filter_classify(&f, &t), SOCK_ROLE_NONE);
	drop(&f, &names);
}

static void chosen_processes_want_every_socket_of_theirs(void **state)
{
	static const struct word words[][4] = {
		{{FILTER_PID, "42"}}, {{FILTER_PGID, "42"}}, {{FILTER_USER, "1000"}},
		{{FILTER_COMMAND, "nginx"}}, {{FILTER_FD, "3-5"}},
	};
	struct sock u = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 1),
		    c = connection(SOCK_STATE_ESTABLISHED, 80);

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct filter f = {0};
		struct names names;
		build(&f, &names, words[i]);
		assert_true(filter_wants_every_socket(&f));
		assert_int_equal(filter_classify(&f, &u), SOCK_ROLE_WANTED);
		assert_int_equal(filter_classify(&f, &c), SOCK_ROLE_WANTED);
		assert_int_equal(filter_limits_scan(&f), i < 2 || i == 3);
		assert_int_equal(filter_wants_unheld(&f), i == 2);
		drop(&f, &names);
	}
	/* Left out, not chosen: the usual listing. */
	struct filter f = {0};
	struct names names;
	build(&f, &names, (const struct word[4]){{FILTER_PID, "^42"}});
	assert_false(filter_wants_every_socket(&f));
	assert_int_equal(filter_classify(&f, &u), SOCK_ROLE_NONE);
	assert_false(filter_names_something(&f));
	drop(&f, &names);
}

static void all_alone_wants_every_socket(void **state)
{
	struct filter f = {.all = true};
	struct names names;
	struct sock u = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 1);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, NULL}});
	assert_true(filter_wants_every_socket(&f));
	assert_int_equal(filter_classify(&f, &u), SOCK_ROLE_WANTED);
	drop(&f, &names);
	f.all = true;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}});
	assert_false(filter_wants_every_socket(&f));
	drop(&f, &names);
}

static void unix_target_settles_like_a_port(void **state)
{
	struct filter f = {0};
	struct names names;
	struct sock held = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1),
		    accepted = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, "/run/x", 2),
		    other = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/y", 3);

	(void)state;
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "/run/x"}});
	assert_int_equal(filter_protos(&f), SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
	assert_int_equal(filter_classify(&f, &accepted), SOCK_ROLE_LATER);
	assert_int_equal(filter_classify(&f, &held), SOCK_ROLE_WANTED);
	assert_false(filter_settle(&f, &accepted));
	assert_int_equal(filter_classify(&f, &other), SOCK_ROLE_NONE);
	drop(&f, &names);
}

/* TIME_WAIT, and FIN_WAIT2 that is the same. */
static bool wants_remains(const struct filter *f)
{
	return filter_wants_states(f, SOCK_PROTO_TCP) &
	       (SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT) | SOCK_STATE_BIT(SOCK_STATE_FIN_WAIT2));
}

static void remains_are_wanted_until_the_targets_are_held(void **state)
{
	static const struct {
		struct word words[4];
		bool wanted;
	} cases[] = {
		{{{FILTER_TARGET, NULL}}, false},
		{{{FILTER_STATE, "LISTEN"}}, false},
		{{{FILTER_STATE, "^LISTEN"}}, true},
		{{{FILTER_STATE, "FIN_WAIT2"}}, true},
		{{{FILTER_INET, "TCP"}}, true},
		{{{FILTER_INET, "UDP"}}, false},
		{{{FILTER_INET, "TCP"}, {FILTER_STATE, "TCP:LISTEN"}}, false},
		{{{FILTER_PID, "1"}}, true},
		{{{FILTER_TARGET, "udp:80"}}, false},
		{{{FILTER_TARGET, "81"}}, true},
		{{{FILTER_TARGET, "80"}, {FILTER_STATE, "TIME_WAIT"}}, true},
	};
	struct sock held = listener(80);
	struct filter f = {0};
	struct names names;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		build(&f, &names, cases[i].words);
		filter_classify(&f, &held);
		assert_int_equal(wants_remains(&f), cases[i].wanted);
		drop(&f, &names);
	}
	build(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"}});
	assert_true(wants_remains(&f));
	filter_classify(&f, &held);
	assert_false(wants_remains(&f));
	filter_restart(&f, ~0U);
	assert_true(wants_remains(&f));
	drop(&f, &names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_selected_means_what_waits),
		cmocka_unit_test(target_wants_holders_and_puts_off_the_rest),
		cmocka_unit_test(holder_of_one_protocol_does_not_settle_the_other),
		cmocka_unit_test(holder_of_one_target_does_not_settle_the_other),
		cmocka_unit_test(all_and_states_want_every_state_of_a_target),
		cmocka_unit_test(listener_is_witness_of_its_connections),
		cmocka_unit_test(inet_wants_both_ends_and_every_state),
		cmocka_unit_test(local_ports_spare_clients_unless_more_is_said),
		cmocka_unit_test(unix_and_inet_are_alternatives),
		cmocka_unit_test(states_alone_mean_internet_sockets),
		cmocka_unit_test(chosen_processes_want_every_socket_of_theirs),
		cmocka_unit_test(all_alone_wants_every_socket),
		cmocka_unit_test(unix_target_settles_like_a_port),
		cmocka_unit_test(remains_are_wanted_until_the_targets_are_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
