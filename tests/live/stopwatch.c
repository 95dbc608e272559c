/*
 * Runs a command that waits, lets happen what it waits for, and says how long it took
 * to notice.
 *
 *     stopwatch PID STAMP COMMAND...      SIGUSR1 for PID, which writes STAMP (later.c)
 *     stopwatch - STAMP COMMAND...        SIGINT for the command itself
 *
 * Not before the command sleeps: a look at what has already happened is no wait. In
 * STAMP.ms is the number of milliseconds from the moment in STAMP to the end of the
 * command; or `early`, if it ended before; or `never`, if it had to be killed. The exit
 * status is the command's, 128 + N for a signal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_ppoll_time64
#define SYS_ppoll_time64 SYS_ppoll
#endif

enum {
	ASLEEP_MS = 30000, /* a busy machine takes its time until it sleeps */
	STAY_MS = 100,     /* then it is to stay there */
	END_MS = 60000,    /* ... and to end at last */
};

static pid_t command;
static int status;
static bool has_ended;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "stopwatch: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void start(char **argv)
{
	command = fork();
	if (command < 0)
		die("fork");
	if (command > 0)
		return;
	signal(SIGINT, SIG_DFL); /* a shell may have it ignored */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], argv);
	die(argv[0]);
}

static bool is_over(void)
{
	if (!has_ended && waitpid(command, &status, WNOHANG) == command)
		has_ended = true;
	return has_ended;
}

/* Is it in ppoll(2)? Where the kernel does not tell, it is taken to be after a while. */
static bool is_asleep(int64_t since)
{
	char path[64], text[32];
	long call;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)command);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return now_ns() - since > 1000000000;
	text[n] = '\0';
	return sscanf(text, "%ld", &call) == 1 && (call == SYS_ppoll || call == SYS_ppoll_time64);
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
}

/* Return true if the command is over within that time. */
static bool watch(int ms)
{
	int64_t start_ns = now_ns();

	while (!is_over() && now_ns() - start_ns < (int64_t)ms * 1000000)
		nap();
	return has_ended;
}

static void await_sleep(void)
{
	int64_t start_ns = now_ns();

	while (!is_over() && !is_asleep(start_ns) &&
	       now_ns() - start_ns < (int64_t)ASLEEP_MS * 1000000)
		nap();
}

/* The moment that PID wrote down, 0 if it has not come so far. */
static int64_t read_stamp(const char *path)
{
	long long ns = 0;
	FILE *f = fopen(path, "re");

	if (f && fscanf(f, "%lld", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return ns;
}

static void tell(const char *stamp, const char *word, int64_t ms)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.ms", stamp);
	FILE *f = fopen(path, "we");
	if (!f)
		die(path);
	if (word)
		fprintf(f, "%s\n", word);
	else
		fprintf(f, "%lld\n", (long long)ms);
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		errno = EINVAL;
		die("arguments");
	}
	const char *stamp = argv[2];
	bool interrupts = strcmp(argv[1], "-") == 0;

	unlink(stamp);
	start(argv + 3);
	await_sleep();
	bool early = watch(STAY_MS);
	int64_t moment = now_ns();
	if (!early && kill(interrupts ? command : (pid_t)atol(argv[1]),
			   interrupts ? SIGINT : SIGUSR1) < 0)
		die("kill");
	bool never = !watch(END_MS);
	int64_t end = now_ns();
	if (never) {
		kill(command, SIGKILL);
		waitpid(command, &status, 0);
	}
	if (!interrupts)
		moment = read_stamp(stamp);
	early |= moment == 0 || moment > end;
	tell(stamp, never ? "never" : early ? "early" : NULL, (end - moment) / 1000000);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
