/*
 * What happens while whoport waits, as words that are done one after another:
 *
 *     later reuse tcp:4001 listen ready await stamp:PATH close
 *
 * opens a listener, says so as holder.c does, and closes it when SIGUSR1 comes
 * (stopwatch.c sends it); the moment just before, CLOCK_MONOTONIC in nanoseconds, is
 * in PATH then. `tcp`, `udp`, `connect` and `close` are about 127.0.0.1 and about the
 * socket opened last, where nothing else is said. After the last word all stays open
 * until stdin ends. The words are in the table at the end.
 */
#define _GNU_SOURCE
#include "holding.h"

#include <stddef.h>
#include <sys/un.h>

static int reuse_addr; /* of the sockets from here on */
static int last_fd = -1, server_fd = -1, client_fd = -1;

/* --- opening ----------------------------------------------------------------- */

static void take(int fd, unsigned port)
{
	last_fd = keep(fd);
	tell("", getpid(), fd, (struct held){inode_of(fd), port});
}

/* [ADDRESS,]PORT */
static socklen_t addr_of(union inet_addr *a, const char *value)
{
	char address[64] = "127.0.0.1";
	const char *comma = strchr(value, ',');

	if (comma)
		snprintf(address, sizeof(address), "%.*s", (int)(comma - value), value);
	return addr_set(a, address, (unsigned)atoi(comma ? comma + 1 : value));
}

static int open_bound(int type, const char *value)
{
	union inet_addr a;
	socklen_t len = addr_of(&a, value);
	int one = 1, fd = socket(a.sa.sa_family, type, 0);

	if (fd < 0)
		return fd;
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse_addr, sizeof(reuse_addr)),
	      "SO_REUSEADDR");
	if (a.sa.sa_family == AF_INET6)
		check(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)), "V6ONLY");
	return bind(fd, &a.sa, len) < 0 ? refused(fd) : fd;
}

static void open_inet(int type, const char *value)
{
	int fd = open_bound(type, value);

	if (fd < 0)
		unavailable();
	else
		take(fd, look(fd).port);
}

static void do_tcp(const char *value)
{
	open_inet(SOCK_STREAM, value);
}

static void do_udp(const char *value)
{
	open_inet(SOCK_DGRAM, value);
}

static void do_listen(const char *value)
{
	(void)value;
	check(listen(last_fd, BACKLOG), "listen");
}

/* A path, or @NAME. */
static socklen_t unix_set(struct sockaddr_un *a, const char *value)
{
	size_t len = strlen(value);

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len >= sizeof(a->sun_path)) {
		errno = ENAMETOOLONG;
		die(value);
	}
	memcpy(a->sun_path, value, len);
	if (*value == '@')
		a->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*value != '@'));
}

static void do_unix(const char *value)
{
	struct sockaddr_un a;
	socklen_t len = unix_set(&a, value);
	int fd = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	if (bind(fd, (struct sockaddr *)&a, len) < 0) {
		drop(fd);
		unavailable();
		return;
	}
	take(fd, 0);
}

static void do_reuse(const char *value)
{
	(void)value;
	reuse_addr = 1;
}

/* --- connections --------------------------------------------------------------- */

static void tell_end(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);

	check(getsockname(fd, (struct sockaddr *)&a, &len), "getsockname");
	tell("", getpid(), fd, a.ss_family == AF_UNIX ? (struct held){inode_of(fd), 0} : look(fd));
}

/* Without bind(): the kernel chooses the port, and takes it back. */
static void do_connect(const char *value)
{
	union inet_addr a;
	socklen_t len = addr_of(&a, value);

	client_fd = check(socket(a.sa.sa_family, SOCK_STREAM, 0), "socket");
	check(connect(client_fd, &a.sa, len), "connect");
	keep(client_fd);
	tell_end(client_fd);
}

static void do_unix_connect(const char *value)
{
	struct sockaddr_un a;
	socklen_t len = unix_set(&a, value);

	client_fd = keep(check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"));
	check(connect(client_fd, (struct sockaddr *)&a, len), value);
	tell_end(client_fd);
}

/* By the listener opened last. */
static void do_accept(const char *value)
{
	(void)value;
	server_fd = keep(check(accept(last_fd, NULL, NULL), "accept"));
	tell_end(server_fd);
}

/* The server's end is closed first, and stays behind in TIME_WAIT. */
static void do_hangup(const char *value)
{
	(void)value;
	char byte;

	drop(server_fd);
	if (recv(client_fd, &byte, 1, 0) != 0)
		die("recv");
	drop(client_fd);
}

/* --- moments --------------------------------------------------------------------- */

static void do_ready(const char *value)
{
	(void)value;
	dprintf(1, "ready\n");
}

static void do_await(const char *value)
{
	(void)value;
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	errno = sigwait(&set, &number);
	if (errno)
		die("sigwait");
}

static void do_nap(const char *value)
{
	long ms = atol(value);

	nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void do_stamp(const char *value)
{
	struct timespec t;
	int fd = check(open(value, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), value);

	clock_gettime(CLOCK_MONOTONIC, &t);
	dprintf(fd, "%lld\n", (long long)t.tv_sec * 1000000000 + t.tv_nsec);
	close(fd);
}

static void do_chdir(const char *value)
{
	check(chdir(value), value);
}

static void do_unlink(const char *value)
{
	check(unlink(value), value);
}

static void do_close(const char *value)
{
	(void)value;
	drop(last_fd);
}

static void do_exit(const char *value)
{
	(void)value;
	_exit(0);
}

/* The rest is done by a child, which has what was open. */
static void do_hand_over(const char *value)
{
	(void)value;
	if (check(fork(), "fork") > 0)
		_exit(0);
}

/* --- the table --------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*work)(const char *value);
} words[] = {
	{"accept", do_accept},
	{"await", do_await},
	{"chdir", do_chdir},
	{"close", do_close},
	{"connect", do_connect},
	{"exit", do_exit},
	{"hand-over", do_hand_over},
	{"hangup", do_hangup},
	{"listen", do_listen},
	{"nap", do_nap},
	{"ready", do_ready},
	{"reuse", do_reuse},
	{"stamp", do_stamp},
	{"tcp", do_tcp},
	{"udp", do_udp},
	{"unix", do_unix},
	{"unix-connect", do_unix_connect},
	{"unlink", do_unlink},
};

/* Do one word, `name` or `name:value`. */
static void serve(const char *word)
{
	size_t len = strcspn(word, ":");

	kind = word;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].name) == len && memcmp(words[i].name, word, len) == 0) {
			kind = words[i].name;
			words[i].work(word[len] ? word + len + 1 : "");
			return;
		}
	}
	errno = EINVAL;
	die("no such word");
}

int main(int argc, char **argv)
{
	sigset_t set;
	char byte;

	signal(SIGPIPE, SIG_IGN); /* whom we tell has gone on after "ready" */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	begin_ports(0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1); /* it may come before somebody waits for it */
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 1; i < argc; i++)
		serve(argv[i]);
	while (read(0, &byte, 1) > 0)
		continue;
	return 0;
}
