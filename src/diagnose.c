/*
 * Why a bind(2) to a port fails, from a table; see diagnose.h. The first cause that
 * applies makes the headline,
 *
 *     bind() to 8080/tcp as alice fails with EADDRINUSE: nginx,811 listens on *:8080
 *
 * what else is worth knowing are facts (diagnose_fact.c), and diagnose_help.c has the
 * command.
 */
#define _GNU_SOURCE
#include "diagnose.h"

#include "clue.h"
#include "column.h"
#include "diagnose_part.h"
#include "holder.h"
#include "join.h"
#include "names.h"
#include "netns.h"
#include "obstacle_text.h"
#include "place.h"
#include "process.h"
#include "process_text.h"
#include "reason_text.h"
#include "sock.h"
#include "sock_text.h"

#include <errno.h>
#include <string.h>

void diagnosis_free(struct diagnosis *d)
{
	buf_free(&d->headline);
	buf_free(&d->help);
	for (size_t i = 0; i < FACTS_MAX; i++)
		buf_free(&d->facts[i]);
	d->facts_len = 0;
}

struct buf *diagnosis_add_fact(struct diagnosis *d)
{
	return d->facts_len < FACTS_MAX ? &d->facts[d->facts_len++] : NULL;
}

/* --- verdicts ------------------------------------------------------------------- */

enum verdict verdict_of(const struct bind_case *c)
{
	const enum bind_answer *answers = c->answers;

	if (answers[TRY_PLAIN] == BIND_WORKS)
		return VERDICT_WORKS;
	if (answers[TRY_PLAIN] == BIND_DEPENDS && answers[TRY_REUSEADDR] != BIND_WORKS)
		return VERDICT_UNKNOWN;
	if (answers[TRY_REUSEADDR] == BIND_WORKS)
		return VERDICT_REUSEADDR;
	if (answers[TRY_REUSEPORT] == BIND_WORKS)
		return VERDICT_REUSEPORT;
	if (answers[TRY_REUSEADDR] == BIND_DEPENDS)
		return VERDICT_REUSEADDR_DEPENDS;
	return answers[TRY_REUSEPORT] == BIND_DEPENDS ? VERDICT_REUSEPORT_DEPENDS : VERDICT_FAILS;
}

static const char *error_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{EACCES, "EACCES"}, {EADDRINUSE, "EADDRINUSE"}, {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
		{EAFNOSUPPORT, "EAFNOSUPPORT"}, {EINVAL, "EINVAL"}, {ENOENT, "ENOENT"},
		{ENOTDIR, "ENOTDIR"}, {EROFS, "EROFS"}, {ELOOP, "ELOOP"},
		{ENAMETOOLONG, "ENAMETOOLONG"}, {EPERM, "EPERM"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return strerror(error);
}

void diagnosis_add_verdict(const struct diagnose_context *ctx, const struct place *place,
			   uint32_t uid, struct diagnosis *d)
{
	static const char *const words[] = {
		[VERDICT_WORKS] = " works",
		[VERDICT_REUSEADDR] = " works only with SO_REUSEADDR",
		[VERDICT_REUSEPORT] = " works only with SO_REUSEPORT",
		[VERDICT_REUSEADDR_DEPENDS] =
			" works only with SO_REUSEADDR, if what is there has it set, too",
		[VERDICT_REUSEPORT_DEPENDS] =
			" works only with SO_REUSEPORT, if what is there has it set, too",
		[VERDICT_FAILS] = " fails with ",
		[VERDICT_UNKNOWN] = " cannot be judged",
	};
	const char *user = names_user_of(ctx->style->names, uid);

	buf_add_str(&d->headline, "bind() to ");
	place_add_text(place, ctx->style->escape, &d->headline);
	buf_add_str(&d->headline, " as ");
	if (user)
		process_text_add_name(user, strlen(user), ctx->style->escape, &d->headline);
	else
		buf_add_dec(&d->headline, uid);
	buf_add_str(&d->headline, words[d->verdict]);
	if (d->verdict == VERDICT_FAILS)
		buf_add_str(&d->headline, error_name(d->error));
}

/* --- causes: what keeps the address ------------------------------------------------- */

static void add_address(const struct telling *t, struct buf *out)
{
	struct addr addr = t->c->barred.addr;

	addr_add_ip(out, &addr, NULL);
}

static bool is_no_ipv6(const struct telling *t)
{
	return t->c->bar == BIND_BAR_NO_IPV6;
}

static void tell_no_ipv6(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "the kernel has no IPv6");
}

