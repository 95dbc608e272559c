/*
 * --close: end connections, and what is left of them, while their processes live.
 */
#ifndef WHOPORT_CLOSE_H
#define WHOPORT_CLOSE_H

#include <stdbool.h>
#include <stddef.h>

struct filter;
struct look;
struct looker;
struct names;
struct netns_list;
struct row_list;

struct close_request {
	const struct look *look; /* what was found, with cookies */
	struct filter *filter;   /* by which */
	const struct looker *looker;
	struct names *names;
	struct netns_list *namespaces;
	int status_of_none; /* the exit status if there is nothing to close */
	bool dry_run, ask;
	bool quiet; /* -t: no lines about what happened */
	unsigned escape;
	/* Writes rows to stdout. Return 0 or -errno. */
	int (*print)(void *ctx, const struct row_list *rows);
	void *print_ctx;
};

/**
 * Print the rows, close them all, look again, and tell. If one of them is no
 * connection, nothing is closed: a listener that is destroyed still has its port.
 *
 * Return the exit status.
 */
int close_connections(const struct close_request *rq);

#endif
