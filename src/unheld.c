/*
 * Who holds what no descriptor holds; see unheld.h. Kernel devices cost one
 * netlink dump, rings the files that the scan came by, mappings and threads a
 * walk over all processes, messages another scan: in this order, and no further
 * than there is something left to explain.
 */
#define _GNU_SOURCE
#include "unheld.h"

#include "clue.h"
#include "evidence.h"
#include "filter.h"
#include "grow.h"
#include "guess.h"
#include "kernel_sock.h"
#include "netns.h"
#include "netns_enter.h"
#include "pidfd.h"
#include "scan_procfd.h"
#include "snapshot.h"
#include "survey.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CARRIERS_MAX = 1000 }; /* unix sockets with a queue that are looked at */

struct search {
	const struct snapshot_request *rq;
	struct snapshot *snap;
	struct evidence_list evidence;
};

static struct netns_list *namespaces_of(const struct search *s)
{
	return s->rq->inventory.namespaces;
}

/*
 * Should have a holder, and has none; or had one that can be guessed. Asked in the
 * order of the sockets.
 */
static bool is_unheld(const struct snapshot *snap, const struct sock *s, size_t *cursor)
{
	size_t count;

	if (s->role != SOCK_ROLE_WANTED && s->role != SOCK_ROLE_WITNESS)
		return false;
	if (s->inode == 0)
		return sock_is_orphan(s) && s->cgroup != 0;
	holder_index_next(&snap->holders, s->inode, cursor, &count);
	return count == 0;
}

/* Add an empty clue for each unheld socket, in the order of the table. */
static int collect(struct search *s)
{
	size_t cursor = 0;

	for (size_t i = 0; i < s->snap->socks.len; i++) {
		const struct sock *sock = &s->snap->socks.v[i];
		if (is_unheld(s->snap, sock, &cursor) && !clue_list_add(&s->snap->clues, sock))
			return -ENOMEM;
	}
	return 0;
}

/* Drop the clues of sockets that have a holder by now. */
static void drop_held(struct search *s)
{
	struct clue_list *clues = &s->snap->clues;
	size_t kept = 0, cursor = 0;

	for (size_t i = 0; i < clues->len; i++) {
		if (is_unheld(s->snap, clues->v[i].sock, &cursor))
			clues->v[kept++] = clues->v[i];
	}
	clues->len = kept;
}

/* True if something is left that a process may hold. */
static bool any_left(const struct search *s)
{
	for (size_t i = 0; i < s->snap->clues.len; i++) {
		const struct clue *clue = &s->snap->clues.v[i];
		if (clue->sock->inode != 0 && !*clue->kernel)
			return true;
	}
	return false;
}

/* --- the kernel ------------------------------------------------------------ */

struct opening {
	struct netns_list *list;
	struct netns *ns;
};

static int open_netlink(void *ctx, int protocol)
{
	struct opening *o = ctx;

	return netns_open_netlink(o->list, o->ns, protocol);
}

/* Sockets of the kernel wait for others at the wildcard address. */
static bool may_be_kernel(const struct sock *s)
{
	return SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS && target_is_holding(s) &&
	       addr_is_wildcard(&s->local);
}

/* Ask one namespace for its devices, for all its clues. */
static int explain_netns(struct search *s, struct netns *ns)
{
	struct opening opening = {namespaces_of(s), ns};
	struct kernel_sock_list list = {0};
	bool is_base = ns == namespaces_of(s)->v;
	int rc = kernel_sock_load(is_base ? namespaces_of(s)->proc_fd : -1, open_netlink, &opening,
				  &list);

	for (size_t i = 0; rc == 0 && i < s->snap->clues.len; i++) {
		struct clue *clue = &s->snap->clues.v[i];
		const struct kernel_sock *k;
		if (clue->sock->netns != ns->id || !may_be_kernel(clue->sock))
			continue;
		k = kernel_sock_find(&list, clue->sock);
		if (k)
			snprintf(clue->kernel, sizeof(clue->kernel), "%s%s%s", k->kind,
				 *k->name ? " " : "", k->name);
	}
	kernel_sock_list_free(&list);
	return rc;
}

