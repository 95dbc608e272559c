/*
 * Selection; see filter.h. The grammars are target.c's, inet_spec.c's,
 * state_list.c's and process_filter.c's; here they are combined.
 */
#include "filter.h"

#include "end_key.h"
#include "grow.h"
#include "names.h"
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void filter_free(struct filter *f)
{
	target_list_free(&f->targets);
	for (size_t i = 0; i < f->inet_len; i++)
		inet_spec_free(&f->inet[i]);
	free(f->inet);
	process_filter_free(&f->processes);
	free(f->items);
	*f = (struct filter){0};
}

static int add_item(struct filter *f, enum filter_kind kind, const char *text, size_t len,
		    size_t *out_item)
{
	void *v = grow(f->items, f->items_len, &f->items_cap, sizeof(*f->items));

	if (!v)
		return -ENOMEM;
	f->items = v;
	*out_item = f->items_len;
	f->items[f->items_len++] = (struct filter_item){.kind = kind, .text = text, .len = len};
	return 0;
}

/* Items of a -i value: each range of its ports, or the word. */
static int add_inet(struct filter *f, const char *word, const char **out_why)
{
	void *v = grow(f->inet, f->inet_len, &f->inet_cap, sizeof(*f->inet));
	if (!v)
		return -ENOMEM;
	f->inet = v;

	struct inet_spec *spec = &f->inet[f->inet_len];
	int rc = inet_spec_parse(f->names, word, strlen(word), spec, out_why);
	f->inet_len++;
	for (size_t i = 0; rc == 0 && i < spec->ports.len; i++) {
		struct port_range *range = &spec->ports.v[i];
		/* One name can have two ports: one item. */
		if (i > 0 && range->text == range[-1].text)
			range->item = range[-1].item;
		else
			rc = add_item(f, FILTER_INET, range->text, range->text_len, &range->item);
	}
	if (rc == 0 && spec->ports.len == 0)
		rc = add_item(f, FILTER_INET, word, strlen(word), &spec->item);
	return rc;
}

static enum process_key key_of(enum filter_kind kind)
{
	switch (kind) {
	case FILTER_PID:
		return PROCESS_KEY_PID;
	case FILTER_PGID:
		return PROCESS_KEY_PGID;
	case FILTER_USER:
		return PROCESS_KEY_USER;
	case FILTER_COMMAND:
		return PROCESS_KEY_COMMAND;
	default:
		return PROCESS_KEY_FD;
	}
}

/* A comma-separated list; a command may hold commas. */
static int add_processes(struct filter *f, enum filter_kind kind, const char *word,
			 const char **out_why)
{
	for (;;) {
		size_t len = kind == FILTER_COMMAND ? strlen(word) : strcspn(word, ",");
		size_t item = SIZE_MAX;
		int rc = 0;

		if (*word != '^')
			rc = add_item(f, kind, word, len, &item);
		if (rc == 0)
			rc = process_filter_add(&f->processes, key_of(kind), word, len, item,
						out_why);
		if (rc < 0 || word[len] == '\0')
			return rc;
		word += len + 1;
	}
}

int filter_add(struct filter *f, enum filter_kind kind, const char *word, const char **out_why)
{
	size_t item;
	int rc;

	switch (kind) {
	case FILTER_TARGET:
		rc = add_item(f, kind, word, strlen(word), &item);
		return rc < 0 ? rc : target_list_add(&f->targets, f->names, word, item, out_why);
	case FILTER_INET:
		return add_inet(f, word, out_why);
	case FILTER_STATE:
		f->states_given = true;
		return state_list_add(&f->states, word, out_why);
	default:
		return add_processes(f, kind, word, out_why);
	}
}

int filter_add_target(struct filter *f, const struct target *t)
{
	size_t item;
	int rc = add_item(f, FILTER_TARGET, "", 0, &item);

	return rc < 0 ? rc : target_list_add_copy(&f->targets, t, item);
}

/* AF_UNSPEC for kinds that have neither addresses nor names of ours. */
static sa_family_t family_of(const struct sock *s)
{
	return s->proto == SOCK_PROTO_UNIX ? AF_UNIX : s->local.family;
}

/* -s without anything else means internet sockets, or the protocols it names. */
static bool states_select(const struct filter *f, enum sock_proto proto)
{
	return (SOCK_PROTOS_INET | f->states.protos) & SOCK_PROTO_BIT(proto);
}

/* Without any selection: what waits for others to connect. */
static bool is_waiting(enum sock_proto proto, enum sock_state state)
{
	if (proto == SOCK_PROTO_TCP || proto == SOCK_PROTO_MPTCP || proto == SOCK_PROTO_SCTP)
		return state == SOCK_STATE_LISTEN || state == SOCK_STATE_BOUND;
	return (proto == SOCK_PROTO_UDP || proto == SOCK_PROTO_UDPLITE) &&
	       state == SOCK_STATE_UNCONNECTED;
}

