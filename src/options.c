/*
 * The command line; see options.h. Letters keep lsof's meaning. A cluster
 * such as `-nPiTCP:80` is read letter by letter; an optional value is taken
 * only when it is attached, so that `-g 8080` leaves the word a target.
 */
#include "options.h"

#include "buf.h"
#include "escape.h"
#include "grow.h"
#include "inet_spec.h"
#include "num.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
	OPTION_ALL,
	OPTION_AND,
	OPTION_COLOUR,
	OPTION_COLUMNS,
	OPTION_COMMAND,
	OPTION_COMMAND_WIDTH,
	OPTION_FD,
	OPTION_HELP,
	OPTION_HOST_NAMES,
	OPTION_INET,
	OPTION_KILL,
	OPTION_MISSING_FINE,
	OPTION_NO_HEADER,
	OPTION_NO_HOST_NAMES,
	OPTION_NO_NOTES,
	OPTION_NO_SERVICE_NAMES,
	OPTION_NOTES,
	OPTION_NUMERIC_USERS,
	OPTION_PGID,
	OPTION_PID,
	OPTION_PIDS_ONLY,
	OPTION_PPID,
	OPTION_PROC,
	OPTION_SERVICE_NAMES,
	OPTION_STATE,
	OPTION_TCP_INFO,
	OPTION_TELL_MISSING,
	OPTION_THREADS,
	OPTION_UNIX,
	OPTION_USER,
	OPTION_VERSION,
};

enum option_value {
	VALUE_NONE,
	VALUE_NEEDED,   /* attached, or the next word */
	VALUE_ATTACHED, /* optional; attached characters of a given set */
	VALUE_INET,     /* attached, or the next word if it parses */
};

static const struct option_row {
	char sign;        /* '-' or '+' of the short form */
	char letter;      /* 0: none */
	const char *name; /* long form without dashes, or NULL */
	enum option_id id;
	enum option_value value;
	const char *attached;  /* characters of an attached value */
	const char *shown;     /* the value in --help */
	const char *help;      /* NULL: not listed */
} rows[] = {
	{'-', 'i', NULL, OPTION_INET, VALUE_INET, NULL, "[46][PROTO][@HOST][:PORTS]",
	 "internet sockets, by local or remote end"},
	{'-', 'U', NULL, OPTION_UNIX, VALUE_NONE, NULL, NULL, "unix sockets"},
	{'-', 's', NULL, OPTION_STATE, VALUE_NEEDED, NULL, "[PROTO:]STATE,^STATE",
	 "only these states, or all but these"},
	{'-', 'p', NULL, OPTION_PID, VALUE_NEEDED, NULL, "PID,^PID", "only these processes"},
	{'-', 'u', NULL, OPTION_USER, VALUE_NEEDED, NULL, "USER,^USER",
	 "only processes of these users"},
	{'-', 'c', NULL, OPTION_COMMAND, VALUE_NEEDED, NULL, "NAME, ^NAME, /REGEX/[i]",
	 "only commands that begin so, or match"},
	{'-', 'd', NULL, OPTION_FD, VALUE_NEEDED, NULL, "FD,LO-HI,^FD", "only these descriptors"},
	{'-', 'g', NULL, OPTION_PGID, VALUE_ATTACHED, "0123456789,^", "[PGID,^PGID]",
	 "show process groups; only these"},
	{'-', 0, "all", OPTION_ALL, VALUE_NONE, NULL, NULL,
	 "with a target: every state; alone: every socket"},
	{'-', 'a', NULL, OPTION_AND, VALUE_NONE, NULL, NULL, "accepted: selections always AND"},
	{'-', 't', NULL, OPTION_PIDS_ONLY, VALUE_NONE, NULL, NULL, "print process IDs only"},
	{'-', 'o', "columns", OPTION_COLUMNS, VALUE_NEEDED, NULL, "LIST", "choose columns"},
	{'-', 0, "no-header", OPTION_NO_HEADER, VALUE_NONE, NULL, NULL, "leave out the header line"},
	{'-', 'R', NULL, OPTION_PPID, VALUE_NONE, NULL, NULL, "show parent process IDs"},
	{'-', 'K', NULL, OPTION_THREADS, VALUE_ATTACHED, "i", NULL,
	 "show the descriptors of each thread"},
	{'-', 'l', NULL, OPTION_NUMERIC_USERS, VALUE_NONE, NULL, NULL, "show user IDs, not names"},
	{'-', 'T', NULL, OPTION_TCP_INFO, VALUE_ATTACHED, "fqs", "[qs]",
	 "show queues (q), state (s), or neither"},
	{'+', 'c', NULL, OPTION_COMMAND_WIDTH, VALUE_NEEDED, NULL, "W",
	 "width of COMMAND, 0 for all of it"},
	{'+', 'P', NULL, OPTION_SERVICE_NAMES, VALUE_NONE, NULL, NULL, "show ports by name"},
	{'+', 'n', NULL, OPTION_HOST_NAMES, VALUE_NONE, NULL, NULL, "show hosts by name"},
	{'-', 'n', NULL, OPTION_NO_HOST_NAMES, VALUE_NONE, NULL, NULL, "numeric hosts (always so)"},
	{'-', 'P', NULL, OPTION_NO_SERVICE_NAMES, VALUE_NONE, NULL, NULL,
	 "numeric ports (always so)"},
	{'-', 0, "color", OPTION_COLOUR, VALUE_NEEDED, NULL, "WHEN", "auto, always or never"},
	{'-', 'Q', NULL, OPTION_MISSING_FINE, VALUE_NONE, NULL, NULL,
	 "exit 0 also if something was not found"},
	{'-', 'V', NULL, OPTION_TELL_MISSING, VALUE_NONE, NULL, NULL, "say what was not found"},
	{'-', 'w', NULL, OPTION_NO_NOTES, VALUE_NONE, NULL, NULL, "no notes (+w: notes again)"},
	{'+', 'w', NULL, OPTION_NOTES, VALUE_NONE, NULL, NULL, NULL},
	{'-', 'k', "kill", OPTION_KILL, VALUE_ATTACHED, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+",
	 NULL, NULL},
	{'-', 0, "proc", OPTION_PROC, VALUE_NEEDED, NULL, "DIR", "read this proc tree, not /proc"},
	{'-', 'h', "help", OPTION_HELP, VALUE_NONE, NULL, NULL, "print this"},
	{'-', 'v', "version", OPTION_VERSION, VALUE_NONE, NULL, NULL, "print the version"},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(*rows) };

