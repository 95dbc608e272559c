/*
 * Sockets of network namespaces, through the filter; see inventory.h. Sockets
 * first, then descriptors: only what is kept here is looked for in processes,
 * so that memory follows the answer, not the machine.
 */
#define _GNU_SOURCE
#include "inventory.h"

#include "filter.h"
#include "line_reader.h"
#include "netlink.h"
#include "netns.h"
#include "netns_enter.h"
#include "netns_walk.h"
#include "num.h"
#include "procfs.h"
#include "procnet_row.h"
#include "sock.h"
#include "source_procnet.h"
#include "source_sockdiag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What a source's records are handed to. */
struct intake {
	struct filter *filter;
	struct sock_table *socks;
	const uint16_t *ports; /* of the request */
	size_t ports_len;
	bool orphans_have_owners;
	bool (*accept)(void *ctx, const struct sock *s); /* NULL: everything */
	void *ctx;
};

/*
 * Since Linux 6.17 a closed socket keeps its owner; before, it claims uid 0.
 * TIME_WAIT remains and connections not accepted yet have none of their own.
 */
static bool has_owner(const struct intake *in, const struct sock *s)
{
	return s->uid_known || (in->orphans_have_owners && s->proto == SOCK_PROTO_TCP &&
				s->timer != SOCK_TIMER_TIME_WAIT && !sock_is_unaccepted(s) &&
				s->cookie != 0);
}

static int take_sock(void *ctx, const struct sock *s)
{
	struct intake *in = ctx;
	struct sock kept = *s;

	if (in->accept && !in->accept(in->ctx, s))
		return 0;
	kept.uid_known = has_owner(in, s);
	enum sock_role role = filter_classify(in->filter, &kept);
	if (role == SOCK_ROLE_NONE)
		return 0;
	kept.role = (uint8_t)role;
	return sock_table_add(in->socks, &kept);
}

static size_t mark(const void *ctx)
{
	const struct intake *in = ctx;

	return in->socks->len;
}

static void forget(void *ctx, size_t place)
{
	struct intake *in = ctx;

	in->socks->len = place;
}

static uint32_t wants_states(const void *ctx, enum sock_proto proto)
{
	const struct intake *in = ctx;

	return filter_wants_states(in->filter, proto);
}

static size_t wants_ports(const void *ctx, enum sock_proto proto, uint16_t *out, size_t max)
{
	const struct intake *in = ctx;

	if (in->ports_len == 0 || in->ports_len > max)
		return filter_wants_ports(in->filter, proto, out, max);
	memcpy(out, in->ports, in->ports_len * sizeof(*out));
	return in->ports_len;
}

/* True if the kernel is this version of Linux 6, or later. */
static bool is_linux_6(unsigned wanted)
{
	struct utsname name;
	uint64_t major, minor;

	if (uname(&name) < 0)
		return false;
	const char *at = name.release, *end = at + strlen(at);
	if (!num_scan(&at, end, 10, UINT32_MAX, &major) || *at++ != '.' ||
	    !num_scan(&at, end, 10, UINT32_MAX, &minor))
		return false;
	return major > 6 || (major == 6 && minor >= wanted);
}

/* A closed socket's uid is its late owner's since Linux 6.17. */
static bool orphans_have_owners(void)
{
	return is_linux_6(17);
}

/* --- one namespace --------------------------------------------------------- */

/* What /proc/net/protocols says of Multipath TCP. */
struct mptcp_count {
	bool known;
	uint64_t sockets;
};

static int take_protocol(void *ctx, const char *line, size_t len)
{
	struct mptcp_count *count = ctx;
	uint64_t sockets;

	if (line && procnet_parse_protocol(line, len, "MPTCP", &sockets)) {
		count->known = true;
		count->sockets += sockets;
	}
	return 0;
}

/* From the directory of a process, or from within the namespace. */
static int open_protocols(struct netns_list *list, struct netns *ns)
{
	int dir = netns_open_directory(list, ns), fd;

	if (dir >= 0) {
		fd = procfs_open(dir, "protocols");
		close(dir);
		return fd;
	}
	int rc = netns_enter(list, ns);
	if (rc < 0)
		return rc;
	fd = procfs_open(AT_FDCWD, "/proc/thread-self/net/protocols");
	netns_leave(list);
	return fd;
}

