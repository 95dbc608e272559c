/*
 * --probe: what a real bind(2) said, beside what was judged.
 */
#ifndef WHOPORT_DIAGNOSE_TRY_H
#define WHOPORT_DIAGNOSE_TRY_H

#include "diagnose.h"

/**
 * Bind to the addresses of a case, with sockets of our own that are closed at once, and
 * let that decide the verdict. A fact says that it was done.
 *
 * @d  of the same case
 */
void diagnose_try_ports(const struct diagnose_context *ctx, const struct bind_case *c,
			struct diagnosis *d);

/** The same for an abstract unix name; of a path it is said that it was not tried. */
void diagnose_try_name(const struct diagnose_context *ctx, const struct place *place, uint32_t uid,
		       struct diagnosis *d);

#endif
