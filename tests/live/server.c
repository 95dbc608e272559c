/*
 * Servers and clients for the tests of -k, as words that are done one after another:
 *
 *     server reuseaddr tcp4               a listener, and whoever connects is accepted
 *     server client:40001                 connected to it
 *     server ignore:TERM tcp4 fork:3      four holders that ignore SIGTERM
 *     server tcp4 exec sh -c '...'        a shell with a listener, $PORT, in descriptor $FD
 *     server try:40001                    exit status 0 if bind() and listen() work
 *
 * Speaks as holder.c does (holding.h), but has no handler of its own: a signal ends it
 * unless a word says otherwise, and its children end for themselves. Ports that it
 * chooses are in no table: nothing is left on them. The words are in the table at
 * the end.
 */
#define _GNU_SOURCE
#include "holding.h"

#include <grp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/un.h>

struct word {
	const char *value; /* after the colon, or "" */
	char **rest;       /* the words after this one */
};

static int reuse_addr, reuse_port; /* of the sockets from here on */
static bool accepts_once;
static int log_fd = -1;
static int listeners[KEPT_MAX];
static size_t listeners_len;
static int first_fd = -1; /* what exec tells of */
static struct held first;

static void set_flag(int fd, int name, int value)
{
	check(setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)), "setsockopt");
}

static void set_flags(int fd)
{
	set_flag(fd, SO_REUSEADDR, reuse_addr);
	set_flag(fd, SO_REUSEPORT, reuse_port);
}

/* --- sockets --------------------------------------------------------------- */

static int try_bind(int type, const char *address, unsigned port, bool flags)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, address, port);
	int fd = check(socket(a.sa.sa_family, type, 0), "socket");

	if (flags)
		set_flags(fd);
	if (bind(fd, &a.sa, len) == 0 && (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return fd;
	return refused(fd);
}

/* A port on which there is nothing at all, not even what SO_REUSEADDR would overlook. */
static unsigned fresh_port(void)
{
	const char *every = access("/proc/net/tcp6", F_OK) == 0 ? "::" : "0.0.0.0";

	for (;;) {
		unsigned port = ++*last_port;
		int tcp = try_bind(SOCK_STREAM, every, port, false);
		int udp = try_bind(SOCK_DGRAM, every, port, false);
		drop(tcp);
		drop(udp);
		if (tcp >= 0 && udp >= 0)
			return port;
		if (errno != EADDRINUSE)
			die("bind");
	}
}

static unsigned port_of(const struct word *w)
{
	return *w->value ? (unsigned)atoi(w->value) : fresh_port();
}

static void tell_held(int fd, struct held h)
{
	if (first_fd < 0) {
		first_fd = fd;
		first = h;
	}
	tell("", getpid(), fd, h);
}

static void hold_bound(int type, const char *address, unsigned port)
{
	int fd = keep(check(try_bind(type, address, port, true), "bind"));

	tell_held(fd, look(fd));
	if (type == SOCK_STREAM)
		listeners[listeners_len++] = fd;
}

static void do_tcp4(const struct word *w)
{
	hold_bound(SOCK_STREAM, "127.0.0.1", port_of(w));
}

static void do_tcp6(const struct word *w)
{
	hold_bound(SOCK_STREAM, "::1", port_of(w));
}

static void do_udp4(const struct word *w)
{
	hold_bound(SOCK_DGRAM, "127.0.0.1", port_of(w));
}

static int connect_to(int type, unsigned port)
{
	union inet_addr a;
	int fd = keep(check(socket(AF_INET, type, 0), "socket"));
	socklen_t len = addr_set(&a, "127.0.0.1", fresh_port());

	check(bind(fd, &a.sa, len), "bind");
	len = addr_set(&a, "127.0.0.1", port);
	check(connect(fd, &a.sa, len), "connect");
	return fd;
}

/* Connected, and accepted: the server says a byte then. */
static void do_client(const struct word *w)
{
	char byte;
	int fd = connect_to(SOCK_STREAM, port_of(w));

	if (recv(fd, &byte, 1, 0) != 1)
		die("recv");
	tell_held(fd, look(fd));
}

/* Nobody needs to be there. */
static void do_udp_client(const struct word *w)
{
	int fd = connect_to(SOCK_DGRAM, port_of(w));

	tell_held(fd, look(fd));
}

static void listen_unix(const char *name, size_t len)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = keep(check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"));

	if (len >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		die(name);
	}
	memcpy(a.sun_path, name, len);
	if (*name == '@')
		a.sun_path[0] = '\0';
	size_t used = offsetof(struct sockaddr_un, sun_path) + len + (*name != '@');
	check(bind(fd, (struct sockaddr *)&a, (socklen_t)used), "bind");
	check(listen(fd, BACKLOG), "listen");
	tell_held(fd, (struct held){inode_of(fd), 0});
}

static void do_unix(const struct word *w)
{
	listen_unix(w->value, strlen(w->value));
}

/*
 * INODE,PATH: a name that goes on with a row of /proc/net/unix, a listener PATH with
 * that inode. Whose it is in truth does not matter to the kernel.
 */
static void do_forge(const struct word *w)
{
	char name[128];
	unsigned long long inode;
	const char *path = strchr(w->value, ',');

	if (!path || sscanf(w->value, "%llu", &inode) != 1) {
		errno = EINVAL;
		die(w->value);
	}
	int len = snprintf(name, sizeof(name),
			   "@f\n0000000000000000: 00000002 00000000 00010000 0001 01 %5llu %s",
			   inode, path + 1);
	listen_unix(name, (size_t)len);
}

static void do_reuseaddr(const struct word *w)
{
	(void)w;
	reuse_addr = 1;
}

static void do_reuseport(const struct word *w)
{
	(void)w;
	reuse_port = 1;
}

/* The listener is closed when it has accepted a connection. */
static void do_once(const struct word *w)
{
	(void)w;
	accepts_once = true;
}

__attribute__((noreturn)) static void do_try(int type, const struct word *w)
{
	if (try_bind(type, "127.0.0.1", port_of(w), true) >= 0)
		exit(0);
	dprintf(2, "server: bind: %s\n", strerror(errno));
	exit(1);
}

static void do_try_tcp(const struct word *w)
{
	do_try(SOCK_STREAM, w);
}

static void do_try_udp(const struct word *w)
{
	do_try(SOCK_DGRAM, w);
}

/* --- signals ---------------------------------------------------------------- */

static int signal_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {{"CONT", SIGCONT}, {"HUP", SIGHUP}, {"INT", SIGINT}, {"TERM", SIGTERM},
		     {"USR1", SIGUSR1}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(name, known[i].name) == 0)
			return known[i].number;
	}
	errno = EINVAL;
	die(name);
}

