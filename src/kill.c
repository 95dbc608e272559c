/*
 * Ending who holds; see kill.h. First everything is found out, then all holders are
 * signalled or none: half a kill leaves the port busy and somebody dead.
 */
#define _GNU_SOURCE
#include "kill.h"

#include "aftermath.h"
#include "ancestry.h"
#include "buf.h"
#include "confirm.h"
#include "filter.h"
#include "holder.h"
#include "interrupt.h"
#include "join.h"
#include "kill_none.h"
#include "look.h"
#include "msg.h"
#include "netns.h"
#include "netns_enter.h"
#include "place.h"
#include "probe.h"
#include "process.h"
#include "process_text.h"
#include "refusal.h"
#include "signal_name.h"
#include "sock.h"
#include "stats.h"
#include "status.h"
#include "vacancy.h"
#include "victim.h"
#include "word.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { END_MS = 5000 }; /* a process's time to end */

/* One -k under way. */
struct killing {
	const struct kill_request *rq;
	struct row_list chosen; /* whose holders are signalled */
	struct victim_list victims;
	struct place_list places; /* that they hold */
	struct ancestry ancestry;
	struct probe probe;
	struct buf out;
};

/* --- whom --------------------------------------------------------------------- */

/*
 * A connection is not what holds a port: who has one is signalled only if states, or
 * the process itself, were asked for.
 */
static bool takes_connections(const struct filter *f)
{
	bool by_pid = f->processes.includes[PROCESS_KEY_PID] && f->targets.len == 0 &&
		      f->inet_len == 0;

	return f->states.any_included || f->all || by_pid;
}

static bool is_holding(struct filter *f, const struct sock *s)
{
	if (s->proto == SOCK_PROTO_UNIX) /* without a name nothing is held */
		return target_is_holding(s) && s->name && s->name_len > 0;
	/* A datagram socket that is connected is a client's, unless its own port was named. */
	if (s->state == SOCK_STATE_ESTABLISHED && !filter_names_local_port(f, s))
		return false;
	return target_is_holding(s);
}

static int choose(struct killing *k)
{
	const struct row_list *rows = &k->rq->look->rows;
	bool connections = takes_connections(k->rq->filter);

	k->chosen.v = malloc((rows->len + 1) * sizeof(*k->chosen.v));
	if (!k->chosen.v)
		return -ENOMEM;
	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = &rows->v[i];
		if (row->holder && (connections || is_holding(k->rq->filter, row->sock)))
			k->chosen.v[k->chosen.len++] = *row;
	}
	return 0;
}

/* What has to come free; and what its sockets let others do, as long as they can be asked. */
static int list_place(struct killing *k, const struct row *row, bool is_known)
{
	struct netns_list *namespaces = k->rq->namespaces;
	struct netns *ns = netns_list_by_id(namespaces, row->sock->netns);
	struct place *place = NULL;

	int rc = is_holding(k->rq->filter, row->sock)
			 ? place_list_add_sock(&k->places, k->rq->filter, row->sock, &place)
			 : 0;
	if (place && ns && ns != namespaces->v)
		netns_keep(namespaces, ns); /* it may end with its holder */
	if (place && !is_known)
		vacancy_ask(place, row, &k->probe);
	return rc;
}

static int list_places(struct killing *k)
{
	const struct row_list *all = &k->rq->look->rows;
	int rc = 0;

	for (size_t i = 0; i < k->chosen.len && rc == 0; i++) {
		const struct row *row = &k->chosen.v[i];
		rc = list_place(k, row, i > 0 && row[-1].sock == row->sock);
	}
	/* What a hidden process holds was to come free, too (--force). */
	for (size_t i = 0; i < all->len && rc == 0; i++) {
		if (row_is_hidden(&all->v[i]))
			rc = list_place(k, &all->v[i], true);
	}
	return rc;
}

/* --- in words ------------------------------------------------------------------ */

