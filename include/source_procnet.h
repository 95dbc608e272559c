/*
 * The text source: /proc/net/{tcp,tcp6,udp,udp6,udplite,udplite6,raw,raw6,unix}
 * of one network namespace into socket records. It works on every kernel,
 * without any right, and is what remains when sock_diag is refused.
 *
 * It cannot see TCP sockets that are bound but not listening, and it knows no
 * owner of a unix socket.
 */
#ifndef WHOPORT_SOURCE_PROCNET_H
#define WHOPORT_SOURCE_PROCNET_H

#include "sock.h"

#include <stddef.h>
#include <stdint.h>

/**
 * Takes one record; its name is valid during the call only.
 *
 * Return 0 to go on, or -errno to stop the reading with that error.
 */
typedef int procnet_sink(void *ctx, const struct sock *s);

struct procnet_stats {
	size_t malformed; /* lines that are no rows: skipped */
	size_t tables;    /* files that were there */
	const char *file; /* the file an error is about, such as "tcp6" */
};

/**
 * Parse one row of tcp, tcp6, udp, udp6, udplite, raw or raw6.
 *
 * @family  AF_INET or AF_INET6: 8 or 32 hex digits an address
 * @out     proto, family, addresses, state, queues, timer, uid, inode
 * Return 0, or -EINVAL if the line is not a row.
 * Source: proc_net_tcp.rst; get_tcp4_sock and get_timewait4_sock in
 * net/ipv4/tcp_ipv4.c, udp4_format_sock in net/ipv4/udp.c.
 */
int procnet_parse_inet(const char *line, size_t len, enum sock_proto proto, sa_family_t family,
		       struct sock *out);

/**
 * Parse one row of unix. The name, if there is one, points into @line.
 *
 * Return 0, or -EINVAL if the line is not a row.
 * Source: unix_seq_show in net/unix/af_unix.c.
 */
int procnet_parse_unix(const char *line, size_t len, struct sock *out);

/**
 * Read the tables of some protocols.
 *
 * @net_fd  directory fd of a `net` directory, such as /proc/self/net; borrowed
 * @netns   namespace id stored in each record, 0 when unknown
 * @protos  set of SOCK_PROTO_BIT()s
 * @sink    called for each row, in the kernel's order; unix rows come after the
 *          whole table was read, because a newline in a name can forge a row:
 *          a row whose inode a certain row has too is given back to the name
 * Return 0, or -errno of the first table that exists and cannot be read, or of
 * the sink. A table that is not there (no IPv6, no module) is no error.
 */
int source_procnet_read(int net_fd, uint32_t netns, unsigned protos, procnet_sink *sink, void *ctx,
			struct procnet_stats *st);

#endif
