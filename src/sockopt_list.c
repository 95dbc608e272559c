/* Options of the sockets in rows; see sockopt_list.h. */
#define _GNU_SOURCE
#include "sockopt_list.h"

#include "grow.h"
#include "holder.h"
#include "join.h"
#include "probe.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>

void sockopt_list_free(struct sockopt_list *list)
{
	free(list->v);
	*list = (struct sockopt_list){0};
}

static int compare_row(const void *x, const void *y)
{
	const struct row *a = *(const struct row *const *)x, *b = *(const struct row *const *)y;

	if (a->sock->inode != b->sock->inode)
		return a->sock->inode < b->sock->inode ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* The rows that a socket can be asked through, those of one socket together. */
static const struct row **sort_rows(const struct row_list *rows, size_t *out_len)
{
	const struct row **v = malloc((rows->len + 1) * sizeof(*v));

	*out_len = 0;
	for (size_t i = 0; i < rows->len && v; i++) {
		if (rows->v[i].holder && rows->v[i].sock->inode != 0)
			v[(*out_len)++] = &rows->v[i];
	}
	if (v && *out_len > 0)
		qsort(v, *out_len, sizeof(*v), compare_row);
	return v;
}

static struct sockopt_entry *add_entry(struct sockopt_list *list, uint64_t inode)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v)
		return NULL;
	list->v = v;
	list->v[list->len].inode = inode;
	return &list->v[list->len++];
}

int sockopt_list_load(const struct row_list *rows, struct sockopt_list *out)
{
	struct sockopt_entry *entry = NULL;
	struct probe probe = {0};
	size_t len;
	const struct row **v = sort_rows(rows, &len);
	int rc = v ? 0 : -ENOMEM;

	for (size_t i = 0; i < len && rc == 0; i++) {
		const struct sock *s = v[i]->sock;
		bool is_known = entry && entry->inode == s->inode;

		if (is_known && entry->set.rc == 0)
			continue;
		if (!is_known)
			entry = add_entry(out, s->inode);
		if (entry)
			sockopt_load(&probe, v[i]->holder, s, &entry->set);
		else
			rc = -ENOMEM;
	}
	probe_free(&probe);
	free(v);
	return rc;
}

static int compare_entry(const void *key, const void *entry)
{
	uint64_t inode = *(const uint64_t *)key;
	const struct sockopt_entry *e = entry;

	return inode < e->inode ? -1 : inode > e->inode;
}

const struct sockopt_set *sockopt_list_find(const struct sockopt_list *list, const struct sock *s)
{
	const struct sockopt_entry *e =
		list->len > 0 ? bsearch(&s->inode, list->v, list->len, sizeof(*list->v),
					compare_entry) : NULL;

	return e ? &e->set : NULL;
}
