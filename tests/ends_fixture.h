/*
 * A second look for the other ends: it finds the sockets and holders that a test has
 * given, as far as the filter wants them.
 */
#ifndef WHOPORT_TESTS_ENDS_FIXTURE_H
#define WHOPORT_TESTS_ENDS_FIXTURE_H

#include "fixture.h"

#include "ends.h"
#include "holder.h"
#include "look.h"
#include "netns.h"
#include "process.h"

enum { WORLD_MAX = 16 };

struct world {
	struct sock socks[WORLD_MAX];
	struct holder holders[WORLD_MAX];
	size_t socks_len, holders_len;
	struct netns_list namespaces; /* none: no queue can be asked for */
	struct looker looker;
	size_t looks;   /* how often somebody looked */
	unsigned facts; /* that were asked for */
	int rc;         /* what a look returns */
};

static inline int world_look(void *ctx, struct filter *filter, unsigned facts, struct look *out)
{
	struct world *w = ctx;

	w->looks++;
	w->facts = facts;
	for (size_t i = 0; i < w->socks_len; i++) {
		struct sock s = w->socks[i];
		s.role = (uint8_t)filter_classify(filter, &s);
		if (s.role != SOCK_ROLE_NONE)
			assert_int_equal(sock_table_add(&out->snap.socks, &s), 0);
	}
	sock_table_sort(&out->snap.socks);
	for (size_t i = 0; i < w->holders_len; i++) {
		const struct holder *h = &w->holders[i];
		struct process p = {.pid = h->pid, .tid = h->pid};
		int len = snprintf(p.command, sizeof(p.command), "cmd%d", (int)h->pid);
		p.command_len = (uint8_t)len;
		assert_int_equal(holder_index_add(&out->snap.holders, h), 0);
		assert_int_equal(process_table_add(&out->snap.processes, &p), 0);
	}
	holder_index_sort(&out->snap.holders);
	process_table_sort(&out->snap.processes);
	assert_int_equal(peer_index_build(&out->snap.listeners, &out->snap.socks), 0);
	assert_int_equal(join_rows(&out->snap, filter, &out->rows), 0);
	return w->rc;
}

static inline void world_init(struct world *w)
{
	*w = (struct world){.namespaces = {.proc_fd = -1, .home_fd = -1},
			    .looker = {.ctx = w, .look = world_look}};
}

static inline const struct sock *world_add(struct world *w, const struct sock *s)
{
	assert_true(w->socks_len < WORLD_MAX);
	w->socks[w->socks_len] = *s;
	return &w->socks[w->socks_len++];
}

/** Process PID, called cmdPID, holds a socket. */
static inline void world_hold(struct world *w, uint64_t inode, pid_t pid, int fd)
{
	assert_true(w->holders_len < WORLD_MAX);
	w->holders[w->holders_len++] = (struct holder){inode, pid, pid, fd, HOLDER_FD};
}

/** Find the other ends of rows. */
static inline void world_find(struct world *w, const struct row_list *rows, struct ends *out)
{
	*out = (struct ends){0};
	assert_int_equal(ends_find(rows, &w->looker, &w->namespaces, 0, false, out), 0);
}

#endif
