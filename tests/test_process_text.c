/* Processes among our own words. */
#include "fixture.h"
#include "holder.h"
#include "process.h"
#include "process_text.h"

static void name_is_one_word_and_parts_no_others(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		const char *expected;
	} cases[] = {
		{"nginx", 5, "nginx"},
		{"", 0, ""},
		{"a b", 3, "a\\x20b"},
		{"a,1; likely b", 13, "a\\x2c1\\x3b\\x20likely\\x20b"},
		{"[kernel]", 8, "\\x5bkernel\\x5d"},
		{",", 1, "\\x2c"},
		{",,", 2, "\\x2c\\x2c"},
		{"a,", 2, "a\\x2c"},
		{"\033[31m\n", 6, "^[\\x5b31m\\n"},
		{"a\0b", 3, "a^@b"},
		{"a\\b", 3, "a\\\\b"},
		{"\xc3\xa4,\xff", 4, "\\xc3\\xa4\\x2c\\xff"},
		{"x/y:(z)-1", 9, "x/y:(z)-1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = {0};
		char *name = guard_copy(cases[i].name, cases[i].len);
		process_text_add_name(name, cases[i].len, 0, &b);
		assert_buf(&b, cases[i].expected);
		guard_free(name, cases[i].len);
		buf_free(&b);
	}
}

static void process_is_command_and_number(void **state)
{
	struct process p = {.pid = 811, .tid = 811, .command = "nginx: x", .command_len = 8};
	struct buf b = {0};

	(void)state;
	process_text_add(&p, 0, &b);
	assert_buf(&b, "nginx:\\x20x,811");
	p.command_len = 0;
	process_text_add(&p, 0, &b);
	assert_buf(&b, ",811");
	/* All that there is room for: nothing ends it. */
	memset(p.command, 'y', sizeof(p.command));
	p.command_len = sizeof(p.command);
	process_text_add(&p, 0, &b);
	assert_int_equal(b.len, sizeof(p.command) + 4);
	buf_free(&b);
}

static void no_byte_of_a_name_can_be_mistaken(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		struct buf b = {0};
		const char name = (char)c;
		process_text_add_name(&name, 1, 0, &b);
		assert_true(b.len > 0);
		for (size_t i = 0; i < b.len; i++) {
			bool is_caret = i == 1 && b.data[0] == '^'; /* ^[ is Escape */
			assert_true(b.data[i] > ' ' && b.data[i] <= '~');
			if (!is_caret)
				assert_null(strchr(",;[]", b.data[i]));
		}
		buf_free(&b);
	}
}

static void descriptor_says_by_what_it_is_held(void **state)
{
	static const struct {
		struct holder h;
		const char *plain, *access, *holder;
	} cases[] = {
		{{1, 811, 811, 3, HOLDER_FD}, "3", "3u", "811,a\\x2cb,3u"},
		{{1, 811, 812, 12345, HOLDER_FD}, "12345", "12345u", "811,a\\x2cb,12345u"},
		{{1, 811, 811, 4, HOLDER_RING}, "ring:4", "ring:4", "811,a\\x2cb,ring:4"},
		{{1, 811, 811, -1, HOLDER_MEM}, "mem", "mem", "811,a\\x2cb,mem"},
	};
	const struct process p = {.pid = 811, .tid = 811, .command = "a,b", .command_len = 3};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = {0};
		process_text_add_fd(&cases[i].h, false, &b);
		assert_buf(&b, cases[i].plain);
		process_text_add_fd(&cases[i].h, true, &b);
		assert_buf(&b, cases[i].access);
		process_text_add_holder(&cases[i].h, &p, 0, &b);
		assert_buf(&b, cases[i].holder);
		buf_free(&b);
	}
	/* One whose process is gone has a place all the same. */
	struct buf b = {0};
	process_text_add_holder(&cases[0].h, NULL, 0, &b);
	assert_buf(&b, "811,,3u");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_is_one_word_and_parts_no_others),
		cmocka_unit_test(process_is_command_and_number),
		cmocka_unit_test(no_byte_of_a_name_can_be_mistaken),
		cmocka_unit_test(descriptor_says_by_what_it_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
