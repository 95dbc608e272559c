/*
 * Holds sockets whose counters and queues are known, for what --details tells of them. Speaks
 * as holder.c does (holding.h):
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 4 31415 40001 data4.client
 *
 * data4: the client has sent 5000 bytes, of which the server has read 1000 and sent back 7.
 * drops4: 64 datagrams to a receive buffer that is too small for them. full4: a listener with
 * a limit of 5 and 3 connections that wait. device4: bound to lo. shut: a socket pair, of which
 * one end has ended sending, and 3 bytes wait at the other.
 */
#define _GNU_SOURCE
#include "holding.h"

static int open_bound(int type, const char *address)
{
	int fd = keep(check(socket(AF_INET, type, 0), "socket"));

	check(bind_fresh(fd, address), "bind");
	return fd;
}

static int open_client(int type, unsigned port)
{
	int fd = open_bound(type, "127.0.0.1");
	union inet_addr a;
	socklen_t len = addr_set(&a, "127.0.0.1", port);

	check(connect(fd, &a.sa, len), "connect");
	return fd;
}

static void push(int fd, size_t len)
{
	char bytes[8192] = {0};

	if (send(fd, bytes, len, 0) != (ssize_t)len)
		die("send");
}

static void pull(int fd, size_t len)
{
	char bytes[8192];

	if (recv(fd, bytes, len, MSG_WAITALL) != (ssize_t)len)
		die("recv");
}

static void tell_of(const char *part, int fd)
{
	tell(part, getpid(), fd, look(fd));
}

static int make_data(void)
{
	int listener = open_bound(SOCK_STREAM, "127.0.0.1");

	check(listen(listener, 1), "listen");
	int client = open_client(SOCK_STREAM, look(listener).port);
	int server = keep(check(accept(listener, NULL, NULL), "accept"));
	push(client, 5000);
	pull(server, 1000);
	push(server, 7);
	tell_of(".listener", listener);
	tell_of(".client", client);
	tell_of(".server", server);
	return 0;
}

static int make_drops(void)
{
	int fd = open_bound(SOCK_DGRAM, "127.0.0.1"), size = 4096;

	check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), "SO_RCVBUF");
	int sender = open_client(SOCK_DGRAM, look(fd).port);
	for (int i = 0; i < 64; i++)
		push(sender, 1000);
	tell_of("", fd);
	return 0;
}

static int make_full(void)
{
	int listener = open_bound(SOCK_STREAM, "127.0.0.1");

	check(listen(listener, 5), "listen");
	for (int i = 0; i < 3; i++)
		open_client(SOCK_STREAM, look(listener).port);
	tell_of("", listener);
	return 0;
}

static int make_device(void)
{
	int fd = keep(check(socket(AF_INET, SOCK_DGRAM, 0), "socket"));

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) < 0)
		return refused(fd);
	check(bind_fresh(fd, "127.0.0.1"), "bind");
	tell_of("", fd);
	return 0;
}

static int make_shut(void)
{
	int fds[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair");
	push(keep(fds[0]), 3);
	check(shutdown(fds[0], SHUT_WR), "shutdown");
	keep(fds[1]);
	tell(".shut", getpid(), fds[0], (struct held){inode_of(fds[0]), 0});
	tell(".full", getpid(), fds[1], (struct held){inode_of(fds[1]), 0});
	return 0;
}

static const struct {
	const char *name;
	int (*make)(void); /* -1: errno says why not */
} rows[] = {
	{"data4", make_data}, {"device4", make_device}, {"drops4", make_drops},
	{"full4", make_full}, {"shut", make_shut},
};

static void serve(const char *word)
{
	kind = word;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, word) == 0) {
			if (rows[i].make() < 0)
				unavailable();
			return;
		}
	}
	errno = EINVAL;
	die("no such kind");
}

int main(int argc, char **argv)
{
	return hold_all(argc, argv, serve);
}
