/*
 * The text source: /proc/net/{tcp,tcp6,udp,udp6,udplite,udplite6,raw,raw6,unix,
 * netlink,packet} of one network namespace into socket records. It works on every kernel,
 * without any right, and is what remains when sock_diag is refused.
 *
 * It cannot see TCP sockets that are bound but not listening, and it knows no
 * owner of a unix socket.
 */
#ifndef WHOPORT_SOURCE_PROCNET_H
#define WHOPORT_SOURCE_PROCNET_H

#include "sock.h"

struct source_request;
struct source_stats;

/** The protocols that have a table of text. */
#define SOURCE_PROCNET_PROTOS \
	(SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_UDP) | \
	 SOCK_PROTO_BIT(SOCK_PROTO_UDPLITE) | SOCK_PROTO_BIT(SOCK_PROTO_RAW) | \
	 SOCK_PROTO_BIT(SOCK_PROTO_UNIX) | SOCK_PROTO_BIT(SOCK_PROTO_NETLINK) | \
	 SOCK_PROTO_BIT(SOCK_PROTO_PACKET))

/**
 * Read the tables of some protocols.
 *
 * Rows go to the sink in the kernel's order; those of unix after the whole
 * table was read, because a newline in a name can forge a row: a row whose
 * inode a certain row has too is given back to the name.
 *
 * Return 0, or -errno of the first table that exists and cannot be read, or of
 * the sink. A table that is not there (no IPv6, no module) is no error.
 */
int source_procnet_read(const struct source_request *rq, struct source_stats *st);

#endif
