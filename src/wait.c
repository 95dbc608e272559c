/*
 * Until a port is free, or listened on; see wait.h. A round asks for the sockets alone,
 * which takes a millisecond; only when that looks right, who holds them is
 * asked, too, and decides.
 */
#define _GNU_SOURCE
#include "wait.h"

#include "buf.h"
#include "column.h"
#include "filter.h"
#include "holder.h"
#include "interrupt.h"
#include "look.h"
#include "msg.h"
#include "netns.h"
#include "netns_enter.h"
#include "pin.h"
#include "place.h"
#include "probe.h"
#include "process.h"
#include "sock_watch.h"
#include "status.h"
#include "vacancy.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FIRST_MS = 1,  /* between two rounds at first; then twice as long each time */
	STEP_MS = 20,  /* ... up to that */
	NEWS_MS = 250, /* ... where the kernel tells of ends, or where only time helps */
	BURST_MS = 2,  /* a busy host closes thousands of others */
	PINS_MAX = 256,
};

/* One --wait under way. */
struct waiting {
	const struct wait_request *rq;
	struct place_list places;
	struct filter filter;
	struct probe probe;
	struct pollfd fds[PINS_MAX + 1]; /* the news of sockets, then holders; -1: none */
	size_t fds_len;
	bool is_patient; /* nothing is missed by looking seldom */
	uint64_t end_ms;
};

/* --- is it so? ----------------------------------------------------------------- */

/* By sockets alone: true if a closer look is worth it. */
static bool seems_reached(const struct waiting *w, const struct sock_table *socks)
{
	for (size_t i = 0; i < w->places.len; i++) {
		const struct place *place = &w->places.v[i];
		bool held = false, listening = false;

		for (size_t k = 0; k < socks->len && !listening; k++) {
			const struct sock *s = &socks->v[k];
			if (!place_match(place, s))
				continue;
			held |= target_is_holding(s);
			listening |= vacancy_is_listener(s);
		}
		if (w->rq->listen ? !listening : held)
			return false;
	}
	return true;
}

static bool is_reached(struct waiting *w, const struct look *look)
{
	for (size_t i = 0; i < w->places.len; i++) {
		const struct place *place = &w->places.v[i];
		struct vacancy v;

		vacancy_judge(place, look, &w->probe, &v);
		if (w->rq->listen ? !vacancy_is_listening(place, look) : !vacancy_is_free(&v))
			return false;
	}
	return true;
}

/* --- what there is to watch ------------------------------------------------------ */

static void forget_watched(struct waiting *w)
{
	for (size_t i = 0; i < w->fds_len; i++) {
		if (w->fds[i].fd >= 0)
			close(w->fds[i].fd);
	}
	w->fds_len = 0;
}

