/*
 * One bind(2) that is asked about, and all that it would meet: the sockets in its way,
 * what their options allow, and what keeps the address or the port from us at all.
 */
#ifndef WHOPORT_BIND_CASE_H
#define WHOPORT_BIND_CASE_H

#include "bind_right.h"
#include "bind_rule.h"
#include "net_setting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct look;
struct place;
struct probe;
struct row;

/* What a socket that is in the way does there, worst first. */
enum obstacle_kind {
	OBSTACLE_LISTENER,
	OBSTACLE_BOUND,      /* and does not listen */
	OBSTACLE_DATAGRAM,   /* UDP and the like */
	OBSTACLE_SELF,       /* connected to itself */
	OBSTACLE_SOURCE,     /* a connection that was made from the port */
	OBSTACLE_ACCEPTED,   /* a connection that was made to it */
	OBSTACLE_CONNECTION, /* one of the two */
	OBSTACLE_ORPHAN,     /* closed, and still being sent */
	OBSTACLE_TIME_WAIT,  /* what is left of a connection for some time */
};

struct obstacle {
	const struct row *row; /* the first of its socket, which may have more */
	enum obstacle_kind kind;
	enum bind_answer meets; /* BIND_FAILS or BIND_DEPENDS */
	int options; /* PROBE_REUSEADDR and so on; -1: not known */
};

/* The options of the new socket that are judged. */
enum bind_try { TRY_PLAIN, TRY_REUSEADDR, TRY_REUSEPORT, TRY_COUNT };

enum { WISHES_MAX = 16 };

/* Settings of the machine that matter; loaded once. */
struct bind_world {
	struct local_ports range;
	struct reserved_ports reserved;
	uint32_t first_free_port;
	uint32_t uid; /* for whom it is judged */
	bool may_bind_low;
	bool has_void_right; /* CAP_NET_BIND_SERVICE, but not for this network namespace */
	bool sockets_only; /* what keeps addresses and ports from us is not asked */
};

struct bind_case {
	const struct place *place; /* of ports; borrowed */
	const struct look *look;   /* at all that is on its port; borrowed */
	const struct bind_world *world;
	struct bind_wish wishes[WISHES_MAX]; /* one for each address of the place */
	size_t wishes_len;
	enum bind_bar bar;
	struct bind_wish barred; /* the wish that it bars */
	struct obstacle *v; /* owned; worst first */
	size_t len, cap;
	size_t elsewhere; /* sockets on the port that are not in the way, though it is theirs */
	enum bind_answer answers[TRY_COUNT];
};

/** Load the settings. */
void bind_world_load(struct bind_world *out, int proc_fd);

/**
 * Judge a place.
 *
 * @home   id of the network namespace that is meant; sockets of others are passed over
 * @probe  asks the options of sockets; NULL: they stay unknown
 * @route  for bind_right_find_bar()
 * @out    released by bind_case_free(), also after an error
 * Return 0 or -ENOMEM.
 */
int bind_case_judge(const struct place *place, const struct look *look, uint32_t home,
		    const struct bind_world *world, int proc_fd, struct probe *probe,
		    bind_right_route *route, struct bind_case *out);

/** Release it. */
void bind_case_free(struct bind_case *c);

/** What a socket on a port does there. */
enum obstacle_kind obstacle_kind_of(const struct row *row, const struct local_ports *range);

#endif