static bool is_no_scope(const struct telling *t)
{
	return t->c->bar == BIND_BAR_NO_SCOPE;
}

static void tell_no_scope(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is link-local and needs its interface, as in [fe80::1%eth0]");
}

static bool is_privileged(const struct telling *t)
{
	return t->c->bar == BIND_BAR_PRIVILEGED;
}

static void tell_privileged(const struct telling *t, struct buf *out)
{
	buf_add_str(out, "ports below ");
	buf_add_dec(out, t->c->world->first_free_port);
	buf_add_str(out, " need CAP_NET_BIND_SERVICE");
}

static bool is_not_local(const struct telling *t)
{
	return t->c->bar == BIND_BAR_NOT_LOCAL;
}

static void tell_not_local(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is no address of this network namespace");
}

static bool is_tentative(const struct telling *t)
{
	return t->c->bar == BIND_BAR_TENTATIVE;
}

static void tell_tentative(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is tentative: the kernel still asks the network whether it is taken");
}

static bool is_duplicate(const struct telling *t)
{
	return t->c->bar == BIND_BAR_DUPLICATE;
}

static void tell_duplicate(const struct telling *t, struct buf *out)
{
	add_address(t, out);
	buf_add_str(out, " is not in use here, because another host has it (dadfailed)");
}

static bool is_disabled(const struct telling *t)
{
	return t->c->bar == BIND_BAR_DISABLED;
}

static void tell_disabled(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "IPv6 is switched off here (disable_ipv6)");
}

/* --- causes: who has the port, if it is not just a process --------------------------- */

static bool has_reason(const struct telling *t, enum reason reason)
{
	return t->top && !t->top->row->process && t->top->row->reason == reason &&
	       t->top->row->sock->inode != 0;
}

static bool is_kernels(const struct telling *t)
{
	return has_reason(t, REASON_KERNEL);
}

static void tell_kernels(const struct telling *t, struct buf *out)
{
	const struct clue *clue = t->top->row->clue;

	buf_add_str(out, "the kernel itself has it");
	if (!clue || !*clue->kernel)
		return;
	buf_add_str(out, ", for ");
	process_text_add_name(clue->kernel, strlen(clue->kernel), t->ctx->style->escape, out);
}

/* What a socket does, without its holder: `is listened on`. */
static const char *passive_of(enum obstacle_kind kind)
{
	switch (kind) {
	case OBSTACLE_LISTENER:
		return " is listened on by ";
	case OBSTACLE_BOUND:
	case OBSTACLE_DATAGRAM:
		return " is bound by ";
	default:
		return " is used in a connection by ";
	}
}

static void tell_by(const struct telling *t, const char *who, struct buf *out)
{
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, passive_of(t->top->kind));
	buf_add_str(out, who);
}

static bool is_hidden(const struct telling *t)
{
	return has_reason(t, REASON_PERMISSION);
}

static void add_owner(const struct telling *t, struct buf *out)
{
	const struct sock *s = t->top->row->sock;
	const char *user = s->uid_known ? names_user_of(t->ctx->style->names, s->uid) : NULL;

	if (user)
		process_text_add_name(user, strlen(user), t->ctx->style->escape, out);
	else
		buf_add_dec(out, s->uid);
}

/* `[hidden: permission; unit nginx.service]` */
static void add_reason(const struct telling *t, struct buf *out)
{
	buf_add_str(out, " [");
	reason_text_add(t->ctx->style, t->top->row, out);
	buf_add_char(out, ']');
}

