/*
 * What runs containers, or forwards their ports, and how these are stopped.
 */
#ifndef WHOPORT_GUARD_CONTAINER_H
#define WHOPORT_GUARD_CONTAINER_H

#include "word.h"

#include <stdbool.h>

struct buf;
struct guard_facts;

/**
 * Append what a process does for containers, and the better command, as guard_judge().
 *
 * @command  of the process; at most the kernel's 15 bytes
 * Return false, with nothing appended, if it does nothing for them.
 */
bool guard_container_advise(const struct guard_facts *facts, struct word command,
			    struct buf *out_reason);

/**
 * Append the id of the container that a process lies in, as engines show it.
 *
 * Return false, with nothing appended, if none is known.
 */
bool guard_container_add_id(const struct guard_facts *facts, struct buf *out);

#endif
