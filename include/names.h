/*
 * Names of users, services and hosts, both ways. The files in /etc are read
 * here, so that a static binary needs no NSS; libc is asked for what they do
 * not have, where it is dynamic.
 */
#ifndef WHOPORT_NAMES_H
#define WHOPORT_NAMES_H

#include "addr.h"
#include "sock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of services(5), once for each of its names. */
struct names_service {
	char *name; /* owned */
	uint16_t port;
	unsigned protos; /* SOCK_PROTO_BIT()s; UDP stands for UDPLITE too */
	bool alias;
};

struct names_user {
	uint32_t uid;
	char *name; /* owned; NULL when nobody has this uid */
};

struct names_host {
	struct addr addr;
	char *name; /* owned; NULL when the address has no name */
};

/** What has been looked up so far. Zeroed at first; released by names_free(). */
struct names {
	struct names_service *services;
	size_t services_len, services_cap;
	bool services_read;
	struct names_user *users;
	size_t users_len, users_cap;
	struct names_host *hosts;
	size_t hosts_len, hosts_cap;
};

/** Release everything, names handed out included. */
void names_free(struct names *n);

/**
 * Add the names of a line such as `domain 53/udp nameserver # DNS`.
 *
 * Return 0 or -ENOMEM; a line of another form adds nothing. Source: services(5).
 */
int names_parse_service(const char *line, size_t len, struct names *n);

/**
 * Parse a line such as `www-data:x:33:33:...`.
 *
 * @out_name_len  the name is the first so many bytes
 * Return true if it is one. Source: passwd(5).
 */
bool names_parse_user(const char *line, size_t len, size_t *out_name_len, uint32_t *out_uid);

/**
 * Parse a line such as `127.0.0.1 localhost vm # comment`.
 *
 * @out_names  the names, between blanks, in @line
 * Return true if it is one. Source: hosts(5).
 */
bool names_parse_host(const char *line, size_t len, struct addr *out_addr, const char **out_names,
		      size_t *out_names_len);

/**
 * Ports of a service name; one name can have several.
 *
 * @protos  which protocols are of interest
 * @out     at most @max entries: port and protos
 * Return how many, or -ENOMEM. If the file has the name for other protocols
 * only, its port counts for @protos: QUIC servers ask for `udp:http`.
 */
int names_service_ports(struct names *n, const char *name, size_t len, unsigned protos,
			struct names_service *out, size_t max);

/** Service name of a port, or NULL; valid until names_free(). */
const char *names_service_of(struct names *n, uint16_t port, enum sock_proto proto);

/** uid of a user name. Return true if there is such a user. */
bool names_uid(const char *name, size_t len, uint32_t *out);

/** User name of a uid, or NULL; valid until names_free(). */
const char *names_user_of(struct names *n, uint32_t uid);

/**
 * Addresses of a host name: /etc/hosts, then libc (which may ask a server).
 *
 * Return how many of at most @max, 0 if there are none.
 */
size_t names_host_addrs(const char *name, size_t len, struct addr *out, size_t max);

/** Host name of an address, or NULL; valid until names_free(). May ask a server. */
const char *names_host_of(struct names *n, const struct addr *a);

#endif
