/*
 * The table: a header line, then a line for each row, columns aligned.
 */
#ifndef WHOPORT_FORMAT_TABLE_H
#define WHOPORT_FORMAT_TABLE_H

#include "column.h"

#include <stdbool.h>
#include <stddef.h>

struct row_list;

struct table_format {
	enum column_id columns[COLUMN_COUNT];
	size_t count;
	bool no_header;
};

/**
 * Write a table in large pieces, with lines about processes if the style asks for them; nothing at all if there are no rows.
 *
 * @fd  borrowed
 * Return 0 or -errno of memory or write(2).
 */
int format_table_write(const struct table_format *format, const struct column_style *style,
		       const struct row_list *rows, int fd);

#endif
