/*
 * Which source is asked for the sockets of a network namespace, and what could not
 * be had.
 */
#ifndef WHOPORT_INVENTORY_SOURCE_H
#define WHOPORT_INVENTORY_SOURCE_H

#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;
struct held;
struct netns;
struct netns_list;

/** Which source is asked: sock_diag and, where that is refused, text; or one alone. */
enum inventory_source { INVENTORY_AUTO, INVENTORY_PROC, INVENTORY_DIAG };

struct inventory_request {
	struct netns_list *namespaces; /* is_asked says which */
	struct filter *filter;         /* prepared; notes which targets are held */
	enum inventory_source source;
	bool every_netns; /* -N all: it is no error if some of them may not be read */
	bool stays_home;  /* -N: no socket of another namespace belongs to the answer */
	bool needs_queues; /* what a scanner cannot tell */
	bool details;      /* and what only sock_diag tells: sock_info.h */
	const struct held *held; /* with a census, of a scan before the reading; NULL: none */
	const uint16_t *ports; /* borrowed; if there are any, only these local ports matter */
	size_t ports_len;
	uint32_t states; /* if there are any, only these matter: SOCK_STATE_BIT()s */
	const uint32_t *only; /* borrowed; if there are any, only these namespaces are read */
	size_t only_len;
};

struct inventory_stats {
	struct source_stats source; /* of all readings together */
	size_t unreadable; /* namespaces that could not be entered, nor read as text */
	size_t covered;    /* namespaces that were not asked, as a scanner had told all */
	size_t untold;     /* tasks whose namespace could not be told */
	bool used_diag;    /* sock_diag has answered */
	bool used_text;    /* some table was read as text: names may be forged */
	bool misses_bound; /* TCP sockets that are only bound were not told of */
	char failed[32];   /* after an error: what could not be read, below the proc root */
};

/**
 * Hand every record of one namespace to a sink, from the source asked for.
 *
 * @st  added to
 * Return 0, -errno of the sink, or -errno if no source can read it.
 */
int inventory_read_namespace(const struct inventory_request *rq, struct netns *ns, unsigned protos,
			     const struct source_sink *sink, struct inventory_stats *st);

#endif
