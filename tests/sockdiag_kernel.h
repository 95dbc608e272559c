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

enum { SD_NETNS = 77, SD_FIRST_INODE = 101 };

/* --- the kernel's end ---------------------------------------------------- */

/* What the kernel does beside giving one socket for each request. */
struct sd_script {
	bool is_empty;          /* no sockets */
	int error;              /* of the requests that match: */
	uint8_t family, number; /* 0: any */
	bool late;              /* the error comes at the end, behind a socket */
	size_t interrupted;     /* so many dumps, the first ones */
	bool is_broken;         /* the last message has a wrong length */
	unsigned malformed;     /* so many sockets that are cut, in front of the good one */
	uint32_t interface;     /* of internet sockets */
	uint32_t queue;         /* clients that wait for a unix socket */
};

/* struct inet_diag_msg: a listener if one may be, of the port asked for. */
NL_FIXTURE void sd_add_inet(struct nl_bytes *b, const struct nl_asked *a,
			    const struct sd_script *s, uint32_t inode)
{
	uint32_t states, tail[] = {0, 0, 0, 1000, inode};
	char m[72] = {a->body[0]};

	memcpy(&states, a->body + 4, sizeof(states));
	m[1] = states & SOCK_STATE_BIT(SOCK_STATE_LISTEN) ? SOCK_STATE_LISTEN
							  : SOCK_STATE_ESTABLISHED;
	memcpy(m + 4, a->body + 8, 2);
	memcpy(m + 40, &s->interface, sizeof(s->interface));
	memcpy(m + 44, &inode, sizeof(inode)); /* a cookie */
	memcpy(m + 52, tail, sizeof(tail));
	nl_bytes_add(b, m, sizeof(m));
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
	uint32_t inode = (uint32_t)(SD_FIRST_INODE - 1 + seen->count);
	bool interrupted = seen->count <= s->interrupted;

	nl_bytes_begin(b, 20, interrupted ? NL_FLAG_DUMP_INTERRUPTED : 0, a->h.seq);
	if (sd_is_inet(a))
		sd_add_inet(b, a, s, inode);
	else
		sd_add_other(b, s, (uint8_t)a->body[0], inode);
}

NL_FIXTURE void sd_answer(int fd, const struct nl_seen *seen, void *ctx)
{
	const struct sd_script *s = ctx;
	const struct nl_asked *a = &seen->v[seen->count - 1];
	bool refused = s->error && (s->family == 0 || s->family == (uint8_t)a->body[0]) &&
		       (s->number == 0 || s->number == (uint8_t)a->body[1]);
	struct nl_bytes b = {0};

	if (refused && !s->late) {
		nl_kernel_send_error(fd, a->h.seq, s->error);
		return;
	}
	for (unsigned i = 0; i < s->malformed; i++) {
		nl_bytes_begin(&b, 20, 0, a->h.seq);
		nl_bytes_add(&b, a->body, 12);
	}
	if (!s->is_empty)
		sd_add_socket(&b, seen, s);
	if (s->is_broken)
		nl_bytes_set_len(&b, 3);
	if (b.len > 0)
		nl_kernel_send(fd, &b);
	nl_kernel_send_done(fd, a->h.seq, refused ? s->error : 0);
}

/* --- the reader's end ---------------------------------------------------- */

/* What is wanted, and what was taken. */
struct sd_reader {
	unsigned protos;
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
	if (r->ports_len > max)
		return 0;
	memcpy(out, r->ports, r->ports_len * sizeof(*out));
	return r->ports_len;
}

/* A request as `FAMILY/PROTOCOL STATES:PORT` and more, numbers as the kernel's. */
NL_FIXTURE void sd_describe(const struct nl_asked *a, struct buf *out)
{
	uint32_t words[14], number = 0;
	uint16_t port;
	char text[96];

	memset(words, 0, sizeof(words));
	memcpy(words, a->body, a->len < sizeof(words) ? a->len : sizeof(words));
	int n = snprintf(text, sizeof(text), "%u/%u ", (uint8_t)a->body[0], (uint8_t)a->body[1]);
	char *rest = text + n;
	size_t room = sizeof(text) - (size_t)n;
	memcpy(&port, a->body + 8, sizeof(port));
	if (a->len == 64)
		memcpy(&number, a->body + 60, sizeof(number));
	if (sd_is_inet(a) && number)
		snprintf(rest, room, "%x:%u+%u|", words[1], ntohs(port), number);
	else if (sd_is_inet(a))
		snprintf(rest, room, "%x:%u|", words[1], ntohs(port));
	else if (a->len == 24)
		snprintf(rest, room, "%x show %x|", words[1], words[3]);
	else
		snprintf(rest, room, "show %x|", words[2]);
	buf_add_str(out, text);
}

/* What is the same in all requests: a dump, of any end, interface and cookie. */
NL_FIXTURE void sd_assert_request(const struct nl_asked *a)
{
	static const char zeros[64], ones[] = "\xff\xff\xff\xff\xff\xff\xff\xff";
	const char *cookie = a->body + (sd_is_inet(a) ? 48 : a->len - 8);

	assert_int_equal(a->h.type, 20);
	assert_int_equal(a->h.flags, NL_FLAG_REQUEST | NL_FLAG_DUMP);
	assert_memory_equal(cookie, ones, 8);
	assert_memory_equal(a->body + 2, zeros, 2);
	if (!sd_is_inet(a)) {
		assert_true(a->len == 20 || a->len == 24);
		return;
	}
	assert_int_equal(a->len, (uint8_t)a->body[1] == 255 && a->len > 56 ? 64 : 56);
	assert_memory_equal(a->body + 10, zeros, 38);
	if (a->len == 64)
		assert_memory_equal(a->body + 56, ((const uint16_t[]){8, 3}), 4);
}

/* Read from a kernel of its own; return the source's result. */
NL_FIXTURE int sd_read(struct sd_script *s, struct sd_reader *r)
{
	struct source_sink sink = {.ctx = r, .take = sd_take, .mark = sd_mark, .forget = sd_forget,
				   .wants_states = r->states ? sd_wants_states : NULL,
				   .wants_ports = r->ports ? sd_wants_ports : NULL};
	struct source_request rq = {.netns = SD_NETNS, .protos = r->protos, .sink = &sink};
	struct nl_kernel k;

	nl_kernel_start(&k, sd_answer, s);
	rq.fd = k.fd;
	int rc = source_sockdiag_read(&rq, &r->st);
	nl_kernel_wait(&k);
	r->requests = k.seen->count;
	for (size_t i = 0; i < k.seen->count; i++) {
		sd_assert_request(&k.seen->v[i]);
		sd_describe(&k.seen->v[i], &r->asked);
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
