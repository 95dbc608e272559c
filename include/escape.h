/*
 * Foreign names made harmless. Commands, socket paths and arguments are
 * chosen by strangers and may hold anything but NUL (an abstract socket name
 * even that): every text output passes through here.
 *
 * The form is that of lsof(8): \b \f \n \r \t and \\, ^X for other control
 * bytes, \xNN for bytes that cannot be printed.
 */
#ifndef WHOPORT_ESCAPE_H
#define WHOPORT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Valid, printable UTF-8 passes; else every byte above 0x7e is \xNN. */
#define ESCAPE_UTF8 (1U << 0)
/* A blank becomes \x20, so that a COMMAND is always one word. */
#define ESCAPE_BLANKS (1U << 1)
/* Nothing is escaped: for who escapes it all later, or wants the bytes. Blanks neither. */
#define ESCAPE_RAW (1U << 2)

/** No limit to the number of characters. */
#define ESCAPE_ALL ((size_t)-1)

/**
 * Append a foreign name in printable form.
 *
 * @max  characters of the name (not of its escapes) to take, or ESCAPE_ALL
 */
void escape_add(struct buf *out, const char *name, size_t len, unsigned flags, size_t max);

/**
 * Decode one character of UTF-8 (RFC 3629: no overlong forms, no surrogates).
 *
 * @s  of at least one byte
 * Return its length, or 0 if the bytes are not one.
 */
size_t escape_decode_utf8(const char *s, size_t len, uint32_t *out);

/**
 * True for a character beyond ASCII that is invisible, looks like a blank, controls a
 * terminal, or changes the order of what follows.
 */
bool escape_is_deceptive(uint32_t character);

/**
 * Terminal columns that text takes which escape_add() made: one for an ASCII
 * character, what wcwidth(3) says for others.
 */
size_t escape_columns(const char *text, size_t len);

#endif
