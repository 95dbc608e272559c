/*
 * Opens the sockets that its arguments name, so that the live tests know what
 * whoport has to find. Prints a line for each descriptor,
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 3 31415 40001 conn4.client
 *
 * with FD -1 and INODE 0 for what nothing holds, and PORT 0 for unix sockets;
 * `unavailable KIND: reason` for what this machine does not have; then `ready`.
 * Waits until its stdin closes or it is killed. Loopback only; no port
 * is given twice, whatever the protocol. The kinds are in the table at the end; in names and values
 * \n, \0, \\ and \xNN are understood, and a leading @ means abstract.
 */
#define _GNU_SOURCE
#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { SOCKET_MAX = 256, CHILD_MAX = 64, HIGH_FD = 12345, BACKLOG = 16 };
enum { ST_ESTABLISHED = 1, ST_SYN_SENT, ST_SYN_RECV, ST_FIN_WAIT1, ST_FIN_WAIT2, ST_TIME_WAIT,
       ST_CLOSE_WAIT = 8, ST_LAST_ACK }; /* include/net/tcp_states.h */

static const char *kind;         /* the argument at work, without its value */
static int sockets[SOCKET_MAX];  /* open in this process */
static size_t sockets_len;
static pid_t children[CHILD_MAX];
static size_t children_len;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "holder: %s: %s: %s\n", kind, what, strerror(errno));
	exit(1);
}

static int check(int rc, const char *what)
{
	if (rc < 0)
		die(what);
	return rc;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* Remember a socket, so that a child can close what is not its own. */
static int keep(int fd)
{
	if (sockets_len == SOCKET_MAX) {
		errno = EMFILE;
		die("too many sockets");
	}
	sockets[sockets_len++] = fd;
	return fd;
}

static void close_all_but(int kept)
{
	for (size_t i = 0; i < sockets_len; i++) {
		if (sockets[i] != kept)
			close(sockets[i]);
	}
	sockets_len = 0;
	if (kept >= 0)
		keep(kept);
}

static void drop(int fd)
{
	for (size_t i = 0; i < sockets_len; i++) {
		if (sockets[i] == fd)
			sockets[i] = sockets[--sockets_len];
	}
	close(fd);
}

static uint64_t last_inode; /* of the line printed last */

/* Print one line; @part is "" or ".client" and the like. */
static void tell(const char *part, pid_t tid, int fd, unsigned port)
{
	struct stat st = {0};

	if (fd >= 0)
		check(fstat(fd, &st), "fstat");
	last_inode = st.st_ino;
	dprintf(1, "%d %d %d %llu %u %s%s\n", (int)getpid(), (int)tid, fd,
		(unsigned long long)st.st_ino, port, kind, part);
}

static void unavailable(void)
{
	dprintf(1, "unavailable %s: %s\n", kind, strerror(errno));
}

/* --- internet ----------------------------------------------------------- */

union inet_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t addr_set(union inet_addr *a, const char *text, unsigned port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->v4.sin_addr) == 1) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons((uint16_t)port);
		return sizeof(a->v4);
	}
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) != 1)
		die(text);
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons((uint16_t)port);
	return sizeof(a->v6);
}

static unsigned local_port(int fd)
{
	union inet_addr a;
	socklen_t len = sizeof(a);

	check(getsockname(fd, &a.sa, &len), "getsockname");
	return ntohs(a.sa.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
}

static void set_flag(int fd, int level, int name, int value)
{
	check(setsockopt(fd, level, name, &value, sizeof(value)), "setsockopt");
}

struct inet_kind {
	int type, protocol;
	const char *address;
	bool v6only, reuseport;
};

/*
 * Bind to a port of its own: the kernel would choose one that is free for this
 * protocol alone, and a test that asks for the port would find two sockets.
 */
static int bind_fresh(int fd, const char *address)
{
	union inet_addr a;
	int rc;

	do {
		socklen_t len = addr_set(&a, address, ++*last_port);
		rc = bind(fd, &a.sa, len);
	} while (rc < 0 && errno == EADDRINUSE);
	return rc;
}

static int bind_port(int fd, const char *address, unsigned port)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, address, port);

	return port == 0 ? bind_fresh(fd, address) : bind(fd, &a.sa, len);
}

