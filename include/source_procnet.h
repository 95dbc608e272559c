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

#include <stdbool.h>
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

struct procnet_request {
	int net_fd;      /* a `net` directory, such as /proc/self/net; borrowed */
	uint32_t netns;  /* namespace id stored in each record, 0 when unknown */
	unsigned protos; /* set of SOCK_PROTO_BIT()s */
	procnet_sink *sink;
	void *ctx; /* the sink's */
	/* Whether TIME_WAIT remains are wanted (still, after what was read); NULL:
	 * yes. Without them a TCP table is not read if no socket uses it: even
	 * empty it costs a walk over 262,144 buckets. */
	bool (*wants_remains)(const void *ctx);
};

/**
 * Parse a line of sockstat or sockstat6 such as `TCP6: inuse 3`.
 *
 * @name  the protocol, with its colon
 * Return true if the line is about it; TIME_WAIT remains are not counted.
 * Source: sockstat6_seq_show in net/ipv6/proc.c.
 */
bool procnet_parse_inuse(const char *line, size_t len, const char *name, uint64_t *out);

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
int source_procnet_read(const struct procnet_request *rq, struct procnet_stats *st);

#endif
