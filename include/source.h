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

/**
 * Takes one record; its name is valid during the call only.
 *
 * Return 0 to go on, or -errno to stop the reading with that error.
 */
typedef int source_sink(void *ctx, const struct sock *s);

struct source_stats {
	size_t malformed; /* lines that are no rows: skipped */
	size_t tables;    /* files that were there */
	const char *file; /* the file an error is about, such as "tcp6" */
};

struct source_request {
	int net_fd;      /* a `net` directory, such as /proc/self/net; borrowed */
	uint32_t netns;  /* namespace id stored in each record, 0 when unknown */
	unsigned protos; /* set of SOCK_PROTO_BIT()s */
	source_sink *sink;
	void *ctx; /* the sink's */
	/* Whether TIME_WAIT remains are wanted (still, after what was read); NULL:
	 * yes. Without them a TCP table is not read if no socket uses it: even
	 * empty it costs a walk over 262,144 buckets. */
	bool (*wants_remains)(const void *ctx);
};

#endif
