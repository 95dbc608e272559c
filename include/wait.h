/*
 * --wait: until every target is free, or is listened on.
 */
#ifndef WHOPORT_WAIT_H
#define WHOPORT_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;
struct looker;
struct names;
struct netns_list;
struct row_list;

struct wait_request {
	const struct filter *filter; /* whose targets are meant */
	const struct looker *looker;
	struct names *names;
	struct netns_list *namespaces;
	int proc_fd;
	bool may_pin; /* process numbers are of our own pid namespace */
	bool listen;  /* until all are listened on; else until all are free */
	bool has_timeout;
	uint32_t timeout_ms;
	bool pids_only; /* -t: of the holders, and nothing else */
	bool tells;     /* what is waited for, on stderr */
	bool notes;     /* what cannot be seen, there, too */
	unsigned escape;
	/* Writes rows to stdout, for -t. Return 0 or -errno. */
	int (*print)(void *ctx, const struct row_list *rows);
	void *print_ctx;
};

/**
 * Wait, and tell how the targets are.
 *
 * The end of sockets and of their holders is told by the kernel (sock_watch.h, pidfd);
 * that somebody listens is not: it is looked for every 20 ms, in the beginning
 * sooner.
 *
 * Return the exit status: 0, 1 after the timeout, 2.
 */
int wait_for_places(const struct wait_request *rq);

#endif
