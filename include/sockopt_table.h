/*
 * The options of sockets that are read: what each is called, which sockets have it, what
 * shape its value has, and when it says something. For sockopt.c alone.
 */
#ifndef WHOPORT_SOCKOPT_TABLE_H
#define WHOPORT_SOCKOPT_TABLE_H

#include <stddef.h>

struct sock;

enum sockopt_shape {
	SOCKOPT_FLAG,
	SOCKOPT_INT,
	SOCKOPT_UINT,
	SOCKOPT_LINGER,  /* struct linger */
	SOCKOPT_SECONDS, /* struct timeval */
	SOCKOPT_CREDENTIALS, /* struct ucred */
	SOCKOPT_TEXT,        /* up to a NUL, if there is one */
};

/* When text has it. */
enum sockopt_showing {
	SOCKOPT_ALWAYS,
	SOCKOPT_UNUSUAL,
	SOCKOPT_ALIVE, /* that, or SO_KEEPALIVE is on */
	SOCKOPT_NEVER,
};

struct sockopt_row {
	const char *name;
	int level, number;
	enum sockopt_shape shape;
	unsigned kinds; /* of sockets that have it */
	enum sockopt_showing showing;
	int usual; /* what a new socket has; of other shapes than numbers it is nothing */
};

/** A row of the table; NULL behind the last. There are at most PROBE_OPTIONS_MAX. */
const struct sockopt_row *sockopt_row(size_t i);

/** The kinds that a socket is of: it has the rows that share one with it. */
unsigned sockopt_kinds(const struct sock *s);

#endif
