/*
 * Targets: the words that name a local end, such as `1334`, `tcp:53`,
 * `127.0.0.1:80`, `/run/x.sock`, `@name`.
 *
 * A target selects the sockets that hold its port: TCP LISTEN and BOUND, any
 * UDP; of a unix name the listener or the datagram socket. Only if there is
 * none of them, for that target and protocol, what else is left on the port
 * is the answer: connections, TIME_WAIT, orphans.
 */
#ifndef WHOPORT_TARGET_H
#define WHOPORT_TARGET_H

#include "addr.h"
#include "sock.h"

#include <stdbool.h>
#include <stddef.h>

struct names;

/* One port range at one address, or one unix name. */
struct target {
	struct addr addr; /* AF_UNSPEC: any address */
	uint16_t lo, hi;  /* host byte order, both included */
	unsigned protos;  /* SOCK_PROTO_BIT()s; that of unix alone for a name */
	unsigned held;    /* protocols whose holders were seen */
	size_t item;      /* the filter's: which word this is */
	char *name;       /* owned; unix: bytes of the name, not terminated */
	size_t name_len;
	struct sock_file file; /* unix: the socket file that the word names now */
};

struct target_list {
	struct target *v; /* after target_list_sort(): single ports by port, then the rest */
	size_t len, cap;
	size_t singles; /* how many of them are single ports */
};

/** Release the list. */
void target_list_free(struct target_list *list);

/**
 * Parse one word and add what it stands for: each element of a port list is
 * a target of its own.
 *
 * @item     stored in each target added
 * @out_why  on -EINVAL a reason for the user
 * Return 0, -EINVAL or -ENOMEM.
 */
int target_list_add(struct target_list *list, struct names *names, const char *word, size_t item,
		    const char **out_why);

/** Add a copy of a target, for another item. Return 0 or -ENOMEM. */
int target_list_add_copy(struct target_list *list, const struct target *t, size_t item);

/** True if the target is a socket file, not an abstract name or a port. */
bool target_is_path(const struct target *t);

/** The path of a target, terminated; false if it is no absolute path, or does not fit. */
bool target_path(const struct target *t, char *out, size_t size);

/**
 * Find the socket file that a target's path names now.
 *
 * Return true if the target is an absolute path.
 */
bool target_find_file(struct target *t);

/** Prepare the list for matching 10,000 targets quickly. */
void target_list_sort(struct target_list *list);

/** True if a socket of this protocol and family can match; AF_UNIX for unix. */
bool target_allows(const struct target *t, enum sock_proto proto, sa_family_t family);

/** True if a socket is on the target's port and would conflict with a bind to its address. */
bool target_match(const struct target *t, const struct sock *s);

/**
 * Next target in a sorted list that a socket matches.
 *
 * @cursor  0 at first; the place to go on
 * Return NULL at the end.
 */
struct target *target_list_next(struct target_list *list, const struct sock *s, size_t *cursor);

/** True if a socket of its own accord holds its port or name. */
bool target_is_holding(const struct sock *s);

#endif