/* What became of a process that was signalled. */
static const char *end_of(const struct victim *v, bool interrupted)
{
	if (v->state == VICTIM_ENDED)
		return ": ended";
	if (interrupted)
		return ": not waited for";
	if (!v->expects_end)
		return "";
	return v->is_stopped ? ": still there, as it is stopped" : ": still there";
}

static void add_outcome(const struct killing *k, const struct victim *v, bool interrupted,
			struct buf *out)
{
	struct buf name = {0};

	process_text_add(v->process, k->rq->escape, &name);
	if (v->state == VICTIM_SENT || v->state == VICTIM_ENDED) {
		signal_name_add(out, k->rq->signal);
		buf_add_str(out, v->killed ? " and SIGKILL sent to " : " sent to ");
		buf_add(out, name.data, name.len);
		buf_add_str(out, end_of(v, interrupted));
	} else if (v->pid == getpid()) {
		buf_add(out, name.data, name.len);
		buf_add_str(out, " is whoport itself: not signalled");
	} else {
		buf_add(out, name.data, name.len);
		buf_add_str(out, v->state == VICTIM_GONE ? " had ended before"
				 : v->state == VICTIM_LET_GO
					 ? " does not hold it any more: not signalled"
					 : " was not signalled");
	}
	if (v->rc < 0 && v->state != VICTIM_GONE && v->state != VICTIM_ENDED) {
		buf_add_str(out, v->state == VICTIM_SENT ? "; SIGKILL: " : ": ");
		buf_add_str(out, strerror(-v->rc));
	}
	buf_add_char(out, '\n');
	buf_free(&name);
}

/* Write what was said so far, unless only PIDs are wanted. A failure stays in the buffer. */
static void flush(struct killing *k)
{
	if (k->rq->quiet)
		buf_free(&k->out);
	buf_write(&k->out, STDOUT_FILENO);
}

static void tell_outcomes(struct killing *k, bool interrupted)
{
	for (size_t i = 0; i < k->victims.len; i++)
		add_outcome(k, &k->victims.v[i], interrupted, &k->out);
	flush(k);
}

static void tell_plan(struct killing *k)
{
	for (size_t i = 0; i < k->victims.len; i++) {
		const struct victim *v = &k->victims.v[i];
		if (v->state != VICTIM_PLANNED)
			continue;
		signal_name_add(&k->out, k->rq->signal);
		buf_add_str(&k->out, " would be sent to ");
		process_text_add(v->process, k->rq->escape, &k->out);
		buf_add_char(&k->out, '\n');
	}
	flush(k);
}

/* The places, if the line to type next is clearer and as good with them. */
static void add_places(const struct killing *k, struct buf *out)
{
	enum { PLACES_MAX = 3 };
	const struct place_list *list = &k->places;

	for (size_t i = 0; i < list->len; i++) {
		uint32_t netns = list->v[i].netns, home = k->rq->namespaces->v->id;
		bool at_home = netns == 0 || netns == home;
		if (list->len > PLACES_MAX || place_is_unix(&list->v[i]) || !at_home)
			return;
	}
	for (size_t i = 0; i < list->len; i++) {
		struct buf place = {0};
		place_add_text(&list->v[i], 0, &place);
		buf_add_char(out, ' ');
		word_add_quoted(out, (struct word){place.data, place.len});
		buf_free(&place);
	}
}

/* `whoport -kKILL -p 811,812 8080/tcp` */
static void add_next_line(const struct killing *k, const char *signal, struct buf *out)
{
	const struct victim_list *list = &k->victims;
	bool first = true;

	buf_add_str(out, k->rq->force ? "whoport --force -k" : "whoport -k");
	buf_add_str(out, signal);
	buf_add_str(out, " -p ");
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].state != VICTIM_SENT)
			continue;
		buf_add_str(out, first ? "" : ",");
		buf_add_dec(out, (uint64_t)list->v[i].pid);
		first = false;
	}
	add_places(k, out);
}

static bool any_stopped(const struct victim_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].is_stopped)
			return true;
	}
	return false;
}

