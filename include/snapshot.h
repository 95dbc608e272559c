/*
 * One consistent reading of the machine: the socket table, the holder index,
 * the processes that hold, and what could not be seen. It decides which
 * source and scanner are asked, and how often.
 */
#ifndef WHOPORT_SNAPSHOT_H
#define WHOPORT_SNAPSHOT_H

#include "clue.h"
#include "held.h"
#include "holder.h"
#include "inventory.h"
#include "peer.h"
#include "process.h"
#include "procfs.h"
#include "scan.h"
#include "scanner.h"
#include "sock.h"

#include <stdbool.h>

struct stats;

struct snapshot_request {
	struct inventory_request inventory; /* the proc tree is its namespaces' */
	unsigned facts;   /* PROCESS_STAT and so on */
	bool threads;     /* -K: every thread's descriptors */
	enum scanner_choice scanner;
	struct stats *stats; /* borrowed; NULL: nobody wants to know */
};

struct snapshot {
	struct sock_table socks; /* sorted; roles WANTED and WITNESS only */
	struct holder_index holders;
	struct process_table processes; /* who holds, and whom a clue names */
	struct clue_list clues;         /* see unheld.h; empty before */
	struct peer_index listeners;    /* see look.h; built if some row needs it */
	struct scan_stats scan;
	struct scanner scanner;
	bool few_wanted; /* so few sockets that the kernel can choose them */
	struct held held; /* what the iterator told of sockets; empty without */
	struct inventory_stats inventory;
	enum procfs_view view;
	char failed[32]; /* after an error: what could not be read, below the root */
};

/**
 * Take a snapshot.
 *
 * If a selected socket has no holder, it is asked for again and, if it is
 * still there, the processes are scanned once more before that is the answer.
 *
 * @out  zeroed; released by snapshot_free(), also after an error
 * Return 0 or -errno; for -ENODATA see inventory_read().
 */
int snapshot_take(const struct snapshot_request *rq, struct snapshot *out);

/**
 * Read the socket tables, once.
 *
 * @socks  initialised; replaced or added to as inventory_read() does
 * Return 0 or -errno, with @out->failed.
 */
int snapshot_read(const struct snapshot_request *rq, struct snapshot *out,
		  struct sock_table *socks);

/**
 * True if missing rights explain that a socket has no holder: a process of its
 * owner could not be read, or hidepid keeps processes from us altogether.
 */
bool snapshot_may_hide(const struct snapshot *s, const struct sock *sock);

/** Release a snapshot; rows that borrow from it end before. */
void snapshot_free(struct snapshot *s);

#endif
