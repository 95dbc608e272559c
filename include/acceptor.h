/*
 * Who will get a connection that waits in a queue: the holders of its listeners, as
 * far as they are known.
 */
#ifndef WHOPORT_ACCEPTOR_H
#define WHOPORT_ACCEPTOR_H

#include <stddef.h>

struct holder;
struct snapshot;
struct sock;

enum { ACCEPTORS_MAX = 64 }; /* holders that are looked at */

struct acceptors {
	const struct holder *v[ACCEPTORS_MAX]; /* the snapshot's; by pid, tid, fd */
	size_t len;
	size_t listeners; /* how many there are: more than one is a SO_REUSEPORT group */
	size_t hidden;    /* of which nobody is known to hold them */
};

/**
 * Find them for a connection that was not accepted yet.
 *
 * @snap  with its listeners
 * @out   borrows from it
 */
void acceptors_find(const struct snapshot *snap, const struct sock *s, struct acceptors *out);

#endif
