/* Snapshot and filter into rows; see join.h. */
#include "join.h"

#include "clue.h"
#include "filter.h"
#include "grow.h"
#include "process.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void row_list_free(struct row_list *list)
{
	free(list->v);
	*list = (struct row_list){0};
}

int row_list_add(struct row_list *list, const struct row *row)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v)
		return -ENOMEM;
	list->v = v;
	list->v[list->len++] = *row;
	return 0;
}

static enum reason reason_without_inode(const struct sock *s)
{
	if (s->timer == SOCK_TIMER_TIME_WAIT)
		return REASON_TIME_WAIT;
	if (sock_is_unaccepted(s))
		return REASON_NOT_ACCEPTED;
	return s->state == SOCK_STATE_LISTEN ? REASON_UNKNOWN : REASON_ORPHAN;
}

static enum reason reason_of(const struct snapshot *snap, const struct sock *s,
			     const struct clue *clue)
{
	if ((clue && *clue->kernel) || s->is_kernels)
		return REASON_KERNEL;
	if (s->inode == 0)
		return reason_without_inode(s);
	if (snapshot_may_hide(snap, s))
		return REASON_PERMISSION;
	if (snap->view == PROCFS_VIEW_PIDNS)
		return REASON_PIDNS;
	if (clue && clue->suspect && clue->how == EVIDENCE_MESSAGE && snap->scan.denied_len == 0)
		return REASON_IN_FLIGHT;
	return REASON_UNKNOWN;
}

/* Do selections choose a process that could not be read? */
static bool wants_denied(const struct snapshot *snap, const struct filter *filter)
{
	for (size_t i = 0; i < snap->scan.denied_len; i++) {
		const struct scan_denied *denied = &snap->scan.denied[i];
		struct process p = {.pid = denied->pid, .tid = denied->pid, .uid = denied->uid,
				    .is_opaque = true};
		if (filter_wants_process(filter, &p))
			return true;
	}
	return false;
}

/* May a socket that no row shows have a holder that is asked for, and hidden? */
static bool is_left_out(const struct snapshot *snap, const struct filter *filter,
			const struct row *row, bool denied_is_wanted)
{
	const struct sock *s = row->sock;
	struct process owner = {.uid = s->uid, .is_opaque = true};

	/* Beside a holder that is left out, who has made the socket; root can read nearly all. */
	if (row->holder)
		return geteuid() != 0 && s->uid_known && s->uid != row->process->uid &&
		       snapshot_may_hide(snap, s) && filter_wants_process(filter, &owner);
	return row_is_hidden(row) && (!s->uid_known || denied_is_wanted ||
				      filter_wants_process(filter, &owner));
}

/* What -d compares. */
static int fd_of(const struct holder *h)
{
	if (h->kind == HOLDER_MEM)
		return PROCESS_FD_MEM;
	return h->kind == HOLDER_FD ? h->fd : PROCESS_FD_NONE;
}

/* Add the rows of one socket and its holders; without any, its reason. */
static int join_sock(const struct snapshot *snap, struct filter *filter, const struct sock *s,
		     const struct holder *h, size_t count, struct row_list *out)
{
	size_t before = out->len;

	for (size_t i = 0; i < count; i++) {
		struct row row = {.snap = snap, .sock = s, .holder = &h[i]};

		row.process = process_table_find(&snap->processes, h[i].pid, h[i].pid);
		if (h[i].tid != h[i].pid)
			row.task = process_table_find(&snap->processes, h[i].pid, h[i].tid);
		int fd = fd_of(&h[i]);
		bool is_other = fd == PROCESS_FD_NONE && filter->processes.includes[PROCESS_KEY_FD];
		if (!row.process || is_other ||
		    !filter_match_holder(filter, row.process, fd))
			continue;
		filter_mark_found(filter, s, row.process, fd);
		int rc = row_list_add(out, &row);
		if (rc < 0)
			return rc;
	}
	if (filter_limits_scan(filter))
		return 0;
	if (count > 0) {
		struct row other = {.sock = s, .holder = h};
		other.process = process_table_find(&snap->processes, h->pid, h->pid);
		out->left_out += out->len == before && other.process &&
				 is_left_out(snap, filter, &other, out->wants_denied);
		return 0;
	}
	struct row row = {.snap = snap, .sock = s, .clue = clue_list_find(&snap->clues, s)};
	row.reason = reason_of(snap, s, row.clue);
	if (!filter_wants_unheld(filter) || !filter_match_unheld(filter, s)) {
		out->left_out += is_left_out(snap, filter, &row, out->wants_denied);
		return 0;
	}
	filter_mark_found(filter, s, NULL, -1);
	return row_list_add(out, &row);
}

static int compare_row(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int order = (a->holder == NULL) - (b->holder == NULL);

	if (order == 0 && a->holder)
		order = holder_compare(a->holder, b->holder);
	if (order == 0)
		order = sock_compare_address(a->sock, b->sock);
	if (order == 0)
		order = (a->sock->inode > b->sock->inode) - (a->sock->inode < b->sock->inode);
	if (order == 0)
		order = (a->sock->cookie > b->sock->cookie) - (a->sock->cookie < b->sock->cookie);
	/* Records are sorted: their place settles the rest. */
	return order ? order : (a->sock > b->sock) - (a->sock < b->sock);
}

void row_list_sort(struct row_list *list)
{
	if (list->len > 0)
		qsort(list->v, list->len, sizeof(*list->v), compare_row);
}

int join_rows(const struct snapshot *snap, struct filter *filter, struct row_list *out)
{
	size_t cursor = 0;

	out->wants_denied = process_filter_chooses(&filter->processes) &&
			    wants_denied(snap, filter);
	for (size_t i = 0; i < snap->socks.len; i++) { /* in the order of the holders */
		const struct sock *s = &snap->socks.v[i];
		const struct holder *h = NULL;
		size_t count = 0;

		if (s->role != SOCK_ROLE_WANTED)
			continue;
		if (s->inode != 0)
			h = holder_index_next(&snap->holders, s->inode, &cursor, &count);
		int rc = join_sock(snap, filter, s, h, count, out);
		if (rc < 0)
			return rc;
	}
	row_list_sort(out);
	return 0;
}

void join_listeners(const struct snapshot *snap, struct row_list *rows)
{
	for (size_t i = 0; i < rows->len; i++) {
		const struct sock *found[1];
		struct row *row = &rows->v[i];
		size_t held = 0;

		if (row->reason != REASON_NOT_ACCEPTED ||
		    peer_find_listeners(&snap->listeners, row->sock, found, 1) == 0)
			continue;
		holder_index_find(&snap->holders, found[0]->inode, &held);
		row->listener_hidden = held == 0;
	}
}

bool row_list_has(const struct row_list *list, enum reason reason)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].reason == reason)
			return true;
	}
	return false;
}

bool row_is_hidden(const struct row *row)
{
	return row->reason == REASON_PERMISSION || row->reason == REASON_PIDNS ||
	       row->reason == REASON_UNKNOWN || row->reason == REASON_IN_FLIGHT ||
	       row->listener_hidden;
}
