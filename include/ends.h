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

struct end_place; /* a socket at some end, by its key */
struct netns_list;

struct ends {
	struct look look; /* the second one */
	struct end_set set;
	struct filter filter;
	struct end_place *places; /* owned; by key */
	size_t places_len, places_cap;
	const struct row **rows; /* owned; those of the look, by socket */
};

/* The other end of one socket. */
struct end {
	const struct sock *sock; /* NULL: none is known, as beyond a network */
	const struct row *const *rows; /* one for each holder, or one without */
	size_t rows_len;
	bool queued; /* the socket is a listener, which has not accepted the connection */
};

/**
 * Look for the other ends of the sockets in rows.
 *
 * @namespaces  the looker's
 * @facts   of processes that have them: PROCESS_STAT and so on
 * @itself  find the sockets of the rows themselves, too, with all their holders
 * @out     zeroed; released by ends_free(), also after an error
 * Return 0, or -errno after the user has been told.
 */
int ends_find(const struct row_list *rows, const struct looker *looker,
	      struct netns_list *namespaces, unsigned facts, bool itself, struct ends *out);

/** Release them; rows that were added by ends_add_rows() end before. */
void ends_free(struct ends *e);

/** True if a row of an end tells nothing new: a thread that shares its table (-K). */
bool end_repeats(const struct end *end, size_t row);

/** The other end of a socket. */
struct end ends_of(const struct ends *e, const struct sock *s);

/**
 * Add the rows of the other ends to those that they belong to, but for what is among
 * them.
 *
 * Return 0 or -ENOMEM.
 */
int ends_add_rows(const struct ends *e, struct row_list *rows);

#endif
