/*
 * Children that keep a socket, and let go of it in every way there is.
 */
#ifndef WHOPORT_TESTS_KEEPER_H
#define WHOPORT_TESTS_KEEPER_H

#include "child.h"

#include "claim.h"
#include "holder.h"
#include "join.h"
#include "probe.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>

/* A child that inherits a socket of ours, which we then close. */
struct keeper {
	struct child child;
	int proc_fd;
	int fd; /* the child's */
	struct sock sock;
	struct holder holder;
	struct row row;
	struct probe probe;
};

/** Send a descriptor into a socket pair, from which nobody takes it. */
static inline void keeper_pass(int fd)
{
	int pair[2];
	char byte = 0;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {{0}};
	struct iovec data = {&byte, 1};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
			   .msg_controllen = sizeof(control.bytes)};

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		_exit(1);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(pair[0], &m, MSG_NOSIGNAL) != 1)
		_exit(1);
	close(fd);
}

static inline int keeper_sleep(void *unused)
{
	(void)unused;
	for (;;)
		poll(NULL, 0, -1);
	return 0;
}

/** A thread, with a descriptor table of its own or with ours. */
static inline void keeper_start_thread(int share)
{
	enum { ROOM = 65536 };
	char *stack = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED ||
	    clone(keeper_sleep, stack + ROOM,
		  CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | share, NULL) < 0)
		_exit(1);
}

static inline void keeper_catch(int signal)
{
	(void)signal;
}

static inline bool keeper_obey(void *ctx, char command)
{
	int fd = *(int *)ctx;
	sigset_t set;

	switch (command) {
	case 'c': /* close */
		close(fd);
		break;
	case 'm': /* move to another number */
		if (fcntl(fd, F_DUPFD, 200) < 0)
			_exit(1);
		close(fd);
		break;
	case 'r': /* another socket has the number */
		if (dup2(socket(AF_UNIX, SOCK_STREAM, 0), fd) < 0)
			_exit(1);
		break;
	case 'p':
		keeper_pass(fd);
		break;
	case 't': /* the thread keeps what we close */
		keeper_start_thread(0);
		close(fd);
		break;
	case 'd':
		prctl(PR_SET_DUMPABLE, 0);
		break;
	case 'i':
		signal(SIGTERM, SIG_IGN);
		break;
	case 'I':
		signal(SIGHUP, SIG_IGN);
		break;
	case 'B':
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		sigprocmask(SIG_BLOCK, &set, NULL);
		break;
	case 'C':
		signal(SIGHUP, keeper_catch);
		signal(SIGRTMAX, keeper_catch);
		break;
	case '.':
		break;
	default:
		return false;
	}
	return true;
}

/** A socket as a child holds it. */
static inline void keep(struct keeper *k, int fd, enum sock_proto proto)
{
	assert_true(fd >= 0);
	*k = (struct keeper){.proc_fd = open_proc(), .fd = fd};
	k->sock = (struct sock){.inode = inode_of(fd), .proto = (uint8_t)proto,
				.name_is_exact = true};
	k->child = child_start(keeper_obey, &k->fd);
	k->holder = (struct holder){k->sock.inode, k->child.pid, k->child.pid, fd, HOLDER_FD};
	k->row = (struct row){.sock = &k->sock, .holder = &k->holder};
	close(fd);
}

static inline void let_go(struct keeper *k)
{
	child_end(&k->child);
	probe_free(&k->probe);
	close(k->proc_fd);
}

static inline int check_keeper(struct keeper *k)
{
	return claim_check(k->proc_fd, &k->probe, &k->row, 1);
}

static inline int new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

#endif
