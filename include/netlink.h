/*
 * Netlink: the framing of datagrams, the walk over attributes, and the loop
 * that reads one dump. It knows no family. The layouts are the kernel's
 * (linux/netlink.h), repeated here because not every C library ships them.
 *
 * Numbers are in host byte order unless a protocol says otherwise. Nothing
 * that comes from a datagram is believed to be aligned.
 */
#ifndef WHOPORT_NETLINK_H
#define WHOPORT_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NL_ROUTE = 0,      /* NETLINK_ROUTE */
	NL_SOCK_DIAG = 4,  /* NETLINK_SOCK_DIAG */
	NL_GENERIC = 16,   /* NETLINK_GENERIC */
};

enum {
	NL_TYPE_NOOP = 1,
	NL_TYPE_ERROR = 2,
	NL_TYPE_DONE = 3,
	NL_TYPE_FIRST = 16, /* types below are the framing's own */

	NL_FLAG_REQUEST = 0x001,
	NL_FLAG_ACK = 0x004, /* the answer ends with an ERROR message, that may say 0 */
	NL_FLAG_DUMP_INTERRUPTED = 0x010,
	NL_FLAG_DUMP = 0x300,

	NL_ATTR_NESTED = 0x8000, /* flags in an attribute's type */
	NL_ATTR_NET_ORDER = 0x4000,
};

struct nl_header {
	uint32_t len; /* with this header */
	uint16_t type;
	uint16_t flags;
	uint32_t seq;
	uint32_t port_id;
};

/** One message of a datagram; @data borrowed, not aligned. */
struct nl_message {
	uint16_t type;
	const void *data; /* behind the header */
	size_t len;
};

/**
 * Takes one message of a family.
 *
 * Return 0 to go on, or -errno to end the dump with that error.
 */
typedef int nl_take(void *ctx, const struct nl_message *m);

/** How a datagram ended. */
enum nl_end {
	NL_END_MORE, /* the dump goes on */
	NL_END_DONE,
};

/** What a datagram said beside its messages. */
struct nl_reply {
	enum nl_end end;
	bool answered;    /* a message of the request was in it */
	bool interrupted; /* the table changed: rows may be missing or repeated */
};

/**
 * Walk one datagram: hand each message of the family to the taker, skip those
 * that answer another request.
 *
 * @seq  of the request
 * Return 0, the taker's error, the kernel's error from an ERROR message or
 * inside of DONE, or -EBADMSG if a length is wrong.
 * Source: netlink(7); netlink_dump_done in net/netlink/af_netlink.c.
 */
int nl_parse_datagram(const void *data, size_t len, uint32_t seq, nl_take *take, void *ctx,
		      struct nl_reply *out);

/** One attribute; @data borrowed, not aligned. */
struct nl_attr {
	uint16_t type; /* without flags */
	const void *data;
	size_t len;
};

/**
 * Take the first attribute off the front of a range.
 *
 * @data, @len  advanced behind it and its padding
 * Return true and the attribute; false at the end, or where a length is wrong,
 * which ends the walk.
 */
bool nl_attr_next(const void **data, size_t *len, struct nl_attr *out);

/** The value of an attribute, 0 if it has another size. */
uint8_t nl_attr_u8(const struct nl_attr *a);
uint16_t nl_attr_u16(const struct nl_attr *a);
uint32_t nl_attr_u32(const struct nl_attr *a);
uint64_t nl_attr_u64(const struct nl_attr *a);

/**
 * Open a netlink socket in the network namespace of the calling thread.
 *
 * Return the descriptor, the caller's, or -errno: EPERM, EAFNOSUPPORT,
 * EPROTONOSUPPORT where seccomp or the kernel has none.
 */
int nl_open(int protocol);

/** A dump request and where its answer goes. */
struct nl_request {
	uint16_t type;
	uint16_t flags;   /* besides NL_FLAG_REQUEST: DUMP, ACK, or 0 for one answer */
	const void *body; /* behind the header, padded by the caller to 4 bytes */
	size_t len;
	nl_take *take;
	void *ctx;
	/* Called before the dump is asked for once more, because it was
	 * interrupted: forget what was taken. NULL: keep it. */
	void (*restart)(void *ctx);
};

/** Bytes of a request's body at most. */
#define NL_REQUEST_MAX 256

/**
 * Send a request and read its whole answer.
 *
 * An interrupted dump is repeated a few times, then taken as it is. After an
 * error of the taker, or EBADMSG, the kernel's dump may go on: close the socket.
 *
 * @fd  from nl_open(), or one end of a socket pair that keeps datagrams apart
 * Return 0 or -errno: the kernel's (ENOENT: no such family or module), the
 * taker's, the socket's; EBADMSG for an answer that makes no sense.
 */
int nl_dump(int fd, const struct nl_request *rq);

#endif
