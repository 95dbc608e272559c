/*
 * Netlink framing; see netlink.h. A datagram of a dump holds
 *
 *     header message | header message | ... | header DONE
 *
 * each padded to four bytes, and an attribute is length, type, value, padding
 * of the same kind. The walker is pure; the loop below only moves bytes.
 */
#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	FAMILY_NETLINK = 16,    /* AF_NETLINK, linux/socket.h */
	DATAGRAM_FIRST = 65536, /* the kernel fills at most 32 KiB unless told otherwise */
	REPEATS_MAX = 8,
	WAIT_S = 10, /* for an answer: the kernel's comes at once */
};

/* Lengths are padded to four bytes. */
static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

/* The error that DONE and ERROR carry: a negative errno, or 0. */
static int parse_error(const void *data, size_t len)
{
	int32_t error;

	if (len < sizeof(error))
		return 0;
	memcpy(&error, data, sizeof(error));
	return error < 0 && error >= -4095 ? error : error == 0 ? 0 : -EBADMSG;
}

static int take_message(const struct nl_header *h, const void *data, size_t len, nl_take *take,
			void *ctx, struct nl_reply *out)
{
	struct nl_message m = {h->type, data, len};

	switch (h->type) {
	case NL_TYPE_ERROR:
		out->end = NL_END_DONE;
		return len < sizeof(int32_t) ? -EBADMSG : parse_error(data, len);
	case NL_TYPE_DONE:
		out->end = NL_END_DONE;
		return parse_error(data, len);
	default:
		return h->type < NL_TYPE_FIRST ? 0 : take(ctx, &m);
	}
}

int nl_parse_datagram(const void *data, size_t len, uint32_t seq, nl_take *take, void *ctx,
		      struct nl_reply *out)
{
	const char *at = data;
	int rc = 0;

	*out = (struct nl_reply){NL_END_MORE, false, false};
	while (rc == 0 && out->end == NL_END_MORE && len > 0) {
		struct nl_header h;

		if (len < sizeof(h))
			return -EBADMSG;
		memcpy(&h, at, sizeof(h));
		if (h.len < sizeof(h) || h.len > len)
			return -EBADMSG;
		if (h.seq == seq) {
			out->answered = true;
			out->interrupted |= (h.flags & NL_FLAG_DUMP_INTERRUPTED) != 0;
			rc = take_message(&h, at + sizeof(h), h.len - sizeof(h), take, ctx, out);
		}
		size_t step = padded(h.len);
		if (step > len)
			step = len;
		at += step;
		len -= step;
	}
	return rc;
}

bool nl_attr_next(const void **data, size_t *len, struct nl_attr *out)
{
	struct {
		uint16_t len;
		uint16_t type;
	} head;

	if (*len < sizeof(head))
		return false;
	memcpy(&head, *data, sizeof(head));
	if (head.len < sizeof(head) || head.len > *len)
		return false;
	out->type = head.type & (uint16_t)~(NL_ATTR_NESTED | NL_ATTR_NET_ORDER);
	out->data = (const char *)*data + sizeof(head);
	out->len = head.len - sizeof(head);

	size_t step = padded(head.len);
	if (step > *len)
		step = *len;
	*data = (const char *)*data + step;
	*len -= step;
	return true;
}

/* Integers that a message cuts short are 0, not half a number. */
static void copy_value(const struct nl_attr *a, void *out, size_t size)
{
	memset(out, 0, size);
	if (a->len == size)
		memcpy(out, a->data, size);
}

uint8_t nl_attr_u8(const struct nl_attr *a)
{
	uint8_t value;

	copy_value(a, &value, sizeof(value));
	return value;
}

uint16_t nl_attr_u16(const struct nl_attr *a)
{
	uint16_t value;

	copy_value(a, &value, sizeof(value));
	return value;
}

uint32_t nl_attr_u32(const struct nl_attr *a)
{
	uint32_t value;

	copy_value(a, &value, sizeof(value));
	return value;
}

uint64_t nl_attr_u64(const struct nl_attr *a)
{
	uint64_t value;

	copy_value(a, &value, sizeof(value));
	return value;
}

