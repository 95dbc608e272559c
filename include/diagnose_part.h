/*
 * The parts of a diagnosis of ports: what is known when its words are made, and what
 * diagnose_fact.c and diagnose_help.c add to the headline.
 */
#ifndef WHOPORT_DIAGNOSE_PART_H
#define WHOPORT_DIAGNOSE_PART_H

#include "diagnose.h"
#include "guard.h"

#include <stdbool.h>

/* A diagnosis under way. */
struct telling {
	const struct diagnose_context *ctx;
	const struct bind_case *c;
	const struct obstacle *top; /* the worst; NULL: nothing is in the way */
	/* What is better not signalled: what it is, and the command to use instead. */
	enum guard_kind guard;
	bool is_forwarder; /* an ssh that forwards the port */
	struct buf advice, command;
};

/** Find out whether the holder of the worst one holds it for others. */
void diagnose_find_advice(struct telling *t);

/** Add what explains the headline, the most important first. */
void diagnose_add_facts(const struct telling *t, struct diagnosis *out);

/** Append the command that helps; nothing if there is none. */
void diagnose_add_help(const struct telling *t, struct buf *out);

#endif
