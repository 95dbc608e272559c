/* Why a row has no holder, in words; see reason_text.h. */
#include "reason_text.h"

#include "acceptor.h"
#include "buf.h"
#include "clue.h"
#include "column.h"
#include "escape.h"
#include "process_text.h"
#include "snapshot.h"
#include "sock.h"

#include <string.h>

const char *reason_text_code(enum reason reason)
{
	static const char *const codes[] = {
		[REASON_NONE] = "", [REASON_PERMISSION] = "permission",
		[REASON_PIDNS] = "pid-namespace", [REASON_UNKNOWN] = "unknown",
		[REASON_KERNEL] = "kernel", [REASON_IN_FLIGHT] = "in-flight",
		[REASON_TIME_WAIT] = "time-wait", [REASON_ORPHAN] = "orphan",
		[REASON_NOT_ACCEPTED] = "not-accepted"};

	return codes[reason];
}

enum { NAMED_MAX = 3 }; /* processes of a listener that a reason names */

/* Who will get a connection that waits in a queue. */
static void add_acceptors(const struct column_style *style, const struct row *row,
			  struct buf *out)
{
	struct acceptors a;
	size_t named = 0;

	acceptors_find(row->snap, row->sock, &a);
	for (size_t i = 0; i < a.len; i++) {
		bool is_next = i == 0 || a.v[i]->pid != a.v[i - 1]->pid;
		const struct process *p =
			process_table_find(&row->snap->processes, a.v[i]->pid, a.v[i]->pid);
		if (!is_next || !p)
			continue;
		if (++named > NAMED_MAX)
			break;
		bool group = a.listeners > 1 && (a.hidden > 0 || a.v[0]->pid != a.v[a.len - 1]->pid);
		buf_add_str(out, named > 1 ? " " : group ? ": one of " : ": ");
		process_text_add(p, style->escape, out);
	}
	if (named > NAMED_MAX)
		buf_add_str(out, " ...");
	if (a.hidden > 0)
		buf_add_str(out, named > 0 ? " or a hidden one" : ": its listener's holder is hidden");
}

/* How a suspect may hold the socket, by enum evidence_kind: around its name. */
static void add_suspect(const struct column_style *style, const struct row *row, struct buf *out)
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
	const struct clue *clue = row->clue;
	const struct process *p =
		process_table_find(&row->snap->processes, clue->suspect, clue->suspect);

	if (!p)
		return;
	/* Where we cannot see everything, the guess is the other possibility. */
	bool is_other = row->reason == REASON_PERMISSION || row->reason == REASON_PIDNS;
	buf_add_str(out, is_other ? ", or probably " : "; probably ");
	buf_add_str(out, how[clue->how].before);
	process_text_add(p, style->escape, out);
	buf_add_str(out, how[clue->how].after);
}

/* What is known beside the reason, marked as guesses. */
static void add_clue(const struct column_style *style, const struct row *row, struct buf *out)
{
	static const char *const place_kinds[] = {
		[CLUE_CGROUP] = "cgroup", [CLUE_UNIT] = "unit", [CLUE_CONTAINER] = "container"};
	const struct clue *clue = row->clue;
	bool first = true;

	if (clue->suspect)
		add_suspect(style, row, out);
	if (!clue->place)
		return;
	buf_add_str(out, "; ");
	buf_add_str(out, place_kinds[clue->place_kind]);
	buf_add_char(out, ' ');
	process_text_add_name(clue->place, strlen(clue->place), style->escape, out);
	for (size_t i = 0; i < clue->likely_len; i++) {
		const struct process *p = process_table_find(&row->snap->processes,
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
		add_unknown(row->snap->scan.denied_len, out);
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
		add_acceptors(style, row, out);
		return;
	}
}

void reason_text_add(const struct column_style *style, const struct row *row, struct buf *out)
{
	add_plain_reason(style, row, out);
	if (row->clue && row->reason != REASON_KERNEL)
		add_clue(style, row, out);
}
