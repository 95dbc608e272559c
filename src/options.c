/*
 * The command line; see options.h. Letters keep lsof's meaning. A cluster
 * such as `-nPiTCP:80` is read letter by letter; an optional value is taken
 * only when it is attached, so that `-g 8080` leaves the word a target.
 */
#include "options.h"

#include "buf.h"
#include "grow.h"
#include "inet_spec.h"
#include "num.h"
#include "signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_value {
	VALUE_NONE,     /* a flag */
	VALUE_NEEDED,   /* attached, or the next word */
	VALUE_ATTACHED, /* optional; attached characters of a given set */
	VALUE_INET,     /* attached, or the next word if it parses */
};

struct parser;
struct option_row;

/* Take the value of an option; "" where it is optional and not given. */
typedef int set_value(struct parser *p, const struct option_row *row, const char *value);

static set_value add_filter, set_colour, set_columns, set_grace, set_groups, set_kill, set_netns,
	set_proc, set_scan, set_source, set_tcp_info, set_threads, set_timeout, set_wait, set_width;

struct option_row {
	char sign;        /* '-' or '+' of the short form */
	char letter;      /* 0: none */
	const char *name; /* long form without dashes, or NULL */
	enum option_value value;
	const char *shown; /* the value in --help */
	const char *help;  /* NULL: not listed */

	size_t flag; /* VALUE_NONE: offset of a bool in struct options */
	bool off;    /* the flag is cleared, not set */

	set_value *set;        /* others */
	enum filter_kind kind; /* for add_filter */
	const char *attached;  /* VALUE_ATTACHED: characters of the value */
};

#define FLAG(field) .value = VALUE_NONE, .flag = offsetof(struct options, field)
#define FILTER(filter) .set = add_filter, .kind = (filter)

static const struct option_row rows[] = {
	{'-', 'i', .value = VALUE_INET, FILTER(FILTER_INET), .shown = "[46][PROTO][@HOST][:PORTS]",
	 .help = "internet sockets, by local or remote end"},
	{'-', 'U', FLAG(unix_sockets), .help = "unix sockets"},
	{'-', 's', .value = VALUE_NEEDED, FILTER(FILTER_STATE), .shown = "[PROTO:]STATE,^STATE",
	 .help = "only these states, or all but these"},
	{'-', 'p', .value = VALUE_NEEDED, FILTER(FILTER_PID), .shown = "PID,^PID",
	 .help = "only these processes"},
	{'-', 'u', .value = VALUE_NEEDED, FILTER(FILTER_USER), .shown = "USER,^USER",
	 .help = "only processes of these users"},
	{'-', 'c', .value = VALUE_NEEDED, FILTER(FILTER_COMMAND), .shown = "NAME, ^NAME, /REGEX/[i]",
	 .help = "only commands that begin so, or match"},
	{'-', 'd', .value = VALUE_NEEDED, FILTER(FILTER_FD), .shown = "FD,LO-HI,^FD",
	 .help = "only these descriptors"},
	{'-', 'g', .value = VALUE_ATTACHED, .set = set_groups, .attached = "0123456789,^",
	 .shown = "[PGID,^PGID]", .help = "show process groups; only these"},
	{'-', 'N', "netns", VALUE_NEEDED, .set = set_netns, .shown = "NETNS",
	 .help = "self, all, a PID, a name, a path"},
	{'-', 0, "all", FLAG(all), .help = "of a target every state; alone every socket"},
	{'-', 'a', FLAG(and_selections), .help = "accepted: selections always AND"},
	{'-', 't', FLAG(pids_only), .help = "print process IDs only"},
	{'-', 'o', "columns", VALUE_NEEDED, .set = set_columns, .shown = "LIST",
	 .help = "choose columns"},
	{'-', 0, "no-header", FLAG(no_header), .help = "leave out the header line"},
	{'-', 'R', FLAG(show_ppid), .help = "show parent process IDs"},
	{'-', 'K', .value = VALUE_ATTACHED, .set = set_threads, .attached = "i",
	 .help = "show the descriptors of each thread"},
	{'-', 'l', FLAG(numeric_users), .help = "show user IDs, not names"},
	{'-', 'T', .value = VALUE_ATTACHED, .set = set_tcp_info, .attached = "fqs", .shown = "[qs]",
	 .help = "show queues (q), state (s), or neither"},
	{'+', 'c', .value = VALUE_NEEDED, .set = set_width, .shown = "W",
	 .help = "width of COMMAND, 0 for all of it"},
	{'+', 'P', FLAG(service_names), .help = "show ports by name"},
	{'+', 'n', FLAG(host_names), .help = "show hosts by name"},
	{'-', 'n', FLAG(host_names), .off = true, .help = "numeric hosts (always so)"},
	{'-', 'P', FLAG(service_names), .off = true, .help = "numeric ports (always so)"},
	{'-', 0, "color", VALUE_NEEDED, .set = set_colour, .shown = "WHEN",
	 .help = "auto, always or never"},
	{'-', 'Q', FLAG(missing_is_fine), .help = "exit 0 also if something was not found"},
	{'-', 'V', FLAG(tell_missing), .help = "say what was not found"},
	{'-', 'w', FLAG(no_notes), .help = "no notes (+w: notes again)"},
	{'+', 'w', FLAG(no_notes), .off = true},
	{'-', 'k', "kill", VALUE_ATTACHED, .set = set_kill, .shown = "[SIGNAL]",
	 .attached = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-",
	 .help = "signal who holds; TERM unless named"},
	{'-', 0, "grace", VALUE_NEEDED, .set = set_grace, .shown = "SECONDS",
	 .help = "of -k: then KILL for who lives"},
	{'-', 0, "dry-run", FLAG(dry_run), .help = "say what -k or --close would do"},
	{'-', 0, "ask", FLAG(ask), .help = "ask before -k or --close act"},
	{'-', 0, "force", FLAG(force), .help = "of -k: guarded processes, too"},
	{'-', 0, "close", FLAG(close), .help = "end connections, not processes"},
	{'-', 0, "wait", VALUE_NEEDED, .set = set_wait, .shown = "WHAT",
	 .help = "until all targets are: free, listen"},
	{'-', 0, "timeout", VALUE_NEEDED, .set = set_timeout, .shown = "SECONDS",
	 .help = "of --wait: then exit status 1"},
	{'-', 0, "source", VALUE_NEEDED, .set = set_source, .shown = "SOURCE",
	 .help = "auto, proc (text), diag (netlink)"},
	{'-', 0, "scan", VALUE_NEEDED, .set = set_scan, .shown = "SCANNER",
	 .help = "auto, proc (walk), bpf (iterator)"},
	{'-', 0, "stats", FLAG(stats), .help = "tell on stderr what it took"},
	{'-', 0, "proc", VALUE_NEEDED, .set = set_proc, .shown = "DIR",
	 .help = "read this proc tree, not /proc"},
	{'-', 'h', "help", FLAG(help), .help = "print this"},
	{'-', 'v', "version", FLAG(version), .help = "print the version"},
};

