/*
 * Socket records from the tables in /proc/net; see source_procnet.h. What a
 * row means is procnet_row.c's, and forged rows of unix are unix_table.c's.
 */
#include "source_procnet.h"

#include "buf.h"
#include "line_reader.h"
#include "other_row.h"
#include "procfs.h"
#include "procnet_row.h"
#include "source.h"
#include "unix_table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct inet_table {
	const char *file;
	enum sock_proto proto;
	sa_family_t family;
	const char *summary; /* file that tells how many sockets use the table, if that pays */
	const char *counter; /* its line */
} inet_tables[] = {
	{"tcp", SOCK_PROTO_TCP, AF_INET, "sockstat", "TCP:"},
	{"tcp6", SOCK_PROTO_TCP, AF_INET6, "sockstat6", "TCP6:"},
	{"udp", SOCK_PROTO_UDP, AF_INET, NULL, NULL},
	{"udp6", SOCK_PROTO_UDP, AF_INET6, NULL, NULL},
	{"udplite", SOCK_PROTO_UDPLITE, AF_INET, NULL, NULL},
	{"udplite6", SOCK_PROTO_UDPLITE, AF_INET6, NULL, NULL},
	{"raw", SOCK_PROTO_RAW, AF_INET, NULL, NULL},
	{"raw6", SOCK_PROTO_RAW, AF_INET6, NULL, NULL},
};

static const struct other_table {
	const char *file;
	enum sock_proto proto;
} other_tables[] = {{"netlink", SOCK_PROTO_NETLINK}, {"packet", SOCK_PROTO_PACKET}};

/* What one inet table's lines are handed on with. */
struct inet_reading {
	const struct source_request *rq;
	const struct inet_table *table;
	struct source_stats *st;
	bool header_seen;
};

static int take_inet_line(void *ctx, const char *line, size_t len)
{
	struct inet_reading *r = ctx;
	struct sock s;

	if (!r->header_seen) {
		r->header_seen = true;
		return 0;
	}
	if (!line || procnet_parse_inet(line, len, r->table->proto, r->table->family, &s) < 0) {
		r->st->malformed++;
		return 0;
	}
	s.netns = r->rq->netns;
	return r->rq->sink->take(r->rq->sink->ctx, &s);
}

/* The same for the kinds without ports. */
struct other_reading {
	const struct source_request *rq;
	enum sock_proto proto;
	struct source_stats *st;
	bool header_seen;
	struct buf text;
};

static int take_other_line(void *ctx, const char *line, size_t len)
{
	struct other_reading *r = ctx;
	struct sock s;

	if (!r->header_seen) {
		r->header_seen = true;
		return 0;
	}
	int rc = line ? other_row_parse_text(line, len, r->proto, &r->text, &s) : -EINVAL;
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		r->st->malformed++;
		return 0;
	}
	s.netns = r->rq->netns;
	return r->rq->sink->take(r->rq->sink->ctx, &s);
}

/* Feed a table to a taker of lines; a table that is not there gives none. */
static int read_table(int net_fd, const char *file, line_taker *take, void *ctx,
		      struct source_stats *st)
{
	int fd = procfs_open(net_fd, file);

	if (fd == -ENOENT)
		return 0;
	st->file = file;
	if (fd < 0)
		return fd;
	st->tables++;
	int rc = line_reader_run(fd, take, ctx);
	close(fd);
	return rc;
}

static int read_unix(const struct source_request *rq, struct source_stats *st)
{
	struct unix_table table = {0};
	int rc = read_table(rq->fd, "unix", unix_table_take_line, &table, st);

	if (rc == 0)
		rc = unix_table_settle(&table);
	for (size_t i = 0; rc == 0 && i < table.socks.len; i++) {
		table.socks.v[i].netns = rq->netns;
		rc = rq->sink->take(rq->sink->ctx, &table.socks.v[i]);
	}
	st->malformed += table.malformed;
	unix_table_free(&table);
	return rc;
}

struct inuse_search {
	const char *counter;
	bool is_zero;
};

static int take_inuse(void *ctx, const char *line, size_t len)
{
	struct inuse_search *search = ctx;
	uint64_t inuse;

	if (line && procnet_parse_inuse(line, len, search->counter, &inuse))
		search->is_zero = inuse == 0;
	return 0;
}

static bool counts_none(int net_fd, const struct inet_table *table)
{
	struct inuse_search search = {.counter = table->counter};
	int fd = procfs_open(net_fd, table->summary);
	if (fd < 0)
		return false;

	int rc = line_reader_run(fd, take_inuse, &search);
	close(fd);
	return rc == 0 && search.is_zero;
}

/*
 * True if a table is known to hold nothing but remains that nobody wants. The
 * kernel adds up its counters CPU by CPU: a socket that comes on one and goes
 * on another meanwhile can make one sum too small, hardly two.
 */
static bool is_unused(const struct source_request *rq, const struct inet_table *table)
{
	/* FIN_WAIT2 is a state of remains, too. */
	const uint32_t remains = SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT) |
				 SOCK_STATE_BIT(SOCK_STATE_FIN_WAIT2);

	return table->summary && rq->sink->wants_states &&
	       !(rq->sink->wants_states(rq->sink->ctx, table->proto) & remains) &&
	       counts_none(rq->fd, table) && counts_none(rq->fd, table);
}

static int read_inet(const struct source_request *rq, const struct inet_table *table,
		     struct source_stats *st)
{
	struct inet_reading r = {.rq = rq, .table = table, .st = st};

	if (is_unused(rq, table)) {
		st->tables++;
		return 0;
	}
	return read_table(rq->fd, table->file, take_inet_line, &r, st);
}

static int read_other(const struct source_request *rq, const struct other_table *table,
		      struct source_stats *st)
{
	struct other_reading r = {.rq = rq, .proto = table->proto, .st = st};
	int rc = read_table(rq->fd, table->file, take_other_line, &r, st);

	buf_free(&r.text);
	return rc;
}

int source_procnet_read(const struct source_request *rq, struct source_stats *st)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(inet_tables) / sizeof(*inet_tables); i++) {
		if (rq->protos & SOCK_PROTO_BIT(inet_tables[i].proto))
			rc = read_inet(rq, &inet_tables[i], st);
	}
	for (size_t i = 0; rc == 0 && i < sizeof(other_tables) / sizeof(*other_tables); i++) {
		if (rq->protos & SOCK_PROTO_BIT(other_tables[i].proto))
			rc = read_other(rq, &other_tables[i], st);
	}
	if (rc == 0 && rq->protos & SOCK_PROTO_BIT(SOCK_PROTO_UNIX))
		rc = read_unix(rq, st);
	return rc;
}
