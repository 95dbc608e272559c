/* What keeps an address or a port from us: of fixture trees, with routes made up. */
#include "fixture.h"
#include "bind_right.h"

enum { UNICAST = 1, LOCAL = 2, BROADCAST = 3, UNREACHABLE = 7 }; /* RTN_* */

/* As Linux 6.18 printed it, the last made up. */
static const char addresses[] =
	"00000000000000000000000000000001 01 80 10 80       lo\n"
	"fe800000000000000000000000000009 02 40 20 80     eth0\n"
	"fe800000000000000000000000000009 03 40 20 c0     eth1\n"
	"20010db8000000000000000000000001 02 40 00 40     eth0\n"
	"20010db8000000000000000000000002 02 40 00 48     eth0\n"
	"20010db8000000000000000000000003 02 40 00 44     eth0\n"
	"20010db8000000000000000000000004 12c 40 00 80    eth0";

static enum bind_bar parse(const char *text, size_t len, const char *ip, uint32_t scope)
{
	char *guarded = guard_copy(text, len);
	struct addr a = make_addr(ip, 80);

	a.scope_id = scope;
	enum bind_bar bar = bind_right_parse_addresses(guarded, len, &a);
	guard_free(guarded, len);
	return bar;
}

static void flags_of_an_address_count(void **state)
{
	static const struct {
		const char *ip;
		uint32_t scope;
		enum bind_bar bar;
	} cases[] = {
		{"::1", 0, BIND_BAR_NONE}, {"::2", 0, BIND_BAR_NOT_LOCAL},
		{"fe80::9", 2, BIND_BAR_NONE}, {"fe80::9", 3, BIND_BAR_TENTATIVE},
		{"fe80::9", 4, BIND_BAR_NOT_LOCAL}, {"2001:db8::1", 0, BIND_BAR_TENTATIVE},
		{"2001:db8::2", 0, BIND_BAR_DUPLICATE}, {"2001:db8::3", 0, BIND_BAR_NONE},
		{"2001:db8::4", 300, BIND_BAR_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum bind_bar bar = parse(addresses, sizeof(addresses) - 1, cases[i].ip,
					  cases[i].scope);
		if (bar != cases[i].bar)
			fail_msg("%s: %d", cases[i].ip, bar);
	}
}

/* No prefix of the text is read beyond, nor any byte in its place taken for granted. */
static void cut_text_is_read_to_its_end(void **state)
{
	char copy[sizeof(addresses)];

	(void)state;
	for (size_t len = 0; len < sizeof(addresses); len++)
		parse(addresses, len, "2001:db8::4", 0);
	for (size_t i = 0; i < sizeof(addresses) - 1; i++) {
		memcpy(copy, addresses, sizeof(copy));
		copy[i] = (char)0xff;
		parse(copy, sizeof(copy) - 1, "::1", 0);
	}
	assert_int_equal(parse("garbage\n\n00000001", 17, "::1", 0), BIND_BAR_NOT_LOCAL);
	assert_int_equal(parse("", 0, "::1", 0), BIND_BAR_NOT_LOCAL);
}

static void a_route_has_a_kind(void **state)
{
	static const char bytes[] = {2, 32, 0, 0, (char)255, 0, 0, 2, 0, 0, 0, 0};

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		char *guarded = guard_copy(bytes, len);
		assert_int_equal(bind_right_parse_route(guarded, len),
				 len == sizeof(bytes) ? LOCAL : 0);
		guard_free(guarded, len);
	}
}

static void errors_are_those_of_bind(void **state)
{
	(void)state;
	assert_int_equal(bind_bar_error(BIND_BAR_NONE), 0);
	assert_int_equal(bind_bar_error(BIND_BAR_NO_IPV6), EAFNOSUPPORT);
	assert_int_equal(bind_bar_error(BIND_BAR_MULTICAST), EINVAL);
	assert_int_equal(bind_bar_error(BIND_BAR_PRIVILEGED), EACCES);
	assert_int_equal(bind_bar_error(BIND_BAR_DISABLED), EADDRNOTAVAIL);
}

/* --- trees -------------------------------------------------------------------------- */

static unsigned route_kind;

static unsigned fake_route(const struct addr *a)
{
	assert_int_equal(a->family, AF_INET);
	return route_kind;
}

static enum bind_bar find(const struct fixture *fx, const char *ip, uint16_t port, bool may)
{
	struct addr a = make_addr(ip, port);

	return bind_right_find_bar(fx->root_fd, &a, fake_route, true, may);
}

static void set(struct fixture *fx, const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "sys/net/%s", name);
	fixture_write(fx, path, text, strlen(text));
}

static void an_ipv4_address_has_to_be_local(void **state)
{
	struct fixture *fx = *state;

	route_kind = UNICAST;
	assert_int_equal(find(fx, "192.0.2.1", 8080, false), BIND_BAR_NOT_LOCAL);
	assert_int_equal(find(fx, "0.0.0.0", 8080, false), BIND_BAR_NONE);
	assert_int_equal(find(fx, "224.0.0.1", 8080, false), BIND_BAR_NONE);
	assert_int_equal(find(fx, "255.255.255.255", 8080, false), BIND_BAR_NONE);
	route_kind = UNREACHABLE;
	assert_int_equal(find(fx, "192.0.2.1", 8080, false), BIND_BAR_NOT_LOCAL);
	route_kind = 0; /* nothing is known */
	assert_int_equal(find(fx, "192.0.2.1", 8080, false), BIND_BAR_NONE);
	route_kind = BROADCAST;
	assert_int_equal(find(fx, "192.0.2.255", 8080, false), BIND_BAR_NONE);
	route_kind = UNICAST;
	set(fx, "ipv4/ip_nonlocal_bind", "1\n");
	assert_int_equal(find(fx, "192.0.2.1", 8080, false), BIND_BAR_NONE);
	struct addr a = make_addr("192.0.2.1", 8080);
	set(fx, "ipv4/ip_nonlocal_bind", "0\n");
	assert_int_equal(bind_right_find_bar(fx->root_fd, &a, NULL, true, false), BIND_BAR_NONE);
}