/* What a kind of socket must be, addresses and ports aside; targets too. */
static bool allows_class(const struct filter *f, enum sock_proto proto, sa_family_t family,
			 enum sock_state state)
{
	if (!state_list_match(&f->states, proto, state))
		return false;
	if (f->inet_len > 0 || f->unix_wanted) {
		bool allowed = f->unix_wanted && proto == SOCK_PROTO_UNIX;
		for (size_t i = 0; i < f->inet_len && !allowed; i++)
			allowed = inet_spec_allows(&f->inet[i], proto, family);
		return allowed;
	}
	if (f->ends)
		return f->ends->protos & SOCK_PROTO_BIT(proto);
	if (f->targets.len > 0 || f->all || process_filter_chooses(&f->processes))
		return true;
	return f->states_given ? states_select(f, proto) : is_waiting(proto, state);
}

/* Call for each kind of socket there is until one answers true. */
static bool any_class(const struct filter *f, enum sock_proto proto, const struct target *t)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6, AF_UNIX, AF_UNSPEC};
	bool is_inet = SOCK_PROTO_BIT(proto) & SOCK_PROTOS_INET;

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		bool fits = is_inet ? i < 2 : families[i] == (proto == SOCK_PROTO_UNIX ? AF_UNIX : AF_UNSPEC);
		if (!fits)
			continue;
		for (unsigned state = 0; state < SOCK_STATE_COUNT; state++) {
			if (sock_proto_states(proto) & SOCK_STATE_BIT(state) &&
			    allows_class(f, proto, families[i], (enum sock_state)state) &&
			    (!t || target_allows(t, proto, families[i])))
				return true;
		}
	}
	return false;
}

static bool can_match(const struct filter *f, const struct target *t)
{
	for (unsigned proto = 0; proto < SOCK_PROTO_OTHER; proto++) {
		if (any_class(f, (enum sock_proto)proto, t))
			return true;
	}
	return false;
}

int filter_finish(struct filter *f, const char **out_object, const char **out_why)
{
	target_list_sort(&f->targets);
	*out_why = "can never match together with the other selections";
	for (size_t i = 0; i < f->targets.len; i++) {
		*out_object = f->items[f->targets.v[i].item].text;
		if (!can_match(f, &f->targets.v[i]))
			return -EINVAL;
	}
	*out_object = "selection";
	*out_why = "no socket can match all of it";
	if (!can_match(f, NULL))
		return -EINVAL;
	*out_why = "the same value is both asked for and left out";
	return process_filter_is_contradictory(&f->processes) ? -EINVAL : 0;
}

bool filter_names_something(const struct filter *f)
{
	return f->targets.len > 0 || f->inet_len > 0 || f->unix_wanted ||
	       f->processes.includes[PROCESS_KEY_PID];
}

bool filter_is_everything(const struct filter *f)
{
	bool narrowed = f->targets.len > 0 || f->states.any_included;

	for (size_t i = 0; i < f->inet_len; i++)
		narrowed |= f->inet[i].ports.len > 0 || f->inet[i].hosts_len > 0;
	for (unsigned key = 0; key < PROCESS_KEY_COUNT; key++)
		narrowed |= f->processes.includes[key];
	return !narrowed;
}

unsigned filter_facts(const struct filter *f)
{
	for (size_t i = 0; i < f->processes.len; i++) {
		if (f->processes.v[i].key == PROCESS_KEY_PGID)
			return PROCESS_STAT;
	}
	return 0;
}

unsigned filter_protos(const struct filter *f)
{
	unsigned protos = 0;

	for (unsigned proto = 0; proto < SOCK_PROTO_OTHER; proto++) {
		bool wanted = f->targets.len == 0 && any_class(f, (enum sock_proto)proto, NULL);
		for (size_t i = 0; i < f->targets.len && !wanted; i++)
			wanted = any_class(f, (enum sock_proto)proto, &f->targets.v[i]);
		if (wanted)
			protos |= SOCK_PROTO_BIT(proto);
	}
	return protos;
}

bool filter_wants_every_socket(const struct filter *f)
{
	return f->targets.len == 0 && f->inet_len == 0 && !f->unix_wanted && !f->states_given &&
	       (f->all || process_filter_chooses(&f->processes));
}

bool filter_limits_scan(const struct filter *f)
{
	return f->processes.includes[PROCESS_KEY_PID] || f->processes.includes[PROCESS_KEY_PGID] ||
	       f->processes.includes[PROCESS_KEY_COMMAND];
}

bool filter_wants_unheld(const struct filter *f)
{
	return !filter_limits_scan(f) && !f->processes.includes[PROCESS_KEY_FD];
}

