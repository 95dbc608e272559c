/*
 * Socket records; see sock.h. Protocols and states are each one table that
 * serves parsing and printing.
 */
#include "sock.h"

#include "grow.h"
#include "sock_info.h"
#include "sort_key.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATES_DATAGRAM \
	(SOCK_STATE_BIT(SOCK_STATE_ESTABLISHED) | SOCK_STATE_BIT(SOCK_STATE_UNCONNECTED))
#define STATES_TCP \
	(((SOCK_STATE_BIT(SOCK_STATE_BOUND + 1) - 1) & ~SOCK_STATE_BIT(SOCK_STATE_UNKNOWN)) & \
	 ~SOCK_STATE_BIT(SOCK_STATE_NEW_SYN_RECV))
#define STATES_UNIX \
	(SOCK_STATE_BIT(SOCK_STATE_LISTEN) | SOCK_STATE_BIT(SOCK_STATE_UNCONNECTED) | \
	 SOCK_STATE_BIT(SOCK_STATE_CONNECTING) | SOCK_STATE_BIT(SOCK_STATE_CONNECTED) | \
	 SOCK_STATE_BIT(SOCK_STATE_DISCONNECTING))

static const struct {
	const char *name;
	uint32_t states;
} protos[SOCK_PROTO_COUNT] = {
	[SOCK_PROTO_TCP] = {"TCP", STATES_TCP},
	[SOCK_PROTO_UDP] = {"UDP", STATES_DATAGRAM},
	[SOCK_PROTO_UDPLITE] = {"UDPLITE", STATES_DATAGRAM},
	[SOCK_PROTO_RAW] = {"RAW", STATES_DATAGRAM},
	[SOCK_PROTO_MPTCP] = {"MPTCP", STATES_TCP},
	[SOCK_PROTO_SCTP] = {"SCTP", STATES_TCP},
	[SOCK_PROTO_UNIX] = {"unix", STATES_UNIX},
	[SOCK_PROTO_NETLINK] = {"netlink", SOCK_STATE_BIT(SOCK_STATE_UNKNOWN)},
	[SOCK_PROTO_PACKET] = {"packet", SOCK_STATE_BIT(SOCK_STATE_UNKNOWN)},
	[SOCK_PROTO_VSOCK] = {"vsock", STATES_TCP},
	[SOCK_PROTO_XDP] = {"xdp", SOCK_STATE_BIT(SOCK_STATE_UNKNOWN)},
	[SOCK_PROTO_OTHER] = {"sock", SOCK_STATE_BIT(SOCK_STATE_UNKNOWN)},
};

static const struct {
	const char *name;
	enum sock_state state;
	bool shown; /* the name for output; others are understood */
} states[] = {
	{"", SOCK_STATE_UNKNOWN, true},
	{"ESTABLISHED", SOCK_STATE_ESTABLISHED, true},
	{"ESTAB", SOCK_STATE_ESTABLISHED, false},
	{"SYN_SENT", SOCK_STATE_SYN_SENT, true},
	{"SYN_RECV", SOCK_STATE_SYN_RECV, true},
	{"SYN_RCVD", SOCK_STATE_SYN_RECV, false},
	{"FIN_WAIT1", SOCK_STATE_FIN_WAIT1, true},
	{"FIN_WAIT_1", SOCK_STATE_FIN_WAIT1, false},
	{"FIN_WAIT2", SOCK_STATE_FIN_WAIT2, true},
	{"FIN_WAIT_2", SOCK_STATE_FIN_WAIT2, false},
	{"TIME_WAIT", SOCK_STATE_TIME_WAIT, true},
	{"CLOSE", SOCK_STATE_CLOSE, true},
	{"CLOSED", SOCK_STATE_CLOSE, false},
	{"CLOSE_WAIT", SOCK_STATE_CLOSE_WAIT, true},
	{"LAST_ACK", SOCK_STATE_LAST_ACK, true},
	{"LISTEN", SOCK_STATE_LISTEN, true},
	{"LISTENING", SOCK_STATE_LISTEN, false},
	{"CLOSING", SOCK_STATE_CLOSING, true},
	{"BOUND", SOCK_STATE_BOUND, true},
	{"UNCONNECTED", SOCK_STATE_UNCONNECTED, true},
	{"UNCONN", SOCK_STATE_UNCONNECTED, false},
	{"CONNECTING", SOCK_STATE_CONNECTING, true},
	{"CONNECTED", SOCK_STATE_CONNECTED, true},
	{"DISCONNECTING", SOCK_STATE_DISCONNECTING, true},
};

