/*
 * A kernel that answers sock_diag, on nl_kernel.h's socket, and the sink of a
 * source that asks it. Wants _GNU_SOURCE.
 */
#ifndef WHOPORT_TESTS_SOCKDIAG_KERNEL_H
#define WHOPORT_TESTS_SOCKDIAG_KERNEL_H

#include "nl_kernel.h"
#include "source.h"
#include "source_sockdiag.h"

#include <arpa/inet.h>

enum {
	SD_NETNS = 77,
	SD_FIRST_INODE = 101,
	SD_V6_INODE = 1000,  /* added to it, of the second socket in an answer for both families */
	SD_TCP_REQUEST = 18, /* TCPDIAG_GETSOCK, linux/inet_diag.h */
	SD_PATIENCE_MS = 100, /* of who asks a kernel that is silent */
};

/* --- the kernel's end ---------------------------------------------------- */

/*
 * What the kernel does beside giving one socket for each request. The older
 * request for TCP is refused, and seen by nobody, but where the kernel knows it: it
 * gives a socket of each family.
 */
struct sd_script {
	bool knows_tcp_request;
	int tcp_error;          /* of that request */
	bool is_empty;          /* no sockets */
	int error;              /* of the requests that match: */
	uint8_t family, number; /* 0: any */
	bool late;              /* the error comes at the end, behind a socket */
	bool is_silent;         /* no answer at all */
	bool is_gone;           /* the other end is closed */
	size_t interrupted;     /* so many dumps, the first ones */
	bool is_broken;         /* the last message has a wrong length */
	unsigned malformed;     /* so many sockets that are cut, in front of the good one */
	uint32_t interface;     /* of internet sockets */
	uint32_t queue;         /* clients that wait for a unix socket */
};

NL_FIXTURE bool sd_is_tcp_request(const struct nl_asked *a)
{
	return a->h.type == SD_TCP_REQUEST;
}

NL_FIXTURE bool sd_is_unseen(const struct nl_asked *a, const struct sd_script *s)
{
	return sd_is_tcp_request(a) && !s->knows_tcp_request;
}

/* Which request the last one is, from 1. */
NL_FIXTURE size_t sd_place(const struct nl_seen *seen, const struct sd_script *s)
{
	size_t place = 0;

	for (size_t i = 0; i < seen->count; i++)
		place += !sd_is_unseen(&seen->v[i], s);
	return place;
}

/* States of a request for internet sockets. */
NL_FIXTURE uint32_t sd_states(const struct nl_asked *a)
{
	uint32_t states;

	memcpy(&states, a->body + (sd_is_tcp_request(a) ? 52 : 4), sizeof(states));
	return states;
}

/* Its idiag_ext: attributes that are asked for. */
NL_FIXTURE unsigned sd_extensions(const struct nl_asked *a)
{
	return (uint8_t)a->body[sd_is_tcp_request(a) ? 3 : 2];
}

/* Its local port, in network byte order. */
NL_FIXTURE uint16_t sd_port(const struct nl_asked *a)
{
	uint16_t port;

	memcpy(&port, a->body + (sd_is_tcp_request(a) ? 4 : 8), sizeof(port));
	return port;
}

/* struct inet_diag_msg: a listener if one may be, of the port asked for. */
NL_FIXTURE void sd_add_inet(struct nl_bytes *b, const struct nl_asked *a,
			    const struct sd_script *s, uint8_t family, uint32_t inode)
{
	const uint32_t tail[] = {0, 0, 0, 1000, inode};
	uint16_t port = sd_port(a);
	char m[72] = {(char)family};

	m[1] = sd_states(a) & SOCK_STATE_BIT(SOCK_STATE_LISTEN) ? SOCK_STATE_LISTEN
								: SOCK_STATE_ESTABLISHED;
	memcpy(m + 4, &port, sizeof(port));
	memcpy(m + 40, &s->interface, sizeof(s->interface));
	memcpy(m + 44, &inode, sizeof(inode)); /* a cookie */
	memcpy(m + 52, tail, sizeof(tail));
	nl_bytes_add(b, m, sizeof(m));
	if (sd_extensions(a))
		nl_bytes_add_attr(b, 4, "cubic", 6); /* INET_DIAG_CONG */
}

/* struct unix_diag_msg, or what another family has. */
NL_FIXTURE void sd_add_other(struct nl_bytes *b, const struct sd_script *s, uint8_t family,
			     uint32_t inode)
{
	size_t at = family == 16 ? 16 : family == 40 ? 20 : 4; /* netlink, vsock */
	size_t size = at + sizeof(inode) + 8;
	char m[40] = {(char)family, SOCK_STREAM, SOCK_STATE_LISTEN};

	memcpy(m + at, &inode, sizeof(inode));
	nl_bytes_add(b, m, size);
	if (family != AF_UNIX)
		return;
	nl_bytes_add_attr(b, 0, "/run/x", 7);
	const uint32_t queues[2] = {s->queue, 128};
	nl_bytes_add_attr(b, 4, queues, sizeof(queues)); /* UNIX_DIAG_RQLEN */
}

