/*
 * Values of JSON (RFC 8259), appended to a buffer. The caller puts the commas.
 */
#ifndef WHOPORT_JSON_H
#define WHOPORT_JSON_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/**
 * Append bytes as a string that is valid UTF-8 whatever they are, and from which they can
 * be had back: in the string's value a byte that is not part of valid UTF-8 stands as
 * \xNN, and a backslash as two. Characters that harm a terminal are written \uNNNN, which
 * makes no difference to the value.
 */
void json_add_string(struct buf *out, const char *bytes, size_t len);

/** The same inside of quotes that the caller adds, for strings made of several parts. */
void json_add_bytes(struct buf *out, const char *bytes, size_t len);

/** Append null. */
void json_add_null(struct buf *out);

/** Append a terminated string, or null for NULL. */
void json_add_text(struct buf *out, const char *text);

/** Append a number; null for 0. */
void json_add_number_or_null(struct buf *out, uint64_t number);

#endif
