/*
 * Who has the other ends of the sockets in rows (-E, +E): of unix sockets, and of
 * connections of this machine with itself. A second look finds them: the sockets at the
 * other ends, and their holders.
 */
#ifndef WHOPORT_ENDS_H
#define WHOPORT_ENDS_H

#include "end_key.h"
#include "filter.h"
#include "look.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct end_ref; /* a row of the second look, by the key of its socket */
struct netns_list;

struct ends {
	struct look look; /* the second one */
	bool look_failed; /* of which the user has been told */
	struct end_set set;
	struct filter filter;
	struct end_ref *refs; /* owned; by key */
	size_t refs_len, refs_cap;
	const struct row **chosen; /* owned; rows of the latest answer of ends_of() */
	bool queue_untold; /* the clients of some listener are too many to be told */
};

/* The other end of one socket. */
struct end {
	const struct row *const *rows; /* one for each holder, or one without; see ends_of() */
	size_t rows_len; /* 0: none is known, as beyond a network */
	bool queued;  /* their socket is a listener, which has not accepted the connection */
	bool several; /* they are of more than one socket, and one of these it is */
	bool unknown; /* perhaps it waits in a queue that could not be told */
};

/**
 * Look for the other ends of the sockets in rows.
 *
 * @namespaces  the looker's; those that rows are of are looked for if they are not known
 * @facts   of processes that have them: PROCESS_STAT and so on
 * @itself  find the sockets of the rows themselves, too, with all their holders
 * @out     zeroed; released by ends_free(), also after an error
 * Return 0 or -errno; of a look that failed the user has been told.
 */
int ends_find(const struct row_list *rows, const struct looker *looker,
	      struct netns_list *namespaces, unsigned facts, bool itself, struct ends *out);

/** Release them; rows that were added by ends_add_rows() end before. */
void ends_free(struct ends *e);

/**
 * The other end of a socket. Of sockets that share their ends it is one on the same
 * interface, and one that a process may have. Threads that share a table (-K) are told
 * once.
 *
 * Return it; the rows are valid until the next call.
 */
struct end ends_of(const struct ends *e, const struct sock *s);

/**
 * Add the rows of the other ends to those that they belong to, but for what is among
 * them.
 *
 * Return 0 or -ENOMEM.
 */
int ends_add_rows(const struct ends *e, struct row_list *rows);

#endif