NL_FIXTURE bool sd_is_inet(const struct nl_asked *a)
{
	return a->body[0] == AF_INET || a->body[0] == AF_INET6;
}

/* The inode tells which request a socket answers. */
NL_FIXTURE void sd_add_socket(struct nl_bytes *b, const struct nl_seen *seen,
			      const struct sd_script *s)
{
	const struct nl_asked *a = &seen->v[seen->count - 1];
	size_t place = sd_place(seen, s);
	uint32_t inode = (uint32_t)(SD_FIRST_INODE - 1 + place);
	uint16_t flags = place <= s->interrupted ? NL_FLAG_DUMP_INTERRUPTED : 0;

	nl_bytes_begin(b, a->h.type, flags, a->h.seq);
	if (sd_is_inet(a))
		sd_add_inet(b, a, s, (uint8_t)a->body[0], inode);
	else
		sd_add_other(b, s, (uint8_t)a->body[0], inode);
	if (!sd_is_tcp_request(a))
		return;
	nl_bytes_begin(b, a->h.type, flags, a->h.seq);
	sd_add_inet(b, a, s, AF_INET6, SD_V6_INODE + inode);
}

/* The error of a request, or 0. */
NL_FIXTURE int sd_error(const struct nl_asked *a, const struct sd_script *s)
{
	if (sd_is_tcp_request(a))
		return s->knows_tcp_request ? s->tcp_error : -EOPNOTSUPP;
	return (s->family == 0 || s->family == (uint8_t)a->body[0]) &&
			       (s->number == 0 || s->number == (uint8_t)a->body[1])
		       ? s->error
		       : 0;
}

NL_FIXTURE void sd_answer(int fd, const struct nl_seen *seen, void *ctx)
{
	const struct sd_script *s = ctx;
	const struct nl_asked *a = &seen->v[seen->count - 1];
	int error = sd_error(a, s);
	struct nl_bytes b = {0};

	if (s->is_gone)
		_exit(0);
	if (s->is_silent)
		return;
	if (error && (!s->late || sd_is_unseen(a, s))) {
		nl_kernel_send_error(fd, a->h.seq, error);
		return;
	}
	for (unsigned i = 0; i < s->malformed; i++) {
		nl_bytes_begin(&b, a->h.type, 0, a->h.seq);
		nl_bytes_add(&b, a->body, 12);
	}
	if (!s->is_empty)
		sd_add_socket(&b, seen, s);
	if (s->is_broken)
		nl_bytes_set_len(&b, 3);
	if (b.len > 0)
		nl_kernel_send(fd, &b);
	nl_kernel_send_done(fd, a->h.seq, error);
}

/* --- the reader's end ---------------------------------------------------- */

/* What is wanted, and what was taken. */
struct sd_reader {
	unsigned protos;
	bool details;
	uint32_t states;       /* wanted until something was taken; 0: no wants at all */
	uint32_t states_after; /* wanted then */
	const uint16_t *ports;
	size_t ports_len;
	size_t stop_at; /* the record that is answered with an error */
	int error;
	struct sock_table socks;
	struct source_stats st;
	struct buf asked; /* the requests, as text */
	size_t requests;
};

NL_FIXTURE int sd_take(void *ctx, const struct sock *s)
{
	struct sd_reader *r = ctx;

	if (r->socks.len + 1 == r->stop_at)
		return r->error;
	return sock_table_add(&r->socks, s);
}

NL_FIXTURE size_t sd_mark(const void *ctx)
{
	const struct sd_reader *r = ctx;

	return r->socks.len;
}

NL_FIXTURE void sd_forget(void *ctx, size_t place)
{
	struct sd_reader *r = ctx;

	assert_true(place <= r->socks.len);
	r->socks.len = place;
}

NL_FIXTURE uint32_t sd_wants_states(const void *ctx, enum sock_proto proto)
{
	const struct sd_reader *r = ctx;

	(void)proto;
	return r->socks.len > 0 ? r->states_after : r->states;
}

NL_FIXTURE size_t sd_wants_ports(const void *ctx, enum sock_proto proto, uint16_t *out, size_t max)
{
	const struct sd_reader *r = ctx;

	(void)proto;
	/* As the filter: what does not fit was begun all the same. */
	memcpy(out, r->ports, (r->ports_len < max ? r->ports_len : max) * sizeof(*out));
	return r->ports_len > max ? 0 : r->ports_len;
}