/* A socket bound to a port, 0: a fresh one; -1 if there are none of this kind. */
static int open_bound(const struct inet_kind *k, unsigned port)
{
	union inet_addr a;

	addr_set(&a, k->address, port);
	int fd = socket(a.sa.sa_family, k->type, k->protocol);
	if (fd < 0)
		return fd;
	if (a.sa.sa_family == AF_INET6)
		set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, k->v6only);
	if (k->reuseport)
		set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (bind_port(fd, k->address, port) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return keep(fd);
}

static int open_listener(const char *address)
{
	struct inet_kind k = {SOCK_STREAM, 0, address, false, false};
	int fd = open_bound(&k, 0);

	if (fd >= 0)
		check(listen(fd, BACKLOG), "listen");
	return fd;
}

static int open_client(const char *address, unsigned port, int type)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, address, port);
	int fd = check(socket(a.sa.sa_family, type, 0), "socket");

	check(bind_fresh(fd, address), "bind");
	check(connect(fd, &a.sa, len), "connect");
	return keep(fd);
}

static int accept_one(int listener)
{
	return keep(check(accept(listener, NULL, NULL), "accept"));
}

/* True if the kernel's table has such a row. */
static bool has_row(const char *table, unsigned local, unsigned remote, unsigned state)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(table, "re");

	if (!f)
		die(table);
	while (!found && fgets(line, sizeof(line), f)) {
		unsigned l, r, s;
		found = sscanf(line, "%*u: %*[0-9A-F]:%x %*[0-9A-F]:%x %x", &l, &r, &s) == 3 &&
			l == local && r == remote && s == state;
	}
	fclose(f);
	return found;
}

/* Wait until the kernel has come to that state. */
static void await(bool v6, unsigned local, unsigned remote, unsigned state)
{
	const char *table = v6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp";

	for (int i = 0; i < 2500; i++) {
		if (has_row(table, local, remote, state))
			return;
		nap();
	}
	errno = ETIMEDOUT;
	die("state not reached");
}

static void make_listener(const struct inet_kind *k)
{
	int fd = open_bound(k, 0);

	if (fd < 0) {
		unavailable();
		return;
	}
	if (k->type == SOCK_STREAM)
		check(listen(fd, BACKLOG), "listen");
	tell("", getpid(), fd, local_port(fd));
}

static void do_tcp4(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, 0, "127.0.0.1", false, false});
}

static void do_tcp4_any(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, 0, "0.0.0.0", false, false});
}

static void do_tcp6(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, 0, "::1", false, false});
}

static void do_tcp6_dual(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, 0, "::", false, false});
}

static void do_tcp6_only(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, 0, "::", true, false});
}

static void do_tcp6_mapped(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, 0, "::ffff:127.0.0.1", false, false});
}

static void do_mptcp4(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_STREAM, IPPROTO_MPTCP, "127.0.0.1", false, false});
}

static void do_udp4(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, 0, "127.0.0.1", false, false});
}

static void do_udp4_any(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, 0, "0.0.0.0", false, false});
}

static void do_udp6(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, 0, "::1", false, false});
}

static void do_udp6_dual(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, 0, "::", false, false});
}

static void do_udp6_only(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, 0, "::", true, false});
}

static void do_udplite4(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, IPPROTO_UDPLITE, "127.0.0.1", false, false});
}

static void do_udplite6(const char *v)
{
	(void)v;
	make_listener(&(struct inet_kind){SOCK_DGRAM, IPPROTO_UDPLITE, "::1", false, false});
}

