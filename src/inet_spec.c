/* The grammar of -i; see inet_spec.h. */
#include "inet_spec.h"

#include "names.h"
#include "num.h"
#include "refuse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS_MAX = 256 };

void inet_spec_free(struct inet_spec *spec)
{
	free(spec->hosts);
	port_set_free(&spec->ports);
	*spec = (struct inet_spec){0};
}

/* `TCP,UDP`, up to an '@' or ':'. */
static int parse_protos(const char *text, size_t len, struct inet_spec *out, const char **out_why)
{
	unsigned protos = 0;

	while (len > 0) {
		const char *comma = memchr(text, ',', len);
		size_t part = comma ? (size_t)(comma - text) : len;
		enum sock_proto proto;

		if (!sock_proto_parse(text, part, &proto) ||
		    !(SOCK_PROTO_BIT(proto) & SOCK_PROTOS_INET))
			return refuse_word(out_why, "no such protocol; known are TCP, UDP, UDPLITE, "
					       "RAW, MPTCP, SCTP");
		protos |= SOCK_PROTO_BIT(proto);
		if (comma && part + 1 == len)
			return refuse_word(out_why, "a protocol is missing after the comma");
		text += part + (comma != NULL);
		len -= part + (comma != NULL);
	}
	if (protos)
		out->protos = protos;
	return 0;
}

/* `/24` behind an address; none means the whole address. */
static bool parse_bits(const char *text, size_t len, const struct addr *a, unsigned *out)
{
	uint64_t most = a->family == AF_INET ? 32 : 128, bits = most;

	if (len > 0 && !num_parse(text + 1, text + len, most, &bits))
		return false;
	*out = (unsigned)bits;
	return true;
}

static int add_host(const char *text, size_t len, struct inet_spec *out, const char **out_why)
{
	const char *slash = memchr(text, '/', len);
	size_t name_len = slash ? (size_t)(slash - text) : len;
	struct addr addrs[16];
	size_t count = 1;

	if (!addr_parse(text, name_len, &addrs[0])) {
		if (memchr(text, ':', name_len))
			return refuse_word(out_why, "write an IPv6 address in brackets: @[::1]:80");
		count = names_host_addrs(text, name_len, addrs, 16);
	}
	if (count == 0)
		return refuse_word(out_why, "no such host");
	for (size_t i = 0; i < count; i++) {
		if (out->hosts_len == HOSTS_MAX)
			return refuse_word(out_why, "too many hosts");
		struct inet_prefix *host = &out->hosts[out->hosts_len++];
		host->addr = addrs[i];
		if (!parse_bits(text + name_len, len - name_len, &addrs[i], &host->bits))
			return refuse_word(out_why, "not a prefix length");
	}
	return 0;
}

static int parse_hosts(const char *text, size_t len, struct inet_spec *out, const char **out_why)
{
	out->hosts = malloc(HOSTS_MAX * sizeof(*out->hosts));
	if (!out->hosts)
		return -ENOMEM;
	for (;;) {
		const char *comma = memchr(text, ',', len);
		size_t part = comma ? (size_t)(comma - text) : len;
		int rc = add_host(text, part, out, out_why);

		if (rc < 0 || !comma)
			return rc;
		text += part + 1;
		len -= part + 1;
	}
}

/* First of @wanted outside of brackets, or the end. */
static const char *find_part(const char *at, const char *end, char wanted)
{
	bool inside = false;

	for (; at < end && (inside || *at != wanted); at++) {
		if (*at == '[' || *at == ']')
			inside = *at == '[';
	}
	return at;
}

/* `8080` and `80,443`, but not `4` and `6`, which are families. */
static bool is_bare_ports(const char *text, size_t len)
{
	if (len == 0 || (len == 1 && (*text == '4' || *text == '6')))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!strchr("0123456789,-", text[i]) || text[i] == '\0')
			return false;
	}
	return true;
}

