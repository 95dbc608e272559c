/*
 * Holds sockets in ways that are no plain descriptor, and odd ones beside, so
 * that the live tests know what whoport has to find or to leave unexplained:
 * io_uring, mappings, SCM_RIGHTS, a blocked accept(), AIO, network namespaces
 * without a process. Speaks as holder.c does (holding.h):
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 4 31415 40001 ring4
 *
 * INODE and PORT are the socket's, taken while it still had a descriptor. FD
 * is that of what holds it (the ring, the receiving unix socket), -1 if no
 * descriptor does. PORT is 0 for unix, the protocol for packet and the port ID
 * for netlink sockets. The kinds are in the table at the end. Needs no library
 * and no header that is newer than Linux 6.1.
 */
#define _GNU_SOURCE
#include "holding.h"
#include "keeper_inet.h"
#include "uring.h"

#include <limits.h>
#include <linux/aio_abi.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/un.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef AF_XDP
#define AF_XDP 44
#endif

/* --- io_uring -------------------------------------------------------------- */

/* A listener that is a fixed file of a ring and nothing else. */
static int open_fixed(struct ring *ring, struct held *out)
{
	if (ring_open(ring) < 0)
		return -1;
	int fd = plain_listener(out);
	int rc = ring_register(ring, IORING_REGISTER_FILES, &fd, 1);
	if (rc < 0)
		drop(ring->fd);
	drop(fd);
	return rc;
}

static int make_ring(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct ring ring;
	struct held h;

	if (open_fixed(&ring, &h) < 0)
		return -1;
	tell("", getpid(), ring.fd, h);
	return 0;
}

/* The listener in slot 3, a UDP socket in 5, and other things around. */
static int make_ring_many(const struct row *row, const char *value)
{
	(void)row, (void)value;
	static const struct row udp4 = {.address = "127.0.0.1", .type = SOCK_DGRAM};
	struct ring ring;
	struct held h;
	int pipes[2];

	if (ring_open(&ring) < 0)
		return -1;
	check(pipe2(pipes, O_CLOEXEC), "pipe");
	int null = check(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
	int listener = plain_listener(&h);
	int udp = check(open_bound(&udp4), "udp");
	struct held other = look(udp);
	const int files[] = {-1, null, pipes[0], listener, -1, udp, pipes[1]};
	int rc = ring_register(&ring, IORING_REGISTER_FILES, files, 7);
	if (rc < 0)
		drop(ring.fd);
	for (size_t i = 0; i < 7; i++)
		drop(files[i]);
	if (rc < 0)
		return -1;
	tell("", getpid(), ring.fd, h);
	tell(".udp", getpid(), ring.fd, other);
	return 0;
}

/* The ring's descriptor is closed, its mapping is not. */
static int make_ring_mapped(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct ring ring;
	struct held h;

	if (open_fixed(&ring, &h) < 0)
		return -1;
	if (ring_map(&ring) < 0)
		return refused(ring.fd);
	drop(ring.fd);
	tell("", getpid(), -1, h);
	return 0;
}

/* Neither descriptor nor mapping: the ring is registered with its task. */
static int make_ring_registered(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct ring ring;
	struct held h;

	if (open_fixed(&ring, &h) < 0)
		return -1;
	struct io_uring_rsrc_update update = {.offset = UINT_MAX, .data = (unsigned)ring.fd};
	if (ring_register(&ring, IORING_REGISTER_RING_FDS, &update, 1) < 0)
		return refused(ring.fd);
	drop(ring.fd);
	tell("", getpid(), -1, h);
	return 0;
}

/* A request on a listener whose descriptor is closed afterwards. */
static int make_ring_pending(struct io_uring_sqe sqe)
{
	struct ring ring;
	struct held h;

	if (ring_open(&ring) < 0)
		return -1;
	if (ring_map(&ring) < 0)
		return refused(ring.fd);
	int fd = plain_listener(&h);
	sqe.fd = fd;
	int rc = ring_submit(&ring, &sqe);
	if (rc < 0)
		drop(ring.fd);
	drop(fd);
	if (rc == 0)
		tell("", getpid(), ring.fd, h);
	return rc;
}

static int make_ring_accept(const struct row *row, const char *value)
{
	(void)row, (void)value;
	return make_ring_pending((struct io_uring_sqe){.opcode = IORING_OP_ACCEPT});
}

static int make_ring_poll(const struct row *row, const char *value)
{
	(void)row, (void)value;
	return make_ring_pending(
		(struct io_uring_sqe){.opcode = IORING_OP_POLL_ADD, .poll_events = POLLIN});
}

/* --- other references ------------------------------------------------------ */

/* A listener mapped as for TCP_ZEROCOPY_RECEIVE. */
static int make_map(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct held h;
	int fd = plain_listener(&h);
	void *p = map_own((size_t)sysconf(_SC_PAGESIZE), PROT_READ, fd, 0);

	drop(fd);
	if (p == MAP_FAILED)
		return -1;
	tell("", getpid(), -1, h);
	return 0;
}

static int open_packet(void)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = keep(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));

	a.sll_ifindex = (int)if_nametoindex("lo");
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return refused(fd);
	return fd;
}

