/*
 * Holds sockets whose other ends other processes have, and kinds that neither holder.c nor
 * keeper.c makes. Speaks as they do (holding.h):
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 4 31415 0 pair.a
 *     812 812 5 31416 0 pair.b
 *
 * A listener `.listener` has connections: `.client` in a child, `.server` here, in the order in
 * which they were made. A name that begins with @ is abstract; the rest of it and paths are
 * taken as they are. The kinds are in the table at the end.
 */
#define _GNU_SOURCE
#include "holding.h"

#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <sys/un.h>

enum { NOBODY = 65534, CLIENTS = 3 };

struct row {
	const char *name;
	int (*make)(const struct row *row, const char *value); /* -1: errno says why not */
	int type;
	const char *address, *to; /* of a server, and what its clients connect to */
};

/* What the next child gets, beside what it opens. */
static const struct row *given;
static int given_fd;
static unsigned given_port;

static struct held describe(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	check(getsockname(fd, (struct sockaddr *)&a, &len), "getsockname");
	return a.ss_family == AF_UNIX ? (struct held){inode_of(fd), 0} : look(fd);
}

static void tell_of(const char *part, int fd)
{
	tell(part, getpid(), fd, describe(fd));
}

/* --- unix ------------------------------------------------------------------ */

static socklen_t unix_set(struct sockaddr_un *a, const char *name)
{
	size_t len = strlen(name);

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (len >= sizeof(a->sun_path)) {
		errno = ENAMETOOLONG;
		die(name);
	}
	memcpy(a->sun_path, name, len);
	if (*name == '@')
		a->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*name != '@'));
}

static int open_unix(int type, const char *name)
{
	struct sockaddr_un a;
	socklen_t len = unix_set(&a, name);
	int fd = keep(check(socket(AF_UNIX, type, 0), "socket"));

	check(bind(fd, (struct sockaddr *)&a, len), name);
	return fd;
}

static int connect_unix(int type, const char *name)
{
	struct sockaddr_un a;
	socklen_t len = unix_set(&a, name);
	int fd = keep(check(socket(AF_UNIX, type, 0), "socket"));

	check(connect(fd, (struct sockaddr *)&a, len), name);
	return fd;
}

static int accept_one(int listener)
{
	return keep(check(accept(listener, NULL, NULL), "accept"));
}

static int work_hold(const char *part)
{
	tell_of(part, given_fd);
	return 0;
}

/* One end here, the other in a child, or in as many as VALUE says. */
static int make_pair(const struct row *row, const char *value)
{
	int fds[2], holders = *value ? atoi(value) : 1;

	check(socketpair(AF_UNIX, row->type, 0, fds), "socketpair");
	given_fd = fds[1];
	tell_of(".a", keep(fds[0]));
	for (int i = 0; i < holders; i++)
		spawn(work_hold, ".b");
	close(fds[1]);
	return 0;
}

static int work_unix_client(const char *name)
{
	tell_of(".client", connect_unix(given->type, name));
	return 0;
}

/* A server with clients in a process each. */
static int make_server(const struct row *row, const char *value)
{
	int listener = open_unix(row->type, value);

	check(listen(listener, BACKLOG), "listen");
	tell_of(".listener", listener);
	given = row;
	for (int i = 0; i < CLIENTS; i++) {
		spawn(work_unix_client, value);
		tell_of(".server", accept_one(listener));
	}
	return 0;
}

/* A client in another process that nobody accepts. */
static int make_waiting(const struct row *row, const char *value)
{
	int listener = open_unix(row->type, value);

	check(listen(listener, BACKLOG), "listen");
	tell_of(".listener", listener);
	given = row;
	return spawn(work_unix_client, value);
}

/* A datagram server as a syslog has it: its clients are connected, it is not. */
static int make_log(const struct row *row, const char *value)
{
	tell_of(".listener", open_unix(row->type, value));
	given = row;
	return spawn(work_unix_client, value);
}

/* Bound, and nothing else; without VALUE not even that. */
static int make_idle(const struct row *row, const char *value)
{
	int fd = *value ? open_unix(row->type, value)
			: keep(check(socket(AF_UNIX, row->type, 0), "socket"));

	tell_of("", fd);
	return 0;
}

static int work_as_nobody(const char *part)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -1;
	/* Else who has become that user could not look into us. */
	check(prctl(PR_SET_DUMPABLE, 1), "PR_SET_DUMPABLE");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tell_of(part, given_fd);
	return 0;
}

/* The other end is a child's of another user. */
static int make_nobody_pair(const struct row *row, const char *value)
{
	(void)value;
	int fds[2];

	check(socketpair(AF_UNIX, row->type, 0, fds), "socketpair");
	given_fd = fds[1];
	tell_of(".a", keep(fds[0]));
	spawn(work_as_nobody, ".b");
	close(fds[1]);
	return 0;
}

/* --- network namespaces ---------------------------------------------------- */

static int work_hold_elsewhere(const char *part)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	tell_of(part, given_fd);
	return 0;
}

/* The child with the other end lives in another network namespace. */
static int make_far_pair(const struct row *row, const char *value)
{
	(void)value;
	int fds[2];

	check(socketpair(AF_UNIX, row->type, 0, fds), "socketpair");
	given_fd = fds[1];
	tell_of(".a", keep(fds[0]));
	spawn(work_hold_elsewhere, ".b");
	close(fds[1]);
	return 0;
}

