/* The other end of a socket; see peer.h. */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare_listener(const void *x, const void *y)
{
	const struct sock *const *a = x, *const *b = y;

	return sock_compare_address(*a, *b);
}

static bool is_listener(const struct sock *s)
{
	return s->state == SOCK_STATE_LISTEN && s->role != SOCK_ROLE_NONE;
}

int peer_index_build(struct peer_index *x, const struct sock_table *socks)
{
	size_t count = 0;

	for (size_t i = 0; i < socks->len; i++)
		count += is_listener(&socks->v[i]);
	*x = (struct peer_index){0};
	if (count == 0)
		return 0;
	x->v = malloc(count * sizeof(*x->v));
	if (!x->v)
		return -ENOMEM;
	for (size_t i = 0; i < socks->len; i++) {
		if (is_listener(&socks->v[i]))
			x->v[x->len++] = &socks->v[i];
	}
	qsort(x->v, x->len, sizeof(*x->v), compare_listener);
	return 0;
}

void peer_index_free(struct peer_index *x)
{
	free(x->v);
	*x = (struct peer_index){0};
}

/*
 * How well a listener fits, 0 for not at all. A connection has the family of
 * its listener's socket, and then the listener's very address beats the
 * wildcard (compute_score, net/ipv4/inet_hashtables.c).
 */
static int rank(const struct sock *listener, const struct sock *s)
{
	if (listener->netns != s->netns)
		return 0;
	/* A listener that is bound to a device has no connections from others. */
	uint32_t interface = s->bound_if ? s->bound_if : s->local.scope_id;
	if (listener->bound_if != 0 && listener->bound_if != interface)
		return 0;
	if (s->proto == SOCK_PROTO_UNIX)
		return sock_has_name_of(listener, s);
	int same_family = listener->local.family == s->local.family ? 2 : 0;
	if (!addr_is_wildcard(&listener->local))
		return addr_equal_ip(&listener->local, &s->local) ? same_family + 2 : 0;
	bool covers = listener->local.family == AF_INET6 || addr_unmap(&s->local).family == AF_INET;
	return covers ? same_family + 1 : 0;
}

/* What was found so far. */
struct finding {
	const struct sock **out;
	size_t max, count;
	int best;
};

static void find_among(const struct peer_index *x, const struct sock *s, enum sock_proto proto,
		       struct finding *f)
{
	size_t lo = 0, hi = x->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct sock *l = x->v[mid];
		if (l->proto < proto || (l->proto == proto && l->local.port < s->local.port))
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < x->len && x->v[lo]->proto == proto &&
	       x->v[lo]->local.port == s->local.port; lo++) {
		int fit = rank(x->v[lo], s);
		if (fit < f->best)
			continue;
		if (fit > f->best)
			f->count = 0;
		f->best = fit;
		if (f->count < f->max)
			f->out[f->count] = x->v[lo];
		f->count++;
	}
}

size_t peer_find_listeners(const struct peer_index *x, const struct sock *s,
			   const struct sock **out, size_t max)
{
	struct finding f = {.out = out, .max = max, .best = 1};

	find_among(x, s, (enum sock_proto)s->proto, &f);
	/* A listener for Multipath TCP takes TCP, too. */
	if (f.count == 0 && s->proto == SOCK_PROTO_TCP)
		find_among(x, s, SOCK_PROTO_MPTCP, &f);
	else if (f.count == 0 && s->proto == SOCK_PROTO_MPTCP)
		find_among(x, s, SOCK_PROTO_TCP, &f);
	return f.count;
}
