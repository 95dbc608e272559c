/* Signals noted; see interrupt.h. */
#define _GNU_SOURCE
#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t noted; /* a handler has nowhere else to write to */

static void note(int signal)
{
	noted = signal;
}

/* They are blocked but for the moments in which interrupt_poll() waits. */
void interrupt_catch(void)
{
	struct sigaction old, action = {.sa_handler = note};
	sigset_t set;

	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
		if (sigaction(caught[i], NULL, &old) < 0 || old.sa_handler == SIG_IGN)
			continue;
		sigaction(caught[i], &action, NULL);
		sigaddset(&set, caught[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int interrupt_signal(void)
{
	sigset_t pending;

	sigemptyset(&pending);
	if (noted == 0 && sigpending(&pending) == 0) {
		for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
			if (sigismember(&pending, caught[i]) == 1)
				return caught[i];
		}
	}
	return (int)noted;
}

uint64_t interrupt_now_ms(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int interrupt_poll(struct pollfd *fds, size_t count, uint64_t timeout_ms)
{
	struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000),
				   .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
	sigset_t open;

	if (noted)
		return -EINTR;
	sigprocmask(SIG_BLOCK, NULL, &open);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigdelset(&open, caught[i]);
	int n = ppoll(fds, (nfds_t)count, &timeout, &open);
	return n < 0 ? -errno : n;
}
