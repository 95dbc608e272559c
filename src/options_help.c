/* The text of --help, from the table of options; see options.h. */
#include "options.h"

#include "buf.h"
#include "option_table.h"

static void add_row_help(const struct option_row *row, struct buf *out)
{
	enum { HELP_COLUMN = 34 };
	size_t start = out->len;
	bool tight = row->value != VALUE_NONE && row->value != VALUE_NEEDED;

	buf_add_str(out, "  ");
	if (row->letter) {
		buf_add_char(out, row->sign);
		buf_add_char(out, row->letter);
	}
	if (row->letter && row->name && tight) /* -k[SIGNAL], --kill[=SIGNAL] */
		buf_add_str(out, row->shown);
	if (row->name) {
		buf_add_str(out, row->letter ? ", --" : "--");
		buf_add_str(out, row->name);
	}
	if (row->shown && tight && row->name) {
		buf_add_str(out, "[=");
		buf_add_str(out, row->shown + 1);
	} else if (row->shown) {
		buf_add_str(out, tight ? "" : row->name ? "=" : " ");
		buf_add_str(out, row->shown);
	}
	size_t used = out->len - start;
	if (used >= HELP_COLUMN) {
		buf_add_char(out, '\n');
		used = 0;
	}
	buf_add_pad(out, HELP_COLUMN - used);
	buf_add_str(out, row->help);
	buf_add_char(out, '\n');
}

void options_add_help(struct buf *out)
{
	buf_add_str(out,
		    "Usage: whoport [OPTION]... [TARGET]...\n"
		    "Show which processes hold a port or a socket.\n"
		    "\n"
		    "Targets, the local end:\n"
		    "  1334  80,443,8000-8010  http    ports, TCP and UDP\n"
		    "  tcp:53  udp:53  53/udp          of one protocol\n"
		    "  127.0.0.1:80  [::1]:80          what conflicts with a bind to that address\n"
		    "  /run/x.sock  ./x.sock  @name    unix sockets\n"
		    "Without target, -i, -U: what listens, and unconnected UDP sockets.\n"
		    "\n"
		    "Options:\n");
	for (const struct option_row *row = option_rows; row < option_rows + option_rows_len; row++) {
		if (row->help)
			add_row_help(row, out);
	}
	buf_add_str(out,
		    "\n"
		    "Exit status: 0 found, 1 something was not, 2 error or hidden from you.\n");
}
