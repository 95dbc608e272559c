/*
 * Options of sockets that other processes hold, in the words of Solaris' pfiles:
 *
 *     SO_REUSEADDR,SO_KEEPALIVE,SO_LINGER(60),SO_SNDBUF(16384),SO_RCVBUF(131072)
 *     sockname: AF_INET 127.0.0.1  port: 80
 */
#ifndef WHOPORT_SOCKOPT_H
#define WHOPORT_SOCKOPT_H

#include "probe.h"

#include <stdint.h>

struct buf;
struct holder;
struct sock;

/* The options of one socket; owns nothing. */
struct sockopt_set {
	int rc;         /* 0, or -errno: why none were read */
	uint64_t asked; /* the options that the kind of socket has: 1 << sockopt_index() */
	struct probe_options read; /* values by sockopt_index(); names */
};

/**
 * Read the options and names of a held socket, from a copy that is gone when this
 * returns: nothing else is done while the socket has one holder more.
 *
 * @p    started at need, and kept for the next socket
 * @s    decides which options there are; one that is in no table (SOCK_PROTO_OTHER)
 *       has those of level SOL_SOCKET
 * @out  what was read, or why not
 * Source: socket(7), tcp(7), ip(7), ipv6(7), unix(7). None of the options changes by
 * being read; SO_ERROR would.
 */
void sockopt_load(struct probe *p, const struct holder *h, const struct sock *s,
		  struct sockopt_set *out);

/**
 * Append the options in one line, parted by commas: flags that are on by their name,
 * others with their value in parentheses, as getsockopt(2) gives it, times of SO_RCVTIMEO
 * and SO_SNDTIMEO in seconds. Or the refusal in words.
 *
 * Always told are SO_SNDBUF, SO_RCVBUF and TCP_CONGESTION; the times of keepalive if
 * SO_KEEPALIVE is on or they are unusual; never SO_PROTOCOL, SO_INCOMING_CPU and
 * TCP_QUICKACK, which the kernel itself changes or the row tells. Others are left out
 * where they are what a new socket has: off, 0, TTL 64, SO_RCVLOWAT 1, TCP_SYNCNT 6,
 * TCP_LINGER2 60, TCP_MAXSEG 536.
 *
 * @escape  of escape_add(), for names of interfaces
 */
void sockopt_add_text(const struct sockopt_set *set, unsigned escape, struct buf *out);

/**
 * Append `sockname: AF_INET 127.0.0.1  port: 80` and, of a connected socket, a newline and
 * `peername: ...`; nothing if neither is known. A unix socket has its path or, behind '@',
 * its abstract name; families without addresses of ours are named alone.
 *
 * @escape  of escape_add(), for names of unix sockets; a name holds no newline then
 */
void sockopt_add_names(const struct sockopt_set *set, unsigned escape, struct buf *out);

/**
 * Append an object of JSON with every option that the kind of socket has, in lower case:
 * `"so_reuseaddr":true,"so_linger":60`. Flags are true or false, so_rcvtimeo and
 * so_sndtimeo milliseconds, so_peercred {pid, uid, gid}; other units are those of the
 * kernel. null is what could not be read, so_linger if it is off, so_bindtodevice without
 * a device, so_peercred without a peer. null instead of the object if it was refused.
 */
void sockopt_add_json(const struct sockopt_set *set, struct buf *out);

/** Place of an option in a set, by its name such as `SO_SNDBUF`; -1 if there is none. */
int sockopt_index(const char *name);

#endif
