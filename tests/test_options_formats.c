/* The options that choose a format or repeat the answer: -F, -J, -j, -r, -E; who is accepted. */
#define _GNU_SOURCE
#include "command_line.h"

#include <stdlib.h>

static void assert_refused(const struct line *line, const char *object, const char *why)
{
	struct option_error error;
	struct options o;

	if (read_line(line, &o, &error) != -EINVAL)
		fail_msg("taken: %s %s", line->words[0], line->words[1] ? line->words[1] : "");
	assert_string_equal(error.object, object);
	assert_string_equal(error.why, why);
	options_free(&o);
}

static void assert_one_word(const struct options *o, const char *word)
{
	assert_int_equal(o->words_len, word != NULL);
	if (word)
		assert_string_equal(o->words->text, word);
}

/* --- -F, -J, -j ------------------------------------------------------------ */

static void fields_are_the_rest_of_the_word(void **state)
{
	static const struct {
		struct line line;
		const char *letters; /* NULL: all */
		bool bare, nul;
		const char *target;
	} cases[] = {
		{{{"-F"}}, NULL, true, false, NULL},
		{{{"-F", "pcn"}}, NULL, true, false, "pcn"},
		{{{"-F0"}}, NULL, false, true, NULL},
		{{{"-Fpcn"}}, "pcn", false, false, NULL},
		{{{"-Fpcn0", "80"}}, "pcn", false, true, "80"},
		{{{"-F0pcn", "80"}}, "pcn", false, true, "80"},
		/* Letters that are options elsewhere: -t, -i. */
		{{{"-nPFti", "80"}}, "ti", false, false, "80"},
		/* They add up. */
		{{{"-Fpc0", "-Ff"}}, "pcf", false, true, NULL},
		{{{"-Fp", "-F"}}, "p", true, false, NULL},
	};
	static const char all[] = "acdfgGiKlLmMnopPRtTu";

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options o;
		read_ok(&cases[i].line, &o);
		assert_true(o.fields && !o.pids_only && !o.field_help);
		assert_int_equal(o.fields_bare, cases[i].bare);
		assert_int_equal(o.field_choice.nul, cases[i].nul);
		assert_int_equal(field_choice_is_all(&o.field_choice), !cases[i].letters);
		for (const char *at = all; *at; at++)
			assert_int_equal(field_choice_has(&o.field_choice, *at),
					 !cases[i].letters || strchr(cases[i].letters, *at));
		assert_one_word(&o, cases[i].target);
		options_free(&o);
	}
}

static void question_mark_asks_for_the_fields(void **state)
{
	struct options o;

	(void)state;
	read_ok(&(struct line){{"-F?"}}, &o);
	assert_true(o.field_help && !o.help);
	options_free(&o);
	read_ok(&(struct line){{"-?"}}, &o);
	assert_true(o.help && !o.field_help);
	options_free(&o);
}

static void unknown_fields_are_refused(void **state)
{
	static const char why[] = "no such field; -F? lists them";

	(void)state;
	assert_refused(&(struct line){{"-Fq"}}, "-F q", why);
	assert_refused(&(struct line){{"-Fpcq", "80"}}, "-F pcq", why);
	assert_refused(&(struct line){{"-Fp?"}}, "-F p?", why);
	assert_refused(&(struct line){{"-F1"}}, "-F 1", why);
	assert_refused(&(struct line){{"-J", "-Fq"}}, "-F q", why);
}

static void fields_choose_keys_of_json(void **state)
{
	static const struct line lines[] = {{{"-J", "-Fpc"}}, {{"-Fpc", "-J"}}, {{"-JFpc"}},
					    {{"-j", "-Fpc"}}, {{"-jFpc"}}};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct options o;
		read_ok(&lines[i], &o);
		assert_true(o.fields && (o.json || o.json_lines));
		assert_true(field_choice_has(&o.field_choice, 'c'));
		assert_false(field_choice_has(&o.field_choice, 'n'));
		options_free(&o);
	}
}

/* --- -r -------------------------------------------------------------------- */

