/*
 * --why: would bind(2) to the targets work, and if not, why, and what helps?
 */
#ifndef WHOPORT_WHY_H
#define WHOPORT_WHY_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct filter;
struct look;
struct looker;
struct names;
struct netns_list;

struct why_request {
	const struct filter *filter; /* whose targets are meant */
	const struct looker *looker;
	/** Look into every network namespace from now on; as a looker's function. */
	int (*widen)(void *ctx);
	struct names *names;
	struct netns_list *namespaces; /* the first is ours */
	int proc_fd;
	bool is_ours; /* the proc tree is that of our own pid namespace */
	bool probe;   /* --probe */
	bool numeric_users; /* -l */
	unsigned escape;
};

/**
 * Explain each target. Return the exit status: 0 if a plain bind() to some of them would
 * fail, 1 if all would work, 2 if that cannot be told of one, or after an error.
 */
int why(const struct why_request *rq);

/**
 * For an answer in rows: of each target with sockets on it, but nobody who can be named
 * to have one, the headline as a note on stderr.
 *
 * @look  that was answered with
 */
void why_note(const struct why_request *rq, const struct look *look);

#endif
