/*
 * What the user is told on stderr beside the rows: what stayed unseen and
 * what would help, and what was not found.
 */
#ifndef WHOPORT_NOTES_H
#define WHOPORT_NOTES_H

#include <stdbool.h>
#include <stddef.h>

struct filter;
struct netns_list;
struct options;
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

/** If a number was taken for a port that is not there, and an option may have meant it. */
void notes_loose_value(const struct options *o, const struct filter *filter);

/** Say which items of the command line were not found, a line each (-V). */
void notes_missing(const struct filter *filter);

/**
 * Say what of the socket tables is missing from the answer, or with @is_whole,
 * when all was found, what may make it wrong: lines that made no
 * sense, protocols without an answer, namespaces that could not be read; nothing
 * if all is there.
 */
void notes_unread_tables(const struct snapshot *snap, bool is_whole);

/**
 * If a port was not found and sockets that are only bound could not be seen, which
 * may hold it all the same: say so.
 */
void notes_bound(const struct snapshot *snap, const struct filter *filter,
		 const struct netns_list *namespaces);

/**
 * If a port was not found, say whether there are other network namespaces to
 * look into. They are counted, not read.
 */
void notes_elsewhere(const struct filter *filter, struct netns_list *namespaces);

#endif
