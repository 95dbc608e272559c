/*
 * All options, a row each, and how they take their values; see option_table.h.
 */
#include "option_table.h"

#include "grow.h"
#include "num.h"
#include "signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int set_value(struct option_parser *p, const struct option_row *row, const char *value);

static set_value add_filter, set_colour, set_columns, set_fields, set_grace, set_groups, set_kill,
	set_netns, set_nothing, set_proc, set_repeat, set_scan, set_source, set_tcp_info,
	set_threads, set_timeout, set_wait, set_width;

#define FLAG(field) .value = VALUE_NONE, .flag = offsetof(struct options, field)
#define FILTER(filter) .set = add_filter, .kind = (filter)

const struct option_row option_rows[] = {
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
	{'-', 'F', .value = VALUE_REST, .set = set_fields, .shown = "[FIELDS][0]",
	 .help = "fields for programs, as lsof's; ? lists them"},
	{'-', 'J', FLAG(json), .help = "one JSON document"},
	{'-', 'j', FLAG(json_lines), .help = "one JSON object a line"},
	{'-', 'r', .value = VALUE_REST, .set = set_repeat, .attached = "0123456789.cm",
	 .shown = "[SECONDS][cCOUNT][mFORMAT]", .help = "again and again"},
	{'+', 'r', .value = VALUE_REST, .set = set_repeat, .attached = "0123456789.cm",
	 .shown = "[SECONDS][cCOUNT][mFORMAT]", .help = "until nothing is found"},
	{'-', 'E', FLAG(ends), .help = "show who has the other end"},
	{'+', 'E', FLAG(list_ends), .help = "list the other ends, too"},
	{'-', 'D', "details", FLAG(details), .help = "a card for each socket and holder"},
	{'-', 0, "sockopts", FLAG(sockopts), .help = "the same, with the sockets' options"},
	{'-', 0, "brief", FLAG(brief), .help = "no lines about processes below rows"},
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
	{'-', 'b', FLAG(accepted), .help = "accepted, as -H -L -O -S -X: changes nothing"},
	{'-', 'H', FLAG(accepted)},
	{'-', 'L', FLAG(accepted)},
	{'-', 'O', FLAG(accepted)},
	{'-', 'S', .value = VALUE_ATTACHED, .set = set_nothing, .attached = "0123456789"},
	{'-', 'X', FLAG(accepted)},
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
	{'-', 0, "why", FLAG(why), .help = "say why bind() to a target would fail"},
	{'-', 0, "probe", FLAG(probe), .help = "of --why: try a bind(), too"},
	{'-', 0, "stats", FLAG(stats), .help = "tell on stderr what it took"},
	{'-', 0, "proc", VALUE_NEEDED, .set = set_proc, .shown = "DIR",
	 .help = "read this proc tree, not /proc"},
	{'-', 'h', "help", FLAG(help), .help = "print this"},
	{'-', '?', FLAG(help)},
	{'-', 'v', "version", FLAG(version), .help = "print the version"},
};

const size_t option_rows_len = sizeof(option_rows) / sizeof(*option_rows);

/* `-p x`: an option as it was meant, and its value. */
void option_set_object(struct option_error *error, const char *option, const char *value)
{
	bool is_long = option[0] == '-' && option[1] == '-' && option[2] != ' ';
	const char *between = !*option || !value ? "" : is_long ? "=" : *value ? " " : "";

	snprintf(error->object, sizeof(error->object), "%s%s%s", option, between,
		 value ? value : "");
}

int option_refuse(struct option_parser *p, const char *option, const char *value, const char *why)
{
	option_set_object(p->error, option, value);
	p->error->why = why;
	return -EINVAL;
}

int option_add_word(struct option_parser *p, enum filter_kind kind, const char *text)
{
	struct options *o = p->o;
	void *v = grow(o->words, o->words_len, &o->words_cap, sizeof(*o->words));

	if (!v)
		return -ENOMEM;
	o->words = v;
	o->words[o->words_len++] = (struct option_word){kind, text};
	return 0;
}

static int add_filter(struct option_parser *p, const struct option_row *row, const char *value)
{
	return option_add_word(p, row->kind, value);
}

