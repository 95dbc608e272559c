/* Why a row has no holder, in words; see reason_text.h. */
#include "reason_text.h"

#include "buf.h"
#include "clue.h"
#include "column.h"
#include "escape.h"
#include "join.h"
#include "peer.h"
#include "process_text.h"
#include "snapshot.h"
#include "sock.h"

#include <stdlib.h>
#include <string.h>

enum {
	HOLDERS_MAX = 64, /* holders of a listener that are looked at */
	NAMED_MAX = 3,    /* of which a reason names the first */
};

static int compare_process(const void *x, const void *y)
{
	const struct process *const *a = x, *const *b = y;

	return (*a)->pid < (*b)->pid ? -1 : (*a)->pid > (*b)->pid;
}

/* Processes that hold a listener, appended to @out; at most @max in all. */
static size_t collect_holders(const struct snapshot *snap, const struct sock *listener,
			      const struct process **out, size_t len, size_t max)
{
	size_t count;
	const struct holder *h = holder_index_find(&snap->holders, listener->inode, &count);

	for (size_t i = 0; i < count && len < max; i++) {
		const struct process *p = process_table_find(&snap->processes, h[i].pid, h[i].pid);
		if (p && (i == 0 || h[i].pid != h[i - 1].pid))
			out[len++] = p;
	}
	return len;
}

/*
 * Who will get a connection that waits in a queue: the holders of its
 * listeners, as far as they are known.
 */
static void add_listeners(const struct column_style *style, const struct sock *s, struct buf *out)
{
	const struct sock *listeners[HOLDERS_MAX];
	const struct process *holders[HOLDERS_MAX];
	size_t count = peer_find_listeners(style->listeners, s, listeners, HOLDERS_MAX);
	size_t len = 0, unique = 0, hidden = 0;

	for (size_t i = 0; i < count && i < HOLDERS_MAX; i++) {
		size_t before = len;
		len = collect_holders(style->snap, listeners[i], holders, len, HOLDERS_MAX);
		hidden += len == before && len < HOLDERS_MAX;
	}
	if (len > 0)
		qsort(holders, len, sizeof(*holders), compare_process);
	for (size_t i = 0; i < len; i++) {
		if (i == 0 || holders[i] != holders[i - 1])
			holders[unique++] = holders[i];
	}
	bool group = count > 1 && unique + hidden > 1;
	for (size_t i = 0; i < unique && i < NAMED_MAX; i++) {
		buf_add_str(out, i > 0 ? " " : group ? ": one of " : ": ");
		process_text_add(holders[i], style->escape, out);
	}
	if (unique > NAMED_MAX)
		buf_add_str(out, " ...");
	if (hidden > 0)
		buf_add_str(out, unique > 0 ? " or a hidden one" : ": its listener's holder is hidden");
}

/* How a suspect may hold the socket, by enum evidence_kind: around its name. */
static void add_suspect(const struct column_style *style, const struct clue *clue,
			enum reason reason, struct buf *out)
{
	static const struct {
		const char *before, *after;
	} how[] = {
		[EVIDENCE_REQUEST] = {"", ", through io_uring"},
		[EVIDENCE_RING_MAPPING] = {"", ", through io_uring"},
		[EVIDENCE_AIO] = {"", ", through asynchronous I/O"},
		[EVIDENCE_ACCEPTING] = {"", ", in a thread that waits on it"},
		[EVIDENCE_RECEIVING] = {"", ", in a thread that waits on it"},
		[EVIDENCE_MESSAGE] = {"in a message to ", ""},
		[EVIDENCE_SEVERAL] = {"", ""},
	};
	const struct process *p =
		process_table_find(&style->snap->processes, clue->suspect, clue->suspect);

	if (!p)
		return;
	/* Where we cannot see everything, the guess is the other possibility. */
	buf_add_str(out, reason == REASON_PERMISSION || reason == REASON_PIDNS ? ", or probably "
										: "; probably ");
	buf_add_str(out, how[clue->how].before);
	process_text_add(p, style->escape, out);
	buf_add_str(out, how[clue->how].after);
}

/* What is known beside the reason, marked as guesses. */
static void add_clue(const struct column_style *style, const struct clue *clue,
		     enum reason reason, struct buf *out)
{
	bool first = true;

	if (clue->suspect)
		add_suspect(style, clue, reason, out);
	if (!clue->place)
		return;
	buf_add_str(out, "; ");
	buf_add_str(out, clue->place_kind);
	buf_add_char(out, ' ');
	process_text_add_name(clue->place, strlen(clue->place), style->escape, out);
	for (size_t i = 0; i < clue->likely_len; i++) {
		const struct process *p = process_table_find(&style->snap->processes,
							     clue->likely[i], clue->likely[i]);
		if (!p)
			continue;
		buf_add_str(out, first ? "; likely " : " ");
		process_text_add(p, style->escape, out);
		first = false;
	}
}

static void add_unknown(size_t denied, struct buf *out)
{
	buf_add_str(out, "unknown: kernel, or ");
	if (denied == 0) {
		buf_add_str(out, "in flight");
		return;
	}
	buf_add_str(out, "one of ");
	buf_add_dec(out, denied);
	buf_add_str(out, " unreadable processes");
}

static void add_plain_reason(const struct column_style *style, const struct row *row,
			     struct buf *out)
{
	switch (row->reason) {
	case REASON_NONE:
		return;
	case REASON_PERMISSION:
		buf_add_str(out, "hidden: permission");
		return;
	case REASON_PIDNS:
		buf_add_str(out, "not visible from this pid namespace");
		return;
	case REASON_UNKNOWN:
		add_unknown(style->snap->scan.denied_len, out);
		return;
	case REASON_KERNEL:
		buf_add_str(out, "kernel");
		if (!row->clue || !*row->clue->kernel)
			return;
		buf_add_str(out, ": ");
		escape_add(out, row->clue->kernel, strlen(row->clue->kernel), style->escape,
			   ESCAPE_ALL);
		return;
	case REASON_IN_FLIGHT:
		buf_add_str(out, "in flight");
		return;
	case REASON_TIME_WAIT:
		buf_add_str(out, "time-wait: ");
		buf_add_dec(out, sock_timer_seconds(row->sock));
		buf_add_str(out, " s");
		return;
	case REASON_ORPHAN:
		buf_add_str(out, "orphan");
		return;
	case REASON_NOT_ACCEPTED:
		buf_add_str(out, "not accepted yet");
		add_listeners(style, row->sock, out);
		return;
	}
}

void reason_text_add(const struct column_style *style, const struct row *row, struct buf *out)
{
	add_plain_reason(style, row, out);
	if (row->clue && row->reason != REASON_KERNEL)
		add_clue(style, row->clue, row->reason, out);
}
