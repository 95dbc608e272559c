/*
 * The second look. A socket can be handed on while a scan goes by, or be closed, and
 * a server can restart between two readings: what seems to be held by nobody is looked
 * for once more before that is said.
 */
#ifndef WHOPORT_SECOND_LOOK_H
#define WHOPORT_SECOND_LOOK_H

#include <stdbool.h>

struct snapshot;
struct snapshot_request;

/**
 * If there are sockets that should have a holder and have none: ask for the sockets
 * again, then for who holds those that are still without holder, and last whether they
 * are still there.
 *
 * Where missing rights explain them all, only processes whose tables changed are
 * asked; and if they are all listeners, which seldom come and go, tables of text are
 * not read again.
 *
 * Return 0 or -errno.
 */
int second_look(const struct snapshot_request *rq, struct snapshot *out);

/**
 * Replace the sockets by a second reading: of what was there before, and with
 * @keep_holding of new listeners and the like, since a server may have restarted; a new
 * connection came after us.
 *
 * @out_any_new  there is something new
 * Return 0 or -errno.
 */
int second_look_read(const struct snapshot_request *rq, struct snapshot *out, bool keep_holding,
		     bool *out_any_new);

#endif
