/* Sockets that a scanner described; see held.h. */
#include "held.h"

#include "filter.h"
#include "grow.h"
#include "netns.h"
#include "sockstat.h"
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void held_init(struct held *out, const struct filter *f)
{
	const size_t max = sizeof(out->ports[0]) / sizeof(out->ports[0][0]);

	*out = (struct held){0};
	for (unsigned i = 0; i < SOCK_PROTO_OTHER; i++) {
		enum sock_proto proto = (enum sock_proto)i;
		if (filter_protos(f) & SOCK_PROTO_BIT(proto))
			out->states[i] = filter_wants_states(f, proto);
		out->ports_len[i] = filter_wants_ports(f, proto, out->ports[i], max);
	}
}

void held_restart(struct held *h, uint32_t netns, unsigned foreign, bool counts)
{
	sock_table_free(&h->socks);
	h->counts_len = h->before_len = 0;
	h->netns = netns;
	h->foreign = foreign;
	h->known = NULL;
	h->latest_netns = 0;
	h->wants_counts = counts;
}

void held_free(struct held *h)
{
	sock_table_free(&h->socks);
	free(h->counts);
	free(h->before);
	*h = (struct held){0};
}

int held_note_counts(struct held *h, uint32_t netns, int net_fd)
{
	struct held_before before = {.netns = netns};

	if (sockstat_load(net_fd, &before.counts) < 0)
		return 0;
	void *v = grow(h->before, h->before_len, &h->before_cap, sizeof(*h->before));
	if (!v)
		return -ENOMEM;
	h->before = v;
	h->before[h->before_len++] = before;
	return 0;
}

/* Sockets that wait in no hash table are not among those of their protocol. */
static uint8_t census_proto(const struct sock *s)
{
	if (s->proto == SOCK_PROTO_SCTP)
		return s->proto;
	bool hashed = s->state != SOCK_STATE_BOUND && s->state != SOCK_STATE_UNKNOWN;

	return hashed ? s->proto : SOCK_PROTO_OTHER;
}

static int count(struct held *h, const struct sock *s, bool is_counted)
{
	void *counts = grow(h->counts, h->counts_len, &h->counts_cap, sizeof(*h->counts));

	if (!counts)
		return -ENOMEM;
	h->counts = counts;
	h->counts[h->counts_len++] = (struct held_count){s->netns, (uint32_t)s->inode,
							 census_proto(s), is_counted};
	return 0;
}

/* What the filter may want, once it is known which targets are held. */
static bool may_be_wanted(const struct held *h, const struct sock *s)
{
	enum sock_proto proto = (enum sock_proto)s->proto;

	if ((s->netns != h->netns && !(h->foreign & SOCK_PROTO_BIT(proto))) ||
	    !(h->states[proto] & SOCK_STATE_BIT(s->state)))
		return false;
	for (size_t i = 0; i < h->ports_len[proto]; i++) {
		if (h->ports[proto][i] == s->local.port)
			return true;
	}
	return h->ports_len[proto] == 0;
}

/* Is the namespace one that nobody knows a way into? Sockets of one come in a row. */
static bool is_abroad(struct held *h, uint32_t netns)
{
	if (h->latest_netns != netns) {
		h->latest_netns = netns;
		h->latest_is_known = !h->known || netns_list_find(h->known, netns);
	}
	return !h->latest_is_known;
}

/*
 * A census is taken before anything was read: who holds a socket may matter although
 * what the scanner tells of it does not. Of some kinds that is nearly nothing, the
 * first subflow of Multipath TCP is in the TCP table, and a namespace may be found by
 * the holder only.
 */
static int may_be_more(struct held *h, const struct sock *s, bool has_record)
{
	if (!h->wants_counts)
		return 0;
	return !has_record || s->proto == SOCK_PROTO_MPTCP || is_abroad(h, s->netns);
}

int held_take(void *ctx, const struct sock *s, bool is_counted)
{
	struct held *h = ctx;
	int rc = h->wants_counts ? count(h, s, is_counted) : 0;

	bool has_record = s->proto == SOCK_PROTO_UNIX || s->local.family != AF_UNSPEC;
	if (rc < 0 || !has_record || !may_be_wanted(h, s))
		return rc < 0 ? rc : may_be_more(h, s, has_record);
	struct sock kept = *s;
	kept.is_scanned = true;
	rc = sock_table_add(&h->socks, &kept);
	return rc < 0 ? rc : 1;
}

