/*
 * The answer in rows: a look, the table or PIDs of it, notes, and the exit status.
 */
#ifndef WHOPORT_ANSWER_H
#define WHOPORT_ANSWER_H

#include "format_table.h"

#include <stdbool.h>
#include <stddef.h>

struct options;
struct row_list;
struct run;

/** The columns asked for, or lsof's with those that options add. */
void answer_choose_columns(const struct options *o, struct table_format *out);

/** Facts of processes that columns need: PROCESS_STAT and so on. */
unsigned answer_facts(const struct options *o, const struct table_format *format);

/** True if what only sources know of sockets is shown, which a scanner may have told of. */
bool answer_needs_queues(const struct options *o, const struct table_format *format);

/**
 * Write rows to stdout as the options say: as a table or as PIDs.
 *
 * @rows  of the run's look
 * Return 0 or -errno of memory or write(2).
 */
int answer_write(struct run *run, const struct table_format *format, const struct row_list *rows);

/**
 * Say on stderr what the rows do not; in another cycle of -r only if the status changed.
 *
 * @unread  processes that are asked for and could not be read
 */
void answer_tell(struct run *run, size_t unread, int status);

/** What --stats tells, on stderr. */
void answer_tell_stats(const struct run *run);

/**
 * Look, and print what was found. Return the exit status; items of the command line that
 * an earlier look has found count as found.
 */
int answer(struct run *run);

/** True if field output is written, and not JSON with chosen keys. */
bool answer_is_fields(const struct options *o);

#endif