static int make_packet(const struct row *row, const char *value)
{
	(void)row, (void)value;
	int fd = open_packet();

	if (fd < 0)
		return -1;
	tell("", getpid(), fd, (struct held){inode_of(fd), ETH_P_ALL});
	return 0;
}

/* A packet ring, as capture programs map it. */
static int make_map_packet(const struct row *row, const char *value)
{
	(void)row, (void)value;
	unsigned page = (unsigned)sysconf(_SC_PAGESIZE);
	struct tpacket_req rq = {.tp_block_size = page, .tp_block_nr = 2,
				 .tp_frame_size = 2048, .tp_frame_nr = 2 * (page / 2048)};
	int fd = open_packet();

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &rq, sizeof(rq)) < 0)
		return refused(fd);
	struct held h = {inode_of(fd), ETH_P_ALL};
	void *p = map_own((size_t)page * 2, PROT_READ | PROT_WRITE, fd, 0);
	drop(fd);
	if (p == MAP_FAILED)
		return -1;
	tell("", getpid(), -1, h);
	return 0;
}

static int send_descriptor(int to, int fd)
{
	char byte = 0;
	struct iovec part = {&byte, 1};
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS}};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
				 .msg_control = &control, .msg_controllen = sizeof(control)};

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(to, &message, 0) == 1 ? 0 : -1;
}

/* Sent, and not received: the descriptor told is the receiving end. */
static int make_flight(const struct row *row, const char *value)
{
	(void)value;
	struct held h;
	int ends[2];
	int fd = plain_listener(&h);

	check(socketpair(AF_UNIX, row->type, 0, ends), "socketpair");
	check(send_descriptor(keep(ends[0]), fd), "sendmsg");
	drop(fd);
	tell("", getpid(), keep(ends[1]), h);
	tell(".sender", getpid(), ends[0], (struct held){inode_of(ends[0]), 0});
	tell(".receiver", getpid(), ends[1], (struct held){inode_of(ends[1]), 0});
	return 0;
}

/* The letter of a thread's state, '?' if it cannot be read. */
static char thread_state(pid_t tid)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *end = strrchr(text, ')');
	return end && end[1] ? end[2] : '?';
}

struct acceptor {
	int fd, started[2];
	pid_t tid;
};

static void *accept_thread(void *arg)
{
	struct acceptor *a = arg;

	prctl(PR_SET_NAME, "acceptor");
	a->tid = (pid_t)syscall(SYS_gettid);
	if (write(a->started[1], "", 1) == 1)
		accept(a->fd, NULL, NULL);
	for (;;)
		pause();
	return NULL;
}

/* Wait until a thread sleeps in accept(). */
static void await_sleep(const struct acceptor *a)
{
	char byte;

	if (read(a->started[0], &byte, 1) != 1)
		die("pipe");
	for (int i = 0; i < 2500; i++) {
		if (thread_state(a->tid) == 'S')
			return;
		nap();
	}
	errno = ETIMEDOUT;
	die("the thread does not sleep");
}

/*
 * A thread sleeps in accept() on a descriptor that another has closed. Its
 * number is high: no later socket takes it.
 */
static int make_accept(const struct row *row, const char *value)
{
	(void)row, (void)value;
	static struct acceptor a;
	struct held h;
	pthread_t thread;
	int fd = plain_listener(&h);

	a.fd = check(fcntl(fd, F_DUPFD_CLOEXEC, 200), "F_DUPFD");
	drop(fd);
	check(pipe2(a.started, O_CLOEXEC), "pipe");
	errno = pthread_create(&thread, NULL, accept_thread, &a);
	if (errno)
		die("pthread_create");
	await_sleep(&a);
	close(a.fd);
	close(a.started[0]);
	close(a.started[1]);
	tell("", a.tid, -1, h);
	return 0;
}

/* A poll request. (A fork inherits the context's mapping, but not the request.) */
static int make_aio(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct held h;
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, 1, &context) < 0)
		return -1;
	int fd = plain_listener(&h);
	struct iocb request = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (unsigned)fd,
			       .aio_buf = POLLIN};
	struct iocb *requests[] = {&request};
	int rc = (int)syscall(SYS_io_submit, context, 1, requests);
	if (rc != 1) {
		int saved = errno;
		syscall(SYS_io_destroy, context);
		errno = saved;
		return refused(fd);
	}
	drop(fd);
	tell("", getpid(), -1, h);
	return 0;
}

