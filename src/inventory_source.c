/*
 * Which source reads a network namespace; see inventory_source.h. sock_diag is
 * asked through a netlink socket of that namespace, text through the `net`
 * directory of a process in it or, where there is none, from within.
 */
#define _GNU_SOURCE
#include "inventory_source.h"

#include "kernel_version.h"
#include "line_reader.h"
#include "netlink.h"
#include "netns.h"
#include "netns_enter.h"
#include "netns_walk.h"
#include "procfs.h"
#include "procnet_row.h"
#include "source_procnet.h"
#include "source_sockdiag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	struct source_request source = {.netns = ns->id, .protos = protos,
					.details = rq->details, .sink = sink};
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
	st->used_diag |= rc == 0 && (protos & ~*out_refused);
	/* TCPF_BOUND_INACTIVE is Linux 6.8's. */
	st->misses_bound |= protos & SOCK_PROTO_BIT(SOCK_PROTO_TCP) && !kernel_version_reaches(6, 8);
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
