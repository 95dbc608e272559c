/*
 * What the user is told on stderr beside the rows: what stayed unseen and
 * what would help, and what was not found.
 */
#ifndef WHOPORT_NOTES_H
#define WHOPORT_NOTES_H

#include <stdbool.h>
#include <stddef.h>

struct filter;
struct row_list;
struct snapshot;

/**
 * Say why selected sockets stayed without a holder, in one line; nothing if
 * none did. Never advises what would not help: sudo to root.
 *
 * @unread     processes that are asked for and could not be read: what they
 *             hold is missing from the answer
 * @invisible  hidepid may hide what was asked for
 */
void notes_unseen(const struct snapshot *snap, const struct row_list *rows, size_t unread,
		  bool invisible);

/** Say which items of the command line were not found, a line each (-V). */
void notes_missing(const struct filter *filter);

/** Say how many lines of /proc/net were no rows; nothing if all were. */
void notes_malformed(const struct snapshot *snap);

#endif
