/*
 * Cards; see details.h. Which holders share a socket is looked up in a list of all rows,
 * sorted by their sockets.
 */
#include "details.h"

#include "card.h"
#include "column.h"
#include "join.h"
#include "process.h"
#include "process_text.h"
#include "sock.h"
#include "sock_text.h"

#include <errno.h>
#include <stdlib.h>

enum { WRITE_SIZE = 65536 };

/* Cards under way. */
struct writer {
	struct column_style style; /* without what has a line of its own */
	const struct row_list *rows;
	const struct row **by_sock; /* owned; rows in the order of their sockets */
	struct buf out;
	struct card card;
	bool any; /* cards: the next is behind an empty line */
};

unsigned details_facts(void)
{
	return PROCESS_STAT | PROCESS_ARGS | PROCESS_CWD | PROCESS_CGROUP | PROCESS_DETAIL;
}

static int compare_sock(const void *x, const void *y)
{
	const struct row *a = *(const struct row *const *)x, *b = *(const struct row *const *)y;

	if (a->sock != b->sock)
		return a->sock < b->sock ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* The rows of a row's socket, in their order. */
static const struct row *const *find_sharers(const struct writer *w, const struct row *row,
					     size_t *out_len)
{
	size_t lo = 0, hi = w->rows->len, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (w->by_sock[mid]->sock < row->sock)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < w->rows->len && w->by_sock[end]->sock == row->sock;)
		end++;
	*out_len = end - lo;
	return w->by_sock + lo;
}

/* The first line of a card, behind an empty one. */
static void begin_head(struct writer *w)
{
	if (w->any)
		buf_add_char(&w->out, '\n');
	w->any = true;
	if (w->style.colour)
		buf_add_str(&w->out, "\033[1m");
}

static void end_head(struct writer *w)
{
	buf_add_str(&w->out, w->style.colour ? "\033[m\n" : "\n");
}

static void add_process(struct writer *w, const struct row *row)
{
	begin_head(w);
	process_text_add(row->process, w->style.escape, &w->out);
	end_head(w);
	details_add_process(&w->card, &w->style, row);
}

/* `nginx,811 6u IPv4 TCP *:80 (LISTEN)` */
static void add_sock_head(struct writer *w, const struct row *row)
{
	struct row plain = *row;

	plain.reason = REASON_NONE; /* it has a line of its own */
	begin_head(w);
	if (row->process) {
		process_text_add(row->process, w->style.escape, &w->out);
		buf_add_char(&w->out, ' ');
	}
	if (row->holder)
		process_text_add_fd(row->holder, true, &w->out);
	else
		buf_add_char(&w->out, '-');
	buf_add_char(&w->out, ' ');
	buf_add_str(&w->out, sock_text_type(row->sock));
	if (SOCK_PROTO_BIT(row->sock->proto) & SOCK_PROTOS_INET) {
		buf_add_char(&w->out, ' ');
		buf_add_str(&w->out, sock_proto_name((enum sock_proto)row->sock->proto));
	}
	buf_add_char(&w->out, ' ');
	sock_text_add_name(&w->style, &plain, &w->out);
	end_head(w);
}

static void add_sock(struct writer *w, const struct row *row)
{
	size_t len;
	const struct row *const *sharers = find_sharers(w, row, &len);

	add_sock_head(w, row);
	if (sharers[0] == row) {
		details_add_sock(&w->card, &w->style, row, sharers, len);
		return;
	}
	card_begin(&w->card, "told above");
	process_text_add_holder(sharers[0]->holder, sharers[0]->process, w->style.escape,
				&w->card.item);
	card_end_item(&w->card, " ");
	card_end(&w->card);
}

static int init(struct writer *w, const struct column_style *style, const struct row_list *rows)
{
	w->style = *style;
	w->style.name_ends = w->style.show_queues = w->style.colour_reason = false;
	w->rows = rows;
	w->card.out = &w->out;
	w->by_sock = malloc((rows->len + 1) * sizeof(*w->by_sock));
	if (!w->by_sock)
		return -ENOMEM;
	for (size_t i = 0; i < rows->len; i++)
		w->by_sock[i] = &rows->v[i];
	if (rows->len > 0)
		qsort(w->by_sock, rows->len, sizeof(*w->by_sock), compare_sock);
	return 0;
}

int details_write(const struct column_style *style, const struct row_list *rows, int fd)
{
	struct writer w = {0};
	int rc = init(&w, style, rows);

	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		const struct row *row = &rows->v[i];
		if (row->process && (i == 0 || row->process != row[-1].process))
			add_process(&w, row);
		add_sock(&w, row);
		if (w.out.len >= WRITE_SIZE)
			rc = buf_write(&w.out, fd);
	}
	card_free(&w.card);
	if (rc == 0)
		rc = buf_write(&w.out, fd);
	buf_free(&w.out);
	free(w.by_sock);
	return rc;
}
