/*
 * The table; see format_table.h. Cells are made twice, once to measure and
 * once to print, instead of keeping the text of 25,000 rows.
 */
#include "format_table.h"

#include "buf.h"
#include "context.h"
#include "escape.h"
#include "holder.h"
#include "join.h"

#include <string.h>

enum { WRITE_SIZE = 65536 };

/* True if a column is not padded: the last one, if its cells start at the left. */
static bool is_open(const struct table_format *format, size_t c)
{
	return c + 1 == format->count && column_is_left(format->columns[c]);
}

/* Widest cell of each padded column. */
static int measure(const struct table_format *format, const struct column_style *style,
		   const struct row_list *rows, size_t *out_widths)
{
	struct buf cell = {0};

	for (size_t c = 0; c < format->count; c++) {
		out_widths[c] = format->no_header ? 0 : strlen(column_title(format->columns[c]));
		for (size_t i = 0; i < rows->len && !is_open(format, c); i++) {
			const struct row *row = &rows->v[i];
			if (i > 0 && column_repeats(format->columns[c], row, row - 1))
				continue;
			cell.len = 0;
			column_add(format->columns[c], style, row, &cell);
			size_t width = escape_columns(cell.data, cell.len);
			if (width > out_widths[c])
				out_widths[c] = width;
		}
	}
	int rc = cell.error;
	buf_free(&cell);
	return rc;
}

/* Pad the cell that was appended since @start, and end it. */
static void end_cell(const struct table_format *format, size_t c, size_t width, size_t start,
		     struct buf *out)
{
	size_t len = out->len - start;
	size_t used = is_open(format, c) ? width : escape_columns(out->data + start, len);
	size_t pad = width > used ? width - used : 0;

	buf_add_pad(out, pad);
	if (pad > 0 && !column_is_left(format->columns[c]) && !out->error) {
		memmove(out->data + start + pad, out->data + start, len);
		memset(out->data + start, ' ', pad);
	}
	if (c + 1 < format->count) {
		buf_add_char(out, ' ');
		return;
	}
	/* A title that a process gave itself may end in blanks. */
	while (out->len > start && out->data[out->len - 1] == ' ')
		out->len--;
	buf_add_char(out, '\n');
}

static void add_header(const struct table_format *format, const struct column_style *style,
		       const size_t *widths, struct buf *out)
{
	if (style->colour)
		buf_add_str(out, "\033[1m");
	for (size_t c = 0; c < format->count; c++) {
		size_t start = out->len;

		buf_add_str(out, column_title(format->columns[c]));
		end_cell(format, c, widths[c], start, out);
	}
	if (style->colour && !out->error) {
		out->len--; /* the newline comes behind the colour's end */
		buf_add_str(out, "\033[m\n");
	}
}

/* Where the cells of a line stand in the buffer, padding included. */
struct cell {
	size_t start, len;
};

/*
 * Append a line. Cells that are the same in the line before, such as those of
 * the process, are copied from it.
 */
static void add_line(const struct table_format *format, const struct column_style *style,
		     const struct row *row, const struct row *before, const size_t *widths,
		     struct cell *cells, struct buf *out)
{
	for (size_t c = 0; c < format->count; c++) {
		size_t start = out->len;

		if (before && column_repeats(format->columns[c], row, before)) {
			buf_repeat(out, cells[c].start, cells[c].len);
		} else {
			column_add(format->columns[c], style, row, out);
			end_cell(format, c, widths[c], start, out);
		}
		cells[c] = (struct cell){start, out->len - start};
	}
}

/* True for the last row of a process. */
static bool ends_process(const struct row_list *rows, size_t i)
{
	const struct holder *h = rows->v[i].holder;
	const struct holder *next = i + 1 < rows->len ? rows->v[i + 1].holder : NULL;

	return h && (!next || next->pid != h->pid);
}

/* Append what is told of the process below its last row. */
static void add_context(const struct column_style *style, const struct row_list *rows, size_t i,
			size_t *lines, struct buf *out)
{
	size_t start = out->len;

	if (!style->context || *lines == CONTEXT_LINES_MAX || !ends_process(rows, i))
		return;
	context_add(style, &rows->v[i], out);
	*lines += out->len > start;
}

int format_table_write(const struct table_format *format, const struct column_style *style,
		       const struct row_list *rows, int fd)
{
	size_t widths[COLUMN_COUNT];
	struct cell cells[COLUMN_COUNT];
	const struct row *before = NULL; /* row of the line before in the buffer */
	struct buf out = {0};
	size_t lines = 0;
	int rc;

	if (rows->len == 0)
		return 0;
	rc = measure(format, style, rows, widths);
	if (rc < 0)
		return rc;
	if (!format->no_header)
		add_header(format, style, widths, &out);
	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		add_line(format, style, &rows->v[i], before, widths, cells, &out);
		before = &rows->v[i];
		add_context(style, rows, i, &lines, &out);
		if (out.len >= WRITE_SIZE) {
			rc = buf_write(&out, fd);
			before = NULL;
		}
	}
	if (rc == 0)
		rc = buf_write(&out, fd);
	buf_free(&out);
	return rc;
}
