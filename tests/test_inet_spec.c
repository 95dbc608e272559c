/* The grammar of -i, and which sockets its values mean. */
#include "fixture.h"
#include "inet_spec.h"

#include <sys/socket.h>

#define BIT(proto) SOCK_PROTO_BIT(SOCK_PROTO_##proto)

static int parse(const char *text, struct inet_spec *out)
{
	struct names names;
	const char *why = NULL;

	make_names(&names);
	int rc = inet_spec_parse(&names, text, strlen(text), out, &why);
	if (rc == -EINVAL)
		assert_non_null(why);
	names_free(&names);
	return rc;
}

static void parse_understands_lsofs_grammar(void **state)
{
	static const struct {
		const char *text;
		bool v4, v6;
		unsigned protos;
		size_t hosts, ports;
		uint16_t lo, hi; /* of the first port */
	} cases[] = {
		{"", true, true, SOCK_PROTOS_INET, 0, 0, 0, 0},
		{"4", true, false, SOCK_PROTOS_INET, 0, 0, 0, 0},
		{"6", false, true, SOCK_PROTOS_INET, 0, 0, 0, 0},
		{"TCP", true, true, BIT(TCP), 0, 0, 0, 0},
		{"udplite", true, true, BIT(UDPLITE), 0, 0, 0, 0},
		{"RAW", true, true, BIT(RAW), 0, 0, 0, 0},
		{"mptcp", true, true, BIT(MPTCP), 0, 0, 0, 0},
		{"4tcp", true, false, BIT(TCP), 0, 0, 0, 0},
		{"6UDP:53", false, true, BIT(UDP), 0, 1, 53, 53},
		{"TCP,udp", true, true, BIT(TCP) | BIT(UDP), 0, 0, 0, 0},
		{"tcp,UDP:53", true, true, BIT(TCP) | BIT(UDP), 0, 1, 53, 53},
		{":80", true, true, SOCK_PROTOS_INET, 0, 1, 80, 80},
		{"80", true, true, SOCK_PROTOS_INET, 0, 1, 80, 80},
		{"443", true, true, SOCK_PROTOS_INET, 0, 1, 443, 443},
		{"8080", true, true, SOCK_PROTOS_INET, 0, 1, 8080, 8080},
		{"46", true, true, SOCK_PROTOS_INET, 0, 1, 46, 46},
		{"80,443,8000-8010", true, true, SOCK_PROTOS_INET, 0, 3, 80, 80},
		{"8000-8010", true, true, SOCK_PROTOS_INET, 0, 1, 8000, 8010},
		{"4:80", true, false, SOCK_PROTOS_INET, 0, 1, 80, 80},
		{"http", true, true, SOCK_PROTOS_INET, 0, 1, 80, 80},
		{":http,443", true, true, SOCK_PROTOS_INET, 0, 2, 80, 80},
		{"TCP:http", true, true, BIT(TCP), 0, 1, 80, 80},
		{"@127.0.0.1", true, true, SOCK_PROTOS_INET, 1, 0, 0, 0},
		{"@127.0.0.1:80", true, true, SOCK_PROTOS_INET, 1, 1, 80, 80},
		{"TCP@10.0.0.0/8", true, true, BIT(TCP), 1, 0, 0, 0},
		{"4TCP@10.0.0.1,10.0.0.2:80,443", true, false, BIT(TCP), 2, 2, 80, 80},
		{"@[::1]:80", true, true, SOCK_PROTOS_INET, 1, 1, 80, 80},
		{"@[::1],127.0.0.1:80", true, true, SOCK_PROTOS_INET, 2, 1, 80, 80},
		{"@::1", true, true, SOCK_PROTOS_INET, 1, 0, 0, 0},
		{"6@fe80::1", false, true, SOCK_PROTOS_INET, 1, 0, 0, 0},
		{"@[fe80::]/10", true, true, SOCK_PROTOS_INET, 1, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct inet_spec spec;
		if (parse(cases[i].text, &spec) != 0)
			fail_msg("refused: %s", cases[i].text);
		assert_int_equal(spec.v4, cases[i].v4);
		assert_int_equal(spec.v6, cases[i].v6);
		assert_int_equal(spec.protos, cases[i].protos);
		assert_int_equal(spec.hosts_len, cases[i].hosts);
		assert_int_equal(spec.ports.len, cases[i].ports);
		if (spec.ports.len > 0) {
			assert_int_equal(spec.ports.v[0].lo, cases[i].lo);
			assert_int_equal(spec.ports.v[0].hi, cases[i].hi);
		}
		inet_spec_free(&spec);
	}
}

static void parse_refuses_what_is_no_value(void **state)
{
	static const char *const texts[] = {
		"BOGUS:80", "TCP,", ",TCP", "TCP,,UDP", "TCP:", ":", "4:", "unix", "TCP,unix", "RAW:80",
		":65536", ":80-70", ":80,", "80,", "-", "80-", "@127.0.0.1:", "@127.0.0.1/33",
		"@127.0.0.1/x", "@127.0.0.1/", "@[::1]/129", "@", "@:80", "@127.0.0.1,", "nosuchservice",
		"TCP:nosuchservice", "TCP 80", " TCP", "tcp:80:90",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct inet_spec spec;
		if (parse(texts[i], &spec) != -EINVAL)
			fail_msg("taken: '%s'", texts[i]);
		inet_spec_free(&spec);
	}
}

static void allows_tells_by_protocol_and_family(void **state)
{
	struct inet_spec spec;

	(void)state;
	assert_int_equal(parse("4TCP", &spec), 0);
	assert_true(inet_spec_allows(&spec, SOCK_PROTO_TCP, AF_INET));
	assert_false(inet_spec_allows(&spec, SOCK_PROTO_TCP, AF_INET6));
	assert_false(inet_spec_allows(&spec, SOCK_PROTO_UDP, AF_INET));
	inet_spec_free(&spec);
	/* Ports leave out what has none. */
	assert_int_equal(parse(":1", &spec), 0);
	assert_true(inet_spec_allows(&spec, SOCK_PROTO_UDP, AF_INET6));
	assert_false(inet_spec_allows(&spec, SOCK_PROTO_RAW, AF_INET));
	assert_false(inet_spec_allows(&spec, SOCK_PROTO_UNIX, AF_UNIX));
	inet_spec_free(&spec);
}

static void match_wants_host_and_port_at_one_end(void **state)
{
	/* A connection from 10.0.0.1:50000 to 10.0.0.2:80. */
	static const struct {
		const char *text;
		bool match, match_local;
	} cases[] = {
		{"", true, true},
		{":50000", true, true},
		{":80", true, false},
		{":81", false, false},
		{":1-100", true, false},
		{"@10.0.0.1", true, true},
		{"@10.0.0.2", true, false},
		{"@10.0.0.3", false, false},
		{"@10.0.0.1:50000", true, true},
		{"@10.0.0.2:80", true, false},
		{"@10.0.0.1:80", false, false}, /* the host of one end, the port of the other */
		{"@10.0.0.0/24", true, true},
		{"@10.0.0.2/32", true, false},
		{"@0.0.0.0/0", true, true},
		{"@10.0.0.3,10.0.0.2:81,80", true, false},
		{"@[::ffff:10.0.0.0]/120", true, true},
		{"@::/0", false, false}, /* IPv4 is in no IPv6 prefix */
		{"UDP", false, false},
		{"6", false, false},
	};
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "10.0.0.1", 50000, "10.0.0.2", 80, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct inet_spec spec;
		assert_int_equal(parse(cases[i].text, &spec), 0);
		if (inet_spec_match(&spec, NULL, &s, false) != cases[i].match ||
		    inet_spec_match(&spec, NULL, &s, true) != cases[i].match_local)
			fail_msg("wrong answer to '%s'", cases[i].text);
		inet_spec_free(&spec);
	}
}

