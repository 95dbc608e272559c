/*
 * What names one end of a connection on this machine: a unix socket by its inode, or as the
 * listener that a client waits at, by the client's, or as one that sends to a socket, by
 * that socket's; an internet socket by its two addresses in its network namespace. Each
 * socket has keys of its own, and the key that its other end has: where they meet, two
 * sockets talk to each other.
 */
#ifndef WHOPORT_END_KEY_H
#define WHOPORT_END_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock;
struct sock_table;

struct end_key {
	uint32_t kind;    /* a protocol; those of one kind talk to each other */
	uint32_t netns;   /* 0 for unix, whose inodes are the machine's */
	uint64_t inode;   /* unix: of the socket, or of who waits for its other end */
	uint16_t local_port, remote_port;
	uint32_t unused;  /* 0: keys are compared byte by byte */
	uint8_t local[16], remote[16]; /* IPv4 as v4-mapped: it talks to dual-stack sockets */
};

/** Order keys as bytes. */
int end_key_compare(const struct end_key *a, const struct end_key *b);

enum { END_KEYS_MAX = 2 }; /* of one socket */

/** The keys of a socket. Return how many; none for what talks to nobody. */
size_t end_key_own(const struct sock *s, struct end_key out[END_KEYS_MAX]);

/** The key that its other end would have. */
bool end_key_other(const struct sock *s, struct end_key *out);

/** The key of a unix listener that has not accepted a client yet. */
struct end_key end_key_queue(uint64_t client);

/** True for such a key. */
bool end_key_is_queue(const struct end_key *key);

/** True for the key of those that send to a unix socket, which are perhaps many. */
bool end_key_is_senders(const struct end_key *key);

/** True if a socket is a unix listener with clients in its queue. */
bool end_has_queue(const struct sock *s);

/* Keys that are looked for. */
struct end_set {
	struct end_key *v; /* owned; ascending and unique after end_set_sort() */
	size_t len, cap;
	unsigned protos; /* SOCK_PROTO_BIT()s that their sockets may have */
	bool strays;     /* some are in namespaces that only a held socket leads to */
	bool queues;     /* some client of a unix listener may wait in its queue */
};

/** Release the set. */
void end_set_free(struct end_set *set);

/** Add what the other end of a socket has; with @itself what it has, too. Return 0 or -ENOMEM. */
int end_set_add(struct end_set *set, const struct sock *s, bool itself);

/** After the last. */
void end_set_sort(struct end_set *set);

/** True if a socket has one of the keys, or may have one as a listener. */
bool end_set_match(const struct end_set *set, const struct sock *s);

/** True if some internet socket is of a network namespace. */
bool end_set_has_netns(const struct end_set *set, uint32_t netns);

/** True if some unix socket that has an inode is not in a sorted table. */
bool end_set_misses_unix(const struct end_set *set, const struct sock_table *t);

#endif