/* A command line under way. */
struct parser {
	char *const *argv;
	int argc, at;
	struct names *names;
	struct options *o;
	struct option_error *error;
};

void options_free(struct options *o)
{
	free(o->words);
	*o = (struct options){0};
}

/* `-p x`: an option as it was meant, and its value. */
static void set_object(struct option_error *error, const char *option, const char *value)
{
	const char *between = !*option || !value ? "" : option[1] == '-' ? "=" : " ";

	snprintf(error->object, sizeof(error->object), "%s%s%s", option, between,
		 value ? value : "");
}

static int refuse(struct parser *p, const char *option, const char *value, const char *why)
{
	set_object(p->error, option, value);
	p->error->why = why;
	return -EINVAL;
}

void option_error_set(struct option_error *error, const struct option_word *word, const char *why)
{
	static const char *const options[] = {
		[FILTER_TARGET] = "", [FILTER_INET] = "-i", [FILTER_STATE] = "-s",
		[FILTER_PID] = "-p",  [FILTER_PGID] = "-g", [FILTER_USER] = "-u",
		[FILTER_COMMAND] = "-c", [FILTER_FD] = "-d"};

	set_object(error, options[word->kind], word->text);
	error->why = why;
}

static int add_word(struct parser *p, enum filter_kind kind, const char *text)
{
	struct options *o = p->o;
	void *v = grow(o->words, o->words_len, &o->words_cap, sizeof(*o->words));

	if (!v)
		return -ENOMEM;
	o->words = v;
	o->words[o->words_len++] = (struct option_word){kind, text};
	return 0;
}

static int set_columns(struct parser *p, const char *list)
{
	p->o->columns_len = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		enum column_id id;

		if (!column_parse(list, len, &id))
			return refuse(p, "-o", list, "no such column; see the man page for the list");
		if (p->o->columns_len == COLUMN_COUNT)
			return refuse(p, "-o", list, "too many columns");
		p->o->columns[p->o->columns_len++] = id;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

static int set_colour(struct parser *p, const char *when)
{
	static const char *const words[] = {"auto", "always", "never"};

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(when, words[i]) == 0) {
			p->o->colour = (enum option_colour)i;
			return 0;
		}
	}
	return refuse(p, "--color", when, "must be auto, always or never");
}

