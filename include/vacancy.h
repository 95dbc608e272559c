/*
 * Is a place free? "Free" means that a plain bind() works. Sockets that nobody can
 * end are in the way of that for a while (TIME_WAIT), but not of a bind() with
 * SO_REUSEADDR if they had it set, too.
 */
#ifndef WHOPORT_VACANCY_H
#define WHOPORT_VACANCY_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct column_style;
struct look;
struct netns_list;
struct place;
struct probe;
struct row;
struct sock;

enum vacancy_kind {
	VACANCY_FREE,
	VACANCY_FILE,    /* of a unix name: nobody has it, but its file is there */
	VACANCY_REUSE,   /* with SO_REUSEADDR, which all that is left had set */
	VACANCY_UNSURE,  /* with SO_REUSEADDR, if it had */
	VACANCY_BLOCKED, /* something that is left had not */
	VACANCY_HELD,
};

struct vacancy {
	enum vacancy_kind kind;
	const struct row *held;  /* the first row that holds it, or NULL */
	const struct row *rest;  /* what is left longest: without a holder, or NULL */
	const struct row *open;  /* the first connection that somebody has, or NULL */
	size_t open_len;         /* how many of these there are */
	int reuse; /* of what is left: PROBE_REUSEADDR and so on */
};

/**
 * Judge a place by what a look at it has found.
 *
 * @probe  asks the options of sockets that are still open; NULL: they stay unknown
 * Source: inet_csk_bind_conflict in net/ipv4/inet_connection_sock.c; socket(7), unix(7).
 */
void vacancy_judge(const struct place *place, const struct look *look, struct probe *probe,
		   struct vacancy *out);

/** True if it counts as free: a bind() with SO_REUSEADDR would work, as far as is known. */
bool vacancy_is_free(const struct vacancy *v);

/** True if no process is in the way: what is left is the kernel's, and ends of its own. */
bool vacancy_is_done(const struct vacancy *v);

/** Ask a socket that holds a place what it lets others do, once: for place.reuse. */
void vacancy_ask(struct place *place, const struct row *row, struct probe *probe);

/** True if a socket takes connections or datagrams from anybody. */
bool vacancy_is_listener(const struct sock *s);

/** True if somebody takes connections or datagrams at the place. */
bool vacancy_is_listening(const struct place *place, const struct look *look);

/**
 * Append a line without its end: `8080/tcp is free`, `8080/tcp is free with SO_REUSEADDR;
 * TIME_WAIT for 59 s`, `8080/tcp is held by nginx,811`.
 *
 * @style  for escapes, and for the reasons of what has no holder
 * @verb   `held`, `still held`, `held again`
 */
void vacancy_add_text(const struct vacancy *v, const struct place *place, const struct look *look,
		      const struct column_style *style, const char *verb, struct buf *out);

#endif
