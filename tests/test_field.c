/* The letters of -F. */
#include "fixture.h"
#include "field.h"

/* Those of lsof 4.95, with the ones that its -F? leaves out on Linux. */
static const char letters_of_lsof[] = "aCcDdFfGgiKkLlMmNnoPpRrSsTtuZz";

static bool choose(const char *letters, struct field_choice *out)
{
	*out = (struct field_choice){0};
	return field_choice_add(out, letters);
}

static void letters_of_lsof_are_known_and_no_others(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const char text[] = {(char)c, '\0'};
		struct field_choice choice;
		bool known = c == '0' || strchr(letters_of_lsof, c);
		if (choose(text, &choice) != known)
			fail_msg("%d", c);
		if (!known || c == '0')
			continue;
		assert_false(field_choice_is_all(&choice));
		for (const char *other = letters_of_lsof; *other; other++)
			assert_int_equal(field_choice_has(&choice, *other), *other == c);
	}
}

static void no_letter_means_all(void **state)
{
	static const struct {
		const char *text;
		bool nul;
	} cases[] = {{"", false}, {"0", true}, {"00", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct field_choice choice;
		assert_true(choose(cases[i].text, &choice));
		assert_true(field_choice_is_all(&choice));
		assert_int_equal(choice.nul, cases[i].nul);
		for (const char *letter = letters_of_lsof; *letter; letter++)
			assert_true(field_choice_has(&choice, *letter));
	}
}

static void order_and_repetition_change_nothing(void **state)
{
	static const char *const texts[] = {"pcn", "ncp", "ppnncc", "npcp"};
	static const char *const nul_texts[] = {"0pcn", "p0cn", "pcn0", "n0c0p"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct field_choice first, choice;
		assert_true(choose("pcn", &first));
		assert_true(choose(texts[i], &choice));
		assert_int_equal(choice.letters, first.letters);
		assert_false(choice.nul);
		assert_true(choose(nul_texts[i], &choice));
		assert_int_equal(choice.letters, first.letters);
		assert_true(choice.nul);
	}
}

static void unknown_letter_among_others_is_refused(void **state)
{
	static const char *const texts[] = {"q", "pq", "qp", "pcfn,", "p c", "?", "p?", "1", "-p",
					    "\xc3\xa4"};
	struct field_choice choice;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (choose(texts[i], &choice))
			fail_msg("taken: %s", texts[i]);
	}
}

static void letters_of_several_options_add_up(void **state)
{
	struct field_choice choice = {0};

	(void)state;
	assert_true(field_choice_add(&choice, "0"));
	assert_true(field_choice_add(&choice, "pc"));
	assert_true(field_choice_add(&choice, ""));
	assert_true(field_choice_add(&choice, "f"));
	assert_true(choice.nul && field_choice_has(&choice, 'p') && field_choice_has(&choice, 'f'));
	assert_false(field_choice_has(&choice, 'n'));
}

/* A line each, or the last line for those that print nothing. */
static void help_lists_each_letter_once(void **state)
{
	size_t seen[256] = {0}, lines = 0;
	struct buf b = {0};

	(void)state;
	field_add_help(&b);
	buf_add_char(&b, '\0');
	for (char *line = b.data, *end; *line; line = end + 1, lines++) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true(end[-1] != ' ');
		if (strncmp(line, "  ", 2) == 0)
			seen[(unsigned char)line[2]]++;
		else if (lines > 0)
			for (const char *at = strchr(line, ':') + 2; at < end; at += 2)
				seen[(unsigned char)*at]++;
	}
	for (int c = 1; c < 256; c++) {
		bool known = c == '0' || strchr(letters_of_lsof, c);
		if (seen[c] != known)
			fail_msg("'%c' %zu times", c, seen[c]);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_of_lsof_are_known_and_no_others),
		cmocka_unit_test(no_letter_means_all),
		cmocka_unit_test(order_and_repetition_change_nothing),
		cmocka_unit_test(unknown_letter_among_others_is_refused),
		cmocka_unit_test(letters_of_several_options_add_up),
		cmocka_unit_test(help_lists_each_letter_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
