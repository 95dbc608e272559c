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
	if (s->proto == SOCK_PROTO_UNIX)
		return listener->name && s->name && listener->name_len == s->name_len &&
		       memcmp(listener->name, s->name, s->name_len) == 0;
	int same_family = listener->local.family == s->local.family ? 2 : 0;
	if (!addr_is_wildcard(&listener->local))
		return addr_equal_ip(&listener->local, &s->local) ? same_family + 2 : 0;
	bool covers = listener->local.family == AF_INET6 || addr_unmap(&s->local).family == AF_INET;
	return covers ? same_family + 1 : 0;
}

size_t peer_find_listeners(const struct peer_index *x, const struct sock *s,
			   const struct sock **out, size_t max)
{
	size_t lo = 0, hi = x->len, count = 0;
	int best = 1;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct sock *l = x->v[mid];
		if (l->proto < s->proto ||
		    (l->proto == s->proto && l->local.port < s->local.port))
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < x->len && x->v[lo]->proto == s->proto &&
	       x->v[lo]->local.port == s->local.port; lo++) {
		int fit = rank(x->v[lo], s);
		if (fit < best)
			continue;
		if (fit > best)
			count = 0;
		best = fit;
		if (count < max)
			out[count] = x->v[lo];
		count++;
	}
	return count;
}