/* --- other families -------------------------------------------------------- */

static int make_vsock(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct sockaddr_vm a = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY};
	int fd = keep(socket(AF_VSOCK, SOCK_STREAM, 0));
	int rc;

	if (fd < 0)
		return -1;
	do {
		a.svm_port = ++*last_port;
		rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
	} while (rc < 0 && errno == EADDRINUSE);
	if (rc < 0 || listen(fd, BACKLOG) < 0)
		return refused(fd);
	tell("", getpid(), fd, (struct held){inode_of(fd), a.svm_port});
	return 0;
}

static int make_netlink(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct sockaddr_nl a = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	socklen_t len = sizeof(a);
	int fd = keep(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) < 0)
		return refused(fd);
	check(getsockname(fd, (struct sockaddr *)&a, &len), "getsockname");
	tell("", getpid(), fd, (struct held){inode_of(fd), a.nl_pid});
	return 0;
}

static int make_xdp(const struct row *row, const char *value)
{
	(void)row, (void)value;
	int fd = keep(socket(AF_XDP, SOCK_RAW, 0));

	if (fd < 0)
		return -1;
	tell("", getpid(), fd, (struct held){inode_of(fd), 0});
	return 0;
}

/* --- network namespaces ---------------------------------------------------- */

/* Leave for a new network namespace with a loopback. */
static int enter_netns(void)
{
	struct ifreq rq = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	int fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	check(ioctl(fd, SIOCSIFFLAGS, &rq), "SIOCSIFFLAGS");
	close(fd);
	return 0;
}

static int open_netns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/*
 * A listener in a namespace that we have left again, in which no process is.
 * With @out_netns a descriptor of the namespace remains, too.
 */
static int make_left_behind(struct held *out, int *out_netns)
{
	int here = check(open_netns(), "ns/net");

	if (enter_netns() < 0)
		return refused(here);
	int fd = plain_listener(out);
	if (out_netns)
		*out_netns = keep(check(open_netns(), "ns/net"));
	check(setns(here, CLONE_NEWNET), "setns");
	close(here);
	return fd;
}

static int make_netns(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct held h;
	int fd = make_left_behind(&h, NULL);

	if (fd < 0)
		return -1;
	tell("", getpid(), fd, h);
	return 0;
}

static int make_netns_fd(const struct row *row, const char *value)
{
	(void)row, (void)value;
	struct held h;
	int netns;
	int fd = make_left_behind(&h, &netns);

	if (fd < 0)
		return -1;
	tell("", getpid(), fd, h);
	tell(".ns", getpid(), netns, (struct held){inode_of(netns), 0});
	return 0;
}

static int work_netns(const char *value)
{
	(void)value;
	struct held h;

	if (enter_netns() < 0)
		return -1;
	int fd = plain_listener(&h);
	tell("", getpid(), fd, h);
	return 0;
}

/* A child lives there. */
static int make_stay_netns(const struct row *row, const char *value)
{
	(void)row;
	return spawn(work_netns, value);
}

struct settler {
	int told[2];
	bool refused;
};

static void *settle_thread(void *arg)
{
	struct settler *s = arg;
	struct held h;

	s->refused = enter_netns() < 0;
	if (!s->refused) {
		int fd = plain_listener(&h);
		tell("", (pid_t)syscall(SYS_gettid), fd, h);
	}
	for (bool told = false;; told = true) {
		if (!told && write(s->told[1], "", 1) != 1)
			die("pipe");
		pause();
	}
	return NULL;
}

/* A thread lives there, and its process here. */
static int make_thread_netns(const struct row *row, const char *value)
{
	(void)row, (void)value;
	static struct settler s;
	pthread_t thread;
	char byte;

	check(pipe2(s.told, O_CLOEXEC), "pipe");
	errno = pthread_create(&thread, NULL, settle_thread, &s);
	if (errno)
		die("pthread_create");
	if (read(s.told[0], &byte, 1) != 1)
		die("pipe");
	close(s.told[0]);
	close(s.told[1]);
	if (s.refused)
		errno = EPERM;
	return s.refused ? -1 : 0;
}

/* --- unix ------------------------------------------------------------------ */

static int listen_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	memcpy(a.sun_path, path, strlen(path));
	int fd = keep(check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"));
	check(bind(fd, (struct sockaddr *)&a, sizeof(a)), path);
	check(listen(fd, BACKLOG), "listen");
	return fd;
}

