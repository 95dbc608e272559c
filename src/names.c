/*
 * Names of users, services and hosts; see names.h. Reads /etc/passwd,
 * /etc/services and /etc/hosts; only what they do not have goes to libc,
 * whose NSS modules cost milliseconds to load.
 */
#define _GNU_SOURCE
#include "names.h"

#include "grow.h"
#include "line_reader.h"
#include "num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#ifndef WHOPORT_NO_NSS
#include <netdb.h>
#include <pwd.h>
#endif

enum { NAME_MAX_LEN = 256 };

void names_free(struct names *n)
{
	for (size_t i = 0; i < n->services_len; i++)
		free(n->services[i].name);
	for (size_t i = 0; i < n->users_len; i++)
		free(n->users[i].name);
	for (size_t i = 0; i < n->hosts_len; i++)
		free(n->hosts[i].name);
	free(n->services);
	free(n->users);
	free(n->hosts);
	*n = (struct names){0};
}

/* A file in /etc that is not there has no lines. */
static int read_lines(const char *path, line_taker *take, void *ctx)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;

	int rc = line_reader_run(fd, take, ctx);
	close(fd);
	return rc;
}

/* Cut the next word, up to a blank or a comment; false at the end. */
static bool next_word(const char **at, const char *end, const char **out, size_t *out_len)
{
	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	const char *start = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '#' && **at != '\r')
		(*at)++;
	*out = start;
	*out_len = (size_t)(*at - start);
	return *out_len > 0;
}

/* `53/udp` */
static bool parse_port_proto(const char *word, size_t len, struct names_service *out)
{
	const char *at = word, *end = word + len;
	uint64_t port;
	enum sock_proto proto;

	if (!num_scan(&at, end, 10, UINT16_MAX, &port) || at == end || *at++ != '/' ||
	    !sock_proto_parse(at, (size_t)(end - at), &proto) ||
	    !(SOCK_PROTO_BIT(proto) & SOCK_PROTOS_PORTS))
		return false;
	out->port = (uint16_t)port;
	out->protos = SOCK_PROTO_BIT(proto);
	if (proto == SOCK_PROTO_TCP)
		out->protos |= SOCK_PROTO_BIT(SOCK_PROTO_MPTCP);
	if (proto == SOCK_PROTO_UDP)
		out->protos |= SOCK_PROTO_BIT(SOCK_PROTO_UDPLITE);
	return true;
}

static int add_service(struct names *n, const char *name, size_t len, const struct names_service *s)
{
	void *v = grow(n->services, n->services_len, &n->services_cap, sizeof(*n->services));
	if (!v)
		return -ENOMEM;
	n->services = v;

	struct names_service added = *s;
	added.name = strndup(name, len);
	if (!added.name)
		return -ENOMEM;
	n->services[n->services_len++] = added;
	return 0;
}

int names_parse_service(const char *line, size_t len, struct names *n)
{
	const char *at = line, *end = line + len, *name, *word;
	size_t name_len, word_len;
	struct names_service s = {0};

	if (!next_word(&at, end, &name, &name_len) || !next_word(&at, end, &word, &word_len) ||
	    !parse_port_proto(word, word_len, &s))
		return 0;
	do {
		int rc = add_service(n, name, name_len, &s);
		if (rc < 0)
			return rc;
		s.alias = true;
	} while (next_word(&at, end, &name, &name_len));
	return 0;
}

static int take_service(void *ctx, const char *line, size_t len)
{
	return line ? names_parse_service(line, len, ctx) : 0;
}

static int read_services(struct names *n)
{
	if (n->services_read)
		return 0;
	n->services_read = true;
	return read_lines("/etc/services", take_service, n);
}

/* Add a port, merging the protocols it has. */
static size_t add_port(struct names_service *out, size_t count, size_t max, uint16_t port,
		       unsigned protos)
{
	for (size_t i = 0; i < count; i++) {
		if (out[i].port == port) {
			out[i].protos |= protos;
			return count;
		}
	}
	if (count < max)
		out[count++] = (struct names_service){.port = port, .protos = protos};
	return count;
}

int names_service_ports(struct names *n, const char *name, size_t len, unsigned protos,
			struct names_service *out, size_t max)
{
	size_t count = 0, others = 0;
	int rc = read_services(n);