static void on_signal(int number)
{
	const char line[] = {(char)('0' + number / 10), (char)('0' + number % 10), '\n'};

	if (write(log_fd, line, sizeof(line)) < 0)
		_exit(1);
}

/* PATH gets a line for each signal that is caught. */
static void do_log(const struct word *w)
{
	log_fd = check(open(w->value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666), w->value);
}

static void do_catch(const struct word *w)
{
	signal(signal_of(w->value), on_signal);
}

static void do_ignore(const struct word *w)
{
	signal(signal_of(w->value), SIG_IGN);
}

/* A shell's background jobs ignore SIGINT. */
static void do_default(const struct word *w)
{
	signal(signal_of(w->value), SIG_DFL);
}

/* --- processes --------------------------------------------------------------- */

/* Start a child that goes on when the caller returns, and @out_ready is to be closed. */
static pid_t start(int *out_ready)
{
	int fds[2];

	check(pipe2(fds, O_CLOEXEC), "pipe");
	pid_t pid = check(fork(), "fork");
	close(fds[pid == 0 ? 0 : 1]);
	*out_ready = fds[pid == 0 ? 1 : 0];
	return pid;
}

/* Wait until a child has said, or exec()ed, that it is set up. */
static void await(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		continue;
	close(fd);
}

__attribute__((noreturn)) static void stay(int ready)
{
	tell("", getpid(), first_fd, first);
	close(ready);
	for (;;)
		pause();
}

/* N children that have inherited what is open. */
static void do_fork(const struct word *w)
{
	for (int i = 0; i < atoi(w->value); i++) {
		int ready;
		if (start(&ready) == 0)
			stay(ready);
		await(ready);
	}
}

/* A child of that user. */
static void do_fork_as(const struct word *w)
{
	uid_t uid = (uid_t)atoi(w->value);
	int ready;

	if (start(&ready) == 0) {
		check(setgroups(0, NULL), "setgroups");
		check(setresgid(uid, uid, uid), "setresgid");
		check(setresuid(uid, uid, uid), "setresuid");
		/* Its own user may look into it again. */
		check(prctl(PR_SET_DUMPABLE, 1), "prctl");
		stay(ready);
	}
	await(ready);
}

/* N children that each listen on one port by themselves. */
static void do_group(const struct word *w)
{
	unsigned port = fresh_port();

	reuse_port = 1;
	for (int i = 0; i < atoi(w->value); i++) {
		int ready;
		if (start(&ready) == 0) {
			first_fd = check(try_bind(SOCK_STREAM, "127.0.0.1", port, true), "bind");
			first = look(first_fd);
			stay(ready);
		}
		await(ready);
	}
}

static void set_environment(void)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", first.port);
	setenv("PORT", text, 1);
	snprintf(text, sizeof(text), "%d", first_fd);
	setenv("FD", text, 1);
}

