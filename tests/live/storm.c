/*
 * Makes unrest: short-lived processes, half of which run another program, each
 * with a listener, and a process that connects and closes without pause.
 *
 *     storm SECONDS PORT     PORT is the listener that is connected to
 *
 * Prints how many there were of both. Loopback only; ends by itself.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_SECOND = 200, LIFE_NS = 8000000 };

static void nap(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

/* A listener of its own, a moment of life, and for some a new program. */
__attribute__((noreturn)) static void live_shortly(bool exec)
{
	struct sockaddr_in a = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0)
		_exit(1);
	nap(LIFE_NS);
	if (exec)
		execl("/proc/self/exe", "storm", "nap", (char *)NULL);
	_exit(0);
}

static unsigned long fork_for(double seconds)
{
	double start = now(), elapsed;
	unsigned long count = 0;

	while ((elapsed = now() - start) < seconds) {
		while ((double)count < elapsed * PER_SECOND) {
			pid_t pid = fork();
			if (pid == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				live_shortly(count % 2 == 0);
			}
			if (pid < 0)
				break;
			count++;
		}
		nap(1000000);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
	}
	return count;
}

/* The server side accepts, and each side is the first to close in turn. */
static unsigned long connect_for(double seconds, int port)
{
	struct sockaddr_in a = loopback(port), any = loopback(0);
	double end = now() + seconds;
	unsigned long count = 0;
	int server = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(server, 16) < 0)
		return 0;
	socklen_t len = sizeof(any);
	getsockname(server, (struct sockaddr *)&any, &len);
	while (now() < end) {
		int own = socket(AF_INET, SOCK_STREAM, 0), accepted = -1;
		if (connect(own, (struct sockaddr *)&any, sizeof(any)) == 0)
			accepted = accept(server, NULL, NULL);
		/* Resets leave no TIME_WAIT: the ports would run out. */
		struct linger hard = {1, 0};
		setsockopt(own, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		if (count % 2 == 0 && accepted >= 0)
			close(accepted), accepted = -1;
		close(own);
		if (accepted >= 0)
			close(accepted);
		/* Now and then the quiet listener, whose queue takes it. */
		if (count++ % 64 == 0) {
			int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
			setsockopt(other, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
			(void)!connect(other, (struct sockaddr *)&a, sizeof(a));
			close(other);
		}
	}
	close(server);
	return count;
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		nap(LIFE_NS);
		return 0;
	}
	if (argc != 3)
		return 2;
	double seconds = atof(argv[1]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fflush(stdout);
	pid_t connector = fork();
	if (connector == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		printf("%lu connections\n", connect_for(seconds, atoi(argv[2])));
		return 0;
	}
	printf("%lu processes\n", fork_for(seconds));
	waitpid(connector, NULL, 0);
	return connector < 0;
}
