/*
 * Text by lines, in constant memory: a /proc/net table can be 100 MB.
 */
#ifndef WHOPORT_LINE_READER_H
#define WHOPORT_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Takes one line, without its newline; @line is NULL for a line that is too
 * long to be a row. Return 0 to go on, or -errno to stop.
 */
typedef int line_taker(void *ctx, const char *line, size_t len);

/** Longest line that is handed on, in bytes. */
#define LINE_READER_MAX ((size_t)8192)

struct line_reader {
	char text[LINE_READER_MAX];
	size_t len;
	bool overlong; /* inside a line that is too long */
};

/**
 * Hand on the lines that some bytes complete; keeps an unfinished one.
 *
 * Return 0, or what the taker returned.
 */
int line_reader_feed(struct line_reader *r, const char *data, size_t len, line_taker *take,
		     void *ctx);

/** Hand on what is left at the end of the file, if it has no newline. */
int line_reader_finish(struct line_reader *r, line_taker *take, void *ctx);

/**
 * Feed a whole file to a taker.
 *
 * @fd  borrowed
 * Return 0, -errno of read(2), or what the taker returned.
 */
int line_reader_run(int fd, line_taker *take, void *ctx);

#endif
