/*
 * The exit status of an answer in rows; see EXIT STATUS in the man page.
 */
#ifndef WHOPORT_STATUS_H
#define WHOPORT_STATUS_H

#include <stdbool.h>
#include <stddef.h>

struct filter;
struct row_list;
struct snapshot;

enum status { STATUS_FOUND = 0, STATUS_MISSING = 1, STATUS_ERROR = 2 };

struct status_question {
	size_t unread;        /* from status_count_unread() */
	bool pids_only;       /* -t: what has no holder is missing, what is hidden an error */
	bool held_only;       /* -F: what has no holder is not shown */
	bool missing_is_fine; /* -Q */
	bool every_netns;     /* -N all */
};

/**
 * Processes that selections ask for, or may ask for, and that could not be
 * read: the answer may lack theirs.
 */
size_t status_count_unread(const struct snapshot *snap, const struct filter *filter,
			   const struct row_list *rows);

/** The status of what was found: an enum status. */
int status_of_rows(const struct snapshot *snap, const struct filter *filter,
		   const struct row_list *rows, const struct status_question *q);

#endif