static void repeat_takes_seconds_count_and_marker(void **state)
{
	static const struct {
		struct line line;
		bool while_found;
		uint32_t ms;
		uint64_t count;
		const char *marker, *target;
	} cases[] = {
		{{{"-r"}}, false, 15000, 0, NULL, NULL},
		{{{"-r", "8080"}}, false, 15000, 0, NULL, "8080"},
		{{{"+r", "8080"}}, true, 15000, 0, NULL, "8080"},
		{{{"-r5"}}, false, 5000, 0, NULL, NULL},
		{{{"-r0"}}, false, 0, 0, NULL, NULL},
		{{{"-r0.5c3"}}, false, 500, 3, NULL, NULL},
		{{{"-rc2"}}, false, 15000, 2, NULL, NULL},
		{{{"-rc4294967295"}}, false, 15000, 4294967295U, NULL, NULL},
		{{{"+r1c1", "80"}}, true, 1000, 1, NULL, "80"},
		{{{"-rm%T"}}, false, 15000, 0, "%T", NULL},
		{{{"-r5c2m%H:%M"}}, false, 5000, 2, "%H:%M", NULL},
		{{{"-r5m== %F ==", "80"}}, false, 5000, 0, "== %F ==", "80"},
		{{{"-rmc5"}}, false, 15000, 0, "c5", NULL},
		{{{"-rm%n"}}, false, 15000, 0, "%n", NULL},
		{{{"-tr2"}}, false, 2000, 0, NULL, NULL},
		/* The last word counts, as a whole. */
		{{{"+r5c2m%T", "-r"}}, false, 15000, 0, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options o;
		read_ok(&cases[i].line, &o);
		assert_true(o.repeat);
		assert_int_equal(o.repeat_while_found, cases[i].while_found);
		assert_int_equal(o.repeat_ms, cases[i].ms);
		assert_int_equal(o.repeat_count, cases[i].count);
		if (cases[i].marker)
			assert_string_equal(o.marker, cases[i].marker);
		else
			assert_null(o.marker);
		assert_one_word(&o, cases[i].target);
		options_free(&o);
	}
}

static void other_letters_behind_r_are_options(void **state)
{
	struct options o;

	(void)state;
	read_ok(&(struct line){{"-rnt", "80"}}, &o);
	assert_true(o.repeat && o.pids_only);
	assert_int_equal(o.repeat_ms, 15000);
	assert_one_word(&o, "80");
	options_free(&o);
	assert_refused(&(struct line){{"-rx"}}, "-x in -rx",
		       "an option of lsof about files; whoport knows sockets");
	assert_refused(&(struct line){{"-ry"}}, "-y in -ry", "unknown option");
}

static void repeat_that_makes_no_sense_is_refused(void **state)
{
	static const char seconds[] = "must begin with seconds up to 1000000, with three decimals at most";
	static const char count[] = "behind c must be how often, from 1";
	static const char form[] = "must be SECONDS, cCOUNT, mFORMAT; each may miss";

	(void)state;
	assert_refused(&(struct line){{"-r5x"}}, "-r 5x", form);
	assert_refused(&(struct line){{"-r5 "}}, "-r 5 ", form);
	assert_refused(&(struct line){{"-r5s"}}, "-r 5s", form);
	assert_refused(&(struct line){{"-rc2x"}}, "-r c2x", form);
	assert_refused(&(struct line){{"-rc2c3"}}, "-r c2c3", form);
	assert_refused(&(struct line){{"-rc0"}}, "-r c0", count);
	assert_refused(&(struct line){{"-rc"}}, "-r c", count);
	assert_refused(&(struct line){{"-rcm%T"}}, "-r cm%T", count);
	assert_refused(&(struct line){{"-rc-1"}}, "-r c-1", count);
	assert_refused(&(struct line){{"-rc4294967296"}}, "-r c4294967296", count);
	assert_refused(&(struct line){{"+r1.c1"}}, "+r 1.c1", seconds);
	assert_refused(&(struct line){{"-r.5"}}, "-r .5", seconds);
	assert_refused(&(struct line){{"-r1.2345"}}, "-r 1.2345", seconds);
	assert_refused(&(struct line){{"-r1000001"}}, "-r 1000001", seconds);
	assert_refused(&(struct line){{"-r1.2.3"}}, "-r 1.2.3", seconds);
}

/* --- from habit ------------------------------------------------------------ */

static void options_from_habit_change_nothing(void **state)
{
	static const struct line lines[] = {{{"-b", "80"}}, {{"-S", "80"}}, {{"-S5", "80"}},
					    {{"-bHLOX", "80"}}, {{"-S15b", "80"}}};
	struct options plain;

	(void)state;
	read_ok(&(struct line){{"80"}}, &plain);
	for (size_t i = 0; i < 4; i++) {
		struct options o;
		read_ok(&lines[i], &o);
		assert_one_word(&o, "80");
		o.accepted = false;
		options_free(&o);
	}
	assert_refused(&lines[4], "-S 15b", "not a value of this option");
	options_free(&plain);
}

/* --- which go together ----------------------------------------------------- */

static void formats_exclude_each_other(void **state)
{
	static const char pids[] = "only one of -t and other formats at a time";
	static const char columns[] = "chooses columns of the table, not of other formats";

	(void)state;
	assert_refused(&(struct line){{"-J", "-j"}}, "-J", "only one of -J and -j at a time");
	assert_refused(&(struct line){{"-Jt"}}, "-J", pids);
	assert_refused(&(struct line){{"-t", "-j"}}, "-j", pids);
	assert_refused(&(struct line){{"-t", "-Fp"}}, "-F", pids);
	assert_refused(&(struct line){{"-J", "-Fp", "-t"}}, "-J", pids);
	assert_refused(&(struct line){{"-J", "-oPID"}}, "-o", columns);
	assert_refused(&(struct line){{"-j", "-oPID"}}, "-o", columns);
	assert_refused(&(struct line){{"-F", "-oPID"}}, "-o", columns);
}

static void formats_and_repetition_are_of_answers(void **state)
{
	static const char answers[] = "goes with answers only, not with actions";
	static const char rows[] = "goes with rows only, not with -t and actions";
	static const struct {
		const char *word, *object, *why;
	} cases[] = {
		{"-J", "-J", answers}, {"-j", "-j", answers},  {"-Fp", "-F", answers},
		{"-r", "-r", answers}, {"+r5", "+r", answers}, {"-E", "-E", rows},
		{"+E", "+E", rows},
	};
	static const char *const actions[] = {"-k", "--close", "--wait=free"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t j = 0; j < COUNT(actions); j++)
			assert_refused(&(struct line){{actions[j], cases[i].word, "80"}},
				       cases[i].object, cases[i].why);
	}
	assert_refused(&(struct line){{"-t", "-E", "80"}}, "-E", rows);
	assert_refused(&(struct line){{"-t", "+E", "80"}}, "+E", rows);
}