/* Return 0 and the count, or -errno where it cannot be told. */
static int count_mptcp(const struct inventory_request *rq, struct netns *ns,
		       struct mptcp_count *out)
{
	int fd = open_protocols(rq->namespaces, ns);
	if (fd < 0)
		return fd;

	int rc = line_reader_run(fd, take_protocol, out);
	close(fd);
	return rc;
}

/*
 * To ask for Multipath TCP costs more than all the rest (its listeners are looked
 * for among all of the machine). Where the kernel counts none it is not asked: if
 * that was wrong, their subflows are in the TCP table. A kernel without it would
 * answer for raw sockets instead.
 */
static unsigned leave_out_mptcp(const struct inventory_request *rq, struct netns *ns,
				unsigned protos, unsigned *out_refused)
{
	const unsigned tcp = SOCK_PROTO_BIT(SOCK_PROTO_TCP);
	const unsigned mptcp = SOCK_PROTO_BIT(SOCK_PROTO_MPTCP);
	struct mptcp_count count = {0};

	*out_refused = 0;
	if (!(protos & mptcp) || count_mptcp(rq, ns, &count) < 0)
		return protos;
	if (!count.known && !(protos & tcp))
		*out_refused = mptcp;
	bool asked = count.known && (count.sockets > 0 || !(protos & tcp));
	return asked ? protos : protos & ~mptcp;
}

/* Return 0 or -errno; what was not answered, perhaps all, is in @out_refused. */
static int read_diag(const struct inventory_request *rq, struct netns *ns, unsigned protos,
		     const struct source_sink *sink, struct inventory_stats *st,
		     unsigned *out_refused)
{
	struct source_request source = {.netns = ns->id, .protos = protos, .sink = sink};
	unsigned refused;

	*out_refused = protos;
	source.protos = leave_out_mptcp(rq, ns, protos, &refused);
	source.fd = netns_open_netlink(rq->namespaces, ns, NL_SOCK_DIAG);
	if (source.fd < 0)
		return source.fd;
	unsigned before = st->source.refused;
	st->source.refused = 0;
	int rc = source_sockdiag_read(&source, &st->source);
	close(source.fd);
	*out_refused = st->source.refused | refused;
	/* TCPF_BOUND_INACTIVE is Linux 6.8's. */
	st->misses_bound |= protos & SOCK_PROTO_BIT(SOCK_PROTO_TCP) && !is_linux_6(8);
	st->source.refused = *out_refused | before;
	return rc;
}

/* Read the tables below a `net` directory. */
static int read_tables(const struct source_request *rq, struct inventory_stats *st)
{
	st->used_text = true;
	st->misses_bound |= rq->protos & SOCK_PROTO_BIT(SOCK_PROTO_TCP);
	int rc = source_procnet_read(rq, &st->source);
	if (rc < 0 && st->source.file)
		snprintf(st->failed, sizeof(st->failed), "net/%s", st->source.file);
	return rc;
}

/* Text of a namespace without a process that we know: it is read from within. */
static int read_text_inside(const struct inventory_request *rq, struct netns *ns,
			    struct source_request *source, struct inventory_stats *st)
{
	int rc = netns_enter(rq->namespaces, ns);
	if (rc < 0)
		return rc;

