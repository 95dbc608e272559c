/*
 * --why for unix names: paths, where the file decides, and abstract names.
 */
#ifndef WHOPORT_DIAGNOSE_UNIX_H
#define WHOPORT_DIAGNOSE_UNIX_H

#include "diagnose.h"

struct look;
struct place;

/**
 * Explain a unix name.
 *
 * @word  as it was typed: whose length counts, and which is looked up from here
 * @look  at the sockets of that name
 * @home  id of our network namespace: abstract names of others are passed over
 * @out   zeroed
 * Source: unix_bind_bsd and unix_bind_abstract in net/unix/af_unix.c; unix(7).
 */
void diagnose_unix(const struct diagnose_context *ctx, const struct place *place,
		   const char *word, const struct look *look, uint32_t home, uint32_t uid,
		   struct diagnosis *out);

#endif
