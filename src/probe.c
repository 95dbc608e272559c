/*
 * The child that takes copies of descriptors; see probe.h. Question and answer are
 * one datagram each; a namespace comes beside it (SCM_RIGHTS).
 */
#define _GNU_SOURCE
#include "probe.h"

#include "holder.h"
#include "pidfd.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Older C libraries have no name for it; the number is the same everywhere. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum {
	GET_NETNS = 0x894C, /* SIOCGSKNS, linux/sockios.h */
	WAIT_MS = 1000,
};

enum probe_kind { PROBE_NETNS, PROBE_NAME, PROBE_REUSE, PROBE_OPTIONS };

struct question {
	enum probe_kind kind;
	pid_t pid, tid;
	int fd;
	uint64_t inode;
	size_t count; /* of options */
	struct probe_option options[PROBE_OPTIONS_MAX];
};

struct answer {
	int rc; /* length of the name, flags, 0, or -errno */
	struct probe_options options; /* the local name alone for PROBE_NAME */
};

/* --- in the child ---------------------------------------------------------- */

/* A copy of the descriptor that is that socket, or -errno. */
static int copy_socket(const struct question *q)
{
	char link[32];
	uint64_t inode;

	int copy = pidfd_get_copy(q->pid, q->tid, q->fd);
	if (copy < 0)
		return copy;
	/* The link is asked, not the file, which may be on a dead server. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", copy);
	if (procfs_read_socket(AT_FDCWD, link, &inode) > 0 && inode == q->inode)
		return copy;
	close(copy);
	return -ESTALE;
}

static int read_reuse(int copy)
{
	int addr = 0, port = 0, v6only = 0;
	socklen_t addr_len = sizeof(addr), port_len = sizeof(port), v6only_len = sizeof(v6only);

	if (getsockopt(copy, SOL_SOCKET, SO_REUSEADDR, &addr, &addr_len) < 0 ||
	    getsockopt(copy, SOL_SOCKET, SO_REUSEPORT, &port, &port_len) < 0)
		return -errno;
	/* Only an IPv6 socket has it. */
	if (getsockopt(copy, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &v6only_len) < 0)
		v6only = 0;
	return (addr ? PROBE_REUSEADDR : 0) | (port ? PROBE_REUSEPORT : 0) |
	       (v6only ? PROBE_V6ONLY : 0);
}

typedef int get_name(int fd, struct sockaddr *out, socklen_t *len);

/* Return the length of the name, or -errno, as the name itself has it, too. */
static int read_name(int copy, get_name *get, struct probe_name *out)
{
	socklen_t len = sizeof(out->bytes);

	if (get(copy, (struct sockaddr *)(void *)out->bytes, &len) < 0)
		out->rc = -errno;
	else
		out->rc = (int)(len < sizeof(out->bytes) ? len : sizeof(out->bytes));
	return out->rc;
}

static void read_options(int copy, const struct question *q, struct probe_options *out)
{
	for (size_t i = 0; i < q->count; i++) {
		const struct probe_option *o = &q->options[i];
		struct probe_value *v = &out->values[i];
		socklen_t len = sizeof(v->bytes);

		if (getsockopt(copy, o->level, o->number, v->bytes, &len) < 0)
			v->rc = -errno;
		else
			v->rc = (int)(len < sizeof(v->bytes) ? len : sizeof(v->bytes));
	}
	read_name(copy, getsockname, &out->local);
	read_name(copy, getpeername, &out->remote);
}

/* Answer one question; @out_fd is a namespace to send along, or -1. */
static void answer(const struct question *q, struct answer *out, int *out_fd)
{
	*out_fd = -1;
	int copy = copy_socket(q);
	out->rc = copy < 0 ? copy : 0;
	if (copy < 0)
		return;
	if (q->kind == PROBE_NETNS) {
		*out_fd = ioctl(copy, GET_NETNS);
		out->rc = *out_fd < 0 ? -errno : 0;
	} else if (q->kind == PROBE_REUSE) {
		out->rc = read_reuse(copy);
	} else if (q->kind == PROBE_OPTIONS) {
		read_options(copy, q, &out->options);
	} else {
		out->rc = read_name(copy, getsockname, &out->options.local);
	}
	close(copy);
}

/* Room for one descriptor beside a message, aligned as it must be. */
union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_answer(int fd, const struct answer *a, int netns)
{
	struct answer copy = *a;
	struct iovec data = {&copy, sizeof(copy)};
	union control control = {{0}};
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1};

	if (netns >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &netns, sizeof(netns));
	}
	sendmsg(fd, &m, MSG_NOSIGNAL);
	if (netns >= 0)
		close(netns);
}

