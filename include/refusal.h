/*
 * Reasons why -k signals nobody, in words.
 */
#ifndef WHOPORT_REFUSAL_H
#define WHOPORT_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

struct ancestry;
struct buf;
struct kill_request;
struct victim_list;

/**
 * Check whether all holders may be signalled, and tell on stderr what speaks against it:
 * holders that are hidden, processes that are not to be signalled (guard.h), or that we
 * have no right to signal. Those that never will be are VICTIM_SPARED.
 *
 * Return true if nothing does, or --force overrides it.
 */
bool refusal_is_none(const struct kill_request *rq, struct victim_list *list,
		     const struct ancestry *ancestry);

/** Append the name of a user, or the number; NULL: `somebody`. */
void refusal_add_user(const struct kill_request *rq, const uint32_t *uid, struct buf *out);

#endif
