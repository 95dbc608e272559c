/* Sets of ports; see port_set.h. */
#include "port_set.h"

#include "grow.h"
#include "names.h"
#include "num.h"
#include "refuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void port_set_free(struct port_set *set)
{
	free(set->v);
	*set = (struct port_set){0};
}

/* A range without its text, which is the caller's to know. */
static int add_range(struct port_set *set, uint64_t lo, uint64_t hi, unsigned protos)
{
	void *v = grow(set->v, set->len, &set->cap, sizeof(*set->v));

	if (!v)
		return -ENOMEM;
	set->v = v;
	set->v[set->len++] =
		(struct port_range){.lo = (uint16_t)lo, .hi = (uint16_t)hi, .protos = protos};
	return 0;
}

static int add_service(struct port_set *set, struct names *names, const char *text, size_t len,
		       unsigned protos, const char **out_why)
{
	struct names_service found[8];
	int count = names_service_ports(names, text, len, protos, found, 8);

	if (count < 0)
		return count;
	if (count == 0)
		return refuse_word(out_why, "no such port or service");
	for (int i = 0; i < count; i++) {
		int rc = add_range(set, found[i].port, found[i].port, found[i].protos);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool is_numeric(const char *text, size_t len)
{
	while (len > 0 && ((*text >= '0' && *text <= '9') || *text == '-')) {
		text++;
		len--;
	}
	return len == 0;
}

static int add_element(struct port_set *set, struct names *names, const char *text, size_t len,
		       unsigned protos, const char **out_why)
{
	const char *at = text, *end = text + len;
	uint64_t lo, hi;

	if (len == 0)
		return refuse_word(out_why, "empty port");
	if (!is_numeric(text, len))
		return add_service(set, names, text, len, protos, out_why);
	if (!num_scan(&at, end, 10, UINT64_MAX, &lo))
		return refuse_word(out_why, "not a port");
	hi = lo;
	if (at < end && (*at++ != '-' || !num_parse(at, end, UINT64_MAX, &hi)))
		return refuse_word(out_why, "not a port range");
	if (hi > UINT16_MAX)
		return refuse_word(out_why, "ports go from 0 to 65535");
	if (lo > hi)
		return refuse_word(out_why, "the range runs backward");
	return add_range(set, lo, hi, protos);
}

int port_set_parse(struct port_set *set, struct names *names, const char *text, size_t len,
		   unsigned protos, const char **out_why)
{
	for (;;) {
		const char *comma = memchr(text, ',', len);
		size_t part = comma ? (size_t)(comma - text) : len, first = set->len;
		int rc = add_element(set, names, text, part, protos, out_why);

		for (size_t i = first; i < set->len; i++) {
			set->v[i].text = text;
			set->v[i].text_len = part;
		}
		if (rc < 0 || !comma)
			return rc;
		text += part + 1;
		len -= part + 1;
	}
}

bool port_range_has(const struct port_range *range, uint16_t port, enum sock_proto proto)
{
	return port >= range->lo && port <= range->hi && range->protos & SOCK_PROTO_BIT(proto);
}
