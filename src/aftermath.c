/* Free, or held again? See aftermath.h. */
#define _GNU_SOURCE
#include "aftermath.h"

#include "ancestry.h"
#include "buf.h"
#include "column.h"
#include "filter.h"
#include "interrupt.h"
#include "look.h"
#include "netns.h"
#include "place.h"
#include "process.h"
#include "process_text.h"
#include "sock.h"
#include "unit.h"
#include "vacancy.h"
#include "victim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	RETURN_MS = 300, /* a supervisor's time to start a holder anew; systemd waits 100 */
	CLOSE_MS = 500,  /* the kernel's time to close what an io_uring has held */
	SEND_MS = 100,   /* until the other end acknowledges: its delay is 40 (TCP_DELACK_MIN) */
	STEP_MS = 20,
};

/* --- who may come back ------------------------------------------------------ */

static struct word cgroup_of(const struct process *p)
{
	return (struct word){p->cgroup, p->cgroup ? strlen(p->cgroup) : 0};
}

/* The systemd service that a process belongs to; a scope is not started again. */
static bool find_service(const struct process *p, struct word *out)
{
	return unit_find(cgroup_of(p), out) && unit_is_service(*out);
}

static const struct process *load_process(struct process_table *t, int proc_fd, pid_t pid)
{
	return pid > 0 && process_table_load(t, proc_fd, pid, PROCESS_STAT | PROCESS_CGROUP) > 0
		       ? &t->v[t->len - 1]
		       : NULL;
}

static bool is_victim(const struct victim_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].pid == pid)
			return true;
	}
	return false;
}

/* Was an ended process started by somebody who lives on and is not where we come from? */
static bool is_supervised(const struct aftermath_request *rq, const struct process *p,
			  const struct process *us)
{
	struct process_table parent = {0};
	struct word service, ours;

	if (find_service(p, &service)) {
		bool same = us && find_service(us, &ours) && ours.len == service.len &&
			    memcmp(ours.text, service.text, ours.len) == 0;
		if (!same)
			return true;
	}
	if (p->ppid <= 1 || p->ppid == getpid() || ancestry_has(rq->ancestry, p->ppid) ||
	    is_victim(rq->victims, p->ppid))
		return false;
	bool lives = load_process(&parent, rq->proc_fd, p->ppid) != NULL;
	process_table_free(&parent);
	return lives;
}

static bool may_return(const struct aftermath_request *rq, const struct process *us)
{
	bool may = false;

	for (size_t i = 0; i < rq->victims->len && !may; i++) {
		const struct victim *v = &rq->victims->v[i];
		may = v->state == VICTIM_ENDED && is_supervised(rq, v->process, us);
	}
	return may;
}

/* --- the look --------------------------------------------------------------- */

static bool is_of_victim(const struct aftermath_request *rq, const struct sock *s)
{
	for (size_t i = 0; i < rq->victims->len; i++) {
		const struct victim *v = &rq->victims->v[i];
		for (size_t k = 0; k < v->rows_len; k++) {
			if (s->inode != 0 && v->rows[k].sock->inode == s->inode)
				return true;
		}
	}
	return false;
}

/* Was it there when the victims were found, whoever holds it? */
static bool is_of_before(const struct aftermath_request *rq, const struct sock *s)
{
	for (size_t i = 0; i < rq->before->rows.len; i++) {
		if (s->inode != 0 && rq->before->rows.v[i].sock->inode == s->inode)
			return true;
	}
	return false;
}

/* What a look found, in short. */
struct finding {
	bool any_held;
	bool any_closing; /* held by nobody that can be named: the same socket as before */
	bool any_sending; /* a closed connection whose last state is still to come */
};

static struct finding judge_all(const struct aftermath_request *rq, const struct look *look)
{
	struct finding f = {false, false, false};

	for (size_t i = 0; i < rq->places->len; i++) {
		struct vacancy v;
		vacancy_judge(&rq->places->v[i], look, NULL, &v);
		f.any_held |= v.kind == VACANCY_HELD;
		f.any_closing |= v.kind == VACANCY_HELD && !v.held->holder &&
				 is_of_victim(rq, v.held->sock);
		f.any_sending |= !v.held && v.rest && v.rest->reason == REASON_ORPHAN;
	}
	return f;
}

