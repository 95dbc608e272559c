/* --scan, WHOPORT_SCAN and --stats. */
#define _GNU_SOURCE
#include "fixture.h"
#include "options.h"

#include <stdlib.h>

/* At most three words behind the program's name. */
struct line {
	const char *words[4];
};

/* Parse where WHOPORT_SCAN is @environment; NULL: unset. */
static int parse(const char *environment, const struct line *line, struct options *o,
		 struct option_error *error)
{
	char *argv[5] = {(char *)"whoport"};
	struct names names;
	int argc = 1;

	for (; argc < 5 && line->words[argc - 1]; argc++)
		argv[argc] = (char *)line->words[argc - 1];
	if (environment)
		assert_int_equal(setenv("WHOPORT_SCAN", environment, 1), 0);
	else
		assert_int_equal(unsetenv("WHOPORT_SCAN"), 0);
	make_names(&names);
	*error = (struct option_error){"", NULL};
	int rc = options_parse(argc, argv, &names, o, error);
	names_free(&names);
	unsetenv("WHOPORT_SCAN");
	return rc;
}

struct scan_case {
	const char *environment;
	struct line line;
	enum scanner_choice scanner;
};

static void check(const struct scan_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct option_error error;
		struct options o;
		if (parse(cases[i].environment, &cases[i].line, &o, &error) != 0)
			fail_msg("case %zu: %s: %s", i, error.object, error.why);
		assert_int_equal(o.scanner, cases[i].scanner);
		options_free(&o);
	}
}

static void check_refused(const char *environment, const struct line *line, const char *object,
			  const char *why)
{
	struct option_error error;
	struct options o;

	assert_int_equal(parse(environment, line, &o, &error), -EINVAL);
	assert_string_equal(error.object, object);
	assert_string_equal(error.why, why);
	options_free(&o);
}

static void scan_chooses_a_scanner(void **state)
{
	static const struct scan_case cases[] = {
		{NULL, {{NULL}}, SCANNER_AUTO},
		{NULL, {{"80"}}, SCANNER_AUTO},
		{NULL, {{"--scan=auto"}}, SCANNER_AUTO},
		{NULL, {{"--scan=proc"}}, SCANNER_PROC},
		{NULL, {{"--scan=bpf"}}, SCANNER_BPF},
		{NULL, {{"--scan", "bpf", "80"}}, SCANNER_BPF},
		/* The last word counts. */
		{NULL, {{"--scan=bpf", "--scan=proc"}}, SCANNER_PROC},
		{NULL, {{"--scan=bpf", "80", "--scan=auto"}}, SCANNER_AUTO},
		{NULL, {{"--", "--scan=bpf"}}, SCANNER_AUTO},
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void environment_chooses_a_scanner(void **state)
{
	static const struct scan_case cases[] = {
		{"auto", {{"80"}}, SCANNER_AUTO},
		{"proc", {{NULL}}, SCANNER_PROC},
		{"bpf", {{"80"}}, SCANNER_BPF},
		{"", {{"80"}}, SCANNER_AUTO}, /* as if it were unset */
		{"", {{"--scan=proc"}}, SCANNER_PROC},
		/* An option beats it. */
		{"proc", {{"--scan=bpf"}}, SCANNER_BPF},
		{"bpf", {{"--scan=proc"}}, SCANNER_PROC},
		{"bpf", {{"--scan=auto", "80"}}, SCANNER_AUTO},
	};

	(void)state;
	check(cases, COUNT(cases));
}

static void scan_refuses_other_words(void **state)
{
	static const char why[] = "must be auto, proc or bpf";
	static const struct {
		struct line line;
		const char *object;
	} cases[] = {
		{{{"--scan=ebpf"}}, "--scan=ebpf"}, {{{"--scan", "x", "80"}}, "--scan=x"},
		{{{"--scan="}}, "--scan="},         {{{"--scan=BPF"}}, "--scan=BPF"},
		{{{"--scan=bpf "}}, "--scan=bpf "}, {{{"--scan=proc,bpf"}}, "--scan=proc,bpf"},
		{{{"--scan=bp"}}, "--scan=bp"},
		{{{"--scan=walk", "--scan=bpf"}}, "--scan=walk"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_refused(NULL, &cases[i].line, cases[i].object, why);
	check_refused(NULL, &(struct line){{"80", "--scan"}}, "--scan", "needs a value");
}

static void environment_of_another_word_is_refused_by_name(void **state)
{
	static const char *const words[] = {"ebpf", "BPF", "0", "bpf ", " bpf", "proc,bpf"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct option_error error;
		struct options o;
		assert_int_equal(parse(words[i], &(struct line){{"80"}}, &o, &error), -EINVAL);
		assert_memory_equal(error.object, "WHOPORT_SCAN", 12);
		assert_non_null(strstr(error.object, words[i]));
		assert_string_equal(error.why, "must be auto, proc or bpf");
		options_free(&o);
	}
}

static void long_value_is_cut_in_the_error(void **state)
{
	struct option_error error;
	struct options o;
	char value[512];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(parse(value, &(struct line){{"80"}}, &o, &error), -EINVAL);
	assert_int_equal(strlen(error.object), sizeof(error.object) - 1);
	options_free(&o);
}

static void stats_is_a_flag(void **state)
{
	struct option_error error;
	struct options o;

	(void)state;
	assert_int_equal(parse(NULL, &(struct line){{"80"}}, &o, &error), 0);
	assert_false(o.stats);
	options_free(&o);
	assert_int_equal(parse(NULL, &(struct line){{"--stats", "80"}}, &o, &error), 0);
	assert_true(o.stats);
	assert_int_equal(o.words_len, 1); /* it takes no value */
	options_free(&o);
	check_refused(NULL, &(struct line){{"--stats=1"}}, "--stats=1", "takes no value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_chooses_a_scanner),
		cmocka_unit_test(environment_chooses_a_scanner),
		cmocka_unit_test(scan_refuses_other_words),
		cmocka_unit_test(environment_of_another_word_is_refused_by_name),
		cmocka_unit_test(long_value_is_cut_in_the_error),
		cmocka_unit_test(stats_is_a_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
