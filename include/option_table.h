/*
 * The table of all options, which serves parsing, --help and the tests of man page and
 * completions; and the command line under way, for those that take values.
 */
#ifndef WHOPORT_OPTION_TABLE_H
#define WHOPORT_OPTION_TABLE_H

#include "options.h"

#include <stdbool.h>
#include <stddef.h>

enum option_value {
	VALUE_NONE,     /* a flag */
	VALUE_NEEDED,   /* attached, or the next word */
	VALUE_ATTACHED, /* optional; attached characters of a given set, or other letters follow */
	VALUE_REST,     /* optional; all that is attached, if it begins with one of a set */
	VALUE_INET,     /* attached, or the next word if it parses */
};

/* A command line under way. */
struct option_parser {
	char *const *argv;
	int argc, at;
	struct names *names;
	struct options *o;
	struct option_error *error;
	bool scanner_given;
};

struct option_row {
	char sign;        /* '-' or '+' of the short form */
	char letter;      /* 0: none */
	const char *name; /* long form without dashes, or NULL */
	enum option_value value;
	const char *shown; /* the value in --help */
	const char *help;  /* NULL: not listed */

	size_t flag; /* VALUE_NONE: offset of a bool in struct options */
	bool off;    /* the flag is cleared, not set */

	/* Others: take the value, "" where it is optional and not given. Return 0 or -errno. */
	int (*set)(struct option_parser *p, const struct option_row *row, const char *value);
	enum filter_kind kind; /* of a word that selects */
	const char *attached;  /* characters of the value, or of its start; NULL: any */
};

extern const struct option_row option_rows[];
extern const size_t option_rows_len;

/** Refuse an option and its value, NULL for none. Return -EINVAL. */
int option_refuse(struct option_parser *p, const char *option, const char *value, const char *why);

/** Name an option as it was meant, with its value: `-p x`, `--proc=x`. */
void option_set_object(struct option_error *error, const char *option, const char *value);

/** Add a selecting word. Return 0 or -ENOMEM. */
int option_add_word(struct option_parser *p, enum filter_kind kind, const char *text);

/** Take WHOPORT_SCAN of the environment. Return 0 or -EINVAL. */
int option_read_environment(struct option_parser *p);

#endif
