/*
 * -k: end the processes that hold what was selected, all of them or none, and say
 * whether that freed the ports.
 */
#ifndef WHOPORT_KILL_H
#define WHOPORT_KILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;
struct look;
struct looker;
struct names;
struct netns_list;
struct row_list;
struct stats;

struct kill_request {
	const struct look *look; /* what was found */
	struct filter *filter;   /* by which */
	const struct looker *looker;
	struct names *names;
	struct netns_list *namespaces;
	int proc_fd;   /* of our own procfs */
	size_t unread; /* processes that are asked for and could not be read */
	int status_of_none; /* the exit status if there is nobody to signal */
	int signal;
	uint32_t grace_ms; /* before SIGKILL; if has_grace */
	bool has_grace;
	bool dry_run, ask, force;
	bool quiet; /* -t: no lines about what happened */
	unsigned escape; /* of text: ESCAPE_UTF8 or 0 */
	struct stats *stats; /* told how processes were identified */
	/* Writes rows to stdout. Return 0 or -errno. */
	int (*print)(void *ctx, const struct row_list *rows);
	void *print_ctx;
};

/**
 * Print the rows, signal who holds, wait, look again, and tell.
 *
 * Return the exit status.
 */
int kill_holders(const struct kill_request *rq);

#endif
