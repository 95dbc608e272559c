/* Foreign words, and how they are typed at a shell. */
#define _GNU_SOURCE
#include "fixture.h"
#include "word.h"

#define WORD(literal) (struct word){literal, sizeof(literal) - 1}

static void ends_are_compared_within_the_word(void **state)
{
	const struct word w = WORD("nginx.service"), none = {NULL, 0};

	(void)state;
	assert_true(word_equals(w, "nginx.service"));
	assert_false(word_equals(w, "nginx.servic"));
	assert_false(word_equals(w, "nginx.service2"));
	assert_true(word_begins_with(w, "nginx"));
	assert_false(word_begins_with(w, "inx"));
	assert_false(word_begins_with(WORD("ng"), "nginx"));
	assert_true(word_ends_with(w, ".service"));
	assert_false(word_ends_with(w, ".socket"));
	assert_false(word_ends_with(WORD("ice"), ".service"));
	assert_true(word_equals(none, "") && word_begins_with(none, "") && word_ends_with(none, ""));
	assert_false(word_equals(none, "x") || word_begins_with(none, "x") ||
		     word_ends_with(none, "x"));
	assert_false(word_equals(WORD("a\0b"), "a"));
}

static void every_byte_has_to_be_allowed(void **state)
{
	(void)state;
	assert_true(word_consists_of(WORD("abba"), "ab"));
	assert_false(word_consists_of(WORD("abc"), "ab"));
	assert_false(word_consists_of(WORD("a\0"), "ab"));
	assert_true(word_consists_of((struct word){NULL, 0}, "ab"));
}

static void base_name_follows_the_last_slash(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {{"/usr/bin/x", "x"}, {"x", "x"}, {"a/", ""}, {"/", ""}, {"", ""}, {"//x", "x"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].path);
		char *path = guard_copy(cases[i].path, len);
		struct word name = word_base_name((struct word){path, len});
		assert_bytes(name.text, name.len, cases[i].name);
		guard_free(path, len);
	}
}

static void words_are_quoted_only_if_they_have_to(void **state)
{
	static const struct {
		const char *word, *quoted;
	} cases[] = {
		{"nginx.service", "nginx.service"},
		{"x@1:2.service", "x@1:2.service"},
		{"/run/x,y+z", "/run/x,y+z"},
		{"", "''"},
		{"a b", "'a b'"},
		{"dev-x\\x2dy.service", "'dev-x\\x2dy.service'"},
		{"$(reboot)", "'$(reboot)'"},
		{"~", "'~'"},
		{"it's", "'it'\\''s'"},
		{"'", "''\\'''"},
		{"`x`;&|<>*?[]!#\"\n", "'`x`;&|<>*?[]!#\"\n'"},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		word_add_quoted(&b, (struct word){cases[i].word, strlen(cases[i].word)});
		assert_buf(&b, cases[i].quoted);
	}
	buf_free(&b);
}

static void shell_reads_the_same_word(void **state)
{
	char word[256], line[2048], back[sizeof(word)];
	struct buf b = {0};

	(void)state;
	for (int c = 1; c < 256; c++) /* all that an argument can hold */
		word[c - 1] = (char)c;
	buf_add_str(&b, "printf %s ");
	word_add_quoted(&b, (struct word){word, 255});
	assert_true(b.error == 0 && b.len < sizeof(line));
	memcpy(line, b.data, b.len);
	line[b.len] = '\0';
	buf_free(&b);
	FILE *shell = popen(line, "r");
	assert_non_null(shell);
	size_t n = fread(back, 1, sizeof(back), shell);
	assert_int_equal(pclose(shell), 0);
	assert_int_equal(n, 255);
	assert_memory_equal(back, word, 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_compared_within_the_word),
		cmocka_unit_test(every_byte_has_to_be_allowed),
		cmocka_unit_test(base_name_follows_the_last_slash),
		cmocka_unit_test(words_are_quoted_only_if_they_have_to),
		cmocka_unit_test(shell_reads_the_same_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
