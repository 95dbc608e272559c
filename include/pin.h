/*
 * A process that cannot be mistaken for another: its number can be given to a
 * stranger as soon as it has ended, and even its start time tells the two not apart
 * (10 ms are long). A pidfd does; where the kernel has none (before Linux 5.3), the start
 * time and the open directory have to do.
 */
#ifndef WHOPORT_PIN_H
#define WHOPORT_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pin {
	pid_t pid;
	int pidfd;  /* -1: the kernel has none */
	int dir_fd; /* then the directory of the process, else -1 */
};

/**
 * Pin a process. What was known of its number before may be another's: check it after.
 *
 * @proc_fd      root of our own procfs; borrowed
 * @start_ticks  when the process was started, as read before; for want of a pidfd
 * Return 0, or -errno: ESRCH if it is gone, EMFILE.
 */
int pin_process(int proc_fd, pid_t pid, uint64_t start_ticks, struct pin *out);

/** Let go of a process; callable on one that is not pinned, with both descriptors -1. */
void pin_release(struct pin *p);

/** True if the process has not ended; a zombie has. */
bool pin_is_alive(const struct pin *p);

/** Signal the process, as pidfd_signal(). */
int pin_signal(const struct pin *p, int signal);

/**
 * Wait until all of some processes have ended.
 *
 * @timeout_ms  at most
 * Return 0 if they have; -ETIMEDOUT; -EINTR if a signal came that interrupt.h
 * catches; -ENOMEM.
 */
int pin_wait_all(const struct pin *const *pins, size_t count, uint32_t timeout_ms);

#endif
