/*
 * A looker that finds what a test has made by hand: the first rows at the first look, and
 * so on; the last ones at every further look.
 */
#ifndef WHOPORT_TESTS_FAKE_LOOKER_H
#define WHOPORT_TESTS_FAKE_LOOKER_H

#include "fixture.h"

#include "look.h"

#include <stdlib.h>

enum { FAKE_LOOKS_MAX = 4 };

struct fake_looker {
	struct looker looker;
	struct row_list looks[FAKE_LOOKS_MAX]; /* borrowed rows */
	size_t len;
	size_t count; /* how often somebody looked */
	int rc;       /* what a look returns */
	void (*seen)(struct filter *filter); /* called with it, or NULL */
};

static inline int fake_look(void *ctx, struct filter *filter, unsigned facts, struct look *out)
{
	struct fake_looker *f = ctx;
	size_t which = f->count < f->len ? f->count : f->len - 1;
	const struct row_list *rows = &f->looks[which];

	(void)facts;
	f->count++;
	if (f->seen)
		f->seen(filter);
	if (f->rc < 0)
		return f->rc;
	out->rows.v = malloc((rows->len + 1) * sizeof(*rows->v));
	assert_non_null(out->rows.v);
	if (rows->len > 0)
		memcpy(out->rows.v, rows->v, rows->len * sizeof(*rows->v));
	out->rows.len = rows->len;
	return 0;
}

/** Start with one look that finds nothing. */
static inline void fake_looker_init(struct fake_looker *f)
{
	*f = (struct fake_looker){.looker = {.ctx = f, .look = fake_look}, .len = 1};
}

/** What the next look finds. */
static inline void fake_looker_add(struct fake_looker *f, const struct row *rows, size_t count)
{
	assert_true(f->len < FAKE_LOOKS_MAX);
	f->looks[f->len++] = (struct row_list){.v = (struct row *)rows, .len = count};
}

#endif
