/* Exit status; see status.h. */
#include "status.h"

#include "filter.h"
#include "join.h"
#include "process.h"
#include "snapshot.h"

size_t status_count_unread(const struct snapshot *snap, const struct filter *filter,
			   const struct row_list *rows)
{
	const struct scan_stats *st = &snap->scan;
	size_t count = 0;

	if (!process_filter_chooses(&filter->processes))
		return 0;
	if (filter_limits_scan(filter)) /* only these were tried */
		return st->denied_len;
	if (!filter_wants_every_socket(filter))
		return rows->left_out > 0 ? st->denied_len : 0;
	for (size_t i = 0; i < st->denied_len; i++) {
		struct process p = {.pid = st->denied[i].pid, .tid = st->denied[i].pid,
				    .uid = st->denied[i].uid, .is_opaque = true};
		count += filter_wants_process(filter, &p);
	}
	return count;
}

/*
 * True if what was asked for may be there all the same: in a process that
 * hidepid hides, or in a namespace that was not read.
 */
static bool may_be_invisible(const struct snapshot *snap, const struct filter *filter,
			     const struct status_question *q)
{
	bool by_process = process_filter_chooses(&filter->processes) || q->every_netns;

	return snap->inventory.unreadable > 0 || (q->every_netns && snap->inventory.untold > 0) ||
	       (snap->view == PROCFS_VIEW_HIDDEN && by_process);
}

int status_of_rows(const struct snapshot *snap, const struct filter *filter,
		   const struct row_list *rows, const struct status_question *q)
{
	bool hidden = false, held = false, missing = rows->len == 0;

	for (size_t i = 0; i < rows->len; i++) {
		hidden |= row_is_hidden(&rows->v[i]);
		held |= rows->v[i].holder != NULL;
	}
	for (size_t i = 0; i < filter->items_len; i++)
		missing |= !filter->items[i].found && !filter->items[i].found_before;
	/* An empty answer is not to pass for a whole one. */
	if (q->held_only && !held && hidden)
		return STATUS_ERROR;
	if (q->held_only && !held)
		missing = true;
	if (q->pids_only)
		missing = !held;
	if (q->pids_only && (hidden || q->unread > 0))
		return STATUS_ERROR;
	if (missing && (q->unread > 0 || may_be_invisible(snap, filter, q)))
		return STATUS_ERROR;
	return missing && !q->missing_is_fine ? STATUS_MISSING : STATUS_FOUND;
}