static int look_until_settled(const struct aftermath_request *rq, const struct process *us,
			      struct filter *filter, struct look *out)
{
	bool may = may_return(rq, us);
	uint64_t start = interrupt_now_ms();

	for (;;) {
		int rc = rq->looker->look(rq->looker->ctx, filter, PROCESS_STAT | PROCESS_CGROUP,
					  out);
		if (rc < 0)
			return rc;
		struct finding f = judge_all(rq, out);
		uint64_t spent = interrupt_now_ms() - start;
		bool wait = (f.any_closing && spent < CLOSE_MS) ||
			    (f.any_sending && spent < SEND_MS) ||
			    (may && !f.any_held && spent < RETURN_MS);
		if (!wait)
			return 0;
		rc = interrupt_poll(NULL, 0, STEP_MS);
		if (rc < 0)
			return rc;
		look_free(out);
	}
}

/* --- in words ---------------------------------------------------------------- */

/* Held still, again, or by somebody who was there before and was not chosen? */
static const char *verb_of(const struct aftermath_request *rq, const struct vacancy *v,
			   const struct process *us)
{
	if (v->kind != VACANCY_HELD)
		return "";
	if (is_of_before(rq, v->held->sock))
		return "still held";
	return v->held->process && us && v->held->process->start_ticks >= us->start_ticks
		       ? "held again"
		       : "held";
}

/* `; started by sh,4100`, `; of x.service: systemctl stop x.service` */
static void add_origin(const struct aftermath_request *rq, const struct process *p,
		       struct buf *out)
{
	struct process_table table = {0};
	struct word service;

	if (find_service(p, &service)) {
		buf_add_str(out, "; ");
		unit_add_stop(out, unit_is_of_user(cgroup_of(p)), service);
		buf_add_str(out, " keeps it down");
		return;
	}
	const struct process *parent = p->ppid > 1 ? load_process(&table, rq->proc_fd, p->ppid)
						   : NULL;
	if (parent) {
		buf_add_str(out, "; started by ");
		process_text_add(parent, rq->escape, out);
	}
	process_table_free(&table);
}

/* Without rights there is a way into a namespace only while its processes live. */
static bool is_in_view(const struct aftermath_request *rq, const struct place *place)
{
	const struct netns *ns = netns_list_find(rq->namespaces, place->netns);

	return !ns || ns->is_asked;
}

static bool add_lines(const struct aftermath_request *rq, const struct process *us,
		      const struct look *look, struct buf *out)
{
	struct column_style style = {.names = rq->names, .namespaces = rq->namespaces,
				     .escape = rq->escape};
	bool free = true;

	for (size_t i = 0; i < rq->places->len; i++) {
		const struct place *place = &rq->places->v[i];
		struct vacancy v;

		if (!is_in_view(rq, place)) {
			place_add_text(place, rq->escape, out);
			buf_add_str(out, ": there is no way into its network namespace any more\n");
			continue;
		}
		vacancy_judge(place, look, rq->probe, &v);
		const char *verb = verb_of(rq, &v, us);
		vacancy_add_text(&v, place, look, &style, verb, out);
		if (strcmp(verb, "held again") == 0)
			add_origin(rq, v.held->process, out);
		buf_add_char(out, '\n');
		free &= vacancy_is_done(&v);
	}
	return free;
}

/* A holder may have been found in a namespace that was not asked for. */
static void ask_namespaces(const struct aftermath_request *rq)
{
	for (size_t i = 0; i < rq->places->len; i++) {
		struct netns *ns = netns_list_by_id(rq->namespaces, rq->places->v[i].netns);
		if (ns && (ns == rq->namespaces->v || ns->fd >= 0))
			ns->is_asked = true;
	}
}

int aftermath_tell(const struct aftermath_request *rq, struct buf *out, bool *out_free)
{
	struct process_table table = {0};
	struct filter filter = {0};
	struct look look = {0};

	*out_free = true;
	if (rq->places->len == 0)
		return 0;
	ask_namespaces(rq);
	const struct process *us = load_process(&table, rq->proc_fd, getpid());
	int rc = place_list_make_filter(rq->places, rq->names, &filter);
	if (rc == 0)
		rc = look_until_settled(rq, us, &filter, &look);
	if (rc == 0)
		*out_free = add_lines(rq, us, &look, out);
	look_free(&look);
	filter_free(&filter);
	process_table_free(&table);
	return rc;
}