	if (rc < 0)
		return rc;
	/* First the protocols of interest; if there are none, every other. */
	for (int pass = 0; pass < 2 && count == 0; pass++) {
		for (size_t i = 0; i < n->services_len; i++) {
			const struct names_service *s = &n->services[i];
			if (strlen(s->name) != len || strncasecmp(s->name, name, len) != 0)
				continue;
			unsigned both = s->protos & protos;
			if (pass == 0 && both)
				count = add_port(out, count, max, s->port, both);
			if (pass == 1)
				others = add_port(out, others, max, s->port, protos);
		}
	}
	return (int)(count ? count : others);
}

const char *names_service_of(struct names *n, uint16_t port, enum sock_proto proto)
{
	if (read_services(n) < 0)
		return NULL;
	for (size_t i = 0; i < n->services_len; i++) {
		const struct names_service *s = &n->services[i];
		if (s->port == port && s->protos & SOCK_PROTO_BIT(proto) && !s->alias)
			return s->name;
	}
	return NULL;
}

bool names_parse_user(const char *line, size_t len, size_t *out_name_len, uint32_t *out_uid)
{
	const char *end = line + len;
	const char *colon = memchr(line, ':', len);
	uint64_t uid;

	if (!colon || colon == line)
		return false;
	const char *at = memchr(colon + 1, ':', (size_t)(end - colon - 1));
	if (!at || (at++, !num_scan(&at, end, 10, UINT32_MAX, &uid)) || at == end || *at != ':')
		return false;
	*out_name_len = (size_t)(colon - line);
	*out_uid = (uint32_t)uid;
	return true;
}

/* A search in passwd, by name or by uid. */
struct user_search {
	const char *name; /* NULL: by uid */
	size_t name_len;
	uint32_t uid;
	char *found_name; /* owned by the searcher */
	bool found;
};

static int take_user(void *ctx, const char *line, size_t len)
{
	struct user_search *s = ctx;
	size_t name_len;
	uint32_t uid;

	if (s->found || !line || !names_parse_user(line, len, &name_len, &uid))
		return 0;
	if (s->name) {
		s->found = name_len == s->name_len && memcmp(line, s->name, name_len) == 0;
		if (s->found)
			s->uid = uid;
	} else if (uid == s->uid) {
		s->found_name = strndup(line, name_len);
		s->found = s->found_name != NULL;
	}
	return 0;
}

bool names_uid(const char *name, size_t len, uint32_t *out)
{
	struct user_search s = {.name = name, .name_len = len};

	if (len > NAME_MAX_LEN)
		return false;
	read_lines("/etc/passwd", take_user, &s);
#ifndef WHOPORT_NO_NSS
	if (!s.found) {
		char copy[NAME_MAX_LEN + 1] = "";
		memcpy(copy, name, len);
		const struct passwd *pw = getpwnam(copy);
		s.found = pw != NULL;
		s.uid = pw ? pw->pw_uid : 0;
	}
#endif
	*out = s.uid;
	return s.found;
}

static char *find_user(uint32_t uid)
{
	struct user_search s = {.uid = uid};

	read_lines("/etc/passwd", take_user, &s);
#ifndef WHOPORT_NO_NSS
	if (!s.found) {
		const struct passwd *pw = getpwuid(uid);
		return pw ? strdup(pw->pw_name) : NULL;
	}
#endif
	return s.found_name;
}

const char *names_user_of(struct names *n, uint32_t uid)
{
	for (size_t i = 0; i < n->users_len; i++) {
		if (n->users[i].uid == uid)
			return n->users[i].name;
	}
	void *v = grow(n->users, n->users_len, &n->users_cap, sizeof(*n->users));
	if (!v)
		return NULL;
	n->users = v;
	struct names_user *user = &n->users[n->users_len++];
	user->uid = uid;
	user->name = find_user(uid);
	return user->name;
}

