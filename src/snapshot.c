/*
 * One reading of the machine; see snapshot.h. Sockets first, then
 * descriptors: the filter runs on the socket table, so that the scan keeps
 * only wanted inodes and memory follows the answer, not the machine.
 */
#define _GNU_SOURCE
#include "snapshot.h"

#include "descriptor.h"
#include "doubt.h"
#include "filter.h"
#include "pidfd.h"
#include "scan_procfd.h"
#include "source_procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void snapshot_free(struct snapshot *s)
{
	sock_table_free(&s->socks);
	holder_index_free(&s->holders);
	process_table_free(&s->processes);
	scan_stats_free(&s->scan);
	*s = (struct snapshot){0};
}

/* What a source's records are handed to. */
struct intake {
	struct filter *filter;
	struct sock_table *socks;
};

static int take_sock(void *ctx, const struct sock *s)
{
	struct intake *in = ctx;
	enum sock_role role = filter_classify(in->filter, s);

	if (role == SOCK_ROLE_NONE)
		return 0;
	struct sock kept = *s;
	kept.role = (uint8_t)role;
	return sock_table_add(in->socks, &kept);
}

static bool wants_remains(const void *ctx)
{
	const struct intake *in = ctx;

	return filter_wants_remains(in->filter);
}

static int compare_port(const void *x, const void *y)
{
	const uint16_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* Drop listeners that no connection waits for, and what a holder overrules. */
static int settle(struct filter *f, struct sock_table *t)
{
	uint16_t *ports = NULL;
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < t->len; i++) {
		struct sock *s = &t->v[i];
		if (s->role == SOCK_ROLE_LATER)
			s->role = filter_settle(f, s) ? SOCK_ROLE_WANTED : SOCK_ROLE_NONE;
		count += s->role == SOCK_ROLE_WANTED && sock_is_unaccepted(s);
	}
	if (count > 0) {
		ports = malloc(count * sizeof(*ports));
		if (!ports)
			return -ENOMEM;
		count = 0;
		for (size_t i = 0; i < t->len; i++) {
			if (t->v[i].role == SOCK_ROLE_WANTED && sock_is_unaccepted(&t->v[i]))
				ports[count++] = t->v[i].local.port;
		}
		qsort(ports, count, sizeof(*ports), compare_port);
	}
	for (size_t i = 0; i < t->len; i++) {
		const struct sock *s = &t->v[i];
		if (s->role == SOCK_ROLE_WANTED ||
		    (s->role == SOCK_ROLE_WITNESS && count > 0 &&
		     bsearch(&s->local.port, ports, count, sizeof(*ports), compare_port)))
			t->v[kept++] = *s;
	}
	t->len = kept;
	free(ports);
	return 0;
}

/* Read the socket tables of our network namespace. */
static int read_socks(const struct snapshot_request *rq, struct snapshot *out,
		      struct sock_table *socks)
{
	struct intake in = {.filter = rq->filter, .socks = socks};
	struct stat st;