int nl_open(int protocol)
{
	/* struct sockaddr_nl, linux/netlink.h: the kernel has port id 0. */
	const struct {
		uint16_t family, pad;
		uint32_t port_id, groups;
	} kernel = {.family = FAMILY_NETLINK};
	struct timeval wait = {.tv_sec = WAIT_S};

	int fd = socket(FAMILY_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		return -errno;
	/* In a namespace of his own any user may send to netlink sockets: connected,
	 * ours takes nothing but from the kernel (netlink_getsockbyportid). */
	if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	/* A sandbox that swallows the request must not make us wait for ever. */
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	return fd;
}

/* The sequence number tells late answers to an earlier request from ours. */
static uint32_t next_seq(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)now.tv_sec * 1000003U + (uint32_t)now.tv_nsec;
}

static int send_request(int fd, const struct nl_request *rq, uint32_t seq)
{
	struct nl_header h = {
		.len = (uint32_t)(sizeof(h) + rq->len),
		.type = rq->type,
		.flags = (uint16_t)(NL_FLAG_REQUEST | rq->flags),
		.seq = seq,
	};
	char bytes[sizeof(h) + NL_REQUEST_MAX];

	if (rq->len > NL_REQUEST_MAX)
		return -EMSGSIZE;
	memcpy(bytes, &h, sizeof(h));
	if (rq->len > 0)
		memcpy(bytes + sizeof(h), rq->body, rq->len);
	for (;;) {
		if (send(fd, bytes, h.len, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* A receive buffer that grows to the largest datagram. */
struct inbox {
	char *bytes;
	size_t size, used;
};

static int grow_inbox(struct inbox *in, size_t size)
{
	char *bytes = realloc(in->bytes, size);

	if (!bytes)
		return -ENOMEM;
	in->bytes = bytes;
	in->size = size;
	return 0;
}

/* A WireGuard answer holds keys, which nobody wants in freed memory. */
static void wipe_inbox(struct inbox *in)
{
	explicit_bzero(in->bytes, in->used < in->size ? in->used : in->size);
	in->used = 0;
}

/* Receive one datagram whole. Return its length or -errno. */
static ssize_t receive(int fd, struct inbox *in)
{
	for (;;) {
		/* Its size first: what does not fit would be lost. */
		ssize_t n = recv(fd, in->bytes, 0, MSG_PEEK | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n > in->size) {
			wipe_inbox(in);
			int rc = grow_inbox(in, (size_t)n);
			if (rc < 0)
				return rc;
			continue;
		}
		n = recv(fd, in->bytes, in->size, MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n > in->used)
			in->used = (size_t)n;
		return (size_t)n > in->size ? -EBADMSG : n;
	}
}

/* Send the request once and read the answer to its end. */
static int dump_once(int fd, const struct nl_request *rq, struct inbox *in, bool *out_interrupted)
{
	uint32_t seq = next_seq();
	struct nl_reply reply = {NL_END_MORE, false, false};

	*out_interrupted = false;
	int rc = send_request(fd, rq, seq);
	while (rc == 0 && reply.end == NL_END_MORE) {
		ssize_t n = receive(fd, in);
		if (n <= 0)
			return n < 0 ? (int)n : -EBADMSG; /* 0: the other end is gone */
		rc = nl_parse_datagram(in->bytes, (size_t)n, seq, rq->take, rq->ctx, &reply);
		*out_interrupted |= reply.interrupted;
		/* Unless its end is marked, one message is the answer. */
		if (!(rq->flags & (NL_FLAG_DUMP | NL_FLAG_ACK)) && reply.answered)
			break;
	}
	return rc;
}

int nl_dump(int fd, const struct nl_request *rq)
{
	struct inbox in = {0};
	bool interrupted = false;
	int rc = grow_inbox(&in, DATAGRAM_FIRST);

	for (int i = 0; rc == 0; i++) {
		rc = dump_once(fd, rq, &in, &interrupted);
		if (rc < 0 || !interrupted || i == REPEATS_MAX)
			break;
		if (rq->restart)
			rq->restart(rq->ctx);
	}
	if (in.bytes)
		wipe_inbox(&in);
	free(in.bytes);
	return rc;
}