static int explain_kernel(struct search *s)
{
	struct netns_list *list = namespaces_of(s);
	int rc = 0;

	for (size_t i = 0; rc == 0 && list->is_real && i < list->len; i++) {
		bool any = false;
		for (size_t j = 0; j < s->snap->clues.len && !any; j++) {
			const struct sock *sock = s->snap->clues.v[j].sock;
			any = sock->netns == list->v[i].id && may_be_kernel(sock);
		}
		if (any)
			rc = explain_netns(s, &list->v[i]);
	}
	return rc;
}

/* --- processes ------------------------------------------------------------- */

/* Clues are in the order of the sockets, which are sorted by inode. */
static bool has_clue(const struct search *s, uint64_t inode)
{
	const struct clue_list *clues = &s->snap->clues;
	size_t lo = 0, hi = clues->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (clues->v[mid].sock->inode < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < clues->len && clues->v[lo].sock->inode == inode;
}

static int add_holder(struct search *s, const struct evidence *e, pid_t *last)
{
	enum holder_kind kind = e->kind == EVIDENCE_MAPPING ? HOLDER_MEM : HOLDER_RING;
	struct holder h = {e->inode, e->pid, e->tid, e->fd, kind};

	if (e->pid != *last) { /* evidence comes process by process */
		int rc = process_table_load(&s->snap->processes, namespaces_of(s)->proc_fd, e->pid,
					    s->rq->facts);
		if (rc <= 0)
			return rc;
	}
	*last = e->pid;
	return holder_index_add(&s->snap->holders, &h);
}

/* Evidence that names a socket makes its process a holder. */
static int take_holders(struct search *s, size_t from)
{
	bool any = false;
	pid_t last = 0;
	int rc = 0;

	for (size_t i = from; rc == 0 && i < s->evidence.len; i++) {
		const struct evidence *e = &s->evidence.v[i];
		if (e->inode == 0 || !has_clue(s, e->inode))
			continue;
		rc = add_holder(s, e, &last);
		any = true;
	}
	if (!any || rc < 0)
		return rc;
	holder_index_sort(&s->snap->holders);
	process_table_sort(&s->snap->processes);
	drop_held(s);
	return 0;
}

/* --- messages -------------------------------------------------------------- */

/* Inodes of the unix sockets with something in their queues. */
struct carriers {
	uint64_t *v;
	size_t len, cap;
};

static int take_carrier(void *ctx, const struct sock *s)
{
	struct carriers *c = ctx;

	if (s->rqueue == 0 || s->inode == 0 || s->state == SOCK_STATE_LISTEN ||
	    c->len == CARRIERS_MAX)
		return 0;
	void *v = grow(c->v, c->len, &c->cap, sizeof(*c->v));
	if (!v)
		return -ENOMEM;
	c->v = v;
	c->v[c->len++] = s->inode;
	return 0;
}

static int compare_inode(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* Find who holds the carriers, and whether descriptors are in their messages. */
static int add_messages(struct search *s, const struct evidence_request *rq,
			const struct carriers *c)
{
	struct holder_index holders = {0};
	struct process_table processes = {0};
	struct scan_stats st = {0};
	struct scan_request scan = {
		.proc_fd = rq->proc_fd,
		.inodes = c->v,
		.inode_count = c->len,
		.threads = SCAN_THREADS_PRIVATE,
		.only_wanted = true,
		.no_sights = true,
	};
	struct scanner *scanner = &s->snap->scanner;
	int rc = -ENOSYS;

	if (scanner->is_ready)
		rc = scanner_iterate(scanner, &scan, &holders, &processes, &st);
	if (rc < 0 && rc != -ENOMEM) {
		if (procfs_is_ours(rq->proc_fd))
			scan.compare_files = pidfd_compare_files;
		rc = scan_procfd(&scan, &holders, &processes, &st);
	}
	holder_index_sort(&holders);

	if (rc == 0)
		rc = evidence_add_messages(rq, &holders, &s->evidence);
	scan_stats_free(&st);
	process_table_free(&processes);
	holder_index_free(&holders);
	return rc == -ENOMEM ? rc : 0;
}

static int look_into_messages(struct search *s, const struct evidence_request *rq)
{
	struct carriers c = {0};
	struct source_sink sink = {.ctx = &c, .take = take_carrier};
	struct inventory_stats st = {0};
	struct netns_list *list = namespaces_of(s);
	int rc = 0;

	for (size_t i = 0; rc != -ENOMEM && i < list->len; i++) {
		if (list->v[i].is_asked)
			rc = inventory_read_namespace(&s->rq->inventory, &list->v[i],
						      SOCK_PROTO_BIT(SOCK_PROTO_UNIX), &sink, &st);
	}
	if (c.len > 0 && rc != -ENOMEM) {
		qsort(c.v, c.len, sizeof(*c.v), compare_inode);
		rc = add_messages(s, rq, &c);
	}
	free(c.v);
	return rc == -ENOMEM ? rc : 0;
}

/* --- all questions --------------------------------------------------------- */

/*
 * True if some socket is left that may be in a process that we may read: an ordinary
 * user's list has the ports of others, too, and no need to look for them at home.
 */
static bool any_ours(const struct search *s)
{
	uid_t uid = geteuid();

	for (size_t i = 0; i < s->snap->clues.len; i++) {
		const struct sock *sock = s->snap->clues.v[i].sock;
		if (uid == 0 || !sock->uid_known || sock->uid == uid)
			return true;
	}
	return false;
}

/* True if some process of a user may not be read, and not only for a moment. */
static bool is_lasting(const struct search *s, uint32_t uid)
{
	const struct scan_stats *st = &s->snap->scan;

	for (size_t i = 0; i < st->denied_len; i++) {
		if (st->denied[i].uid == uid &&
		    survey_is_denied(namespaces_of(s)->proc_fd, st->denied[i].pid))
			return true;
	}
	return false;
}

/* True if missing rights explain all that is left, as far as can be told. */
static bool all_hidden(const struct search *s)
{
	bool whole = s->snap->view != PROCFS_VIEW_HIDDEN;
	const struct sock *before = NULL;

	for (size_t i = 0; i < s->snap->clues.len; i++) {
		const struct clue *clue = &s->snap->clues.v[i];
		if (*clue->kernel)
			continue;
		if (!snapshot_may_hide(s->snap, clue->sock))
			return false;
		if (whole && !(before && before->uid == clue->sock->uid) &&
		    !is_lasting(s, clue->sock->uid))
			return false;
		before = clue->sock;
	}
	return true;
}

/* Ask processes until everything is explained, or all was asked. */
static int ask_processes(struct search *s)
{
	const struct filter *filter = s->rq->inventory.filter;
	bool chosen = filter_limits_scan(filter);
	struct evidence_request rq = {
		.proc_fd = namespaces_of(s)->proc_fd,
		.scan = &s->snap->scan,
		.wants = chosen ? filter_wants_process : NULL,
		.ctx = filter,
	};
	static int (*const steps[])(const struct evidence_request *, struct evidence_list *) = {
		evidence_add_rings, evidence_add_mappings, evidence_add_blocked};
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		size_t from = s->evidence.len;
		/* A list is not worth what only makes suspects, nor a look at every
		 * mapping where rights are missing: that is for who asks for a port. */
		bool is_list = filter->targets.len == 0 && !filter_wants_mappings(filter);
		if (!any_left(s) || (is_list && (steps[i] == evidence_add_blocked || !any_ours(s))))
			break;
		if (is_list && steps[i] == evidence_add_mappings && all_hidden(s))
			break;
		rc = steps[i](&rq, &s->evidence);
		if (rc == 0)
			rc = take_holders(s, from);
		if (rc < 0)
			return rc;
	}
	return any_left(s) && filter->targets.len > 0 ? look_into_messages(s, &rq) : 0;
}

int unheld_explain(const struct snapshot_request *rq, struct snapshot *snap)
{
	struct search s = {.rq = rq, .snap = snap};
	bool unheld = filter_wants_unheld(rq->inventory.filter);

	if (filter_wants_only_fds(rq->inventory.filter))
		return 0;
	int rc = collect(&s);
	if (rc == 0 && unheld)
		rc = explain_kernel(&s);
	if (rc == 0)
		rc = ask_processes(&s);
	if (rc == 0 && unheld)
		rc = guess_suspects(rq, snap, &s.evidence);
	if (rc == 0 && unheld)
		rc = guess_places(rq, snap);
	process_table_sort(&snap->processes);
	evidence_list_free(&s.evidence);
	return rc;
}
