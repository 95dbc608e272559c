/*
 * How a snapshot comes by holders: by one scanner or the other, of the sockets that
 * are known by then.
 */
#ifndef WHOPORT_SNAPSHOT_SCAN_H
#define WHOPORT_SNAPSHOT_SCAN_H

#include "scan.h"

#include <stdbool.h>

struct snapshot;
struct snapshot_request;

/** How a scan is done. */
struct snapshot_manner {
	enum scan_threads threads;
	bool only_changed; /* what has as many descriptors as before is left out */
	bool census;       /* before tables are read: by the iterator alone */
	bool looks_again;  /* if anything is missing, another scan follows */
};

/**
 * Scan for the holders of the sockets; adds to holders and processes, which are sorted
 * then, and, with the iterator, to the sockets.
 *
 * Return 0 or -errno, with @out->failed.
 */
int snapshot_scan(const struct snapshot_request *rq, struct snapshot *out,
		  struct snapshot_manner manner);

/**
 * The protocols of which held sockets that no table has may belong to the answer: those
 * of a namespace that was not read, or of a kind without a table. Return a set of
 * SOCK_PROTO_BIT()s, 0 for none.
 */
unsigned snapshot_stray_protos(const struct snapshot_request *rq, const struct snapshot *snap);

#endif
