/*
 * --probe: a real bind(2), with a socket of our own that is closed at once and never
 * listens.
 */
#ifndef WHOPORT_BIND_TRY_H
#define WHOPORT_BIND_TRY_H

#include "addr.h"
#include "sock.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Bind a socket to an internet address, and close it.
 *
 * @v6only     of an address of IPv6
 * @reuseaddr  set SO_REUSEADDR before
 * Return 0, or -errno of bind(2) or socket(2).
 */
int bind_try_inet(enum sock_proto proto, const struct addr *a, bool v6only, bool reuseaddr);

/**
 * Bind a stream socket to an abstract name, and close it.
 *
 * @name  with its leading NUL
 * Return as above.
 */
int bind_try_abstract(const char *name, size_t len);

#endif
