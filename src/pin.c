/* A process that cannot be mistaken; see pin.h. */
#define _GNU_SOURCE
#include "pin.h"

#include "interrupt.h"
#include "pidfd.h"
#include "process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STEP_MS = 10 }; /* between two looks where nothing tells of an end */

/* Without pidfd: its directory, if the process is the one that was seen. */
static int pin_directory(int proc_fd, pid_t pid, uint64_t start_ticks, struct pin *out)
{
	struct process now = {.pid = pid, .tid = pid};
	int fd = process_open(proc_fd, pid);

	if (fd < 0)
		return fd == -ENOENT ? -ESRCH : fd;
	int rc = process_load(fd, PROCESS_STAT, &now);
	if (rc == 0 && now.start_ticks == start_ticks) {
		out->dir_fd = fd;
		return 0;
	}
	close(fd);
	return rc < 0 && rc != -ENOENT ? rc : -ESRCH;
}

int pin_process(int proc_fd, pid_t pid, uint64_t start_ticks, struct pin *out)
{
	*out = (struct pin){.pid = pid, .pidfd = -1, .dir_fd = -1};
	int pidfd = pidfd_of(pid);
	/* EPERM: a seccomp filter that does not know the call. */
	if (pidfd == -ENOSYS || pidfd == -EPERM)
		return pin_directory(proc_fd, pid, start_ticks, out);
	out->pidfd = pidfd < 0 ? -1 : pidfd;
	return pidfd < 0 ? pidfd : 0;
}

void pin_release(struct pin *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->dir_fd >= 0)
		close(p->dir_fd);
	p->pidfd = p->dir_fd = -1;
}

bool pin_is_alive(const struct pin *p)
{
	struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};

	if (p->pidfd >= 0)
		return poll(&ended, 1, 0) == 0;
	/* A leader can end before its threads: then there is more below task/ than it. */
	struct stat tasks;
	char state = process_load_state(p->dir_fd);
	if (state == 'Z' && fstatat(p->dir_fd, "task", &tasks, 0) == 0 && tasks.st_nlink > 3)
		return true;
	return state != '\0' && state != 'Z' && state != 'X';
}

int pin_signal(const struct pin *p, int signal)
{
	if (p->pidfd >= 0)
		return pidfd_signal(p->pidfd, signal);
	if (!pin_is_alive(p))
		return -ESRCH;
	return kill(p->pid, signal) < 0 ? -errno : 0;
}

/* Note who is alive in @fds. Return how long nothing else needs to be looked at. */
static uint64_t list_living(const struct pin *const *pins, size_t count, struct pollfd *fds,
			    size_t *out_len)
{
	uint64_t step = UINT64_MAX;

	*out_len = 0;
	for (size_t i = 0; i < count; i++) {
		if (!pin_is_alive(pins[i]))
			continue;
		if (pins[i]->pidfd < 0)
			step = STEP_MS;
		/* A negative descriptor is no event (poll(2)). */
		fds[(*out_len)++] = (struct pollfd){.fd = pins[i]->pidfd, .events = POLLIN};
	}
	return step;
}

int pin_wait_all(const struct pin *const *pins, size_t count, uint32_t timeout_ms)
{
	uint64_t end = interrupt_now_ms() + timeout_ms;
	struct pollfd *fds = malloc((count + 1) * sizeof(*fds));
	int rc = fds ? 0 : -ENOMEM;

	while (rc == 0) {
		size_t living;
		uint64_t step = list_living(pins, count, fds, &living);
		uint64_t now = interrupt_now_ms();

		if (living == 0)
			break;
		if (now >= end) {
			rc = -ETIMEDOUT;
			break;
		}
		int n = interrupt_poll(fds, living, step < end - now ? step : end - now);
		rc = n < 0 ? n : 0;
	}
	free(fds);
	return rc;
}
