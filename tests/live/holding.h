/*
 * What the programs that hold sockets for the live tests say and share: a line
 * for each socket on stdout,
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 3 31415 40001 ring4
 *
 * `unavailable KIND: reason`, and `ready` (lib.sh reads them); ports that are
 * given once only; children that end with their parent. The state is static:
 * one source includes this, with _GNU_SOURCE.
 */
#ifndef HOLDING_H
#define HOLDING_H

#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEPT_MAX = 256, CHILD_MAX = 64, BACKLOG = 16 };

static const char *kind = "start"; /* the argument at work, without its value */
static int kept[KEPT_MAX];         /* descriptors that a child is to close */
static size_t kept_len;
static pid_t children[CHILD_MAX];
static size_t children_len;

/* --- saying --------------------------------------------------------------- */

__attribute__((noreturn)) static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s: %s: %s\n", program_invocation_short_name, kind, what,
		strerror(errno));
	exit(1);
}

/* For what cannot be refused; what can makes the kind unavailable. */
static inline int check(int rc, const char *what)
{
	if (rc < 0)
		die(what);
	return rc;
}

/* What stays known of a socket when its descriptor is closed. */
struct held {
	uint64_t inode;
	unsigned port;
};

/* Print one line; @part is "" or ".client" and the like, @fd -1 for none. */
static inline void tell(const char *part, pid_t tid, int fd, struct held h)
{
	dprintf(1, "%d %d %d %llu %u %s%s\n", (int)getpid(), (int)tid, fd,
		(unsigned long long)h.inode, h.port, kind, part);
}

static inline void unavailable(void)
{
	dprintf(1, "unavailable %s: %s\n", kind, strerror(errno));
}

static inline void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* --- descriptors ---------------------------------------------------------- */

/* Remember a descriptor, so that a child does not hold it too. */
static inline int keep(int fd)
{
	if (fd < 0)
		return fd;
	if (kept_len == KEPT_MAX) {
		errno = EMFILE;
		die("too many descriptors");
	}
	kept[kept_len++] = fd;
	return fd;
}

/* Close a descriptor, or none with -1, and leave errno. */
static inline void drop(int fd)
{
	int saved = errno;

	for (size_t i = 0; i < kept_len; i++) {
		if (kept[i] == fd)
			kept[i] = kept[--kept_len];
	}
	if (fd >= 0)
		close(fd);
	errno = saved;
}

/* The same for a caller that returns why. */
static inline int refused(int fd)
{
	drop(fd);
	return -1;
}

static inline uint64_t inode_of(int fd)
{
	struct stat st;

	check(fstat(fd, &st), "fstat");
	return st.st_ino;
}

/* --- internet ------------------------------------------------------------- */

union inet_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static inline socklen_t addr_set(union inet_addr *a, const char *text, unsigned port)
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

/* The inode and the local port of an internet socket. */
static inline struct held look(int fd)
{
	union inet_addr a;
	socklen_t len = sizeof(a);

	memset(&a, 0, sizeof(a));
	check(getsockname(fd, &a.sa, &len), "getsockname");
	in_port_t port = a.sa.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port;
	return (struct held){inode_of(fd), ntohs(port)};
}

/*
 * Bind to a port of its own: the kernel would choose one that is free for this
 * protocol alone, and a test that asks for the port would find two sockets.
 */
static inline int bind_fresh(int fd, const char *address)
{
	union inet_addr a;
	int rc;

	do {
		socklen_t len = addr_set(&a, address, ++*last_port);
		rc = bind(fd, &a.sa, len);
	} while (rc < 0 && errno == EADDRINUSE);
	return rc;
}

/* --- processes ------------------------------------------------------------ */

static int ready_fd; /* in a child: a byte to it says that all is set up */

static inline void child_wait(void)
{
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
	close(ready_fd);
	for (;;)
		pause();
}

static inline void child_main(int (*work)(const char *), const char *value, pid_t parent)
{
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	children_len = 0;
	while (kept_len > 0)
		close(kept[--kept_len]);
	if (work(value) < 0)
		unavailable();
	child_wait();
}

/* Start a child without our sockets, and go on when it holds its own. */
static inline int spawn(int (*work)(const char *), const char *value)
{
	int fds[2];
	char byte;
	pid_t parent = getpid();

	if (children_len == CHILD_MAX) {
		errno = EAGAIN;
		die("too many children");
	}
	check(pipe2(fds, O_CLOEXEC), "pipe");
	pid_t pid = check(fork(), "fork");
	if (pid == 0) {
		close(fds[0]);
		ready_fd = fds[1];
		child_main(work, value, parent);
	}
	children[children_len++] = pid;
	close(fds[1]);
	if (read(fds[0], &byte, 1) != 1) {
		errno = ECHILD;
		die("a child failed");
	}
	close(fds[0]);
	return 0;
}

static inline void end_children(void)
{
	for (size_t i = 0; i < children_len; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

static inline void on_sigterm(int number)
{
	(void)number;
	end_children();
	_exit(0);
}

static inline void begin_holding(void)
{
	signal(SIGTERM, on_sigterm);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	begin_ports(ports_given());
}

/* Say `ready` and hold until stdin ends. */
static inline void hold_on(void)
{
	char byte;

	dprintf(1, "ready\n");
	while (read(0, &byte, 1) > 0)
		continue;
	end_children();
}

/** All of a helper that makes a socket for each argument: serve them, and hold on. */
static inline int hold_all(int argc, char **argv, void (*serve)(const char *word))
{
	begin_holding();
	for (int i = 1; i < argc; i++)
		serve(argv[i]);
	kind = "end";
	hold_on();
	return 0;
}

#endif
