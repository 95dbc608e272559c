/* One look; see look.h. */
#include "look.h"

#include "stats.h"
#include "unheld.h"

int look_take(const struct snapshot_request *rq, struct look *out)
{
	int rc = snapshot_take(rq, &out->snap);

	if (rc == 0)
		rc = unheld_explain(rq, &out->snap);
	stats_phase(rq->stats, "unheld");
	if (rc == 0)
		rc = join_rows(&out->snap, rq->inventory.filter, &out->rows);
	if (rc == 0 && row_list_has(&out->rows, REASON_NOT_ACCEPTED)) {
		rc = peer_index_build(&out->snap.listeners, &out->snap.socks);
		join_listeners(&out->snap, &out->rows);
	}
	return rc;
}

bool look_repeats(const struct look *l, const struct row *row)
{
	size_t count = 0;
	const struct holder *first =
		holder_index_find(&l->snap.holders, row->sock->inode, &count);

	return row->holder && count > 0 && row->holder != first;
}

void look_free(struct look *l)
{
	row_list_free(&l->rows);
	snapshot_free(&l->snap);
}
