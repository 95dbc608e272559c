/* What is in the way, in words; see obstacle_text.h. */
#include "obstacle_text.h"

#include "bind_case.h"
#include "buf.h"
#include "column.h"
#include "join.h"
#include "look.h"
#include "process_text.h"
#include "reason_text.h"
#include "sock.h"
#include "sock_text.h"

#include <stddef.h>

enum { NAMED_MAX = 3 };

unsigned obstacle_text_add_who(const struct column_style *style, const struct bind_case *c,
			       const struct obstacle *o, struct buf *out)
{
	const struct process *last = NULL;
	unsigned count = 0;

	if (!o->row->process) {
		buf_add_str(out, "somebody [");
		reason_text_add(style, o->row, out);
		buf_add_char(out, ']');
		return 1;
	}
	for (size_t i = 0; i < c->look->rows.len; i++) { /* by pid */
		const struct row *row = &c->look->rows.v[i];
		if (row->sock != o->row->sock || !row->process || row->process == last)
			continue;
		last = row->process;
		if (count++ < NAMED_MAX) {
			buf_add_str(out, count > 1 ? " " : "");
			process_text_add(row->process, style->escape, out);
		}
	}
	if (count > NAMED_MAX)
		buf_add_str(out, " ...");
	return count;
}

void obstacle_text_add_end(const struct column_style *style, const struct obstacle *o,
			   struct buf *out)
{
	const struct sock *s = o->row->sock;
	struct buf text = {0};

	sock_text_add_end(style, s, &s->local, &text);
	/* `*` would hide of which family it is, which matters here. */
	bool is_any = text.error == 0 && text.len > 0 && *text.data == '*';
	if (is_any)
		buf_add_str(out, s->local.family == AF_INET ? "0.0.0.0" : "[::]");
	buf_add(out, text.data + is_any, text.len - is_any);
	buf_free(&text);
}

void obstacle_text_add_time(const struct obstacle *o, struct buf *out)
{
	const struct sock *s = o->row->sock;

	if (s->timer != SOCK_TIMER_TIME_WAIT)
		return;
	buf_add_dec(out, sock_timer_seconds(s));
	buf_add_str(out, " s");
}
