/* A real bind(2) decides; see diagnose_try.h. */
#define _GNU_SOURCE
#include "diagnose_try.h"

#include "bind_try.h"
#include "column.h"
#include "place.h"
#include "target.h"

#include <errno.h>
#include <stdlib.h>

/* The first protocol of a place that has its sockets. */
static enum sock_proto proto_of(const struct place *place)
{
	unsigned protos = place->targets.v->protos, proto = 0;

	while (proto < SOCK_PROTO_COUNT - 1 && !(protos & SOCK_PROTO_BIT(proto)))
		proto++;
	return (enum sock_proto)proto;
}

/* Try all addresses of a case. Return 0 or the first -errno. */
static int try_all(const struct bind_case *c, bool reuseaddr)
{
	enum sock_proto proto = proto_of(c->place);
	int rc = 0;

	for (size_t i = 0; i < c->wishes_len && rc == 0; i++) {
		const struct bind_wish *wish = &c->wishes[i];
		bool is_any = c->place->targets.v[i].addr.family == AF_UNSPEC;

		rc = bind_try_inet(proto, &wish->addr, wish->v6only, reuseaddr);
		if (is_any && (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)) {
			struct addr v4 = {.family = AF_INET, .port = wish->addr.port};
			rc = bind_try_inet(proto, &v4, false, reuseaddr);
		}
	}
	return rc;
}

/* Where the kernel said another thing than we did, its word counts. */
static void correct(const struct diagnose_context *ctx, const struct place *place, uint32_t uid,
		    int plain, int reuse, struct diagnosis *d)
{
	bool judged_free = d->verdict == VERDICT_WORKS;
	enum verdict verdict = plain == 0 ? VERDICT_WORKS
			       : reuse == 0 ? VERDICT_REUSEADDR : VERDICT_FAILS;

	if (d->verdict == verdict && (plain == 0 || -plain == d->error))
		return;
	/* What only a group of ours may share was not tried. */
	if (verdict == VERDICT_FAILS &&
	    (d->verdict == VERDICT_REUSEPORT || d->verdict == VERDICT_REUSEPORT_DEPENDS))
		return;
	if (d->verdict == VERDICT_UNKNOWN)
		d->help.len = 0; /* to do what has been done now */
	d->verdict = verdict;
	d->error = -plain;
	d->is_unexplained = judged_free && plain < 0;
	if (plain == 0 || judged_free) {
		d->headline.len = 0;
		d->help.len = 0;
		diagnosis_add_verdict(ctx, place, uid, d);
		buf_add_str(&d->headline, plain != 0 ? ": nothing that can be seen forbids it"
					  : d->is_general ? ": nothing is in the way"
					  : ": what seemed to be in the way is not");
		return;
	}
	diagnosis_change_verdict(ctx, place, uid, d);
}

static void tell(int plain, int reuse, struct diagnosis *d)
{
	struct buf *fact = diagnosis_put_fact(d);

	buf_add_str(fact, "tried: bind() ");
	if (plain == 0) {
		buf_add_str(fact, "works");
		return;
	}
	buf_add_str(fact, "fails with ");
	buf_add_str(fact, diagnosis_error_name(-plain));
	if (plain == -EADDRINUSE)
		buf_add_str(fact, reuse == 0 ? ", and works with SO_REUSEADDR"
					     : ", with SO_REUSEADDR, too");
}

void diagnose_try_ports(const struct diagnose_context *ctx, const struct bind_case *c,
			struct diagnosis *d)
{
	int plain = try_all(c, false);
	int reuse = plain == -EADDRINUSE ? try_all(c, true) : plain;

	correct(ctx, c->place, c->world->uid, plain, reuse, d);
	tell(plain, reuse, d);
}

void diagnose_try_name(const struct diagnose_context *ctx, const struct place *place, uint32_t uid,
		       struct diagnosis *d)
{
	const struct target *t = place->targets.v;

	if (target_is_path(t)) {
		buf_add_str(diagnosis_put_fact(d), "not tried: to bind to a path makes a file");
		return;
	}
	int rc = bind_try_abstract(t->name, t->name_len);
	correct(ctx, place, uid, rc, rc, d);
	struct buf *fact = diagnosis_put_fact(d);
	buf_add_str(fact, "tried with a stream socket: bind() ");
	buf_add_str(fact, rc == 0 ? "works" : "fails with ");
	buf_add_str(fact, rc == 0 ? "" : diagnosis_error_name(-rc));
}
