/* Values in JSON about others: the other end, why nobody holds a socket; see json_value.h. */
#include "json_value.h"

#include "acceptor.h"
#include "buf.h"
#include "clue.h"
#include "column.h"
#include "ends.h"
#include "holder.h"
#include "join.h"
#include "json.h"
#include "process.h"
#include "reason_text.h"
#include "snapshot.h"
#include "sock.h"

/* {"pid":811,"command":"nginx","fd":6}; in a list. */
static void add_other(const struct process *p, const struct holder *h, bool first, struct buf *out)
{
	buf_add_str(out, first ? "{\"pid\":" : ",{\"pid\":");
	json_add_number_or_null(out, h ? (uint64_t)h->pid : p ? (uint64_t)p->pid : 0);
	buf_add_str(out, ",\"command\":");
	json_value_command_of(p, out);
	buf_add_str(out, ",\"fd\":");
	json_value_fd_of(h, out);
}

static void end_other(uint64_t inode, struct buf *out)
{
	buf_add_str(out, ",\"inode\":");
	json_add_number_or_null(out, inode);
	buf_add_char(out, '}');
}

/* Who will accept a connection; with the inode of the listener where it is a peer. */
static size_t add_acceptors(const struct row *row, bool is_peer, bool first, struct buf *out)
{
	struct acceptors a;

	acceptors_find(row->snap, row->sock, &a);
	for (size_t i = 0; i < a.len; i++) {
		const struct process *p =
			process_table_find(&row->snap->processes, a.v[i]->pid, a.v[i]->pid);
		add_other(p, a.v[i], first && i == 0, out);
		if (is_peer)
			end_other(a.v[i]->inode, out);
		else
			buf_add_char(out, '}');
	}
	return a.len;
}

void json_value_peer(const struct column_style *style, const struct row *row, struct buf *out)
{
	if (!style->ends) {
		json_add_null(out);
		return;
	}
	struct end end = ends_of(style->ends, row->sock);
	bool any = false;
	if (end.unknown) {
		json_add_null(out);
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; i < end.rows_len; i++) {
		const struct row *other = end.rows[i];
		if (other->reason == REASON_NOT_ACCEPTED && add_acceptors(other, true, !any, out) > 0) {
			any = true;
			continue;
		}
		add_other(other->process, other->holder, !any, out);
		end_other(other->sock->inode, out);
		any = true;
	}
	if (!any && row->sock->peer) {
		add_other(NULL, NULL, true, out);
		end_other(row->sock->peer, out);
	}
	buf_add_char(out, ']');
}

void json_value_reason(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_text(out, row->reason == REASON_NONE ? NULL : reason_text_code(row->reason));
}

void json_value_listener(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->reason != REASON_NOT_ACCEPTED) {
		json_add_null(out);
		return;
	}
	buf_add_char(out, '[');
	add_acceptors(row, false, true, out);
	buf_add_char(out, ']');
}

/* Those whom a clue names: a guess, and who is likely. */
static void add_guessed(const struct row *row, struct buf *out)
{
	const struct process_table *processes = &row->snap->processes;
	const struct clue *clue = row->clue;
	bool first = true;

	buf_add_char(out, '[');
	for (size_t i = 0; i <= clue->likely_len; i++) {
		pid_t pid = i == 0 ? clue->suspect : clue->likely[i - 1];
		const struct process *p = pid ? process_table_find(processes, pid, pid) : NULL;
		if (!p)
			continue;
		add_other(p, NULL, first, out);
		buf_add_char(out, '}');
		first = false;
	}
	buf_add_char(out, ']');
}

/* Who has the socket in which a message waits. */
void json_value_holders(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->reason == REASON_IN_FLIGHT && row->clue)
		add_guessed(row, out);
	else
		json_add_null(out);
}

void json_value_suspects(const struct column_style *style, const struct row *row, struct buf *out)
{
	bool guessed = row->clue && (row->clue->suspect || row->clue->likely_len > 0);

	(void)style;
	if (guessed && row->reason != REASON_IN_FLIGHT)
		add_guessed(row, out);
	else
		json_add_null(out);
}

