/*
 * What is left of a port after its holder was signalled: looks made by hand.
 */
#ifndef WHOPORT_TESTS_AFTER_FIXTURE_H
#define WHOPORT_TESTS_AFTER_FIXTURE_H

#include "child.h"
#include "fake_looker.h"
#include "scene.h"

#include "aftermath.h"
#include "ancestry.h"
#include "victim.h"

enum { START = INT32_MAX }; /* later than whatever runs now */

/* What was held by a process that has been signalled, and what is found then. */
struct after {
	struct scene scene; /* its place, and the row of before */
	struct victim victim;
	struct victim_list victims;
	struct look before;
	struct ancestry ancestry;
	struct fake_looker fake;
	struct aftermath_request rq;
	int proc_fd;
};

static inline void after_init(struct after *a)
{
	struct sock sock = listener();

	*a = (struct after){.proc_fd = open_proc()};
	scene_init(&a->scene, "tcp:8080");
	add_held(&a->scene, &sock, "server", 811);
	a->victim = (struct victim){.pid = 811, .process = &a->scene.processes[0],
				    .rows = a->scene.rows, .rows_len = 1,
				    .pin = {.pidfd = -1, .dir_fd = -1}, .state = VICTIM_ENDED};
	a->victims = (struct victim_list){.v = &a->victim, .len = 1};
	a->before.rows = (struct row_list){.v = a->scene.rows, .len = 1};
	ancestry_load(&a->ancestry, a->proc_fd);
	fake_looker_init(&a->fake);
	a->fake.len = 0;
	a->rq = (struct aftermath_request){
		.looker = &a->fake.looker, .names = &a->scene.names, .namespaces = &a->scene.list,
		.proc_fd = a->proc_fd, .places = &a->scene.places, .victims = &a->victims,
		.before = &a->before, .ancestry = &a->ancestry, .probe = &a->scene.probe};
}

static inline void after_free(struct after *a)
{
	scene_free(&a->scene);
	close(a->proc_fd);
}

/** A row of the scene as a look of its own. */
static inline void then_found(struct after *a, const struct row *row)
{
	fake_looker_add(&a->fake, row, row != NULL);
}

/** Tell, with so many looks; once more than it may be is too often. */
static inline void assert_told(struct after *a, size_t looks, bool free, const char *text)
{
	struct buf b = {0};
	bool is_free = !free;

	assert_int_equal(aftermath_tell(&a->rq, &b, &is_free), 0);
	assert_buf(&b, text);
	assert_int_equal(is_free, free);
	assert_int_equal(a->fake.count, looks);
	buf_free(&b);
}

/** A row of another socket than before, whose holder was started after us. */
static inline const struct row *add_heir(struct after *a, pid_t ppid, const char *cgroup)
{
	struct sock sock = listener();

	sock.inode++;
	struct row *row = add_held(&a->scene, &sock, "server", 900);
	struct process *p = &a->scene.processes[row - a->scene.rows];
	p->start_ticks = START;
	p->ppid = ppid;
	p->cgroup = (char *)cgroup;
	return row;
}

#endif
