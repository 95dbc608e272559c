/*
 * Sockets as a scanner tells of them, a struct held that takes them, and a `net`
 * directory with the kernel's counts.
 */
#ifndef WHOPORT_TESTS_HELD_FIXTURE_H
#define WHOPORT_TESTS_HELD_FIXTURE_H

#include "fixture.h"
#include "held.h"
#include "sockstat.h"
#include "source.h"

#include <unistd.h>

/* A test uses some of these functions. */
#define HELD_FIXTURE static inline __attribute__((unused))

enum { HELD_NETNS = 5 };

/* What is wanted, from words such as `-i UDP`. */
struct held_wants {
	struct names names;
	struct filter filter;
	struct held held;
};

/** Forget what was taken; take the sockets of all namespaces. */
HELD_FIXTURE void held_begin(struct held *h, bool counts)
{
	held_restart(h, 0, ~0U, counts);
}

/** Select by at most one option and one target; either may be NULL. */
HELD_FIXTURE void held_wants_init(struct held_wants *w, enum filter_kind kind, const char *value,
				  const char *target)
{
	*w = (struct held_wants){.filter = {0}};
	make_names(&w->names);
	w->filter.names = &w->names;
	if (value)
		filter_add_ok(&w->filter, kind, value);
	if (target)
		filter_add_ok(&w->filter, FILTER_TARGET, target);
	filter_finish_ok(&w->filter);
	filter_restart(&w->filter, ~0U);
	held_init(&w->held, &w->filter);
	held_begin(&w->held, false);
}

/** Everything there is, as --all asks for. */
HELD_FIXTURE void held_wants_all(struct held_wants *w)
{
	*w = (struct held_wants){.filter = {.all = true}};
	make_names(&w->names);
	w->filter.names = &w->names;
	filter_finish_ok(&w->filter);
	held_init(&w->held, &w->filter);
	held_begin(&w->held, false);
}

HELD_FIXTURE void held_wants_free(struct held_wants *w)
{
	held_free(&w->held);
	filter_free(&w->filter);
	names_free(&w->names);
}

/** A socket of HELD_NETNS. */
HELD_FIXTURE struct sock held_sock(enum sock_proto proto, enum sock_state state, uint16_t port,
				   uint64_t inode)
{
	struct sock s = make_sock(proto, state, "::", port, inode);

	s.netns = HELD_NETNS;
	return s;
}

/** One that the scanner cannot describe. */
HELD_FIXTURE struct sock held_other(enum sock_proto proto, uint64_t inode)
{
	return (struct sock){.inode = inode, .netns = HELD_NETNS, .proto = (uint8_t)proto};
}

/** Take a socket of a process; return what held_take() does. */
HELD_FIXTURE int held_add(struct held *h, struct sock s)
{
	return held_take(h, &s, true);
}

/** The inodes of what was kept, in its order, as `5/1001 5/1002`. */
HELD_FIXTURE void assert_kept(const struct held *h, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < h->socks.len; i++) {
		buf_add_str(&b, i ? " " : "");
		buf_add_dec(&b, h->socks.v[i].netns);
		buf_add_char(&b, '/');
		buf_add_dec(&b, h->socks.v[i].inode);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

/* --- covers? --------------------------------------------------------------- */

/* The states of TCP that a sink still wants. */
struct held_states {
	uint32_t tcp;
};

HELD_FIXTURE uint32_t held_wants_states(const void *ctx, enum sock_proto proto)
{
	const struct held_states *w = ctx;

	return proto == SOCK_PROTO_TCP ? w->tcp : ~0U;
}

/** Write what the kernel counts, of IPv6 all but one; @v6 false: there is no IPv6. */
HELD_FIXTURE void held_write_counts(struct fixture *fx, const struct sockstat *n, bool v6)
{
	char text[512];
	unsigned long long tcp = n->tcp, udp = n->udp, udplite = n->udplite, raw = n->raw;

	if (v6) {
		snprintf(text, sizeof(text),
			 "TCP6: inuse %llu\nUDP6: inuse %llu\nUDPLITE6: inuse %llu\n"
			 "RAW6: inuse %llu\nFRAG6: inuse 0 memory 0\n",
			 tcp - (tcp > 0), udp - (udp > 0), udplite - (udplite > 0),
			 raw - (raw > 0));
		fixture_add_table(fx, "sockstat6", text);
		tcp = tcp > 0;
		udp = udp > 0;
		udplite = udplite > 0;
		raw = raw > 0;
	}
	snprintf(text, sizeof(text),
		 "sockets: used %llu\nTCP: inuse %llu orphan 3 tw %llu alloc 9 mem 1\n"
		 "UDP: inuse %llu mem 2\nUDPLITE: inuse %llu\nRAW: inuse %llu\n"
		 "FRAG: inuse 0 memory 0\n",
		 (unsigned long long)n->used, tcp, (unsigned long long)n->time_wait, udp, udplite,
		 raw);
	fixture_add_table(fx, "sockstat", text);
}

/** Note what the kernel counts now, as before a scan. */
HELD_FIXTURE void held_note(struct fixture *fx, struct held *h, uint32_t netns)
{
	int fd = fixture_open(fx, "net");

	assert_int_equal(held_note_counts(h, netns, fd), 0);
	close(fd);
}

/** Start a census where the kernel counts so many. */
HELD_FIXTURE void held_start_census(struct fixture *fx, struct held *h, const struct sockstat *n)
{
	held_begin(h, true);
	held_write_counts(fx, n, true);
	held_note(fx, h, HELD_NETNS);
}

/** Ask on behalf of a sink that wants such states of TCP. */
HELD_FIXTURE bool held_ask(struct fixture *fx, const struct held *h, unsigned protos, uint32_t tcp)
{
	struct held_states wants = {tcp};
	struct source_sink sink = {.ctx = &wants, .wants_states = held_wants_states};
	int fd = fixture_open(fx, "net");
	bool all = held_covers(h, HELD_NETNS, fd, protos, &sink);

	close(fd);
	return all;
}

/** Ask for what waits, of all protocols. */
HELD_FIXTURE bool held_ask_all(struct fixture *fx, const struct held *h)
{
	return held_ask(fx, h, SOCK_PROTOS_INET, SOCK_STATES_WAITING);
}

#endif
