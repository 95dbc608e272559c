/* Addresses as values. */
#include "fixture.h"

#include <sys/socket.h>

static void parse_takes_numeric_addresses(void **state)
{
	static const struct {
		const char *text;
		sa_family_t family;
		uint32_t scope;
	} cases[] = {
		{"127.0.0.1", AF_INET, 0}, {"0.0.0.0", AF_INET, 0},  {"255.255.255.255", AF_INET, 0},
		{"::", AF_INET6, 0},       {"::1", AF_INET6, 0},     {"[::1]", AF_INET6, 0},
		{"fe80::1%7", AF_INET6, 7}, {"[fe80::1%7]", AF_INET6, 7},
		{"::ffff:1.2.3.4", AF_INET6, 0}, {"2001:DB8::1", AF_INET6, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr a = {.port = 9};
		size_t len = strlen(cases[i].text);
		char *text = guard_copy(cases[i].text, len);
		assert_true(addr_parse(text, len, &a));
		assert_int_equal(a.family, cases[i].family);
		assert_int_equal(a.scope_id, cases[i].scope);
		assert_int_equal(a.port, 0);
		guard_free(text, len);
	}
}

static void parse_refuses_what_is_no_address(void **state)
{
	static const char *const texts[] = {
		"", "[]", "[", "]", "localhost", "127.0.0", "127.0.0.1.", "127.0.0.256", "1.2.3.4%7",
		"[127.0.0.1]", "::1]", "[::1", "[[::1]]", "::1%", "fe80::1%0", "fe80::1%no-such-if",
		"::g", ":::", "1:2:3:4:5:6:7:8:9", " ::1", "::1 ", "127.0.0.1 ", "0x7f.1", "::1/128",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee:ffff",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct addr a;
		size_t len = strlen(texts[i]);
		char *text = guard_copy(texts[i], len);
		if (addr_parse(text, len, &a))
			fail_msg("taken: '%s'", texts[i]);
		guard_free(text, len);
	}
	struct addr a;
	assert_false(addr_parse("::1\0x", 5, &a));
}

static void wildcard_and_mapped_are_told_apart(void **state)
{
	static const struct {
		const char *ip;
		bool wildcard, mapped;
	} cases[] = {
		{"0.0.0.0", true, false},   {"127.0.0.1", false, false}, {"::", true, false},
		{"::1", false, false},      {"::ffff:1.2.3.4", false, true},
		{"::1.2.3.4", false, false}, {"::fffe:1.2.3.4", false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr a = make_addr(cases[i].ip, 80);
		assert_int_equal(addr_is_wildcard(&a), cases[i].wildcard);
		assert_int_equal(addr_is_v4mapped(&a), cases[i].mapped);
	}
	struct addr none = {.family = AF_UNSPEC};
	assert_false(addr_is_wildcard(&none));
	assert_false(addr_is_v4mapped(&none));
}

static void unmap_keeps_all_but_mapped_as_they_are(void **state)
{
	struct addr mapped = make_addr("::ffff:1.2.3.4", 80), v4 = make_addr("1.2.3.4", 80),
		    v6 = make_addr("fe80::1%7", 80);

	(void)state;
	struct addr a = addr_unmap(&mapped);
	assert_int_equal(a.family, AF_INET);
	assert_int_equal(a.port, 80);
	assert_int_equal(a.ip.v4.s_addr, v4.ip.v4.s_addr);
	a = addr_unmap(&v6);
	assert_int_equal(a.family, AF_INET6);
	assert_int_equal(a.scope_id, 7);
}

static void equal_ip_ignores_ports_and_unknown_scopes(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"1.2.3.4", "1.2.3.4", true},      {"1.2.3.4", "1.2.3.5", false},
		{"1.2.3.4", "::ffff:1.2.3.4", true}, {"::ffff:1.2.3.4", "1.2.3.4", true},
		{"::ffff:1.2.3.4", "::ffff:1.2.3.5", false}, {"::1", "::1", true},
		{"::1", "::2", false},             {"::", "0.0.0.0", false},
		{"fe80::1%7", "fe80::1", true},    {"fe80::1%7", "fe80::1%7", true},
		{"fe80::1%7", "fe80::1%8", false}, {"1.2.3.4", "::1.2.3.4", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr a = make_addr(cases[i].a, 80), b = make_addr(cases[i].b, 81);
		assert_int_equal(addr_equal_ip(&a, &b), cases[i].equal);
		assert_int_equal(addr_equal_ip(&b, &a), cases[i].equal);
	}
}

static void in_prefix_compares_so_many_bits(void **state)
{
	static const struct {
		const char *ip, *prefix;
		unsigned bits;
		bool inside;
	} cases[] = {
		{"10.1.2.3", "10.0.0.0", 8, true},
		{"11.1.2.3", "10.0.0.0", 8, false},
		{"10.1.2.3", "0.0.0.0", 0, true},
		{"255.255.255.255", "0.0.0.0", 0, true},
		{"127.255.255.255", "0.0.0.0", 1, true},
		{"128.0.0.0", "0.0.0.0", 1, false},
		{"10.0.0.127", "10.0.0.0", 25, true},
		{"10.0.0.128", "10.0.0.0", 25, false},
		{"10.0.0.1", "10.0.0.1", 32, true},
		{"10.0.0.2", "10.0.0.1", 32, false},
		{"10.0.0.2", "10.0.0.3", 31, true},
		{"::ffff:10.1.2.3", "10.0.0.0", 8, true},
		{"10.1.2.3", "::ffff:10.0.0.0", 104, true},
		{"11.1.2.3", "::ffff:10.0.0.0", 104, false},
		{"11.1.2.3", "::ffff:10.0.0.0", 96, true},
		{"11.1.2.3", "::", 0, false},
		{"::1", "0.0.0.0", 0, false},
		{"::1", "::", 0, true},
		{"fe80::1", "fe80::", 10, true},
		{"febf::1", "fe80::", 10, true},
		{"fec0::1", "fe80::", 10, false},
		{"2001:db8::1", "2001:db8::1", 128, true},
		{"2001:db8::1", "2001:db8::", 127, true},
		{"2001:db8::2", "2001:db8::", 127, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr a = make_addr(cases[i].ip, 0), prefix = make_addr(cases[i].prefix, 0);
		if (addr_in_prefix(&a, &prefix, cases[i].bits) != cases[i].inside)
			fail_msg("%s in %s/%u", cases[i].ip, cases[i].prefix, cases[i].bits);
	}
}

static void text_has_star_brackets_and_dots(void **state)
{
	static const struct {
		const char *ip, *text;
	} cases[] = {
		{"0.0.0.0", "*"},       {"::", "*"},           {"127.0.0.1", "127.0.0.1"},
		{"255.10.0.1", "255.10.0.1"}, {"::1", "[::1]"}, {"::ffff:1.2.3.4", "1.2.3.4"},
		{"2001:DB8:0:0::1", "[2001:db8::1]"}, {"fe80::1%4294967295", "[fe80::1%4294967295]"},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct addr a = make_addr(cases[i].ip, 80);
		addr_add_ip(&b, &a, NULL);
		assert_buf(&b, cases[i].text);
	}
	struct addr none = {.family = AF_UNSPEC};
	addr_add_ip(&b, &none, NULL);
	assert_buf(&b, "");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_takes_numeric_addresses),
		cmocka_unit_test(parse_refuses_what_is_no_address),
		cmocka_unit_test(wildcard_and_mapped_are_told_apart),
		cmocka_unit_test(unmap_keeps_all_but_mapped_as_they_are),
		cmocka_unit_test(equal_ip_ignores_ports_and_unknown_scopes),
		cmocka_unit_test(in_prefix_compares_so_many_bits),
		cmocka_unit_test(text_has_star_brackets_and_dots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