	snprintf(out->failed, sizeof(out->failed), "net");
	int fd = openat(rq->proc_fd, "net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatat(rq->proc_fd, "self/ns/net", &st, 0) == 0)
		out->netns = (uint32_t)st.st_ino;
	filter_restart(rq->filter);
	out->source = (struct source_stats){0};
	struct source_request source = {
		.net_fd = fd,
		.netns = out->netns,
		.protos = filter_protos(rq->filter),
		.sink = take_sock,
		.ctx = &in,
		.wants_remains = wants_remains,
	};
	int rc = source_procnet_read(&source, &out->source);
	close(fd);
	if (rc < 0 && out->source.file)
		snprintf(out->failed, sizeof(out->failed), "net/%s", out->source.file);
	if (rc == 0 && out->source.tables == 0)
		rc = -ENODATA;
	if (rc == 0)
		rc = settle(rq->filter, socks);
	if (rc == 0)
		sock_table_sort(socks);
	return rc;
}

/* The inodes of a sorted table, without 0; NULL without memory. */
static uint64_t *list_inodes(const struct sock_table *t, size_t *out_count)
{
	uint64_t *inodes = malloc((t->len + 1) * sizeof(*inodes));

	*out_count = 0;
	for (size_t i = 0; inodes && i < t->len; i++) {
		if (t->v[i].inode != 0)
			inodes[(*out_count)++] = t->v[i].inode;
	}
	return inodes;
}

/* Scan for the holders of the sockets; adds to what is known. */
static int scan(const struct snapshot_request *rq, struct snapshot *out, enum scan_threads threads,
		bool only_changed)
{
	struct scan_request scan = {
		.proc_fd = rq->proc_fd,
		.every_socket = filter_wants_every_socket(rq->filter),
		.threads = rq->threads ? SCAN_THREADS_ALL : threads,
		.facts = rq->facts,
		.compare_files = procfs_is_ours(rq->proc_fd) ? pidfd_compare_files : NULL,
		.wants = filter_limits_scan(rq->filter) ? filter_wants_process : NULL,
		.ctx = rq->filter,
		.only_changed = only_changed,
	};
	uint64_t *inodes = list_inodes(&out->socks, &scan.inode_count);
	if (!inodes)
		return -ENOMEM;

	scan.inodes = inodes;
	size_t known = out->holders.len;
	int rc = 0;
	if (scan.inode_count > 0 || scan.every_socket)
		rc = scan_procfd(&scan, &out->holders, &out->processes, &out->scan);
	free(inodes);
	if (rc < 0)
		snprintf(out->failed, sizeof(out->failed), "PID/fd");
	if (out->holders.len > known) {
		holder_index_sort(&out->holders);
		process_table_sort(&out->processes);
	}
	return rc;
}

bool snapshot_may_hide(const struct snapshot *s, const struct sock *sock)
{
	if (s->view == PROCFS_VIEW_HIDDEN)
		return true;
	for (size_t i = 0; i < s->scan.denied_len && sock->uid_known; i++) {
		if (s->scan.denied[i].uid == sock->uid)
			return true;
	}
	return false;
}

/* Sockets that should have a holder and have none. */
struct unheld {
	size_t all;
	size_t hidden;  /* which missing rights explain */
	size_t passing; /* which come and go, as connections do */
};

static bool is_passing(const struct sock *s)
{
	bool udp = s->proto == SOCK_PROTO_UDP || s->proto == SOCK_PROTO_UDPLITE;

	return s->state != SOCK_STATE_LISTEN && s->state != SOCK_STATE_BOUND &&
	       !(udp && s->state == SOCK_STATE_UNCONNECTED);
}

static struct unheld count_unheld(const struct snapshot *s)
{
	const struct holder *h = s->holders.v, *end = h + s->holders.len;
	struct unheld count = {0};

	for (size_t i = 0; i < s->socks.len; i++) { /* both are sorted by inode */
		const struct sock *sock = &s->socks.v[i];
		while (h < end && h->inode < sock->inode)
			h++;
		if (sock->inode == 0 || (h < end && h->inode == sock->inode))
			continue;
		count.all++;
		count.hidden += snapshot_may_hide(s, sock);
		count.passing += is_passing(sock);
	}
	return count;
}

/*
 * Of a second reading keep what was there before, and perhaps new listeners and
 * the like, since a server may have restarted; a new connection came after us.
 * Return true if there is something new.
 */
static bool drop_newcomers(const struct sock_table *before, struct sock_table *again,
			   bool keep_holding)
{
	size_t kept = 0;
	bool any_new = false;

	for (size_t i = 0; i < again->len; i++) {
		const struct sock *s = &again->v[i];
		bool is_new = s->inode != 0 && !sock_table_find(before, s->inode);

		if (is_new && !(keep_holding && target_is_holding(s)))
			continue;
		any_new |= is_new;
		again->v[kept++] = *s;
	}
	again->len = kept;
	return any_new;
}

/* Drop sockets without holder that are not there any more. */
static int drop_vanished(const struct snapshot_request *rq, struct snapshot *out)
{
	struct sock_table again = {0};
	size_t kept = 0, count;
	int rc = read_socks(rq, out, &again);

	for (size_t i = 0; rc == 0 && i < out->socks.len; i++) {
		const struct sock *s = &out->socks.v[i];
		holder_index_find(&out->holders, s->inode, &count);
		if (s->inode == 0 || count > 0 || sock_table_find(&again, s->inode))
			out->socks.v[kept++] = *s;
	}
	if (rc == 0)
		out->socks.len = kept;
	sock_table_free(&again);
	return rc;
}

/* Replace the sockets by a second reading, without newcomers; see drop_newcomers(). */
static int read_again(const struct snapshot_request *rq, struct snapshot *out, bool keep_holding,
		      bool *out_any_new)
{
	struct sock_table again = {0};
	int rc = read_socks(rq, out, &again);

	if (rc < 0) {
		sock_table_free(&again);
		return rc;
	}
	*out_any_new = drop_newcomers(&out->socks, &again, keep_holding);
	sock_table_free(&out->socks);
	out->socks = again;
	return 0;
}

/*
 * The second look. A socket can be handed on while the scan goes by, or be
 * closed, and a server can restart between the two readings: ask for the
 * sockets again, then for who holds those that are still without holder, and
 * last whether they are still there.
 *
 * Where missing rights explain them all, only processes whose tables changed
 * are asked; and if they are all listeners, which seldom come and go, the
 * tables are not read again.
 */
static int look_again(const struct snapshot_request *rq, struct snapshot *out)
{
	struct unheld unheld = count_unheld(out);
	bool any_new = false;
	int rc = 0;

	if (unheld.all == 0)
		return 0;
	if (unheld.hidden == unheld.all && unheld.passing == 0)
		return scan(rq, out, SCAN_THREADS_UNSURE, !out->scan.threads_unsure);

	rc = read_again(rq, out, true, &any_new);
	unheld = count_unheld(out);
	if (rc < 0 || unheld.all == 0)
		return rc;
	bool only_changed =
		!any_new && unheld.hidden == unheld.all && !out->scan.threads_unsure;
	if (!only_changed) { /* a scan of all processes stands for itself */
		holder_index_free(&out->holders);
		process_table_free(&out->processes);
	}
	rc = scan(rq, out, SCAN_THREADS_UNSURE, only_changed);
	return rc < 0 || count_unheld(out).all == 0 ? rc : drop_vanished(rq, out);
}

static int settle_doubts(const struct snapshot_request *rq, struct snapshot *out)
{
	return doubt_settle(rq->proc_fd, rq->filter, &out->socks, &out->holders);
}

/* Protocols that have a table: a socket of theirs is missing from it if it is new. */
static bool has_table(const char *protocol, size_t len)
{
	static const char *const heads[] = {"TCP", "UDP", "RAW", "UNIX"};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		size_t n = strlen(heads[i]);
		if (len >= n && memcmp(protocol, heads[i], n) == 0)
			return true;
	}
	return false;
}

