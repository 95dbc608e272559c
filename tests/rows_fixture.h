/*
 * Rows made by hand, and what a format writes of them.
 *
 *     struct rows r;
 *
 *     rows_init(&r);
 *     rows_add_process(&r, 811, "nginx");
 *     rows_add_held(&r, 6, &s);
 *     rows_add_unheld(&r, &t, REASON_PERMISSION);
 */
#ifndef WHOPORT_TESTS_ROWS_FIXTURE_H
#define WHOPORT_TESTS_ROWS_FIXTURE_H

#include "fixture.h"

#include "column.h"
#include "holder.h"
#include "join.h"
#include "process.h"
#include "snapshot.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROWS_FIXTURE_MAX = 8 };

struct rows {
	struct sock socks[ROWS_FIXTURE_MAX];
	struct process processes[ROWS_FIXTURE_MAX];
	size_t processes_len;
	struct holder holders[ROWS_FIXTURE_MAX];
	struct row v[ROWS_FIXTURE_MAX];
	struct row_list list; /* of v */
	struct snapshot snap;
	struct names names; /* alice is 1000, and 1001 has no name */
	struct column_style style;
};

static inline void rows_init(struct rows *r)
{
	*r = (struct rows){0};
	make_names(&r->names);
	r->names.users = calloc(2, sizeof(*r->names.users));
	assert_non_null(r->names.users);
	r->names.users[r->names.users_len++] = (struct names_user){1000, strdup("alice")};
	r->names.users[r->names.users_len++] = (struct names_user){1001, NULL};
	r->names.users_cap = 2;
	r->list.v = r->v;
	r->style = (struct column_style){.names = &r->names, .command_width = 15};
}

static inline void rows_free(struct rows *r)
{
	snapshot_free(&r->snap);
	names_free(&r->names);
}

/** A process of alice, child of 1, leader of its group; rows that follow are its. */
static inline struct process *rows_add_process(struct rows *r, pid_t pid, const char *command)
{
	struct process *p = &r->processes[r->processes_len++];

	assert_true(r->processes_len <= ROWS_FIXTURE_MAX);
	*p = (struct process){.pid = pid, .tid = pid, .ppid = 1, .pgid = pid, .uid = 1000,
			      .command_len = (uint8_t)strlen(command)};
	memcpy(p->command, command, strlen(command));
	return p;
}

static inline struct row *rows_add_unheld(struct rows *r, const struct sock *s, enum reason reason)
{
	size_t i = r->list.len++;

	assert_true(r->list.len <= ROWS_FIXTURE_MAX);
	r->socks[i] = *s;
	r->v[i] = (struct row){.snap = &r->snap, .sock = &r->socks[i], .reason = reason};
	return &r->v[i];
}

/** A row of the last process, by a descriptor. */
static inline struct row *rows_add_held(struct rows *r, int fd, const struct sock *s)
{
	struct row *row = rows_add_unheld(r, s, REASON_NONE);
	const struct process *p = &r->processes[r->processes_len - 1];
	struct holder *h = &r->holders[row - r->v];

	*h = (struct holder){s->inode, p->pid, p->tid, fd, HOLDER_FD};
	row->holder = h;
	row->process = p;
	return row;
}

/** Its holder, to be changed. */
static inline struct holder *rows_holder(struct rows *r, const struct row *row)
{
	return &r->holders[row - r->v];
}

/** A file for a format to write to. */
static inline int rows_open(void)
{
	int fd = memfd_create("out", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/** All that was written, which the caller frees; the file is closed. */
static inline char *rows_close(int fd, size_t *out_len)
{
	off_t len = lseek(fd, 0, SEEK_END);

	assert_true(len >= 0);
	char *text = malloc((size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)len, 0), len);
	text[len] = '\0';
	close(fd);
	*out_len = (size_t)len;
	return text;
}

#endif
