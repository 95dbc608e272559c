/* Nobody to signal; see kill_none.h. */
#define _GNU_SOURCE
#include "kill_none.h"

#include "buf.h"
#include "column.h"
#include "filter.h"
#include "join.h"
#include "kill.h"
#include "look.h"
#include "msg.h"
#include "place.h"
#include "process.h"
#include "process_text.h"
#include "refusal.h"
#include "sock.h"
#include "status.h"
#include "vacancy.h"

#include <unistd.h>

/* What the rows are, none of which has a holder that is to be signalled. */
struct census {
	size_t hidden, connections, closed, kernel;
};

static struct census count_rows(const struct row_list *rows)
{
	struct census c = {0};

	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = &rows->v[i];
		if (row_is_hidden(row))
			c.hidden++;
		else if (row->holder || row->reason == REASON_NOT_ACCEPTED)
			c.connections++;
		else if (row->reason == REASON_KERNEL)
			c.kernel++;
		else
			c.closed++;
	}
	return c;
}

/* --- clients -------------------------------------------------------------------- */

/* Is a connection's far end one of the targets? */
static bool is_client(struct filter *f, const struct sock *s)
{
	struct sock far = *s;
	size_t cursor = 0;

	far.local = s->remote;
	return s->remote.port != 0 && target_list_next(&f->targets, &far, &cursor);
}

/* The words of -i for the ports of the targets; nothing if none is a port. */
static void add_ports(const struct filter *f, struct buf *out)
{
	enum { PORTS_MAX = 64 };

	for (size_t i = 0; i < f->targets.len && i < PORTS_MAX; i++) {
		const struct target *t = &f->targets.v[i];
		if (t->name)
			continue;
		buf_add_str(out, out->len > 0 ? "," : "TCP,UDP:");
		buf_add_dec(out, t->lo);
		buf_add_char(out, '-');
		buf_add_dec(out, t->hi);
	}
	buf_add_char(out, '\0');
}

static void name_clients(const struct kill_request *rq, const struct look *look, struct buf *out)
{
	enum { NAMED_MAX = 3 };
	const struct process *last = NULL;
	size_t named = 0;

	for (size_t i = 0; i < look->rows.len && named <= NAMED_MAX; i++) {
		const struct row *row = &look->rows.v[i];
		if (!row->process || row->process == last || !is_client(rq->filter, row->sock))
			continue;
		last = row->process;
		buf_add_str(out, named == 0 ? "nobody holds it here; connected to such a port: "
					    : " ");
		if (named++ < NAMED_MAX)
			process_text_add(row->process, rq->escape, out);
		else
			buf_add_str(out, "...");
	}
}

/* Nobody holds the port: who is connected to one like it elsewhere? */
static void tell_clients(const struct kill_request *rq)
{
	struct filter filter = {.names = rq->names};
	struct buf ports = {0}, text = {0};
	struct look look = {0};
	const char *why;

	add_ports(rq->filter, &ports);
	if (ports.error == 0 && ports.len > 1 &&
	    filter_add(&filter, FILTER_INET, ports.data, &why) == 0 &&
	    filter_finish(&filter, &why, &why) == 0 &&
	    rq->looker->look(rq->looker->ctx, &filter, 0, &look) == 0)
		name_clients(rq, &look, &text);
	if (text.len > 0) {
		buf_add_str(&text, "; clients are not signalled");
		msg_note_buf(&text);
	}
	look_free(&look);
	filter_free(&filter);
	buf_free(&ports);
	buf_free(&text);
}

/* Is one of the targets held by somebody whom -u, -c and others leave out? */
static bool tell_left_out(const struct kill_request *rq)
{
	struct place_list places = {0};
	struct filter filter = {0};
	struct look look = {0};
	bool told = false;

	if (rq->filter->processes.len == 0 || rq->filter->targets.len == 0 ||
	    place_list_add_targets(&places, rq->filter, 0) < 0 ||
	    place_list_make_filter(&places, rq->names, &filter) < 0 ||
	    rq->looker->look(rq->looker->ctx, &filter, 0, &look) < 0)
		goto out;
	struct column_style style = {.names = rq->names, .namespaces = rq->namespaces,
				     .escape = rq->escape};
	for (size_t i = 0; i < places.len && !told; i++) {
		struct buf text = {0};
		struct vacancy v;

		vacancy_judge(&places.v[i], &look, NULL, &v);
		told = v.kind == VACANCY_HELD;
		vacancy_add_text(&v, &places.v[i], &look, &style, "held", &text);
		buf_add_str(&text, ", whom the other selections leave out");
		if (told)
			msg_note_buf(&text);
		buf_free(&text);
	}
out:
	look_free(&look);
	filter_free(&filter);
	place_list_free(&places);
	return told;
}

/* Nobody can be seen who holds it, and somebody may. */
static void tell_hidden(const struct kill_request *rq)
{
	struct buf text = {0};
	const uint32_t *uid = NULL;
	bool any = false;

	for (size_t i = 0; i < rq->look->rows.len && !uid; i++) {
		const struct row *row = &rq->look->rows.v[i];
		any |= row_is_hidden(row);
		if (row_is_hidden(row) && row->sock->uid_known)
			uid = &row->sock->uid;
	}
	buf_add_str(&text, "nothing was signalled");
	if (any) {
		buf_add_str(&text, ": the holder of a socket of ");
		refusal_add_user(rq, uid, &text);
		buf_add_str(&text, " is hidden");
		buf_add_str(&text, geteuid() != 0 ? "; sudo would show more" : "");
	}
	msg_note_buf(&text);
}

int kill_none_tell(const struct kill_request *rq)
{
	struct census c = count_rows(&rq->look->rows);

	if (c.hidden > 0 || rq->unread > 0) {
		tell_hidden(rq);
		return STATUS_ERROR;
	}
	if (c.kernel > 0)
		msg_note("the kernel holds it: there is no process to signal");
	if (c.connections > 0)
		msg_note("only connections use it, whose processes are not signalled; -s STATE or "
			 "--all selects them, too");
	if (c.closed > 0)
		msg_note("no process holds it: what is left of closed connections is the kernel's; "
			 "--close ends that");
	if (rq->look->rows.len == 0 && !tell_left_out(rq))
		tell_clients(rq);
	return rq->status_of_none;
}
