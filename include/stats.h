/*
 * What --stats tells: how long the phases of a run took, what was read, and by
 * which way.
 */
#ifndef WHOPORT_STATS_H
#define WHOPORT_STATS_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct snapshot;

enum { STATS_PHASES_MAX = 12 };

/** A stopwatch. */
struct stats {
	uint64_t start_ns, last_ns;
	struct {
		const char *name;
		uint64_t ns;
	} phases[STATS_PHASES_MAX];
	size_t len;
	const char *note; /* what else is worth saying, of an action; NULL: nothing */
};

/** Start the clock, for a first or another answer. */
void stats_start(struct stats *s);

/**
 * End a phase; one that was there before goes on.
 *
 * @s     NULL: nobody wants to know
 * @name  borrowed
 */
void stats_phase(struct stats *s, const char *name);

/** Append lines about a run, in milliseconds and KiB. */
void stats_add(struct buf *out, const struct stats *s, const struct snapshot *snap, size_t rows);

#endif