__attribute__((noreturn)) static void run_rest(const struct word *w)
{
	set_environment();
	signal(SIGPIPE, SIG_DFL);
	execvp(w->rest[0], w->rest);
	die(w->rest[0]);
}

/* A child that becomes another program, with what is open. */
static void do_child(const struct word *w)
{
	int ready;

	if (start(&ready) == 0) {
		tell("", getpid(), first_fd, first);
		run_rest(w);
	}
	await(ready);
}

/* Become another program, with what is open. */
static void do_exec(const struct word *w)
{
	if (first_fd >= 0)
		dprintf(1, "ready\n");
	run_rest(w);
}

/* Run another program, without what is open, and say how it ended. */
static void do_run(const struct word *w)
{
	int status;
	pid_t pid = check(fork(), "fork");

	if (pid == 0) {
		while (kept_len > 0)
			close(kept[--kept_len]);
		run_rest(w);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	dprintf(1, "status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	exit(0);
}

/* Who is told to end asks for a successor, and has time to. */
static void on_term(int number)
{
	(void)number;
	kill(getppid(), SIGUSR1);
}

static pid_t start_worker(unsigned port)
{
	int ready;
	pid_t pid = start(&ready);

	if (pid == 0) {
		signal(SIGTERM, on_term);
		first_fd = check(try_bind(SOCK_STREAM, "127.0.0.1", port, true), "bind");
		first = look(first_fd);
		stay(ready);
	}
	await(ready);
	return pid;
}

/* A server that is replaced before it ends: its port is never without one. */
static void do_supervise(const struct word *w)
{
	unsigned port = port_of(w);
	sigset_t set;
	int number;

	reuse_port = 1;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid_t old = start_worker(port);
	dprintf(1, "ready\n");
	while (sigwait(&set, &number) == 0) {
		pid_t new = start_worker(port);
		kill(old, SIGKILL);
		waitpid(old, NULL, 0);
		old = new;
	}
}

/* --- the table ----------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*work)(const struct word *w);
	bool takes_rest;
} words[] = {
	{"args", NULL, true}, /* that are seen only */
	{"catch", do_catch, false},
	{"child", do_child, true},
	{"client", do_client, false},
	{"default", do_default, false},
	{"exec", do_exec, true},
	{"forge", do_forge, false},
	{"fork", do_fork, false},
	{"fork-as", do_fork_as, false},
	{"group", do_group, false},
	{"ignore", do_ignore, false},
	{"log", do_log, false},
	{"once", do_once, false},
	{"reuseaddr", do_reuseaddr, false},
	{"reuseport", do_reuseport, false},
	{"run", do_run, true},
	{"supervise", do_supervise, true},
	{"tcp4", do_tcp4, false},
	{"tcp6", do_tcp6, false},
	{"try", do_try_tcp, false},
	{"try-udp", do_try_udp, false},
	{"udp4", do_udp4, false},
	{"udp-client", do_udp_client, false},
	{"unix", do_unix, false},
};

/* Do one word. Return true if the rest is not for us. */
static bool serve(char **at)
{
	size_t len = strcspn(*at, ":");
	struct word w = {(*at)[len] ? *at + len + 1 : "", at + 1};

	kind = *at;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i].name) != len || memcmp(words[i].name, *at, len) != 0)
			continue;
		kind = words[i].name;
		if (words[i].work)
			words[i].work(&w);
		return words[i].takes_rest;
	}
	errno = EINVAL;
	die("no such word");
}

static void take_one(size_t i)
{
	int fd = accept(listeners[i], NULL, NULL);

	if (fd < 0)
		return;
	keep(fd);
	if (accepts_once) {
		drop(listeners[i]);
		listeners[i] = -1;
	}
	send(fd, "", 1, MSG_NOSIGNAL);
}

/* Accept until stdin ends. */
static void hold_and_accept(void)
{
	struct pollfd fds[KEPT_MAX + 1] = {{.fd = 0, .events = POLLIN}};
	char byte;

	for (;;) {
		for (size_t i = 0; i < listeners_len; i++)
			fds[i + 1] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
		if (poll(fds, (nfds_t)listeners_len + 1, -1) <= 0)
			continue;
		if (fds[0].revents && read(0, &byte, 1) <= 0)
			return;
		for (size_t i = 0; i < listeners_len; i++) {
			if (fds[i + 1].revents)
				take_one(i);
		}
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	signal(SIGPIPE, SIG_IGN); /* whom we tell has gone on after "ready" */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	begin_ports(ports_given());
	for (char **at = argv + 1; *at && !serve(at); at++)
		continue;
	kind = "end";
	dprintf(1, "ready\n");
	hold_and_accept();
	return 0;
}