static void make_raw(int family, int protocol)
{
	int fd = socket(family, SOCK_RAW, protocol);

	if (fd < 0)
		unavailable();
	else
		tell("", getpid(), keep(fd), (unsigned)protocol);
}

static void do_raw4(const char *v)
{
	(void)v;
	make_raw(AF_INET, IPPROTO_ICMP);
}

static void do_raw6(const char *v)
{
	(void)v;
	make_raw(AF_INET6, IPPROTO_ICMPV6);
}

static void do_netlink(const char *v)
{
	(void)v;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0)
		unavailable();
	else
		tell("", getpid(), keep(fd), 0);
}

static void do_bound4(const char *v)
{
	(void)v;
	struct inet_kind k = {SOCK_STREAM, 0, "127.0.0.1", false, false};
	int fd = check(open_bound(&k, 0), "bind");

	tell("", getpid(), fd, local_port(fd));
}

/* One listener behind two descriptors. */
static void do_dup4(const char *v)
{
	(void)v;
	int fd = check(open_listener("127.0.0.1"), "listen");

	tell(".first", getpid(), fd, local_port(fd));
	fd = keep(check(dup(fd), "dup"));
	tell(".second", getpid(), fd, local_port(fd));
}

/* A descriptor with five digits, which lsof's column cuts. */
static void do_high4(const char *v)
{
	(void)v;
	struct rlimit limit;

	check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	int fd = check(open_listener("127.0.0.1"), "listen");
	int high = dup2(fd, HIGH_FD);
	if (high < 0)
		unavailable();
	else
		tell("", getpid(), keep(high), local_port(high));
	drop(fd);
}

static void do_udp4_conn(const char *v)
{
	(void)v;
	struct inet_kind k = {SOCK_DGRAM, 0, "127.0.0.1", false, false};
	int server = check(open_bound(&k, 0), "bind");
	int client = open_client("127.0.0.1", local_port(server), SOCK_DGRAM);

	tell(".server", getpid(), server, local_port(server));
	tell(".client", getpid(), client, local_port(client));
}

/* A connection with all three ends; @in is where the client connects to. */
static void make_connection(const char *address, const char *in)
{
	int listener = open_listener(address);

	if (listener < 0) {
		unavailable();
		return;
	}
	unsigned port = local_port(listener);
	int client = open_client(in, port, SOCK_STREAM);
	int server = accept_one(listener);
	tell(".listener", getpid(), listener, port);
	tell(".client", getpid(), client, local_port(client));
	tell(".server", getpid(), server, port);
}

static void do_conn4(const char *v)
{
	(void)v;
	make_connection("127.0.0.1", "127.0.0.1");
}

static void do_conn6(const char *v)
{
	(void)v;
	make_connection("::1", "::1");
}

static void do_conn4in6(const char *v)
{
	(void)v;
	make_connection("::", "127.0.0.1");
}

/* Both ends without the listener; a few tests start from there. */
static void open_pair(int *out_client, int *out_server)
{
	int listener = check(open_listener("127.0.0.1"), "listen");

	*out_client = open_client("127.0.0.1", local_port(listener), SOCK_STREAM);
	*out_server = accept_one(listener);
	drop(listener);
}

/* The server closes first and keeps the port in TIME_WAIT, without listener. */
static void do_timewait4(const char *v)
{
	(void)v;
	int client, server;

	open_pair(&client, &server);
	unsigned near = local_port(client), far = local_port(server);
	drop(server);
	await(false, near, far, ST_CLOSE_WAIT);
	drop(client);
	await(false, far, near, ST_TIME_WAIT);
	tell(".server", getpid(), -1, far);
	tell(".client", getpid(), -1, near);
}

