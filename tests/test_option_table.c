/*
 * The table of options against what is written by hand beside it: the man page and the
 * completions of src/completion, which are read as text. In --help it comes from the table.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "column.h"
#include "option_table.h"
#include "signal_name.h"

#include <ctype.h>
#include <stdlib.h>

/* Options, columns and the like of one text. */
struct words {
	char v[160][32];
	size_t len;
};

static const char *const completions[] = {
	"src/completion/whoport.bash",
	"src/completion/_whoport",
	"src/completion/whoport.fish",
};

/* A whole file; the caller frees it. */
static char *read_text(const char *path)
{
	enum { SIZE_MAX_TEXT = 1 << 20 };
	char *text = malloc(SIZE_MAX_TEXT);
	FILE *file = fopen(path, "re");

	assert_non_null(text);
	if (!file)
		fail_msg("cannot read %s", path);
	size_t len = fread(text, 1, SIZE_MAX_TEXT - 1, file);
	assert_true(feof(file));
	text[len] = '\0';
	fclose(file);
	return text;
}

static void add_word(struct words *words, const char *word, size_t len)
{
	assert_true(words->len < COUNT(words->v));
	assert_true(len < sizeof(words->v[0]));
	memcpy(words->v[words->len], word, len);
	words->v[words->len++][len] = '\0';
}

static bool has_word(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->len; i++) {
		if (strcmp(words->v[i], word) == 0)
			return true;
	}
	return false;
}

/* --- what completions offer ------------------------------------------------ */

/* `NAME=(A B C)` of bash and zsh, `set -l NAME A B C` of fish. */
static void read_list(const char *text, const char *name, struct words *out)
{
	char start[40];

	out->len = 0;
	snprintf(start, sizeof(start), " %s=(", name);
	const char *at = strstr(text, start), *end;
	if (at) {
		at += strlen(start);
		end = strchr(at, ')');
	} else {
		snprintf(start, sizeof(start), "set -l %s ", name);
		at = strstr(text, start);
		if (!at)
			fail_msg("no list of %s", name);
		at += strlen(start);
		end = strchr(at, '\n');
		while (end && end[-1] == '\\')
			end = strchr(end + 1, '\n');
	}
	assert_non_null(end);
	while (at < end) {
		at += strspn(at, " \t\n\\");
		size_t len = strcspn(at, " \t\n\\)");
		if (at < end)
			add_word(out, at, len);
		at += len;
	}
}

/* An option as text has it, with what marks its value: `--proc=`, `-k-`, `+c+`. */
static void add_option(struct words *out, const char *word, size_t len)
{
	bool is_long = len > 2 && word[1] == '-';
	size_t end = is_long ? 2 + strspn(word + 2, "abcdefghijklmnopqrstuvwxyz-") : 2;

	if (len >= 2 && (*word == '-' || *word == '+'))
		add_word(out, word, end < len ? end : len);
}

/* The specifications of _arguments: descriptions, exclusions and values are passed over. */
static void read_zsh_options(const char *text, struct words *out)
{
	const char *at = strstr(text, "_arguments");

	assert_non_null(at);
	for (at = strchr(at, '\n'); at && *at; at++) {
		if (*at == '[')
			at = strchr(at, ']');
		else if (*at == '(')
			at = strchr(at, ')');
		else if (*at == ':')
			at += strcspn(at, "'") - 1;
		else if (*at == '-' || *at == '+') {
			size_t len = strcspn(at, "[=,}':( \n");
			add_option(out, at, len);
			at += len - 1;
		}
		assert_non_null(at);
	}
}

/* `complete -c whoport -s o -l columns ...`, and `... -a +c`. */
static void read_fish_options(const char *text, struct words *out)
{
	static const char start[] = "\ncomplete -c whoport ";

	for (const char *at = text; (at = strstr(at, start)); at++) {
		const char *end = strchr(at + 1, '\n'), *word = at + strlen(start);
		char option[40];
		while (word < end && strncmp(word, "-d ", 3) != 0) {
			const char *value = word + 3;
			size_t len = strcspn(value, " \n");
			if (strncmp(word, "-s ", 3) == 0 || strncmp(word, "-l ", 3) == 0) {
				snprintf(option, sizeof(option), "%s%.*s", word[1] == 's' ? "-" : "--",
					 (int)len, value);
				add_option(out, option, strlen(option));
			} else if (strncmp(word, "-a +", 4) == 0) {
				add_option(out, value, len);
			}
			word += strcspn(word, " \n") + 1;
		}
	}
}

static void read_options(const char *path, const char *text, struct words *out)
{
	out->len = 0;
	if (strstr(path, ".bash")) {
		struct words list;
		read_list(text, "options", &list);
		for (size_t i = 0; i < list.len; i++)
			add_option(out, list.v[i], strlen(list.v[i]));
	} else if (strstr(path, ".fish")) {
		read_fish_options(text, out);
	} else {
		read_zsh_options(text, out);
	}
}

