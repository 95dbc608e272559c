/*
 * Doubtful rows of /proc/net/unix, once holders are known; see doubt.h. What
 * the table alone can settle unix_table.c has settled.
 */
#define _GNU_SOURCE
#include "doubt.h"

#include "descriptor.h"
#include "filter.h"
#include "grow.h"
#include "holder.h"
#include "inventory.h"
#include "netns.h"
#include "probe.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* True if a record that cannot be forged has record @i's inode. */
static bool is_taken(const struct sock_table *t, size_t i)
{
	const struct sock *s = &t->v[i], *from = s, *to = s + 1;

	while (from > t->v && from[-1].inode == s->inode)
		from--;
	while (to < t->v + t->len && to->inode == s->inode)
		to++;
	for (; from < to; from++) {
		if (from->proto != SOCK_PROTO_UNIX || !from->doubt)
			return true;
	}
	return false;
}

/* The certain unix sockets of a network namespace that a holder lives in. */
struct foreign {
	uint32_t netns;
	uint64_t *inodes; /* ascending */
	size_t len, cap;
};

/* Namespaces read so far: each once, however many rows ask. */
struct foreigners {
	const struct inventory_request *rq;
	struct probe probe;
	struct foreign *v;
	size_t len, cap;
};

static void free_foreigners(struct foreigners *all)
{
	for (size_t i = 0; i < all->len; i++)
		free(all->v[i].inodes);
	free(all->v);
	probe_free(&all->probe);
}

static int take_unix(void *ctx, const struct sock *s)
{
	struct foreign *f = ctx;

	if (s->doubt || s->inode == 0)
		return 0;
	void *v = grow(f->inodes, f->len, &f->cap, sizeof(*f->inodes));
	if (!v)
		return -ENOMEM;
	f->inodes = v;
	f->inodes[f->len++] = s->inode;
	return 0;
}

static int compare_inode(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* The sockets of a namespace, read if it is new. NULL without memory. */
static const struct foreign *find_foreign(struct foreigners *all, struct netns *ns)
{
	for (size_t i = 0; i < all->len; i++) {
		if (all->v[i].netns == ns->id)
			return &all->v[i];
	}
	void *v = grow(all->v, all->len, &all->cap, sizeof(*all->v));
	if (!v)
		return NULL;
	all->v = v;

	struct foreign *f = &all->v[all->len++];
	*f = (struct foreign){.netns = ns->id};
	struct source_sink sink = {.ctx = f, .take = take_unix};
	struct inventory_stats st = {0};
	/* What cannot be read refutes nothing. */
	inventory_read_namespace(all->rq, ns, SOCK_PROTO_BIT(SOCK_PROTO_UNIX), &sink, &st);
	if (f->len > 0)
		qsort(f->inodes, f->len, sizeof(*f->inodes), compare_inode);
	return f;
}

/* Does the holder live in another namespace than the row's, whose table has the socket? */
static bool is_of_other_netns(const struct sock *s, const struct holder *h, struct foreigners *all)
{
	struct netns *home = netns_list_of_process(all->rq->namespaces, h->pid);
	if (!home || home->id == s->netns)
		return false;

	const struct foreign *f = find_foreign(all, home);
	return f && f->len > 0 &&
	       bsearch(&h->inode, f->inodes, f->len, sizeof(*f->inodes), compare_inode);
}

/* Is a holder's socket certainly no unix socket of the row's namespace? */
static bool is_refuted(const struct sock *s, const struct holder *h, struct foreigners *all)
{
	int proc_fd = all->rq->namespaces->proc_fd;
	char name[32];
	size_t len = descriptor_protocol(proc_fd, h, name, sizeof(name));

	if (len > 0 && (len < 4 || memcmp(name, "UNIX", 4) != 0))
		return true;
	return all->rq->namespaces->is_real && is_of_other_netns(s, h, all);
}

/* A row of unix text can be the end of a forged name, and carry any inode. */
static bool is_forged(const struct sock_table *socks, const struct holder_index *holders, size_t i,
		      struct foreigners *all)
{
	const struct sock *s = &socks->v[i];
	size_t count;

	if (!s->doubt || s->inode == 0)
		return false;
	if (is_taken(socks, i))
		return true;
	const struct holder *h = holder_index_find(holders, s->inode, &count);
	if (count == 0)
		return false;
	return is_refuted(s, h, all) ||
	       (s->doubt->contested &&
		descriptor_has_name(all->rq->namespaces->proc_fd, &all->probe, h, s) == 0);
}

static int compare_row(const void *x, const void *y)
{
	const struct sock *const *a = x, *const *b = y;

	return (*a)->row < (*b)->row ? -1 : (*a)->row > (*b)->row;
}

/* The unix rows of a table in the order they were read. */
struct row_index {
	struct sock **v;
	size_t len;
};

static int index_rows(struct sock_table *socks, struct row_index *out)
{
	out->len = 0;
	out->v = malloc((socks->len + 1) * sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	for (size_t i = 0; i < socks->len; i++) {
		if (socks->v[i].row > 0)
			out->v[out->len++] = &socks->v[i];
	}
	qsort(out->v, out->len, sizeof(*out->v), compare_row);
	return 0;
}

static struct sock *find_row(const struct row_index *rows, uint32_t row)
{
	const struct sock key = {.row = row}, *wanted = &key;
	struct sock **found = bsearch(&wanted, rows->v, rows->len, sizeof(*rows->v), compare_row);

	return found ? *found : NULL;
}

/*
 * Give forged rows, which have lost their role, back to the names they are
 * parts of, in the order of the table: to the row before, or, if that is
 * forged too, to the one before it.
 */
static int give_back(struct filter *filter, struct sock_table *socks)
{
	struct row_index rows;
	int rc = index_rows(socks, &rows);

	for (size_t i = 0; rc == 0 && i < rows.len; i++) {
		const struct sock *forged = rows.v[i];
		if (forged->role != SOCK_ROLE_NONE)
			continue;
		struct sock *owner = find_row(&rows, forged->doubt->before);
		while (owner && owner->role == SOCK_ROLE_NONE)
			owner = find_row(&rows, owner->doubt->before);
		if (owner && !owner->name_is_exact)
			rc = sock_table_extend_name(socks, owner, forged->doubt->line,
						    forged->doubt->len);
	}
	free(rows.v);
	/* A name that grew may no longer be a target's. */
	for (size_t i = 0; rc == 0 && i < socks->len; i++) {
		struct sock *s = &socks->v[i];
		if (s->row > 0 && s->role == SOCK_ROLE_WANTED && !filter_match_target(filter, s))
			s->role = SOCK_ROLE_NONE;
	}
	return rc;
}

static void drop_without_role(struct sock_table *socks)
{
	size_t kept = 0;

	for (size_t i = 0; i < socks->len; i++) {
		if (socks->v[i].role != SOCK_ROLE_NONE)
			socks->v[kept++] = socks->v[i];
	}
	socks->len = kept;
}

int doubt_settle(const struct inventory_request *rq, struct sock_table *socks,
		 const struct holder_index *holders)
{
	struct foreigners all = {.rq = rq};
	bool any_forged = false;
	int rc = 0;

	/* All rows are judged, by names too, before a name changes. */
	for (size_t i = 0; i < socks->len; i++) {
		if (!is_forged(socks, holders, i, &all))
			continue;
		socks->v[i].role = SOCK_ROLE_NONE;
		any_forged = true;
	}
	if (any_forged) {
		rc = give_back(rq->filter, socks);
		drop_without_role(socks);
	}
	free_foreigners(&all);
	return rc;
}
