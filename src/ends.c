/* The other ends of sockets; see ends.h. */
#include "ends.h"

#include "grow.h"
#include "holder.h"
#include "netlink.h"
#include "netns.h"
#include "netns_enter.h"
#include "netns_walk.h"
#include "unix_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct end_ref {
	struct end_key key;
	const struct row *row;
};

void ends_free(struct ends *e)
{
	free(e->chosen);
	free(e->refs);
	look_free(&e->look);
	filter_free(&e->filter);
	end_set_free(&e->set);
	*e = (struct ends){0};
}

static int compare_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Descriptors of one process come together, whichever thread has them. */
static int compare_holder(const struct holder *a, const struct holder *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	int order = compare_number((uint64_t)a->pid, (uint64_t)b->pid);

	if (order == 0)
		order = compare_number(a->kind, b->kind);
	if (order == 0)
		order = a->fd < b->fd ? -1 : a->fd > b->fd;
	return order ? order : compare_number((uint64_t)a->tid, (uint64_t)b->tid);
}

static int compare_ref(const void *x, const void *y)
{
	const struct end_ref *a = x, *b = y;
	int order = end_key_compare(&a->key, &b->key);

	if (order == 0) /* sockets are in one table, sorted */
		order = (a->row->sock > b->row->sock) - (a->row->sock < b->row->sock);
	return order ? order : compare_holder(a->row->holder, b->row->holder);
}

static int add_ref(struct ends *e, const struct end_key *key, const struct row *row)
{
	void *v = grow(e->refs, e->refs_len, &e->refs_cap, sizeof(*e->refs));

	if (!v)
		return -ENOMEM;
	e->refs = v;
	e->refs[e->refs_len++] = (struct end_ref){*key, row};
	return 0;
}

static void sort_refs(struct ends *e)
{
	if (e->refs_len > 0)
		qsort(e->refs, e->refs_len, sizeof(*e->refs), compare_ref);
}

