/* Ports and names that come free; see place.h. */
#define _GNU_SOURCE
#include "place.h"

#include "buf.h"
#include "filter.h"
#include "grow.h"
#include "sock_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROTOS_TCP (SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP))

void place_list_free(struct place_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		target_list_free(&list->v[i].targets);
	free(list->v);
	*list = (struct place_list){0};
}

bool place_is_unix(const struct place *p)
{
	return p->targets.v->name != NULL;
}

/* Add a copy of a target to a place, of one port and some protocols. */
static int add_target(struct place *p, const struct target *t, uint16_t port, unsigned protos)
{
	struct target copy = *t;

	copy.lo = copy.hi = port;
	copy.protos = protos;
	copy.held = 0;
	copy.file = (struct sock_file){0}; /* who binds the name anew makes another */
	return target_list_add_copy(&p->targets, &copy, t->item);
}

/* Take a place into the list, also on failure. */
static int add_place(struct place_list *list, struct place *p, struct place **out)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v) {
		target_list_free(&p->targets);
		return -ENOMEM;
	}
	list->v = v;
	list->v[list->len] = *p;
	*out = &list->v[list->len++];
	return 0;
}

/* The protocols that share the numbers of one. */
static unsigned sharing(enum sock_proto proto)
{
	unsigned bit = SOCK_PROTO_BIT(proto);

	return bit & PROTOS_TCP ? PROTOS_TCP : bit;
}

/* The target that a socket takes where no word has named it. */
static struct target own_target(const struct sock *s, char *name)
{
	struct target t = {.addr = s->local, .lo = s->local.port, .file = s->file};

	if (s->proto != SOCK_PROTO_UNIX || !s->name)
		return t;
	memcpy(name, s->name, s->name_len);
	if (!s->name_is_exact && *name == '@')
		*name = '\0'; /* as text shows it */
	t.name = name;
	t.name_len = s->name_len;
	return t;
}

static bool same_target(const struct target *a, const struct target *b)
{
	if (a->name && b->name)
		return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
	return !a->name && !b->name && a->lo == b->lo && addr_equal_ip(&a->addr, &b->addr);
}

static struct place *find(struct place_list *list, const struct target *t, unsigned protos,
			  size_t item, uint32_t netns)
{
	for (size_t i = 0; i < list->len; i++) {
		struct place *p = &list->v[i];
		if (p->item == item && p->netns == netns && p->targets.v->protos == protos &&
		    p->targets.v->lo == t->lo && (item != SIZE_MAX || same_target(p->targets.v, t)))
			return p;
	}
	return NULL;
}

static bool takes_a_place(const struct sock *s)
{
	if (s->proto == SOCK_PROTO_UNIX)
		return s->name && s->name_len > 0 && s->name_len <= 108;
	return SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS && s->local.port != 0;
}

int place_list_add_sock(struct place_list *list, struct filter *filter, const struct sock *s,
			struct place **out)
{
	char name[108];
	size_t cursor = 0;

	*out = NULL;
	if (!takes_a_place(s))
		return 0;
	const struct target *word = target_list_next(&filter->targets, s, &cursor);
	struct target t = word ? *word : own_target(s, name);
	unsigned protos = sharing((enum sock_proto)s->proto);
	struct place p = {.item = word ? word->item : SIZE_MAX,
			  .netns = target_is_path(&t) ? 0 : s->netns, .reuse = -1};

	t.lo = t.name ? 0 : s->local.port;
	*out = find(list, &t, protos, p.item, p.netns);
	if (*out)
		return 0;
	/* It is called by the first: the address that matches, or the path as it was typed. */
	bool first = !word || !word->name;
	int rc = first ? add_target(&p, &t, t.lo, protos) : 0;
	for (size_t i = 0; word && i < filter->targets.len && rc == 0; i++) {
		const struct target *same = &filter->targets.v[i];
		bool known = first && same == word;
		if (!known && same->item == word->item && same->lo <= t.lo && same->hi >= t.lo)
			rc = add_target(&p, same, t.lo, protos);
	}
	if (rc < 0) {
		target_list_free(&p.targets);
		return rc;
	}
	return add_place(list, &p, out);
}

/* An earlier target for the same ports of the same word, or @i; in a sorted list they are near. */
static size_t find_twin(const struct target_list *list, size_t i)
{
	const struct target *t = &list->v[i];

	for (size_t k = i; k-- > 0;) {
		const struct target *u = &list->v[k];
		if (u->item == t->item && u->lo == t->lo && u->hi == t->hi &&
		    u->protos == t->protos && !u->name == !t->name)
			return k;
		if (i < list->singles ? u->lo != t->lo : u->item != t->item)
			break;
	}
	return i;
}

