/* Strict numbers. */
#include "fixture.h"
#include "num.h"

static void scan_stops_behind_the_digits(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		uint64_t value;
		size_t used;
	} cases[] = {
		{"0", 10, 0, 1},       {"80", 10, 80, 2},     {"80,443", 10, 80, 2}, {"12ab", 10, 12, 2},
		{"12ab", 16, 0x12ab, 4}, {"AbCdEf", 16, 0xabcdef, 6}, {"0x10", 10, 0, 1},
		{"00000000000000000000000080", 10, 80, 26}, {"1G", 16, 1, 1},
		{"18446744073709551615", 10, UINT64_MAX, 20}, {"ffffffffffffffff", 16, UINT64_MAX, 16},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *text = guard_copy(cases[i].text, len);
		const char *at = text;
		uint64_t value;
		assert_true(num_scan(&at, text + len, cases[i].base, UINT64_MAX, &value));
		assert_int_equal(value, cases[i].value);
		assert_int_equal(at - text, cases[i].used);
		guard_free(text, len);
	}
}

static void scan_refuses_and_changes_nothing(void **state)
{
	static const struct {
		const char *text;
		unsigned base;
		uint64_t max;
	} cases[] = {
		{"", 10, UINT64_MAX},
		{"x", 10, UINT64_MAX},
		{"a", 10, UINT64_MAX},
		{"g", 16, UINT64_MAX},
		{" 1", 10, UINT64_MAX},
		{"+1", 10, UINT64_MAX},
		{"-1", 10, UINT64_MAX},
		{"65536", 10, 65535},
		{"10000", 16, 65535},
		{"18446744073709551616", 10, UINT64_MAX},
		{"18446744073709551620", 10, UINT64_MAX},
		{"99999999999999999999", 10, UINT64_MAX},
		{"10000000000000000", 16, UINT64_MAX},
		{"184467440737095516150", 10, UINT64_MAX},
		{"\xb2", 10, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *text = guard_copy(cases[i].text, len);
		const char *at = text;
		uint64_t value = 7;
		if (num_scan(&at, text + len, cases[i].base, cases[i].max, &value))
			fail_msg("taken: '%s'", cases[i].text);
		assert_ptr_equal(at, text);
		assert_int_equal(value, 7);
		guard_free(text, len);
	}
}

static void parse_wants_all_of_the_text(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {{"80", true}, {"0", true}, {"80 ", false}, {"80x", false}, {"", false}, {"8-", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = 7;
		const char *text = cases[i].text;
		assert_int_equal(num_parse(text, text + strlen(text), 100, &value), cases[i].good);
		if (!cases[i].good)
			assert_int_equal(value, 7);
	}
}

static void parse_takes_the_largest_value_allowed(void **state)
{
	uint64_t value;

	(void)state;
	const char text[] = "65535";
	assert_true(num_parse(text, text + 5, 65535, &value));
	assert_int_equal(value, 65535);
	assert_false(num_parse(text, text + 5, 65534, &value));
}

static void parse_seconds_takes_three_decimals_at_most(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} good[] = {
		{"0", 0}, {"0.0", 0}, {"5", 5000}, {"0.5", 500}, {"0.05", 50}, {"0.005", 5}, {"1.25", 1250},
		{"12.345", 12345}, {"007", 7000}, {"999999.999", 999999999}, {"1000000", 1000000000},
	};
	static const char *const bad[] = {
		"", ".", ".5", "1.", "1.2345", "1.0005", "-1", "+1", "1e3", "1000001", "1.x", "1.2x", "1.2.", "1..2",
		" 1", "1 ", "1.-2", "1,5", "x", "18446744073709551616", "4294967296",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		size_t len = strlen(good[i].text);
		char *text = guard_copy(good[i].text, len);
		uint32_t ms = 7;
		if (!num_parse_seconds(text, text + len, &ms) || ms != good[i].ms)
			fail_msg("%s: %u ms", good[i].text, (unsigned)ms);
		guard_free(text, len);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t len = strlen(bad[i]);
		char *text = guard_copy(bad[i], len);
		uint32_t ms = 7;
		if (num_parse_seconds(text, text + len, &ms))
			fail_msg("taken: '%s'", bad[i]);
		assert_int_equal(ms, 7);
		guard_free(text, len);
	}
}

static void hex_digit_knows_every_byte(void **state)
{
	(void)state;
	for (int c = -128; c < 256; c++) {
		static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
		const char *hit = memchr(lower, c, 16);
		unsigned expected = 16;

		if (hit)
			expected = (unsigned)(hit - lower);
		else if ((hit = memchr(upper, c, 16)))
			expected = (unsigned)(hit - upper);
		unsigned digit = num_hex_digit((char)c);
		if (expected < 16)
			assert_int_equal(digit, expected);
		else
			assert_true(digit > 15);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_stops_behind_the_digits),
		cmocka_unit_test(scan_refuses_and_changes_nothing),
		cmocka_unit_test(parse_wants_all_of_the_text),
		cmocka_unit_test(parse_takes_the_largest_value_allowed),
		cmocka_unit_test(parse_seconds_takes_three_decimals_at_most),
		cmocka_unit_test(hex_digit_knows_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