static void tell_hidden(const struct telling *t, struct buf *out)
{
	tell_by(t, "a process that we may not see", out);
	if (t->top->row->sock->uid_known) {
		buf_add_str(out, ", of ");
		add_owner(t, out);
	}
	add_reason(t, out);
}

static bool is_outside(const struct telling *t)
{
	return has_reason(t, REASON_PIDNS);
}

static void tell_outside(const struct telling *t, struct buf *out)
{
	tell_by(t, "a process outside of this pid namespace", out);
}

static bool is_in_flight(const struct telling *t)
{
	return has_reason(t, REASON_IN_FLIGHT);
}

static void tell_in_flight(const struct telling *t, struct buf *out)
{
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, " is kept by a message that nobody has received yet, with its descriptor");
	add_reason(t, out);
}

static bool is_unknown(const struct telling *t)
{
	return has_reason(t, REASON_UNKNOWN);
}

static void tell_unknown(const struct telling *t, struct buf *out)
{
	tell_by(t, "somebody who cannot be named", out);
	add_reason(t, out);
}

static bool is_ring(const struct telling *t)
{
	return t->top && t->top->row->holder && t->top->row->holder->kind == HOLDER_RING;
}

static void tell_ring(const struct telling *t, struct buf *out)
{
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, " in an io_uring, without a descriptor");
}

static bool is_mapping(const struct telling *t)
{
	return t->top && t->top->row->holder && t->top->row->holder->kind == HOLDER_MEM;
}

static void tell_mapping(const struct telling *t, struct buf *out)
{
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, " in a mapping, without a descriptor");
}

static bool is_threads(const struct telling *t)
{
	const struct holder *h = t->top ? t->top->row->holder : NULL;

	return h && h->tid != h->pid;
}

static void tell_threads(const struct telling *t, struct buf *out)
{
	buf_add_str(out, "thread ");
	buf_add_dec(out, (uint64_t)t->top->row->holder->tid);
	buf_add_str(out, " of ");
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " has ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, ", which its main thread has not");
}

/* --- causes: what is done with the port ------------------------------------------------ */

static bool is_kind(const struct telling *t, enum obstacle_kind kind)
{
	return t->top && t->top->kind == kind;
}

/* `nginx,811 listens on *:8080` */
static void tell_active(const struct telling *t, const char *one, const char *several,
			struct buf *out)
{
	unsigned count = obstacle_text_add_who(t->ctx->style, t->c, t->top, out);

	buf_add_str(out, count == 1 ? one : several);
	obstacle_text_add_end(t->ctx->style, t->top, out);
}

/* What holds it for others, as guard.h says it: `docker-proxy,33, the port forwarder ...` */
static bool is_for_others(const struct telling *t)
{
	return t->guard == GUARD_MANAGER || t->guard == GUARD_CONTAINER ||
	       t->guard == GUARD_INIT || t->is_forwarder;
}

static void tell_for_others(const struct telling *t, struct buf *out)
{
	tell_active(t, t->top->kind == OBSTACLE_LISTENER ? " listens on " : " has ",
		    t->top->kind == OBSTACLE_LISTENER ? " listen on " : " have ", out);
	buf_add_str(out, ": ");
	buf_add(out, t->advice.data, t->advice.len);
}

static bool is_listener(const struct telling *t)
{
	return is_kind(t, OBSTACLE_LISTENER);
}

static void tell_listener(const struct telling *t, struct buf *out)
{
	tell_active(t, " listens on ", " listen on ", out);
}

static bool is_bound(const struct telling *t)
{
	return is_kind(t, OBSTACLE_BOUND);
}

static void tell_bound(const struct telling *t, struct buf *out)
{
	tell_active(t, " is bound to ", " are bound to ", out);
	buf_add_str(out, " and does not listen, so that most tools do not show it");
}

