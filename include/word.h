/*
 * A piece of foreign text as a value: an argument, a name, a part of a path; and how it
 * is typed at a shell.
 */
#ifndef WHOPORT_WORD_H
#define WHOPORT_WORD_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct word {
	const char *text; /* borrowed; not terminated; may be NULL if len is 0 */
	size_t len;
};

/** Bytes in which no shell sees more than themselves. */
#define WORD_PLAIN "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-"

/** True if the bytes are these. */
bool word_equals(struct word w, const char *text);

/** True if these are the first bytes. */
bool word_begins_with(struct word w, const char *head);

/** True if these are the last bytes. */
bool word_ends_with(struct word w, const char *tail);

/** True if every byte is one of some; NUL never is. */
bool word_consists_of(struct word w, const char *allowed);

/** What follows the last slash, or all of it. */
struct word word_base_name(struct word path);

/** Append the bytes as they are. */
void word_add(struct buf *out, struct word w);

/**
 * Append the bytes so that a shell reads them as one word: as they are, or in single
 * quotes. Bytes that show as something else (control, other than ASCII) are the caller's
 * to refuse, and so is a dash at the start where an option could be meant.
 *
 * Source: "Quoting" in POSIX, Shell Command Language.
 */
void word_add_quoted(struct buf *out, struct word w);

#endif
