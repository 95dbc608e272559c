/*
 * The sockets of the network namespaces asked for: what the filter keeps of the
 * answers of sources.
 */
#ifndef WHOPORT_INVENTORY_H
#define WHOPORT_INVENTORY_H

#include "inventory_source.h"

#include <stdbool.h>

struct sock_table;

/**
 * Read the sockets of all namespaces asked for, and those of unix in every
 * namespace if a target is a path.
 *
 * What holds a port is decided in each namespace apart; a unix path is one for
 * all of them.
 *
 * @out  appended to, then sorted; roles WANTED and WITNESS only
 * @st   replaced
 * Return 0 or -errno; -ENODATA means that the kernel has no table of any
 * protocol asked for, which is not the same as no socket.
 */
int inventory_read(const struct inventory_request *rq, struct sock_table *out,
		   struct inventory_stats *st);

/**
 * Add what a scanner told of beside a reading: sockets that came since, or that no
 * source tells of; and from it correct what text says.
 *
 * @out  sorted; stays sorted
 * Return 0 or -ENOMEM.
 */
int inventory_add_held(const struct inventory_request *rq, const struct held *held,
		       struct sock_table *out);

/**
 * Read one more namespace that belongs to the answer, as inventory_read() does.
 *
 * @out  appended to, not sorted
 * @st   added to
 * Return 0 or -errno.
 */
int inventory_read_also(const struct inventory_request *rq, struct netns *ns,
			struct sock_table *out, struct inventory_stats *st);

/**
 * Read one more namespace whole: of the records that are accepted, add to the
 * table what the filter wants.
 *
 * @accept  asked for each record there is
 * @out     appended to, not sorted
 * @st      added to
 * Return 0 or -errno.
 */
int inventory_read_more(const struct inventory_request *rq, struct netns *ns,
			bool (*accept)(void *ctx, const struct sock *s), void *ctx,
			struct sock_table *out, struct inventory_stats *st);

#endif