	source->fd = open("/proc/thread-self/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = source->fd < 0 ? -errno : read_tables(source, st);
	netns_leave(rq->namespaces);
	if (source->fd >= 0)
		close(source->fd);
	return rc;
}

static int read_text(const struct inventory_request *rq, struct netns *ns, unsigned protos,
		     const struct source_sink *sink, struct inventory_stats *st)
{
	struct source_request source = {.netns = ns->id, .protos = protos, .sink = sink};

	snprintf(st->failed, sizeof(st->failed), "net");
	source.fd = netns_open_directory(rq->namespaces, ns);
	if (source.fd == -ENOENT && rq->namespaces->is_real && ns != rq->namespaces->v)
		return read_text_inside(rq, ns, &source, st);
	if (source.fd < 0)
		return source.fd;
	size_t before = st->source.tables;
	int rc = read_tables(&source, st);
	close(source.fd);
	/* The directory of a task that has ended is there, but empty. */
	bool is_empty = rc == 0 && st->source.tables == before && rq->namespaces->is_real &&
			ns != rq->namespaces->v;
	return is_empty ? -ENOENT : rc;
}

static int read_once(const struct inventory_request *rq, struct netns *ns, unsigned protos,
		     const struct source_sink *sink, struct inventory_stats *st)
{
	unsigned refused = protos;
	int rc = 0;

	if (rq->source != INVENTORY_PROC)
		rc = read_diag(rq, ns, protos, sink, st, &refused);
	if (!refused || rq->source == INVENTORY_DIAG || rc == -ENOMEM)
		return rc;
	/* After a dump that went well, what has no text is left; else nothing was read. */
	if (rc == 0 && rq->source == INVENTORY_AUTO && !(refused & SOURCE_PROCNET_PROTOS))
		return 0;
	return read_text(rq, ns, refused, sink, st);
}

/*
 * Where the task by which a namespace was known has ended or gone elsewhere, another
 * one may still be in it.
 */
static struct netns *find_again(struct netns_list *list, uint32_t id)
{
	struct netns *ns = netns_list_by_id(list, id);