/* A client that closed, and a server that forgot to. */
static void do_finwait2(const char *v)
{
	(void)v;
	int client, server;

	open_pair(&client, &server);
	unsigned near = local_port(client), far = local_port(server);
	drop(client);
	await(false, near, far, ST_FIN_WAIT2);
	await(false, far, near, ST_CLOSE_WAIT);
	tell(".client", getpid(), -1, near);
	tell(".server", getpid(), server, far);
}

/* The same, but the client keeps its descriptor. */
static void do_halfclosed(const char *v)
{
	(void)v;
	int client, server;

	open_pair(&client, &server);
	unsigned near = local_port(client), far = local_port(server);
	check(shutdown(client, SHUT_WR), "shutdown");
	await(false, near, far, ST_FIN_WAIT2);
	await(false, far, near, ST_CLOSE_WAIT);
	tell(".client", getpid(), client, near);
	tell(".server", getpid(), server, far);
}

/* Send until the peer, which does not read, takes no more. */
static void fill(int fd)
{
	static const char block[16384];

	for (int full = 0; full < 10;) {
		ssize_t n = send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			die("send");
		if (n >= 0) {
			full = 0;
		} else {
			full++;
			nap();
		}
	}
}

/* A closed client whose data the peer does not read. */
static void do_orphan4(const char *v)
{
	(void)v;
	int client, server;

	open_pair(&client, &server);
	unsigned near = local_port(client), far = local_port(server);
	fill(client);
	drop(client);
	await(false, near, far, ST_FIN_WAIT1);
	tell(".client", getpid(), -1, near);
	tell(".server", getpid(), server, far);
}

static void do_lastack4(const char *v)
{
	(void)v;
	int client, server;

	open_pair(&client, &server);
	unsigned near = local_port(client), far = local_port(server);
	fill(client);
	check(shutdown(server, SHUT_WR), "shutdown");
	await(false, near, far, ST_CLOSE_WAIT);
	drop(client);
	await(false, near, far, ST_LAST_ACK);
	tell(".client", getpid(), -1, near);
	tell(".server", getpid(), server, far);
}

/* Connections that nobody has accepted. */
static void make_queue(const char *address, const char *in, bool v6)
{
	int listener = open_listener(address);

	if (listener < 0) {
		unavailable();
		return;
	}
	unsigned port = local_port(listener);
	int client = open_client(in, port, SOCK_STREAM);
	await(v6, port, local_port(client), ST_ESTABLISHED);
	tell(".listener", getpid(), listener, port);
	tell(".client", getpid(), client, local_port(client));
}

static void do_queue4(const char *v)
{
	(void)v;
	make_queue("127.0.0.1", "127.0.0.1", false);
}

static void do_queue6(const char *v)
{
	(void)v;
	make_queue("::1", "::1", true);
}

static void do_queue4in6(const char *v)
{
	(void)v;
	make_queue("::", "127.0.0.1", true);
}

/* The client has closed already: CLOSE_WAIT in the queue. */
static void do_queue4_left(const char *v)
{
	(void)v;
	int listener = check(open_listener("127.0.0.1"), "listen");
	unsigned port = local_port(listener);
	int client = open_client("127.0.0.1", port, SOCK_STREAM);
	unsigned near = local_port(client);

	drop(client);
	await(false, port, near, ST_CLOSE_WAIT);
	tell(".listener", getpid(), listener, port);
	tell(".client", getpid(), -1, near);
}

