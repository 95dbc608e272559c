/* Lists of ports: `80`, `80,443,8000-8010`, `http`. */
#include "fixture.h"
#include "port_set.h"

#define TCP SOCK_PROTO_BIT(SOCK_PROTO_TCP)
#define UDP SOCK_PROTO_BIT(SOCK_PROTO_UDP)

static int parse(struct port_set *set, const char *text, unsigned protos)
{
	struct names names;
	const char *why = NULL;

	make_names(&names);
	*set = (struct port_set){0};
	int rc = port_set_parse(set, &names, text, strlen(text), protos, &why);
	if (rc == -EINVAL)
		assert_non_null(why);
	names_free(&names);
	return rc;
}

static void port_set_parse_takes_ports_and_ranges(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		uint16_t lo, hi; /* of the last */
	} cases[] = {
		{"0", 1, 0, 0},           {"80", 1, 80, 80},       {"65535", 1, 65535, 65535},
		{"80-80", 1, 80, 80},     {"0-65535", 1, 0, 65535}, {"80,443", 2, 443, 443},
		{"80,90-99", 2, 90, 99},  {"080", 1, 80, 80},      {"1,2,3,4,5,6,7,8,9", 9, 9, 9},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct port_set set;
		assert_int_equal(parse(&set, cases[i].text, TCP | UDP), 0);
		assert_int_equal(set.len, cases[i].count);
		assert_int_equal(set.v[set.len - 1].lo, cases[i].lo);
		assert_int_equal(set.v[set.len - 1].hi, cases[i].hi);
		assert_int_equal(set.v[set.len - 1].protos, TCP | UDP);
		port_set_free(&set);
	}
}

static void port_set_parse_refuses_what_is_no_port(void **state)
{
	static const char *const texts[] = {
		"", ",", "80,", ",80", "80,,81", "-", "80-", "-80", "--", "80--90", "1-2-3", "65536",
		"80-65536", "4294967376", "18446744073709551616", "18446744073709551696", " 80", "80 ",
		"+80", "0x50", "8o", "nosuchservice",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct port_set set;
		if (parse(&set, texts[i], TCP) != -EINVAL)
			fail_msg("taken: '%s'", texts[i]);
		port_set_free(&set);
	}
}

static void port_set_parse_refuses_backward_range(void **state)
{
	struct port_set set;

	(void)state;
	assert_int_equal(parse(&set, "90-80", TCP), -EINVAL);
	port_set_free(&set);
	assert_int_equal(parse(&set, "80-90", TCP), 0);
	port_set_free(&set);
}

static void port_set_parse_stays_inside_its_bytes(void **state)
{
	static const char *const texts[] = {"80", "80-90", "80,443", "80,8000-8010", "8-"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct port_set set = {0};
		struct names names;
		const char *why;
		size_t len = strlen(texts[i]);
		char *text = guard_copy(texts[i], len);
		make_names(&names);
		int rc = port_set_parse(&set, &names, text, len, TCP, &why);
		assert_int_equal(rc, i < 4 ? 0 : -EINVAL);
		port_set_free(&set);
		names_free(&names);
		guard_free(text, len);
	}
}

static void port_set_parse_stops_at_its_length(void **state)
{
	struct port_set set = {0};
	const char *why;

	(void)state;
	/* As `80/tcp` and `8080:9` are given to it: only a part of the word. */
	assert_int_equal(port_set_parse(&set, NULL, "80/tcp", 2, TCP, &why), 0);
	assert_int_equal(port_set_parse(&set, NULL, "8080", 2, TCP, &why), 0);
	assert_int_equal(set.len, 2);
	assert_int_equal(set.v[1].lo, 80);
	port_set_free(&set);
}

static void port_set_parse_looks_up_services_for_the_protocols(void **state)
{
	struct port_set set;

	(void)state;
	assert_int_equal(parse(&set, "http", TCP | UDP), 0);
	assert_int_equal(set.len, 1);
	assert_int_equal(set.v[0].protos, TCP);
	port_set_free(&set);
	assert_int_equal(parse(&set, "domain", TCP | UDP), 0);
	assert_int_equal(set.len, 1);
	assert_int_equal(set.v[0].protos, TCP | UDP);
	port_set_free(&set);
	assert_int_equal(parse(&set, "80,twoports", TCP), 0);
	assert_int_equal(set.len, 3);
	port_set_free(&set);
}

static void port_set_keeps_what_was_written(void **state)
{
	struct port_set set = {0};
	struct names names;
	static const char text[] = "80,twoports,8000-8010";
	const char *why;

	(void)state;
	make_names(&names);
	assert_int_equal(port_set_parse(&set, &names, text, strlen(text), TCP, &why), 0);
	assert_int_equal(set.len, 4);
	assert_bytes(set.v[0].text, set.v[0].text_len, "80");
	assert_bytes(set.v[1].text, set.v[1].text_len, "twoports");
	assert_bytes(set.v[2].text, set.v[2].text_len, "twoports");
	assert_bytes(set.v[3].text, set.v[3].text_len, "8000-8010");
	port_set_free(&set);
	names_free(&names);
}

static void port_range_has_its_ends_and_its_protocols(void **state)
{
	const struct port_range range = {.lo = 80, .hi = 90, .protos = TCP};

	(void)state;
	assert_true(port_range_has(&range, 80, SOCK_PROTO_TCP));
	assert_true(port_range_has(&range, 90, SOCK_PROTO_TCP));
	assert_false(port_range_has(&range, 79, SOCK_PROTO_TCP));
	assert_false(port_range_has(&range, 91, SOCK_PROTO_TCP));
	assert_false(port_range_has(&range, 80, SOCK_PROTO_UDP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_set_parse_takes_ports_and_ranges),
		cmocka_unit_test(port_set_parse_refuses_what_is_no_port),
		cmocka_unit_test(port_set_parse_refuses_backward_range),
		cmocka_unit_test(port_set_parse_stays_inside_its_bytes),
		cmocka_unit_test(port_set_parse_stops_at_its_length),
		cmocka_unit_test(port_set_parse_looks_up_services_for_the_protocols),
		cmocka_unit_test(port_set_keeps_what_was_written),
		cmocka_unit_test(port_range_has_its_ends_and_its_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
