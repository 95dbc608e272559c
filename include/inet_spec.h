/*
 * The internet selections of -i, in lsof's grammar:
 *
 *     [46][proto[,proto]][@host[,host]][:ports]     or bare ports
 */
#ifndef WHOPORT_INET_SPEC_H
#define WHOPORT_INET_SPEC_H

#include "addr.h"
#include "port_set.h"
#include "sock.h"

#include <stdbool.h>
#include <stddef.h>

struct names;

struct inet_prefix {
	struct addr addr;
	unsigned bits;
};

struct inet_spec {
	unsigned protos; /* SOCK_PROTO_BIT()s */
	bool v4, v6;
	struct inet_prefix *hosts; /* owned; none: any address */
	size_t hosts_len;
	struct port_set ports; /* empty: any port */
	size_t item; /* the filter's; of a spec without ports */
};

/** Release what a spec owns. */
void inet_spec_free(struct inet_spec *spec);

/**
 * Parse one value of -i; empty text selects all internet sockets.
 *
 * @out      released by the caller also after an error
 * @out_why  on -EINVAL a reason for the user
 * Return 0, -EINVAL or -ENOMEM.
 */
int inet_spec_parse(struct names *names, const char *text, size_t len, struct inet_spec *out,
		    const char **out_why);

/** True if sockets of this protocol and family can match. */
bool inet_spec_allows(const struct inet_spec *spec, enum sock_proto proto, sa_family_t family);

/**
 * True if one end of a socket has both a host and a port of the spec.
 *
 * @range       one range of the spec's ports, or NULL for any of them
 * @local_only  look at the local end only
 */
bool inet_spec_match(const struct inet_spec *spec, const struct port_range *range,
		     const struct sock *s, bool local_only);

#endif
