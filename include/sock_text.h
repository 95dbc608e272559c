/*
 * The words of a row about its socket: ends, NAME. Shared by the columns.
 */
#ifndef WHOPORT_SOCK_TEXT_H
#define WHOPORT_SOCK_TEXT_H

#include <stddef.h>

struct addr;
struct buf;
struct column_style;
struct row;
struct sock;

/** One end of an internet socket, such as `*:80`; port names if the style asks. */
void sock_text_add_end(const struct column_style *style, const struct sock *s,
		       const struct addr *end, struct buf *out);

/**
 * The bound name of a unix socket, escaped; nothing if it has none.
 *
 * @flags  ESCAPE_BLANKS or 0
 */
void sock_text_add_path(const struct column_style *style, const struct sock *s, unsigned flags,
			struct buf *out);

/**
 * A unix name as a target has it: of an abstract one '@' for the leading NUL, `\0` for
 * others.
 *
 * @flags  of escape_add()
 */
void sock_text_add_exact_name(const char *name, size_t name_len, unsigned flags, struct buf *out);

/** The NAME cell: `127.0.0.1:80->127.0.0.1:5000 (ESTABLISHED)`, with its reason. */
void sock_text_add_name(const struct column_style *style, const struct row *row, struct buf *out);

#endif
