/*
 * A diagnosis of ports; see diagnose.h. Its headline is the verdict and the first cause
 * that applies,
 *
 *     bind() to 8080/tcp as alice fails with EADDRINUSE: nginx,811 listens on *:8080
 *
 * behind which come facts (diagnose_fact.c) and a command (diagnose_help.c).
 */
#define _GNU_SOURCE
#include "diagnose.h"

#include "cause.h"
#include "column.h"
#include "diagnose_part.h"
#include "place.h"
#include "process_text.h"

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

struct buf *diagnosis_put_fact(struct diagnosis *d)
{
	if (d->facts_len == FACTS_MAX)
		d->facts[--d->facts_len].len = 0;
	return &d->facts[d->facts_len++];
}

/* --- verdicts ------------------------------------------------------------------- */

enum verdict verdict_of(const struct bind_case *c)
{
	const enum bind_answer *answers = c->answers;

	if (answers[TRY_PLAIN] == BIND_WORKS)
		return VERDICT_WORKS;
	if (answers[TRY_PLAIN] == BIND_DEPENDS)
		return VERDICT_UNKNOWN;
	if (answers[TRY_REUSEADDR] == BIND_WORKS)
		return VERDICT_REUSEADDR;
	if (answers[TRY_REUSEPORT] == BIND_WORKS)
		return VERDICT_REUSEPORT;
	if (answers[TRY_REUSEADDR] == BIND_DEPENDS)
		return VERDICT_REUSEADDR_DEPENDS;
	return answers[TRY_REUSEPORT] == BIND_DEPENDS ? VERDICT_REUSEPORT_DEPENDS : VERDICT_FAILS;
}

const char *diagnosis_error_name(int error)
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

void diagnose_add_user(const struct diagnose_context *ctx, uint32_t uid, struct buf *out)
{
	const struct column_style *style = ctx->style;

	process_text_add_user(style->numeric_users ? NULL : style->names, uid, style->escape, out);
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
	buf_add_str(&d->headline, "bind() to ");
	place_add_text(place, ctx->style->escape, &d->headline);
	buf_add_str(&d->headline, " as ");
	diagnose_add_user(ctx, uid, &d->headline);
	buf_add_str(&d->headline, words[d->verdict]);
	if (d->verdict == VERDICT_FAILS)
		buf_add_str(&d->headline, diagnosis_error_name(d->error));
	d->verdict_len = d->headline.len;
}

void diagnosis_change_verdict(const struct diagnose_context *ctx, const struct place *place,
			      uint32_t uid, struct diagnosis *d)
{
	struct buf old = d->headline;
	size_t old_len = d->verdict_len;

	d->headline = (struct buf){0};
	diagnosis_add_verdict(ctx, place, uid, d);
	buf_add(&d->headline, old.data + old_len, old.len - old_len);
	buf_free(&old);
}

void diagnose_ports(const struct diagnose_context *ctx, const struct bind_case *c,
		    struct diagnosis *out)
{
	struct telling t = {.ctx = ctx, .c = c, .top = c->len > 0 ? c->v : NULL};

	out->is_general = c->len == 0;
	diagnose_find_advice(&t);
	const struct cause *cause = cause_find(&t);
	out->cause = cause->name;
	out->verdict = cause->on == CAUSE_BLIND && verdict_of(c) == VERDICT_WORKS ? VERDICT_UNKNOWN
									 : verdict_of(c);
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
