/*
 * Sockets that are held but in no table that was read: of a protocol without a
 * table, or of a network namespace that nobody has read yet, because only a
 * descriptor or the socket itself keeps it alive.
 */
#ifndef WHOPORT_STRAY_H
#define WHOPORT_STRAY_H

#include <stdbool.h>
#include <stddef.h>

struct holder_index;
struct inventory_request;
struct inventory_stats;
struct scan_sight;
struct sock_table;

struct stray_request {
	const struct inventory_request *inventory;
	const struct holder_index *holders; /* sorted; of every socket that is held */
	const struct scan_sight *sights;    /* borrowed; descriptors of namespaces among them */
	size_t sights_len;
	unsigned protos;   /* only sockets of these: SOCK_PROTO_BIT()s */
	bool every_socket; /* of what stays unknown a record is made, too */
};

/** True if some socket is held that the table does not have. */
bool stray_any(const struct stray_request *rq, const struct sock_table *socks);

/**
 * Look for the strays in the namespaces of their holders, in those that a
 * descriptor refers to, and in those of the sockets themselves (SIOCGSKNS on a
 * copy of the descriptor, CAP_NET_ADMIN).
 *
 * What the filter wants of them is added to the table; with every_socket the
 * rest is added as SOCK_PROTO_OTHER, with the kernel's word for its protocol.
 *
 * @socks  sorted; stays sorted
 * @st     added to
 * Return 0 or -ENOMEM.
 */
int stray_settle(const struct stray_request *rq, struct sock_table *socks,
		 struct inventory_stats *st);

#endif
