/*
 * The table; see format_table.h. Cells are made twice, once to measure and
 * once to print, instead of keeping the text of 25,000 rows.
 */
#include "format_table.h"

#include "buf.h"
#include "escape.h"
#include "join.h"

#include <string.h>

enum { WRITE_SIZE = 65536 };

/* Widest cell of each column but the last, which is never padded. */
static int measure(const struct table_format *format, const struct column_style *style,
		   const struct row_list *rows, size_t *out_widths)
{
	struct buf cell = {0};

	for (size_t c = 0; c < format->count; c++)
		out_widths[c] = format->no_header ? 0 : strlen(column_title(format->columns[c]));
	for (size_t i = 0; i < rows->len && !cell.error; i++) {
		for (size_t c = 0; c + 1 < format->count; c++) {
			cell.len = 0;
			column_add(format->columns[c], style, &rows->v[i], &cell);
			size_t width = escape_columns(cell.data, cell.len);
			if (width > out_widths[c])
				out_widths[c] = width;
		}
	}
	int rc = cell.error;
	buf_free(&cell);
	return rc;
}

/* Append a cell, aligned; @text is in @out's own form. */
static void add_aligned(const struct buf *cell, size_t width, bool left, bool last,
			struct buf *out)
{
	size_t used = escape_columns(cell->data, cell->len);
	size_t pad = width > used ? width - used : 0;

	if (!left)
		buf_add_pad(out, pad);
	buf_add(out, cell->data, cell->len);
	if (left && !last)
		buf_add_pad(out, pad);
	buf_add_char(out, last ? '\n' : ' ');
}

static void add_header(const struct table_format *format, const struct column_style *style,
		       const size_t *widths, struct buf *out)
{
	struct buf cell = {0};

	if (style->colour)
		buf_add_str(out, "\033[1m");
	for (size_t c = 0; c < format->count; c++) {
		bool last = c + 1 == format->count;

		cell.len = 0;
		buf_add_str(&cell, column_title(format->columns[c]));
		if (last && style->colour)
			buf_add_str(&cell, "\033[m");
		add_aligned(&cell, widths[c], column_is_left(format->columns[c]), last, out);
	}
	buf_free(&cell);
}

static void add_line(const struct table_format *format, const struct column_style *style,
		     const struct row *row, const size_t *widths, struct buf *cell,
		     struct buf *out)
{
	for (size_t c = 0; c < format->count; c++) {
		cell->len = 0;
		column_add(format->columns[c], style, row, cell);
		add_aligned(cell, widths[c], column_is_left(format->columns[c]),
			    c + 1 == format->count, out);
	}
}

int format_table_write(const struct table_format *format, const struct column_style *style,
		       const struct row_list *rows, int fd)
{
	size_t widths[COLUMN_COUNT];
	struct buf out = {0}, cell = {0};
	int rc;

	if (rows->len == 0)
		return 0;
	rc = measure(format, style, rows, widths);
	if (rc < 0)
		return rc;
	if (!format->no_header)
		add_header(format, style, widths, &out);
	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		add_line(format, style, &rows->v[i], widths, &cell, &out);
		if (cell.error)
			rc = cell.error;
		else if (out.len >= WRITE_SIZE)
			rc = buf_write(&out, fd);
	}
	if (rc == 0)
		rc = buf_write(&out, fd);
	buf_free(&cell);
	buf_free(&out);
	return rc;
}