/* Add a record for each socket that is held but in no table. */
static int add_others(const struct snapshot_request *rq, struct snapshot *out, bool *out_missing)
{
	size_t known = out->socks.len;
	uint64_t last = 0;

	*out_missing = false;
	for (size_t i = 0; i < out->holders.len; i++) {
		const struct holder *h = &out->holders.v[i];
		struct sock_table sorted = {.v = out->socks.v, .len = known};
		char name[32];

		if (h->inode == last || sock_table_find(&sorted, h->inode))
			continue;
		last = h->inode;
		size_t len = descriptor_protocol(rq->proc_fd, h, name, sizeof(name));
		struct sock s = {.inode = h->inode, .proto = SOCK_PROTO_OTHER, .name = name,
				 .name_len = (uint16_t)len, .role = SOCK_ROLE_WANTED};
		*out_missing |= has_table(name, len);
		int rc = sock_table_add(&out->socks, &s);
		if (rc < 0)
			return rc;
	}
	sock_table_sort(&out->socks);
	return 0;
}

/*
 * Sockets of the processes asked for that no table has: another protocol or
 * namespace, or bound without listening, or younger than our reading. So that
 * the last is not mistaken for the others, the tables are read once more.
 */
static int identify_others(const struct snapshot_request *rq, struct snapshot *out)
{
	bool missing, any_new;
	int rc = add_others(rq, out, &missing);

	if (rc < 0 || !missing)
		return rc;
	rc = read_again(rq, out, false, &any_new);
	if (rc == 0)
		rc = settle_doubts(rq, out);
	return rc < 0 ? rc : add_others(rq, out, &missing);
}

int snapshot_take(const struct snapshot_request *rq, struct snapshot *out)
{
	bool every_socket = filter_wants_every_socket(rq->filter);
	bool unheld = filter_wants_unheld(rq->filter);
	/* Where sockets without holder are no part of the answer, no second look
	 * will find what a thread holds alone. */
	enum scan_threads threads =
		unheld && !every_socket ? SCAN_THREADS_PRIVATE : SCAN_THREADS_UNSURE;

	out->view = procfs_view(rq->proc_fd);
	int rc = read_socks(rq, out, &out->socks);
	if (rc == 0)
		rc = scan(rq, out, threads, false);
	if (rc == 0 && unheld)
		rc = look_again(rq, out);
	if (rc == 0)
		rc = settle_doubts(rq, out);
	if (rc == 0 && every_socket)
		rc = identify_others(rq, out);
	return rc;
}
