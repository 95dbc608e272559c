/*
 * Rows: a selected socket with one of its holders, or without one and the
 * reason for it. What every output format and action works on.
 */
#ifndef WHOPORT_JOIN_H
#define WHOPORT_JOIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clue;
struct filter;
struct holder;
struct process;
struct snapshot;
struct sock;

/* Why a row has no holder. */
enum reason {
	REASON_NONE,         /* it has one */
	REASON_PERMISSION,   /* a process of the owner may not be read */
	REASON_PIDNS,        /* the processes outside our pid namespace have no number here */
	REASON_UNKNOWN,      /* the kernel, in flight, or a process that may not be read */
	REASON_KERNEL,       /* the kernel, as a clue says */
	REASON_IN_FLIGHT,    /* in a message: everybody was read, and a message has descriptors */
	REASON_TIME_WAIT,    /* nobody: waits for stray packets */
	REASON_ORPHAN,       /* nobody: closed, the kernel is still sending */
	REASON_NOT_ACCEPTED, /* in the queue of a listener */
};

/* Borrows from its snapshot, and ends before it. */
struct row {
	const struct snapshot *snap; /* whose row it is */
	const struct sock *sock;
	const struct holder *holder;   /* NULL: see reason */
	const struct process *process; /* NULL without holder */
	const struct process *task;    /* the thread, where threads were asked for; else NULL */
	const struct clue *clue;       /* NULL: none */
	enum reason reason;
	uint32_t flags;   /* of the descriptor, as open(2) has them, if flags_known */
	bool flags_known; /* they were asked for, see row_fact.h */
	bool listener_hidden; /* REASON_NOT_ACCEPTED: nobody is known to hold its listener */
};

struct row_list {
	struct row *v; /* by pid, tid, fd; rows without holder last */
	size_t len, cap;
	/* Sockets that perhaps are a part of the answer: a holder that is hidden
	 * may be one that -u or -d asks for. */
	size_t left_out;
	bool wants_denied; /* selections choose a process that could not be read */
};

/** Release the list. */
void row_list_free(struct row_list *list);

/**
 * Make the rows of a snapshot, one for each (socket, process, table,
 * descriptor), and note in the filter which items were found.
 *
 * Return 0 or -ENOMEM.
 */
int join_rows(const struct snapshot *snap, struct filter *filter, struct row_list *out);

/** Append a copy of a row. Return 0 or -ENOMEM. */
int row_list_add(struct row_list *list, const struct row *row);

/** Sort rows by pid, tid, fd; those without holder come last, by address. */
void row_list_sort(struct row_list *list);

/** Find the rows in whose place the holder of a listener is hidden. */
void join_listeners(const struct snapshot *snap, struct row_list *rows);

/** True if some row has this reason. */
bool row_list_has(const struct row_list *list, enum reason reason);

/** True if somebody may hold the row's socket, and we could not see who. */
bool row_is_hidden(const struct row *row);

#endif
