/*
 * The command line; see options.h. Letters keep lsof's meaning. A cluster
 * such as `-nPiTCP:80` is read letter by letter; an optional value is taken
 * only when it is attached, so that `-g 8080` leaves the word a target.
 */
#include "options.h"

#include "inet_spec.h"
#include "option_table.h"
#include "signal_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void options_free(struct options *o)
{
	free(o->words);
	*o = (struct options){0};
}

void option_error_set(struct option_error *error, const struct option_word *word, const char *why)
{
	static const char *const options[] = {
		[FILTER_TARGET] = "", [FILTER_INET] = "-i", [FILTER_STATE] = "-s",
		[FILTER_PID] = "-p",  [FILTER_PGID] = "-g", [FILTER_USER] = "-u",
		[FILTER_COMMAND] = "-c", [FILTER_FD] = "-d"};

	option_set_object(error, options[word->kind], word->text);
	error->why = why;
}

static int set_flag(struct option_parser *p, const struct option_row *row)
{
	bool *flag = (bool *)((char *)p->o + row->flag);

	*flag = !row->off;
	return 0;
}

/* Whether the word behind a bare -i is its value. */
static bool is_inet_value(struct option_parser *p, const char *word)
{
	struct inet_spec spec;
	const char *why;

	if (*word == '\0' || *word == '-' || *word == '+' || *word == '/')
		return false;
	if (*word == '@') /* a host is looked up once, by the filter */
		return true;
	int rc = inet_spec_parse(p->names, word, strlen(word), &spec, &why);
	inet_spec_free(&spec);
	return rc == 0;
}

/* Next word of the command line, or NULL. */
static const char *take_word(struct option_parser *p)
{
	return p->at < p->argc ? p->argv[p->at++] : NULL;
}

/*
 * One letter of a cluster. @rest is what follows it in the word; how much of
 * that was its value is added to @out_used.
 */
static int parse_letter(struct option_parser *p, const struct option_row *row, const char *rest,
			size_t *out_used)
{
	const char option[] = {row->sign, row->letter, '\0'};
	const char *value = rest;

	switch (row->value) {
	case VALUE_NEEDED:
		*out_used = strlen(rest);
		if (*rest == '\0')
			value = take_word(p);
		return value ? row->set(p, row, value) : option_refuse(p, option, NULL, "needs a value");
	case VALUE_INET:
		*out_used = strlen(rest);
		if (*rest == '\0' && p->at < p->argc && is_inet_value(p, p->argv[p->at]))
			value = take_word(p);
		return row->set(p, row, value);
	case VALUE_ATTACHED:
		/* All that follows is the value, or other letters are: -g12, -gR. */
		*out_used = strspn(rest, row->attached);
		if (*out_used > 0 && rest[*out_used])
			return option_refuse(p, option, rest, "not a value of this option");
		return row->set(p, row, *out_used ? rest : "");
	case VALUE_REST:
		if (*rest == '\0' || (row->attached && !strchr(row->attached, *rest)))
			return row->set(p, row, "");
		*out_used = strlen(rest);
		return row->set(p, row, rest);
	default:
		return set_flag(p, row);
	}
}

static int refuse_letter(struct option_parser *p, const char *word, char letter)
{
	const char *files = *word == '-' ? "ACefmMxzZ" : "dDefLmM";
	char option[8];

	/* Of a cluster name the letter and the word. */
	snprintf(option, sizeof(option), word[2] ? "%c%c in" : "%c%c", *word, letter);
	return option_refuse(p, option, word[2] ? word : NULL,
			     strchr(files, letter)
				     ? "an option of lsof about files; whoport knows sockets"
				     : "unknown option");
}

/* `-k -9`, `-kterm`, `-k=9`: as kill(1) and others take a signal. */
static bool is_signal_astray(const struct option_parser *p, const char *word)
{
	const char *text = word[1] == 'k' ? word + 2 : word + 1;
	char name[16];
	size_t len = 0;
	int signal;

	if (*word != '-' || !p->o->kill)
		return false;
	if (text > word + 1 && *text == '=')
		text++;
	for (; len < sizeof(name) && text[len]; len++) {
		char c = text[len];
		name[len] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
	return signal_name_parse(name, len, &signal);
}

/* `+r 1`: lsof takes the number for a value, here it is a target; -k is not lsof's. */
static void note_loose_value(struct option_parser *p, const struct option_row *row)
{
	const char *word = p->at < p->argc ? p->argv[p->at] : "";

	if ((row->value != VALUE_ATTACHED && row->value != VALUE_REST) || !row->attached ||
	    !strchr(row->attached, '1') || row->letter == 'k' || *word == '\0' ||
	    word[strspn(word, "0123456789")])
		return;
	p->o->loose_value = word;
	p->o->loose_option[0] = row->sign;
	p->o->loose_option[1] = row->letter;
}

static int parse_cluster(struct option_parser *p, const char *word)
{
	char sign = *word;

	for (const char *at = word + 1; *at;) {
		const struct option_row *row = option_rows, *end = row + option_rows_len;
		size_t used = 0;

		while (row < end && (row->letter != *at || row->sign != sign))
			row++;
		if (row == end && is_signal_astray(p, word))
			return option_refuse(p, word, NULL,
					     "a signal is attached, in upper case: -kKILL, -k9");
		if (row == end)
			return refuse_letter(p, word, *at);
		int rc = parse_letter(p, row, at + 1, &used);
		if (rc < 0)
			return rc;
		at += 1 + used;
		if (*at == '\0' && used == 0)
			note_loose_value(p, row);
	}
	return 0;
}

static int parse_long(struct option_parser *p, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const char *value = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;

	for (const struct option_row *row = option_rows; row < option_rows + option_rows_len; row++) {
		if (!row->name || strlen(row->name) != len || memcmp(row->name, word + 2, len) != 0)
			continue;
		if (row->value == VALUE_NONE && value)
			return option_refuse(p, word, NULL, "takes no value");
		if (row->value == VALUE_NONE)
			return set_flag(p, row);
		if (!value && row->value == VALUE_NEEDED)
			value = take_word(p);
		if ((!value && row->value == VALUE_NEEDED) ||
		    (value && !*value && row->value == VALUE_ATTACHED))
			return option_refuse(p, word, NULL, "needs a value");
		return row->set(p, row, value ? value : "");
	}
	return option_refuse(p, word, NULL, "unknown option");
}

int options_parse(int argc, char *const *argv, struct names *names, struct options *out,
		  struct option_error *out_error)
{
	struct option_parser p = {.argv = argv, .argc = argc, .at = 1, .names = names, .o = out,
				  .error = out_error};
	bool only_targets = false;
	const char *word;

	*out = (struct options){.command_width = 15}; /* the kernel's limit, TASK_COMM_LEN */
	while ((word = take_word(&p))) {
		int rc;

		if (only_targets || (*word != '-' && *word != '+') || word[1] == '\0')
			rc = option_add_word(&p, FILTER_TARGET, word);
		else if (strcmp(word, "--") == 0)
			rc = 0, only_targets = true;
		else if (*word == '-' && word[1] == '-')
			rc = parse_long(&p, word);
		else
			rc = parse_cluster(&p, word);
		if (rc < 0)
			return rc;
	}
	out->details |= out->sockopts;
	bool only_tells = out->help || out->version || out->field_help;
	return only_tells || p.scanner_given ? 0 : option_read_environment(&p);
}