/*
 * What whoport has inherited would be held by the child, too, perhaps the very socket
 * that is to come free. Return what @fd has become.
 */
static int keep_only(int fd)
{
	enum { FDS_MAX = 1024 }; /* where there is no close_range(2), before Linux 5.9 */

	if (dup2(fd, 0) < 0)
		return fd;
	if (syscall(SYS_close_range, 1U, ~0U, 0U) == 0)
		return 0;
	for (int i = 1; i < FDS_MAX; i++)
		close(i);
	return 0;
}

static void serve(int fd)
{
	struct question q;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = keep_only(fd);
	while (recv(fd, &q, sizeof(q), 0) == (ssize_t)sizeof(q)) {
		struct answer a = {0};
		int netns;

		answer(&q, &a, &netns);
		send_answer(fd, &a, netns);
	}
	_exit(0);
}

/* --- in the parent --------------------------------------------------------- */

void probe_free(struct probe *p)
{
	if (!p->is_running)
		return;
	close(p->fd);
	kill(p->child, SIGKILL);
	/* A child that is stuck in a close cannot be waited for. */
	waitpid(p->child, NULL, p->is_stuck ? WNOHANG : 0);
	p->is_running = false;
}

static int start(struct probe *p)
{
	int pair[2];

	if (p->is_stuck)
		return -ETIMEDOUT;
	if (p->is_running)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	p->child = fork();
	if (p->child == 0) {
		close(pair[0]);
		serve(pair[1]);
	}
	int err = -errno;
	close(pair[1]);
	if (p->child < 0) {
		close(pair[0]);
		return err;
	}
	p->fd = pair[0];
	p->is_running = true;
	return 0;
}

/* Wait for the answer; a namespace that comes with it is the caller's. */
static int receive(struct probe *p, struct answer *out, int *out_fd)
{
	struct iovec data = {out, sizeof(*out)};
	union control control;
	struct msghdr m = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
			   .msg_controllen = sizeof(control.bytes)};
	struct pollfd ready = {.fd = p->fd, .events = POLLIN};

	*out_fd = -1;
	if (poll(&ready, 1, WAIT_MS) <= 0 ||
	    recvmsg(p->fd, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*out)) {
		p->is_stuck = true;
		return -ETIMEDOUT;
	}
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(out_fd, CMSG_DATA(c), sizeof(*out_fd));
	return out->rc;
}

/* Ask of a holder what is to be asked. */
static int send_question(struct probe *p, struct question *q, const struct holder *h,
			 struct answer *out, int *out_fd)
{
	int rc = h->kind == HOLDER_FD ? start(p) : -EPERM;

	*out_fd = -1;
	if (rc < 0)
		return rc;
	q->pid = h->pid;
	q->tid = h->tid;
	q->fd = h->fd;
	q->inode = h->inode;
	if (send(p->fd, q, sizeof(*q), MSG_NOSIGNAL) < 0)
		return -errno;
	return receive(p, out, out_fd);
}

static int ask(struct probe *p, enum probe_kind kind, const struct holder *h, struct answer *out,
	       int *out_fd)
{
	struct question q = {.kind = kind};

	return send_question(p, &q, h, out, out_fd);
}

int probe_netns(struct probe *p, const struct holder *h)
{
	struct answer a = {0};
	int fd, rc = ask(p, PROBE_NETNS, h, &a, &fd);

	return rc < 0 ? rc : fd >= 0 ? fd : -EPERM;
}

int probe_name(struct probe *p, const struct holder *h, void *out, socklen_t size)
{
	struct answer a = {0};
	int fd, rc = ask(p, PROBE_NAME, h, &a, &fd);

	if (rc > 0)
		memcpy(out, a.options.local.bytes, (size_t)rc < size ? (size_t)rc : size);
	return rc;
}

int probe_reuse(struct probe *p, const struct holder *h)
{
	struct answer a = {0};
	int fd;

	return ask(p, PROBE_REUSE, h, &a, &fd);
}

int probe_options(struct probe *p, const struct holder *h, const struct probe_option *asked,
		  size_t count, struct probe_options *out)
{
	struct question q = {.kind = PROBE_OPTIONS, .count = count};
	struct answer a = {0};
	int fd;

	memcpy(q.options, asked, count * sizeof(*asked));
	int rc = send_question(p, &q, h, &a, &fd);
	*out = a.options;
	return rc;
}