/* Add the places of one target, or let it stand beside its twin's. */
static int add_range(struct place_list *list, const struct target *t, uint32_t netns,
		     size_t first)
{
	int rc = 0;

	for (unsigned port = t->lo; rc == 0 && port <= t->hi; port++) {
		size_t at = first + (port - t->lo);
		struct place p = {.item = t->item, .netns = netns, .reuse = -1};
		struct place *place = at < list->len ? &list->v[at] : NULL;

		if (!place)
			rc = add_place(list, &p, &place);
		if (rc == 0)
			rc = add_target(place, t, (uint16_t)port, t->protos);
	}
	return rc;
}

int place_list_add_targets(struct place_list *list, const struct filter *filter, uint32_t netns)
{
	const struct target_list *targets = &filter->targets;
	size_t *firsts = malloc((targets->len + 1) * sizeof(*firsts)); /* place of each one's lo */
	int rc = firsts ? 0 : -ENOMEM;

	for (size_t i = 0; i < targets->len && rc == 0; i++) {
		const struct target *t = &targets->v[i];
		size_t twin = find_twin(targets, i);
		firsts[i] = twin < i ? firsts[twin] : list->len;
		rc = add_range(list, t, target_is_path(t) ? 0 : netns, firsts[i]);
	}
	free(firsts);
	return rc;
}

static int compare_place(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	if (a->item != b->item)
		return a->item < b->item ? -1 : 1;
	return a->targets.v->lo < b->targets.v->lo ? -1 : a->targets.v->lo > b->targets.v->lo;
}

void place_list_sort(struct place_list *list)
{
	if (list->len > 0)
		qsort(list->v, list->len, sizeof(*list->v), compare_place);
}

bool place_list_find_files(struct place_list *list)
{
	bool any = false;

	for (size_t i = 0; i < list->len; i++) {
		for (size_t k = 0; k < list->v[i].targets.len; k++)
			any |= target_find_file(&list->v[i].targets.v[k]);
	}
	return any;
}

int place_list_make_filter(const struct place_list *list, struct names *names, struct filter *out)
{
	int rc = 0;

	out->names = names;
	out->all = true;
	for (size_t i = 0; i < list->len; i++) {
		for (size_t k = 0; k < list->v[i].targets.len && rc == 0; k++)
			rc = filter_add_target(out, &list->v[i].targets.v[k]);
	}
	target_list_sort(&out->targets);
	return rc;
}

int place_restrict(const struct place *p, unsigned protos, struct place *out)
{
	int rc = 0;

	*out = (struct place){.item = p->item, .netns = p->netns, .reuse = p->reuse};
	for (size_t i = 0; i < p->targets.len && rc == 0; i++) {
		const struct target *t = &p->targets.v[i];
		if (t->protos & protos)
			rc = add_target(out, t, t->lo, t->protos & protos);
	}
	return rc;
}

bool place_match(const struct place *p, const struct sock *s)
{
	if (p->netns != 0 && s->netns != 0 && p->netns != s->netns)
		return false;
	for (size_t i = 0; i < p->targets.len; i++) {
		if (target_match(&p->targets.v[i], s))
			return true;
	}
	return false;
}

/* `tcp`, or NULL where it is not one. */
static const char *proto_of(unsigned protos)
{
	static const struct {
		unsigned protos;
		const char *name;
	} names[] = {
		{PROTOS_TCP, "tcp"},
		{SOCK_PROTO_BIT(SOCK_PROTO_TCP), "tcp"},
		{SOCK_PROTO_BIT(SOCK_PROTO_MPTCP), "mptcp"},
		{SOCK_PROTO_BIT(SOCK_PROTO_UDP), "udp"},
		{SOCK_PROTO_BIT(SOCK_PROTO_UDPLITE), "udplite"},
		{SOCK_PROTO_BIT(SOCK_PROTO_SCTP), "sctp"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].protos == protos)
			return names[i].name;
	}
	return NULL;
}

void place_add_text(const struct place *p, unsigned escape, struct buf *out)
{
	const struct target *t = p->targets.v;
	const char *proto = proto_of(t->protos);

	if (t->name) {
		sock_text_add_exact_name(t->name, t->name_len, escape, out);
		return;
	}
	if (addr_is_wildcard(&t->addr))
		buf_add_str(out, t->addr.family == AF_INET ? "0.0.0.0" : "[::]");
	else if (t->addr.family != AF_UNSPEC)
		addr_add_ip(out, &t->addr, NULL);
	if (t->addr.family != AF_UNSPEC)
		buf_add_char(out, ':');
	buf_add_dec(out, t->lo);
	if (proto) {
		buf_add_char(out, '/');
		buf_add_str(out, proto);
	}
}
