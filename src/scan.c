/* What scanners tell beside the holders; see scan.h. */
#include "scan.h"

#include "grow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool scan_wants_inode(const struct scan_request *rq, uint64_t inode, size_t *hint)
{
	size_t lo = 0, hi = rq->inode_count;

	if (rq->every_socket)
		return true;
	if (*hint < hi && rq->inodes[*hint] == inode) {
		++*hint;
		return true;
	}
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (rq->inodes[mid] < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == rq->inode_count || rq->inodes[lo] != inode)
		return false;
	*hint = lo + 1;
	return true;
}

void scan_stats_free(struct scan_stats *st)
{
	free(st->denied);
	free(st->denied_uids);
	free(st->tables);
	free(st->sights);
	free(st->seen);
	*st = (struct scan_stats){0};
}

int scan_stats_add_sight(struct scan_stats *st, const struct scan_sight *sight)
{
	void *sights = grow(st->sights, st->sights_len, &st->sights_cap, sizeof(*st->sights));

	if (!sights)
		return -ENOMEM;
	st->sights = sights;
	st->sights[st->sights_len++] = *sight;
	return 0;
}

int scan_stats_add_denied(struct scan_stats *st, pid_t pid, uint32_t uid)
{
	void *denied = grow(st->denied, st->denied_len, &st->denied_cap, sizeof(*st->denied));

	if (!denied)
		return -ENOMEM;
	st->denied = denied;
	st->denied[st->denied_len++] = (struct scan_denied){pid, uid};
	return 0;
}

int scan_stats_add_table(struct scan_stats *st, pid_t pid, off_t descriptors)
{
	void *tables = grow(st->tables, st->tables_len, &st->tables_cap, sizeof(*st->tables));

	if (!tables)
		return -ENOMEM;
	st->tables = tables;
	st->tables[st->tables_len++] = (struct scan_table){pid, descriptors};
	return 0;
}

/* Orders pids, and struct scan_table and struct scan_denied, which begin with one. */
static int compare_pid(const void *x, const void *y)
{
	const pid_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

const struct scan_denied *scan_stats_find_denied(const struct scan_stats *st, size_t len, pid_t pid)
{
	return len > 0 ? bsearch(&pid, st->denied, len, sizeof(*st->denied), compare_pid) : NULL;
}

void scan_stats_remove_denied(struct scan_stats *st, const struct scan_denied *denied)
{
	size_t i = (size_t)(denied - st->denied);

	memmove(st->denied + i, st->denied + i + 1, (st->denied_len - i - 1) * sizeof(*st->denied));
	st->denied_len--;
}

int scan_stats_add_seen(struct scan_stats *st, pid_t pid)
{
	void *seen = grow(st->seen, st->seen_len, &st->seen_cap, sizeof(*st->seen));

	if (!seen)
		return -ENOMEM;
	st->seen = seen;
	st->seen[st->seen_len++] = pid;
	return 0;
}

bool scan_stats_has_seen(const struct scan_stats *st, pid_t pid)
{
	return st->seen_len > 0 &&
	       bsearch(&pid, st->seen, st->seen_len, sizeof(*st->seen), compare_pid) != NULL;
}

static void sort_denied(struct scan_stats *st)
{
	size_t kept = 0;

	if (st->denied_len == 0)
		return;
	qsort(st->denied, st->denied_len, sizeof(*st->denied), compare_pid);
	for (size_t i = 1; i < st->denied_len; i++) {
		if (st->denied[i].pid != st->denied[kept].pid)
			st->denied[++kept] = st->denied[i];
	}
	st->denied_len = kept + 1;
}

static int compare_sight(const void *x, const void *y)
{
	const struct scan_sight *a = x, *b = y;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->fd != b->fd)
		return a->fd < b->fd ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static void sort_sights(struct scan_stats *st)
{
	size_t kept = 0;

	if (st->sights_len == 0)
		return;
	qsort(st->sights, st->sights_len, sizeof(*st->sights), compare_sight);
	for (size_t i = 1; i < st->sights_len; i++) {
		if (compare_sight(&st->sights[i], &st->sights[kept]) != 0)
			st->sights[++kept] = st->sights[i];
	}
	st->sights_len = kept + 1;
}

static int compare_uid(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* There are many processes, and few users. */
static int list_uids(struct scan_stats *st)
{
	uint32_t *uids = realloc(st->denied_uids, (st->denied_len + 1) * sizeof(*uids));
	size_t kept = 0;

	if (!uids)
		return -ENOMEM;
	for (size_t i = 0; i < st->denied_len; i++)
		uids[i] = st->denied[i].uid;
	if (st->denied_len > 0)
		qsort(uids, st->denied_len, sizeof(*uids), compare_uid);
	for (size_t i = 0; i < st->denied_len; i++) {
		if (i == 0 || uids[i] != uids[kept - 1])
			uids[kept++] = uids[i];
	}
	st->denied_uids = uids;
	st->denied_uids_len = kept;
	return 0;
}

int scan_stats_sort(struct scan_stats *st)
{
	if (st->tables_len > 0)
		qsort(st->tables, st->tables_len, sizeof(*st->tables), compare_pid);
	if (st->seen_len > 0)
		qsort(st->seen, st->seen_len, sizeof(*st->seen), compare_pid);
	sort_denied(st);
	sort_sights(st);
	return list_uids(st);
}