/* First of the sorted refs with a key; *out_len says how many there are. */
static size_t find_refs(const struct ends *e, size_t sorted, const struct end_key *key,
			size_t *out_len)
{
	size_t lo = 0, hi = sorted, end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (end_key_compare(&e->refs[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (end = lo; end < sorted && end_key_compare(&e->refs[end].key, key) == 0;)
		end++;
	*out_len = end - lo;
	return lo;
}

/* A listener whose clients are under way: its rows, which stay where they are. */
struct queue {
	struct ends *e;
	size_t first, len;
};

static int take_client(void *ctx, uint64_t client)
{
	const struct queue *queue = ctx;
	struct end_key key = end_key_queue(client);
	int rc = 0;

	for (size_t i = 0; i < queue->len && rc == 0; i++)
		rc = add_ref(queue->e, &key, queue->e->refs[queue->first + i].row);
	return rc;
}

/* Who waits in the queue of a listener, whose refs are among the first, sorted ones. */
static int add_queue(struct ends *e, struct netns_list *namespaces, const struct sock *s,
		     size_t sorted)
{
	struct netns *ns = netns_list_by_id(namespaces, s->netns);
	struct queue queue = {.e = e};
	struct end_key keys[END_KEYS_MAX];
	int rc = -ENOENT;

	if (end_key_own(s, keys) == 0)
		return 0;
	queue.first = find_refs(e, sorted, keys, &queue.len);
	int fd = ns ? netns_open_netlink(namespaces, ns, NL_SOCK_DIAG) : -ENOENT;
	if (fd >= 0) {
		rc = unix_queue_ask(fd, s, take_client, &queue);
		close(fd);
	}
	e->queue_untold |= rc < 0;
	return rc == -ENOMEM ? rc : 0;
}

static int index_look(struct ends *e, struct netns_list *namespaces)
{
	const struct sock_table *socks = &e->look.snap.socks;
	const struct row_list *rows = &e->look.rows;
	struct end_key keys[END_KEYS_MAX];
	int rc = 0;

	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		size_t count = end_key_own(rows->v[i].sock, keys);
		for (size_t j = 0; j < count && rc == 0; j++)
			rc = add_ref(e, &keys[j], &rows->v[i]);
	}
	sort_refs(e);
	size_t sorted = e->refs_len;
	for (size_t i = 0; i < socks->len && e->set.queues && rc == 0; i++) {
		if (end_has_queue(&socks->v[i]))
			rc = add_queue(e, namespaces, &socks->v[i], sorted);
	}
	sort_refs(e);
	e->chosen = malloc((e->refs_len + 1) * sizeof(*e->chosen));
	return e->chosen ? rc : -ENOMEM;
}

/* Are rows of a namespace that there is no way into, and that was not read? */
static bool any_unreached(const struct row_list *rows, const struct netns_list *namespaces)
{
	for (size_t i = 0; i < rows->len; i++) {
		uint32_t netns = rows->v[i].sock->netns;
		const struct netns *ns = netns_list_find(namespaces, netns);
		if (netns != 0 && !(ns && (netns_has_way(ns) || ns->is_read)))
			return true;
	}
	return false;
}

int ends_find(const struct row_list *rows, const struct looker *looker,
	      struct netns_list *namespaces, unsigned facts, bool itself, struct ends *out)
{
	/* A scanner tells of sockets in namespaces that nobody has looked for. */
	int rc = any_unreached(rows, namespaces) ? netns_list_find_all(namespaces) : 0;

	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		const struct row *row = &rows->v[i];
		if (i == 0 || row->sock != row[-1].sock)
			rc = end_set_add(&out->set, row->sock, itself);
	}
	end_set_sort(&out->set);
	if (rc < 0 || out->set.len == 0)
		return rc;
	netns_list_forget_lost(namespaces);
	out->set.strays = any_unreached(rows, namespaces);
	out->filter.ends = &out->set;
	rc = looker->look(looker->ctx, &out->filter, facts, &out->look);
	out->look_failed = rc < 0;
	out->look.snap.inventory.unreadable += any_unreached(rows, namespaces);
	return rc < 0 ? rc : index_look(out, namespaces);
}

static uint32_t interface_of(const struct sock *s)
{
	return s->bound_if ? s->bound_if : s->local.scope_id;
}

/*
 * Two sockets can have the same ends: on two interfaces, or UDP with SO_REUSEADDR; or a
 * connection beside what is left of an earlier one.
 */
static unsigned rank(const struct sock *s, const struct sock *other)
{
	return 2U * (interface_of(s) == interface_of(other)) + (other->inode != 0);
}

static bool repeats(const struct row *row, const struct row *before)
{
	const struct holder *a = row->holder, *b = before->holder;

	return row->sock == before->sock && a && b && a->pid == b->pid && a->kind == b->kind &&
	       a->fd == b->fd;
}

struct end ends_of(const struct ends *e, const struct sock *s)
{
	struct end end = {.rows = e->chosen};
	unsigned best = 0;
	struct end_key key;
	size_t len;

	if (!e->chosen || !end_key_other(s, &key))
		return end;
	const struct end_ref *v = e->refs + find_refs(e, e->refs_len, &key, &len);
	for (size_t i = 0; i < len; i++)
		best = rank(s, v[i].row->sock) > best ? rank(s, v[i].row->sock) : best;
	for (size_t i = 0; i < len; i++) {
		const struct row *row = v[i].row;
		const struct row *before = end.rows_len > 0 ? e->chosen[end.rows_len - 1] : NULL;
		if (rank(s, row->sock) < best || (before && repeats(row, before)))
			continue;
		end.several |= before && before->sock != row->sock && !end_key_is_senders(&key);
		e->chosen[end.rows_len++] = row;
	}
	end.queued = end.rows_len > 0 && end.rows[0]->sock->state == SOCK_STATE_LISTEN;
	end.unknown = end.rows_len == 0 && e->queue_untold && end_key_is_queue(&key);
	return end;
}

/* Internet sockets without an inode, as text has them: by their ends. */
static int compare_remains(const struct sock *a, const struct sock *b)
{
	struct end_key x[END_KEYS_MAX], y[END_KEYS_MAX];
	bool has_x = end_key_own(a, x) > 0, has_y = end_key_own(b, y) > 0;

	if (a->cookie != 0 || b->cookie != 0)
		return compare_number(a->cookie, b->cookie);
	if (!has_x || !has_y)
		return has_x - has_y;
	return end_key_compare(x, y);
}

/* Order rows of two looks: equal are those of one socket and one descriptor. */
static int compare_identity(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int order = compare_number(a->sock->inode, b->sock->inode);

	if (order == 0 && a->sock->inode == 0)
		order = compare_remains(a->sock, b->sock);
	return order ? order : compare_holder(a->holder, b->holder);
}

int ends_add_rows(const struct ends *e, struct row_list *rows)
{
	size_t before = rows->len, count = e->look.rows.len;
	struct row *known = malloc((before + 1) * sizeof(*known));
	bool *added = calloc(count + 1, sizeof(*added));
	int rc = known && added ? 0 : -ENOMEM;

	if (rc == 0 && before > 0) {
		memcpy(known, rows->v, before * sizeof(*known));
		qsort(known, before, sizeof(*known), compare_identity);
	}
	for (size_t i = 0; i < before && rc == 0; i++) {
		const struct end end = ends_of(e, rows->v[i].sock);
		for (size_t j = 0; j < end.rows_len && rc == 0; j++) {
			size_t place = (size_t)(end.rows[j] - e->look.rows.v);
			if (!added[place] &&
			    !bsearch(end.rows[j], known, before, sizeof(*known), compare_identity))
				rc = row_list_add(rows, end.rows[j]);
			added[place] = true;
		}
	}
	free(known);
	free(added);
	row_list_sort(rows);
	return rc;
}
