/* What a filter lets sources leave out: states, ports; and paths, which are everywhere. */
#include "fixture.h"
#include "filter.h"

#include <stdlib.h>
#include <sys/socket.h>

#define BIT SOCK_PROTO_BIT

enum {
	LISTEN = SOCK_STATE_BIT(SOCK_STATE_LISTEN),
	BOUND = SOCK_STATE_BIT(SOCK_STATE_BOUND),
	ESTABLISHED = SOCK_STATE_BIT(SOCK_STATE_ESTABLISHED),
	TIME_WAIT = SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT),
	UNCONNECTED = SOCK_STATE_BIT(SOCK_STATE_UNCONNECTED),
};

/* The words of one command line: kind, text; ended by NULL. */
struct word {
	enum filter_kind kind;
	const char *text;
};

#define TARGETS(...) ((const char *const[8]){__VA_ARGS__})

struct scene {
	struct names names;
	struct filter filter;
};

/* Build and finish a filter from at most four words. */
static void build(struct scene *sc, const struct word *words)
{
	*sc = (struct scene){.filter = {.all = sc->filter.all}};
	make_names(&sc->names);
	sc->filter.names = &sc->names;
	for (size_t i = 0; i < 4 && words[i].text; i++)
		filter_add_ok(&sc->filter, words[i].kind, words[i].text);
	filter_finish_ok(&sc->filter);
}

/* The same from targets alone. */
static void build_targets(struct scene *sc, const char *const *targets)
{
	*sc = (struct scene){.filter = {.all = sc->filter.all}};
	make_names(&sc->names);
	sc->filter.names = &sc->names;
	for (size_t i = 0; i < 8 && targets[i]; i++)
		filter_add_ok(&sc->filter, FILTER_TARGET, targets[i]);
	filter_finish_ok(&sc->filter);
}

static void drop(struct scene *sc)
{
	filter_free(&sc->filter);
	names_free(&sc->names);
}

/* A record that holds its port is read. */
static void hold(struct scene *sc, enum sock_proto proto, const char *ip, uint16_t port)
{
	enum sock_state state = proto == SOCK_PROTO_TCP || proto == SOCK_PROTO_MPTCP
					? SOCK_STATE_LISTEN
					: SOCK_STATE_UNCONNECTED;
	struct sock s = make_sock(proto, state, ip, port, 100);

	assert_int_equal(filter_classify(&sc->filter, &s), SOCK_ROLE_WANTED);
}

