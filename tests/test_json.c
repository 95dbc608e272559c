/* JSON values: always valid UTF-8, and the bytes can be had back. */
#include "fixture.h"
#include "json.h"

/* --- a decoder, as a program that reads our output has one ----------------- */

static unsigned hex_value(const char *at, size_t digits)
{
	unsigned value = 0;

	for (size_t i = 0; i < digits; i++) {
		const char *all = "0123456789abcdef", *hit = strchr(all, at[i]);
		assert_true(at[i] != '\0' && hit);
		value = value * 16 + (unsigned)(hit - all);
	}
	return value;
}

static void add_utf8(struct buf *out, unsigned c)
{
	assert_true(c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff));
	if (c < 0x80) {
		buf_add_char(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_add_char(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_add_char(out, (char)(0xe0 | c >> 12));
		} else {
			buf_add_char(out, (char)(0xf0 | c >> 18));
			buf_add_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_char(out, (char)(0x80 | (c & 0x3f)));
}

/* Length of a well-formed sequence, by table 3-7 of the Unicode standard; 0: none. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char first_lo, first_hi, second_lo, second_hi;
		size_t len;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (s[0] < rows[i].first_lo || s[0] > rows[i].first_hi || len < rows[i].len)
			continue;
		bool good = rows[i].len == 1 ||
			    (s[1] >= rows[i].second_lo && s[1] <= rows[i].second_hi);
		for (size_t j = 2; j < rows[i].len; j++)
			good = good && s[j] >= 0x80 && s[j] <= 0xbf;
		if (good)
			return rows[i].len;
	}
	return 0;
}

/* An escape of JSON behind its backslash. Return how many bytes it has. */
static size_t unescape(const char *at, struct buf *out)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *hit = strchr(letters, *at);

	assert_true(*at != '\0');
	if (hit) {
		buf_add_char(out, bytes[hit - letters]);
		return 1;
	}
	assert_int_equal(*at, 'u');
	unsigned c = hex_value(at + 1, 4);
	if (c < 0xd800 || c > 0xdbff) {
		add_utf8(out, c);
		return 5;
	}
	assert_memory_equal(at + 5, "\\u", 2);
	unsigned low = hex_value(at + 7, 4);
	assert_in_range(low, 0xdc00, 0xdfff);
	add_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
	return 11;
}

/* The value of a JSON string, which must be one by RFC 8259; @text is terminated. */
static void decode_json(const char *text, size_t len, struct buf *out)
{
	assert_true(len >= 2 && text[0] == '"' && text[len - 1] == '"');
	for (size_t i = 1; i < len - 1;) {
		unsigned char c = (unsigned char)text[i];
		assert_true(c >= 0x20 && c != 0x7f && c != '"');
		if (c == '\\') {
			i += 1 + unescape(text + i + 1, out);
			continue;
		}
		size_t n = utf8_len((const unsigned char *)text + i, len - 1 - i);
		assert_true(n > 0);
		buf_add(out, text + i, n);
		i += n;
	}
}

/* What the value stands for: \\ and \xNN. */
static void decode_value(const char *value, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (value[i] != '\\') {
			buf_add_char(out, value[i]);
		} else if (i + 1 < len && value[i + 1] == '\\') {
			buf_add_char(out, '\\');
			i++;
		} else {
			assert_true(i + 3 < len && value[i + 1] == 'x');
			buf_add_char(out, (char)hex_value(value + i + 2, 2));
			i += 3;
		}
	}
}

/* Encode bytes that lie in a guarded buffer, decode, and compare. */
static void assert_comes_back(const char *bytes, size_t len)
{
	struct buf text = {0}, value = {0}, back = {0};

	json_add_string(&text, bytes, len);
	size_t text_len = text.len;
	buf_add_char(&text, '\0');
	decode_json(text.data, text_len, &value);
	decode_value(value.data, value.len, &back);
	assert_int_equal(back.len, len);
	if (len > 0)
		assert_memory_equal(back.data, bytes, len);
	buf_free(&text);
	buf_free(&value);
	buf_free(&back);
}

/* --- the cases ------------------------------------------------------------- */

