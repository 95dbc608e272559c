/*
 * Sets of ports: `80`, `80,443,8000-8010`, `http`.
 */
#ifndef WHOPORT_PORT_SET_H
#define WHOPORT_PORT_SET_H

#include "sock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names;

struct port_range {
	uint16_t lo, hi; /* host byte order, both included */
	unsigned protos; /* SOCK_PROTO_BIT()s it counts for */
	const char *text; /* as it was written; borrowed */
	size_t text_len;
	size_t item; /* the filter's: which item of the command line this is */
};

struct port_set {
	struct port_range *v;
	size_t len, cap;
};

/** Release the set. */
void port_set_free(struct port_set *set);

/**
 * Add a comma-separated list of ports, ranges and service names.
 *
 * @text     borrowed for the set's life
 * @protos   protocols of interest
 * @out_why  on -EINVAL a reason for the user
 * Return 0, -EINVAL or -ENOMEM; the set keeps what was added before an error.
 */
int port_set_parse(struct port_set *set, struct names *names, const char *text, size_t len,
		   unsigned protos, const char **out_why);

/** True if a range has the port for this protocol. */
bool port_range_has(const struct port_range *range, uint16_t port, enum sock_proto proto);

#endif