/* TCP_DEFER_ACCEPT leaves a client that sends nothing in SYN_RECV. */
static void do_synrecv4(const char *v)
{
	(void)v;
	int listener = check(open_listener("127.0.0.1"), "listen");
	unsigned port = local_port(listener);

	set_flag(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
	int client = open_client("127.0.0.1", port, SOCK_STREAM);
	await(false, port, local_port(client), ST_SYN_RECV);
	tell(".listener", getpid(), listener, port);
	tell(".client", getpid(), client, local_port(client));
}

/* A full queue lets the next client wait in SYN_SENT. */
static void do_synsent4(const char *v)
{
	(void)v;
	struct inet_kind k = {SOCK_STREAM, 0, "127.0.0.1", false, false};
	int listener = check(open_bound(&k, 0), "bind");
	union inet_addr a;

	check(listen(listener, 0), "listen");
	unsigned port = local_port(listener);
	int first = open_client("127.0.0.1", port, SOCK_STREAM);
	await(false, port, local_port(first), ST_ESTABLISHED);
	socklen_t len = addr_set(&a, "127.0.0.1", port);
	int client = keep(check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket"));
	check(bind_fresh(client, "127.0.0.1"), "bind");
	if (connect(client, &a.sa, len) < 0 && errno != EINPROGRESS)
		die("connect");
	await(false, local_port(client), port, ST_SYN_SENT);
	tell(".listener", getpid(), listener, port);
	tell(".first", getpid(), first, local_port(first));
	tell(".client", getpid(), client, local_port(client));
}

/* --- unix ---------------------------------------------------------------- */

/* Undo the escapes of an argument. Return the number of bytes. */
static size_t decode(const char *text, char *out, size_t size)
{
	size_t len = 0;

	for (const char *p = text; *p && len < size; p++) {
		unsigned byte;
		if (*p != '\\') {
			out[len++] = *p;
		} else if (p[1] == 'x' && sscanf(p + 2, "%2x", &byte) == 1) {
			out[len++] = (char)byte;
			p += 3;
		} else if (p[1]) {
			p++;
			out[len++] = *p == 'n' ? '\n' : *p == '0' ? '\0' : *p;
		}
	}
	return len;
}

static socklen_t unix_set(struct sockaddr_un *a, const char *name, size_t len)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path, name, len);
	if (*name == '@')
		a->sun_path[0] = '\0';
	/* A path may do without a terminator only if it fills the field. */
	size_t used = *name == '@' || len == sizeof(a->sun_path) ? len : len + 1;
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + used);
}

static int open_unix(const struct sockaddr_un *a, socklen_t len, int type)
{
	int fd = keep(check(socket(AF_UNIX, type, 0), "socket"));

	check(bind(fd, (const struct sockaddr *)a, len), "bind");
	if (type != SOCK_DGRAM)
		check(listen(fd, BACKLOG), "listen");
	return fd;
}

static socklen_t unix_decode(struct sockaddr_un *a, const char *value)
{
	char name[sizeof(a->sun_path)];

	return unix_set(a, name, decode(value, name, sizeof(name)));
}

static void make_unix(const char *value, int type)
{
	struct sockaddr_un a;
	socklen_t len = unix_decode(&a, value);

	tell("", getpid(), open_unix(&a, len, type), 0);
}

static void do_unix_stream(const char *v)
{
	make_unix(v, SOCK_STREAM);
}

static void do_unix_dgram(const char *v)
{
	make_unix(v, SOCK_DGRAM);
}

static void do_unix_seqpacket(const char *v)
{
	make_unix(v, SOCK_SEQPACKET);
}

/* An abstract name whose length is that of the whole field, as some bind it. */
static void do_unix_padded(const char *v)
{
	struct sockaddr_un a;

	unix_decode(&a, v);
	tell("", getpid(), open_unix(&a, sizeof(a), SOCK_STREAM), 0);
}