enum { KEEP_ALIGN = sizeof(uint64_t) };

/* Names of abstract sockets may hold NUL: blocks of bytes, never moved. */
struct sock_name_block {
	struct sock_name_block *next;
	size_t len;
	_Alignas(KEEP_ALIGN) char bytes[4096];
};

void sock_table_free(struct sock_table *t)
{
	while (t->names) {
		struct sock_name_block *block = t->names;
		t->names = block->next;
		free(block);
	}
	free(t->v);
	*t = (struct sock_table){0};
}

const void *sock_table_keep(struct sock_table *t, const void *data, size_t len)
{
	struct sock_name_block *block = t->names;
	size_t size = (len + KEEP_ALIGN - 1) / KEEP_ALIGN * KEEP_ALIGN;

	if (size > sizeof(block->bytes))
		return NULL;
	if (!block || size > sizeof(block->bytes) - block->len) {
		block = malloc(sizeof(*block));
		if (!block)
			return NULL;
		block->next = t->names;
		block->len = 0;
		t->names = block;
	}
	void *copy = memcpy(block->bytes + block->len, data, len);
	block->len += size;
	return copy;
}

/* Copy what a record points to into the table. */
static int keep_pointees(struct sock_table *t, struct sock *s)
{
	if (s->name)
		s->name = sock_table_keep(t, s->name, s->name_len);
	if (s->device) {
		s->device = sock_table_keep(t, s->device, strlen(s->device) + 1);
		if (!s->device)
			return -ENOMEM;
	}
	if (s->info) {
		s->info = sock_table_keep(t, s->info, sizeof(*s->info));
		if (!s->info)
			return -ENOMEM;
	}
	if (s->doubt) {
		struct sock_doubt doubt = *s->doubt;
		doubt.line = sock_table_keep(t, doubt.line, doubt.len);
		s->doubt = doubt.line ? sock_table_keep(t, &doubt, sizeof(doubt)) : NULL;
		if (!s->doubt)
			return -ENOMEM;
	}
	return 0;
}

int sock_table_add(struct sock_table *t, const struct sock *s)
{
	struct sock copy = *s;

	if (keep_pointees(t, &copy) < 0 || (s->name && !copy.name))
		return -ENOMEM;
	void *v = grow(t->v, t->len, &t->cap, sizeof(*t->v));
	if (!v)
		return -ENOMEM;
	t->v = v;
	t->v[t->len++] = copy;
	t->protos |= SOCK_PROTO_BIT(s->proto);
	t->roles |= 1U << s->role;
	t->any_scanned |= s->is_scanned;
	return 0;
}

int sock_table_extend_name(struct sock_table *t, struct sock *s, const char *line, size_t len)
{
	char joined[1024];
	size_t total = s->name_len + 1 + len;

	if (total > sizeof(joined))
		return 0;
	if (s->name_len > 0)
		memcpy(joined, s->name, s->name_len);
	joined[s->name_len] = '\n';
	memcpy(joined + s->name_len + 1, line, len);
	const char *name = sock_table_keep(t, joined, total);
	if (!name)
		return -ENOMEM;
	s->name = name;
	s->name_len = (uint16_t)total;
	return 0;
}

