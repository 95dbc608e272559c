/*
 * An internet address with its port, as a value.
 */
#ifndef WHOPORT_ADDR_H
#define WHOPORT_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct buf;

struct addr {
	sa_family_t family; /* AF_INET, AF_INET6; AF_UNSPEC: no address */
	uint16_t port;      /* host byte order; a raw socket's protocol number */
	uint32_t scope_id;  /* interface index of a link-local address, 0 when unknown */
	union {
		struct in_addr v4;  /* network byte order */
		struct in6_addr v6; /* network byte order */
	} ip;
};

/** True for 0.0.0.0 and ::, whatever the port. */
bool addr_is_wildcard(const struct addr *a);

/** True for an IPv6 address of the form ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). */
bool addr_is_v4mapped(const struct addr *a);

/** The IPv4 address inside a v4-mapped one; any other address as it is. */
struct addr addr_unmap(const struct addr *a);

/**
 * True if two addresses are one, ports aside: v4-mapped equals IPv4, and an
 * unknown scope equals every scope.
 */
bool addr_equal_ip(const struct addr *a, const struct addr *b);

/**
 * True if an address lies in a prefix. v4-mapped counts as IPv4.
 *
 * @bits  length of the prefix, 0 to 32 or 128
 */
bool addr_in_prefix(const struct addr *a, const struct addr *prefix, unsigned bits);

/**
 * Parse a numeric address: `127.0.0.1`, `::1`, `[::1]`, `fe80::1%eth0`.
 *
 * Return true and the address with port 0. Source: inet_pton(3).
 */
bool addr_parse(const char *text, size_t len, struct addr *out);

/**
 * Append the address alone: `*` for a wildcard, `[...]` around IPv6, v4-mapped
 * in dotted form.
 *
 * @scope  name of the interface of a link-local address; NULL: as it is called
 *         in our own network namespace
 */
void addr_add_ip(struct buf *out, const struct addr *a, const char *scope);

/**
 * Append the scope of a link-local address, `%eth0`; nothing if it has none.
 *
 * @flags  of escape_add()
 */
void addr_add_scope(struct buf *out, const struct addr *a, const char *scope, unsigned flags);

#endif
