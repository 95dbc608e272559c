/*
 * Rows of /proc/net text: pure functions over bytes.
 */
#ifndef WHOPORT_PROCNET_ROW_H
#define WHOPORT_PROCNET_ROW_H

#include "sock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
 * Parse a line of sockstat or sockstat6 such as `TCP6: inuse 3`.
 *
 * @name  the protocol, with its colon
 * Return true if the line is about it; TIME_WAIT remains are not counted.
 * Source: sockstat6_seq_show in net/ipv6/proc.c.
 */
bool procnet_parse_inuse(const char *line, size_t len, const char *name, uint64_t *out);

/**
 * The number of sockets in a line of /proc/net/protocols, of the protocol that is
 * called @name, or @name and v6.
 *
 * Return false if the line is another's. Source: proto_seq_show in net/core/sock.c.
 */
bool procnet_parse_protocol(const char *line, size_t len, const char *name, uint64_t *out);

#endif
