/* Internet addresses as values; see addr.h. */
#include "addr.h"

#include "buf.h"
#include "escape.h"
#include "num.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>

bool addr_is_wildcard(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->ip.v4.s_addr == 0;
	return a->family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->ip.v6);
}

bool addr_is_v4mapped(const struct addr *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->ip.v6);
}

struct addr addr_unmap(const struct addr *a)
{
	struct addr v4 = *a;

	if (addr_is_v4mapped(a)) {
		v4.family = AF_INET;
		memset(&v4.ip, 0, sizeof(v4.ip));
		memcpy(&v4.ip.v4, a->ip.v6.s6_addr + 12, 4);
	}
	return v4;
}

bool addr_equal_ip(const struct addr *a, const struct addr *b)
{
	if (a->scope_id && b->scope_id && a->scope_id != b->scope_id)
		return false;
	return addr_in_prefix(a, b, 128);
}

bool addr_in_prefix(const struct addr *a, const struct addr *prefix, unsigned bits)
{
	struct addr x = addr_unmap(a), y = addr_unmap(prefix);

	if (x.family != y.family)
		return false;
	/* A prefix that was given for the mapped form counts from bit 96. */
	if (addr_is_v4mapped(prefix))
		bits = bits > 96 ? bits - 96 : 0;

	const unsigned char *p = (const unsigned char *)&x.ip;
	const unsigned char *q = (const unsigned char *)&y.ip;
	unsigned most = x.family == AF_INET ? 32 : 128;
	if (bits > most)
		bits = most;
	if (memcmp(p, q, bits / 8) != 0)
		return false;
	unsigned rest = bits % 8;
	return rest == 0 || ((p[bits / 8] ^ q[bits / 8]) >> (8 - rest)) == 0;
}

/* `%eth0` or `%2` at the end of a link-local address. */
static bool parse_scope(const char *name, uint32_t *out)
{
	uint64_t index;

	if (num_parse(name, name + strlen(name), UINT32_MAX, &index))
		*out = (uint32_t)index;
	else
		*out = if_nametoindex(name);
	return *out != 0;
}

bool addr_parse(const char *text, size_t len, struct addr *out)
{
	char copy[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	struct addr a = {0};

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
		a.family = AF_INET6;
	}
	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';

	if (a.family != AF_INET6 && inet_pton(AF_INET, copy, &a.ip.v4) == 1) {
		a.family = AF_INET;
		*out = a;
		return true;
	}
	char *scope = strchr(copy, '%');
	if (scope) {
		*scope++ = '\0';
		if (!parse_scope(scope, &a.scope_id))
			return false;
	}
	a.family = AF_INET6;
	if (inet_pton(AF_INET6, copy, &a.ip.v6) != 1)
		return false;
	*out = a;
	return true;
}

void addr_add_scope(struct buf *out, const struct addr *a, const char *scope, unsigned flags)
{
	char name[IF_NAMESIZE];

	if (!a->scope_id)
		return;
	buf_add_char(out, '%');
	if (!scope)
		scope = if_indextoname(a->scope_id, name);
	if (scope)
		escape_add(out, scope, strlen(scope), flags, ESCAPE_ALL);
	else
		buf_add_dec(out, a->scope_id);
}

void addr_add_ip(struct buf *out, const struct addr *a, const char *scope)
{
	struct addr shown = addr_unmap(a);

	if (addr_is_wildcard(a)) {
		buf_add_char(out, '*');
	} else if (shown.family == AF_INET) {
		const unsigned char *byte = (const unsigned char *)&shown.ip.v4;
		for (int i = 0; i < 4; i++) {
			if (i)
				buf_add_char(out, '.');
			buf_add_dec(out, byte[i]);
		}
	} else if (shown.family == AF_INET6) {
		char text[INET6_ADDRSTRLEN];
		inet_ntop(AF_INET6, &shown.ip.v6, text, sizeof(text));
		buf_add_char(out, '[');
		buf_add_str(out, text);
		addr_add_scope(out, &shown, scope, ESCAPE_BLANKS);
		buf_add_char(out, ']');
	}
}