bool filter_wants_process(const void *filter, const struct process *p)
{
	const struct filter *f = filter;

	return process_filter_match(&f->processes, p, -1);
}

static bool inet_match(const struct filter *f, const struct inet_spec *spec,
		       const struct port_range *range, const struct sock *s)
{
	bool local_only = f->local_ports && !f->states.any_included && spec->hosts_len == 0 &&
			  spec->ports.len > 0;

	return inet_spec_match(spec, range, s, local_only);
}

/* All that is decided by the socket alone, but for targets. */
static bool match_sock(const struct filter *f, const struct sock *s)
{
	if (!allows_class(f, (enum sock_proto)s->proto, family_of(s), (enum sock_state)s->state))
		return false;
	if (f->inet_len == 0 || s->proto == SOCK_PROTO_UNIX)
		return true;
	for (size_t i = 0; i < f->inet_len; i++) {
		if (inet_match(f, &f->inet[i], NULL, s))
			return true;
	}
	return false;
}

/* A listener that is not selected may be asked who holds its queue. */
static enum sock_role witness_or_none(struct filter *f, const struct sock *s)
{
	static const enum sock_state queued[] = {
		SOCK_STATE_ESTABLISHED, SOCK_STATE_SYN_RECV, SOCK_STATE_CLOSE_WAIT,
		SOCK_STATE_CONNECTING};
	enum sock_proto proto = (enum sock_proto)s->proto;
	size_t cursor = 0;

	if (s->state != SOCK_STATE_LISTEN || !filter_wants_unheld(f) ||
	    (f->targets.len > 0 && !target_list_next(&f->targets, s, &cursor)))
		return SOCK_ROLE_NONE;
	for (size_t i = 0; i < sizeof(queued) / sizeof(*queued); i++) {
		if (sock_proto_states(proto) & SOCK_STATE_BIT(queued[i]) &&
		    (allows_class(f, proto, family_of(s), queued[i]) ||
		     /* a dual-stack listener's connections may be IPv4 */
		     (s->local.family == AF_INET6 && allows_class(f, proto, AF_INET, queued[i]))))
			return SOCK_ROLE_WITNESS;
	}
	return SOCK_ROLE_NONE;
}

/* Targets that a socket matches, though other selections leave it out. */
static void note_seen(struct filter *f, const struct sock *s)
{
	size_t cursor = 0;

	for (struct target *t; (t = target_list_next(&f->targets, s, &cursor));)
		f->items[t->item].seen = true;
}

enum sock_role filter_classify(struct filter *f, const struct sock *s)
{
	if (f->ends && end_set_match(f->ends, s))
		return SOCK_ROLE_WANTED;
	if (f->ends || !match_sock(f, s)) {
		note_seen(f, s);
		return witness_or_none(f, s);
	}
	if (f->targets.len == 0)
		return SOCK_ROLE_WANTED;

	bool every_state = f->all || f->states_given, holding = target_is_holding(s);
	unsigned bit = SOCK_PROTO_BIT(s->proto);
	enum sock_role role = SOCK_ROLE_NONE;
	size_t cursor = 0;
	for (struct target *t; (t = target_list_next(&f->targets, s, &cursor));) {
		f->items[t->item].seen = true;
		if (holding)
			t->held |= bit;
		if (holding || every_state)
			role = SOCK_ROLE_WANTED;
		else if (role == SOCK_ROLE_NONE && !(t->held & bit))
			role = SOCK_ROLE_LATER;
	}
	return role == SOCK_ROLE_NONE ? witness_or_none(f, s) : role;
}

bool filter_settle(struct filter *f, const struct sock *s)
{
	size_t cursor = 0;

	for (struct target *t; (t = target_list_next(&f->targets, s, &cursor));) {
		if (!(t->held & SOCK_PROTO_BIT(s->proto)))
			return true;
	}
	return false;
}

static bool allows_state(const struct filter *f, enum sock_proto proto, enum sock_state state)
{
	if (!(SOCK_PROTO_BIT(proto) & SOCK_PROTOS_INET))
		return true;
	return allows_class(f, proto, AF_INET, state) || allows_class(f, proto, AF_INET6, state);
}

/* True if of some target more is wanted than what holds its port. */
static bool wants_rest(const struct filter *f, enum sock_proto proto)
{
	unsigned bit = SOCK_PROTO_BIT(proto);

	if (f->targets.len == 0 || f->all || f->states_given)
		return true;
	for (size_t i = 0; i < f->targets.len; i++) {
		if (f->targets.v[i].protos & bit && !(f->targets.v[i].held & bit))
			return true;
	}
	return false;
}

