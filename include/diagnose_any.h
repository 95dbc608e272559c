/*
 * --why for port 0, where the kernel chooses: how many ports of its range are left.
 */
#ifndef WHOPORT_DIAGNOSE_ANY_H
#define WHOPORT_DIAGNOSE_ANY_H

#include "diagnose.h"

struct look;
struct place;

/**
 * Explain a bind(2) to port 0 of a place, of one protocol.
 *
 * @look  at every port
 * @home  id of our network namespace
 * @out   zeroed
 * Return 0 or -ENOMEM. Source: inet_csk_find_open_port in
 * net/ipv4/inet_connection_sock.c; ip(7), ip_local_port_range.
 */
int diagnose_any(const struct diagnose_context *ctx, const struct place *place,
		 const struct look *look, uint32_t home, const struct bind_world *world,
		 struct diagnosis *out);

#endif