static void one_and_two_bytes_come_back(void **state)
{
	char *one = guard_copy("x", 1), *two = guard_copy("xx", 2);

	(void)state;
	for (int c = 0; c < 256; c++) {
		*one = (char)c;
		assert_comes_back(one, 1);
		for (int d = 0; d < 256; d++) {
			two[0] = (char)c;
			two[1] = (char)d;
			assert_comes_back(two, 2);
		}
	}
	guard_free(one, 1);
	guard_free(two, 2);
}

/* Each lead byte with what is just inside of a range and just outside. */
static void longer_sequences_come_back_whole_and_cut(void **state)
{
	static const char followers[] = "\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\\x";
	char *v[5];

	(void)state;
	for (size_t len = 1; len <= 4; len++)
		v[len] = guard_copy("xxxx", len);
	for (int lead = 0xc0; lead < 256; lead++) {
		for (size_t i = 0; i < 10 * 10 * 10; i++) {
			const char bytes[] = {(char)lead, followers[i / 100],
					      followers[i / 10 % 10], followers[i % 10]};
			for (size_t len = 1; len <= 4; len++) {
				memcpy(v[len], bytes, len);
				assert_comes_back(v[len], len);
			}
		}
	}
	for (size_t len = 1; len <= 4; len++)
		guard_free(v[len], len);
}

struct text_case {
	const char *bytes, *expected;
};

static void check_texts(const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(cases[i].bytes);
		char *copy = guard_copy(cases[i].bytes, len);
		struct buf b = {0};
		json_add_string(&b, copy, len);
		assert_buf(&b, cases[i].expected);
		assert_comes_back(copy, len);
		buf_free(&b);
		guard_free(copy, len);
	}
}

static void ascii_is_escaped_as_json_has_it(void **state)
{
	static const struct text_case cases[] = {
		{"", "\"\""},
		{"nginx: worker", "\"nginx: worker\""},
		{"a/b", "\"a/b\""},
		{"a\"b", "\"a\\\"b\""},
		{"\n\t", "\"\\n\\t\""},
		{"\r\b\f\033[2J\001", "\"\\u000d\\u0008\\u000c\\u001b[2J\\u0001\""},
		{"\177", "\"\\u007f\""},
		/* Doubled in the value, and each again in JSON. */
		{"\\", "\"\\\\\\\\\""},
		{"C:\\x41", "\"C:\\\\\\\\x41\""},
		{"\\u0041", "\"\\\\\\\\u0041\""},
	};

	(void)state;
	check_texts(cases, COUNT(cases));
}

