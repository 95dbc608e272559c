/*
 * Rows of /proc/net text; see procnet_row.h. One row of tcp:
 *
 *     0: 0100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 31415 ...
 *
 * sl, local, remote, state, tx:rx queue, timer:when, retransmits, uid,
 * timeout, inode. Addresses are 32-bit words in host byte order printed as
 * hex, ports are plain hex. One row of unix:
 *
 *     0000000024130512: 00000002 00000000 00010000 0001 01  4343 /run/x.sock
 */
#include "procnet_row.h"

#include "num.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A place in a line. */
struct cursor {
	const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && *c->at == ' ')
		c->at++;
}

static bool take_char(struct cursor *c, char wanted)
{
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

static bool take_number(struct cursor *c, unsigned base, uint64_t max, uint64_t *out)
{
	skip_blanks(c);
	return num_scan(&c->at, c->end, base, max, out);
}

/*
 * Eight hex digits, as the kernel prints an address word and most counters.
 * There are nine of them in a row of tcp: read without looking for the end.
 */
static bool take_word(struct cursor *c, uint32_t *out)
{
	uint32_t word = 0;
	unsigned bad = 0;

	if (c->end - c->at < 8)
		return false;
	for (size_t i = 0; i < 8; i++) {
		unsigned digit = num_hex_digit(c->at[i]);
		bad |= digit;
		word = word << 4 | (digit & 15);
	}
	if (bad > 15)
		return false;
	c->at += 8;
	*out = word;
	return true;
}

static bool take_addr(struct cursor *c, sa_family_t family, struct addr *out)
{
	uint32_t words[4];
	size_t count = family == AF_INET ? 1 : 4;
	uint64_t port;

	skip_blanks(c);
	for (size_t i = 0; i < count; i++) {
		if (!take_word(c, &words[i]))
			return false;
	}
	if (!take_char(c, ':') || !num_scan(&c->at, c->end, 16, UINT16_MAX, &port))
		return false;
	out->family = family;
	out->port = (uint16_t)port;
	memcpy(&out->ip, words, count * sizeof(*words));
	return true;
}

/* Ticks of USER_HZ as milliseconds, rounded up. */
static uint32_t ticks_to_ms(uint64_t ticks)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t per_s = hz > 0 ? (uint64_t)hz : 100;

	if (ticks / per_s >= UINT32_MAX / 1000)
		return UINT32_MAX;
	return (uint32_t)((ticks * 1000 + per_s - 1) / per_s);
}

static enum sock_state decode_state(enum sock_proto proto, uint64_t st)
{
	if (proto == SOCK_PROTO_TCP) {
		if (st == SOCK_STATE_NEW_SYN_RECV)
			return SOCK_STATE_SYN_RECV;
		return st < SOCK_STATE_BOUND ? (enum sock_state)st : SOCK_STATE_UNKNOWN;
	}
	return st == SOCK_STATE_ESTABLISHED ? SOCK_STATE_ESTABLISHED : SOCK_STATE_UNCONNECTED;
}

int procnet_parse_inet(const char *line, size_t len, enum sock_proto proto, sa_family_t family,
		       struct sock *out)
{
	struct cursor c = {line, line + len};
	uint64_t slot, st, timer, when, uid, timeout, inode;
	uint32_t retransmits;
	struct sock s = {.proto = (uint8_t)proto};

	if (!take_number(&c, 10, UINT64_MAX, &slot) || !take_char(&c, ':') ||
	    !take_addr(&c, family, &s.local) || !take_addr(&c, family, &s.remote) ||
	    !take_number(&c, 16, UINT8_MAX, &st) || !take_char(&c, ' ') ||
	    !take_word(&c, &s.wqueue) || !take_char(&c, ':') || !take_word(&c, &s.rqueue) ||
	    !take_number(&c, 16, UINT8_MAX, &timer) || !take_char(&c, ':') ||
	    !num_scan(&c.at, c.end, 16, UINT64_MAX, &when) || !take_char(&c, ' ') ||
	    !take_word(&c, &retransmits) ||
	    !take_number(&c, 10, UINT32_MAX, &uid) || !take_number(&c, 10, UINT64_MAX, &timeout) ||
	    !take_number(&c, 10, UINT64_MAX, &inode) || !take_char(&c, ' '))
		return -EINVAL;