/* True if somebody who lives on was not sent what ends everybody. */
static bool any_kill_refused(const struct victim_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].state == VICTIM_SENT && list->v[i].rc < 0)
			return true;
	}
	return false;
}

static void tell_survivors(const struct killing *k)
{
	size_t count = victim_list_count(&k->victims, VICTIM_SENT);
	struct buf text = {0};

	buf_add_dec(&text, count);
	buf_add_str(&text, count == 1 ? " process has not ended" : " processes have not ended");
	if (any_stopped(&k->victims)) {
		buf_add_str(&text, "; ");
		add_next_line(k, "CONT", &text);
		buf_add_str(&text, " lets what is stopped go on, and end");
	} else if (k->rq->signal != SIGKILL && !k->rq->has_grace) {
		buf_add_str(&text, "; ");
		add_next_line(k, "KILL", &text);
		buf_add_str(&text, " ends what ignores other signals");
	} else if (!any_kill_refused(&k->victims)) {
		buf_add_str(&text, ", not even after SIGKILL: the kernel is busy for it, or "
				   "something traces it");
	}
	msg_note_buf(&text);
}

/* --- how ----------------------------------------------------------------------- */

static bool is_agreed(const struct killing *k)
{
	size_t count = victim_list_count(&k->victims, VICTIM_PLANNED);
	struct buf question = {0};

	buf_add_str(&question, "send ");
	signal_name_add(&question, k->rq->signal);
	buf_add_str(&question, " to ");
	if (count > 1) {
		buf_add_dec(&question, count);
		buf_add_str(&question, " processes");
	}
	for (size_t i = 0; i < k->victims.len && count == 1; i++) {
		if (k->victims.v[i].state == VICTIM_PLANNED)
			process_text_add(k->victims.v[i].process, k->rq->escape, &question);
	}
	bool agreed = confirm_ask(&question);
	buf_free(&question);
	return agreed;
}

/* Whoport's own copies of a socket, inherited, end with it; but it looks again before that. */
static void close_own(const struct killing *k)
{
	for (size_t i = 0; i < k->chosen.len; i++) {
		const struct holder *h = k->chosen.v[i].holder;
		if (h->pid == getpid() && h->kind == HOLDER_FD && h->fd != STDOUT_FILENO &&
		    h->fd != STDERR_FILENO)
			close(h->fd);
	}
}

/* Signal all, wait, and with --grace finish those that stay. Return as victim_list_wait(). */
static int signal_all(struct killing *k)
{
	const struct kill_request *rq = k->rq;
	uint32_t first_ms = rq->has_grace ? rq->grace_ms : END_MS;

	interrupt_catch();
	victim_list_expect(&k->victims, rq->proc_fd, rq->signal);
	if (rq->has_grace) {
		for (size_t i = 0; i < k->victims.len; i++)
			k->victims.v[i].expects_end = true;
	}
	close_own(k);
	victim_list_signal(&k->victims, rq->proc_fd, &k->probe, rq->signal);
	int rc = victim_list_wait(&k->victims, first_ms);
	if (rc == -ETIMEDOUT && rq->has_grace) {
		victim_list_finish(&k->victims);
		rc = victim_list_wait(&k->victims, END_MS);
	}
	victim_list_find_stopped(&k->victims, rq->proc_fd);
	return rc;
}

/* True if somebody was to end and did not. */
static bool any_survivor(const struct killing *k)
{
	for (size_t i = 0; i < k->victims.len; i++) {
		if (k->victims.v[i].state == VICTIM_SENT && k->victims.v[i].expects_end)
			return true;
	}
	return false;
}

/* True if somebody could not be signalled; whoport itself need not be. */
static bool any_refused(const struct killing *k)
{
	for (size_t i = 0; i < k->victims.len; i++) {
		const struct victim *v = &k->victims.v[i];
		if (v->state == VICTIM_SPARED && v->pid != getpid())
			return true;
	}
	return false;
}