static void valid_utf8_passes(void **state)
{
	static const struct text_case cases[] = {
		{"caf\xc3\xa9", "\"caf\xc3\xa9\""},
		{"\xe2\x82\xac", "\"\xe2\x82\xac\""},
		{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
		{"\xe6\x97\xa5\xe6\x9c\xac", "\"\xe6\x97\xa5\xe6\x9c\xac\""},
		{"\xed\x9f\xbf", "\"\xed\x9f\xbf\""}, /* U+D7FF, before the surrogates */
		{"\xee\x80\x80", "\"\xee\x80\x80\""}, /* U+E000, behind them */
	};

	(void)state;
	check_texts(cases, COUNT(cases));
}

static void invalid_utf8_is_hex_byte_by_byte(void **state)
{
	static const struct text_case cases[] = {
		{"\x80", "\"\\\\x80\""},
		{"a\xff" "b", "\"a\\\\xffb\""},
		{"\xc3", "\"\\\\xc3\""},                         /* cut */
		{"\xe2\x82", "\"\\\\xe2\\\\x82\""},
		{"\xf0\x9f\x98", "\"\\\\xf0\\\\x9f\\\\x98\""},
		{"\xc3(", "\"\\\\xc3(\""},
		{"\xc0\xaf", "\"\\\\xc0\\\\xaf\""},              /* overlong '/' */
		{"\xc1\xbf", "\"\\\\xc1\\\\xbf\""},
		{"\xe0\x80\xaf", "\"\\\\xe0\\\\x80\\\\xaf\""},
		{"\xe0\x9f\xbf", "\"\\\\xe0\\\\x9f\\\\xbf\""},
		{"\xf0\x8f\xbf\xbf", "\"\\\\xf0\\\\x8f\\\\xbf\\\\xbf\""},
		{"\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\""},   /* U+D800 */
		{"\xed\xbf\xbf", "\"\\\\xed\\\\xbf\\\\xbf\""},   /* U+DFFF */
		{"\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""}, /* U+110000 */
		{"\xf5\x80\x80\x80", "\"\\\\xf5\\\\x80\\\\x80\\\\x80\""},
		{"\xe2\x82\xc3\xa9", "\"\\\\xe2\\\\x82\xc3\xa9\""}, /* good behind cut */
	};

	(void)state;
	check_texts(cases, COUNT(cases));
}

static void deceptive_characters_are_numbers(void **state)
{
	static const struct text_case cases[] = {
		{"\xc2\x80", "\"\\u0080\""},
		{"\xc2\x9b", "\"\\u009b\""},         /* CSI */
		{"\xc2\xa0", "\"\\u00a0\""},         /* no-break space */
		{"\xe2\x80\x8b", "\"\\u200b\""},     /* zero width space */
		{"\xe2\x80\xa8", "\"\\u2028\""},     /* line separator */
		{"a\xe2\x80\xae" "b", "\"a\\u202eb\""}, /* right-to-left override */
		{"\xef\xbb\xbf", "\"\\ufeff\""},     /* byte order mark */
		/* Beyond 0xffff two surrogates. */
		{"\xf0\x9d\x85\xb3", "\"\\ud834\\udd73\""}, /* U+1D173 */
		{"\xf3\xa0\x80\xa1", "\"\\udb40\\udc21\""}, /* U+E0021, a tag */
		{"\xf3\xbf\xbf\xbf", "\"\\udbbf\\udfff\""}, /* U+FFFFF */
		{"\xf4\x80\x80\x80", "\"\\udbc0\\udc00\""}, /* U+100000 */
		{"\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\""}, /* U+10FFFF */
	};

	(void)state;
	check_texts(cases, COUNT(cases));
}

static void nul_is_a_character(void **state)
{
	struct buf b = {0};
	char *copy = guard_copy("\0a\0", 3);

	(void)state;
	json_add_string(&b, copy, 3);
	assert_buf(&b, "\"\\u0000a\\u0000\"");
	assert_comes_back(copy, 3);
	guard_free(copy, 3);
	buf_free(&b);
}

static void parts_make_one_string(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_add_char(&b, '"');
	json_add_bytes(&b, "a\"", 2);
	json_add_bytes(&b, "", 0);
	json_add_bytes(&b, "\xc3", 1); /* a character is not made of two parts */
	json_add_bytes(&b, "\xa9", 1);
	buf_add_char(&b, '"');
	assert_buf(&b, "\"a\\\"\\\\xc3\\\\xa9\"");
	buf_free(&b);
}

static void what_is_unknown_is_null(void **state)
{
	struct buf b = {0};

	(void)state;
	json_add_text(&b, NULL);
	assert_buf(&b, "null");
	json_add_text(&b, "");
	assert_buf(&b, "\"\"");
	json_add_text(&b, "null\n");
	assert_buf(&b, "\"null\\n\"");
	json_add_number_or_null(&b, 0);
	assert_buf(&b, "null");
	json_add_number_or_null(&b, 1);
	assert_buf(&b, "1");
	json_add_number_or_null(&b, UINT64_MAX);
	assert_buf(&b, "18446744073709551615");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_and_two_bytes_come_back),
		cmocka_unit_test(longer_sequences_come_back_whole_and_cut),
		cmocka_unit_test(ascii_is_escaped_as_json_has_it),
		cmocka_unit_test(valid_utf8_passes),
		cmocka_unit_test(invalid_utf8_is_hex_byte_by_byte),
		cmocka_unit_test(deceptive_characters_are_numbers),
		cmocka_unit_test(nul_is_a_character),
		cmocka_unit_test(parts_make_one_string),
		cmocka_unit_test(what_is_unknown_is_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
