/*
 * What has to come free, or to be listened on: a port at an address, or a unix name, in
 * a network namespace.
 */
#ifndef WHOPORT_PLACE_H
#define WHOPORT_PLACE_H

#include "target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct filter;
struct names;
struct netns_list;
struct sock;

struct place {
	/* Several where a word stands for more than one: the addresses of a host, the
	 * spellings of a path. Each of a single port, of the same one. */
	struct target_list targets;
	size_t item;    /* of the filter that it was made with; SIZE_MAX: none */
	uint32_t netns; /* 0: any, or unknown */
	/* What those who held it let others do, of all of them: PROBE_REUSEADDR and
	 * _REUSEPORT; -1: not known. */
	int reuse;
};

struct place_list {
	struct place *v;
	size_t len, cap;
};

/** Release the list. */
void place_list_free(struct place_list *list);

/**
 * Add the place that a socket takes: that of the target which selected it, or else its
 * own address. Nothing for a socket that takes none.
 *
 * @filter  whose targets are asked
 * @out     set to the place, new or known, or to NULL; valid until the next is added
 * Return 0 or -ENOMEM.
 */
int place_list_add_sock(struct place_list *list, struct filter *filter, const struct sock *s,
			struct place **out);

/**
 * Add the places of all targets, each port of a range apart.
 *
 * @netns  stored with each port; 0: in any namespace, as a path is
 * Return 0 or -ENOMEM.
 */
int place_list_add_targets(struct place_list *list, const struct filter *filter, uint32_t netns);

/** Sort by word, as they were typed, and port. */
void place_list_sort(struct place_list *list);

/**
 * Find out which files the paths name now; else the bound name alone counts.
 *
 * Return true if there is any path.
 */
bool place_list_find_files(struct place_list *list);

/**
 * Make a filter of places: all that is there, in every state.
 *
 * @out  zeroed; released by filter_free(); borrows @names and the list's bytes
 * Return 0 or -ENOMEM.
 */
int place_list_make_filter(const struct place_list *list, struct names *names, struct filter *out);

/** True if a socket is in the way of a bind to a place. */
bool place_match(const struct place *p, const struct sock *s);

/**
 * Make a place of some protocols alone; without any target if it has none of them.
 *
 * @out  zeroed; released by target_list_free() of its targets, also after an error
 * Return 0 or -ENOMEM.
 */
int place_restrict(const struct place *p, unsigned protos, struct place *out);

/** True if a place is a unix name. */
bool place_is_unix(const struct place *p);

/**
 * Append a place as it is typed: `8080/tcp`, `127.0.0.1:53/udp`, `/run/x.sock`, `@name`;
 * of more than one protocol `8080`.
 *
 * @escape  ESCAPE_UTF8 or 0
 */
void place_add_text(const struct place *p, unsigned escape, struct buf *out);

#endif
