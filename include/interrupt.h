/*
 * Signals that end whoport in the middle of an action: noted, so that what was done
 * can still be said.
 */
#ifndef WHOPORT_INTERRUPT_H
#define WHOPORT_INTERRUPT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/** From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT are noted only, unless they are ignored. */
void interrupt_catch(void);

/** The signal that came, or 0. */
int interrupt_signal(void);

/** Milliseconds on a clock that only goes forward. */
uint64_t interrupt_now_ms(void);

/**
 * Wait for descriptors, as poll(2).
 *
 * @timeout_ms  at most
 * Return how many are ready, 0 after that time, or -errno; -EINTR if a signal came
 * meanwhile or before.
 */
int interrupt_poll(struct pollfd *fds, size_t count, uint64_t timeout_ms);

#endif
