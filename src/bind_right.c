/* Whether an address and a port may be had at all; see bind_right.h. */
#define _GNU_SOURCE
#include "bind_right.h"

#include "net_setting.h"
#include "netlink.h"
#include "num.h"
#include "procfs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char addresses_file[] = "self/net/if_inet6";

int bind_bar_error(enum bind_bar bar)
{
	static const int errors[] = {
		[BIND_BAR_NONE] = 0, [BIND_BAR_NO_IPV6] = EAFNOSUPPORT,
		[BIND_BAR_NO_SCOPE] = EINVAL, [BIND_BAR_MULTICAST] = EINVAL,
		[BIND_BAR_PRIVILEGED] = EACCES,
		[BIND_BAR_NOT_LOCAL] = EADDRNOTAVAIL, [BIND_BAR_TENTATIVE] = EADDRNOTAVAIL,
		[BIND_BAR_DUPLICATE] = EADDRNOTAVAIL, [BIND_BAR_DISABLED] = EADDRNOTAVAIL};

	return errors[bar];
}

bool bind_right_needs_scope(const struct addr *a)
{
	const struct in6_addr *ip = &a->ip.v6;

	return a->family == AF_INET6 &&
	       (IN6_IS_ADDR_LINKLOCAL(ip) || IN6_IS_ADDR_MC_LINKLOCAL(ip) ||
		IN6_IS_ADDR_MC_NODELOCAL(ip));
}

uint32_t bind_right_first_free_port(int proc_fd)
{
	enum { PROT_SOCK = 1024 }; /* before Linux 4.11 it was fixed */

	return net_setting_number(proc_fd, "ipv4/ip_unprivileged_port_start", PROT_SOCK);
}

bool bind_right_has_ipv6(int proc_fd)
{
	struct stat st;

	return fstatat(proc_fd, addresses_file, &st, 0) == 0;
}

/* --- IPv4 ------------------------------------------------------------------- */

/* Wire form of struct rtmsg, linux/rtnetlink.h; no holes. */
struct route_header {
	uint8_t family, dst_len, src_len, tos;
	uint8_t table, protocol, scope, type;
	uint32_t flags;
};

unsigned bind_right_parse_route(const void *data, size_t len)
{
	struct route_header h;

	if (len < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	return h.type;
}

static int take_route(void *ctx, const struct nl_message *m)
{
	unsigned *out = ctx;

	*out = bind_right_parse_route(m->data, m->len);
	return 0;
}

enum { ROUTE_UNREACHABLE = 7, ROUTE_LOCAL = 2, ROUTE_BROADCAST = 3, ROUTE_MULTICAST = 5 };

unsigned bind_right_ask_route(const struct addr *a)
{
	enum { GET_ROUTE = 26, ATTR_DST = 1 }; /* RTM_GETROUTE, RTA_DST */
	struct {
		struct route_header h;
		uint16_t len, type;
		struct in_addr dst;
	} body = {{.family = AF_INET, .dst_len = 32}, 8, ATTR_DST, a->ip.v4};
	unsigned type = 0;
	const struct nl_request rq = {.type = GET_ROUTE, .body = &body, .len = sizeof(body),
				      .take = take_route, .ctx = &type};

	int fd = nl_open(NL_ROUTE);
	if (fd < 0)
		return 0;
	int rc = nl_dump(fd, &rq);
	close(fd);
	if (rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EINVAL || rc == -EACCES)
		return ROUTE_UNREACHABLE;
	return rc < 0 ? 0 : type;
}

static enum bind_bar find_bar4(int proc_fd, const struct addr *a, bind_right_route *route)
{
	if (addr_is_wildcard(a) || IN_MULTICAST(ntohl(a->ip.v4.s_addr)) || !route ||
	    a->ip.v4.s_addr == htonl(INADDR_BROADCAST))
		return BIND_BAR_NONE;
	unsigned type = route(a);
	if (type == 0 || type == ROUTE_LOCAL || type == ROUTE_BROADCAST ||
	    type == ROUTE_MULTICAST || net_setting_number(proc_fd, "ipv4/ip_nonlocal_bind", 0))
		return BIND_BAR_NONE;
	return BIND_BAR_NOT_LOCAL;
}

/* --- IPv6 ------------------------------------------------------------------- */

/* One hex field of at most @digits, and the blanks behind it. */
static bool take_hex(const char **at, const char *end, size_t digits, uint64_t *out)
{
	const char *limit = (size_t)(end - *at) > digits ? *at + digits : end;

	if (!num_scan(at, limit, 16, UINT32_MAX, out))
		return false;
	while (*at < end && **at == ' ')
		(*at)++;
	return true;
}

/* One line: true if it is of this address, with its flags. */
static bool parse_address(const char *at, const char *end, const struct addr *a,
			  uint64_t *out_flags)
{
	struct in6_addr ip;
	uint64_t word, interface, skipped;

	for (size_t i = 0; i < sizeof(ip); i += 4) {
		const char *piece = at;
		if (end - at < 8 || !num_scan(&piece, at + 8, 16, UINT32_MAX, &word))
			return false;
		uint32_t wire = htonl((uint32_t)word);
		memcpy((char *)&ip + i, &wire, sizeof(wire));
		at += 8;
	}
	while (at < end && *at == ' ')
		at++;
	if (!take_hex(&at, end, 8, &interface) || !take_hex(&at, end, 2, &skipped) ||
	    !take_hex(&at, end, 2, &skipped) || !take_hex(&at, end, 8, out_flags))
		return false;
	return memcmp(&ip, &a->ip.v6, sizeof(ip)) == 0 &&
	       (a->scope_id == 0 || a->scope_id == interface);
}

enum bind_bar bind_right_parse_addresses(const char *text, size_t len, const struct addr *a)
{
	enum { OPTIMISTIC = 0x04, DAD_FAILED = 0x08, TENTATIVE = 0x40 }; /* IFA_F_* */
	enum bind_bar bar = BIND_BAR_NOT_LOCAL;
	const char *end = text + len;

	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		uint64_t flags = 0;

		if (!line_end)
			line_end = end;
		if (parse_address(text, line_end, a, &flags)) {
			if (!(flags & TENTATIVE) || flags & OPTIMISTIC)
				return BIND_BAR_NONE;
			bar = flags & DAD_FAILED ? BIND_BAR_DUPLICATE : BIND_BAR_TENTATIVE;
		}
		text = line_end + (line_end < end);
	}
	return bar;
}

