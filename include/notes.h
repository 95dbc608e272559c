/*
 * What the user is told on stderr beside the rows: what stayed unseen and
 * what would help, and what was not found.
 */
#ifndef WHOPORT_NOTES_H
#define WHOPORT_NOTES_H

#include <stdbool.h>

struct filter;
struct row_list;
struct snapshot;

/**
 * Say why selected sockets stayed without a holder, in one line; nothing if
 * none did. Never advises what would not help: sudo to root.
 *
 * @limited  only chosen processes were scanned (filter_limits_scan()): then
 *           a process that could not be read is itself missing from the answer
 */
void notes_unseen(const struct snapshot *snap, const struct row_list *rows, bool limited);

/** Say which items of the command line were not found, a line each (-V). */
void notes_missing(const struct filter *filter);

/** Say how many lines of /proc/net were no rows; nothing if all were. */
void notes_malformed(const struct snapshot *snap);

#endif