uint32_t filter_wants_states(const struct filter *f, enum sock_proto proto)
{
	bool tcp = proto == SOCK_PROTO_TCP || proto == SOCK_PROTO_MPTCP;
	uint32_t states = 0, all = sock_proto_states(proto);

	for (unsigned state = 0; state < SOCK_STATE_COUNT; state++) {
		if (all & SOCK_STATE_BIT(state) && allows_state(f, proto, (enum sock_state)state))
			states |= SOCK_STATE_BIT(state);
	}
	if (tcp && !wants_rest(f, proto))
		states &= SOCK_STATES_WAITING;
	/* Listeners are witnesses of connections that are not accepted yet. */
	if (tcp && states & ~SOCK_STATES_WAITING)
		states |= SOCK_STATE_BIT(SOCK_STATE_LISTEN);
	return states;
}

size_t filter_wants_ports(const struct filter *f, enum sock_proto proto, uint16_t *out, size_t max)
{
	unsigned bit = SOCK_PROTO_BIT(proto);
	bool every_state = f->all || f->states_given;
	size_t count = 0;

	for (size_t i = 0; i < f->targets.len; i++) {
		const struct target *t = &f->targets.v[i];
		bool known = false;

		if (!(t->protos & bit) || (!every_state && t->held & bit))
			continue;
		if (t->lo != t->hi)
			return 0;
		for (size_t j = 0; j < count; j++)
			known |= out[j] == t->lo;
		if (!known && count == max)
			return 0;
		if (!known)
			out[count++] = t->lo;
	}
	return count;
}

bool filter_names_local_port(struct filter *f, const struct sock *s)
{
	size_t cursor = 0;

	for (size_t i = 0; i < f->inet_len; i++) {
		if (f->inet[i].ports.len > 0 && inet_spec_match(&f->inet[i], NULL, s, true))
			return true;
	}
	return target_list_next(&f->targets, s, &cursor) != NULL;
}

bool filter_has_path(const struct filter *f)
{
	for (size_t i = 0; i < f->targets.len; i++) {
		if (target_is_path(&f->targets.v[i]))
			return true;
	}
	return false;
}

bool filter_match_target(struct filter *f, const struct sock *s)
{
	size_t cursor = 0;

	return f->targets.len == 0 || target_list_next(&f->targets, s, &cursor);
}

void filter_restart(struct filter *f, unsigned protos)
{
	for (size_t i = 0; i < f->targets.len; i++)
		f->targets.v[i].held &= ~protos;
}

void filter_forget(struct filter *f)
{
	for (size_t i = 0; i < f->items_len; i++) {
		struct filter_item *item = &f->items[i];
		item->found_before |= item->found;
		item->found = item->seen = false;
	}
}

bool filter_wants_only_fds(const struct filter *f)
{
	return process_filter_is_fds_only(&f->processes);
}

bool filter_wants_mappings(const struct filter *f)
{
	return f->processes.includes[PROCESS_KEY_FD] && !filter_wants_only_fds(f);
}

bool filter_match_holder(const struct filter *f, const struct process *p, int fd)
{
	return process_filter_match(&f->processes, p, fd);
}

bool filter_match_unheld(const struct filter *f, const struct sock *s)
{
	return process_filter_match_unheld(&f->processes, s->uid, s->uid_known);
}

bool filter_misses_port(const struct filter *f, size_t item)
{
	const struct filter_item *i = &f->items[item];

	if (i->found || i->seen)
		return false;
	if (i->kind == FILTER_INET)
		return true;
	for (size_t k = 0; k < f->targets.len; k++) {
		const struct target *t = &f->targets.v[k];
		if (t->item == item) /* a path is looked for everywhere */
			return !t->name || t->name_len == 0 || *t->name == '\0';
	}
	return false;
}

bool filter_misses_target(const struct filter *f)
{
	for (size_t i = 0; i < f->targets.len; i++) {
		if (!f->items[f->targets.v[i].item].seen)
			return true;
	}
	return false;
}

void filter_mark_found(struct filter *f, const struct sock *s, const struct process *p, int fd)
{
	size_t cursor = 0;

	for (struct target *t; (t = target_list_next(&f->targets, s, &cursor));)
		f->items[t->item].found = true;
	for (size_t i = 0; i < f->inet_len; i++) {
		const struct inet_spec *spec = &f->inet[i];
		if (spec->ports.len == 0 && inet_match(f, spec, NULL, s))
			f->items[spec->item].found = true;
		for (size_t j = 0; j < spec->ports.len; j++) {
			if (inet_match(f, spec, &spec->ports.v[j], s))
				f->items[spec->ports.v[j].item].found = true;
		}
	}
	for (size_t i = 0; i < f->processes.len; i++) {
		const struct process_rule *rule = &f->processes.v[i];
		bool by_owner = !p && rule->key == PROCESS_KEY_USER && s->uid_known &&
				s->uid == rule->lo;
		if (!rule->exclude && (by_owner || (p && process_rule_match(rule, p, fd))))
			f->items[rule->item].found = true;
	}
}
