/* Who will accept a connection; see acceptor.h. */
#include "acceptor.h"

#include "holder.h"
#include "peer.h"
#include "snapshot.h"

#include <stdlib.h>

static int compare_holder(const void *x, const void *y)
{
	return holder_compare(*(const struct holder *const *)x, *(const struct holder *const *)y);
}

void acceptors_find(const struct snapshot *snap, const struct sock *s, struct acceptors *out)
{
	const struct sock *listeners[ACCEPTORS_MAX];

	out->len = out->hidden = 0;
	out->listeners = peer_find_listeners(&snap->listeners, s, listeners, ACCEPTORS_MAX);
	for (size_t i = 0; i < out->listeners && i < ACCEPTORS_MAX; i++) {
		size_t count;
		const struct holder *h =
			holder_index_find(&snap->holders, listeners[i]->inode, &count);
		for (size_t j = 0; j < count && out->len < ACCEPTORS_MAX; j++)
			out->v[out->len++] = &h[j];
		out->hidden += count == 0;
	}
	if (out->len > 0)
		qsort(out->v, out->len, sizeof(*out->v), compare_holder);
}
