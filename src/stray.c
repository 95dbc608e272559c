/*
 * Held sockets that no table read so far has; see stray.h. The holder's own
 * namespace is the first guess. Where that is wrong the socket is asked, which
 * takes a copy of its descriptor for a moment: only of those few that are left.
 */
#include "stray.h"

#include "descriptor.h"
#include "filter.h"
#include "grow.h"
#include "held.h"
#include "holder.h"
#include "inventory.h"
#include "netns.h"
#include "probe.h"
#include "procfs.h"
#include "scan.h"
#include "sock.h"

#include <errno.h>
#include <stdlib.h>

enum {
	COPIES_MAX = 100000, /* sockets asked for their namespace */
	HOMES_MAX = 64,      /* namespaces of holders that are read whole */
};

/* One stray, by one of its holders. */
struct stray {
	uint64_t inode;
	const struct holder *holder;
	bool found; /* in a table */
};

struct search {
	const struct stray_request *rq;
	struct sock_table *socks;
	struct inventory_stats *st;
	struct stray *v; /* by inode */
	size_t len, cap;
	size_t left; /* not found */
	struct probe probe;
};

static bool is_known(const struct sock_table *sorted, uint64_t inode)
{
	return sock_table_find(sorted, inode) != NULL;
}

bool stray_any(const struct stray_request *rq, const struct sock_table *socks)
{
	for (size_t i = 0; i < rq->holders->len; i++) {
		if (!is_known(socks, rq->holders->v[i].inode))
			return true;
	}
	return false;
}

static int collect(struct search *s)
{
	const struct holder_index *holders = s->rq->holders;

	for (size_t i = 0; i < holders->len; i++) {
		const struct holder *h = &holders->v[i];
		if ((i > 0 && h->inode == h[-1].inode) || is_known(s->socks, h->inode))
			continue;
		void *v = grow(s->v, s->len, &s->cap, sizeof(*s->v));
		if (!v)
			return -ENOMEM;
		s->v = v;
		s->v[s->len++] = (struct stray){h->inode, h, false};
	}
	s->left = s->len;
	return 0;
}

static int compare_stray(const void *x, const void *y)
{
	const struct stray *a = x, *b = y;

	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static struct stray *find_stray(const struct search *s, uint64_t inode)
{
	const struct stray key = {.inode = inode};

	return s->len > 0 ? bsearch(&key, s->v, s->len, sizeof(*s->v), compare_stray) : NULL;
}

/* A record of the namespace at hand: is it one of ours? */
static bool take_or_leave(void *ctx, const struct sock *sock)
{
	struct search *s = ctx;
	bool is_asked = s->rq->protos & SOCK_PROTO_BIT(sock->proto) && sock->inode && !sock->doubt;
	struct stray *stray = is_asked ? find_stray(s, sock->inode) : NULL;

	if (stray && !stray->found) {
		stray->found = true;
		s->left--;
	}
	return stray != NULL;
}

/*
 * Look into one namespace. If all belong to the answer, and it is new, all of it is
 * taken that is wanted; else the strays are.
 */
static int read_netns(struct search *s, struct netns *ns)
{
	const struct inventory_request *rq = s->rq->inventory;
	uint32_t id = ns->id;
	int rc;

	if (rq->every_netns && !ns->is_asked) {
		ns->is_asked = true;
		rc = inventory_read_also(rq, ns, s->socks, s->st);
	} else {
		rc = inventory_read_more(rq, ns, take_or_leave, s, s->socks, s->st);
	}
	netns_list_by_id(rq->namespaces, id)->is_read = rc == 0; /* the list may have moved */
	s->st->unreadable += rq->every_netns && rc < 0;
	return rc == -ENOMEM ? rc : 0;
}

/* The namespaces that the holders of strays live in, each once. */
static int read_homes(struct search *s)
{
	struct netns_list *list = s->rq->inventory->namespaces;
	uint32_t seen[HOMES_MAX]; /* the rest is found in another way */
	size_t count = 0;
	pid_t last = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->len && count < HOMES_MAX; i++) {
		bool known = s->v[i].found || s->v[i].holder->pid == last;
		struct netns *ns = known ? NULL : netns_list_of_process(list, s->v[i].holder->pid);

		if (!ns)
			continue;
		last = s->v[i].holder->pid;
		for (size_t j = 0; j < count; j++)
			known |= seen[j] == ns->id;
		if (known)
			continue;
		seen[count++] = ns->id;
		rc = read_netns(s, ns);
	}
	return rc;
}