	ns->pid = ns->tid = 0;
	if (netns_list_find_all(list) < 0)
		return NULL;
	ns = netns_list_by_id(list, id); /* the list may have moved */
	return ns->pid > 0 ? ns : NULL;
}

int inventory_read_namespace(const struct inventory_request *rq, struct netns *ns, unsigned protos,
			     const struct source_sink *sink, struct inventory_stats *st)
{
	uint32_t id = ns->id;
	int rc = read_once(rq, ns, protos, sink, st);

	if ((rc != -ENOENT && rc != -ESRCH) || ns->pid == 0)
		return rc;
	ns = find_again(rq->namespaces, id);
	return ns ? read_once(rq, ns, protos, sink, st) : rc;
}

/* --- what is kept ---------------------------------------------------------- */

/* Decide on the records from a place on that were put off. */
static void settle_later(struct filter *f, struct sock_table *t, size_t from, unsigned protos)
{
	for (size_t i = from; i < t->len; i++) {
		struct sock *s = &t->v[i];
		if (s->role == SOCK_ROLE_LATER && protos & SOCK_PROTO_BIT(s->proto))
			s->role = filter_settle(f, s) ? SOCK_ROLE_WANTED : SOCK_ROLE_NONE;
	}
}

static int compare_port(const void *x, const void *y)
{
	const uint16_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static bool is_waiting_connection(const struct sock *s)
{
	return s->role == SOCK_ROLE_WANTED && sock_is_unaccepted(s);
}

/* Ports of the connections that are not accepted yet, ascending; NULL without memory. */
static uint16_t *list_queued_ports(const struct sock_table *t, size_t *out_count)
{
	size_t count = 0;

	for (size_t i = 0; i < t->len; i++)
		count += is_waiting_connection(&t->v[i]);
	uint16_t *ports = malloc((count + 1) * sizeof(*ports));
	*out_count = 0;
	for (size_t i = 0; ports && i < t->len; i++) {
		if (is_waiting_connection(&t->v[i]))
			ports[(*out_count)++] = t->v[i].local.port;
	}
	if (ports && count > 0)
		qsort(ports, count, sizeof(*ports), compare_port);
	return ports;
}

/* Drop listeners that no connection waits for, and what a holder overrules. */
static int drop_unneeded(struct sock_table *t)
{
	size_t count, kept = 0;
	uint16_t *ports = list_queued_ports(t, &count);

	if (!ports)
		return -ENOMEM;
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

/* --- all of them ----------------------------------------------------------- */

static const unsigned unix_bit = SOCK_PROTO_BIT(SOCK_PROTO_UNIX);

/*
 * Read one namespace into the table. Of several it is no error if one may not be
 * read, and no news if one is gone.
 */
static int read_one(const struct inventory_request *rq, size_t i, unsigned protos,
		    const struct source_sink *sink, struct inventory_stats *st)
{
	struct intake *in = sink->ctx;
	size_t from = in->socks->len;

	filter_restart(rq->filter, ~unix_bit);
	int rc = inventory_read_namespace(rq, &rq->namespaces->v[i], protos, sink, st);
	settle_later(rq->filter, in->socks, from, ~unix_bit);
	if (rc == 0 || rc == -ENOMEM || (rq->namespaces->v[i].is_asked && !rq->every_netns))
		return rc;
	in->socks->len = from;
	/* Nobody is in it any more, nor is it mounted. */
	bool gone = (rc == -ENOENT || rc == -ESRCH) && !rq->namespaces->v[i].path;
	st->unreadable += !gone;
	return 0;
}

static int read_all(const struct inventory_request *rq, const struct source_sink *sink,
		    struct inventory_stats *st)
{
	unsigned protos = filter_protos(rq->filter);
	bool unix_everywhere = filter_has_path(rq->filter) && protos & unix_bit;
	int rc = unix_everywhere ? netns_list_find_all(rq->namespaces) : 0;

	for (size_t i = 0; rc == 0 && i < rq->namespaces->len; i++) {
		struct netns *ns = &rq->namespaces->v[i];
		unsigned wanted = ns->is_asked ? protos : unix_everywhere ? unix_bit : 0;
		if (wanted)
			rc = read_one(rq, i, wanted, sink, st);
	}
	return rc;
}

int inventory_read(const struct inventory_request *rq, struct sock_table *out,
		   struct inventory_stats *st)
{
	struct intake in = {.filter = rq->filter, .socks = out,
			    .ports = rq->ports, .ports_len = rq->ports_len,
			    .orphans_have_owners = orphans_have_owners()};
	struct source_sink sink = {.ctx = &in, .take = take_sock, .mark = mark, .forget = forget,
				   .wants_states = wants_states, .wants_ports = wants_ports};

	*st = (struct inventory_stats){0};
	filter_restart(rq->filter, ~0U);
	int rc = read_all(rq, &sink, st);
	st->untold = rq->every_netns ? rq->namespaces->denied : 0;
	if (rc == 0 && st->source.tables == 0 && st->unreadable == 0)
		rc = -ENODATA;
	if (rc < 0)
		return rc;
	settle_later(rq->filter, out, 0, unix_bit);
	rc = drop_unneeded(out);
	if (rc == 0)
		sock_table_sort(out);
	if (rc == 0)
		sock_table_drop_subflows(out);
	return rc;
}

int inventory_read_also(const struct inventory_request *rq, struct netns *ns,
			struct sock_table *out, struct inventory_stats *st)
{
	struct intake in = {.filter = rq->filter, .socks = out,
			    .orphans_have_owners = orphans_have_owners()};
	struct source_sink sink = {.ctx = &in, .take = take_sock, .mark = mark, .forget = forget,
				   .wants_states = wants_states, .wants_ports = wants_ports};
	size_t from = out->len;

	filter_restart(rq->filter, ~0U);
	int rc = inventory_read_namespace(rq, ns, filter_protos(rq->filter), &sink, st);
	settle_later(rq->filter, out, from, ~0U);
	return rc < 0 ? rc : drop_unneeded(out);
}

int inventory_read_more(const struct inventory_request *rq, struct netns *ns,
			bool (*accept)(void *ctx, const struct sock *s), void *ctx,
			struct sock_table *out, struct inventory_stats *st)
{
	struct intake in = {.filter = rq->filter, .socks = out, .accept = accept, .ctx = ctx,
			    .orphans_have_owners = orphans_have_owners()};
	struct source_sink sink = {.ctx = &in, .take = take_sock, .mark = mark, .forget = forget};
	size_t from = out->len;
	unsigned refused = st->source.refused;

	filter_restart(rq->filter, ~0U);
	int rc = inventory_read_namespace(rq, ns, SOCK_PROTO_BIT(SOCK_PROTO_OTHER) - 1, &sink, st);
	st->source.refused = refused; /* nobody asked for all of them */
	settle_later(rq->filter, out, from, ~0U);
	return rc < 0 ? rc : drop_unneeded(out);
}