static int set_width(struct parser *p, const char *text)
{
	uint64_t width;

	if (!num_parse(text, text + strlen(text), 4096, &width))
		return refuse(p, "+c", text, "not a width");
	p->o->command_width = (size_t)width;
	return 0;
}

static int set_value(struct parser *p, enum option_id id, const char *value)
{
	struct options *o = p->o;

	switch (id) {
	case OPTION_COLOUR:
		return set_colour(p, value);
	case OPTION_COLUMNS:
		return set_columns(p, value);
	case OPTION_COMMAND:
		return add_word(p, FILTER_COMMAND, value);
	case OPTION_COMMAND_WIDTH:
		return set_width(p, value);
	case OPTION_FD:
		return add_word(p, FILTER_FD, value);
	case OPTION_INET:
		return add_word(p, FILTER_INET, value);
	case OPTION_KILL:
		o->kill = true;
		return 0;
	case OPTION_PGID:
		o->show_pgid = true;
		return *value ? add_word(p, FILTER_PGID, value) : 0;
	case OPTION_PID:
		return add_word(p, FILTER_PID, value);
	case OPTION_PROC:
		o->proc = value;
		return 0;
	case OPTION_STATE:
		return add_word(p, FILTER_STATE, value);
	case OPTION_TCP_INFO:
		o->hide_state = !strchr(value, 's');
		o->show_queues = strchr(value, 'q') != NULL;
		return 0;
	case OPTION_THREADS:
		o->threads = *value != 'i'; /* lsof's -Ki: ignore them */
		return 0;
	case OPTION_USER:
		return add_word(p, FILTER_USER, value);
	default:
		return 0;
	}
}

static void set_flag(struct options *o, enum option_id id)
{
	switch (id) {
	case OPTION_ALL:
		o->all = true;
		break;
	case OPTION_HELP:
		o->help = true;
		break;
	case OPTION_HOST_NAMES:
	case OPTION_NO_HOST_NAMES:
		o->host_names = id == OPTION_HOST_NAMES;
		break;
	case OPTION_MISSING_FINE:
		o->missing_is_fine = true;
		break;
	case OPTION_NO_HEADER:
		o->no_header = true;
		break;
	case OPTION_NOTES:
	case OPTION_NO_NOTES:
		o->no_notes = id == OPTION_NO_NOTES;
		break;
	case OPTION_NUMERIC_USERS:
		o->numeric_users = true;
		break;
	case OPTION_PIDS_ONLY:
		o->pids_only = true;
		break;
	case OPTION_PPID:
		o->show_ppid = true;
		break;
	case OPTION_SERVICE_NAMES:
	case OPTION_NO_SERVICE_NAMES:
		o->service_names = id == OPTION_SERVICE_NAMES;
		break;
	case OPTION_TELL_MISSING:
		o->tell_missing = true;
		break;
	case OPTION_UNIX:
		o->unix_sockets = true;
		break;
	case OPTION_VERSION:
		o->version = true;
		break;
	default:
		break;
	}
}

/* Whether the word behind a bare -i is its value. */
static bool is_inet_value(struct parser *p, const char *word)
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
static const char *take_word(struct parser *p)
{
	return p->at < p->argc ? p->argv[p->at++] : NULL;
}

/*
 * One letter of a cluster. @rest is what follows it in the word; how much of
 * that was its value is added to @out_used.
 */
static int parse_letter(struct parser *p, const struct option_row *row, const char *rest,
			size_t *out_used)
{
	const char option[] = {row->sign, row->letter, '\0'};
	const char *value = rest;

	switch (row->value) {
	case VALUE_NEEDED:
		*out_used = strlen(rest);
		if (*rest == '\0')
			value = take_word(p);
		return value ? set_value(p, row->id, value)
			     : refuse(p, option, NULL, "needs a value");
	case VALUE_INET:
		*out_used = strlen(rest);
		if (*rest == '\0' && p->at < p->argc && is_inet_value(p, p->argv[p->at]))
			value = take_word(p);
		return set_value(p, row->id, value);
	case VALUE_ATTACHED:
		/* All that follows is the value, or other letters are: -g12, -gR. */
		if (rest[strspn(rest, row->attached)] == '\0')
			*out_used = strlen(rest);
		return set_value(p, row->id, *out_used ? rest : "");
	default:
		set_flag(p->o, row->id);
		return 0;
	}
}