static void states_are_those_that_selections_allow(void **state)
{
	const uint32_t tcp = sock_proto_states(SOCK_PROTO_TCP);
	const uint32_t udp = sock_proto_states(SOCK_PROTO_UDP);
	const struct {
		struct word words[4];
		uint32_t tcp, udp;
	} cases[] = {
		{{{FILTER_TARGET, NULL}}, LISTEN | BOUND, UNCONNECTED},
		{{{FILTER_TARGET, "80"}}, tcp, udp},
		{{{FILTER_INET, "TCP"}}, tcp, 0},
		{{{FILTER_INET, "6UDP:53"}}, 0, udp},
		{{{FILTER_PID, "42"}}, tcp, udp},
		{{{FILTER_STATE, "LISTEN"}}, LISTEN, 0},
		{{{FILTER_STATE, "UNCONNECTED"}}, 0, UNCONNECTED},
		/* Listeners tell who holds what waits in their queues. */
		{{{FILTER_STATE, "ESTABLISHED"}}, ESTABLISHED | LISTEN, ESTABLISHED},
		{{{FILTER_STATE, "^LISTEN,^BOUND"}}, tcp & ~(uint32_t)BOUND, udp},
		{{{FILTER_STATE, "TCP:TIME_WAIT"}}, TIME_WAIT | LISTEN, 0},
		{{{FILTER_TARGET, "80"}, {FILTER_STATE, "BOUND"}}, BOUND, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene sc = {.filter = {.all = false}};
		build(&sc, cases[i].words);
		assert_int_equal(filter_wants_states(&sc.filter, SOCK_PROTO_TCP), cases[i].tcp);
		assert_int_equal(filter_wants_states(&sc.filter, SOCK_PROTO_MPTCP),
				 i == 2 || i == 9 ? 0 : cases[i].tcp);
		assert_int_equal(filter_wants_states(&sc.filter, SOCK_PROTO_UDP), cases[i].udp);
		drop(&sc);
	}
}

static void states_of_kinds_without_addresses_are_all(void **state)
{
	struct scene sc = {.filter = {.all = false}};

	(void)state;
	build(&sc, (const struct word[4]){{FILTER_TARGET, "/run/x"}});
	for (unsigned proto = SOCK_PROTO_UNIX; proto < SOCK_PROTO_OTHER; proto++)
		assert_int_equal(filter_wants_states(&sc.filter, (enum sock_proto)proto),
				 sock_proto_states((enum sock_proto)proto));
	drop(&sc);
}

static void connections_are_wanted_until_all_targets_are_held(void **state)
{
	const uint32_t tcp = sock_proto_states(SOCK_PROTO_TCP);
	struct scene sc = {.filter = {.all = false}};
	struct filter *f = &sc.filter;

	(void)state;
	build_targets(&sc, TARGETS("80", "443", "udp:53"));
	hold(&sc, SOCK_PROTO_TCP, "0.0.0.0", 80);
	assert_int_equal(filter_wants_states(f, SOCK_PROTO_TCP), tcp);
	hold(&sc, SOCK_PROTO_TCP, "0.0.0.0", 443);
	assert_int_equal(filter_wants_states(f, SOCK_PROTO_TCP), LISTEN | BOUND);
	/* Each protocol for itself. */
	assert_int_equal(filter_wants_states(f, SOCK_PROTO_MPTCP), tcp);
	assert_int_equal(filter_wants_states(f, SOCK_PROTO_UDP), sock_proto_states(SOCK_PROTO_UDP));
	/* Its tables are read again, or another's. */
	filter_restart(f, ~BIT(SOCK_PROTO_TCP));
	assert_int_equal(filter_wants_states(f, SOCK_PROTO_TCP), LISTEN | BOUND);
	filter_restart(f, BIT(SOCK_PROTO_TCP));
	assert_int_equal(filter_wants_states(f, SOCK_PROTO_TCP), tcp);
	drop(&sc);
}

static void connections_of_held_targets_are_wanted_if_asked_for(void **state)
{
	struct scene all = {.filter = {.all = true}}, given = {.filter = {.all = false}};

	(void)state;
	build_targets(&all, TARGETS("80"));
	hold(&all, SOCK_PROTO_TCP, "::", 80);
	assert_int_equal(filter_wants_states(&all.filter, SOCK_PROTO_TCP),
			 sock_proto_states(SOCK_PROTO_TCP));
	drop(&all);
	build(&given, (const struct word[4]){{FILTER_TARGET, "80"}, {FILTER_STATE, "^TIME_WAIT"}});
	hold(&given, SOCK_PROTO_TCP, "::", 80);
	assert_int_equal(filter_wants_states(&given.filter, SOCK_PROTO_TCP),
			 sock_proto_states(SOCK_PROTO_TCP) & ~(uint32_t)TIME_WAIT);
	drop(&given);
}

/* The ports wanted of a protocol, at most so many, as "80 443". */
static void assert_ports(const struct scene *sc, enum sock_proto proto, size_t max,
			 const char *expected)
{
	uint16_t *ports = calloc(max + 1, sizeof(*ports));
	struct buf b = {0};

	assert_non_null(ports);
	ports[max] = 4711;
	size_t count = filter_wants_ports(&sc->filter, proto, ports, max);
	assert_true(count <= max);
	assert_int_equal(ports[max], 4711);
	for (size_t i = 0; i < count; i++) {
		buf_add_str(&b, i ? " " : "");
		buf_add_dec(&b, ports[i]);
	}
	assert_buf(&b, expected);
	buf_free(&b);
	free(ports);
}

static void ports_are_those_of_targets_each_once(void **state)
{
	static const struct {
		const char *targets[8];
		const char *tcp, *udp; /* by number */
	} cases[] = {
		{{"80"}, "80", "80"},
		{{"443", "80"}, "80 443", "80 443"},
		{{"80,443"}, "80 443", "80 443"},
		{{"80", "127.0.0.1:80", "tcp:80", "[::1]:80"}, "80", "80"},
		{{"tcp:80", "53/udp"}, "80", "53"},
		{{"https"}, "443", "443"},
		{{"tcp:1001", "udp:1001"}, "1001", "1001"},
		{{"80", "/run/x", "@y"}, "80", "80"},
		/* Not a matter of single ports. */
		{{"80-81"}, "", ""},
		{{"tcp:80-81", "80"}, "", "80"},
		{{"/run/x"}, "", ""},
		{{NULL}, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene sc = {.filter = {.all = false}};
		build_targets(&sc, cases[i].targets);
		assert_ports(&sc, SOCK_PROTO_TCP, 4, cases[i].tcp);
		assert_ports(&sc, SOCK_PROTO_UDP, 4, cases[i].udp);
		drop(&sc);
	}
}

static void ports_that_are_too_many_are_none(void **state)
{
	struct scene sc = {.filter = {.all = false}};

	(void)state;
	build_targets(&sc, TARGETS("80", "127.0.0.1:80", "81", "82", "83", "tcp:83"));
	assert_ports(&sc, SOCK_PROTO_TCP, 5, "80 81 82 83");
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "80 81 82 83");
	assert_ports(&sc, SOCK_PROTO_TCP, 3, "");
	assert_ports(&sc, SOCK_PROTO_TCP, 1, "");
	assert_ports(&sc, SOCK_PROTO_TCP, 0, "");
	drop(&sc);
}

static void ports_that_are_held_are_wanted_no_more(void **state)
{
	struct scene sc = {.filter = {.all = false}};

	(void)state;
	build_targets(&sc, TARGETS("80", "127.0.0.1:443", "100-200"));
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "");
	hold(&sc, SOCK_PROTO_TCP, "0.0.0.0", 150);
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "80 443");
	hold(&sc, SOCK_PROTO_TCP, "0.0.0.0", 80);
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "443");
	hold(&sc, SOCK_PROTO_TCP, "127.0.0.1", 443);
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "");
	assert_int_equal(filter_wants_states(&sc.filter, SOCK_PROTO_TCP), LISTEN | BOUND);
	filter_restart(&sc.filter, BIT(SOCK_PROTO_TCP));
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "");
	hold(&sc, SOCK_PROTO_TCP, "::", 101);
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "80 443");
	drop(&sc);
}