static void match_knows_that_a_listener_has_no_other_end(void **state)
{
	static const char *const texts[] = {":0", "@10.0.0.1", "@[::1]:80"};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 80, 1);

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct inet_spec spec;
		assert_int_equal(parse(texts[i], &spec), 0);
		assert_false(inet_spec_match(&spec, NULL, &s, false));
		inet_spec_free(&spec);
	}
}

static void match_can_be_asked_for_one_range(void **state)
{
	struct inet_spec spec;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 443, 1);

	(void)state;
	assert_int_equal(parse(":80,443", &spec), 0);
	assert_false(inet_spec_match(&spec, &spec.ports.v[0], &s, false));
	assert_true(inet_spec_match(&spec, &spec.ports.v[1], &s, false));
	inet_spec_free(&spec);
}

static void match_takes_v4_mapped_as_ipv4_address(void **state)
{
	struct inet_spec spec;
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "::ffff:10.0.0.1", 80,
					"::ffff:10.0.0.2", 5000, 1);

	(void)state;
	assert_int_equal(parse("@10.0.0.1:80", &spec), 0);
	assert_true(inet_spec_match(&spec, NULL, &s, true));
	inet_spec_free(&spec);
	/* The family is the socket's. */
	assert_int_equal(parse("6", &spec), 0);
	assert_true(inet_spec_match(&spec, NULL, &s, true));
	inet_spec_free(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_understands_lsofs_grammar),
		cmocka_unit_test(parse_refuses_what_is_no_value),
		cmocka_unit_test(allows_tells_by_protocol_and_family),
		cmocka_unit_test(match_wants_host_and_port_at_one_end),
		cmocka_unit_test(match_knows_that_a_listener_has_no_other_end),
		cmocka_unit_test(match_can_be_asked_for_one_range),
		cmocka_unit_test(match_takes_v4_mapped_as_ipv4_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
