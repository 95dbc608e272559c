/* The other ends of sockets; see ends.h. */
#include "ends.h"

#include "grow.h"
#include "holder.h"
#include "netlink.h"
#include "netns.h"
#include "netns_enter.h"
#include "unix_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct end_place {
	struct end_key key;
	const struct sock *sock;
};

void ends_free(struct ends *e)
{
	free(e->rows);
	free(e->places);
	look_free(&e->look);
	filter_free(&e->filter);
	end_set_free(&e->set);
	*e = (struct ends){0};
}

static int compare_place(const void *x, const void *y)
{
	const struct end_place *a = x, *b = y;

	return end_key_compare(&a->key, &b->key);
}

/* Rows by socket; those of one stay in their order, as they lie in one array. */
static int compare_row(const void *x, const void *y)
{
	const struct row *const *a = x, *const *b = y;

	if ((*a)->sock != (*b)->sock)
		return (*a)->sock < (*b)->sock ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

static int add_place(struct ends *e, const struct end_key *key, const struct sock *s)
{
	void *v = grow(e->places, e->places_len, &e->places_cap, sizeof(*e->places));

	if (!v)
		return -ENOMEM;
	e->places = v;
	e->places[e->places_len++] = (struct end_place){*key, s};
	return 0;
}

/* A listener whose clients are under way. */
struct queue {
	struct ends *e;
	const struct sock *listener;
};

static int take_client(void *ctx, uint64_t client)
{
	const struct queue *queue = ctx;
	struct end_key key = end_key_queue(client);

	return add_place(queue->e, &key, queue->listener);
}

/* Who waits in the queue of a listener; what cannot be asked stays unknown. */
static int add_queue(struct ends *e, struct netns_list *namespaces, const struct sock *s)
{
	struct netns *ns = netns_list_by_id(namespaces, s->netns);
	struct queue queue = {e, s};
	int fd = ns ? netns_open_netlink(namespaces, ns, NL_SOCK_DIAG) : -ENOENT, rc;

	if (fd < 0)
		return 0;
	rc = unix_queue_ask(fd, s, take_client, &queue);
	close(fd);
	return rc == -ENOMEM ? rc : 0;
}

static int index_look(struct ends *e, struct netns_list *namespaces)
{
	const struct sock_table *socks = &e->look.snap.socks;
	const struct row_list *rows = &e->look.rows;
	struct end_key key;
	int rc = 0;

	e->rows = malloc((rows->len + 1) * sizeof(*e->rows));
	if (!e->rows)
		return -ENOMEM;
	for (size_t i = 0; i < socks->len && rc == 0; i++) {
		const struct sock *s = &socks->v[i];
		if (s->role == SOCK_ROLE_WANTED && end_key_own(s, &key))
			rc = add_place(e, &key, s);
		if (rc == 0 && e->set.queues && end_has_queue(s))
			rc = add_queue(e, namespaces, s);
	}
	for (size_t i = 0; i < rows->len; i++)
		e->rows[i] = &rows->v[i];
	if (e->places_len > 0)
		qsort(e->places, e->places_len, sizeof(*e->places), compare_place);
	qsort(e->rows, rows->len, sizeof(*e->rows), compare_row);
	return rc;
}

int ends_find(const struct row_list *rows, const struct looker *looker,
	      struct netns_list *namespaces, unsigned facts, bool itself, struct ends *out)
{
	int rc = 0;

	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		const struct row *row = &rows->v[i];
		if (i == 0 || row->sock != row[-1].sock)
			rc = end_set_add(&out->set, row->sock, itself);
	}
	end_set_sort(&out->set);
	if (rc < 0 || out->set.len == 0)
		return rc;
	out->filter.ends = &out->set;
	rc = looker->look(looker->ctx, &out->filter, facts, &out->look);
	return rc < 0 ? rc : index_look(out, namespaces);
}

/* The socket at a place; of several the one that a process may have. */
static const struct sock *find_sock(const struct ends *e, const struct end_key *key)
{
	size_t lo = 0, hi = e->places_len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (end_key_compare(&e->places[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	const struct sock *found = NULL;
	for (; lo < e->places_len && end_key_compare(&e->places[lo].key, key) == 0; lo++) {
		if (!found || found->inode == 0)
			found = e->places[lo].sock;
	}
	return found;
}

struct end ends_of(const struct ends *e, const struct sock *s)
{
	struct end end = {NULL, NULL, 0, false};
	struct end_key key;
	size_t lo = 0, hi = e->look.rows.len;

	if (e->places_len == 0 || !end_key_other(s, &key))
		return end;
	end.sock = find_sock(e, &key);
	while (end.sock && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (e->rows[mid]->sock < end.sock)
			lo = mid + 1;
		else
			hi = mid;
	}
	end.rows = e->rows + lo;
	end.queued = end.sock && end.sock->state == SOCK_STATE_LISTEN;
	while (end.sock && lo + end.rows_len < e->look.rows.len &&
	       end.rows[end.rows_len]->sock == end.sock)
		end.rows_len++;
	return end;
}

bool end_repeats(const struct end *end, size_t row)
{
	const struct holder *h = end->rows[row]->holder;
	const struct holder *before = row > 0 ? end->rows[row - 1]->holder : NULL;

	return h && before && h->pid == before->pid && h->fd == before->fd &&
	       h->kind == before->kind;
}

static int compare_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* Order rows of two looks: equal are those of one socket and one descriptor. */
static int compare_identity(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int order = compare_number(a->sock->inode, b->sock->inode);

	if (order == 0 && a->sock->inode == 0) /* text does not even tell a cookie */
		order = sock_compare_address(a->sock, b->sock);
	if (order == 0 && a->sock->inode == 0)
		order = compare_number(a->sock->cookie, b->sock->cookie);
	if (order != 0 || !a->holder || !b->holder)
		return order ? order : (a->holder != NULL) - (b->holder != NULL);
	order = compare_number((uint64_t)a->holder->pid, (uint64_t)b->holder->pid);
	if (order == 0)
		order = compare_number((uint64_t)a->holder->tid, (uint64_t)b->holder->tid);
	if (order == 0)
		order = compare_number(a->holder->kind, b->holder->kind);
	return order ? order : a->holder->fd - b->holder->fd;
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
		struct end end = ends_of(e, rows->v[i].sock);
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