static bool is_datagram(const struct telling *t)
{
	return is_kind(t, OBSTACLE_DATAGRAM);
}

static void tell_datagram(const struct telling *t, struct buf *out)
{
	tell_active(t, " receives on ", " receive on ", out);
}

static bool is_self(const struct telling *t)
{
	return is_kind(t, OBSTACLE_SELF);
}

static void tell_self(const struct telling *t, struct buf *out)
{
	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, " is connected to itself through ");
	obstacle_text_add_end(t->ctx->style, t->top, out);
	buf_add_str(out, ": it called the port while nobody listened, from the port itself");
}

static size_t count_kind(const struct telling *t, enum obstacle_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < t->c->len; i++)
		count += t->c->v[i].kind == kind;
	return count;
}

/* `sshd,812 has 127.0.0.1:22->10.0.0.1:5000`; of several the first, and how many there are. */
static void tell_connection(const struct telling *t, const char *as, struct buf *out)
{
	const struct sock *s = t->top->row->sock;
	size_t count = count_kind(t, t->top->kind);

	obstacle_text_add_who(t->ctx->style, t->c, t->top, out);
	buf_add_str(out, as);
	sock_text_add_end(t->ctx->style, s, &s->local, out);
	buf_add_str(out, "->");
	sock_text_add_end(t->ctx->style, s, &s->remote, out);
	if (count > 1) {
		buf_add_str(out, " and ");
		buf_add_dec(out, count - 1);
		buf_add_str(out, " more");
	}
}

static bool is_source(const struct telling *t)
{
	return is_kind(t, OBSTACLE_SOURCE);
}

static void tell_source(const struct telling *t, struct buf *out)
{
	tell_connection(t, " uses it as the source port of its connection ", out);
}

static bool is_accepted(const struct telling *t)
{
	return is_kind(t, OBSTACLE_ACCEPTED);
}

static void tell_accepted(const struct telling *t, struct buf *out)
{
	tell_connection(t, " still has a connection that outlives its listener: ", out);
}

static bool is_connection(const struct telling *t)
{
	return is_kind(t, OBSTACLE_CONNECTION);
}

static void tell_any_connection(const struct telling *t, struct buf *out)
{
	tell_connection(t, " uses it in its connection ", out);
}

static bool is_orphan(const struct telling *t)
{
	return is_kind(t, OBSTACLE_ORPHAN);
}

static void tell_orphan(const struct telling *t, struct buf *out)
{
	const struct sock *s = t->top->row->sock;

	buf_add_str(out, "a closed connection to ");
	sock_text_add_end(t->ctx->style, s, &s->remote, out);
	buf_add_str(out, " has data that was not taken yet (");
	buf_add_str(out, sock_state_name((enum sock_state)s->state));
	buf_add_str(out, ")");
}

static bool is_time_wait(const struct telling *t)
{
	return is_kind(t, OBSTACLE_TIME_WAIT);
}

static void tell_time_wait(const struct telling *t, struct buf *out)
{
	const char *state = sock_state_name((enum sock_state)t->top->row->sock->state);

	buf_add_str(out, *state ? state : "a closed connection");
	buf_add_str(out, " for ");
	obstacle_text_add_time(t->top, out);
	buf_add_str(out, ", left by a connection with ");
	sock_text_add_end(t->ctx->style, t->top->row->sock, &t->top->row->sock->remote, out);
}

/* --- causes: nothing is in the way ------------------------------------------------------- */

static bool is_blind(const struct telling *t)
{
	bool is_tcp = t->c->place->targets.v->protos & SOCK_PROTO_BIT(SOCK_PROTO_TCP);

	return !t->top && t->ctx->misses_bound && is_tcp;
}

static void tell_blind(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "nothing is seen on it, but sockets that are bound and do not listen "
			 "cannot be seen here");
}

static bool is_elsewhere(const struct telling *t)
{
	return !t->top && t->ctx->elsewhere;
}

