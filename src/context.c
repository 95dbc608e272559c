/* The line below the rows of a process; see context.h. */
#define _GNU_SOURCE
#include "context.h"

#include "buf.h"
#include "column.h"
#include "escape.h"
#include "join.h"
#include "process.h"
#include "procfs.h"
#include "row_fact.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	INDENT = 4,
	WIDTH = 80,
	ARGS_MIN = 16, /* columns that arguments have on the narrowest terminal */
};

void context_init(struct context *out, int fd, int proc_fd)
{
	struct winsize size = {0};

	*out = (struct context){.width = WIDTH, .uptime = procfs_uptime(proc_fd)};
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		out->width = size.ws_col;
}

/* Keep the first blank of several: they may be there to look like the end. */
static void squeeze_blanks(struct buf *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (text->data[i] != ' ' || (kept > 0 && text->data[kept - 1] != ' '))
			text->data[kept++] = text->data[i];
	}
	text->len = kept > 0 && text->data[kept - 1] == ' ' ? kept - 1 : kept;
}

/* Let text that escape_add() made end in `...` if it takes more columns. */
static void cut(struct buf *text, size_t columns)
{
	const char dots[] = "...";
	size_t at = 0, used = sizeof(dots) - 1;

	if (escape_columns(text->data, text->len) <= columns)
		return;
	while (at < text->len) {
		uint32_t c;
		size_t n = escape_decode_utf8(text->data + at, text->len - at, &c);

		n = n > 0 ? n : 1;
		used += escape_columns(text->data + at, n);
		if (used > columns)
			break;
		at += n;
	}
	text->len = at;
	buf_add_str(text, dots);
}

/* Seconds in the largest unit of which there are two or more. */
static void add_age(uint64_t seconds, struct buf *out)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}};
	size_t i = 0;

	while (units[i].seconds > 1 && seconds < 2 * units[i].seconds)
		i++;
	buf_add_dec(out, seconds / units[i].seconds);
	buf_add_str(out, units[i].name);
}

/* `in /srv/app, 3 d, pm2.service` */
static void add_place_and_age(const struct column_style *style, const struct row *row,
			      struct buf *out)
{
	const struct cgroup_name container = row_container(row), unit = row_unit(row);
	const struct cgroup_name *name = container.len > 0 ? &container : &unit;
	const char *separator = "";
	uint64_t age;

	if (row->process->cwd) {
		buf_add_str(out, "in ");
		column_add(COLUMN_CWD, style, row, out);
		separator = ", ";
	}
	if (row->process->start_ticks != 0 &&
	    process_age(row->process, style->context->uptime, &age)) {
		buf_add_str(out, separator);
		add_age(age, out);
		separator = ", ";
	}
	if (name->len > 0) {
		buf_add_str(out, separator);
		buf_add_str(out, name == &container ? "container " : "");
		escape_add(out, name->text, name->len, style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	}
}

static void add_args(const struct column_style *style, const struct row *row, size_t columns,
		     struct buf *out)
{
	if (!row->process->args)
		return;
	column_add(COLUMN_ARGS, style, row, out);
	squeeze_blanks(out);
	cut(out, columns > ARGS_MIN ? columns : ARGS_MIN);
}

void context_add(const struct column_style *style, const struct row *row, struct buf *out)
{
	struct buf args = {0}, rest = {0};

	if (!row->process)
		return;
	add_place_and_age(style, row, &rest);
	size_t gap = rest.len > 0 ? 2 : 0;
	size_t used = INDENT + gap + escape_columns(rest.data, rest.len);
	size_t width = style->context->width;
	add_args(style, row, width > used ? width - used : 0, &args);

	if (args.len + rest.len > 0) {
		buf_add_str(out, style->colour ? "\033[2m" : "");
		buf_add_pad(out, INDENT);
		buf_add(out, args.data, args.len);
		buf_add_pad(out, args.len > 0 ? gap : 0);
		buf_add(out, rest.data, rest.len);
		buf_add_str(out, style->colour ? "\033[m\n" : "\n");
	}
	out->error = out->error ? out->error : args.error ? args.error : rest.error;
	buf_free(&args);
	buf_free(&rest);
}
