/*
 * What the processes of a load hold. Loopback only:
 *
 *     127.0.n.1:10001...     listeners, 50,000 on each address
 *     127.2.0.1:9001...      servers of connections
 *     127.3.x.y              their clients, an address for each process
 *     127.0.0.1:8080         in each namespace
 *
 * Nothing leaves TIME_WAIT behind: the next load may want the port.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESS_PORTS = 50000, SERVER_PORT = 9001, NAMESPACE_PORT = 8080 };
enum { NET_LISTENERS = 0x7f000001, NET_SERVERS = 0x7f020001, NET_CLIENTS = 0x7f030001 };
enum { STACK_SIZE = 64 * 1024, STDIO = 3 };

static struct sockaddr_in addr_make(unsigned address, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

	a.sin_addr.s_addr = htonl(address);
	return a;
}

/* Where listener @k is; a base port near the end leaves fewer on an address. */
static struct sockaddr_in listener_addr(const struct load_plan *plan, unsigned k)
{
	unsigned ports = 65536 - plan->base_port;

	if (ports > ADDRESS_PORTS)
		ports = ADDRESS_PORTS;
	return addr_make(NET_LISTENERS + (k / ports << 8), plan->base_port + k % ports);
}

static int open_socket(void)
{
	struct linger reset = {1, 0};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		load_fail(errno, "socket");
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		load_fail(errno, "setsockopt");
	return fd;
}

static int open_listener(struct sockaddr_in a, int backlog)
{
	char text[INET_ADDRSTRLEN];
	int fd = open_socket();

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, backlog) < 0) {
		int err = errno;
		inet_ntop(AF_INET, &a.sin_addr, text, sizeof(text));
		load_fail(err, "listen on %s:%u", text, (unsigned)ntohs(a.sin_port));
	}
	return fd;
}

/* stdin, stdout and stderr stay behind as they are in a daemon. */
static void leave_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		load_fail(errno, "/dev/null");
	for (int i = 0; i < STDIO; i++) {
		if (dup2(fd, i) < 0)
			load_fail(errno, "dup2");
	}
	close(fd);
}

/* --- descriptors --------------------------------------------------------- */

/* Descriptors of other kinds: half of them pipes, a quarter each of the others. */
static void open_others(unsigned left)
{
	int ends[2];

	for (unsigned turn = 0; left > 0; turn++) {
		int rc;
		if (turn % 3 == 0 && left > 1) {
			rc = pipe2(ends, O_CLOEXEC);
			left--;
		} else {
			rc = turn % 3 == 1 ? eventfd(0, EFD_CLOEXEC) : dup(STDIN_FILENO);
		}
		if (rc < 0)
			load_fail(errno, "pipe, eventfd or /dev/null");
		left--;
	}
}

void load_open_descriptors(const struct load_plan *plan, const struct load_job *job)
{
	leave_stdio();
	for (unsigned i = 0; i < plan->listeners; i++)
		open_listener(listener_addr(plan, job->index * plan->listeners + i), 8);
	open_others(plan->descriptors - plan->listeners - STDIO);
}

/* --- connections --------------------------------------------------------- */

int load_connection_listener(unsigned index)
{
	return open_listener(addr_make(NET_SERVERS, SERVER_PORT + index), SOMAXCONN);
}

void load_open_servers(const struct load_plan *plan, const struct load_job *job)
{
	(void)plan;
	leave_stdio();
	for (unsigned i = 0; i < job->amount; i++) {
		if (accept4(job->listener, NULL, NULL, SOCK_CLOEXEC) < 0)
			load_fail(errno, "accept");
	}
}

void load_open_clients(const struct load_plan *plan, const struct load_job *job)
{
	struct sockaddr_in near = addr_make(NET_CLIENTS + job->index, 0);
	struct sockaddr_in far = addr_make(NET_SERVERS, SERVER_PORT + job->index);
	int one = 1;

	(void)plan;
	leave_stdio();
	close(job->listener);
	for (unsigned i = 0; i < job->amount; i++) {
		int fd = open_socket();
		/* The port is chosen by connect, free for this remote end. */
		if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0 ||
		    bind(fd, (struct sockaddr *)&near, sizeof(near)) < 0 ||
		    connect(fd, (struct sockaddr *)&far, sizeof(far)) < 0)
			load_fail(errno, "connection %u of %u", i + 1, job->amount);
	}
}

/* --- namespaces ---------------------------------------------------------- */

void load_loopback_up(void)
{
	struct ifreq rq = {.ifr_name = "lo"};
	int fd = open_socket();

	if (ioctl(fd, SIOCGIFFLAGS, &rq) < 0)
		load_fail(errno, "SIOCGIFFLAGS");
	if (!(rq.ifr_flags & IFF_UP)) {
		rq.ifr_flags = (short)(rq.ifr_flags | IFF_UP);
		if (ioctl(fd, SIOCSIFFLAGS, &rq) < 0)
			load_fail(errno, "loopback is down");
	}
	close(fd);
}

void load_open_namespace(const struct load_plan *plan, const struct load_job *job)
{
	(void)plan;
	(void)job;
	leave_stdio();
	if (unshare(CLONE_NEWNET) < 0)
		load_fail(errno, "unshare the network");
	load_loopback_up();
	open_listener(addr_make(NET_LISTENERS, NAMESPACE_PORT), 8);
}

/* --- threads ------------------------------------------------------------- */

static sem_t standing; /* a thread has what it holds */
static const struct load_plan *thread_plan;
static int shared_listener;

__attribute__((noreturn)) static void stand(void)
{
	sem_post(&standing);
	for (;;)
		pause();
}

static void *shared_thread(void *arg)
{
	(void)arg;
	stand();
}

/* Its table has a listener that its leader has not, and not its leader's. */
static void *private_thread(void *arg)
{
	unsigned k = *(unsigned *)arg;

	if (unshare(CLONE_FILES) < 0)
		load_fail(errno, "unshare the descriptors");
	close(shared_listener);
	open_listener(listener_addr(thread_plan, k), 8);
	stand();
}

/* Started one by one: the number is the thread's until it stands. */
static void start_thread(const pthread_attr_t *attr, void *(*body)(void *), unsigned *number)
{
	pthread_t thread;
	int err = pthread_create(&thread, attr, body, number);

	if (err)
		load_fail(err, "start a thread");
	while (sem_wait(&standing) < 0)
		continue;
}

void load_open_threads(const struct load_plan *plan, const struct load_job *job)
{
	unsigned k = plan->processes * plan->listeners;
	pthread_attr_t attr;

	(void)job;
	leave_stdio();
	thread_plan = plan;
	sem_init(&standing, 0, 0);
	/* Without guard pages neighbours are one mapping: there are 65530 at most. */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setguardsize(&attr, 0);
	shared_listener = open_listener(listener_addr(plan, k), 8);
	for (unsigned i = 0; i + 1 < plan->threads; i++) {
		unsigned number = k + 1 + i;
		start_thread(&attr, i < plan->private_tables ? private_thread : shared_thread,
			     &number);
	}
}