static int refuse_letter(struct parser *p, const char *word, char letter)
{
	const char *files = *word == '-' ? "efmMx" : "dDefLmM";
	char option[8];

	/* Of a cluster name the letter and the word. */
	snprintf(option, sizeof(option), word[2] ? "%c%c in" : "%c%c", *word, letter);
	return refuse(p, option, word[2] ? word : NULL,
		      strchr(files, letter) ? "an option of lsof about files; whoport knows sockets"
					    : "unknown option");
}

static int parse_cluster(struct parser *p, const char *word)
{
	char sign = *word;

	for (const char *at = word + 1; *at;) {
		const struct option_row *row = rows, *end = rows + ROW_COUNT;
		size_t used = 0;

		while (row < end && (row->letter != *at || row->sign != sign))
			row++;
		if (row == end) {
			return refuse_letter(p, word, *at);
		}
		int rc = parse_letter(p, row, at + 1, &used);
		if (rc < 0)
			return rc;
		at += 1 + used;
	}
	return 0;
}

static int parse_long(struct parser *p, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const char *value = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;

	for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++) {
		if (!row->name || strlen(row->name) != len || memcmp(row->name, word + 2, len) != 0)
			continue;
		if (row->value == VALUE_NONE && value)
			return refuse(p, word, NULL, "takes no value");
		if (row->value == VALUE_NONE) {
			set_flag(p->o, row->id);
			return 0;
		}
		if (!value && row->value == VALUE_NEEDED)
			value = take_word(p);
		if (!value && row->value == VALUE_NEEDED)
			return refuse(p, word, NULL, "needs a value");
		return set_value(p, row->id, value ? value : "");
	}
	return refuse(p, word, NULL, "unknown option");
}

int options_parse(int argc, char *const *argv, struct names *names, struct options *out,
		  struct option_error *out_error)
{
	struct parser p = {.argv = argv, .argc = argc, .at = 1, .names = names, .o = out,
			   .error = out_error};
	bool only_targets = false;
	const char *word;

	*out = (struct options){.command_width = 15}; /* the kernel's limit, TASK_COMM_LEN */
	while ((word = take_word(&p))) {
		int rc;

		if (only_targets || (*word != '-' && *word != '+') || word[1] == '\0')
			rc = add_word(&p, FILTER_TARGET, word);
		else if (strcmp(word, "--") == 0)
			rc = 0, only_targets = true;
		else if (*word == '-' && word[1] == '-')
			rc = parse_long(&p, word);
		else
			rc = parse_cluster(&p, word);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void add_row_help(const struct option_row *row, struct buf *out)
{
	enum { HELP_COLUMN = 34 };
	size_t start = out->len;
	bool tight = row->value == VALUE_ATTACHED || row->value == VALUE_INET;

	buf_add_str(out, "  ");
	if (row->letter) {
		buf_add_char(out, row->sign);
		buf_add_char(out, row->letter);
	}
	if (row->name) {
		buf_add_str(out, row->letter ? ", --" : "--");
		buf_add_str(out, row->name);
	}
	if (row->shown) {
		buf_add_str(out, tight ? "" : row->name ? "=" : " ");
		buf_add_str(out, row->shown);
	}
	size_t used = out->len - start;
	if (used >= HELP_COLUMN) {
		buf_add_char(out, '\n');
		used = 0;
	}
	buf_add_pad(out, HELP_COLUMN - used);
	buf_add_str(out, row->help);
	buf_add_char(out, '\n');
}

void options_add_help(struct buf *out)
{
	buf_add_str(out,
		    "Usage: whoport [OPTION]... [TARGET]...\n"
		    "Show which processes hold a port or a socket.\n"
		    "\n"
		    "Targets, the local end:\n"
		    "  1334  80,443,8000-8010  http    ports, TCP and UDP\n"
		    "  tcp:53  udp:53  53/udp          of one protocol\n"
		    "  127.0.0.1:80  [::1]:80          what conflicts with a bind to that address\n"
		    "  /run/x.sock  ./x.sock  @name    unix sockets\n"
		    "Without target, -i, -U: what listens, and unconnected UDP sockets.\n"
		    "\n"
		    "Options:\n");
	for (const struct option_row *row = rows; row < rows + ROW_COUNT; row++) {
		if (row->help)
			add_row_help(row, out);
	}
	buf_add_str(out,
		    "\n"
		    "Exit status: 0 found, 1 something was not, 2 error or hidden from you.\n");
}
