/*
 * Ending connections; see close.h. What the kernel answers (sock_destroy.h) is not the
 * last word: a socket that it did not find may be there all the same, and one that
 * it has ended may still have its port. So it is looked for once more.
 */
#define _GNU_SOURCE
#include "close.h"

#include "buf.h"
#include "column.h"
#include "confirm.h"
#include "descriptor.h"
#include "filter.h"
#include "join.h"
#include "look.h"
#include "msg.h"
#include "netlink.h"
#include "netns.h"
#include "netns_enter.h"
#include "place.h"
#include "sock.h"
#include "sock_destroy.h"
#include "sock_text.h"
#include "status.h"
#include "vacancy.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One --close under way. */
struct closing {
	const struct close_request *rq;
	const struct row **rows; /* one of each socket */
	int *results;            /* of each: 0 or -errno */
	size_t len;
	struct column_style style;
	struct buf out;
};

/* --- what may be closed ---------------------------------------------------------- */

/* Why a socket is not closed, and what to do instead; NULL if it can be. */
static const char *refusal_of(const struct sock *s)
{
	switch (s->proto) {
	case SOCK_PROTO_TCP:
		if (s->state == SOCK_STATE_LISTEN)
			return "to destroy a listener does not free its port: -k ends its process; "
			       "-s ^LISTEN leaves it out";
		if (s->state == SOCK_STATE_BOUND || s->state == SOCK_STATE_CLOSE)
			return "it is no connection: -k ends its process; -s ^BOUND,^CLOSE leaves "
			       "it out";
		return NULL;
	case SOCK_PROTO_UDP:
		return s->state == SOCK_STATE_ESTABLISHED
			       ? NULL
			       : "to destroy it does not free its port: -k ends its process; "
				 "-s ESTABLISHED takes connected sockets only";
	case SOCK_PROTO_MPTCP:
		return "the kernel cannot destroy Multipath TCP: -k ends its process";
	default:
		return "only connections of TCP and UDP can be destroyed: -k ends its process";
	}
}

/* The same of a row: what the TCP tables show can be a part of a Multipath TCP socket. */
static const char *refusal_of_row(const struct closing *c, const struct row *row)
{
	struct sock whole = {.proto = SOCK_PROTO_MPTCP};
	char name[32];

	if (row->sock->proto != SOCK_PROTO_TCP || !row->holder)
		return refusal_of(row->sock);
	size_t len = descriptor_protocol(c->rq->namespaces->proc_fd, row->holder, name, sizeof(name));
	return refusal_of(len >= 5 && memcmp(name, "MPTCP", 5) == 0 ? &whole : row->sock);
}

static void add_name(const struct closing *c, const struct row *row, struct buf *out)
{
	struct row bare = *row;

	bare.reason = REASON_NONE;
	sock_text_add_name(&c->style, &bare, out);
}

/* Tell what is no connection. Return how many such sockets there are. */
static size_t tell_refused(const struct closing *c)
{
	enum { TOLD_MAX = 10 };
	size_t count = 0;

	for (size_t i = 0; i < c->len; i++) {
		const char *why = refusal_of_row(c, c->rows[i]);
		struct buf text = {0};
		if (!why || count++ >= TOLD_MAX)
			continue;
		add_name(c, c->rows[i], &text);
		buf_add_str(&text, ": ");
		buf_add_str(&text, why);
		msg_note_buf(&text);
	}
	if (count > 0)
		msg_note("nothing was closed");
	return count;
}

/* One row of each socket. */
static int list_sockets(struct closing *c)
{
	const struct row_list *rows = &c->rq->look->rows;

	c->rows = malloc((rows->len + 1) * sizeof(*c->rows));
	c->results = calloc(rows->len + 1, sizeof(*c->results));
	if (!c->rows || !c->results)
		return -ENOMEM;
	/* Records lie in one table: a bit of each says whether it was taken. */
	const struct sock_table *socks = &c->rq->look->snap.socks;
	bool *taken = calloc(socks->len + 1, sizeof(*taken));
	if (!taken)
		return -ENOMEM;
	for (size_t i = 0; i < rows->len; i++) {
		size_t place = (size_t)(rows->v[i].sock - socks->v);
		if (!taken[place])
			c->rows[c->len++] = &rows->v[i];
		taken[place] = true;
	}
	free(taken);
	return 0;
}

