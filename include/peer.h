/*
 * The other end: here, the listener that a connection waits in, since a
 * connection that was not accepted yet is held by whoever holds its listener.
 */
#ifndef WHOPORT_PEER_H
#define WHOPORT_PEER_H

#include "sock.h"

#include <stddef.h>

/** The listeners of a socket table, by port. */
struct peer_index {
	const struct sock **v; /* owned array of borrowed records */
	size_t len;
};

/**
 * Index the listeners of a table; the table must outlive the index unchanged.
 *
 * Return 0 or -ENOMEM.
 */
int peer_index_build(struct peer_index *x, const struct sock_table *socks);

/** Release the index. */
void peer_index_free(struct peer_index *x);

/**
 * The listeners whose queue a connection can be in: of its own family those at
 * its very address, else at the wildcard; if there is none, of the other
 * family, as [::] takes IPv4. Several form a SO_REUSEPORT group. Unix: the
 * listener of the same name.
 *
 * @out  at most @max of them
 * Return how many there are. Source: __inet_lookup_listener in
 * net/ipv4/inet_hashtables.c.
 */
size_t peer_find_listeners(const struct peer_index *x, const struct sock *s,
			   const struct sock **out, size_t max);

#endif
