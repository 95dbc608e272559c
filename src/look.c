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

void look_free(struct look *l)
{
	row_list_free(&l->rows);
	snapshot_free(&l->snap);
}