/* Look again, unless nobody was meant to end. Return the exit status. */
static int look_again(struct killing *k)
{
	const struct kill_request *rq = k->rq;
	struct aftermath_request after = {
		.looker = rq->looker, .names = rq->names, .namespaces = rq->namespaces,
		.proc_fd = rq->proc_fd, .places = &k->places, .victims = &k->victims,
		.before = rq->look, .ancestry = &k->ancestry, .probe = &k->probe,
		.escape = rq->escape};
	bool spared = any_refused(k), free = true;
	bool survivor = any_survivor(k);

	if (survivor)
		tell_survivors(k);
	if (victim_list_count(&k->victims, VICTIM_SENT) > 0 && !survivor &&
	    victim_list_count(&k->victims, VICTIM_ENDED) == 0)
		return spared ? STATUS_ERROR : STATUS_FOUND; /* a signal that ends nobody */
	int rc = aftermath_tell(&after, &k->out, &free);
	if (interrupt_signal())
		return 128 + interrupt_signal();
	flush(k);
	return rc < 0 || !free || survivor || spared ? STATUS_ERROR : STATUS_FOUND;
}

static int act(struct killing *k)
{
	int rc = list_places(k);
	if (rc == 0)
		rc = signal_all(k);
	/* What has happened is told in any case. */
	tell_outcomes(k, rc == -EINTR);
	if (rc == -EINTR || interrupt_signal())
		return 128 + interrupt_signal();
	if (rc < 0 && rc != -ETIMEDOUT) {
		msg_error("-k", strerror(-rc));
		return STATUS_ERROR;
	}
	return look_again(k);
}

/* How it was made sure that a number is still the same process's. */
static const char *identity_of(const struct victim_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].pin.dir_fd >= 0)
			return "identity: start time and descriptor (no pidfd)";
	}
	return "identity: pidfd and descriptor";
}

/* From the rows to the exit status. */
static int proceed(struct killing *k)
{
	const struct kill_request *rq = k->rq;

	int rc = rq->print(rq->print_ctx, rq->quiet ? &k->chosen : &rq->look->rows);
	if (rc < 0) {
		struct buf reason = {0};
		buf_add_str(&reason, strerror(-rc));
		buf_add_str(&reason, "; nothing was signalled");
		buf_add_char(&reason, '\0');
		msg_error("standard output", reason.error ? strerror(-rc) : reason.data);
		buf_free(&reason);
		return STATUS_ERROR;
	}
	if (k->chosen.len == 0)
		return kill_none_tell(rq);
	ancestry_load(&k->ancestry, rq->proc_fd);
	rc = victim_list_build(&k->victims, rq->proc_fd, &k->chosen);
	if (rc < 0) {
		msg_error("-k", strerror(-rc));
		return STATUS_ERROR;
	}
	if (rq->stats)
		rq->stats->note = identity_of(&k->victims);
	if (!refusal_is_none(rq, &k->victims, &k->ancestry))
		return STATUS_ERROR;
	if (rq->dry_run) {
		tell_plan(k);
		return STATUS_FOUND;
	}
	if (rq->ask && !is_agreed(k)) {
		msg_note("nothing was signalled");
		return STATUS_ERROR;
	}
	return act(k);
}

int kill_holders(const struct kill_request *rq)
{
	struct killing k = {.rq = rq};

	signal(SIGPIPE, SIG_IGN); /* what was done is to be told to the end */
	int rc = choose(&k);
	int status = rc == 0 ? proceed(&k) : STATUS_ERROR;
	if (rc < 0)
		msg_error("-k", strerror(-rc));
	if (k.out.error < 0) {
		msg_unwritten(k.out.error);
		status = interrupt_signal() ? status : STATUS_ERROR;
	}
	probe_free(&k.probe);
	victim_list_free(&k.victims);
	place_list_free(&k.places);
	row_list_free(&k.chosen);
	buf_free(&k.out);
	return status;
}
