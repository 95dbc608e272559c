/*
 * The sockets of the network namespaces asked for: which source is asked in
 * each of them, and what of its answer the filter keeps.
 */
#ifndef WHOPORT_INVENTORY_H
#define WHOPORT_INVENTORY_H

#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;
struct netns;
struct netns_list;
struct sock_table;

/** Which source is asked: sock_diag and, where that is refused, text; or one alone. */
enum inventory_source { INVENTORY_AUTO, INVENTORY_PROC, INVENTORY_DIAG };

struct inventory_request {
	struct netns_list *namespaces; /* is_asked says which */
	struct filter *filter;         /* prepared; notes which targets are held */
	enum inventory_source source;
	bool every_netns; /* -N all: it is no error if some of them may not be read */
	bool stays_home;  /* -N: no socket of another namespace belongs to the answer */
	const uint16_t *ports; /* borrowed; if there are any, only these local ports matter */
	size_t ports_len;
};

struct inventory_stats {
	struct source_stats source; /* of all readings together */
	size_t unreadable; /* namespaces that could not be entered, nor read as text */
	size_t untold;     /* tasks whose namespace could not be told */
	bool used_text;    /* some table was read as text: names may be forged */
	bool misses_bound; /* TCP sockets that are only bound were not told of */
	char failed[32];   /* after an error: what could not be read, below the proc root */
};

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
 * Hand every record of one namespace to a sink, from the source asked for.
 *
 * @st  added to
 * Return 0, -errno of the sink, or -errno if no source can read it.
 */
int inventory_read_namespace(const struct inventory_request *rq, struct netns *ns, unsigned protos,
			     const struct source_sink *sink, struct inventory_stats *st);

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
