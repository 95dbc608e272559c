/*
 * Doubtful rows of /proc/net/unix, once holders are known; see doubt.h. What
 * the table alone can settle unix_table.c has settled.
 */
#include "doubt.h"

#include "descriptor.h"
#include "filter.h"
#include "holder.h"
#include "sock.h"

/* True if an internet socket has record @i's inode. */
static bool is_inet(const struct sock_table *t, size_t i)
{
	const struct sock *s = &t->v[i], *from = s, *to = s + 1;

	while (from > t->v && from[-1].inode == s->inode)
		from--;
	while (to < t->v + t->len && to->inode == s->inode)
		to++;
	for (; from < to; from++) {
		if (from->proto != SOCK_PROTO_UNIX)
			return true;
	}
	return false;
}

/* A row of unix text can be the end of a forged name, and carry any inode. */
static bool is_forged(int proc_fd, const struct sock_table *socks,
		      const struct holder_index *holders, size_t i)
{
	const struct sock *s = &socks->v[i];
	size_t count;

	if (!s->doubt || s->inode == 0)
		return false;
	if (is_inet(socks, i))
		return true;
	const struct holder *h = holder_index_find(holders, s->inode, &count);
	if (count == 0)
		return false;
	return descriptor_refutes_unix(proc_fd, h) ||
	       (s->doubt->contested && descriptor_has_name(proc_fd, h, s) == 0);
}

/* Give a forged row back to the name in the row before it. */
static int give_back(struct filter *filter, struct sock_table *socks,
		     const struct sock_doubt *doubt)
{
	struct sock *end = socks->v + socks->len;
	struct sock *s = sock_table_find(socks, doubt->before);

	while (s && s < end && s->inode == doubt->before && s->proto != SOCK_PROTO_UNIX)
		s++;
	/* Inode 0 is many sockets': it cannot tell whose name this is. */
	if (!s || s == end || s->inode != doubt->before || s->inode == 0)
		return 0;
	int rc = sock_table_extend_name(socks, s, doubt->line, doubt->len);
	if (!filter_match_target(filter, s))
		s->role = SOCK_ROLE_NONE;
	return rc;
}

int doubt_settle(int proc_fd, struct filter *filter, struct sock_table *socks,
		 const struct holder_index *holders)
{
	for (size_t i = 0; i < socks->len; i++) {
		if (!is_forged(proc_fd, socks, holders, i))
			continue;
		socks->v[i].role = SOCK_ROLE_NONE;
		int rc = give_back(filter, socks, socks->v[i].doubt);
		if (rc < 0)
			return rc;
	}
	return 0;
}