/* VALUE, or a name of the kind in the current directory. */
static const char *path_of(const char *value)
{
	static char path[PATH_MAX];
	int len = *value ? snprintf(path, sizeof(path), "%s", value)
			 : snprintf(path, sizeof(path), "./%s.%d", kind, (int)getpid());

	if (len < 0 || (size_t)len >= sizeof(path)) {
		errno = ENAMETOOLONG;
		die(value);
	}
	return path;
}

/* A socket file of two names: VALUE and VALUE.link. */
static int make_unix_hard(const struct row *row, const char *value)
{
	(void)row;
	const char *path = path_of(value);
	char second[PATH_MAX + 8];
	int fd = listen_unix(path);

	snprintf(second, sizeof(second), "%s.link", path);
	if (link(path, second) < 0)
		return refused(fd);
	tell("", getpid(), fd, (struct held){inode_of(fd), 0});
	return 0;
}

/* In a network namespace that we have left again, in which no process is. */
static int make_unix_netns(const struct row *row, const char *value)
{
	(void)row;
	int here = check(open_netns(), "ns/net");

	if (enter_netns() < 0)
		return refused(here);
	int fd = listen_unix(path_of(value));
	check(setns(here, CLONE_NEWNET), "setns");
	close(here);
	tell("", getpid(), fd, (struct held){inode_of(fd), 0});
	return 0;
}

static int work_unix_relative(const char *value)
{
	char *path = strdup(path_of(value));
	char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash) {
		errno = EINVAL;
		die(value);
	}
	*slash = '\0';
	check(chdir(slash == path ? "/" : path), path);
	int fd = listen_unix(slash + 1);
	check(chdir("/"), "/");
	tell("", getpid(), fd, (struct held){inode_of(fd), 0});
	free(path);
	return 0;
}

/* Bound by the last part of VALUE in a directory that its process has left. */
static int make_unix_relative(const struct row *row, const char *value)
{
	(void)row;
	return spawn(work_unix_relative, value);
}

/* --- the table ------------------------------------------------------------- */

static const struct row rows[] = {
	{"accept4", make_accept, NULL, 0, 0, false},
	{"aio4", make_aio, NULL, 0, 0, false},
	{"bound4", make_bound, "127.0.0.1", SOCK_STREAM, 0, false},
	{"bound4-port0", make_port0, "127.0.0.1", SOCK_STREAM, 0, false},
	{"bound6", make_bound, "::1", SOCK_STREAM, 0, false},
	{"boundany", make_bound, "0.0.0.0", SOCK_STREAM, 0, false},
	{"device4", make_device, "127.0.0.1", SOCK_STREAM, 0, false},
	{"dual", make_listener, "::", SOCK_STREAM, 0, false},
	{"flight4", make_flight, NULL, SOCK_STREAM, 0, false},
	{"flight4-dgram", make_flight, NULL, SOCK_DGRAM, 0, false},
	{"map4", make_map, NULL, 0, 0, false},
	{"mappacket", make_map_packet, NULL, 0, 0, false},
	{"mptcp4", make_listener, "127.0.0.1", SOCK_STREAM, IPPROTO_MPTCP, false},
	{"mptcp4-conn", make_connection, "127.0.0.1", SOCK_STREAM, IPPROTO_MPTCP, false},
	{"netlink", make_netlink, NULL, 0, 0, false},
	{"netns4", make_netns, NULL, 0, 0, false},
	{"netnsfd4", make_netns_fd, NULL, 0, 0, false},
	{"packet", make_packet, NULL, 0, 0, false},
	{"ring4", make_ring, NULL, 0, 0, false},
	{"ring4-many", make_ring_many, NULL, 0, 0, false},
	{"ringacc4", make_ring_accept, NULL, 0, 0, false},
	{"ringmap4", make_ring_mapped, NULL, 0, 0, false},
	{"ringpoll4", make_ring_poll, NULL, 0, 0, false},
	{"ringreg4", make_ring_registered, NULL, 0, 0, false},
	{"sctp4", make_listener, "127.0.0.1", SOCK_STREAM, IPPROTO_SCTP, false},
	{"shutdown4", make_shutdown, "127.0.0.1", SOCK_STREAM, 0, false},
	{"stay-netns4", make_stay_netns, NULL, 0, 0, false},
	{"thread-netns4", make_thread_netns, NULL, 0, 0, false},
	{"unixhard", make_unix_hard, NULL, 0, 0, false},
	{"unixnetns", make_unix_netns, NULL, 0, 0, false},
	{"unixrel", make_unix_relative, NULL, 0, 0, false},
	{"v6both", make_v6both, "::", SOCK_STREAM, 0, false},
	{"v6only", make_v6only, "::", SOCK_STREAM, 0, true},
	{"vsock", make_vsock, NULL, 0, 0, false},
	{"xdp", make_xdp, NULL, 0, 0, false},
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