static void watch(struct waiting *w, int fd)
{
	w->fds[w->fds_len++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Watch the holders, and learn what their sockets let others do while they are there. */
static void watch_holders(struct waiting *w, const struct look *look)
{
	pid_t last = 0;

	for (size_t i = 0; i < look->rows.len; i++) { /* by pid */
		const struct row *row = &look->rows.v[i];
		struct pin pin;

		if (!row->holder || !target_is_holding(row->sock))
			continue;
		for (size_t k = 0; k < w->places.len; k++) {
			if (place_match(&w->places.v[k], row->sock))
				vacancy_ask(&w->places.v[k], row, &w->probe);
		}
		if (row->holder->pid == last || w->fds_len > PINS_MAX || !w->rq->may_pin)
			continue;
		last = row->holder->pid;
		if (pin_process(w->rq->proc_fd, last, row->process->start_ticks, &pin) == 0 &&
		    pin.pidfd >= 0)
			watch(w, pin.pidfd);
		else
			pin_release(&pin);
	}
}

/* The kernel tells of the end of TCP and UDP sockets, in one namespace. */
static int open_news(const struct waiting *w)
{
	struct netns_list *namespaces = w->rq->namespaces;

	for (size_t i = 0; i < w->places.len; i++) {
		if (place_is_unix(&w->places.v[i]))
			return -1;
	}
	for (size_t i = 1; i < namespaces->len; i++) {
		if (namespaces->v[i].is_asked)
			return -1;
	}
	int fd = namespaces->v->is_asked ? sock_watch_open(namespaces, namespaces->v) : -1;
	return fd < 0 ? -1 : fd;
}

/* A namespace that ends with its last process is empty, not unknown. */
static void keep_namespaces(struct waiting *w)
{
	enum { KEPT_MAX = 256 };
	struct netns_list *list = w->rq->namespaces;

	for (size_t i = 1; i < list->len && i < KEPT_MAX; i++) {
		if (list->v[i].is_asked)
			netns_keep(list, &list->v[i]);
	}
}

static void tell_waiting(const struct waiting *w)
{
	enum { NAMED_MAX = 3 };
	struct buf text = {0};

	buf_add_str(&text, w->rq->listen ? "waiting until somebody listens on"
					 : "waiting until free:");
	for (size_t i = 0; i < w->places.len && i < NAMED_MAX; i++) {
		buf_add_char(&text, ' ');
		place_add_text(&w->places.v[i], w->rq->escape, &text);
	}
	buf_add_str(&text, w->places.len > NAMED_MAX ? " ..." : "");
	msg_note_buf(&text);
}

/* What is to come free is watched, where that is possible. */
static void prepare(struct waiting *w, const struct look *look)
{
	if (w->rq->tells)
		tell_waiting(w);
	keep_namespaces(w);
	if (w->rq->listen)
		return;
	watch(w, open_news(w));
	w->is_patient = w->fds[0].fd >= 0;
	watch_holders(w, look);
}

/* --- rounds ---------------------------------------------------------------------- */

/* Sleep until there may be something new. Return 0 or -errno. */
static int pause_round(struct waiting *w, uint64_t *step_ms)
{
	uint64_t now = interrupt_now_ms(), left = w->end_ms > now ? w->end_ms - now : 0;
	uint64_t wait = w->is_patient ? NEWS_MS : *step_ms;

	int n = interrupt_poll(w->fds, w->fds_len, wait < left ? wait : left);
	if (n < 0)
		return n == -EINTR ? 0 : n;
	*step_ms = *step_ms * 2 < STEP_MS ? *step_ms * 2 : STEP_MS;
	for (size_t i = 1; i < w->fds_len && n > 0; i++) {
		if (w->fds[i].revents == 0)
			continue;
		close(w->fds[i].fd); /* this one has ended */
		w->fds[i].fd = -1;
	}
	if (n > 0 && w->fds[0].revents != 0) {
		interrupt_poll(NULL, 0, BURST_MS);
		sock_watch_drain(w->fds[0].fd);
	}
	return 0;
}

/* Paths may name other files by now. */
static int refresh(struct waiting *w)
{
	if (!place_list_find_files(&w->places))
		return 0;
	filter_free(&w->filter);
	return place_list_make_filter(&w->places, w->rq->names, &w->filter);
}

static int take_look(struct waiting *w, struct look *out)
{
	look_free(out);
	int rc = refresh(w);
	if (rc < 0)
		return rc;
	return w->rq->looker->look(w->rq->looker->ctx, &w->filter, PROCESS_STAT, out);
}

/* Is it reached? Return 1 with a look that says so, 0 or -errno. */
static int ask_round(struct waiting *w, struct look *look)
{
	struct sock_table socks = {0};
	uint32_t states = w->rq->listen ? SOCK_STATES_WAITING |
						  SOCK_STATE_BIT(SOCK_STATE_UNCONNECTED)
					: 0;

	int rc = refresh(w);
	if (rc == 0)
		rc = w->rq->looker->read(w->rq->looker->ctx, &w->filter, states, &socks);
	bool seems = rc == 0 && seems_reached(w, &socks);
	sock_table_free(&socks);
	if (rc == 0 && seems) {
		rc = take_look(w, look);
		if (rc == 0 && is_reached(w, look))
			return 1;
		w->is_patient = !w->rq->listen; /* what is left ends in its own time */
	}
	return rc;
}

/* Return 1 if it is reached, 0 after the timeout, or -errno; with a look that says so. */
static int wait_rounds(struct waiting *w, struct look *look)
{
	uint64_t step_ms = FIRST_MS;
	int rc = take_look(w, look);
	bool reached = rc == 0 && is_reached(w, look);

	if (rc < 0 || reached || interrupt_now_ms() >= w->end_ms)
		return rc < 0 ? rc : reached;
	prepare(w, look);
	while (rc == 0 && interrupt_now_ms() < w->end_ms) {
		rc = pause_round(w, &step_ms);
		if (rc == 0)
			rc = ask_round(w, look);
	}
	if (rc != 0)
		return rc;
	rc = take_look(w, look);
	return rc < 0 ? rc : is_reached(w, look);
}

/* --- in words ---------------------------------------------------------------------- */

static void add_line(struct waiting *w, const struct place *place, const struct look *look,
		     const struct column_style *style, struct buf *out)
{
	struct vacancy v;

	vacancy_judge(place, look, &w->probe, &v);
	if (!w->rq->listen || vacancy_is_listening(place, look)) {
		const char *verb = w->rq->listen ? "listened on" : "held";
		vacancy_add_text(&v, place, look, style, verb, out);
	} else {
		place_add_text(place, style->escape, out);
		buf_add_str(out, " is not listened on");
	}
	buf_add_char(out, '\n');
}

/* Who has but a connection through a place does not hold it. */
static void keep_holders(struct row_list *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->len; i++) {
		if (target_is_holding(rows->v[i].sock))
			rows->v[kept++] = rows->v[i];
	}
	rows->len = kept;
}

/* Tell how it is now. Return the exit status. */
static int tell(struct waiting *w, struct look *look, bool reached)
{
	struct column_style style = {.names = w->rq->names, .namespaces = w->rq->namespaces,
				     .escape = w->rq->escape};
	struct buf out = {0};
	int rc;

	for (size_t i = 0; i < w->places.len; i++)
		add_line(w, &w->places.v[i], look, &style, &out);
	if (w->rq->notes && reached && !w->rq->listen && look->snap.inventory.misses_bound &&
	    !look->snap.scanner.is_ready && w->rq->namespaces->is_real)
		msg_note("TCP sockets that are bound but do not listen cannot be seen here");
	keep_holders(&look->rows);
	rc = w->rq->pids_only ? w->rq->print(w->rq->print_ctx, &look->rows)
			      : buf_write(&out, STDOUT_FILENO);
	buf_free(&out);
	if (rc < 0)
		msg_unwritten(rc);
	return rc < 0 ? STATUS_ERROR : reached ? STATUS_FOUND : STATUS_MISSING;
}

int wait_for_places(const struct wait_request *rq)
{
	struct waiting w = {.rq = rq, .end_ms = UINT64_MAX};
	struct look look = {0};
	int status = STATUS_ERROR;

	if (rq->has_timeout)
		w.end_ms = interrupt_now_ms() + rq->timeout_ms;
	int rc = place_list_add_targets(&w.places, rq->filter, 0);
	place_list_sort(&w.places);
	if (rc == 0)
		rc = place_list_make_filter(&w.places, rq->names, &w.filter);
	if (rc < 0)
		msg_error("--wait", strerror(-rc));
	if (rc == 0)
		rc = wait_rounds(&w, &look);
	if (rc >= 0)
		status = tell(&w, &look, rc > 0);
	look_free(&look);
	forget_watched(&w);
	probe_free(&w.probe);
	filter_free(&w.filter);
	place_list_free(&w.places);
	return status;
}
