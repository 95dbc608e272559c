/*
 * A request of NETLINK_SOCK_DIAG about internet sockets: its wire form, and how
 * a protocol is named in it.
 */
#ifndef WHOPORT_SOCKDIAG_REQUEST_H
#define WHOPORT_SOCKDIAG_REQUEST_H

#include "sock.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct inet_diag_req_v2 of linux/inet_diag.h, with the only attribute that we
 * send; the members' order and sizes leave no holes.
 */
struct sockdiag_request {
	uint8_t family, protocol, extensions;
	uint8_t raw_protocol; /* struct inet_diag_req_raw; no other socket has one */
	uint32_t states;
	uint16_t sport, dport;   /* network byte order */
	uint32_t src[4], dst[4]; /* network byte order; IPv4 in the first word */
	uint32_t interface;
	uint32_t cookie[2]; /* low word first; all ones: any */
	struct {
		uint16_t len, type;
		uint32_t value;
	} protocol_attr;
};

/**
 * Begin a request about the sockets of one protocol and family: of every state,
 * end, interface and cookie.
 *
 * Return the bytes of it that are to be sent, or 0 if the protocol is not one of
 * the internet's.
 * Source: inet_diag_get_protocol in net/ipv4/inet_diag.c.
 */
size_t sockdiag_request_begin(enum sock_proto proto, sa_family_t family,
			      struct sockdiag_request *out);

#endif
