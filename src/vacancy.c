/* Is a place free? See vacancy.h. */
#define _GNU_SOURCE
#include "vacancy.h"

#include "buf.h"
#include "column.h"
#include "holder.h"
#include "look.h"
#include "netns.h"
#include "place.h"
#include "probe.h"
#include "process_text.h"
#include "reason_text.h"
#include "sock.h"

#include <limits.h>
#include <sys/stat.h>

enum {
	ASKED_MAX = 64, /* open connections whose options are asked */
	NAMED_MAX = 3,  /* holders that are named */
};

bool vacancy_is_free(const struct vacancy *v)
{
	return v->kind != VACANCY_HELD && v->kind != VACANCY_BLOCKED;
}

bool vacancy_is_done(const struct vacancy *v)
{
	return vacancy_is_free(v) || (v->kind == VACANCY_BLOCKED && !v->open);
}

/* What is left of two lasts longer: what has no end, or the later one. */
static bool lasts_longer(const struct sock *a, const struct sock *b)
{
	bool a_ends = a->timer == SOCK_TIMER_TIME_WAIT, b_ends = b->timer == SOCK_TIMER_TIME_WAIT;

	return a_ends != b_ends ? b_ends : a->timer_ms > b->timer_ms;
}

/* Take a row that is in the way without holding the place. Return its options, -1: unknown. */
static int take_rest(const struct place *place, const struct look *look, const struct row *row,
		     struct probe *probe, struct vacancy *out)
{
	if (row->reason == REASON_TIME_WAIT || row->reason == REASON_ORPHAN) {
		if (!out->rest || lasts_longer(row->sock, out->rest->sock))
			out->rest = row;
		return place->reuse;
	}
	if (look_repeats(look, row))
		return PROBE_REUSEADDR | PROBE_REUSEPORT; /* it has answered */
	if (!out->open)
		out->open = row;
	out->open_len++;
	bool asked = probe && row->holder && out->open_len <= ASKED_MAX;
	int reuse = asked ? probe_reuse(probe, row->holder) : -1;
	return reuse < 0 ? -1 : reuse;
}

/* A file keeps its name from being bound, be anybody there or not. */
static bool has_file(const struct place *place)
{
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < place->targets.len; i++) {
		if (target_path(&place->targets.v[i], path, sizeof(path)) && lstat(path, &st) == 0)
			return true;
	}
	return false;
}

void vacancy_judge(const struct place *place, const struct look *look, struct probe *probe,
		   struct vacancy *out)
{
	int common = PROBE_REUSEADDR | PROBE_REUSEPORT;
	bool unsure = false;

	*out = (struct vacancy){.kind = VACANCY_FREE};
	for (size_t i = 0; i < look->rows.len && !out->held; i++) {
		const struct row *row = &look->rows.v[i];
		if (!place_match(place, row->sock))
			continue;
		if (target_is_holding(row->sock)) {
			out->held = row;
			continue;
		}
		if (place_is_unix(place)) /* a connection keeps no name */
			continue;
		int reuse = take_rest(place, look, row, probe, out);
		unsure |= reuse < 0;
		common &= reuse < 0 ? common : reuse;
	}
	out->reuse = common;
	if (out->held)
		out->kind = VACANCY_HELD;
	else if (out->rest || out->open)
		out->kind = common == 0 ? VACANCY_BLOCKED : unsure ? VACANCY_UNSURE : VACANCY_REUSE;
	else if (place_is_unix(place) && has_file(place))
		out->kind = VACANCY_FILE;
}

void vacancy_ask(struct place *place, const struct row *row, struct probe *probe)
{
	if (!row->holder || row->sock->proto == SOCK_PROTO_UNIX || place->reuse == 0)
		return;
	int reuse = probe_reuse(probe, row->holder);
	if (reuse >= 0)
		place->reuse = place->reuse < 0 ? reuse : place->reuse & reuse;
}

bool vacancy_is_listener(const struct sock *s)
{
	if (s->proto == SOCK_PROTO_UNIX) /* an unconnected stream takes nothing */
		return s->state == SOCK_STATE_LISTEN || s->type == SOCK_DGRAM;
	return s->state == SOCK_STATE_LISTEN || s->state == SOCK_STATE_UNCONNECTED;
}

bool vacancy_is_listening(const struct place *place, const struct look *look)
{
	for (size_t i = 0; i < look->rows.len; i++) {
		const struct sock *s = look->rows.v[i].sock;
		if (vacancy_is_listener(s) && place_match(place, s))
			return true;
	}
	return false;
}