/*
 * A request as `FAMILY/PROTOCOL STATES:PORT` and more, numbers as the kernel's; the
 * older one for TCP as `tcp STATES:PORT`.
 */
NL_FIXTURE void sd_describe(const struct nl_asked *a, struct buf *out)
{
	uint32_t words[14], number = 0;
	char text[96];

	memset(words, 0, sizeof(words));
	memcpy(words, a->body, a->len < sizeof(words) ? a->len : sizeof(words));
	int n = sd_is_tcp_request(a) ? snprintf(text, sizeof(text), "tcp ")
				     : snprintf(text, sizeof(text), "%u/%u ", (uint8_t)a->body[0],
						(uint8_t)a->body[1]);
	char *rest = text + n;
	size_t room = sizeof(text) - (size_t)n;
	if (a->len == 64)
		memcpy(&number, a->body + 60, sizeof(number));
	if (sd_is_inet(a) && sd_extensions(a))
		snprintf(rest, room, "%x:%u ext %x|", sd_states(a), ntohs(sd_port(a)),
			 sd_extensions(a));
	else if (sd_is_inet(a) && number)
		snprintf(rest, room, "%x:%u+%u|", sd_states(a), ntohs(sd_port(a)), number);
	else if (sd_is_inet(a))
		snprintf(rest, room, "%x:%u|", sd_states(a), ntohs(sd_port(a)));
	else if (a->len == 24)
		snprintf(rest, room, "%x show %x|", words[1], words[3]);
	else
		snprintf(rest, room, "show %x|", words[2]);
	buf_add_str(out, text);
}

static const char sd_zeros[64], sd_ones[] = "\xff\xff\xff\xff\xff\xff\xff\xff";

/* The older request for TCP: of any end, interface and cookie. */
NL_FIXTURE void sd_assert_tcp_request(const struct nl_asked *a)
{
	assert_int_equal(a->len, 60);
	assert_int_equal(a->body[0], AF_INET);
	assert_memory_equal(a->body + 1, sd_zeros, 2);
	assert_memory_equal(a->body + 6, sd_zeros, 38);
	assert_memory_equal(a->body + 44, sd_ones, 8);
	assert_memory_equal(a->body + 56, sd_zeros, 4);
}

/* What is the same in all requests: a dump, of any end, interface and cookie. */
NL_FIXTURE void sd_assert_request(const struct nl_asked *a)
{
	const char *cookie = a->body + (sd_is_inet(a) ? 48 : a->len - 8);

	assert_int_equal(a->h.flags, NL_FLAG_REQUEST | NL_FLAG_DUMP);
	if (sd_is_tcp_request(a)) {
		sd_assert_tcp_request(a);
		return;
	}
	assert_int_equal(a->h.type, 20);
	assert_memory_equal(cookie, sd_ones, 8);
	assert_memory_equal(a->body + 3, sd_zeros, 1);
	if (!sd_is_inet(a)) {
		assert_true(a->len == 20 || a->len == 24);
		return;
	}
	assert_int_equal(a->len, (uint8_t)a->body[1] == 255 && a->len > 56 ? 64 : 56);
	assert_memory_equal(a->body + 10, sd_zeros, 38);
	if (a->len == 64)
		assert_memory_equal(a->body + 56, ((const uint16_t[]){8, 3}), 4);
}

/* Read from a kernel of its own; return the source's result. */
NL_FIXTURE int sd_read(struct sd_script *s, struct sd_reader *r)
{
	struct source_sink sink = {.ctx = r, .take = sd_take, .mark = sd_mark, .forget = sd_forget,
				   .wants_states = r->states ? sd_wants_states : NULL,
				   .wants_ports = r->ports ? sd_wants_ports : NULL};
	struct source_request rq = {.netns = SD_NETNS, .protos = r->protos,
				    .details = r->details, .sink = &sink};
	struct timeval patience = {.tv_usec = 1000 * SD_PATIENCE_MS};
	struct nl_kernel k;

	nl_kernel_start(&k, sd_answer, s);
	if (s->is_silent)
		setsockopt(k.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	rq.fd = k.fd;
	int rc = source_sockdiag_read(&rq, &r->st);
	nl_kernel_wait(&k);
	for (size_t i = 0; i < k.seen->count; i++) {
		sd_assert_request(&k.seen->v[i]);
		if (sd_is_unseen(&k.seen->v[i], s))
			continue;
		sd_describe(&k.seen->v[i], &r->asked);
		r->requests++;
	}
	nl_kernel_free(&k);
	for (size_t i = 0; i < r->socks.len; i++)
		assert_int_equal(r->socks.v[i].netns, SD_NETNS);
	return rc;
}

NL_FIXTURE void sd_reader_free(struct sd_reader *r)
{
	sock_table_free(&r->socks);
	buf_free(&r->asked);
}

#endif
