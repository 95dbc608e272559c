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

#include <stddef.h>

struct buf;

/* Valid, printable UTF-8 passes; else every byte above 0x7e is \xNN. */
#define ESCAPE_UTF8 (1U << 0)
/* A blank becomes \x20, so that a COMMAND is always one word. */
#define ESCAPE_BLANKS (1U << 1)

/** No limit to the number of characters. */
#define ESCAPE_ALL ((size_t)-1)

/**
 * Append a foreign name in printable form.
 *
 * @max  characters of the name (not of its escapes) to take, or ESCAPE_ALL
 */
void escape_add(struct buf *out, const char *name, size_t len, unsigned flags, size_t max);

/**
 * Terminal columns that text takes which escape_add() made: one for an ASCII
 * character, what wcwidth(3) says for others.
 */
size_t escape_columns(const char *text, size_t len);

#endif