/* Who has the rows that hold a place: `nginx,811 nginx,812`, a few of them. */
static void add_holders(const struct place *place, const struct look *look,
			 const struct column_style *style, struct buf *out)
{
	const struct process *last = NULL;
	size_t named = 0;

	for (size_t i = 0; i < look->rows.len; i++) { /* by pid */
		const struct row *row = &look->rows.v[i];
		if (!row->process || row->process == last || !target_is_holding(row->sock) ||
		    !place_match(place, row->sock))
			continue;
		last = row->process;
		if (named == NAMED_MAX) {
			buf_add_str(out, " ...");
			return;
		}
		buf_add_str(out, named++ > 0 ? " " : "");
		process_text_add(row->process, style->escape, out);
	}
}

/* `TIME_WAIT for 59 s` */
static void add_rest(const struct sock *s, struct buf *out)
{
	const char *state = sock_state_name((enum sock_state)s->state);

	buf_add_str(out, *state ? state : "a closed connection");
	if (s->timer != SOCK_TIMER_TIME_WAIT) {
		bool is_sent = s->state == SOCK_STATE_FIN_WAIT2;
		buf_add_str(out, is_sent ? "" : " that is still being sent");
		return;
	}
	buf_add_str(out, " for ");
	buf_add_dec(out, sock_timer_seconds(s));
	buf_add_str(out, " s");
}

/* `2 connections are still open: sshd,812 ...` */
static void add_open(const struct vacancy *v, const struct column_style *style, struct buf *out)
{
	buf_add_dec(out, v->open_len);
	buf_add_str(out, v->open_len == 1 ? " connection is open" : " connections are open");
	if (!v->open->process)
		return;
	buf_add_str(out, ": ");
	process_text_add(v->open->process, style->escape, out);
	if (v->open_len > 1)
		buf_add_str(out, " ...");
}

static void add_left(const struct vacancy *v, const struct column_style *style, struct buf *out)
{
	if (v->rest)
		add_rest(v->rest->sock, out);
	if (v->rest && v->open)
		buf_add_str(out, ", ");
	if (v->open)
		add_open(v, style, out);
}

static void add_held(const struct vacancy *v, const struct place *place, const struct look *look,
		     const struct column_style *style, const char *verb, struct buf *out)
{
	buf_add_str(out, verb);
	if (v->held->process) {
		buf_add_str(out, " by ");
		add_holders(place, look, style, out);
		return;
	}
	buf_add_str(out, " [");
	reason_text_add(style, v->held, out);
	buf_add_char(out, ']');
}

/* `free in 59 s: TIME_WAIT, without SO_REUSEADDR` */
static void add_blocked(const struct vacancy *v, const struct column_style *style, struct buf *out)
{
	if (v->rest && !v->open && v->rest->sock->timer == SOCK_TIMER_TIME_WAIT) {
		buf_add_str(out, "free in ");
		buf_add_dec(out, sock_timer_seconds(v->rest->sock));
		buf_add_str(out, " s: ");
		buf_add_str(out, sock_state_name((enum sock_state)v->rest->sock->state));
	} else {
		buf_add_str(out, v->open ? "not free: " : "free soon: ");
		add_left(v, style, out);
	}
	buf_add_str(out, ", without SO_REUSEADDR");
}

void vacancy_add_text(const struct vacancy *v, const struct place *place, const struct look *look,
		      const struct column_style *style, const char *verb, struct buf *out)
{
	const char *option = v->reuse & PROBE_REUSEADDR ? "SO_REUSEADDR" : "SO_REUSEPORT";

	place_add_text(place, style->escape, out);
	if (place->netns != 0 && place->netns != style->namespaces->v->id) {
		const struct netns *ns = netns_list_find(style->namespaces, place->netns);
		buf_add_str(out, " of netns ");
		if (ns)
			netns_add_name(out, ns, style->escape);
	}
	buf_add_str(out, " is ");
	switch (v->kind) {
	case VACANCY_HELD:
		add_held(v, place, look, style, verb, out);
		return;
	case VACANCY_FREE:
		buf_add_str(out, "free");
		return;
	case VACANCY_FILE:
		buf_add_str(out, "free once its file is removed");
		return;
	case VACANCY_BLOCKED:
		add_blocked(v, style, out);
		return;
	case VACANCY_REUSE:
	case VACANCY_UNSURE:
		buf_add_str(out, "free with ");
		buf_add_str(out, option);
		buf_add_str(out, v->kind == VACANCY_UNSURE ? ", if what is left has it set, too; "
							   : "; ");
		break;
	}
	add_left(v, style, out);
}
