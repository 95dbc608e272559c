/* Foreign names made harmless. */
#include "fixture.h"
#include "escape.h"

#include <locale.h>

/* Escape from a guarded buffer and compare. */
static void assert_escaped(const char *name, size_t len, unsigned flags, size_t max,
			   const char *expected)
{
	struct buf b = {0};
	char *copy = guard_copy(name, len);

	escape_add(&b, copy, len, flags, max);
	assert_buf(&b, expected);
	buf_free(&b);
	guard_free(copy, len);
}

/* UTF-8 passes only where the C library has a locale that reads it. */
static void want_utf8(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "C.utf8") &&
	    !setlocale(LC_CTYPE, "en_US.UTF-8"))
		skip();
}

static void ascii_is_escaped_as_lsof_does(void **state)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{"", ""},
		{"plain-Name_1.2/[x]~", "plain-Name_1.2/[x]~"},
		{"two blanks", "two blanks"},
		{"a\nb", "a\\nb"},
		{"\b\f\r\t", "\\b\\f\\r\\t"},
		{"back\\slash", "back\\\\slash"},
		{"\033[31m", "^[[31m"},
		{"\001\037", "^A^_"},
		{"\177", "^?"},
		{"\200\377", "\\x80\\xff"},
		{"\\n", "\\\\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_escaped(cases[i].name, strlen(cases[i].name), 0, ESCAPE_ALL,
			       cases[i].expected);
	assert_escaped("a\0b", 3, 0, ESCAPE_ALL, "a^@b");
}

static void blanks_are_escaped_on_request(void **state)
{
	(void)state;
	assert_escaped(" a b ", 5, ESCAPE_BLANKS, ESCAPE_ALL, "\\x20a\\x20b\\x20");
	assert_escaped(" a b ", 5, 0, ESCAPE_ALL, " a b ");
}

static void every_byte_comes_out_printable(void **state)
{
	static const unsigned flags[] = {0, ESCAPE_BLANKS, ESCAPE_UTF8, ESCAPE_UTF8 | ESCAPE_BLANKS};

	(void)state;
	for (size_t f = 0; f < COUNT(flags); f++) {
		for (int c = 0; c < 256; c++) {
			struct buf b = {0};
			char byte = (char)c;
			escape_add(&b, &byte, 1, flags[f], ESCAPE_ALL);
			assert_true(b.len > 0);
			for (size_t i = 0; i < b.len; i++)
				assert_in_range(b.data[i], ' ', '~');
			buf_free(&b);
		}
	}
}

static void max_counts_characters_of_the_name(void **state)
{
	(void)state;
	assert_escaped("abcdef", 6, 0, 3, "abc");
	assert_escaped("abc", 3, 0, 3, "abc");
	assert_escaped("\n\n\n", 3, 0, 2, "\\n\\n");
	assert_escaped("\xff\xff\xff", 3, 0, 2, "\\xff\\xff");
	assert_escaped("abc", 3, 0, 0, "");
	want_utf8();
	assert_escaped("\xc3\xa9\xc3\xa9\xc3\xa9", 6, ESCAPE_UTF8, 2, "\xc3\xa9\xc3\xa9");
}

static void valid_utf8_passes_where_it_is_read(void **state)
{
	static const char *const names[] = {"caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
					    "\xe6\x97\xa5\xe6\x9c\xac"};

	(void)state;
	want_utf8();
	for (size_t i = 0; i < COUNT(names); i++)
		assert_escaped(names[i], strlen(names[i]), ESCAPE_UTF8, ESCAPE_ALL, names[i]);
	assert_escaped("caf\xc3\xa9", 5, 0, ESCAPE_ALL, "caf\\xc3\\xa9");
}