static int set_columns(struct option_parser *p, const struct option_row *row, const char *list)
{
	const char *whole = list;

	(void)row;
	p->o->columns_len = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		enum column_id id;

		if (!column_parse(list, len, &id))
			return option_refuse(p, "-o", whole,
					     "no such column; see the man page for the list");
		if (p->o->columns_len == COLUMN_COUNT)
			return option_refuse(p, "-o", whole, "too many columns");
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

static int set_colour(struct option_parser *p, const struct option_row *row, const char *when)
{
	static const char *const words[] = {"auto", "always", "never"};
	int i = find_word(when, words, 3);

	(void)row;
	if (i < 0)
		return option_refuse(p, "--color", when, "must be auto, always or never");
	p->o->colour = (enum option_colour)i;
	return 0;
}

static int set_source(struct option_parser *p, const struct option_row *row, const char *source)
{
	static const char *const words[] = {"auto", "proc", "diag"};
	int i = find_word(source, words, 3);

	(void)row;
	if (i < 0)
		return option_refuse(p, "--source", source, "must be auto, proc or diag");
	p->o->source = (enum inventory_source)i;
	return 0;
}

static int choose_scanner(struct option_parser *p, const char *option, const char *scanner)
{
	static const char *const words[] = {"auto", "proc", "bpf"};
	int i = find_word(scanner, words, 3);

	if (i < 0)
		return option_refuse(p, option, scanner, "must be auto, proc or bpf");
	p->o->scanner = (enum scanner_choice)i;
	return 0;
}

static int set_scan(struct option_parser *p, const struct option_row *row, const char *scanner)
{
	(void)row;
	p->scanner_given = true;
	return choose_scanner(p, "--scan", scanner);
}

/* WHOPORT_SCAN: where every call of bpf(2) is audited. */
int option_read_environment(struct option_parser *p)
{
	const char *scanner = getenv("WHOPORT_SCAN");

	return scanner && *scanner ? choose_scanner(p, "WHOPORT_SCAN", scanner) : 0;
}

static int set_netns(struct option_parser *p, const struct option_row *row, const char *netns)
{
	(void)row;
	p->o->netns = netns;
	return *netns ? 0 : option_refuse(p, "-N", netns, "an empty value names no network namespace");
}

static int set_width(struct option_parser *p, const struct option_row *row, const char *text)
{
	uint64_t width;

	(void)row;
	if (!num_parse(text, text + strlen(text), 4096, &width))
		return option_refuse(p, "+c", text, "not a width");
	p->o->command_width = (size_t)width;
	return 0;
}

static int set_fields(struct option_parser *p, const struct option_row *row, const char *letters)
{
	(void)row;
	p->o->fields = true;
	p->o->fields_bare |= *letters == '\0';
	if (strcmp(letters, "?") == 0) {
		p->o->field_help = true;
		return 0;
	}
	if (field_choice_add(&p->o->field_choice, letters))
		return 0;
	return option_refuse(p, "-F", letters, "no such field; -F? lists them");
}

/* `c5`: how often. Return what follows, or NULL. */
static const char *parse_count(const char *at, uint64_t *out)
{
	const char *end = at + strlen(at);

	return num_scan(&at, end, 10, UINT32_MAX, out) && *out > 0 ? at : NULL;
}

/* `15c4m%T` */
static int set_repeat(struct option_parser *p, const struct option_row *row, const char *text)
{
	enum { DEFAULT_MS = 15000 };
	const char *option = row->sign == '-' ? "-r" : "+r", *at = text;
	struct options *o = p->o;
	size_t len = strspn(text, "0123456789.");

	o->repeat = true;
	o->repeat_while_found = row->sign == '+';
	o->repeat_ms = DEFAULT_MS;
	o->repeat_count = 0;
	o->marker = NULL;
	if (len > 0 && !num_parse_seconds(text, text + len, &o->repeat_ms))
		return option_refuse(p, option, text, "must begin with seconds up to 1000000, "
						      "with three decimals at most");
	at += len;
	if (*at == 'c' && !(at = parse_count(at + 1, &o->repeat_count)))
		return option_refuse(p, option, text, "behind c must be how often, from 1");
	if (*at == 'm')
		o->marker = at + 1;
	else if (*at != '\0')
		return option_refuse(p, option, text, "must be SECONDS, cCOUNT, mFORMAT; each may miss");
	return 0;
}

/* An option from habit, whose value means nothing here. */
static int set_nothing(struct option_parser *p, const struct option_row *row, const char *value)
{
	(void)p;
	(void)row;
	(void)value;
	return 0;
}

static int set_groups(struct option_parser *p, const struct option_row *row, const char *list)
{
	(void)row;
	p->o->show_pgid = true;
	return *list ? option_add_word(p, FILTER_PGID, list) : 0;
}

static int set_kill(struct option_parser *p, const struct option_row *row, const char *signal)
{
	(void)row;
	p->o->kill = true;
	p->o->signal = SIGTERM;
	if (*signal == '\0' || signal_name_parse(signal, strlen(signal), &p->o->signal))
		return 0;
	return option_refuse(p, "--kill", signal, "no such signal; a port stands apart: -k 8080");
}

static int set_seconds(struct option_parser *p, const char *option, const char *text,
		       bool *out_given, uint32_t *out_ms)
{
	*out_given = true;
	if (num_parse_seconds(text, text + strlen(text), out_ms))
		return 0;
	return option_refuse(p, option, text,
			     "must be seconds up to 1000000, with three decimals at most");
}

static int set_grace(struct option_parser *p, const struct option_row *row, const char *text)
{
	(void)row;
	return set_seconds(p, "--grace", text, &p->o->has_grace, &p->o->grace_ms);
}

static int set_timeout(struct option_parser *p, const struct option_row *row, const char *text)
{
	(void)row;
	return set_seconds(p, "--timeout", text, &p->o->has_timeout, &p->o->timeout_ms);
}

static int set_wait(struct option_parser *p, const struct option_row *row, const char *what)
{
	static const char *const words[] = {"free", "listen"};
	int i = find_word(what, words, 2);

	(void)row;
	if (i < 0)
		return option_refuse(p, "--wait", what, "must be free or listen");
	p->o->wait = i == 0 ? OPTION_WAIT_FREE : OPTION_WAIT_LISTEN;
	return 0;
}

static int set_proc(struct option_parser *p, const struct option_row *row, const char *dir)
{
	(void)row;
	p->o->proc = dir;
	return 0;
}

static int set_tcp_info(struct option_parser *p, const struct option_row *row, const char *letters)
{
	(void)row;
	p->o->tcp_info = true;
	p->o->hide_state = !strchr(letters, 's');
	p->o->show_queues = strchr(letters, 'q') != NULL;
	return 0;
}

static int set_threads(struct option_parser *p, const struct option_row *row, const char *letter)
{
	(void)row;
	p->o->threads = *letter != 'i'; /* lsof's -Ki: ignore them */
	return 0;
}
