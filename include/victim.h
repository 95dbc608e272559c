/*
 * The processes that -k is about to signal: each once, with the rows that it was chosen
 * for, pinned before anything is sent.
 */
#ifndef WHOPORT_VICTIM_H
#define WHOPORT_VICTIM_H

#include "pin.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct probe;
struct process;
struct row;
struct row_list;

enum victim_state {
	VICTIM_PLANNED,
	VICTIM_GONE,    /* it had ended before */
	VICTIM_LET_GO,  /* it holds the socket no longer */
	VICTIM_SPARED,  /* not signalled: see rc */
	VICTIM_SENT,    /* signalled, and as far as we know alive */
	VICTIM_ENDED,
};

struct victim {
	pid_t pid;
	const struct process *process; /* borrowed */
	const struct row *rows;        /* borrowed; those of this process */
	size_t rows_len;
	struct pin pin;
	enum victim_state state;
	bool expects_end; /* its end is waited for */
	bool killed;      /* SIGKILL followed */
	bool is_stopped;  /* by a signal: others wait until it goes on */
	int rc;           /* -errno of why it was not signalled */
};

struct victim_list {
	struct victim *v; /* by pid */
	size_t len;
};

/** Let go of all processes and release the list. */
void victim_list_free(struct victim_list *list);

/**
 * List and pin the processes of some rows; those that are gone are VICTIM_GONE.
 *
 * @rows  each with a holder, by pid; borrowed for the list's life
 * Return 0 or -errno: -ENOMEM, -EMFILE.
 */
int victim_list_build(struct victim_list *list, int proc_fd, const struct row_list *rows);

/** Find out, before a signal is sent, whom it is expected to end. */
void victim_list_expect(struct victim_list *list, int proc_fd, int signal);

/** Ask whether we may signal each: who refuses is VICTIM_SPARED, with rc -EPERM. */
void victim_list_ask(struct victim_list *list);

/**
 * Signal each that is still planned, if it still holds one of the sockets of its rows,
 * and is the process that was seen.
 */
void victim_list_signal(struct victim_list *list, int proc_fd, struct probe *probe, int signal);

/** SIGKILL to those that were signalled and live. */
void victim_list_finish(struct victim_list *list);

/**
 * Wait for the end of those that were signalled and are expected to end.
 *
 * Return 0 if they have ended, -ETIMEDOUT, -EINTR (interrupt.h) or -ENOMEM.
 */
int victim_list_wait(struct victim_list *list, uint32_t timeout_ms);

/** Find out which of those that were signalled and live are stopped. */
void victim_list_find_stopped(struct victim_list *list, int proc_fd);

/** How many are in a state. */
size_t victim_list_count(const struct victim_list *list, enum victim_state state);

#endif
