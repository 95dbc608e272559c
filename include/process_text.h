/*
 * A process among our own words: `nginx,811`.
 */
#ifndef WHOPORT_PROCESS_TEXT_H
#define WHOPORT_PROCESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct holder;
struct names;
struct process;

/**
 * Append a foreign name that stands among our words, escaped; blanks, too, and what
 * parts these words: a command called "a,1; likely b" would be a second process.
 *
 * @escape  ESCAPE_UTF8 or 0
 */
void process_text_add_name(const char *name, size_t len, unsigned escape, struct buf *out);

/**
 * Append by what a process holds a socket: `3u`, `ring:4`, `mem`.
 *
 * @access  with `u` behind a descriptor: sockets are open for reading and writing
 */
void process_text_add_fd(const struct holder *h, bool access, struct buf *out);

/** Append a holder as lsof does at the other end: PID,COMMAND,FD. */
void process_text_add_holder(const struct holder *h, const struct process *p, unsigned escape,
			     struct buf *out);

/** Append a user by name, escaped as the above, or by number if it has none or @names is NULL. */
void process_text_add_user(struct names *names, uint32_t uid, unsigned escape, struct buf *out);

/** Append a process as COMMAND,PID. */
void process_text_add(const struct process *p, unsigned escape, struct buf *out);

#endif
