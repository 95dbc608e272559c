/*
 * The causes that --why knows, a row each.
 */
#ifndef WHOPORT_CAUSE_H
#define WHOPORT_CAUSE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct telling;

/* What a cause is known by. */
enum cause_on {
	CAUSE_BAR,        /* the address: enum bind_bar */
	CAUSE_REASON,     /* nobody can be named who has what is in the way: enum reason */
	CAUSE_HOLDER,     /* how it is held: enum holder_kind */
	CAUSE_FOR_OTHERS, /* a holder that is better not ended, see guard.h */
	CAUSE_THREAD,     /* held in the table of one thread */
	CAUSE_KIND,       /* what it does: enum obstacle_kind */
	/* Nothing is in the way, */
	CAUSE_BLIND,      /* but that cannot be seen for certain */
	CAUSE_ELSEWHERE,  /* but in another network namespace */
	CAUSE_ASIDE,      /* but there are sockets on the port */
	CAUSE_FREE,
};

struct cause {
	const char *name;
	enum cause_on on;
	int value; /* of the enum, or 0 */
	void (*tell)(const struct telling *t, struct buf *out); /* the words of the headline */
};

/* In the order in which they are tried: the first that applies is told. */
extern const struct cause cause_rows[];
extern const size_t cause_rows_len;

/** True if nothing is in the way, as far as can be seen, which is not all. */
bool cause_is_blind(const struct telling *t);

/** The cause of what is under way; there always is one. */
const struct cause *cause_find(const struct telling *t);

#endif