static int compare_number(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_ip(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(&a->ip, &b->ip, a->family == AF_INET ? sizeof(a->ip.v4) : sizeof(a->ip.v6));
}

int sock_compare_address(const struct sock *a, const struct sock *b)
{
	int order = compare_number(a->proto, b->proto);

	if (order == 0)
		order = compare_number(a->local.port, b->local.port);
	if (order == 0)
		order = compare_ip(&a->local, &b->local);
	if (order == 0)
		order = compare_ip(&a->remote, &b->remote);
	if (order == 0)
		order = compare_number(a->remote.port, b->remote.port);
	return order ? order : compare_number(a->state, b->state);
}

static int compare_name(const struct sock *a, const struct sock *b)
{
	size_t least = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = least ? memcmp(a->name, b->name, least) : 0;

	return order ? order : compare_number(a->name_len, b->name_len);
}

static int compare_sock(const void *x, const void *y)
{
	const struct sock *a = x, *b = y;
	int order = compare_number(a->inode, b->inode);

	if (order == 0)
		order = compare_number(a->netns, b->netns);
	if (order == 0)
		order = sock_compare_address(a, b);
	if (order == 0)
		order = compare_name(a, b);
	/* Clients in one queue differ in nothing else. */
	return order || a->inode != 0 ? order : compare_number(a->cookie, b->cookie);
}

/*
 * The kernel hides its pointers from some users: then two clients in a unix
 * queue look the same, and both are meant.
 */
static bool is_repeated(const struct sock *a, const struct sock *b)
{
	if (a->inode == 0 && a->proto == SOCK_PROTO_UNIX && a->cookie == 0)
		return false;
	if (a->is_scanned != b->is_scanned) /* which one stays decides held_merge() */
		return false;
	if (compare_sock(a, b) == 0)
		return true;
	/* One socket that changed its state between two readings. */
	if (a->inode != 0 && a->inode == b->inode)
		return a->proto == b->proto && a->cookie == b->cookie && a->cookie != 0;
	/* One connection without a file, from text and from sock_diag. */
	return a->inode == b->inode && a->netns == b->netns && a->proto != SOCK_PROTO_UNIX &&
	       (a->cookie == 0 || b->cookie == 0) && sock_compare_address(a, b) == 0;
}

/* Which of two records of one socket stays: what is no more waiting came later. */
static bool is_newer(const struct sock *a, const struct sock *b)
{
	return SOCK_STATES_WAITING & SOCK_STATE_BIT(b->state) &&
	       !(SOCK_STATES_WAITING & SOCK_STATE_BIT(a->state));
}

/* Move each record to where its key is. */
static void arrange(struct sock *v, struct sort_key *keys, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (keys[i].place == i)
			continue;
		struct sock first = v[i];
		size_t to = i;
		while (keys[to].place != i) {
			size_t from = keys[to].place;
			v[to] = v[from];
			keys[to].place = to;
			to = from;
		}
		v[to] = first;
		keys[to].place = to;
	}
}

/* Sort by inode, which nearly always decides, and then what has the same one. */
static void sort_records(struct sock *v, size_t len)
{
	struct sort_key *keys = malloc(len * sizeof(*keys));

	for (size_t i = 0; keys && i < len; i++)
		keys[i] = (struct sort_key){v[i].inode, i};
	if (!keys || sort_keys(keys, len) < 0) {
		free(keys);
		qsort(v, len, sizeof(*v), compare_sock);
		return;
	}
	arrange(v, keys, len);
	free(keys);
	for (size_t i = 0, end; i < len; i = end) {
		end = i + 1;
		while (end < len && v[end].inode == v[i].inode)
			end++;
		if (end - i > 1)
			qsort(v + i, end - i, sizeof(*v), compare_sock);
	}
}

void sock_table_sort(struct sock_table *t)
{
	size_t kept = 0;

	if (t->len == 0)
		return;
	sort_records(t->v, t->len);
	for (size_t i = 1; i < t->len; i++) {
		if (!is_repeated(&t->v[kept], &t->v[i]))
			t->v[++kept] = t->v[i];
		else if (is_newer(&t->v[i], &t->v[kept]))
			t->v[kept] = t->v[i];
	}
	t->len = kept + 1;
}

struct sock *sock_table_find(const struct sock_table *t, uint64_t inode)
{
	size_t lo = 0, hi = t->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (t->v[mid].inode < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->len && t->v[lo].inode == inode ? &t->v[lo] : NULL;
}

const char *sock_proto_name(enum sock_proto proto)
{
	return protos[proto].name;
}

bool sock_proto_has_table(const char *kernel_name, size_t len)
{
	static const char *const heads[] = {"TCP", "MPTCP", "UDP", "RAW", "SCTP", "UNIX",
					    "NETLINK", "PACKET", "AF_VSOCK", "XDP"};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		size_t n = strlen(heads[i]);
		if (len >= n && memcmp(kernel_name, heads[i], n) == 0)
			return true;
	}
	return false;
}

/* Names compare in any case, with '-' as '_'. */
static bool same_word(const char *word, const char *text, size_t len)
{
	if (strlen(word) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int c = text[i] == '-' ? '_' : toupper((unsigned char)text[i]);
		if (c != toupper((unsigned char)word[i]))
			return false;
	}
	return true;
}

bool sock_proto_parse(const char *name, size_t len, enum sock_proto *out)
{
	for (unsigned i = 0; i < SOCK_PROTO_OTHER; i++) {
		if (same_word(protos[i].name, name, len)) {
			*out = (enum sock_proto)i;
			return true;
		}
	}
	return false;
}

