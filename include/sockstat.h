/*
 * How many sockets a network namespace has: /proc/net/sockstat and sockstat6.
 * Cheaper than to list them, and enough to know that there are no others.
 */
#ifndef WHOPORT_SOCKSTAT_H
#define WHOPORT_SOCKSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both families together. The kernel's own sockets count by protocol only. */
struct sockstat {
	uint64_t used; /* sockets of processes, of every family, closed ones being sent too */
	uint64_t time_wait;
	uint64_t tcp, udp, udplite, raw; /* that can be found by a port: not what is only bound */
};

/**
 * Add what one of the two files says.
 *
 * Return true if it says anything of sockets.
 * Source: sockstat_seq_show in net/ipv4/proc.c, sockstat6_seq_show in net/ipv6/proc.c.
 */
bool sockstat_parse(const char *text, size_t len, struct sockstat *out);

/**
 * Read both files of a `net` directory; IPv6's may be missing.
 *
 * Return 0, or -errno.
 */
int sockstat_load(int net_fd, struct sockstat *out);

#endif