static void invalid_utf8_is_escaped_byte_by_byte(void **state)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{"\x80", "\\x80"},                             /* a continuation alone */
		{"\xc3", "\\xc3"},                             /* cut */
		{"\xe2\x82", "\\xe2\\x82"},                    /* cut */
		{"\xf0\x9f\x98", "\\xf0\\x9f\\x98"},           /* cut */
		{"\xc3(", "\\xc3("},                           /* no continuation */
		{"\xc0\xaf", "\\xc0\\xaf"},                    /* overlong '/' */
		{"\xc1\xbf", "\\xc1\\xbf"},                    /* overlong */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},           /* overlong */
		{"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},           /* overlong */
		{"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"},  /* overlong */
		{"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},  /* overlong */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},           /* surrogate U+D800 */
		{"\xed\xbf\xbf", "\\xed\\xbf\\xbf"},           /* surrogate U+DFFF */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  /* above U+10FFFF */
		{"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},  /* no such lead byte */
		{"\xfe\xff", "\\xfe\\xff"},
		{"\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9"},    /* a good one behind a cut one */
	};

	(void)state;
	want_utf8();
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_escaped(cases[i].name, strlen(cases[i].name), ESCAPE_UTF8, ESCAPE_ALL,
			       cases[i].expected);
}

static void deceptive_characters_are_escaped(void **state)
{
	static const struct {
		const char *name, *expected;
	} cases[] = {
		{"\xc2\x80", "\\xc2\\x80"},          /* C1 controls */
		{"\xc2\x9b", "\\xc2\\x9b"},          /* CSI */
		{"\xc2\x9f", "\\xc2\\x9f"},
		{"\xc2\xad", "\\xc2\\xad"},          /* soft hyphen */
		{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"}, /* zero width space */
		{"\xe2\x80\x8e", "\\xe2\\x80\\x8e"}, /* left-to-right mark */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
		{"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
		{"\xe2\x81\xa6", "\\xe2\\x81\\xa6"}, /* isolate */
		{"\xd8\x9c", "\\xd8\\x9c"},          /* Arabic letter mark */
		{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"}, /* byte order mark */
		{"\xf3\xa0\x80\xa1", "\\xf3\\xa0\\x80\\xa1"}, /* tag */
		{"\xc2\xa0", "\\xc2\\xa0"},          /* no-break space */
		{"\xe3\x80\x80", "\\xe3\\x80\\x80"}, /* ideographic space */
		{"\xe3\x85\xa4", "\\xe3\\x85\\xa4"}, /* Hangul filler */
		{"\xe2\xa0\x80", "\\xe2\\xa0\\x80"}, /* empty Braille pattern */
		{"\xef\xb8\x8f", "\\xef\\xb8\\x8f"}, /* variation selector */
	};

	(void)state;
	want_utf8();
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_escaped(cases[i].name, strlen(cases[i].name), ESCAPE_UTF8, ESCAPE_ALL,
			       cases[i].expected);
}

static void raw_bytes_pass_as_they_are(void **state)
{
	static const char hostile[] = "\033[2J\n\\ \xff\xc2\x9b";

	(void)state;
	assert_escaped(hostile, strlen(hostile), ESCAPE_RAW, ESCAPE_ALL, hostile);
	assert_escaped(hostile, strlen(hostile), ESCAPE_RAW | ESCAPE_BLANKS | ESCAPE_UTF8,
		       ESCAPE_ALL, hostile);
	assert_escaped("abcdef", 6, ESCAPE_RAW, 3, "abc");
	assert_escaped("abc", 3, ESCAPE_RAW, 4, "abc");
	assert_escaped("abc", 3, ESCAPE_RAW, 0, "");
	struct buf b = {0};
	escape_add(&b, "a\0b", 3, ESCAPE_RAW, ESCAPE_ALL);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "a\0b", 3);
	buf_free(&b);
}

static void utf8_is_decoded_or_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n; /* 0: none */
		uint32_t character;
	} cases[] = {
		{"\xc2\x80", 2, 0x80},             {"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},        {"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},       {"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},  {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\xc3\xa9x", 2, 0xe9}, /* what follows is not looked at */
		{"\x80", 0, 0},                    {"\xbf\xbf", 0, 0},
		{"\xc0\x80", 0, 0},                {"\xc1\xbf", 0, 0},
		{"\xe0\x9f\xbf", 0, 0},            {"\xf0\x8f\xbf\xbf", 0, 0},
		{"\xed\xa0\x80", 0, 0},            {"\xed\xbf\xbf", 0, 0},
		{"\xf4\x90\x80\x80", 0, 0},        {"\xf5\x80\x80\x80", 0, 0},
		{"\xff", 0, 0},                    {"\xc3(", 0, 0},
		{"\xe2\x82(", 0, 0},               {"\xf0\x9f\x98\xc3", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t full = strlen(cases[i].bytes);
		for (size_t len = 1; len <= full; len++) {
			char *copy = guard_copy(cases[i].bytes, len);
			uint32_t c = 0;
			size_t n = cases[i].n <= len ? cases[i].n : 0;
			assert_int_equal(escape_decode_utf8(copy, len, &c), n);
			if (n > 0)
				assert_int_equal(c, cases[i].character);
			guard_free(copy, len);
		}
	}
}

static void deceptive_characters_are_known(void **state)
{
	static const uint32_t deceptive[] = {
		0x80, 0x9b, 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1680, 0x180e, 0x2000, 0x200b, 0x200f,
		0x2028, 0x202e, 0x202f, 0x2060, 0x2066, 0x206f, 0x2800, 0x3000, 0x3164, 0xfe0f,
		0xfeff, 0xffa0, 0xfff9, 0x1bca0, 0x1d173, 0xe0001, 0xe007f, 0xe01ef, 0x10ffff};
	static const uint32_t honest[] = {
		0xa1, 0xe9, 0xac, 0xae, 0x3b1, 0x5d0, 0x627, 0x1e00, 0x2010, 0x2027, 0x2030, 0x20ac,
		0x27ff, 0x2801, 0x3001, 0x4e2d, 0xac00, 0xd7a3, 0xfffd, 0x1f600, 0x20000};

	(void)state;
	for (size_t i = 0; i < COUNT(deceptive); i++) {
		if (!escape_is_deceptive(deceptive[i]))
			fail_msg("U+%04X passes", (unsigned)deceptive[i]);
	}
	for (size_t i = 0; i < COUNT(honest); i++) {
		if (escape_is_deceptive(honest[i]))
			fail_msg("U+%04X does not pass", (unsigned)honest[i]);
	}
}

static void columns_of_ascii_are_its_bytes(void **state)
{
	(void)state;
	for (size_t len = 0; len < 40; len++) {
		char text[40];
		memset(text, 'x', sizeof(text));
		char *copy = guard_copy(text, len);
		assert_int_equal(escape_columns(copy, len), len);
		guard_free(copy, len);
	}
}

static void columns_of_utf8_are_its_widths(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
	} cases[] = {
		{"caf\xc3\xa9", 4},
		{"\xe6\x97\xa5\xe6\x9c\xac", 4},      /* two wide characters */
		{"e\xcc\x81", 1},                     /* a combining accent */
		{"12345678\xc3\xa9", 9},
		{"\xc3\xa9""1234567890123456", 17},
	};

	(void)state;
	want_utf8();
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		char *copy = guard_copy(cases[i].text, len);
		assert_int_equal(escape_columns(copy, len), cases[i].columns);
		guard_free(copy, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ascii_is_escaped_as_lsof_does),
		cmocka_unit_test(blanks_are_escaped_on_request),
		cmocka_unit_test(every_byte_comes_out_printable),
		cmocka_unit_test(max_counts_characters_of_the_name),
		cmocka_unit_test(valid_utf8_passes_where_it_is_read),
		cmocka_unit_test(invalid_utf8_is_escaped_byte_by_byte),
		cmocka_unit_test(deceptive_characters_are_escaped),
		cmocka_unit_test(raw_bytes_pass_as_they_are),
		cmocka_unit_test(utf8_is_decoded_or_refused),
		cmocka_unit_test(deceptive_characters_are_known),
		cmocka_unit_test(columns_of_ascii_are_its_bytes),
		cmocka_unit_test(columns_of_utf8_are_its_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