const char *sock_state_name(enum sock_state state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (states[i].state == state && states[i].shown)
			return states[i].name;
	}
	return "";
}

bool sock_state_parse(const char *name, size_t len, enum sock_state *out)
{
	for (size_t i = 1; i < sizeof(states) / sizeof(*states); i++) {
		if (same_word(states[i].name, name, len)) {
			*out = states[i].state;
			return true;
		}
	}
	return false;
}

uint32_t sock_proto_states(enum sock_proto proto)
{
	return protos[proto].states;
}

bool sock_has_name_of(const struct sock *a, const struct sock *b)
{
	bool blurred = a->name_is_exact != b->name_is_exact;
	const struct sock *text = a->name_is_exact ? b : a, *exact = a->name_is_exact ? a : b;

	if (!a->name || !b->name || a->name_len != b->name_len)
		return false;
	for (size_t i = 0; i < a->name_len; i++) {
		if (a->name[i] != b->name[i] &&
		    !(blurred && text->name[i] == '@' && exact->name[i] == '\0'))
			return false;
	}
	return true;
}

uint32_t sock_timer_seconds(const struct sock *s)
{
	return s->timer_ms / 1000 + (s->timer_ms % 1000 != 0);
}

bool sock_is_unaccepted(const struct sock *s)
{
	if (s->inode != 0)
		return false;
	if (s->proto == SOCK_PROTO_UNIX)
		return s->state == SOCK_STATE_CONNECTING;
	/* close(2) moves a socket out of these states, so without a file it
	 * is still in its listener's queue (inet_csk_accept). */
	return (s->proto == SOCK_PROTO_TCP || s->proto == SOCK_PROTO_MPTCP) &&
	       (s->state == SOCK_STATE_ESTABLISHED || s->state == SOCK_STATE_CLOSE_WAIT ||
	        s->state == SOCK_STATE_SYN_RECV);
}

bool sock_is_orphan(const struct sock *s)
{
	return s->inode == 0 && s->proto == SOCK_PROTO_TCP && s->timer != SOCK_TIMER_TIME_WAIT &&
	       s->state != SOCK_STATE_LISTEN && !sock_is_unaccepted(s);
}

static bool same_ends(const struct sock *a, const struct sock *b)
{
	return a->inode == b->inode && a->netns == b->netns && a->role == b->role &&
	       a->local.port == b->local.port && a->remote.port == b->remote.port &&
	       compare_ip(&a->local, &b->local) == 0 && compare_ip(&a->remote, &b->remote) == 0;
}

/*
 * A subflow of Multipath TCP is in the TCP table, with the inode of the socket
 * it belongs to (mptcp_subflow_create_socket), or both have none. Is that one
 * in the table, too?
 */
static bool is_told(const struct sock_table *t, const struct sock *subflow)
{
	struct sock key = *subflow;
	size_t lo = 0, hi = t->len;

	key.proto = SOCK_PROTO_MPTCP;
	key.state = 0;
	key.name = NULL;
	key.name_len = 0;
	key.cookie = 0;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (compare_sock(&t->v[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->len && t->v[lo].proto == SOCK_PROTO_MPTCP && same_ends(&t->v[lo], subflow);
}

void sock_table_drop_subflows(struct sock_table *t)
{
	size_t kept = 0;

	if (!(t->protos & SOCK_PROTO_BIT(SOCK_PROTO_MPTCP)))
		return;
	/* Marked first: the search needs the order as it is. */
	for (size_t i = 0; i < t->len; i++) {
		if (t->v[i].proto == SOCK_PROTO_TCP && is_told(t, &t->v[i]))
			t->v[i].role = SOCK_ROLE_NONE;
	}
	for (size_t i = 0; i < t->len; i++) {
		if (t->v[i].role != SOCK_ROLE_NONE)
			t->v[kept++] = t->v[i];
	}
	t->len = kept;
}

bool sock_is_unix_text(const struct sock *s)
{
	return s->proto == SOCK_PROTO_UNIX && (!s->name_is_exact || s->row > 0);
}

bool sock_has_queues(const struct sock *s)
{
	return !s->is_scanned && !sock_is_unix_text(s) &&
	       (s->local.family != AF_UNSPEC || s->proto == SOCK_PROTO_UNIX);
}
