/*
 * One look at the machine: a snapshot, and the rows that a filter makes of it. An
 * answer is one look; an action looks before and after.
 */
#ifndef WHOPORT_LOOK_H
#define WHOPORT_LOOK_H

#include "join.h"
#include "snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct look {
	struct snapshot snap;
	struct row_list rows; /* borrow from the snapshot */
};

/**
 * Take a snapshot, explain what is unheld in it, and join its rows.
 *
 * @out  zeroed; released by look_free(), also after an error
 * Return 0 or -errno; of the snapshot's, with @out->snap.failed.
 */
int look_take(const struct snapshot_request *rq, struct look *out);

/** True for all rows of a socket but that of its first holder. */
bool look_repeats(const struct look *l, const struct row *row);

/** Release a look. */
void look_free(struct look *l);

/** How an action takes looks of its own; see run.h. */
struct looker {
	void *ctx;
	/**
	 * Look with another filter.
	 *
	 * @facts  PROCESS_STAT and so on
	 * Return 0, or -errno after the user has been told.
	 */
	int (*look)(void *ctx, struct filter *filter, unsigned facts, struct look *out);
	/**
	 * Read the sockets alone, without their holders.
	 *
	 * @states  SOCK_STATE_BIT()s of internet sockets that matter, 0: all
	 * @out     zeroed; released by sock_table_free(), also after an error
	 * Return as above.
	 */
	int (*read)(void *ctx, struct filter *filter, uint32_t states, struct sock_table *out);
};

#endif