static int compare_sock(const void *x, const void *y)
{
	const struct sock *a = x, *b = y;

	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static int compare_count(const void *x, const void *y)
{
	const struct held_count *a = x, *b = y;

	if (a->netns != b->netns)
		return a->netns < b->netns ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* Of what a sorted array has several times keep the first. */
static size_t drop_equal(void *array, size_t len, size_t size,
			 int (*compare)(const void *, const void *))
{
	char *v = array;
	size_t kept = 0;

	for (size_t i = 1; i < len; i++) {
		if (compare(v + i * size, v + kept * size) == 0)
			continue;
		kept++;
		if (kept != i)
			memcpy(v + kept * size, v + i * size, size);
	}
	return len > 0 ? kept + 1 : 0;
}

static int compare_before(const void *x, const void *y)
{
	const struct held_before *a = x, *b = y;

	return a->netns < b->netns ? -1 : a->netns > b->netns;
}

void held_sort(struct held *h)
{
	if (h->before_len > 0)
		qsort(h->before, h->before_len, sizeof(*h->before), compare_before);
	if (h->socks.len > 0)
		qsort(h->socks.v, h->socks.len, sizeof(*h->socks.v), compare_sock);
	h->socks.len = drop_equal(h->socks.v, h->socks.len, sizeof(*h->socks.v), compare_sock);
	if (h->counts_len > 0)
		qsort(h->counts, h->counts_len, sizeof(*h->counts), compare_count);
	h->counts_len = drop_equal(h->counts, h->counts_len, sizeof(*h->counts), compare_count);
}

/* The first record of a namespace, or of one behind it. */
static size_t first_of(const struct held *h, uint32_t netns)
{
	size_t lo = 0, hi = h->socks.len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (h->socks.v[mid].netns < netns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int held_feed(const struct held *h, uint32_t netns, const struct source_sink *sink)
{
	int rc = 0;

	for (size_t i = first_of(h, netns); rc == 0 && i < h->socks.len; i++) {
		if (h->socks.v[i].netns != netns)
			break;
		rc = sink->take(sink->ctx, &h->socks.v[i]);
	}
	return rc;
}

uint32_t held_next_netns(const struct held *h, uint32_t netns)
{
	size_t at = netns == UINT32_MAX ? h->socks.len : first_of(h, netns + 1);

	return at < h->socks.len ? h->socks.v[at].netns : 0;
}

/* What is known of one inode. */
struct run {
	const struct sock *v;
	size_t count;
	size_t seen;   /* place of what the scanner saw; count: nothing */
	size_t source; /* of the record of its source, rather one without doubt; count: none */
};

static struct run look_at(const struct sock *v, size_t count)
{
	struct run run = {v, count, count, count};

	for (size_t i = 0; i < count; i++)
		run.seen = v[i].is_scanned ? i : run.seen;
	for (size_t i = 0; i < count && run.seen < count; i++) {
		if (!v[i].is_scanned && v[i].proto == v[run.seen].proto &&
		    (run.source == count || !v[i].doubt))
			run.source = i;
	}
	return run;
}

/* Text shows NUL as '@', and what follows a newline in a name as a row. */
static void correct(struct sock *s, const struct sock *seen)
{
	s->name = seen->name;
	s->name_len = seen->name_len;
	s->name_is_exact = true;
	s->peer = seen->peer;
	s->role = seen->role;
	s->doubt = NULL;
}

/* Merge the records of one inode into what is kept. Return how many that is. */
static size_t merge_run(const struct run *run, struct sock *out)
{
	const struct sock seen = run->seen < run->count ? run->v[run->seen] : (struct sock){0};
	size_t kept = 0;

	for (size_t i = 0; i < run->count; i++) {
		struct sock s = run->v[i]; /* what is kept may overwrite it */
		bool is_text = s.proto == SOCK_PROTO_UNIX && s.row > 0;
		if (s.proto == SOCK_PROTO_OTHER && run->seen < run->count)
			continue; /* nothing was known of it */
		if (s.is_scanned && (i != run->seen || run->source < run->count))
			continue;
		if (is_text && run->source < run->count && seen.proto == SOCK_PROTO_UNIX &&
		    seen.name_is_exact) {
			if (i != run->source)
				continue; /* forged */
			correct(&s, &seen);
		}
		out[kept++] = s;
	}
	return kept;
}

bool held_merge(struct sock_table *t)
{
	size_t kept = 0, before = t->len;

	if (!t->any_scanned)
		return false;
	for (size_t i = 0, end; i < t->len; i = end) {
		end = i + 1;
		while (end < t->len && t->v[i].inode != 0 && t->v[end].inode == t->v[i].inode)
			end++;
		struct run run = look_at(t->v + i, end - i);
		kept += merge_run(&run, t->v + kept);
	}
	t->len = kept;
	return kept < before;
}

void held_arrange(struct sock_table *t)
{
	sock_table_sort(t);
	if (held_merge(t))
		sock_table_sort(t);
}

/* --- is there anything else? ----------------------------------------------- */

/* The census of one namespace. Return false if it has what the kernel has no count of. */
static bool sum(const struct held *h, uint32_t netns, struct sockstat *out)
{
	struct sockstat seen = {0};
	size_t lo = 0, hi = h->counts_len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (h->counts[mid].netns < netns)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < h->counts_len && h->counts[lo].netns == netns; lo++) {
		const struct held_count *c = &h->counts[lo];
		seen.used += c->is_counted;
		seen.tcp += c->proto == SOCK_PROTO_TCP;
		seen.udp += c->proto == SOCK_PROTO_UDP;
		seen.udplite += c->proto == SOCK_PROTO_UDPLITE;
		seen.raw += c->proto == SOCK_PROTO_RAW;
		if (c->proto == SOCK_PROTO_SCTP || c->proto == SOCK_PROTO_MPTCP)
			return false;
	}
	*out = seen;
	return true;
}

/*
 * A connection request is in no count, but in the queue of a listener with its port.
 * An interface's name is not in the records.
 */
static bool any_needs_reading(const struct held *h, uint32_t netns, bool wants_requests)
{
	for (size_t i = first_of(h, netns); i < h->socks.len && h->socks.v[i].netns == netns; i++) {
		const struct sock *s = &h->socks.v[i];
		if (s->bound_if != 0 || s->local.scope_id != 0 ||
		    (wants_requests && s->proto == SOCK_PROTO_TCP && s->state == SOCK_STATE_LISTEN))
			return true;
	}
	return false;
}

static bool is_equal(const struct sockstat *a, const struct sockstat *b)
{
	return a->used == b->used && a->tcp == b->tcp && a->udp == b->udp &&
	       a->udplite == b->udplite && a->raw == b->raw;
}

static bool counts_agree(const struct held *h, uint32_t netns, const struct sockstat *now)
{
	const struct held_before key = {.netns = netns}, *before = NULL;
	struct sockstat seen;

	if (h->before_len > 0)
		before = bsearch(&key, h->before, h->before_len, sizeof(key), compare_before);
	return before && sum(h, netns, &seen) && is_equal(&before->counts, now) &&
	       is_equal(&seen, now);
}

bool held_covers(const struct held *h, uint32_t netns, int net_fd, unsigned protos,
		 const struct source_sink *sink)
{
	const uint32_t requests = SOCK_STATE_BIT(SOCK_STATE_SYN_RECV);
	const uint32_t remains = /* the kernel counts both as TIME_WAIT */
		SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT) | SOCK_STATE_BIT(SOCK_STATE_FIN_WAIT2);
	struct sockstat now;
	uint32_t states = 0;

	/* Other kinds are known by more than addresses. */
	if (!h->wants_counts || protos & ~SOCK_PROTOS_INET)
		return false;
	if (protos & SOCK_PROTO_BIT(SOCK_PROTO_TCP))
		states = sink->wants_states ? sink->wants_states(sink->ctx, SOCK_PROTO_TCP)
					    : UINT32_MAX;
	if (any_needs_reading(h, netns, states & requests) || sockstat_load(net_fd, &now) < 0)
		return false;
	return !(states & remains && now.time_wait > 0) && counts_agree(h, netns, &now);
}
