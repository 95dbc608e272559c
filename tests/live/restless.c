/*
 * Holds sockets while who holds them, or how, changes without pause. Speaks as
 * holder.c does (holding.h):
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 3 31415 40001 exec
 *
 * with FD -1 where that changes. Loopback only; ends when stdin does.
 */
#define _GNU_SOURCE
#include "holding.h"

#include <limits.h>
#include <linux/sched.h>
#include <sys/syscall.h>

static int open_listener(void)
{
	int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");

	check(bind_fresh(fd, "127.0.0.1"), "bind");
	check(listen(fd, BACKLOG), "listen");
	return fd;
}

/* Let the parent go on. */
static void say_ready(void)
{
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
	close(ready_fd);
}

/* A socket of two processes moves from descriptor to descriptor in both. */
static int work_mover(const char *value)
{
	(void)value;
	int fd = open_listener();
	pid_t parent = getpid();

	tell("", getpid(), -1, look(fd));
	pid_t pid = check(fork(), "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(ready_fd);
	}
	if (pid != 0)
		say_ready();
	for (int i = 0;; i++) {
		int next = check(fcntl(fd, F_DUPFD, 20 + i % 200), "F_DUPFD");
		close(fd);
		fd = next;
	}
}

/* exec(2) without pause; the listener stays, and the name changes with each. */
static int work_exec(const char *value)
{
	(void)value;
	char self[PATH_MAX], number[16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd = open_listener();

	if (n < 0)
		return -1;
	self[n] = '\0';
	tell("", getpid(), fd, look(fd));
	snprintf(number, sizeof(number), "%d", fd);
	say_ready();
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* stays over exec */
	execl(self, self, "again", number, (char *)NULL);
	return -1;
}

static int exec_again(const char *self, char *number)
{
	char name[16];

	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(name, sizeof(name), "n%ld", now.tv_nsec / 1000 % 1000);
	prctl(PR_SET_NAME, name);
	execl(self, self, "again", number, (char *)NULL);
	return 1;
}

/* An address of their own, and a port that follows from the process ID, so that a row can be checked. */
__attribute__((noreturn)) static void live_shortly(void)
{
	union inet_addr a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = addr_set(&a, "127.0.0.2", 30000 + (unsigned)getpid() % 30000);

	if (fd >= 0 && bind(fd, &a.sa, len) == 0 && listen(fd, BACKLOG) == 0)
		nap();
	_exit(0);
}

/* Short-lived processes with a listener, without pause. */
static int work_births(const char *value)
{
	(void)value;
	say_ready();
	for (;;) {
		pid_t pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			live_shortly();
		}
		if (pid < 0)
			nap();
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	}
}

/* Processes of one number, in turn with TCP, a group of their own and the name tcp, or with UDP. */
__attribute__((noreturn)) static void be_reborn(unsigned turn)
{
	union inet_addr a;
	bool tcp = turn % 2 == 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (tcp && setpgid(0, 0) < 0)
		_exit(1);
	prctl(PR_SET_NAME, tcp ? "tcp" : "udp");
	for (unsigned i = 0; i < 8; i++) {
		socklen_t len = addr_set(&a, "127.0.0.3", 20000 + (turn * 8 + i) % 20000);
		int fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
		if (fd < 0 || bind(fd, &a.sa, len) < 0 || (tcp && listen(fd, BACKLOG) < 0))
			_exit(1);
	}
	nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	_exit(0);
}

static int work_reborn(const char *value)
{
	(void)value;
	pid_t number = check(fork(), "fork");

	if (number == 0)
		_exit(0);
	waitpid(number, NULL, 0);
	for (unsigned turn = 0;; turn++) {
		struct clone_args args = {.exit_signal = SIGCHLD, .set_tid_size = 1,
					  .set_tid = (uintptr_t)&number};
		pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
		if (pid == 0)
			be_reborn(turn);
		if (pid < 0 && errno != EEXIST)
			return -1;
		if (pid < 0)
			nap(); /* somebody else has got it */
		else
			waitpid(pid, NULL, 0);
		if (turn == 0)
			say_ready();
	}
}

static void serve(const char *word)
{
	static const struct {
		const char *name;
		int (*work)(const char *value);
	} kinds[] = {{"births", work_births}, {"exec", work_exec}, {"mover", work_mover},
		     {"reborn", work_reborn}};

	kind = word;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, word) == 0) {
			spawn(kinds[i].work, NULL);
			return;
		}
	}
	errno = EINVAL;
	die("no such kind");
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "again") == 0)
		return exec_again("/proc/self/exe", argv[2]);
	begin_holding();
	for (int i = 1; i < argc; i++)
		serve(argv[i]);
	kind = "end";
	hold_on();
	return 0;
}
