/*
 * What every source of socket records is asked, and how it answers: the
 * records of one network namespace, one by one, to a sink.
 */
#ifndef WHOPORT_SOURCE_H
#define WHOPORT_SOURCE_H

#include "sock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where records go, and what is still wanted of them. */
struct source_sink {
	void *ctx;
	/**
	 * Take one record; what it points to is valid during the call only.
	 *
	 * Return 0 to go on, or -errno to stop the reading with that error.
	 */
	int (*take)(void *ctx, const struct sock *s);
	/** Places in the stream of records, to forget what came behind one. NULL: never. */
	size_t (*mark)(const void *ctx);
	void (*forget)(void *ctx, size_t mark);
	/**
	 * States of a protocol that are wanted (still, after what was read), as a
	 * set of SOCK_STATE_BIT()s. A source may leave out others. NULL: all.
	 */
	uint32_t (*wants_states)(const void *ctx, enum sock_proto proto);
	/**
	 * The local ports that are wanted (still), at most @max. A source may leave
	 * out others. NULL, or 0 in return: any port, or too many.
	 */
	size_t (*wants_ports)(const void *ctx, enum sock_proto proto, uint16_t *out, size_t max);
};

struct source_stats {
	size_t malformed; /* rows that make no sense: skipped */
	size_t tables;    /* tables and dumps that were there */
	unsigned refused; /* protocols that were not answered for: SOCK_PROTO_BIT()s */
	const char *file; /* the file an error is about, such as "tcp6" */
};

struct source_request {
	int fd;          /* a `net` directory, or a netlink socket; borrowed */
	uint32_t netns;  /* namespace id stored in each record, 0 when unknown */
	unsigned protos; /* set of SOCK_PROTO_BIT()s */
	bool details;    /* records are to have sock_info.h's facts, if the source tells them */
	const struct source_sink *sink;
};

#endif
