/* Holders by inode; see holder.h. */
#include "holder.h"

#include "grow.h"
#include "sort_key.h"

#include <errno.h>
#include <stdlib.h>

void holder_index_free(struct holder_index *x)
{
	free(x->v);
	*x = (struct holder_index){0};
}

int holder_index_add(struct holder_index *x, const struct holder *h)
{
	void *v = grow(x->v, x->len, &x->cap, sizeof(*x->v));

	if (!v)
		return -ENOMEM;
	x->v = v;
	x->v[x->len++] = *h;
	return 0;
}

int holder_compare(const struct holder *a, const struct holder *b)
{
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->fd != b->fd)
		return a->fd < b->fd ? -1 : 1;
	return a->kind < b->kind ? -1 : a->kind > b->kind;
}

static int compare_holder(const void *x, const void *y)
{
	const struct holder *a = x, *b = y;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return holder_compare(a, b);
}

/* Replace the array by one that is sorted by inode. Return 0 or -ENOMEM. */
static int sort_by_inode(struct holder_index *x)
{
	struct sort_key *keys = malloc(x->len * sizeof(*keys));
	struct holder *v = calloc(x->len, sizeof(*v));
	int rc = keys && v ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < x->len; i++)
		keys[i] = (struct sort_key){x->v[i].inode, i};
	if (rc == 0)
		rc = sort_keys(keys, x->len);
	for (size_t i = 0; rc == 0 && i < x->len; i++)
		v[i] = x->v[keys[i].place];
	free(keys);
	if (rc < 0) {
		free(v);
		return rc;
	}
	free(x->v);
	x->v = v;
	x->cap = x->len;
	return 0;
}

/* Sort what has the same inode. */
static void sort_runs(struct holder_index *x)
{
	for (size_t i = 0, end; i < x->len; i = end) {
		end = i + 1;
		while (end < x->len && x->v[end].inode == x->v[i].inode)
			end++;
		if (end - i > 1)
			qsort(x->v + i, end - i, sizeof(*x->v), compare_holder);
	}
}

void holder_index_sort(struct holder_index *x)
{
	size_t kept = 0;

	if (x->len == 0)
		return;
	if (sort_by_inode(x) == 0)
		sort_runs(x);
	else
		qsort(x->v, x->len, sizeof(*x->v), compare_holder);
	for (size_t i = 1; i < x->len; i++) {
		if (compare_holder(&x->v[kept], &x->v[i]) != 0)
			x->v[++kept] = x->v[i];
	}
	x->len = kept + 1;
}

/* The holders of a socket from a place on, if that is where they are. */
static const struct holder *take_run(const struct holder_index *x, uint64_t inode, size_t at,
				     size_t *out_count)
{
	size_t end = at;

	while (end < x->len && x->v[end].inode == inode)
		end++;
	*out_count = end - at;
	return x->v ? x->v + at : NULL;
}

const struct holder *holder_index_next(const struct holder_index *x, uint64_t inode,
				       size_t *cursor, size_t *out_count)
{
	while (*cursor < x->len && x->v[*cursor].inode < inode)
		++*cursor;
	return take_run(x, inode, *cursor, out_count);
}

const struct holder *holder_index_find(const struct holder_index *x, uint64_t inode,
				       size_t *out_count)
{
	size_t lo = 0, hi = x->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (x->v[mid].inode < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	return take_run(x, inode, lo, out_count);
}
