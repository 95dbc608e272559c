/*
 * A process among our own words: `nginx,811`.
 */
#ifndef WHOPORT_PROCESS_TEXT_H
#define WHOPORT_PROCESS_TEXT_H

#include <stddef.h>

struct buf;
struct process;

/**
 * Append a foreign name that stands among our words, escaped; blanks, too, and what
 * parts these words: a command called "a,1; likely b" would be a second process.
 *
 * @escape  ESCAPE_UTF8 or 0
 */
void process_text_add_name(const char *name, size_t len, unsigned escape, struct buf *out);

/** Append a process as COMMAND,PID. */
void process_text_add(const struct process *p, unsigned escape, struct buf *out);

#endif