static void low_ports_need_a_right(void **state)
{
	struct fixture *fx = *state;

	route_kind = LOCAL;
	fixture_write(fx, "self/net/if_inet6", addresses, sizeof(addresses) - 1);
	assert_int_equal(bind_right_first_free_port(fx->root_fd), 1024);
	assert_int_equal(find(fx, "127.0.0.1", 1023, false), BIND_BAR_PRIVILEGED);
	assert_int_equal(find(fx, "127.0.0.1", 1023, true), BIND_BAR_NONE);
	assert_int_equal(find(fx, "127.0.0.1", 1024, false), BIND_BAR_NONE);
	assert_int_equal(find(fx, "127.0.0.1", 0, false), BIND_BAR_NONE);
	set(fx, "ipv4/ip_unprivileged_port_start", "80\n");
	assert_int_equal(find(fx, "::1", 80, false), BIND_BAR_NONE);
	assert_int_equal(find(fx, "::1", 79, false), BIND_BAR_PRIVILEGED);
	/* Which is asked first. */
	assert_int_equal(find(fx, "2001:db8::9", 79, false), BIND_BAR_PRIVILEGED);
	route_kind = UNICAST;
	assert_int_equal(find(fx, "192.0.2.1", 79, false), BIND_BAR_NOT_LOCAL);
}

static void ipv6_may_be_missing_or_off(void **state)
{
	struct fixture *fx = *state;

	route_kind = LOCAL;
	assert_false(bind_right_has_ipv6(fx->root_fd));
	assert_int_equal(find(fx, "::", 8080, false), BIND_BAR_NO_IPV6);
	assert_int_equal(find(fx, "::ffff:127.0.0.1", 8080, false), BIND_BAR_NO_IPV6);
	assert_int_equal(find(fx, "127.0.0.1", 8080, false), BIND_BAR_NONE);
	fixture_write(fx, "self/net/if_inet6", "", 0);
	assert_true(bind_right_has_ipv6(fx->root_fd));
	assert_int_equal(find(fx, "::", 8080, false), BIND_BAR_NONE);
	assert_int_equal(find(fx, "::1", 8080, false), BIND_BAR_NOT_LOCAL);
	set(fx, "ipv6/conf/all/disable_ipv6", "1\n");
	assert_int_equal(find(fx, "::1", 8080, false), BIND_BAR_DISABLED);
	set(fx, "ipv6/ip_nonlocal_bind", "1\n");
	assert_int_equal(find(fx, "::1", 8080, false), BIND_BAR_NONE);
}

static void a_link_local_address_needs_its_interface(void **state)
{
	struct fixture *fx = *state;
	struct addr a = make_addr("fe80::9", 8080), many = make_addr("ff02::1", 8080);
	struct addr wide = make_addr("ff05::1", 8080), plain = make_addr("::1", 8080);

	fixture_write(fx, "self/net/if_inet6", addresses, sizeof(addresses) - 1);
	assert_true(bind_right_needs_scope(&a) && bind_right_needs_scope(&many));
	assert_false(bind_right_needs_scope(&wide) || bind_right_needs_scope(&plain));
	assert_int_equal(find(fx, "fe80::9", 8080, false), BIND_BAR_NO_SCOPE);
	a.scope_id = 2;
	assert_int_equal(bind_right_find_bar(fx->root_fd, &a, NULL, true, false), BIND_BAR_NONE);
	a.scope_id = 3;
	assert_int_equal(bind_right_find_bar(fx->root_fd, &a, NULL, true, false),
			 BIND_BAR_TENTATIVE);
}

static void tcp_has_no_multicast_of_ipv6(void **state)
{
	struct fixture *fx = *state;
	struct addr near = make_addr("ff02::1", 80), wide = make_addr("ff05::1", 8080);

	fixture_write(fx, "self/net/if_inet6", addresses, sizeof(addresses) - 1);
	assert_int_equal(bind_right_find_bar(fx->root_fd, &near, NULL, true, false),
			 BIND_BAR_MULTICAST);
	near.port = 8080;
	assert_int_equal(bind_right_find_bar(fx->root_fd, &near, NULL, false, false),
			 BIND_BAR_NO_SCOPE);
	near.scope_id = 2;
	assert_int_equal(bind_right_find_bar(fx->root_fd, &near, NULL, false, false),
			 BIND_BAR_NONE);
	assert_int_equal(bind_right_find_bar(fx->root_fd, &wide, NULL, false, false),
			 BIND_BAR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_of_an_address_count),
		cmocka_unit_test(cut_text_is_read_to_its_end),
		cmocka_unit_test(a_route_has_a_kind),
		cmocka_unit_test(errors_are_those_of_bind),
		fixture_test(an_ipv4_address_has_to_be_local),
		fixture_test(low_ports_need_a_right),
		fixture_test(ipv6_may_be_missing_or_off),
		fixture_test(a_link_local_address_needs_its_interface),
		fixture_test(tcp_has_no_multicast_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