static int parse_ports(struct names *names, const char *text, size_t len, struct inet_spec *out,
		       const char **out_why)
{
	unsigned protos = out->protos & SOCK_PROTOS_PORTS;

	return protos ? port_set_parse(&out->ports, names, text, len, protos, out_why)
		      : refuse_word(out_why, "this protocol has no ports");
}

int inet_spec_parse(struct names *names, const char *text, size_t len, struct inet_spec *out,
		    const char **out_why)
{
	const char *at = text, *end = text + len;

	*out = (struct inet_spec){.protos = SOCK_PROTOS_INET, .v4 = true, .v6 = true};
	if (is_bare_ports(text, len))
		return parse_ports(names, text, len, out, out_why);
	if (at < end && (*at == '4' || *at == '6')) {
		out->v4 = *at == '4';
		out->v6 = *at == '6';
		at++;
	}

	const char *colon = find_part(at, end, ':');
	const char *host = find_part(at, colon, '@');
	/* An IPv6 address may stand without brackets where no port follows. */
	if (host < end && *host == '@' && memchr(host, '[', (size_t)(end - host)) == NULL &&
	    colon < end && memchr(colon + 1, ':', (size_t)(end - colon - 1)))
		colon = end;

	const char *why = NULL;
	int rc = parse_protos(at, (size_t)(host - at), out, &why);
	/* A bare service name means its port. */
	if (rc == -EINVAL && host == end) {
		*out_why = why;
		rc = parse_ports(names, at, (size_t)(end - at), out, &why);
	} else if (rc == -EINVAL) {
		*out_why = why;
	}
	if (rc == 0 && host < colon)
		rc = parse_hosts(host + 1, (size_t)(colon - host - 1), out, out_why);
	if (rc == 0 && colon < end)
		rc = parse_ports(names, colon + 1, (size_t)(end - colon - 1), out, out_why);
	return rc;
}

bool inet_spec_allows(const struct inet_spec *spec, enum sock_proto proto, sa_family_t family)
{
	/* A port list leaves out what has no ports. */
	if (spec->ports.len > 0 && !(SOCK_PROTO_BIT(proto) & SOCK_PROTOS_PORTS))
		return false;
	return spec->protos & SOCK_PROTO_BIT(proto) &&
	       ((family == AF_INET && spec->v4) || (family == AF_INET6 && spec->v6));
}

/* An address that was given with an interface is another one on others. */
static bool same_scope(const struct addr *a, const struct addr *b)
{
	return a->scope_id == 0 || b->scope_id == 0 || a->scope_id == b->scope_id;
}

static bool match_end(const struct inet_spec *spec, const struct port_range *range,
		      enum sock_proto proto, const struct addr *a)
{
	bool port = spec->ports.len == 0, host = spec->hosts_len == 0;

	for (size_t i = 0; range == NULL && i < spec->ports.len && !port; i++)
		port = port_range_has(&spec->ports.v[i], a->port, proto);
	if (range)
		port = port_range_has(range, a->port, proto);
	for (size_t i = 0; i < spec->hosts_len && !host; i++)
		host = addr_in_prefix(a, &spec->hosts[i].addr, spec->hosts[i].bits) &&
		       same_scope(a, &spec->hosts[i].addr);
	return port && host;
}

bool inet_spec_match(const struct inet_spec *spec, const struct port_range *range,
		     const struct sock *s, bool local_only)
{
	if (!inet_spec_allows(spec, (enum sock_proto)s->proto, s->local.family))
		return false;
	if (match_end(spec, range, (enum sock_proto)s->proto, &s->local))
		return true;
	/* A socket without a peer has no other end: port 0 is not a match. */
	bool connected = s->remote.port != 0 || !addr_is_wildcard(&s->remote);
	return !local_only && connected &&
	       match_end(spec, range, (enum sock_proto)s->proto, &s->remote);
}
