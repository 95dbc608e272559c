/* Why nobody is signalled; see refusal.h. */
#define _GNU_SOURCE
#include "refusal.h"

#include "ancestry.h"
#include "buf.h"
#include "cgroup.h"
#include "guard_facts.h"
#include "join.h"
#include "kill.h"
#include "look.h"
#include "msg.h"
#include "process.h"
#include "process_text.h"
#include "sock.h"
#include "victim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void refusal_add_user(const struct kill_request *rq, const uint32_t *uid, struct buf *out)
{
	if (uid)
		process_text_add_user(rq->names, *uid, rq->escape, out);
	else
		buf_add_str(out, "somebody");
}

/* --- hidden holders ---------------------------------------------------------- */

/* Is a process one of those that could not be read? */
static bool is_denied(const struct snapshot *snap, pid_t pid)
{
	return scan_stats_find_denied(&snap->scan, snap->scan.denied_len, pid) != NULL;
}

/*
 * A socket that was made by another user than its holder: a server that has given up
 * its rights, or the worker of one that has not, and holds it, too. To root, who can
 * read nearly all, only the second is worth a thought.
 */
static bool may_be_shared(const struct snapshot *snap, const struct row *row)
{
	const struct sock *s = row->sock;

	if (!row->holder || !s->uid_known || s->uid == row->process->uid ||
	    !snapshot_may_hide(snap, s))
		return false;
	return geteuid() != 0 || (row->process->ppid > 1 && is_denied(snap, row->process->ppid));
}

/* The first row that somebody may hold whom we cannot see, or NULL. */
static const struct row *find_hidden(const struct kill_request *rq)
{
	const struct look *look = rq->look;

	for (size_t i = 0; i < look->rows.len; i++) {
		const struct row *row = &look->rows.v[i];
		if (row_is_hidden(row) || may_be_shared(&look->snap, row))
			return row;
	}
	return NULL;
}

static bool tell_hidden(const struct kill_request *rq)
{
	const struct row *row = find_hidden(rq);
	struct buf text = {0};

	if (!row && rq->unread == 0)
		return false;
	bool is_seen = row && row->holder;
	if (row) {
		buf_add_str(&text, is_seen ? "a socket of " : "the holder of a socket of ");
		refusal_add_user(rq, row->sock->uid_known ? &row->sock->uid : NULL, &text);
		buf_add_str(&text, is_seen ? " may have another, hidden holder" : " is hidden");
	} else {
		buf_add_str(&text, "some of what is asked for is hidden");
	}
	buf_add_str(&text, "; to signal the others would not free the port");
	if (geteuid() != 0)
		buf_add_str(&text, "; sudo would show more");
	msg_note_buf(&text);
	return true;
}

/* --- guards ------------------------------------------------------------------- */

static enum guard_kind judge(const struct kill_request *rq, const struct victim *v,
			     const struct ancestry *ancestry, struct cgroup_index *cgroups,
			     struct buf *out)
{
	struct guard_facts facts;

	guard_facts_make(v->process, v->rows->sock, v->rows->holder, ancestry, rq->proc_fd,
			 cgroups, &facts);
	return guard_judge(&facts, out);
}

/* Tell of those who are not to be signalled. Return how many there are. */
static size_t tell_guarded(const struct kill_request *rq, struct victim_list *list,
			   const struct ancestry *ancestry, bool *out_any_final)
{
	struct cgroup_index cgroups = {0};
	size_t count = 0;

	for (size_t i = 0; i < list->len; i++) {
		struct victim *v = &list->v[i];
		struct buf text = {0};

		process_text_add(v->process, rq->escape, &text);
		buf_add_str(&text, ": ");
		enum guard_kind kind = v->state == VICTIM_GONE
					       ? GUARD_NONE
					       : judge(rq, v, ancestry, &cgroups, &text);
		bool is_final = kind == GUARD_INIT || kind == GUARD_SELF;
		if (kind != GUARD_NONE && (!rq->force || is_final)) {
			msg_note_buf(&text);
			count++;
		}
		if (is_final)
			v->state = VICTIM_SPARED;
		*out_any_final |= is_final;
		buf_free(&text);
	}
	cgroup_index_free(&cgroups);
	return count;
}

/* --- rights ------------------------------------------------------------------- */

static size_t tell_forbidden(const struct kill_request *rq, const struct victim_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->len; i++) {
		const struct victim *v = &list->v[i];
		struct buf text = {0};

		if (v->state != VICTIM_SPARED || v->rc == 0)
			continue;
		process_text_add(v->process, rq->escape, &text);
		buf_add_str(&text, ": a process of ");
		refusal_add_user(rq, &v->process->uid, &text);
		buf_add_str(&text, " that may not be signalled: ");
		buf_add_str(&text, strerror(-v->rc));
		msg_note_buf(&text);
		count++;
	}
	return count;
}

bool refusal_is_none(const struct kill_request *rq, struct victim_list *list,
		     const struct ancestry *ancestry)
{
	bool any_final = false, hidden = tell_hidden(rq);
	size_t guarded = tell_guarded(rq, list, ancestry, &any_final);

	victim_list_ask(list);
	size_t forbidden = tell_forbidden(rq, list);
	if (!hidden && guarded == 0 && forbidden == 0)
		return true;
	if (rq->force && victim_list_count(list, VICTIM_PLANNED) > 0)
		return true;
	if (rq->force || (any_final && guarded == list->len))
		msg_note("nothing was signalled");
	else
		msg_note("nothing was signalled; --force signals all that may be");
	return false;
}