	s.state = (uint8_t)decode_state(proto, st);
	s.inode = inode;
	s.uid = (uint32_t)uid;
	/* Before Linux 6.17 every socket without a file claims uid 0. */
	s.uid_known = inode != 0 || uid != 0;
	/* Timer 3 is a TIME_WAIT remainder, in FIN_WAIT2 too (get_timewait4_sock). */
	if (proto == SOCK_PROTO_TCP && timer <= SOCK_TIMER_PROBE) {
		s.timer = (uint8_t)timer;
		s.timer_ms = timer == SOCK_TIMER_NONE ? 0 : ticks_to_ms(when);
		if (timer == SOCK_TIMER_TIME_WAIT)
			s.uid_known = false;
	}
	*out = s;
	return 0;
}

/* A blank, then a field that the kernel prints with exactly so many hex digits. */
static bool take_field(struct cursor *c, size_t digits, uint64_t *out)
{
	if (!take_char(c, ' ') || (size_t)(c->end - c->at) < digits)
		return false;
	const char *at = c->at;
	if (!num_scan(&at, at + digits, 16, UINT64_MAX, out) || at != c->at + digits)
		return false;
	c->at = at;
	return true;
}

/* The hashed pointer; early in boot it is "(____ptrval____)". */
static bool take_pointer(struct cursor *c, uint64_t *out)
{
	const char *colon = memchr(c->at, ':', (size_t)(c->end - c->at));

	*out = 0;
	if (!colon || colon - c->at < 8)
		return false;
	if (*c->at != '(' && (!num_scan(&c->at, colon, 16, UINT64_MAX, out) || c->at != colon))
		return false;
	c->at = colon + 1;
	return true;
}

int procnet_parse_unix(const char *line, size_t len, struct sock *out)
{
	struct cursor c = {line, line + len};
	uint64_t cookie, count, protocol, flags, type, st, inode;
	struct sock s = {.proto = SOCK_PROTO_UNIX};
	static const enum sock_state states[] = {
		SOCK_STATE_UNKNOWN, SOCK_STATE_UNCONNECTED, SOCK_STATE_CONNECTING,
		SOCK_STATE_CONNECTED, SOCK_STATE_DISCONNECTING};
	enum { SO_ACCEPTCON = 0x10000 }; /* __SO_ACCEPTCON, linux/net.h */

	if (!take_pointer(&c, &cookie) || !take_field(&c, 8, &count) ||
	    !take_field(&c, 8, &protocol) || !take_field(&c, 8, &flags) ||
	    !take_field(&c, 4, &type) || !take_field(&c, 2, &st) ||
	    !take_number(&c, 10, UINT64_MAX, &inode) || st == 0 ||
	    st >= sizeof(states) / sizeof(*states))
		return -EINVAL;

	s.cookie = cookie;
	s.inode = inode;
	s.type = (uint8_t)type;
	s.state = (uint8_t)(flags & SO_ACCEPTCON ? SOCK_STATE_LISTEN : states[st]);
	if (c.at < c.end) {
		if (!take_char(&c, ' '))
			return -EINVAL;
		s.name = c.at;
		s.name_len = (uint16_t)(c.end - c.at > UINT16_MAX ? UINT16_MAX : c.end - c.at);
	}
	*out = s;
	return 0;
}

bool procnet_parse_inuse(const char *line, size_t len, const char *name, uint64_t *out)
{
	static const char word[] = " inuse ";
	size_t head = strlen(name), skip = sizeof(word) - 1;

	if (len < head + skip || memcmp(line, name, head) != 0 ||
	    memcmp(line + head, word, skip) != 0)
		return false;
	const char *at = line + head + skip;
	return num_scan(&at, line + len, 10, UINT64_MAX, out);
}

/* "MPTCPv6   2024      0 ...": name, size of a socket, number of sockets */
bool procnet_parse_protocol(const char *line, size_t len, const char *name, uint64_t *out)
{
	size_t head = strlen(name);
	struct cursor c = {line + head, line + len};
	uint64_t size;

	if (len < head || memcmp(line, name, head) != 0)
		return false;
	if (c.end - c.at >= 2 && memcmp(c.at, "v6", 2) == 0)
		c.at += 2;
	return c.at < c.end && *c.at == ' ' && take_number(&c, 10, UINT64_MAX, &size) &&
	       take_number(&c, 10, UINT64_MAX, out);
}