/* --- the table's side ------------------------------------------------------ */

static size_t faults;

/* Tell of all that is missing, not of the first alone. */
#define COMPLAIN(...) (faults++, print_error(__VA_ARGS__))

static int no_faults(void **state)
{
	(void)state;
	faults = 0;
	return 0;
}

/* `-o` and `--columns`; empty where the row has none. */
static void name_row(const struct option_row *row, char (*out_short)[4], char (*out_long)[32])
{
	char sign = row->letter ? row->sign : '\0';

	snprintf(*out_short, sizeof(*out_short), "%c%c", sign, row->letter);
	snprintf(*out_long, sizeof(*out_long), "%s%s", row->name ? "--" : "",
		 row->name ? row->name : "");
}

static bool is_option(const char *word)
{
	for (const struct option_row *row = option_rows; row < option_rows + option_rows_len; row++) {
		char letter[4], name[32];
		name_row(row, &letter, &name);
		if (strcmp(word, letter) == 0 || strcmp(word, name) == 0)
			return true;
	}
	return false;
}

static void option_help_has_each_row(void **state)
{
	struct buf help = {0};

	(void)state;
	options_add_help(&help);
	buf_add_char(&help, '\0');
	for (const struct option_row *row = option_rows; row < option_rows + option_rows_len; row++) {
		char letter[4], name[32], line[8];
		name_row(row, &letter, &name);
		snprintf(line, sizeof(line), "\n  %s", letter);
		if (row->help && (!strstr(help.data, line) || !strstr(help.data, name) ||
				  !strstr(help.data, row->help)))
			COMPLAIN("--help lacks %s %s\n", letter, name);
	}
	buf_free(&help);
	assert_int_equal(faults, 0);
}

static void completions_offer_each_option_of_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(completions); i++) {
		char *text = read_text(completions[i]);
		struct words offered;
		read_options(completions[i], text, &offered);
		for (size_t j = 0; j < option_rows_len; j++) {
			char letter[4], name[32];
			name_row(&option_rows[j], &letter, &name);
			if (!option_rows[j].help)
				continue;
			if (*letter && !has_word(&offered, letter))
				COMPLAIN("%s lacks %s\n", completions[i], letter);
			if (*name && !has_word(&offered, name))
				COMPLAIN("%s lacks %s\n", completions[i], name);
		}
		free(text);
	}
	assert_int_equal(faults, 0);
}

static void completions_offer_no_other_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(completions); i++) {
		char *text = read_text(completions[i]);
		struct words offered;
		read_options(completions[i], text, &offered);
		for (size_t j = 0; j < offered.len; j++) {
			if (!is_option(offered.v[j]))
				COMPLAIN("%s offers %s\n", completions[i], offered.v[j]);
		}
		free(text);
	}
	assert_int_equal(faults, 0);
}

/* --- values ---------------------------------------------------------------- */

static void completions_offer_the_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(completions); i++) {
		char *text = read_text(completions[i]);
		bool seen[COLUMN_COUNT] = {false};
		struct words columns;
		read_list(text, "columns", &columns);
		for (size_t j = 0; j < columns.len; j++) {
			enum column_id id;
			if (!column_parse(columns.v[j], strlen(columns.v[j]), &id))
				COMPLAIN("%s offers column %s\n", completions[i], columns.v[j]);
			else
				seen[id] = true;
		}
		for (unsigned id = 0; id < COLUMN_COUNT; id++) {
			if (!seen[id])
				COMPLAIN("%s lacks column %s\n", completions[i],
					 column_title((enum column_id)id));
		}
		free(text);
	}
	assert_int_equal(faults, 0);
}

static void completions_offer_the_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(completions); i++) {
		char *text = read_text(completions[i]);
		bool seen[SOCK_STATE_COUNT] = {false};
		struct words states;
		read_list(text, "states", &states);
		for (size_t j = 0; j < states.len; j++) {
			enum sock_state id;
			if (!sock_state_parse(states.v[j], strlen(states.v[j]), &id))
				COMPLAIN("%s offers state %s\n", completions[i], states.v[j]);
			else
				seen[id] = true;
		}
		for (unsigned id = 0; id < SOCK_STATE_COUNT; id++) {
			if (!seen[id] && *sock_state_name((enum sock_state)id))
				COMPLAIN("%s lacks state %s\n", completions[i],
					 sock_state_name((enum sock_state)id));
		}
		free(text);
	}
	assert_int_equal(faults, 0);
}

