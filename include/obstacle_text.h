/*
 * A socket that is in the way of a bind(2), in words: who has it, and what it does there.
 */
#ifndef WHOPORT_OBSTACLE_TEXT_H
#define WHOPORT_OBSTACLE_TEXT_H

#include <stdbool.h>

struct bind_case;
struct buf;
struct column_style;
struct obstacle;

/**
 * Append who holds it: `nginx,811 nginx,812`, some of them, or why nobody can be named.
 *
 * Return how many processes there are: the verb's number goes with it.
 */
unsigned obstacle_text_add_who(const struct column_style *style, const struct bind_case *c,
			       const struct obstacle *o, struct buf *out);

/** Append its own end, `0.0.0.0:8080`; a wildcard as it was bound. */
void obstacle_text_add_end(const struct column_style *style, const struct obstacle *o,
			   struct buf *out);

/** Append the time a remainder has left, `41 s`; nothing if it has no end of its own. */
void obstacle_text_add_time(const struct obstacle *o, struct buf *out);

#endif