bool names_parse_host(const char *line, size_t len, struct addr *out_addr, const char **out_names,
		      size_t *out_names_len)
{
	const char *at = line, *end = line + len, *word;
	const char *comment = memchr(line, '#', len);
	size_t word_len;

	if (comment)
		end = comment;
	if (!next_word(&at, end, &word, &word_len) || !addr_parse(word, word_len, out_addr))
		return false;
	*out_names = at;
	*out_names_len = (size_t)(end - at);
	return true;
}

/* A search in hosts, by name or by address. */
struct host_search {
	const char *name; /* NULL: by address */
	size_t name_len;
	struct addr *addrs;
	size_t count, max;
	const struct addr *addr;
	char *found_name; /* owned by the searcher */
};

static int take_host(void *ctx, const char *line, size_t len)
{
	struct host_search *s = ctx;
	struct addr addr;
	const char *names, *word;
	size_t names_len, word_len;

	if (!line || !names_parse_host(line, len, &addr, &names, &names_len))
		return 0;
	const char *end = names + names_len;
	if (!s->name) {
		if (!s->found_name && addr_equal_ip(&addr, s->addr) &&
		    next_word(&names, end, &word, &word_len))
			s->found_name = strndup(word, word_len);
		return 0;
	}
	while (next_word(&names, end, &word, &word_len)) {
		if (word_len == s->name_len && strncasecmp(word, s->name, word_len) == 0 &&
		    s->count < s->max)
			s->addrs[s->count++] = addr;
	}
	return 0;
}

#ifndef WHOPORT_NO_NSS
static size_t resolve(const char *name, struct addr *out, size_t max)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	size_t count = 0;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return 0;
	for (const struct addrinfo *ai = list; ai && count < max; ai = ai->ai_next) {
		struct addr a = {.family = (sa_family_t)ai->ai_family};
		if (ai->ai_family == AF_INET) {
			struct sockaddr_in in;
			memcpy(&in, ai->ai_addr, sizeof(in));
			a.ip.v4 = in.sin_addr;
		} else if (ai->ai_family == AF_INET6) {
			struct sockaddr_in6 in6;
			memcpy(&in6, ai->ai_addr, sizeof(in6));
			a.ip.v6 = in6.sin6_addr;
			a.scope_id = in6.sin6_scope_id;
		} else {
			continue;
		}
		out[count++] = a;
	}
	freeaddrinfo(list);
	return count;
}

static char *resolve_name(const struct addr *a)
{
	char name[NI_MAXHOST];
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = a->ip.v4};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = a->ip.v6,
				   .sin6_scope_id = a->scope_id};
	int rc = a->family == AF_INET
		? getnameinfo((struct sockaddr *)&in, sizeof(in), name, sizeof(name), NULL, 0,
			      NI_NAMEREQD)
		: getnameinfo((struct sockaddr *)&in6, sizeof(in6), name, sizeof(name), NULL, 0,
			      NI_NAMEREQD);

	return rc == 0 ? strdup(name) : NULL;
}
#endif

size_t names_host_addrs(const char *name, size_t len, struct addr *out, size_t max)
{
	struct host_search s = {.name = name, .name_len = len, .addrs = out, .max = max};

	if (len == 0 || len > NAME_MAX_LEN)
		return 0;
	read_lines("/etc/hosts", take_host, &s);
#ifndef WHOPORT_NO_NSS
	if (s.count == 0) {
		char copy[NAME_MAX_LEN + 1] = "";
		memcpy(copy, name, len);
		return resolve(copy, out, max);
	}
#endif
	return s.count;
}

const char *names_host_of(struct names *n, const struct addr *a)
{
	struct addr plain = addr_unmap(a);
	struct host_search s = {.addr = &plain};

	for (size_t i = 0; i < n->hosts_len; i++) {
		if (addr_equal_ip(&n->hosts[i].addr, &plain))
			return n->hosts[i].name;
	}
	void *v = grow(n->hosts, n->hosts_len, &n->hosts_cap, sizeof(*n->hosts));
	if (!v)
		return NULL;
	n->hosts = v;
	read_lines("/etc/hosts", take_host, &s);
#ifndef WHOPORT_NO_NSS
	if (!s.found_name)
		s.found_name = resolve_name(&plain);
#endif
	struct names_host *host = &n->hosts[n->hosts_len++];
	host->addr = plain;
	host->name = s.found_name;
	return host->name;
}