static void ports_that_are_held_are_wanted_with_every_state(void **state)
{
	struct scene sc = {.filter = {.all = true}}, given = {.filter = {.all = false}};

	(void)state;
	build_targets(&sc, TARGETS("80", "443"));
	hold(&sc, SOCK_PROTO_TCP, "0.0.0.0", 80);
	assert_ports(&sc, SOCK_PROTO_TCP, 4, "80 443");
	drop(&sc);
	build(&given, (const struct word[4]){{FILTER_TARGET, "80"}, {FILTER_STATE, "LISTEN"}});
	hold(&given, SOCK_PROTO_TCP, "0.0.0.0", 80);
	assert_ports(&given, SOCK_PROTO_TCP, 4, "80");
	drop(&given);
}

static void paths_are_told_from_other_targets(void **state)
{
	static const struct {
		const char *targets[8];
		bool has_path;
	} cases[] = {
		{{NULL}, false},	     {{"80"}, false},	    {{"@x"}, false},
		{{"@/run/x"}, false},	     {{"@"}, false},	    {{"@\\0"}, false},
		{{"/run/x"}, true},	     {{"./x"}, true},	    {{"a/b"}, true},
		{{"80", "@x", "/x"}, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene sc = {.filter = {.all = false}};
		build_targets(&sc, cases[i].targets);
		assert_int_equal(filter_has_path(&sc.filter), cases[i].has_path);
		drop(&sc);
	}
	struct scene sc = {.filter = {.unix_wanted = true}};
	sc.filter.names = &sc.names;
	filter_finish_ok(&sc.filter);
	assert_false(filter_has_path(&sc.filter)); /* -U */
	filter_free(&sc.filter);
}

static void restart_forgets_the_holders_of_its_protocols(void **state)
{
	struct sock conn = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5, 1),
		    accepted = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, "/run/x", 2),
		    server = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 3);
	struct scene sc = {.filter = {.all = false}};

	(void)state;
	build_targets(&sc, TARGETS("80", "/run/x"));
	hold(&sc, SOCK_PROTO_TCP, "0.0.0.0", 80);
	assert_int_equal(filter_classify(&sc.filter, &server), SOCK_ROLE_WANTED);
	/* Ports are of one network namespace, paths of all. */
	filter_restart(&sc.filter, ~BIT(SOCK_PROTO_UNIX));
	assert_true(filter_settle(&sc.filter, &conn));
	assert_false(filter_settle(&sc.filter, &accepted));
	filter_restart(&sc.filter, ~0U);
	assert_true(filter_settle(&sc.filter, &accepted));
	drop(&sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_are_those_that_selections_allow),
		cmocka_unit_test(states_of_kinds_without_addresses_are_all),
		cmocka_unit_test(connections_are_wanted_until_all_targets_are_held),
		cmocka_unit_test(connections_of_held_targets_are_wanted_if_asked_for),
		cmocka_unit_test(ports_are_those_of_targets_each_once),
		cmocka_unit_test(ports_that_are_too_many_are_none),
		cmocka_unit_test(ports_that_are_held_are_wanted_no_more),
		cmocka_unit_test(ports_that_are_held_are_wanted_with_every_state),
		cmocka_unit_test(paths_are_told_from_other_targets),
		cmocka_unit_test(restart_forgets_the_holders_of_its_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
