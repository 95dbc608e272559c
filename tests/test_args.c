/* Arguments of processes, NUL-separated. */
#include "fixture.h"
#include "args.h"

/* Bytes of a literal, without its own NUL. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void arguments_are_taken_one_by_one(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *expected; /* each in brackets */
	} cases[] = {
		{BYTES("a\0bc\0"), "[a][bc]"}, {BYTES("a\0bc"), "[a][bc]"}, {BYTES(""), ""},
		{BYTES("\0"), "[]"},           {BYTES("\0\0"), "[][]"},     {BYTES("a b\0"), "[a b]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = guard_copy(cases[i].text, cases[i].len);
		struct word rest = {text, cases[i].len}, arg;
		struct buf b = {0};
		while (args_next(&rest, &arg)) {
			buf_add_char(&b, '[');
			word_add(&b, arg);
			buf_add_char(&b, ']');
		}
		assert_int_equal(rest.len, 0);
		assert_buf(&b, cases[i].expected);
		buf_free(&b);
		guard_free(text, cases[i].len);
	}
}

static void option_has_its_value_attached_or_next(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *value; /* NULL: none */
	} cases[] = {
		{BYTES("x\0-id\0007\0"), "7"},
		{BYTES("x\0--id\0007\0"), "7"},
		{BYTES("x\0-id=7\0"), "7"},
		{BYTES("x\0--id=7\0"), "7"},
		{BYTES("x\0-id=\0"), ""},
		{BYTES("x\0-id\0\0"), ""},
		{BYTES("x\0-id=a=b\0"), "a=b"},
		{BYTES("x\0-v\0-id\0001\0-id\0002\0"), "1"}, /* the first one counts */
		{BYTES("x\0-id"), NULL},
		{BYTES("x\0-idx\0007\0"), NULL},
		{BYTES("x\0-i\0007\0"), NULL},
		{BYTES("x\0---id\0007\0"), NULL},
		{BYTES("-id\0007\0"), NULL}, /* that is the program */
		{BYTES(""), NULL},
	};
	struct word value = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = guard_copy(cases[i].text, cases[i].len);
		bool found = args_find_option((struct word){text, cases[i].len}, "-id", "--id", &value);
		assert_int_equal(found, cases[i].value != NULL);
		if (cases[i].value)
			assert_bytes(value.text, value.len, cases[i].value);
		guard_free(text, cases[i].len);
	}
	assert_false(args_find_option((struct word){NULL, 0}, "-id", "--id", &value));
}

static void word_is_found_as_it_is_or_behind_a_path(void **state)
{
	static const char text[] = "/usr/bin/sh\0/opt/run.sh\0--user\0";
	const struct word args = {text, sizeof(text) - 1};

	(void)state;
	assert_true(args_has(args, "sh"));
	assert_true(args_has(args, "run.sh"));
	assert_true(args_has(args, "--user"));
	assert_false(args_has(args, "user"));
	assert_false(args_has(args, "bin"));
	assert_false(args_has((struct word){NULL, 0}, "sh"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_taken_one_by_one),
		cmocka_unit_test(option_has_its_value_attached_or_next),
		cmocka_unit_test(word_is_found_as_it_is_or_behind_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
