/* Settings in sys/net, as they are written and as nobody writes them. */
#include "fixture.h"
#include "net_setting.h"

#define RANGE "sys/net/ipv4/ip_local_port_range"
#define RESERVED "sys/net/ipv4/ip_local_reserved_ports"

static void a_number_is_read_or_missing(void **state)
{
	static const struct {
		const char *text;
		uint32_t number;
	} cases[] = {{"80\n", 80}, {"0\n", 0}, {"4294967295", 4294967295}, {"4294967296\n", 7},
		     {"", 7}, {"\n", 7}, {"80 81\n", 7}, {"-1\n", 7}, {"eighty\n", 7},
		     {"80\n81\n", 80}, {"00000000000000000000000000000000000001\n", 7}};
	struct fixture *fx = *state;

	assert_int_equal(net_setting_number(fx->root_fd, "ipv4/some", 7), 7);
	for (size_t i = 0; i < COUNT(cases); i++) {
		fixture_write(fx, "sys/net/ipv4/some", cases[i].text, strlen(cases[i].text));
		uint32_t number = net_setting_number(fx->root_fd, "ipv4/some", 7);
		if (number != cases[i].number)
			fail_msg("'%s': %u", cases[i].text, number);
	}
}

static void a_range_has_both_ends(void **state)
{
	struct fixture *fx = *state;

	fixture_write(fx, RANGE, "32768\t60999\n", 12);
	struct local_ports r = net_setting_local_ports(fx->root_fd);
	assert_int_equal(r.lo, 32768);
	assert_int_equal(r.hi, 60999);
	assert_true(local_ports_has(&r, 32768) && local_ports_has(&r, 60999));
	assert_false(local_ports_has(&r, 32767) || local_ports_has(&r, 61000));
	assert_false(local_ports_has(&r, 0));
}

static void a_strange_range_is_unknown(void **state)
{
	static const char *const texts[] = {"", "\n", "1 2 3\n", "a b\n", "1-2\n", "99999 1\n",
					    "1\t\n", "  \n", "1\t-2\n"};
	struct fixture *fx = *state;
	struct local_ports r = net_setting_local_ports(fx->root_fd);

	assert_true(r.lo == 0 && r.hi == 0);
	for (size_t i = 0; i < COUNT(texts); i++) {
		fixture_write(fx, RANGE, texts[i], strlen(texts[i]));
		r = net_setting_local_ports(fx->root_fd);
		if (r.lo != 0 || r.hi != 0)
			fail_msg("'%s': %u-%u", texts[i], r.lo, r.hi);
		assert_false(local_ports_has(&r, 0) || local_ports_has(&r, 1));
	}
}

static void reserved_ports_are_a_list(void **state)
{
	struct fixture *fx = *state;
	struct reserved_ports r;

	net_setting_reserved(fx->root_fd, &r);
	assert_string_equal(r.text, "");
	assert_false(r.is_cut || reserved_ports_has(&r, 80));
	fixture_write(fx, RESERVED, "80,9000-9010,65535\n", 19);
	net_setting_reserved(fx->root_fd, &r);
	assert_string_equal(r.text, "80,9000-9010,65535");
	assert_false(r.is_cut);
	assert_true(reserved_ports_has(&r, 80) && reserved_ports_has(&r, 65535));
	assert_true(reserved_ports_has(&r, 9000) && reserved_ports_has(&r, 9010));
	assert_false(reserved_ports_has(&r, 81) || reserved_ports_has(&r, 9011));
}

static void a_hostile_list_reserves_what_is_clear(void **state)
{
	static const char text[] = ",,80,-,81-,-82,x,90-91-92,70000,9-8,\033[31m,443";
	struct fixture *fx = *state;
	struct reserved_ports r;
	unsigned count = 0;

	fixture_write(fx, RESERVED, text, sizeof(text) - 1);
	net_setting_reserved(fx->root_fd, &r);
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		count += reserved_ports_has(&r, (uint16_t)port);
	assert_int_equal(count, 2);
	assert_true(reserved_ports_has(&r, 80) && reserved_ports_has(&r, 443));
}

static void a_list_that_is_too_long_is_cut(void **state)
{
	struct fixture *fx = *state;
	struct reserved_ports r;
	char text[2 * sizeof(r.text)];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "81,"[i % 3];
	text[sizeof(text) - 1] = '\n';
	fixture_write(fx, RESERVED, text, sizeof(text));
	net_setting_reserved(fx->root_fd, &r);
	assert_true(r.is_cut);
	assert_int_equal(strlen(r.text), sizeof(r.text) - 1);
	assert_true(reserved_ports_has(&r, 81));
	fixture_write(fx, RESERVED, text, sizeof(r.text) - 3);
	net_setting_reserved(fx->root_fd, &r);
	assert_false(r.is_cut);
	assert_int_equal(strlen(r.text), sizeof(r.text) - 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(a_number_is_read_or_missing),
		fixture_test(a_range_has_both_ends),
		fixture_test(a_strange_range_is_unknown),
		fixture_test(reserved_ports_are_a_list),
		fixture_test(a_hostile_list_reserves_what_is_clear),
		fixture_test(a_list_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