enum { ROW_COUNT = sizeof(rows) / sizeof(*rows) };

/* A command line under way. */
struct parser {
	char *const *argv;
	int argc, at;
	struct names *names;
	struct options *o;
	struct option_error *error;
	bool scanner_given;
};

void options_free(struct options *o)
{
	free(o->words);
	*o = (struct options){0};
}

/* `-p x`: an option as it was meant, and its value. */
static void set_object(struct option_error *error, const char *option, const char *value)
{
	const char *between = !*option || !value ? "" : option[1] == '-' ? "=" : *value ? " " : "";

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

static int add_filter(struct parser *p, const struct option_row *row, const char *value)
{
	return add_word(p, row->kind, value);
}

static int set_columns(struct parser *p, const struct option_row *row, const char *list)
{
	const char *whole = list;

	(void)row;
	p->o->columns_len = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		enum column_id id;

		if (!column_parse(list, len, &id))
			return refuse(p, "-o", whole, "no such column; see the man page for the list");
		if (p->o->columns_len == COLUMN_COUNT)
			return refuse(p, "-o", whole, "too many columns");
		p->o->columns[p->o->columns_len++] = id;
		if (list[len] == '\0')
			return 0;
		list += len + 1;
	}
}

/* Place of a word in a list, or -1. */
static int find_word(const char *word, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

static int set_colour(struct parser *p, const struct option_row *row, const char *when)
{
	static const char *const words[] = {"auto", "always", "never"};
	int i = find_word(when, words, 3);

	(void)row;
	if (i < 0)
		return refuse(p, "--color", when, "must be auto, always or never");
	p->o->colour = (enum option_colour)i;
	return 0;
}

static int set_source(struct parser *p, const struct option_row *row, const char *source)
{
	static const char *const words[] = {"auto", "proc", "diag"};
	int i = find_word(source, words, 3);

	(void)row;
	if (i < 0)
		return refuse(p, "--source", source, "must be auto, proc or diag");
	p->o->source = (enum inventory_source)i;
	return 0;
}

static int choose_scanner(struct parser *p, const char *option, const char *scanner)
{
	static const char *const words[] = {"auto", "proc", "bpf"};
	int i = find_word(scanner, words, 3);

	if (i < 0)
		return refuse(p, option, scanner, "must be auto, proc or bpf");
	p->o->scanner = (enum scanner_choice)i;
	return 0;
}

static int set_scan(struct parser *p, const struct option_row *row, const char *scanner)
{
	(void)row;
	p->scanner_given = true;
	return choose_scanner(p, "--scan", scanner);
}

/* WHOPORT_SCAN: where every call of bpf(2) is audited. */
static int read_environment(struct parser *p)
{
	const char *scanner = getenv("WHOPORT_SCAN");

	return scanner && *scanner ? choose_scanner(p, "WHOPORT_SCAN", scanner) : 0;
}

static int set_netns(struct parser *p, const struct option_row *row, const char *netns)
{
	(void)row;
	p->o->netns = netns;
	return *netns ? 0 : refuse(p, "-N", netns, "an empty value names no network namespace");
}

static int set_width(struct parser *p, const struct option_row *row, const char *text)
{
	uint64_t width;

	(void)row;
	if (!num_parse(text, text + strlen(text), 4096, &width))
		return refuse(p, "+c", text, "not a width");
	p->o->command_width = (size_t)width;
	return 0;
}

static int set_groups(struct parser *p, const struct option_row *row, const char *list)
{
	(void)row;
	p->o->show_pgid = true;
	return *list ? add_word(p, FILTER_PGID, list) : 0;
}

static int set_kill(struct parser *p, const struct option_row *row, const char *signal)
{
	(void)row;
	p->o->kill = true;
	p->o->signal = SIGTERM;
	if (*signal == '\0' || signal_name_parse(signal, strlen(signal), &p->o->signal))
		return 0;
	return refuse(p, "--kill", signal, "no such signal; a port stands apart: -k 8080");
}

static int set_seconds(struct parser *p, const char *option, const char *text, bool *out_given,
		       uint32_t *out_ms)
{
	*out_given = true;
	if (num_parse_seconds(text, text + strlen(text), out_ms))
		return 0;
	return refuse(p, option, text, "must be seconds up to 1000000, with three decimals at most");
}

static int set_grace(struct parser *p, const struct option_row *row, const char *text)
{
	(void)row;
	return set_seconds(p, "--grace", text, &p->o->has_grace, &p->o->grace_ms);
}

static int set_timeout(struct parser *p, const struct option_row *row, const char *text)
{
	(void)row;
	return set_seconds(p, "--timeout", text, &p->o->has_timeout, &p->o->timeout_ms);
}

static int set_wait(struct parser *p, const struct option_row *row, const char *what)
{
	static const char *const words[] = {"free", "listen"};
	int i = find_word(what, words, 2);

	(void)row;
	if (i < 0)
		return refuse(p, "--wait", what, "must be free or listen");
	p->o->wait = i == 0 ? OPTION_WAIT_FREE : OPTION_WAIT_LISTEN;
	return 0;
}

static int set_proc(struct parser *p, const struct option_row *row, const char *dir)
{
	(void)row;
	p->o->proc = dir;
	return 0;
}

static int set_tcp_info(struct parser *p, const struct option_row *row, const char *letters)
{
	(void)row;
	p->o->hide_state = !strchr(letters, 's');
	p->o->show_queues = strchr(letters, 'q') != NULL;
	return 0;
}

static int set_threads(struct parser *p, const struct option_row *row, const char *letter)
{
	(void)row;
	p->o->threads = *letter != 'i'; /* lsof's -Ki: ignore them */
	return 0;
}

static int set_flag(struct parser *p, const struct option_row *row)
{
	bool *flag = (bool *)((char *)p->o + row->flag);

	*flag = !row->off;
	return 0;
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
		return value ? row->set(p, row, value) : refuse(p, option, NULL, "needs a value");
	case VALUE_INET:
		*out_used = strlen(rest);
		if (*rest == '\0' && p->at < p->argc && is_inet_value(p, p->argv[p->at]))
			value = take_word(p);
		return row->set(p, row, value);
	case VALUE_ATTACHED:
		/* All that follows is the value, or other letters are: -g12, -gR. */
		*out_used = strspn(rest, row->attached);
		if (*out_used > 0 && rest[*out_used])
			return refuse(p, option, rest, "not a value of this option");
		return row->set(p, row, *out_used ? rest : "");
	default:
		return set_flag(p, row);
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

/* `-k -9`, `-kterm`, `-k=9`: as kill(1) and others take a signal. */
static bool is_signal_astray(const struct parser *p, const char *word)
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

static int parse_cluster(struct parser *p, const char *word)
{
	char sign = *word;

	for (const char *at = word + 1; *at;) {
		const struct option_row *row = rows, *end = rows + ROW_COUNT;
		size_t used = 0;

		while (row < end && (row->letter != *at || row->sign != sign))
			row++;
		if (row == end && is_signal_astray(p, word))
			return refuse(p, word, NULL,
				      "a signal is attached, in upper case: -kKILL, -k9");
		if (row == end)
			return refuse_letter(p, word, *at);
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
		if (row->value == VALUE_NONE)
			return set_flag(p, row);
		if (!value && row->value == VALUE_NEEDED)
			value = take_word(p);
		if ((!value && row->value == VALUE_NEEDED) ||
		    (value && !*value && row->value == VALUE_ATTACHED))
			return refuse(p, word, NULL, "needs a value");
		return row->set(p, row, value ? value : "");
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
	return out->help || out->version || p.scanner_given ? 0 : read_environment(&p);
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
	if (row->letter && row->name && tight) /* -k[SIGNAL], --kill[=SIGNAL] */
		buf_add_str(out, row->shown);
	if (row->name) {
		buf_add_str(out, row->letter ? ", --" : "--");
		buf_add_str(out, row->name);
	}
	if (row->shown && tight && row->name) {
		buf_add_str(out, "[=");
		buf_add_str(out, row->shown + 1);
	} else if (row->shown) {
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
