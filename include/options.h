/*
 * The command line as a struct, from one table that also prints --help.
 */
#ifndef WHOPORT_OPTIONS_H
#define WHOPORT_OPTIONS_H

#include "column.h"
#include "field.h"
#include "filter.h"
#include "inventory.h"
#include "scanner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct names;

/* A target, or the value of a selecting option. */
struct option_word {
	enum filter_kind kind;
	const char *text; /* argv's */
};

enum option_wait { OPTION_WAIT_NOT, OPTION_WAIT_FREE, OPTION_WAIT_LISTEN };

enum option_colour { OPTION_COLOUR_AUTO, OPTION_COLOUR_ALWAYS, OPTION_COLOUR_NEVER };

struct options {
	struct option_word *words; /* owned */
	size_t words_len, words_cap;
	bool unix_sockets; /* -U */
	bool all;
	bool and_selections; /* -a; they always are */
	bool accepted;   /* options from habit that change nothing */
	bool pids_only;  /* -t */
	bool json, json_lines; /* -J, -j */
	bool fields;           /* -F */
	bool fields_bare;      /* ... without letters */
	bool field_help;       /* -F? */
	struct field_choice field_choice; /* of -F, for JSON too */
	bool repeat;             /* -r, +r */
	bool repeat_while_found; /* +r */
	uint32_t repeat_ms;
	uint64_t repeat_count; /* 0: without end */
	const char *marker;    /* format of strftime(3); NULL: the usual; argv's */
	bool ends, list_ends;  /* -E, +E */
	bool details;          /* -D, --sockopts */
	bool sockopts;         /* --sockopts */
	bool brief;            /* --brief */
	bool kill;       /* -k */
	int signal;      /* its signal */
	bool dry_run, ask, force;
	bool why;        /* --why */
	bool probe;      /* --probe: with a bind() of our own */
	bool close;      /* --close */
	bool has_grace, has_timeout;
	uint32_t grace_ms, timeout_ms;
	enum option_wait wait; /* --wait */
	bool no_header;  /* --no-header */
	bool show_ppid;  /* -R */
	bool show_pgid;  /* -g */
	bool threads;    /* -K */
	bool numeric_users; /* -l */
	bool service_names; /* +P */
	bool host_names;    /* +n */
	bool tcp_info;      /* -T */
	bool hide_state;    /* -T without s */
	bool show_queues;   /* -Tq */
	bool missing_is_fine; /* -Q */
	bool tell_missing;    /* -V */
	bool no_notes;        /* -w */
	bool stats;
	bool help, version;
	size_t command_width; /* +c */
	enum column_id columns[COLUMN_COUNT]; /* -o */
	size_t columns_len; /* 0: not given */
	enum option_colour colour;
	enum inventory_source source;
	enum scanner_choice scanner; /* --scan, WHOPORT_SCAN */
	/* A number behind an option whose value is attached, as in lsof's `+r 1`; argv's. */
	const char *loose_value;
	char loose_option[3];
	const char *proc;  /* --proc; argv's */
	const char *netns; /* -N; argv's; NULL: self */
};

/* What is wrong with a command line. */
struct option_error {
	char object[128]; /* the option and its value, perhaps cut */
	const char *why;
};

/**
 * Parse a command line, and WHOPORT_SCAN of the environment.
 *
 * @names  for the question whether a word behind -i is its value
 * @out    released by options_free(), also after an error
 * Return 0, -EINVAL with @out_error, or -ENOMEM.
 */
int options_parse(int argc, char *const *argv, struct names *names, struct options *out,
		  struct option_error *out_error);

/**
 * Check that the options that act fit together, and the terminal that --ask needs.
 *
 * Return 0, or -EINVAL with @out_error.
 */
int options_check(const struct options *o, struct option_error *out_error);

/** Release what the options own. */
void options_free(struct options *o);

/** Name the option of a word in an error: `-p x`, or the target alone. */
void option_error_set(struct option_error *error, const struct option_word *word, const char *why);

/** Append the text of --help. */
void options_add_help(struct buf *out);

#endif