static void markers_are_of_text_in_lines(void **state)
{
	static const char json[] = "JSON has no marker between cycles";
	static const char newline[] = "no newline in the marker of field output";

	(void)state;
	assert_refused(&(struct line){{"-J", "-rm%T"}}, "-r", json);
	assert_refused(&(struct line){{"-j", "+r5m%T"}}, "+r", json);
	assert_refused(&(struct line){{"-F", "-rma%nb"}}, "-r", newline);
}

static void what_goes_together_is_taken(void **state)
{
	static const struct line lines[] = {
		{{"-J", "-r5", "80"}},      {{"-j", "+r", "80"}},  {{"-Fpcn0", "-rm%T"}},
		{{"-t", "-r", "80"}},       {{"-oPID", "-rm%n"}},  {{"-E", "-J"}},
		{{"+E", "-j", "-Fn"}},      {{"-E", "-oPEER"}},    {{"-E", "+E", "-F"}},
		{{"-E", "-r"}},             {{"-J", "-T"}},        {{"-KJ"}},
		{{"--no-header", "-J"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct options o;
		read_ok(&lines[i], &o);
		options_free(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_the_rest_of_the_word),
		cmocka_unit_test(question_mark_asks_for_the_fields),
		cmocka_unit_test(unknown_fields_are_refused),
		cmocka_unit_test(fields_choose_keys_of_json),
		cmocka_unit_test(repeat_takes_seconds_count_and_marker),
		cmocka_unit_test(other_letters_behind_r_are_options),
		cmocka_unit_test(repeat_that_makes_no_sense_is_refused),
		cmocka_unit_test(options_from_habit_change_nothing),
		cmocka_unit_test(formats_exclude_each_other),
		cmocka_unit_test(formats_and_repetition_are_of_answers),
		cmocka_unit_test(markers_are_of_text_in_lines),
		cmocka_unit_test(what_goes_together_is_taken),
	};

	unsetenv("WHOPORT_SCAN"); /* of whoever runs the tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
