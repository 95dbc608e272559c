/*
 * Sockets of kinds that have no port or path: netlink, packet, vsock, XDP. Of
 * these whoport knows who holds them and one line of what they are.
 */
#ifndef WHOPORT_OTHER_ROW_H
#define WHOPORT_OTHER_ROW_H

#include "sock.h"

#include <stddef.h>

struct buf;

/**
 * Parse an answer of sock_diag about one socket: struct netlink_diag_msg,
 * packet_diag_msg, vsock_diag_msg or xdp_diag_msg, by @proto.
 *
 * @data  behind the netlink header, not aligned; borrowed
 * @text  emptied; gets what the NAME column says; @out's name points into it
 * Return 0, -EBADMSG if it is too short or of another family, or -ENOMEM.
 * Source: linux/{netlink,packet,vm_sockets,xdp}_diag.h.
 */
int other_row_parse_diag(const void *data, size_t len, enum sock_proto proto, struct buf *text,
			 struct sock *out);

/**
 * Parse a row of /proc/net/netlink or /proc/net/packet, by @proto; the others
 * have no table.
 *
 * Return 0, -EINVAL if it is no such row, or -ENOMEM.
 * Source: netlink_seq_show in net/netlink/af_netlink.c, packet_seq_show in
 * net/packet/af_packet.c.
 */
int other_row_parse_text(const char *line, size_t len, enum sock_proto proto, struct buf *text,
			 struct sock *out);

#endif
