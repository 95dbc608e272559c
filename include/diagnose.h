/*
 * --why in words: what a bind(2) would meet, from a table of causes; one headline, at
 * most three facts, and the command that helps.
 */
#ifndef WHOPORT_DIAGNOSE_H
#define WHOPORT_DIAGNOSE_H

#include "bind_case.h"
#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ancestry;
struct cgroup_index;
struct column_style;
struct ends;

enum verdict {
	VERDICT_WORKS,
	VERDICT_REUSEADDR,         /* only with that option */
	VERDICT_REUSEPORT,
	VERDICT_REUSEADDR_DEPENDS, /* only with it, if what is there has it, too */
	VERDICT_REUSEPORT_DEPENDS,
	VERDICT_FAILS,
	VERDICT_UNKNOWN,           /* it cannot be told whether a plain bind() works */
};

enum { FACTS_MAX = 3 };

struct diagnosis {
	enum verdict verdict;
	int error; /* errno of a plain bind(), 0 if it works */
	const char *cause; /* the name of its entry in the table */
	struct buf headline;
	size_t verdict_len; /* of the headline, behind which comes the cause */
	bool is_unexplained; /* a real bind() failed, though nothing forbids it */
	bool is_general; /* nothing is in the way: it has no more to do with one protocol */
	struct buf facts[FACTS_MAX];
	size_t facts_len;
	struct buf help; /* a command that is safe to be typed; empty: there is none */
};

/* What the words are made with; everything borrowed. */
struct diagnose_context {
	const struct column_style *style;
	const struct ancestry *ancestry;
	struct cgroup_index *cgroups; /* loaded when it is needed */
	const struct ends *ends;      /* the other ends of what is left; NULL: not looked for */
	const struct row *elsewhere;  /* in another network namespace; NULL: none was found */
	int proc_fd;
	bool misses_bound; /* TCP sockets that are bound but do not listen cannot be seen */
	bool is_root;      /* for whom it is no advice to become root */
};

/** Release a diagnosis. */
void diagnosis_free(struct diagnosis *d);

/** What the answers of a case mean. */
enum verdict verdict_of(const struct bind_case *c);

/** Explain a case of ports. @out zeroed; memory that ran out is in its buffers' error. */
void diagnose_ports(const struct diagnose_context *ctx, const struct bind_case *c,
		    struct diagnosis *out);

/** A new fact, or NULL if there are enough; borrowed from the diagnosis. */
struct buf *diagnosis_add_fact(struct diagnosis *d);

/** The same, in the place of the last one if there are enough. */
struct buf *diagnosis_put_fact(struct diagnosis *d);

/** Append `bind() to PLACE as USER`, and what the verdict says, to the headline. */
void diagnosis_add_verdict(const struct diagnose_context *ctx, const struct place *place,
			   uint32_t uid, struct diagnosis *d);

/** Make the headline anew after the verdict has changed; the cause stays. */
void diagnosis_change_verdict(const struct diagnose_context *ctx, const struct place *place,
			      uint32_t uid, struct diagnosis *d);

/** Append the name of a user, or the number. */
void diagnose_add_user(const struct diagnose_context *ctx, uint32_t uid, struct buf *out);

/** `EADDRINUSE` */
const char *diagnosis_error_name(int error);

#endif
