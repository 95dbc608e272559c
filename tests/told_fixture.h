/*
 * What --why tells of a place, from rows made by hand (scene.h).
 *
 *     struct told t;
 *
 *     told_init(&t, "tcp:8080");
 *     add_held(&t.scene, &sock, "nginx", 811);
 *     told_judge(&t);
 *     assert_string_equal(t.d.cause, "listener");
 *     told_free(&t);
 */
#ifndef WHOPORT_TESTS_TOLD_FIXTURE_H
#define WHOPORT_TESTS_TOLD_FIXTURE_H

#include "scene.h"

#include "ancestry.h"
#include "bind_case.h"
#include "cgroup.h"
#include "diagnose.h"

#include <stdlib.h>

enum { OPTIONS_UNKNOWN = -1 };

struct told {
	struct fixture fx; /* a proc tree, for settings and addresses */
	struct scene scene;
	struct bind_world world; /* for alice, 1000, who may bind to all ports */
	struct ancestry ancestry;
	struct cgroup_index cgroups;
	struct diagnose_context ctx; /* of an ordinary user */
	bind_right_route *route;
	int options; /* of what is in the way: PROBE_REUSEADDR and so on */
	struct bind_case c;
	struct diagnosis d;
};

/** alice is 1000, bob 1001. */
static inline void told_add_users(struct names *names)
{
	names->users = calloc(2, sizeof(*names->users));
	assert_non_null(names->users);
	names->users[0] = (struct names_user){1000, strdup("alice")};
	names->users[1] = (struct names_user){1001, strdup("bob")};
	names->users_len = names->users_cap = 2;
}

static inline void told_init(struct told *t, const char *word)
{
	*t = (struct told){.options = OPTIONS_UNKNOWN};
	fixture_init(&t->fx);
	fixture_write(&t->fx, "self/net/if_inet6", "", 0);
	scene_init(&t->scene, word);
	told_add_users(&t->scene.names);
	t->world = (struct bind_world){.range = {32768, 60999}, .first_free_port = 1024,
				       .uid = 1000, .may_bind_low = true};
	t->ctx = (struct diagnose_context){.style = &t->scene.style, .ancestry = &t->ancestry,
					   .cgroups = &t->cgroups, .proc_fd = t->fx.root_fd};
}

static inline void told_free(struct told *t)
{
	diagnosis_free(&t->d);
	bind_case_free(&t->c);
	scene_free(&t->scene);
	fixture_free(&t->fx);
}

/* What a holder that let us ask would have answered. */
static inline void told_set_options(struct told *t)
{
	static const unsigned tried[TRY_COUNT] = {0, PROBE_REUSEADDR, PROBE_REUSEPORT};

	for (size_t i = 0; i < t->c.len && t->options != OPTIONS_UNKNOWN; i++) {
		t->c.v[i].options = t->options;
		for (size_t k = 0; k < TRY_COUNT; k++)
			t->c.answers[k] = bind_rule_judge(t->c.wishes, tried[k],
							  t->c.v[i].row->sock, t->options);
	}
}

/** Judge the rows and find the words. */
static inline void told_judge(struct told *t)
{
	for (size_t i = 0; i < t->scene.look.rows.len; i++)
		t->scene.rows[i].snap = &t->scene.look.snap;
	assert_int_equal(bind_case_judge(t->scene.place, &t->scene.look, 0, &t->world,
					 t->fx.root_fd, NULL, t->route, &t->c), 0);
	told_set_options(t);
	diagnose_ports(&t->ctx, &t->c, &t->d);
}

/** A line of what was told; NULL: there is none. */
static inline void assert_line(struct buf *b, const char *expected)
{
	if (!expected)
		assert_int_equal(b->len, 0);
	else
		assert_buf(b, expected);
}

/** All facts, in this order; NULL ends them. */
static inline void assert_facts(struct diagnosis *d, const char *const *facts)
{
	for (size_t i = 0; i < FACTS_MAX; i++)
		assert_line(&d->facts[i], facts[i]);
}

#endif