/* --- closing --------------------------------------------------------------------- */

/* Destroy one socket after another. Return 0, or -errno if none can be. */
static int destroy_all(struct closing *c)
{
	uint32_t netns = 0;
	bool any_closed = false;
	int fd = -1, rc = 0;

	for (size_t i = 0; i < c->len && rc == 0; i++) {
		const struct sock *s = c->rows[i]->sock;
		struct netns *ns = netns_list_by_id(c->rq->namespaces, s->netns);
		if (fd < 0 || s->netns != netns) {
			if (fd >= 0)
				close(fd);
			netns = s->netns;
			fd = netns_open_netlink(c->rq->namespaces,
						ns ? ns : c->rq->namespaces->v, NL_SOCK_DIAG);
		}
		c->results[i] = fd < 0 ? fd : sock_destroy(fd, s);
		any_closed |= c->results[i] == 0;
		/* Without the right for one there is none for the others. */
		if (!any_closed && (c->results[i] == -EPERM || c->results[i] == -EACCES))
			rc = c->results[i];
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

/* What names a connection; before Linux 5.4 a cookie does in its namespace only. */
struct identity {
	uint64_t cookie;
	uint32_t netns;
};

static int compare_identity(const void *x, const void *y)
{
	const struct identity *a = x, *b = y;

	if (a->cookie != b->cookie)
		return a->cookie < b->cookie ? -1 : 1;
	return a->netns < b->netns ? -1 : a->netns > b->netns;
}

/* The connections that there are, in order; NULL without memory. */
static struct identity *list_connections(const struct look *look, size_t *out_len)
{
	struct identity *v = malloc((look->rows.len + 1) * sizeof(*v));

	*out_len = 0;
	for (size_t i = 0; v && i < look->rows.len; i++) {
		const struct sock *s = look->rows.v[i].sock;
		if (!refusal_of(s))
			v[(*out_len)++] = (struct identity){s->cookie, s->netns};
	}
	if (v)
		qsort(v, *out_len, sizeof(*v), compare_identity);
	return v;
}

static const char *failure_of(int rc)
{
	switch (-rc) {
	case EOPNOTSUPP:
		return "the kernel cannot (CONFIG_INET_DIAG_DESTROY)";
	case ESTALE:
		return "it can only be named through sock_diag";
	case ENOENT:
	case 0:
		return "the kernel has not destroyed it";
	default:
		return strerror(-rc);
	}
}

/* Tell how it went. Return how many sockets are left. */
static size_t tell_outcomes(struct closing *c, const struct identity *there_now, size_t count)
{
	size_t left = 0;

	for (size_t i = 0; i < c->len; i++) {
		const struct sock *s = c->rows[i]->sock;
		bool there = c->results[i] < 0 && c->results[i] != -ENOENT;
		struct identity id = {s->cookie, s->netns};
		there |= bsearch(&id, there_now, count, sizeof(id), compare_identity) != NULL;
		add_name(c, c->rows[i], &c->out);
		buf_add_str(&c->out, there ? ": not closed: " : c->results[i] == -ENOENT
								   ? ": had ended"
								   : ": closed");
		if (there)
			buf_add_str(&c->out, failure_of(c->results[i]));
		buf_add_char(&c->out, '\n');
		left += there;
	}
	return left;
}

/* What was left of a port's connections is gone: is the port free? */
static int tell_ports(struct closing *c)
{
	struct place_list places = {0};
	struct filter filter = {0};
	struct look look = {0};
	int rc = 0;

	for (size_t i = 0; i < c->len && rc == 0; i++) {
		struct place *place;
		if (c->rows[i]->reason == REASON_TIME_WAIT || c->rows[i]->reason == REASON_ORPHAN)
			rc = place_list_add_sock(&places, c->rq->filter, c->rows[i]->sock, &place);
	}
	if (rc == 0 && places.len > 0)
		rc = place_list_make_filter(&places, c->rq->names, &filter);
	if (rc == 0 && places.len > 0)
		rc = c->rq->looker->look(c->rq->looker->ctx, &filter, 0, &look);
	for (size_t i = 0; i < places.len && rc == 0; i++) {
		struct vacancy v;

		vacancy_judge(&places.v[i], &look, NULL, &v);
		vacancy_add_text(&v, &places.v[i], &look, &c->style, "held", &c->out);
		buf_add_char(&c->out, '\n');
	}
	look_free(&look);
	filter_free(&filter);
	place_list_free(&places);
	return rc;
}

/* A failure stays in the buffer. */
static void flush(struct closing *c)
{
	if (c->rq->quiet)
		buf_free(&c->out);
	buf_write(&c->out, STDOUT_FILENO);
}

static int act(struct closing *c)
{
	struct look after = {0};
	int rc = destroy_all(c);

	if (rc < 0) {
		msg_error("--close",
			  geteuid() != 0
				  ? "needs CAP_NET_ADMIN: nothing was closed; sudo would help"
				  : "needs CAP_NET_ADMIN over the netns: nothing was closed");
		return STATUS_ERROR;
	}
	bool looked = c->rq->looker->look(c->rq->looker->ctx, c->rq->filter, 0, &after) == 0;
	size_t count = 0, left = 0;
	struct identity *there = list_connections(&after, &count);
	if (there)
		left = tell_outcomes(c, there, count);
	free(there);
	look_free(&after);
	rc = looked && there ? tell_ports(c) : -ENOMEM;
	flush(c);
	return left > 0 || rc < 0 ? STATUS_ERROR : STATUS_FOUND;
}

static bool is_agreed(const struct closing *c)
{
	struct buf question = {0};

	buf_add_str(&question, "close ");
	if (c->len == 1) {
		add_name(c, c->rows[0], &question);
	} else {
		buf_add_dec(&question, c->len);
		buf_add_str(&question, " connections");
	}
	bool agreed = confirm_ask(&question);
	buf_free(&question);
	return agreed;
}

static int proceed(struct closing *c)
{
	const struct close_request *rq = c->rq;
	int rc = rq->print(rq->print_ctx, &rq->look->rows);

	if (rc < 0) {
		msg_error("standard output", strerror(-rc));
		msg_note("nothing was closed");
		return STATUS_ERROR;
	}
	if (c->len == 0)
		return rq->status_of_none;
	if (tell_refused(c) > 0)
		return STATUS_ERROR;
	if (rq->dry_run) {
		for (size_t i = 0; i < c->len; i++) {
			add_name(c, c->rows[i], &c->out);
			buf_add_str(&c->out, " would be closed\n");
		}
		flush(c);
		return STATUS_FOUND;
	}
	if (rq->ask && !is_agreed(c)) {
		msg_note("nothing was closed");
		return STATUS_ERROR;
	}
	return act(c);
}

int close_connections(const struct close_request *rq)
{
	struct closing c = {
		.rq = rq,
		.style = {.names = rq->names, .namespaces = rq->namespaces, .escape = rq->escape}};
	int status = STATUS_ERROR, rc = list_sockets(&c);

	signal(SIGPIPE, SIG_IGN); /* what was done is to be told to the end */
	if (rc < 0)
		msg_error("--close", strerror(-rc));
	else
		status = proceed(&c);
	if (c.out.error < 0) {
		msg_unwritten(c.out.error);
		status = STATUS_ERROR;
	}
	free(c.rows);
	free(c.results);
	buf_free(&c.out);
	return status;
}
