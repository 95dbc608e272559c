/* The ends of connections; see end_key.h. */
#include "end_key.h"

#include "grow.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Beside the protocols: a unix listener, by a client that it has not accepted yet; and a
 * unix socket, by the one that it sends to. */
enum { KIND_QUEUED = SOCK_PROTO_COUNT, KIND_SENDER };

/* Multipath TCP falls back to TCP on one side only. */
#define PROTOS_TCP (SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP))

void end_set_free(struct end_set *set)
{
	free(set->v);
	*set = (struct end_set){0};
}

int end_key_compare(const struct end_key *a, const struct end_key *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int compare_key(const void *x, const void *y)
{
	return end_key_compare(x, y);
}

static void store_ip(uint8_t *out, const struct addr *a)
{
	if (a->family == AF_INET6) {
		memcpy(out, &a->ip.v6, sizeof(a->ip.v6));
		return;
	}
	out[10] = out[11] = 0xff; /* ::ffff:a.b.c.d */
	memcpy(out + 12, &a->ip.v4, sizeof(a->ip.v4));
}

static struct end_key unix_key(uint32_t kind, uint64_t inode)
{
	struct end_key key;

	memset(&key, 0, sizeof(key));
	key.kind = kind;
	key.inode = inode;
	return key;
}

static struct end_key inet_key(const struct sock *s, const struct addr *local,
			       const struct addr *remote)
{
	struct end_key key;

	memset(&key, 0, sizeof(key));
	key.kind = SOCK_PROTO_BIT(s->proto) & PROTOS_TCP ? SOCK_PROTO_TCP : s->proto;
	key.netns = s->netns;
	key.local_port = local->port;
	key.remote_port = remote->port;
	store_ip(key.local, local);
	store_ip(key.remote, remote);
	return key;
}

static bool is_connected(const struct sock *s)
{
	return SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS && s->remote.port != 0;
}

size_t end_key_own(const struct sock *s, struct end_key out[END_KEYS_MAX])
{
	size_t count = 0;

	if (is_connected(s))
		out[count++] = inet_key(s, &s->local, &s->remote);
	else if (s->proto == SOCK_PROTO_UNIX && s->inode != 0)
		out[count++] = unix_key(SOCK_PROTO_UNIX, s->inode);
	if (count > 0 && s->proto == SOCK_PROTO_UNIX && s->type == SOCK_DGRAM && s->peer != 0)
		out[count++] = unix_key(KIND_SENDER, s->peer);
	return count;
}

struct end_key end_key_queue(uint64_t client)
{
	return unix_key(KIND_QUEUED, client);
}

bool end_key_is_queue(const struct end_key *key)
{
	return key->kind == KIND_QUEUED;
}

bool end_key_is_senders(const struct end_key *key)
{
	return key->kind == KIND_SENDER;
}

bool end_has_queue(const struct sock *s)
{
	return s->proto == SOCK_PROTO_UNIX && s->state == SOCK_STATE_LISTEN && s->inode != 0 &&
	       s->rqueue > 0;
}

bool end_key_other(const struct sock *s, struct end_key *out)
{
	if (is_connected(s))
		*out = inet_key(s, &s->remote, &s->local);
	else if (s->proto == SOCK_PROTO_UNIX && s->peer != 0)
		*out = unix_key(SOCK_PROTO_UNIX, s->peer);
	else if (s->proto == SOCK_PROTO_UNIX && s->type == SOCK_DGRAM && s->inode != 0)
		*out = unix_key(KIND_SENDER, s->inode);
	else if (s->proto == SOCK_PROTO_UNIX && s->state == SOCK_STATE_CONNECTED && s->inode != 0)
		*out = unix_key(KIND_QUEUED, s->inode);
	else
		return false;
	return true;
}

static int add_key(struct end_set *set, const struct end_key *key)
{
	void *v = grow(set->v, set->len, &set->cap, sizeof(*set->v));

	if (!v)
		return -ENOMEM;
	set->v = v;
	set->v[set->len++] = *key;
	return 0;
}

int end_set_add(struct end_set *set, const struct sock *s, bool itself)
{
	struct end_key key, own[END_KEYS_MAX];
	int rc;

	if (!end_key_other(s, &key))
		return 0;
	set->protos |= SOCK_PROTO_BIT(s->proto) & PROTOS_TCP ? PROTOS_TCP
							     : SOCK_PROTO_BIT(s->proto);
	set->queues |= key.kind == KIND_QUEUED;
	rc = add_key(set, &key);
	return rc == 0 && itself && end_key_own(s, own) > 0 ? add_key(set, own) : rc;
}

void end_set_sort(struct end_set *set)
{
	size_t kept = 0;

	if (set->len == 0)
		return;
	qsort(set->v, set->len, sizeof(*set->v), compare_key);
	for (size_t i = 1; i < set->len; i++) {
		if (compare_key(&set->v[kept], &set->v[i]) != 0)
			set->v[++kept] = set->v[i];
	}
	set->len = kept + 1;
}

bool end_set_match(const struct end_set *set, const struct sock *s)
{
	struct end_key keys[END_KEYS_MAX];
	size_t count = set->len > 0 ? end_key_own(s, keys) : 0;

	for (size_t i = 0; i < count; i++) {
		if (bsearch(&keys[i], set->v, set->len, sizeof(*set->v), compare_key))
			return true;
	}
	return set->queues && end_has_queue(s);
}

bool end_set_has_netns(const struct end_set *set, uint32_t netns)
{
	for (size_t i = 0; i < set->len && netns != 0; i++) {
		if (set->v[i].netns == netns)
			return true;
	}
	return false;
}

bool end_set_misses_unix(const struct end_set *set, const struct sock_table *t)
{
	for (size_t i = 0; i < set->len; i++) {
		if (set->v[i].kind == SOCK_PROTO_UNIX && !sock_table_find(t, set->v[i].inode))
			return true;
	}
	return false;
}
