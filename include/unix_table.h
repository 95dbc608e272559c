/*
 * The rows of /proc/net/unix, freed from forgeries.
 *
 * A socket's name is printed as it is, and may hold newlines: whoever binds
 * "/tmp/a\n0000: 00000002 ... 31415 /run/b" prints a second row, with an inode
 * of his choice. Only a row that could be the end of the name before it can be
 * such a forgery, and names are at most 108 bytes: all others are certain.
 */
#ifndef WHOPORT_UNIX_TABLE_H
#define WHOPORT_UNIX_TABLE_H

#include "sock.h"

#include <stdbool.h>
#include <stddef.h>

enum unix_line_fate {
	UNIX_LINE_ROW,
	UNIX_LINE_FORGED,   /* part of the name in the row before */
	UNIX_LINE_REPEATED, /* the kernel gave it twice */
};

struct unix_line {
	const char *text; /* the row and what continues its name; socks' memory */
	size_t len;
	enum unix_line_fate fate;
	bool forgeable; /* may be the end of the name in the row before */
	bool contested; /* another row, which may be forged too, claims its inode */
};

struct unix_table {
	struct sock_table socks; /* doubt is set where a row is not certain */
	struct unix_line *lines; /* lines[i] is the text of socks.v[i] */
	size_t cap;
	size_t malformed;
	bool header_seen;
	/* Bytes of the name that ends in the latest line, if it began in the
	 * latest row, or in an earlier one; SIZE_MAX: not possible. */
	size_t own, through;
};

/** Release the table. */
void unix_table_free(struct unix_table *t);

/**
 * Take the next line (a line_taker; @ctx is the table). A line that is no row
 * continues the name of the row before it, behind a newline.
 *
 * Return 0 or -ENOMEM.
 */
int unix_table_take_line(void *ctx, const char *line, size_t len);

/**
 * Settle what was read: mark rows that may be forged, and give a row back to
 * the name before it if a certain row has the same inode.
 *
 * Return 0 or -ENOMEM; then socks holds the rows, in the kernel's order.
 */
int unix_table_settle(struct unix_table *t);

#endif
