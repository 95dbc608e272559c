/*
 * The kinds of keeper.c that are internet sockets behind plain descriptors, in
 * odd states or side by side, and the sockets that its other kinds start from.
 */
#ifndef KEEPER_INET_H
#define KEEPER_INET_H

#include "holding.h"

/* A row of the table: what to make, and of which type. */
struct row {
	const char *name;
	int (*make)(const struct row *row, const char *value); /* -1: errno says why not */
	const char *address;
	int type, protocol;
	bool v6only;
};

static const struct row tcp4 = {.address = "127.0.0.1", .type = SOCK_STREAM};

static inline int set_flag(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* A socket of that type, not bound. */
static inline int open_socket(const struct row *row)
{
	int family = strchr(row->address, ':') ? AF_INET6 : AF_INET;
	int fd = keep(socket(family, row->type, row->protocol));

	if (fd >= 0 && family == AF_INET6)
		check(set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, row->v6only), "IPV6_V6ONLY");
	return fd;
}

static inline int open_bound(const struct row *row)
{
	int fd = open_socket(row);

	return fd < 0 || bind_fresh(fd, row->address) < 0 ? refused(fd) : fd;
}

static inline int open_listener(const struct row *row)
{
	int fd = open_bound(row);

	return fd < 0 || listen(fd, BACKLOG) < 0 ? refused(fd) : fd;
}

/* The listener that a kind is about to hide: nothing can refuse it. */
static inline int plain_listener(struct held *out)
{
	int fd = check(open_listener(&tcp4), "listen");

	*out = look(fd);
	return fd;
}

static inline int make_bound(const struct row *row, const char *value)
{
	(void)value;
	int fd = open_bound(row);

	if (fd < 0)
		return -1;
	tell("", getpid(), fd, look(fd));
	return 0;
}

static inline int make_listener(const struct row *row, const char *value)
{
	(void)value;
	int fd = open_listener(row);

	if (fd < 0)
		return -1;
	tell("", getpid(), fd, look(fd));
	return 0;
}

/* A listener that was stopped: its port stays bound, as bind() named it. */
static inline int make_shutdown(const struct row *row, const char *value)
{
	(void)value;
	int fd = open_listener(row);

	if (fd < 0)
		return -1;
	check(shutdown(fd, SHUT_RDWR), "shutdown");
	tell("", getpid(), fd, look(fd));
	return 0;
}

/*
 * The same with a port that the kernel chose: shutdown() gives it back, and
 * getsockname() still tells it (tcp_set_state, net/ipv4/tcp.c).
 */
static inline int make_port0(const struct row *row, const char *value)
{
	(void)value;
	union inet_addr a;
	socklen_t len = addr_set(&a, row->address, 0);
	int fd = check(open_socket(row), "socket");

	check(bind(fd, &a.sa, len), "bind");
	check(listen(fd, BACKLOG), "listen");
	check(shutdown(fd, SHUT_RDWR), "shutdown");
	tell("", getpid(), fd, look(fd));
	return 0;
}

/* A second listener on a port that has one. */
static inline int listen_beside(const struct row *row, unsigned port)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, row->address, port);
	int fd = open_socket(row);

	if (fd >= 0)
		check(set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1), "SO_REUSEPORT");
	if (fd < 0 || bind(fd, &a.sa, len) < 0 || listen(fd, BACKLOG) < 0)
		return refused(fd);
	return fd;
}

/* [::] for IPv6 alone, and 0.0.0.0 on the same port beside it. */
static inline int make_v6only(const struct row *row, const char *value)
{
	(void)value;
	static const struct row four = {.address = "0.0.0.0", .type = SOCK_STREAM};
	int fd = open_listener(row);

	if (fd < 0)
		return -1;
	struct held h = look(fd);
	int beside = listen_beside(&four, h.port);
	if (beside < 0)
		return refused(fd);
	tell("", getpid(), fd, h);
	tell(".four", getpid(), beside, look(beside));
	return 0;
}

/* [::] twice on one port by SO_REUSEPORT, once with IPv4 and once without. */
static inline int make_v6both(const struct row *row, const char *value)
{
	(void)value;
	struct row only = *row;
	int first = open_socket(row);

	only.v6only = true;
	if (first < 0)
		return -1;
	check(set_flag(first, SOL_SOCKET, SO_REUSEPORT, 1), "SO_REUSEPORT");
	if (bind_fresh(first, row->address) < 0 || listen(first, BACKLOG) < 0)
		return refused(first);
	struct held h = look(first);
	int second = listen_beside(&only, h.port);
	if (second < 0)
		return refused(first);
	tell(".dual", getpid(), first, h);
	tell(".only", getpid(), second, look(second));
	return 0;
}

static inline int open_on_device(const struct row *row, const char *device)
{
	int fd = check(open_socket(row), "socket");
	socklen_t len = (socklen_t)strlen(device);

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, len) < 0)
		return refused(fd);
	check(bind_fresh(fd, row->address), "bind");
	return fd;
}

/* Bound to a device, the loopback unless VALUE names another. */
static inline int make_device(const struct row *row, const char *value)
{
	const char *device = *value ? value : "lo";
	static const struct row udp = {.address = "127.0.0.1", .type = SOCK_DGRAM};
	int fd = open_on_device(row, device);

	if (fd < 0)
		return -1;
	check(listen(fd, BACKLOG), "listen");
	tell(".tcp", getpid(), fd, look(fd));
	fd = check(open_on_device(&udp, device), "SO_BINDTODEVICE");
	tell(".udp", getpid(), fd, look(fd));
	return 0;
}

/* A connection with all three ends. */
static inline int make_connection(const struct row *row, const char *value)
{
	(void)value;
	union inet_addr a;
	int listener = open_listener(row);

	if (listener < 0)
		return -1;
	struct held h = look(listener);
	int client = check(open_bound(row), "socket");
	socklen_t len = addr_set(&a, row->address, h.port);
	check(connect(client, &a.sa, len), "connect");
	int server = keep(check(accept(listener, NULL, NULL), "accept"));
	tell(".listener", getpid(), listener, h);
	tell(".client", getpid(), client, look(client));
	tell(".server", getpid(), server, look(server));
	return 0;
}

#endif
