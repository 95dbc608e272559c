/*
 * Makes a machine busy, so that the time of finding a port's holder can be
 * measured. Prints `ready` when everything is set up and holds it until SIGTERM
 * or until its stdin ends; then, or when it dies, its processes end with it.
 *
 *     load --processes=500 --descriptors=200 --listeners=50
 *
 * Port 10001 (--base-port) is held by one process, the first. Loopback only; a
 * namespace that has no loopback yet gets it. See load_kinds.c for what is held.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPARE_DESCRIPTORS = 8, INHERITED_MAX = 1024 };

static const struct option_row {
	const char *name;
	size_t at;
	unsigned max;
	const char *help;
} rows[] = {
	{"processes", offsetof(struct load_plan, processes), 100000, "that hold descriptors"},
	{"descriptors", offsetof(struct load_plan, descriptors), 1U << 30, "of each of them"},
	{"listeners", offsetof(struct load_plan, listeners), 50000, "among its descriptors"},
	{"connections", offsetof(struct load_plan, connections), 10000000, "two sockets each"},
	{"namespaces", offsetof(struct load_plan, namespaces), 100000,
	 "of the network, each with a listener on port 8080"},
	{"threads", offsetof(struct load_plan, threads), 1000000,
	 "of one more process, which has a listener"},
	{"private-tables", offsetof(struct load_plan, private_tables), 1000000,
	 "so many of the threads have a table and a listener of their own"},
	{"base-port", offsetof(struct load_plan, base_port), 65535,
	 "of the first listener (10001)"},
};

#define ROWS (sizeof(rows) / sizeof(*rows))

/* What a process says when it stands, err 0, or cannot; written in one piece. */
struct report {
	int err;
	char what[124];
};

static int reports[2] = {-1, -1}; /* pipe */
static pid_t *children;
static size_t children_len;
static bool is_child;
static sigset_t usual; /* signals that the shell has blocked */

static void end_children(void)
{
	for (size_t i = 0; i < children_len; i++)
		kill(children[i], SIGKILL);
	for (size_t i = 0; i < children_len; i++)
		waitpid(children[i], NULL, 0);
}

/* The whole load ends with one line. */
__attribute__((noreturn)) static void give_up(const char *what, int err)
{
	end_children();
	fprintf(stderr, "load: %s%s%s\n", what, err ? ": " : "", err ? strerror(err) : "");
	exit(1);
}

/* --- one process --------------------------------------------------------- */

void load_fail(int err, const char *what, ...)
{
	struct report r = {.err = err};
	va_list args;

	va_start(args, what);
	vsnprintf(r.what, sizeof(r.what), what, args);
	va_end(args);
	if (!is_child)
		give_up(r.what, err);
	_exit(write(reports[1], &r, sizeof(r)) == (ssize_t)sizeof(r) ? 1 : 2);
}

__attribute__((noreturn)) static void work(const struct load_plan *plan,
					   const struct load_job *job)
{
	struct report stands = {.err = 0};

	sigprocmask(SIG_SETMASK, &usual, NULL);
	close(reports[0]);
	job->open(plan, job);
	if (write(reports[1], &stands, sizeof(stands)) < 0)
		_exit(1);
	close(reports[1]);
	for (;;)
		pause();
}

static void start(const struct load_plan *plan, const struct load_job *job)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		give_up("fork", errno);
	if (pid == 0) {
		is_child = true;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		work(plan, job);
	}
	children[children_len++] = pid;
}

/* --- all of them --------------------------------------------------------- */

static void start_connections(const struct load_plan *plan)
{
	unsigned left = plan->connections;

	for (unsigned i = 0; left > 0; i++) {
		unsigned n = left < LOAD_CONNECTIONS_EACH ? left : LOAD_CONNECTIONS_EACH;
		int fd = load_connection_listener(i);
		start(plan, &(struct load_job){load_open_servers, i, n, fd});
		start(plan, &(struct load_job){load_open_clients, i, n, fd});
		close(fd);
		left -= n;
	}
}

static void start_all(const struct load_plan *plan)
{
	size_t n = plan->processes + plan->namespaces + 1;

	n += 2 * ((size_t)plan->connections / LOAD_CONNECTIONS_EACH + 1);
	children = calloc(n, sizeof(*children));
	if (!children)
		give_up("memory", errno);
	for (unsigned i = 0; i < plan->processes; i++)
		start(plan, &(struct load_job){load_open_descriptors, i, 0, -1});
	start_connections(plan);
	if (plan->threads > 0)
		start(plan, &(struct load_job){load_open_threads, 0, 0, -1});
	for (unsigned i = 0; i < plan->namespaces; i++)
		start(plan, &(struct load_job){load_open_namespace, i, 0, -1});
}

