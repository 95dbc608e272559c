/*
 * Command lines for tests of options: parsed, and checked as main() does.
 */
#ifndef WHOPORT_TESTS_COMMAND_LINE_H
#define WHOPORT_TESTS_COMMAND_LINE_H

#include "fixture.h"

#include "options.h"

/* Words of one command line behind the program's name; ended by NULL. */
struct line {
	const char *words[8];
};

/** Parse a line. Return what options_parse() does. */
static inline int parse_line(const struct line *line, struct options *o, struct option_error *error)
{
	char *argv[9] = {(char *)"whoport"};
	struct names names;
	int argc = 1;

	while (argc < 9 && line->words[argc - 1]) {
		argv[argc] = (char *)line->words[argc - 1];
		argc++;
	}
	make_names(&names);
	*error = (struct option_error){"", NULL};
	int rc = options_parse(argc, argv, &names, o, error);
	names_free(&names);
	return rc;
}

/** Parse and check. */
static inline int read_line(const struct line *line, struct options *o, struct option_error *error)
{
	int rc = parse_line(line, o, error);

	return rc < 0 ? rc : options_check(o, error);
}

static inline void read_ok(const struct line *line, struct options *o)
{
	struct option_error error;

	if (read_line(line, o, &error) != 0)
		fail_msg("%s %s: %s", line->words[0], error.object, error.why);
}

#endif
