/*
 * A place, and rows made by hand as a look at it would find them.
 */
#ifndef WHOPORT_TESTS_SCENE_H
#define WHOPORT_TESTS_SCENE_H

#include "fixture.h"

#include "column.h"
#include "filter.h"
#include "holder.h"
#include "look.h"
#include "netns.h"
#include "place.h"
#include "probe.h"
#include "process.h"
#include "vacancy.h"

enum { ROWS_MAX = 8 };

/* A place, and what a look at it has found. */
struct scene {
	struct names names;
	struct filter filter;
	struct place_list places;
	struct place *place;
	struct sock socks[ROWS_MAX];
	struct process processes[ROWS_MAX];
	struct holder holders[ROWS_MAX];
	struct row rows[ROWS_MAX];
	struct look look;
	struct netns namespaces[2];
	struct netns_list list;
	struct column_style style;
	struct probe probe;
};

static inline void scene_init(struct scene *s, const char *word)
{
	*s = (struct scene){0};
	make_names(&s->names);
	s->filter.names = &s->names;
	filter_add_ok(&s->filter, FILTER_TARGET, word);
	filter_finish_ok(&s->filter);
	assert_int_equal(place_list_add_targets(&s->places, &s->filter, 0), 0);
	assert_int_equal(s->places.len, 1);
	s->place = s->places.v;
	s->look.rows.v = s->rows;
	s->namespaces[0] = (struct netns){.id = 1, .fd = -1};
	s->namespaces[1] = (struct netns){.id = 7, .name = (char *)"blue\n", .fd = -1};
	s->list = (struct netns_list){.v = s->namespaces, .len = 2, .proc_fd = -1, .home_fd = -1};
	s->style = (struct column_style){.names = &s->names, .namespaces = &s->list};
}

static inline void scene_free(struct scene *s)
{
	probe_free(&s->probe);
	place_list_free(&s->places);
	filter_free(&s->filter);
	names_free(&s->names);
}

static inline struct row *add_row(struct scene *s, const struct sock *sock, enum reason reason)
{
	size_t i = s->look.rows.len++;

	assert_true(i < ROWS_MAX);
	s->socks[i] = *sock;
	s->rows[i] = (struct row){.sock = &s->socks[i], .reason = reason};
	return &s->rows[i];
}

/** A row with a holder; numbers ascend, as those of rows do. */
static inline struct row *add_held(struct scene *s, const struct sock *sock, const char *command,
				   pid_t pid)
{
	size_t i = s->look.rows.len;
	struct row *row = add_row(s, sock, REASON_NONE);
	struct process *p = &s->processes[i];

	*p = (struct process){.pid = pid, .tid = pid, .command_len = (uint8_t)strlen(command)};
	memcpy(p->command, command, strlen(command));
	s->holders[i] = (struct holder){sock->inode, pid, pid, 3, HOLDER_FD};
	row->holder = &s->holders[i];
	row->process = p;
	return row;
}

static inline struct sock listener(void)
{
	return make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 8080, 100);
}

static inline struct sock connection(enum sock_state state)
{
	return make_connection(state, "127.0.0.1", 8080, "127.0.0.1", 40000, 0);
}

/** What is left of one, until some time. */
static inline struct sock remainder_of(enum sock_state state, uint32_t ms)
{
	struct sock s = connection(state);

	s.timer = SOCK_TIMER_TIME_WAIT;
	s.timer_ms = ms;
	return s;
}

/** Judge, say it, and take all rows away. */
static inline void assert_vacancy(struct scene *s, enum vacancy_kind kind, const char *text)
{
	struct vacancy v;
	struct buf b = {0};

	vacancy_judge(s->place, &s->look, &s->probe, &v);
	vacancy_add_text(&v, s->place, &s->look, &s->style, "held", &b);
	assert_buf(&b, text);
	buf_free(&b);
	assert_int_equal(v.kind, kind);
	assert_int_equal(vacancy_is_free(&v), kind != VACANCY_HELD && kind != VACANCY_BLOCKED);
	assert_int_equal(vacancy_is_done(&v),
			 vacancy_is_free(&v) || (kind == VACANCY_BLOCKED && !v.open));
	s->look.rows.len = 0;
}

#endif
