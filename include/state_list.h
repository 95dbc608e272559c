/*
 * The states of -s: `LISTEN`, `TCP:LISTEN,CLOSE_WAIT`, `^TIME_WAIT`.
 */
#ifndef WHOPORT_STATE_LIST_H
#define WHOPORT_STATE_LIST_H

#include "sock.h"

#include <stdbool.h>
#include <stddef.h>

struct state_list {
	/* For each state the protocols it is asked for, and left out for. */
	unsigned included[SOCK_STATE_COUNT];
	unsigned excluded[SOCK_STATE_COUNT];
	unsigned protos; /* protocols named in front of an included state */
	bool any_included;
};

/**
 * Add one value of -s. A protocol in front counts up to the next one.
 *
 * @out_why  on -EINVAL a reason for the user
 * Return 0 or -EINVAL.
 */
int state_list_add(struct state_list *list, const char *text, const char **out_why);

/** True if a socket of this protocol in this state is let through. */
bool state_list_match(const struct state_list *list, enum sock_proto proto, enum sock_state state);

#endif
