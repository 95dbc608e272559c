/*
 * The kernel's rules of which sockets can share a port: would bind(2) to an address meet
 * a socket that is there?
 *
 * Source: inet_bind_conflict, __inet_bhash2_conflict and inet_rcv_saddr_equal in
 * net/ipv4/inet_connection_sock.c; udp_lib_lport_inuse in net/ipv4/udp.c.
 */
#ifndef WHOPORT_BIND_RULE_H
#define WHOPORT_BIND_RULE_H

#include "addr.h"

#include <stdbool.h>
#include <stdint.h>

struct sock;

/* How a bind(2) ends, from best to worst. */
enum bind_answer { BIND_WORKS, BIND_DEPENDS, BIND_FAILS };

/* A bind(2) that somebody wants to make. */
struct bind_wish {
	struct addr addr; /* with its port; a link-local one with its interface */
	bool v6only;      /* of [::] */
	uint32_t uid;     /* who asks */
};

/**
 * Would it meet a socket of the same protocol on the same port?
 *
 * @options  that the new socket has set: PROBE_REUSEADDR, PROBE_REUSEPORT
 * @held     those of the socket that is there, with PROBE_V6ONLY; -1: not known
 * Return BIND_DEPENDS if that depends on what is not known of the socket.
 */
enum bind_answer bind_rule_judge(const struct bind_wish *wish, unsigned options,
				 const struct sock *s, int held);

/**
 * The same whatever options both have set: is a socket in the way of a plain bind(2)?
 * Such a one has an address and a device in common with the wish.
 */
enum bind_answer bind_rule_meets(const struct bind_wish *wish, const struct sock *s, int held);

#endif