static void do_unix_queue(const char *v)
{
	struct sockaddr_un a;
	socklen_t len = unix_decode(&a, v);
	int listener = open_unix(&a, len, SOCK_STREAM);
	int client = keep(check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"));

	check(connect(client, (const struct sockaddr *)&a, len), "connect");
	tell(".listener", getpid(), listener, 0);
	tell(".client", getpid(), client, 0);
}

static void do_unix_conn(const char *v)
{
	struct sockaddr_un a;
	socklen_t len = unix_decode(&a, v);
	int listener = open_unix(&a, len, SOCK_STREAM);
	int client = keep(check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"));

	check(connect(client, (const struct sockaddr *)&a, len), "connect");
	int server = accept_one(listener);
	tell(".listener", getpid(), listener, 0);
	tell(".client", getpid(), client, 0);
	tell(".server", getpid(), server, 0);
}

/*
 * A name that goes on with a whole row of /proc/net/unix: a listener called
 * VALUE with the inode of the socket that was told last.
 */
static void do_unix_forge(const char *v)
{
	static unsigned count;
	char name[160];
	struct sockaddr_un a;
	int len = snprintf(name, sizeof(name),
			   "@f%u\n0000000000000000: 00000002 00000000 00010000 0001 01 %5llu %s",
			   count++, (unsigned long long)last_inode, v);

	if (len < 0 || (size_t)len > sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		die(v);
	}
	int fd = open_unix(&a, unix_set(&a, name, (size_t)len), SOCK_STREAM);
	tell("", getpid(), fd, 0);
}

static void make_pair(int type)
{
	int fds[2];

	check(socketpair(AF_UNIX, type, 0, fds), "socketpair");
	tell(".a", getpid(), keep(fds[0]), 0);
	tell(".b", getpid(), keep(fds[1]), 0);
}

static void do_pair(const char *v)
{
	(void)v;
	make_pair(SOCK_STREAM);
}

static void do_pair_dgram(const char *v)
{
	(void)v;
	make_pair(SOCK_DGRAM);
}

/* --- processes ----------------------------------------------------------- */

static int ready_fd; /* in a child: a byte to it says that all is set up */

static void child_wait(void)
{
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
	close(ready_fd);
	for (;;)
		pause();
}

/*
 * Start a child that keeps one of our sockets, or none with -1. @work tells
 * and ends in child_wait(); we go on when it has.
 */
static void spawn(void (*work)(const char *), const char *value, int kept)
{
	int fds[2];
	char byte;
	pid_t parent = getpid();

	check(pipe2(fds, O_CLOEXEC), "pipe");
	if (children_len == CHILD_MAX) {
		errno = EAGAIN;
		die("too many children");
	}
	pid_t pid = check(fork(), "fork");
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		children_len = 0;
		close(fds[0]);
		close_all_but(kept);
		ready_fd = fds[1];
		work(value);
		_exit(1);
	}
	children[children_len++] = pid;
	close(fds[1]);
	if (read(fds[0], &byte, 1) != 1) {
		errno = ECHILD;
		die("a child failed");
	}
	close(fds[0]);
}

static void work_share(const char *v)
{
	(void)v;
	tell("", getpid(), sockets[0], local_port(sockets[0]));
	child_wait();
}

/* A server that listens, then forks. */
static void do_prefork(const char *v)
{
	int fd = check(open_listener("127.0.0.1"), "listen");

	tell("", getpid(), fd, local_port(fd));
	for (int i = 0; i < atoi(v); i++)
		spawn(work_share, NULL, fd);
}

static unsigned group_port;

static void work_reuseport(const char *v)
{
	(void)v;
	struct inet_kind k = {SOCK_STREAM, 0, "127.0.0.1", false, true};
	int fd = check(open_bound(&k, group_port), "bind");

	check(listen(fd, BACKLOG), "listen");
	tell("", getpid(), fd, local_port(fd));
	child_wait();
}

/* Processes that each listen on one port, and a connection one of them has. */
static void do_reuseport(const char *v)
{
	struct inet_kind k = {SOCK_STREAM, 0, "127.0.0.1", false, true};
	int fd = check(open_bound(&k, 0), "bind");

	group_port = local_port(fd);
	for (int i = 0; i < atoi(v); i++)
		spawn(work_reuseport, NULL, -1);
	drop(fd);
	int client = open_client("127.0.0.1", group_port, SOCK_STREAM);
	await(false, group_port, local_port(client), ST_ESTABLISHED);
	tell(".client", getpid(), client, local_port(client));
}

static unsigned server_port;

static void work_client(const char *v)
{
	(void)v;
	int fd = open_client("127.0.0.1", server_port, SOCK_STREAM);

	tell(".client", getpid(), fd, local_port(fd));
	child_wait();
}

/* A connection between two processes. */
static void do_far4(const char *v)
{
	(void)v;
	int listener = check(open_listener("127.0.0.1"), "listen");

	server_port = local_port(listener);
	spawn(work_client, NULL, -1);
	int server = accept_one(listener);
	tell(".listener", getpid(), listener, server_port);
	tell(".server", getpid(), server, server_port);
}

static int thread_fd;

static void *idle_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static bool leader_is_zombie(void)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	const char *end = strrchr(text, ')');
	return end && end[1] && end[2] == 'Z';
}