static void completions_offer_signals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(completions); i++) {
		char *text = read_text(completions[i]);
		struct words signals;
		int number;
		read_list(text, "sigs", &signals);
		for (size_t j = 0; j < signals.len; j++) {
			if (!signal_name_parse(signals.v[j], strlen(signals.v[j]), &number))
				COMPLAIN("%s offers signal %s\n", completions[i], signals.v[j]);
		}
		assert_true(has_word(&signals, "TERM"));
		free(text);
	}
	assert_int_equal(faults, 0);
}

/* --- the man page ---------------------------------------------------------- */

/* True for mdoc's macros: `Ns`, `Ar`; what follows is no option any more. */
static bool is_macro(const char *word, size_t len)
{
	return len == 2 && isupper((unsigned char)word[0]) && islower((unsigned char)word[1]);
}

/*
 * The options of one line: `.It Fl h , Fl Fl help`, `.It Cm +c Ar width`,
 * `.It Fl k Ns Oo Ar signal Oc , Fl Fl kill`, `.It Fl b , H , \&?`.
 */
static void read_mdoc_line(const char *line, size_t line_len, struct words *out)
{
	enum { OTHER, FLAG, LONG, COMMAND } mode = OTHER;
	const char *at = line, *end = line + line_len;
	bool is_item = strncmp(line, "It", 2) == 0, behind_flag = false;

	while (at < end) {
		size_t len = strcspn(at, " \n");
		bool is_flag = len == 2 && strncmp(at, "Fl", 2) == 0;
		const char *word = at;
		at += len + strspn(at + len, " ");
		if (strncmp(word, "\\&", 2) == 0) {
			word += 2;
			len -= 2;
		}
		if (is_flag) {
			mode = behind_flag ? LONG : FLAG;
		} else if (strncmp(word, "Cm", 2) == 0 && len == 2) {
			mode = COMMAND;
		} else if (is_macro(word, len)) {
			mode = OTHER;
		} else if (mode == LONG) {
			char option[32];
			snprintf(option, sizeof(option), "--%.*s", (int)len, word);
			add_word(out, option, strlen(option));
			mode = OTHER;
		} else if (mode == FLAG || (mode == COMMAND && *word == '+')) {
			/* In an item `HLO` are three; elsewhere the rest is a value: `iUDP`. */
			size_t first = mode == COMMAND;
			for (size_t i = first; i < len && (i == first || is_item); i++) {
				if (word[i] != ',' && word[i] != '.' && (is_item || len == first + 1))
					add_word(out, (char[]){first ? '+' : '-', word[i]}, 2);
			}
		}
		behind_flag = is_flag;
	}
}

/* What the lines document that begin with one of some macros. */
static void read_mdoc(const char *text, const char *macros, struct words *out)
{
	char seen[COUNT(out->v)][32];
	size_t seen_len = 0;

	while (text) {
		const char *line = *text == '\n' ? text + 1 : text, *next = strchr(line, '\n');
		size_t len = next ? (size_t)(next - line) : strlen(line);
		if (len > 4 && *line == '.' && memmem(macros, strlen(macros), line, 4)) {
			out->len = 0;
			read_mdoc_line(line + 1, len - 1, out);
			for (size_t i = 0; i < out->len; i++) {
				size_t j = 0;
				while (j < seen_len && strcmp(seen[j], out->v[i]) != 0)
					j++;
				if (j == seen_len) {
					assert_true(seen_len < COUNT(seen));
					memcpy(seen[seen_len++], out->v[i], sizeof(seen[0]));
				}
			}
		}
		text = next;
	}
	memcpy(out->v, seen, sizeof(seen[0]) * seen_len);
	out->len = seen_len;
}

/* Options that are listed have an item; what is accepted from habit is at least named. */
static void man_page_documents_each_option(void **state)
{
	char *text = read_text("man/whoport.1");
	struct words items, named;

	(void)state;
	read_mdoc(text, ".It ", &items);
	read_mdoc(text, ".It .Fl .Cm ", &named);
	for (const struct option_row *row = option_rows; row < option_rows + option_rows_len; row++) {
		const struct words *where = row->help ? &items : &named;
		char letter[4], name[32];
		name_row(row, &letter, &name);
		if (*letter && !has_word(where, letter))
			COMPLAIN("man page lacks %s\n", letter);
		if (*name && !has_word(where, name))
			COMPLAIN("man page lacks %s\n", name);
	}
	free(text);
	assert_int_equal(faults, 0);
}

#define counting_test(f) cmocka_unit_test_setup(f, no_faults)

int main(void)
{
	const struct CMUnitTest tests[] = {
		counting_test(option_help_has_each_row),
		counting_test(completions_offer_each_option_of_help),
		counting_test(completions_offer_no_other_option),
		counting_test(completions_offer_the_columns),
		counting_test(completions_offer_the_states),
		counting_test(completions_offer_signals),
		counting_test(man_page_documents_each_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