/* Namespaces that a process holds open. */
static int read_held(struct search *s)
{
	struct netns_list *list = s->rq->inventory->namespaces;
	char path[64];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->rq->sights_len; i++) {
		const struct scan_sight *sight = &s->rq->sights[i];
		if (sight->kind != PROCFS_LINK_NETNS)
			continue;
		descriptor_path(sight->pid, sight->tid, sight->fd, path, sizeof(path));
		size_t before = list->len;
		rc = netns_list_add_place(list, sight->inode, path, NULL);
		if (rc == 0 && list->len > before)
			rc = read_netns(s, &list->v[before]);
	}
	return rc;
}

/* Find the namespace of one stray by asking the socket. */
static int read_own_of(struct search *s, struct stray *stray)
{
	struct netns_list *list = s->rq->inventory->namespaces;
	int fd = procfs_is_ours(list->proc_fd) ? probe_netns(&s->probe, stray->holder) : -EPERM;

	if (fd == -ETIMEDOUT)
		s->st->unreadable++; /* whatever it is, it is not told */
	if (fd < 0)
		return 0;
	struct netns *ns;
	int rc = netns_list_add_fd(list, fd, &ns);
	if (rc <= 0)
		return rc;
	uint32_t id = ns->id;
	rc = read_netns(s, ns);
	/* A thousand open ones would be too many. The list may have moved. */
	netns_close(netns_list_by_id(list, id));
	return rc;
}

/* Namespaces that only a socket itself keeps alive. */
static int read_own(struct search *s)
{
	int proc_fd = s->rq->inventory->namespaces->proc_fd;
	size_t copies = 0;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->len && s->left > 0 && !s->probe.is_stuck; i++) {
		char name[32];

		if (s->v[i].found)
			continue;
		size_t len = descriptor_protocol(proc_fd, s->v[i].holder, name, sizeof(name));
		if (!sock_proto_has_table(name, len))
			continue;
		if (copies++ == COPIES_MAX) {
			s->st->unreadable++;
			break;
		}
		rc = read_own_of(s, &s->v[i]);
	}
	return rc;
}

/* With -N, what is of another namespace, or may be, is left out. */
static bool is_left_out(const struct search *s, const struct stray *stray, const char *protocol,
			size_t len)
{
	if (!s->rq->inventory->stays_home)
		return false;
	if (sock_proto_has_table(protocol, len))
		return true;
	const struct netns *home =
		netns_list_of_process(s->rq->inventory->namespaces, stray->holder->pid);
	return home && !home->is_asked;
}

/* A record for each stray that stays one. */
static int add_unknown(struct search *s)
{
	size_t known = s->socks->len;

	for (size_t i = 0; i < s->len; i++) {
		const struct sock_table sorted = {.v = s->socks->v, .len = known};
		const struct holder *h = s->v[i].holder;
		char name[32];

		if (s->v[i].found || is_known(&sorted, h->inode))
			continue;
		size_t len = descriptor_protocol(s->rq->inventory->namespaces->proc_fd, h, name,
						 sizeof(name));
		if (is_left_out(s, &s->v[i], name, len))
			continue;
		struct sock sock = {.inode = h->inode, .proto = SOCK_PROTO_OTHER, .name = name,
				    .name_len = (uint16_t)len, .role = SOCK_ROLE_WANTED};
		int rc = sock_table_add(s->socks, &sock);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Look for the strays in other namespaces. */
static int look_abroad(struct search *s)
{
	const struct inventory_request *rq = s->rq->inventory;
	int rc = 0;

	if (!rq->namespaces->is_real || rq->stays_home)
		return 0;
	if (rq->every_netns)
		rc = read_held(s);
	if (rc == 0 && s->left > 0)
		rc = read_homes(s);
	return rc == 0 && s->left > 0 ? read_own(s) : rc;
}

int stray_settle(const struct stray_request *rq, struct sock_table *socks,
		 struct inventory_stats *st)
{
	struct search s = {.rq = rq, .socks = socks, .st = st};
	int rc = collect(&s);

	if (rc == 0)
		rc = look_abroad(&s);
	held_arrange(socks); /* a scanner may have told of what was read now */
	if (rc == 0 && rq->every_socket)
		rc = add_unknown(&s);
	sock_table_sort(socks);
	sock_table_drop_subflows(socks);
	probe_free(&s.probe);
	free(s.v);
	return rc;
}
