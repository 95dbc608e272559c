/*
 * Whether an address and a port may be had at all, whoever has them now: what bind(2)
 * asks before it looks for other sockets.
 */
#ifndef WHOPORT_BIND_RIGHT_H
#define WHOPORT_BIND_RIGHT_H

#include "addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bind_bar {
	BIND_BAR_NONE,
	BIND_BAR_NO_IPV6,    /* EAFNOSUPPORT: the kernel has none */
	BIND_BAR_NO_SCOPE,   /* EINVAL: a link-local address without its interface */
	BIND_BAR_MULTICAST,  /* EINVAL: an IPv6 address of many, for TCP */
	BIND_BAR_PRIVILEGED, /* EACCES: CAP_NET_BIND_SERVICE is missing */
	BIND_BAR_NOT_LOCAL,  /* EADDRNOTAVAIL: of no interface here */
	BIND_BAR_TENTATIVE,  /* the same: it is being checked whether somebody else has it */
	BIND_BAR_DUPLICATE,  /* the same: somebody has */
	BIND_BAR_DISABLED,   /* the same: IPv6 is switched off */
};

/** errno of bind(2), 0 for none. */
int bind_bar_error(enum bind_bar bar);

/** True for an IPv6 address that stands for nothing without its interface. */
bool bind_right_needs_scope(const struct addr *a);

/** The first port that needs no right; 1024 unless it was set otherwise. */
uint32_t bind_right_first_free_port(int proc_fd);

/** True if the kernel has IPv6 in this network namespace. */
bool bind_right_has_ipv6(int proc_fd);

/** What the kernel does of an IPv4 address: RTN_LOCAL and so on; 0: no answer to be had. */
typedef unsigned bind_right_route(const struct addr *a);

/** Asks the kernel, in the network namespace of the calling thread. */
bind_right_route bind_right_ask_route;

/**
 * Find what keeps an address and a port from this process.
 *
 * @proc_fd  root of a proc tree, for sys/net and self/net/if_inet6; borrowed
 * @route    asked of an IPv4 address; NULL: all of those are taken to be local
 * @is_stream  for TCP
 * @may_bind_low  CAP_NET_BIND_SERVICE counts here
 * Source: __inet_bind in net/ipv4/af_inet.c, __inet6_bind in net/ipv6/af_inet6.c.
 */
enum bind_bar bind_right_find_bar(int proc_fd, const struct addr *a, bind_right_route *route,
				  bool is_stream, bool may_bind_low);

/**
 * Find what keeps an IPv6 address from being bound, in the text of /proc/net/if_inet6:
 *
 *     fe800000000000000000000000000001 02 40 20 c0     eth0
 *     address, interface, length of the prefix, scope, flags (IFA_F_*), name
 *
 * Return BIND_BAR_NONE, _NOT_LOCAL, _TENTATIVE or _DUPLICATE.
 * Source: if6_seq_show and ipv6_chk_addr_and_flags in net/ipv6/addrconf.c.
 */
enum bind_bar bind_right_parse_addresses(const char *text, size_t len, const struct addr *a);

/** The kind of a route from the body of an RTM_NEWROUTE message; 0 if it is too short. */
unsigned bind_right_parse_route(const void *data, size_t len);

#endif