static void tell_elsewhere(const struct telling *t, struct buf *out)
{
	const struct row *row = t->ctx->elsewhere;
	const struct netns *ns = t->ctx->style->namespaces
		? netns_list_find(t->ctx->style->namespaces, row->sock->netns) : NULL;

	buf_add_str(out, "it is free here; ");
	if (row->process)
		process_text_add(row->process, t->ctx->style->escape, out);
	else
		buf_add_str(out, "somebody");
	buf_add_str(out, " has it in another network namespace");
	if (ns) {
		buf_add_str(out, ", ");
		netns_add_name(out, ns, t->ctx->style->escape);
	}
}

static bool is_aside(const struct telling *t)
{
	return !t->top && t->c->elsewhere > 0;
}

static void tell_aside(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "what is on the port has another address or device");
}

static bool is_free(const struct telling *t)
{
	return !t->top;
}

static void tell_free(const struct telling *t, struct buf *out)
{
	(void)t;
	buf_add_str(out, "nothing is in the way");
}

/* --- the table --------------------------------------------------------------------------- */

static const struct cause {
	const char *name;
	bool (*applies)(const struct telling *t);
	void (*tell)(const struct telling *t, struct buf *out);
} causes[] = {
	{"no-ipv6", is_no_ipv6, tell_no_ipv6},
	{"no-scope", is_no_scope, tell_no_scope},
	{"privileged", is_privileged, tell_privileged},
	{"not-local", is_not_local, tell_not_local},
	{"tentative", is_tentative, tell_tentative},
	{"duplicate", is_duplicate, tell_duplicate},
	{"ipv6-off", is_disabled, tell_disabled},
	{"kernel", is_kernels, tell_kernels},
	{"hidden", is_hidden, tell_hidden},
	{"pid-namespace", is_outside, tell_outside},
	{"in-flight", is_in_flight, tell_in_flight},
	{"unknown", is_unknown, tell_unknown},
	{"ring", is_ring, tell_ring},
	{"mapping", is_mapping, tell_mapping},
	{"for-others", is_for_others, tell_for_others},
	{"thread", is_threads, tell_threads},
	{"listener", is_listener, tell_listener},
	{"bound", is_bound, tell_bound},
	{"datagram", is_datagram, tell_datagram},
	{"self-connect", is_self, tell_self},
	{"source-port", is_source, tell_source},
	{"accepted", is_accepted, tell_accepted},
	{"connection", is_connection, tell_any_connection},
	{"orphan", is_orphan, tell_orphan},
	{"time-wait", is_time_wait, tell_time_wait},
	{"blind", is_blind, tell_blind},
	{"elsewhere", is_elsewhere, tell_elsewhere},
	{"aside", is_aside, tell_aside},
	{"free", is_free, tell_free},
};

static const struct cause *find_cause(const struct telling *t)
{
	const struct cause *cause = causes;

	while (!cause->applies(t))
		cause++; /* the last applies where there is no obstacle, each kind of which has one */
	return cause;
}

void diagnose_ports(const struct diagnose_context *ctx, const struct bind_case *c,
		    struct diagnosis *out)
{
	struct telling t = {.ctx = ctx, .c = c, .top = c->len > 0 ? c->v : NULL};

	diagnose_find_advice(&t);
	const struct cause *cause = find_cause(&t);
	out->cause = cause->name;
	out->verdict = verdict_of(c);
	if (cause->applies == is_blind && out->verdict == VERDICT_WORKS)
		out->verdict = VERDICT_UNKNOWN;
	if (out->verdict != VERDICT_WORKS && out->verdict != VERDICT_UNKNOWN)
		out->error = c->bar != BIND_BAR_NONE ? bind_bar_error(c->bar) : EADDRINUSE;
	diagnosis_add_verdict(ctx, c->place, c->world->uid, out);
	buf_add_str(&out->headline, ": ");
	cause->tell(&t, &out->headline);
	diagnose_add_facts(&t, out);
	diagnose_add_help(&t, &out->help);
	buf_free(&t.advice);
	buf_free(&t.command);
}