/* Both ends belong to a namespace that we have left. */
static int make_lost_pair(const struct row *row, const char *value)
{
	(void)value;
	int fds[2], here = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "ns/net");

	if (unshare(CLONE_NEWNET) < 0)
		return refused(here);
	check(socketpair(AF_UNIX, row->type, 0, fds), "socketpair");
	check(setns(here, CLONE_NEWNET), "setns");
	close(here);
	given_fd = fds[1];
	tell_of(".a", keep(fds[0]));
	spawn(work_hold, ".b");
	close(fds[1]);
	return 0;
}

static int work_far_client(const char *name)
{
	check(unshare(CLONE_NEWNET), "unshare");
	return work_unix_client(name);
}

/* A client of another namespace: what accept() gives belongs to that one, too. */
static int make_far_server(const struct row *row, const char *value)
{
	int listener = open_unix(row->type, value);

	check(listen(listener, BACKLOG), "listen");
	tell_of(".listener", listener);
	given = row;
	spawn(work_far_client, value);
	tell_of(".server", accept_one(listener));
	return 0;
}

/* --- internet -------------------------------------------------------------- */

static int open_inet(const char *address, int type)
{
	int fd = keep(socket(strchr(address, ':') ? AF_INET6 : AF_INET, type, 0));

	return fd < 0 || bind_fresh(fd, address) < 0 ? refused(fd) : fd;
}

static void connect_inet(int fd, const char *address, unsigned port)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, address, port);

	check(connect(fd, &a.sa, len), "connect");
}

static int work_inet_client(const char *value)
{
	(void)value;
	int fd = check(open_inet(given->to, given->type), "bind");

	connect_inet(fd, given->to, given_port);
	tell_of(".client", fd);
	return 0;
}

static int listen_inet(const struct row *row)
{
	int listener = open_inet(row->address, row->type);

	if (listener < 0 || listen(listener, BACKLOG) < 0)
		return refused(listener);
	tell_of(".listener", listener);
	given = row;
	given_port = look(listener).port;
	return listener;
}

/* A connection between two processes. */
static int make_far(const struct row *row, const char *value)
{
	(void)value;
	int listener = listen_inet(row);

	if (listener < 0)
		return -1;
	spawn(work_inet_client, "");
	tell_of(".server", accept_one(listener));
	return 0;
}

/* One that nobody accepts. */
static int make_far_waiting(const struct row *row, const char *value)
{
	(void)value;
	int listener = listen_inet(row);

	if (listener < 0)
		return -1;
	spawn(work_inet_client, "");
	struct pollfd arrival = {.fd = listener, .events = POLLIN};
	check(poll(&arrival, 1, 5000), "poll");
	return 0;
}

/* Two UDP sockets that are connected to each other. */
static int make_udp_pair(const struct row *row, const char *value)
{
	(void)value;
	int fd = open_inet(row->address, row->type);

	if (fd < 0)
		return -1;
	given = row;
	given_port = look(fd).port;
	spawn(work_inet_client, "");
	/* Our child's port was the last. */
	connect_inet(fd, row->address, *last_port);
	tell_of(".server", fd);
	return 0;
}

/* --- the table ------------------------------------------------------------- */

static const struct row rows[] = {
	{"dgram-log", make_log, SOCK_DGRAM, NULL, NULL},
	{"dgram-pair", make_pair, SOCK_DGRAM, NULL, NULL},
	{"far4", make_far, SOCK_STREAM, "127.0.0.1", "127.0.0.1"},
	{"far4in6", make_far, SOCK_STREAM, "::", "127.0.0.1"},
	{"far6", make_far, SOCK_STREAM, "::1", "::1"},
	{"idle", make_idle, SOCK_STREAM, NULL, NULL},
	{"idle-dgram", make_idle, SOCK_DGRAM, NULL, NULL},
	{"idle-seqpacket", make_idle, SOCK_SEQPACKET, NULL, NULL},
	{"netns-lost-pair", make_lost_pair, SOCK_STREAM, NULL, NULL},
	{"netns-pair", make_far_pair, SOCK_STREAM, NULL, NULL},
	{"netns-server", make_far_server, SOCK_STREAM, NULL, NULL},
	{"nobody-pair", make_nobody_pair, SOCK_STREAM, NULL, NULL},
	{"pair", make_pair, SOCK_STREAM, NULL, NULL},
	{"seqpacket-server", make_server, SOCK_SEQPACKET, NULL, NULL},
	{"server", make_server, SOCK_STREAM, NULL, NULL},
	{"udp-pair4", make_udp_pair, SOCK_DGRAM, "127.0.0.1", "127.0.0.1"},
	{"udp-pair6", make_udp_pair, SOCK_DGRAM, "::1", "::1"},
	{"waiting", make_waiting, SOCK_STREAM, NULL, NULL},
	{"waiting4", make_far_waiting, SOCK_STREAM, "127.0.0.1", "127.0.0.1"},
	{"waiting6", make_far_waiting, SOCK_STREAM, "::1", "::1"},
};

/* Serve one argument, `kind` or `kind:value`. */
static void serve(const char *word)
{
	size_t len = strcspn(word, ":");

	kind = word;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *name = rows[i].name;
		if (strlen(name) == len && strncmp(name, word, len) == 0) {
			kind = name;
			if (rows[i].make(&rows[i], word[len] ? word + len + 1 : "") < 0)
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
