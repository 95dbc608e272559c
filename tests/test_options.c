/* The command line: clusters, values, long options, errors, the text of --help. */
#define _GNU_SOURCE
#include "command_line.h"

#include <stdlib.h>

static void parse_ok(const struct line *line, struct options *o)
{
	struct option_error error;

	if (parse_line(line, o, &error) != 0)
		fail_msg("%s: %s", error.object, error.why);
}

/* The selecting words, such as `-i TCP:80|8080`. */
static void assert_words(const struct options *o, const char *expected)
{
	static const char *const kinds[] = {
		[FILTER_TARGET] = "", [FILTER_INET] = "-i ", [FILTER_STATE] = "-s ",
		[FILTER_PID] = "-p ", [FILTER_PGID] = "-g ", [FILTER_USER] = "-u ",
		[FILTER_COMMAND] = "-c ", [FILTER_FD] = "-d "};
	struct buf b = {0};

	for (size_t i = 0; i < o->words_len; i++) {
		buf_add_str(&b, i ? "|" : "");
		buf_add_str(&b, kinds[o->words[i].kind]);
		buf_add_str(&b, o->words[i].text);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

struct case_words {
	struct line line;
	const char *expected;
};

static void check_words(const struct case_words *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct options o;
		parse_ok(&cases[i].line, &o);
		assert_words(&o, cases[i].expected);
		options_free(&o);
	}
}

#define FIELD(name) offsetof(struct options, name)

/* Each word that sets a flag, and which. */
static const struct {
	const char *word;
	size_t flag;
} flags[] = {
	{"-U", FIELD(unix_sockets)}, {"--all", FIELD(all)}, {"-t", FIELD(pids_only)},
	{"-k", FIELD(kill)}, {"--kill", FIELD(kill)}, {"-kTERM", FIELD(kill)},
	{"-k9", FIELD(kill)}, {"--kill=9", FIELD(kill)}, {"--no-header", FIELD(no_header)},
	{"-R", FIELD(show_ppid)}, {"-g", FIELD(show_pgid)}, {"-K", FIELD(threads)},
	{"-l", FIELD(numeric_users)}, {"+P", FIELD(service_names)}, {"+n", FIELD(host_names)},
	{"-T", FIELD(hide_state)}, {"-Tqs", FIELD(show_queues)}, {"-Q", FIELD(missing_is_fine)},
	{"-V", FIELD(tell_missing)}, {"-w", FIELD(no_notes)}, {"-h", FIELD(help)},
	{"--help", FIELD(help)}, {"-v", FIELD(version)}, {"--version", FIELD(version)},
	{"--stats", FIELD(stats)}, {"-J", FIELD(json)}, {"-j", FIELD(json_lines)},
	{"-E", FIELD(ends)}, {"+E", FIELD(list_ends)}, {"-D", FIELD(details)}, {"-b", FIELD(accepted)},
	{"-H", FIELD(accepted)}, {"-L", FIELD(accepted)}, {"-O", FIELD(accepted)},
	{"-X", FIELD(accepted)}, {"-?", FIELD(help)},
};

static bool flag_of(const struct options *o, size_t flag)
{
	return *(const bool *)((const char *)o + flag);
}

static void options_parse_flag_sets_it_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct options o;
		parse_ok(&(struct line){{flags[i].word}}, &o);
		for (size_t j = 0; j < COUNT(flags); j++)
			assert_int_equal(flag_of(&o, flags[j].flag),
					 flags[i].flag == flags[j].flag);
		assert_int_equal(o.words_len, 0);
		options_free(&o);
	}
}

static void options_parse_nothing_gives_defaults(void **state)
{
	struct options o;

	(void)state;
	parse_ok(&(struct line){{"-anP"}}, &o); /* these change nothing */
	for (size_t j = 0; j < COUNT(flags); j++)
		assert_false(flag_of(&o, flags[j].flag));
	assert_int_equal(o.words_len, 0);
	assert_int_equal(o.columns_len, 0);
	assert_int_equal(o.command_width, 15);
	assert_int_equal(o.colour, OPTION_COLOUR_AUTO);
	assert_null(o.proc);
	options_free(&o);
	options_free(&o);
}

static void options_parse_takes_cluster_with_attached_value(void **state)
{
	static const struct case_words cases[] = {
		{{{"-nPiTCP:80"}}, "-i TCP:80"},
		{{{"-ti:80"}}, "-i :80"},
		{{{"-aU"}}, ""},
		{{{"-tUp", "42", "8080"}}, "-p 42|8080"},
		{{{"-Ri8080", "8081"}}, "-i 8080|8081"},
		{{{"+nPc9", "80"}}, "80"},
	};

	(void)state;
	check_words(cases, COUNT(cases));
}