/* Take one report; true if it says that a process stands. */
static bool take_report(void)
{
	struct report r;

	if (read(reports[0], &r, sizeof(r)) != (ssize_t)sizeof(r))
		return false;
	r.what[sizeof(r.what) - 1] = '\0';
	if (r.err)
		give_up(r.what, r.err);
	return true;
}

/* Wait until @awaited processes stand, then print `ready`; then for the end. */
static void hold(int signals, size_t awaited)
{
	struct pollfd fds[3] = {
		{reports[0], POLLIN, 0}, {signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0},
	};
	struct signalfd_siginfo info;
	char byte;

	for (bool told = false;;) {
		if (awaited == 0 && !told) {
			fds[0].fd = -1;
			told = true;
			dprintf(STDOUT_FILENO, "ready\n");
		}
		if (poll(fds, 3, -1) < 0)
			give_up("poll", errno);
		if (fds[0].revents & POLLIN) {
			awaited -= take_report();
		} else if (fds[1].revents) {
			if (read(signals, &info, sizeof(info)) < 0)
				continue;
			if (info.ssi_signo == SIGCHLD)
				give_up("a process of the load has ended", 0);
			return;
		} else if (fds[2].revents && read(STDIN_FILENO, &byte, 1) <= 0) {
			return;
		}
	}
}

/* --- options ------------------------------------------------------------- */

__attribute__((noreturn)) static void usage(const char *wrong)
{
	fprintf(stderr, "load: not understood: %s\nUsage: load OPTION=NUMBER...\n", wrong);
	for (size_t i = 0; i < ROWS; i++)
		fprintf(stderr, "  --%-15s %s\n", rows[i].name, rows[i].help);
	exit(2);
}

static void parse_option(const char *word, struct load_plan *out)
{
	for (size_t i = 0; strncmp(word, "--", 2) == 0 && i < ROWS; i++) {
		size_t len = strlen(rows[i].name);
		const char *digits = word + 2 + len + 1;
		char *end;

		if (strncmp(word + 2, rows[i].name, len) != 0 || word[2 + len] != '=')
			continue;
		unsigned long value = strtoul(digits, &end, 10);
		if (*digits < '0' || *digits > '9' || *end || value > rows[i].max)
			break;
		unsigned number = (unsigned)value;
		memcpy((char *)out + rows[i].at, &number, sizeof(number));
		return;
	}
	usage(word);
}

static void check_plan(const struct load_plan *plan)
{
	if (plan->processes > 0 && plan->descriptors < plan->listeners + 3)
		usage("--descriptors: stdio and the listeners are among them");
	if (plan->private_tables > 0 && plan->private_tables >= plan->threads)
		usage("--private-tables: one of the threads has the shared table");
	if (plan->base_port == 0)
		usage("--base-port=0");
}

/* Raise the limit of open files to what the largest process needs, or end. */
static void raise_limit(const struct load_plan *plan)
{
	struct rlimit limit;
	rlim_t need = plan->connections;

	if (need > LOAD_CONNECTIONS_EACH)
		need = LOAD_CONNECTIONS_EACH;
	if (plan->processes > 0 && need < plan->descriptors)
		need = plan->descriptors;
	need += SPARE_DESCRIPTORS;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		give_up("getrlimit", errno);
	if (need > limit.rlim_max) {
		fprintf(stderr, "load: a process needs %llu descriptors and may have %llu "
			"(ulimit -Hn)\n", (unsigned long long)need,
			(unsigned long long)limit.rlim_max);
		exit(1);
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		give_up("setrlimit", errno);
}

int main(int argc, char **argv)
{
	struct load_plan plan = {.base_port = 10001};
	sigset_t set;

	for (int i = 1; i < argc; i++)
		parse_option(argv[i], &plan);
	check_plan(&plan);
	raise_limit(&plan);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	for (int fd = 3; fd < INHERITED_MAX; fd++) /* the shell's own would count */
		close(fd);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, &usual) < 0 || pipe(reports) < 0)
		give_up("start", errno);
	load_loopback_up();
	start_all(&plan);
	close(reports[1]);
	int signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		give_up("signalfd", errno);
	hold(signals, children_len);
	end_children();
	return 0;
}
