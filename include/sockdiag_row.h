/*
 * The messages of NETLINK_SOCK_DIAG, decoded: pure functions over bytes. The
 * layouts are those of linux/inet_diag.h and linux/unix_diag.h.
 */
#ifndef WHOPORT_SOCKDIAG_ROW_H
#define WHOPORT_SOCKDIAG_ROW_H

#include "sock.h"

#include <stddef.h>

/**
 * Parse the answer about one internet socket (struct inet_diag_msg).
 *
 * @data   behind the netlink header, not aligned; borrowed
 * @proto  that was asked for; the message does not tell
 * Return 0, or -EBADMSG if it is too short or of another family.
 * Source: sock_diag(7); inet_sk_diag_fill in net/ipv4/inet_diag.c.
 */
int sockdiag_parse_inet(const void *data, size_t len, enum sock_proto proto, struct sock *out);

/**
 * Parse the answer about one unix socket (struct unix_diag_msg).
 *
 * @out  its name points into @data: raw bytes, an abstract one begins with NUL
 * Return 0 or -EBADMSG.
 * Source: sock_diag(7); sk_diag_fill in net/unix/diag.c.
 */
int sockdiag_parse_unix(const void *data, size_t len, struct sock *out);

#endif
