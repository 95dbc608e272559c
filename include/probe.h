/*
 * Questions to a socket of another process that only a copy of its descriptor can
 * answer. A copy can turn out to be any file, and to close some of these waits
 * for who serves them: so a child process of ours takes the copies, and one
 * that does not answer is left behind.
 */
#ifndef WHOPORT_PROBE_H
#define WHOPORT_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct holder;

struct probe {
	bool is_running;
	bool is_stuck; /* it did not answer once: nothing is asked any more */
	pid_t child;
	int fd; /* to it; if is_running */
};

/** End the child; callable on a zeroed struct. */
void probe_free(struct probe *p);

/**
 * Open the network namespace that a held socket belongs to, though nobody may be in
 * it.
 *
 * Return the descriptor, the caller's, or -errno: EPERM (CAP_NET_ADMIN over the
 * namespace, the right to trace the holder), ESTALE (another file by now),
 * ETIMEDOUT. Source: SIOCGSKNS in net/socket.c.
 */
int probe_netns(struct probe *p, const struct holder *h);

/**
 * The name that a held socket is bound to.
 *
 * @out  the kernel may tell one byte more than struct sockaddr_un has (unix(7))
 * Return its length, or -errno as above.
 */
int probe_name(struct probe *p, const struct holder *h, void *out, socklen_t size);

enum { PROBE_REUSEADDR = 1, PROBE_REUSEPORT = 2, PROBE_V6ONLY = 4 };

/**
 * Whether a held socket lets others bind to its port: SO_REUSEADDR, SO_REUSEPORT; and of
 * IPv6, whether it leaves them IPv4: IPV6_V6ONLY.
 *
 * Return a set of those above, or -errno as above. Source: socket(7), ipv6(7).
 */
int probe_reuse(struct probe *p, const struct holder *h);

enum {
	PROBE_OPTIONS_MAX = 64,
	PROBE_VALUE_SIZE = 16, /* of the names of interfaces and of congestion controls */
	PROBE_NAME_SIZE = 128, /* sizeof(struct sockaddr_storage) */
};

/* An option to be read, as getsockopt(2) calls it. */
struct probe_option {
	int level, number;
};

struct probe_value {
	int rc; /* how many bytes there are, or -errno: the socket has no such option */
	unsigned char bytes[PROBE_VALUE_SIZE];
};

/* A name of a socket. */
struct probe_name {
	int rc; /* its length, or -errno: ENOTCONN */
	char bytes[PROBE_NAME_SIZE];
};

struct probe_options {
	struct probe_value values[PROBE_OPTIONS_MAX]; /* in the order of the options */
	struct probe_name local, remote;
};

/**
 * Read options of a held socket, and its names, all from one copy, which is closed
 * before anything else is done.
 *
 * @asked  options that can be read without effect: not SO_ERROR, which is cleared by it
 * @count  at most PROBE_OPTIONS_MAX
 * @out    unset after an error
 * Return 0, or -errno as above. Source: getsockopt(2), socket(7).
 */
int probe_options(struct probe *p, const struct holder *h, const struct probe_option *asked,
		  size_t count, struct probe_options *out);

#endif