static void options_parse_sets_flags_of_clusters_and_values(void **state)
{
	static const struct {
		struct line line;
		size_t flag;
		bool expected;
	} cases[] = {
		{{{"-ti:80"}}, FIELD(pids_only), true},
		{{{"-aU"}}, FIELD(unix_sockets), true},
		{{{"-gR"}}, FIELD(show_ppid), true},
		{{{"-gR"}}, FIELD(show_pgid), true},
		{{{"-g123"}}, FIELD(show_pgid), true},
		{{{"-kt"}}, FIELD(kill), true},
		{{{"-kt"}}, FIELD(pids_only), true},
		{{{"-Ts"}}, FIELD(hide_state), false},
		{{{"-Ts"}}, FIELD(show_queues), false},
		{{{"-Tq"}}, FIELD(hide_state), true},
		{{{"-Tq"}}, FIELD(show_queues), true},
		{{{"-Tsq"}}, FIELD(hide_state), false},
		{{{"-Tsq"}}, FIELD(show_queues), true},
		{{{"-Tf"}}, FIELD(hide_state), true},
		{{{"-KU"}}, FIELD(threads), true},
		/* The last word counts. */
		{{{"-K", "-Ki"}}, FIELD(threads), false},
		{{{"+n", "-n"}}, FIELD(host_names), false},
		{{{"-n", "+n"}}, FIELD(host_names), true},
		{{{"+P", "-nP"}}, FIELD(service_names), false},
		{{{"-w", "+w"}}, FIELD(no_notes), false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options o;
		parse_ok(&cases[i].line, &o);
		if (flag_of(&o, cases[i].flag) != cases[i].expected)
			fail_msg("%s (case %zu)", cases[i].line.words[0], i);
		options_free(&o);
	}
}

static void options_parse_takes_value_attached_or_next(void **state)
{
	static const struct case_words cases[] = {
		{{{"-sLISTEN", "-s", "^TIME_WAIT"}}, "-s LISTEN|-s ^TIME_WAIT"},
		{{{"-p42,43", "-p", "^44"}}, "-p 42,43|-p ^44"},
		{{{"-u1000", "-u", "^0"}}, "-u 1000|-u ^0"},
		{{{"-cnginx", "-c", "/^a/i"}}, "-c nginx|-c /^a/i"},
		{{{"-d3", "-d", "0-2"}}, "-d 3|-d 0-2"},
		/* What is asked for is taken, whatever it looks like. */
		{{{"-p", "-t", "80"}}, "-p -t|80"},
		{{{"-c", "--", "80"}}, "-c --|80"},
		{{{"-p", "", "80"}}, "-p |80"},
	};

	(void)state;
	check_words(cases, COUNT(cases));
}

static void options_parse_i_takes_next_word_if_it_parses(void **state)
{
	static const struct case_words cases[] = {
		{{{"-i"}}, "-i "}, {{{"-i", "8080"}}, "-i 8080"}, {{{"-i", "443"}}, "-i 443"},
		{{{"-i", "443,80-90"}}, "-i 443,80-90"}, {{{"-i", "4"}}, "-i 4"},
		{{{"-i", "6tcp:http"}}, "-i 6tcp:http"}, {{{"-i", ":80"}}, "-i :80"},
		{{{"-i", "http"}}, "-i http"}, {{{"-i", "@not.looked.up"}}, "-i @not.looked.up"},
		{{{"-i", "UDP", "53"}}, "-i UDP|53"}, {{{"-ti", "8080"}}, "-i 8080"},
		{{{"-i4", "8080"}}, "-i 4|8080"}, {{{"-i", "80", "-i", "81"}}, "-i 80|-i 81"},
	};

	(void)state;
	check_words(cases, COUNT(cases));
}

static void options_parse_i_leaves_next_word_that_does_not_parse(void **state)
{
	static const struct case_words cases[] = {
		{{{"-i", "tcq"}}, "-i |tcq"}, {{{"-i", "/run/x.sock"}}, "-i |/run/x.sock"},
		{{{"-i", "./x.sock"}}, "-i |./x.sock"}, {{{"-i", "53/udp"}}, "-i |53/udp"},
		{{{"-i", "443/tcp"}}, "-i |443/tcp"},
		{{{"-i", "127.0.0.1:80"}}, "-i |127.0.0.1:80"}, {{{"-i", "65536"}}, "-i |65536"},
		{{{"-i", "90-80"}}, "-i |90-80"}, {{{"-i", ""}}, "-i |"}, {{{"-i", "-t"}}, "-i "},
		{{{"-i", "+n"}}, "-i "}, {{{"-i", "--", "8080"}}, "-i |8080"},
	};

	(void)state;
	check_words(cases, COUNT(cases));
}

static void options_parse_takes_optional_value_only_attached(void **state)
{
	static const struct case_words cases[] = {
		{{{"-g", "8080"}}, "8080"},     {{{"-g123"}}, "-g 123"},
		{{{"-g^5,6", "80"}}, "-g ^5,6|80"}, {{{"-gR", "80"}}, "80"},
		{{{"-Ug7"}}, "-g 7"},           {{{"-T", "qs"}}, "qs"},
		{{{"-K", "i"}}, "i"},           {{{"-k", "1334"}}, "1334"},
		{{{"--kill", "1334"}}, "1334"},
	};

	(void)state;
	check_words(cases, COUNT(cases));
}

static void options_parse_takes_width(void **state)
{
	struct options o;

	(void)state;
	parse_ok(&(struct line){{"+c9"}}, &o);
	assert_int_equal(o.command_width, 9);
	options_free(&o);
	parse_ok(&(struct line){{"+c", "0", "80"}}, &o);
	assert_int_equal(o.command_width, 0);
	assert_words(&o, "80");
	options_free(&o);
}

static void options_parse_double_dash_ends_options(void **state)
{
	static const struct case_words cases[] = {
		{{{"--", "-t", "--all", "+c"}}, "-t|--all|+c"},
		{{{"80", "--", "--", "81"}}, "80|--|81"},
		{{{"--"}}, ""},
		{{{"-", "+"}}, "-|+"},
	};

	(void)state;
	check_words(cases, COUNT(cases));
}

static void options_parse_long_value_attached_or_next(void **state)
{
	static const struct line lines[] = {
		{{"--proc=/p", "--columns=pid,fd", "--color=always", "80"}},
		{{"--proc", "/p", "--columns", "pid,fd", "--color", "always", "80"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct options o;
		parse_ok(&lines[i], &o);
		assert_string_equal(o.proc, "/p");
		assert_int_equal(o.columns_len, 2);
		assert_int_equal(o.colour, OPTION_COLOUR_ALWAYS);
		assert_words(&o, "80");
		options_free(&o);
	}
}

static void options_parse_o_takes_lists_in_any_case(void **state)
{
	static const enum column_id expected[] = {COLUMN_NAME, COLUMN_SIZE, COLUMN_SIZE,
						  COLUMN_PID, COLUMN_TASKCMD};
	struct options o;

	(void)state;
	/* The last list counts. */
	parse_ok(&(struct line){{"-oFD,USER", "-o", "Name,SIZE/OFF,size,pid,TaskCmd"}}, &o);
	assert_int_equal(o.columns_len, COUNT(expected));
	assert_memory_equal(o.columns, expected, sizeof(expected));
	assert_int_equal(o.words_len, 0);
	options_free(&o);
}

static void options_parse_o_refuses_too_many_columns(void **state)
{
	char list[4 * (COLUMN_COUNT + 2)] = "PID";
	struct option_error error;
	struct options o;

	(void)state;
	for (size_t i = 1; i < COLUMN_COUNT; i++)
		strcat(list, ",PID");
	parse_ok(&(struct line){{"-o", list}}, &o);
	assert_int_equal(o.columns_len, COLUMN_COUNT);
	options_free(&o);
	strcat(list, ",PID");
	assert_int_equal(parse_line(&(struct line){{"-o", list}}, &o, &error), -EINVAL);
	assert_string_equal(error.why, "too many columns");
	options_free(&o);
}

static void options_parse_names_what_it_refuses(void **state)
{
	static const char unknown[] = "unknown option", missing[] = "needs a value";
	static const struct {
		struct line line;
		const char *object, *why; /* the start of it */
	} cases[] = {
		{{{"-y"}}, "-y", unknown},
		{{{"-tyn"}}, "-y in -tyn", unknown},
		{{{"+t"}}, "+t", unknown},
		{{{"80", "--bogus"}}, "--bogus", unknown},
		{{{"--al"}}, "--al", unknown},
		{{{"--all=1"}}, "--all=1", "takes no value"},
		{{{"-f"}}, "-f", "an option of lsof about files"},
		{{{"+D", "/"}}, "+D", "an option of lsof about files"},
		{{{"-KiTCP"}}, "-K iTCP", "not a value of this option"},
		{{{"-g12R"}}, "-g 12R", "not a value of this option"},
		{{{"-p"}}, "-p", missing},
		{{{"-ts"}}, "-s", missing},
		{{{"+c"}}, "+c", missing},
		{{{"--proc"}}, "--proc", missing},
		{{{"--columns"}}, "--columns", missing},
		{{{"-o", "BOGUS"}}, "-o BOGUS", "no such column"},
		{{{"-o", ""}}, "-o", "no such column"},
		{{{"-oPID,"}}, "-o PID,", "no such column"},
		{{{"--color=red"}}, "--color=red", "must be auto, always or never"},
		{{{"--color", ""}}, "--color=", "must be auto, always or never"},
		{{{"+cx"}}, "+c x", "not a width"},
		{{{"+c", "-1"}}, "+c -1", "not a width"},
		{{{"+c", "4097"}}, "+c 4097", "not a width"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct option_error error;
		struct options o;
		assert_int_equal(parse_line(&cases[i].line, &o, &error), -EINVAL);
		assert_string_equal(error.object, cases[i].object);
		assert_non_null(error.why);
		assert_memory_equal(error.why, cases[i].why, strlen(cases[i].why));
		options_free(&o);
	}
}

static void option_error_set_cuts_long_value(void **state)
{
	struct option_error error;
	char text[512];

	(void)state;
	option_error_set(&error, &(struct option_word){FILTER_PID, "x"}, "why");
	assert_string_equal(error.object, "-p x");
	assert_string_equal(error.why, "why");
	option_error_set(&error, &(struct option_word){FILTER_TARGET, "tcq"}, "why");
	assert_string_equal(error.object, "tcq");

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	option_error_set(&error, &(struct option_word){FILTER_PID, text}, "why");
	assert_int_equal(strlen(error.object), sizeof(error.object) - 1);
}

/* Lines of --help; the text is cut into them. */
static char *next_line(char **rest)
{
	char *line = *rest;

	*rest = strchr(line, '\n');
	assert_non_null(*rest);
	*(*rest)++ = '\0';
	return line;
}

static void help_fits_80_columns(void **state)
{
	struct buf b = {0};

	(void)state;
	options_add_help(&b);
	buf_add_char(&b, '\0');
	for (char *rest = b.data; *rest;) {
		const char *line = next_line(&rest);
		size_t len = strlen(line);
		if (len > 80 || (len > 0 && line[len - 1] == ' '))
			fail_msg("%zu columns: '%s'", len, line);
	}
	buf_free(&b);
}

static void help_lists_every_known_option_once(void **state)
{
	struct buf b = {0}, found = {0};
	char *rest;

	(void)state;
	options_add_help(&b);
	buf_add_char(&b, '\0');
	rest = strstr(b.data, "Options:\n");
	assert_non_null(rest);
	for (next_line(&rest); *rest == ' ';) {
		char *word = next_line(&rest) + 2;
		struct option_error error;
		struct options o;
		if (*word == ' ') /* the text of an option that had no room */
			continue;
		word[word[1] == '-' ? strcspn(word, "= ") : 2] = '\0';
		if (parse_line(&(struct line){{word, "1"}}, &o, &error) != 0)
			assert_string_not_equal(error.why, "unknown option");
		options_free(&o);
		buf_add_str(&found, word);
		buf_add_char(&found, ' ');
	}
	/* Not in the list: +w, beside -w; -H and others, beside -b; -?, beside -h. */
	assert_buf(&found, "-i -U -s -p -u -c -d -g -N --all -a -t -F -J -j -r +r -E +E -D "
			   "--sockopts --brief -o --no-header -R -K -l -T +c +P +n -n -P --color -b "
			   "-Q -V -w -k --grace --dry-run --ask --force --close --wait --timeout "
			   "--source --scan --why --probe --stats --proc -h -v ");
	buf_free(&b);
	buf_free(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_parse_flag_sets_it_and_no_other),
		cmocka_unit_test(options_parse_nothing_gives_defaults),
		cmocka_unit_test(options_parse_takes_cluster_with_attached_value),
		cmocka_unit_test(options_parse_sets_flags_of_clusters_and_values),
		cmocka_unit_test(options_parse_takes_value_attached_or_next),
		cmocka_unit_test(options_parse_i_takes_next_word_if_it_parses),
		cmocka_unit_test(options_parse_i_leaves_next_word_that_does_not_parse),
		cmocka_unit_test(options_parse_takes_optional_value_only_attached),
		cmocka_unit_test(options_parse_takes_width),
		cmocka_unit_test(options_parse_double_dash_ends_options),
		cmocka_unit_test(options_parse_long_value_attached_or_next),
		cmocka_unit_test(options_parse_o_takes_lists_in_any_case),
		cmocka_unit_test(options_parse_o_refuses_too_many_columns),
		cmocka_unit_test(options_parse_names_what_it_refuses),
		cmocka_unit_test(option_error_set_cuts_long_value),
		cmocka_unit_test(help_fits_80_columns),
		cmocka_unit_test(help_lists_every_known_option_once),
	};

	unsetenv("WHOPORT_SCAN"); /* of whoever runs the tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