static void *survivor_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2500 && !leader_is_zombie(); i++)
		nap();
	tell("", (pid_t)syscall(SYS_gettid), thread_fd, local_port(thread_fd));
	child_wait();
	return NULL;
}

static void start_thread(void *(*body)(void *))
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, body, NULL);
	if (errno)
		die("pthread_create");
}

static void work_dead_leader(const char *v)
{
	(void)v;
	thread_fd = check(open_listener("127.0.0.1"), "listen");
	start_thread(idle_thread);
	start_thread(survivor_thread);
	pthread_exit(NULL);
}

/* The main thread has exited, two others go on and share its table. */
static void do_dead_leader(const char *v)
{
	(void)v;
	spawn(work_dead_leader, NULL, -1);
}

static pthread_barrier_t barrier;

static void *private_thread(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "private");
	check(unshare(CLONE_FILES), "unshare");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	tell("", (pid_t)syscall(SYS_gettid), thread_fd, local_port(thread_fd));
	child_wait();
	return NULL;
}

static void work_private_table(const char *v)
{
	(void)v;
	thread_fd = check(open_listener("127.0.0.1"), "listen");
	pthread_barrier_init(&barrier, NULL, 2);
	start_thread(private_thread);
	pthread_barrier_wait(&barrier);
	close(thread_fd);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
}

/* A thread's own table has a listener that the leader has closed. */
static void do_private_table(const char *v)
{
	(void)v;
	spawn(work_private_table, NULL, -1);
}

static void work_named(const char *v)
{
	char name[17] = "";

	decode(v, name, sizeof(name) - 1);
	prctl(PR_SET_NAME, name);
	int fd = check(open_listener("127.0.0.1"), "listen");
	tell("", getpid(), fd, local_port(fd));
	child_wait();
}

/* A process of that name. */
static void do_named(const char *v)
{
	spawn(work_named, v, -1);
}

static void work_nodump(const char *v)
{
	(void)v;
	check(prctl(PR_SET_DUMPABLE, 0), "prctl");
	int fd = check(open_listener("127.0.0.1"), "listen");
	tell("", getpid(), fd, local_port(fd));
	child_wait();
}

/* A process that others of its user cannot look into. */
static void do_nodump(const char *v)
{
	(void)v;
	spawn(work_nodump, NULL, -1);
}

static void work_udp(const char *v)
{
	do_udp4(v);
	child_wait();
}

/* A process with a process group of its own. */
static void work_group(const char *v)
{
	(void)v;
	check(setpgid(0, 0), "setpgid");
	work_udp(NULL);
}

static void do_group(const char *v)
{
	(void)v;
	spawn(work_group, NULL, -1);
}

/* --- the rest ------------------------------------------------------------ */

