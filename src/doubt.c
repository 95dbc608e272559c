/*
 * Doubtful rows of /proc/net/unix, once holders are known; see doubt.h. What
 * the table alone can settle unix_table.c has settled.
 */
#define _GNU_SOURCE
#include "doubt.h"

#include "descriptor.h"
#include "filter.h"
#include "holder.h"
#include "procfs.h"
#include "sock.h"
#include "source.h"
#include "source_procnet.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

struct search {
	uint64_t inode;
	bool found;
};

static int take_unix(void *ctx, const struct sock *s)
{
	struct search *search = ctx;

	search->found |= s->inode == search->inode && !s->doubt;
	return 0;
}

/* Does the holder live in another namespace, whose table has the socket? */
static bool is_of_other_netns(int proc_fd, const struct holder *h)
{
	struct search search = {.inode = h->inode};
	struct source_request rq = {.protos = SOCK_PROTO_BIT(SOCK_PROTO_UNIX), .sink = take_unix,
				    .ctx = &search};
	struct source_stats st = {0};
	struct stat ours, theirs;
	char path[32];

	snprintf(path, sizeof(path), "%d/net", (int)h->pid);
	rq.net_fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rq.net_fd < 0)
		return false;
	/* A table's inode is one for each namespace. */
	if (fstatat(proc_fd, "net/unix", &ours, 0) == 0 &&
	    fstatat(rq.net_fd, "unix", &theirs, 0) == 0 && ours.st_ino != theirs.st_ino)
		source_procnet_read(&rq, &st);
	close(rq.net_fd);
	return search.found;
}

/* Is a holder's socket certainly no unix socket of our namespace? */
static bool is_refuted(int proc_fd, const struct holder *h)
{
	char name[32];
	size_t len = descriptor_protocol(proc_fd, h, name, sizeof(name));

	if (len > 0 && (len < 4 || memcmp(name, "UNIX", 4) != 0))
		return true;
	return procfs_is_real(proc_fd) && is_of_other_netns(proc_fd, h);
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
	return is_refuted(proc_fd, h) ||
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

	size_t kept = 0;
	for (size_t i = 0; i < socks->len; i++) {
		if (socks->v[i].role != SOCK_ROLE_NONE)
			socks->v[kept++] = socks->v[i];
	}
	socks->len = kept;
	return 0;
}