static enum bind_bar find_bar6(int proc_fd, const struct addr *a)
{
	enum { SIZE = 1 << 18 }; /* 4,000 addresses */
	enum bind_bar bar = BIND_BAR_NONE;

	if (bind_right_needs_scope(a) && a->scope_id == 0)
		return BIND_BAR_NO_SCOPE;
	if (addr_is_wildcard(a) || IN6_IS_ADDR_MULTICAST(&a->ip.v6))
		return BIND_BAR_NONE;
	char *text = malloc(SIZE);
	ssize_t n = text ? procfs_read(proc_fd, addresses_file, text, SIZE) : -1;
	if (n >= 0 && n < SIZE)
		bar = bind_right_parse_addresses(text, (size_t)n, a);
	free(text);
	if (bar == BIND_BAR_NONE || net_setting_number(proc_fd, "ipv6/ip_nonlocal_bind", 0))
		return BIND_BAR_NONE;
	bool is_off = net_setting_number(proc_fd, "ipv6/conf/all/disable_ipv6", 0);
	return bar == BIND_BAR_NOT_LOCAL && is_off ? BIND_BAR_DISABLED : bar;
}

enum bind_bar bind_right_find_bar(int proc_fd, const struct addr *a, bind_right_route *route,
				  bool is_stream, bool may_bind_low)
{
	struct addr plain = addr_unmap(a);
	bool is_low = a->port != 0 && a->port < bind_right_first_free_port(proc_fd) &&
		      !may_bind_low;

	if (a->family == AF_INET6 && !bind_right_has_ipv6(proc_fd))
		return BIND_BAR_NO_IPV6;
	if (a->family == AF_INET6 && is_stream && IN6_IS_ADDR_MULTICAST(&a->ip.v6))
		return BIND_BAR_MULTICAST;
	/* IPv6 asks for the right first, IPv4 for the address. */
	if (a->family == AF_INET6 && is_low)
		return BIND_BAR_PRIVILEGED;
	enum bind_bar bar = plain.family == AF_INET ? find_bar4(proc_fd, &plain, route)
						    : find_bar6(proc_fd, a);
	return bar == BIND_BAR_NONE && is_low ? BIND_BAR_PRIVILEGED : bar;
}