/* A fresh network namespace has its loopback down. */
static void do_lo_up(const char *v)
{
	(void)v;
	struct ifreq rq = {.ifr_name = "lo"};
	int fd = check(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	check(ioctl(fd, SIOCGIFFLAGS, &rq), "SIOCGIFFLAGS");
	rq.ifr_flags = (short)(rq.ifr_flags | IFF_UP);
	check(ioctl(fd, SIOCSIFFLAGS, &rq), "SIOCSIFFLAGS");
	close(fd);
}

/* Ports from there on, so that two holders in two namespaces take the same. */
static void do_from(const char *v)
{
	*last_port = (unsigned)atoi(v) - 1;
}

/* Text that is seen in the command line alone. */
static void do_note(const char *v)
{
	(void)v;
}

static const struct {
	const char *name;
	void (*make)(const char *value);
} kinds[] = {
	{"bound4", do_bound4},
	{"conn4", do_conn4},
	{"conn4in6", do_conn4in6},
	{"conn6", do_conn6},
	{"dead-leader", do_dead_leader},
	{"dup4", do_dup4},
	{"far4", do_far4},
	{"finwait2", do_finwait2},
	{"from", do_from},
	{"group", do_group},
	{"halfclosed", do_halfclosed},
	{"high4", do_high4},
	{"lastack4", do_lastack4},
	{"lo-up", do_lo_up},
	{"mptcp4", do_mptcp4},
	{"named", do_named},
	{"netlink", do_netlink},
	{"nodump", do_nodump},
	{"note", do_note},
	{"orphan4", do_orphan4},
	{"pair", do_pair},
	{"pair-dgram", do_pair_dgram},
	{"prefork", do_prefork},
	{"private-table", do_private_table},
	{"queue4", do_queue4},
	{"queue4in6", do_queue4in6},
	{"queue4-left", do_queue4_left},
	{"queue6", do_queue6},
	{"raw4", do_raw4},
	{"raw6", do_raw6},
	{"reuseport", do_reuseport},
	{"synrecv4", do_synrecv4},
	{"synsent4", do_synsent4},
	{"tcp4", do_tcp4},
	{"tcp4-any", do_tcp4_any},
	{"tcp6", do_tcp6},
	{"tcp6-dual", do_tcp6_dual},
	{"tcp6-mapped", do_tcp6_mapped},
	{"tcp6-only", do_tcp6_only},
	{"timewait4", do_timewait4},
	{"udp4", do_udp4},
	{"udp4-any", do_udp4_any},
	{"udp4-conn", do_udp4_conn},
	{"udp6", do_udp6},
	{"udp6-dual", do_udp6_dual},
	{"udp6-only", do_udp6_only},
	{"udplite4", do_udplite4},
	{"udplite6", do_udplite6},
	{"unix-conn", do_unix_conn},
	{"unix-dgram", do_unix_dgram},
	{"unix-forge", do_unix_forge},
	{"unix-padded", do_unix_padded},
	{"unix-queue", do_unix_queue},
	{"unix-seqpacket", do_unix_seqpacket},
	{"unix-stream", do_unix_stream},
};

/* Serve one argument, `kind` or `kind:value`. */
static void serve(char *word)
{
	char *value = strchr(word, ':');

	/* The word itself stays whole: it is seen in the command line. */
	char *name = value ? strndup(word, (size_t)(value - word)) : strdup(word);
	if (!name)
		die("strdup");
	kind = name;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			kinds[i].make(value ? value + 1 : "");
			free(name);
			kind = "";
			return;
		}
	}
	errno = EINVAL;
	die("no such kind");
}

static void end_children(void)
{
	for (size_t i = 0; i < children_len; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

/* Who ended us may rely on it that nothing is held any more. */
static void on_sigterm(int number)
{
	(void)number;
	end_children();
	_exit(0);
}

int main(int argc, char **argv)
{
	char byte;

	kind = "start";
	signal(SIGTERM, on_sigterm);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	begin_ports(ports_given());
	for (int i = 1; i < argc; i++)
		serve(argv[i]);
	kind = "end";
	dprintf(1, "ready\n");
	while (read(0, &byte, 1) > 0)
		continue;
	end_children();
	return 0;
}
