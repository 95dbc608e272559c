/*
 * What every scanner is asked, and what it tells beside the holders: what was
 * seen and what was not.
 */
#ifndef WHOPORT_SCAN_H
#define WHOPORT_SCAN_H

#include "process.h"
#include "procfs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sock;

/* A process and how many descriptors it had when its table was read. */
struct scan_table {
	pid_t pid;
	off_t descriptors;
};

/* A process whose descriptors may not be read. */
struct scan_denied {
	pid_t pid;
	uint32_t uid; /* effective */
};

/* A descriptor of another kind that leads to sockets: an io_uring, a namespace. */
struct scan_sight {
	pid_t pid, tid;
	int fd;
	enum procfs_link kind;
	uint64_t inode; /* of a namespace */
};

/** What was seen and what was not. Zeroed before the first scan; released by scan_stats_free(). */
struct scan_stats {
	size_t processes;   /* whose descriptors were read */
	size_t descriptors; /* links asked */
	struct scan_denied *denied; /* by ascending pid */
	size_t denied_len, denied_cap;
	uint32_t *denied_uids; /* theirs, ascending, each once; after scan_stats_sort() */
	size_t denied_uids_len;
	struct scan_table *tables; /* of the latest scan, by ascending pid */
	size_t tables_len, tables_cap;
	struct scan_sight *sights; /* of all processes that were read, by ascending pid */
	size_t sights_len, sights_cap;
	pid_t *seen; /* processes that a scan without gaps has told of, ascending */
	size_t seen_len, seen_cap;
	bool threads_unsure; /* threads were left out whose table kcmp did not tell */
};

/** Which threads are asked for descriptors of their own. */
enum scan_threads {
	SCAN_THREADS_PRIVATE, /* those with a private table, as far as kcmp tells */
	SCAN_THREADS_UNSURE,  /* the same, but all of them where kcmp is refused */
	SCAN_THREADS_ALL,     /* all, shared tables too (-K) */
};

struct scan_request {
	int proc_fd;            /* root of a proc tree; borrowed */
	const uint64_t *inodes; /* wanted sockets, ascending; borrowed */
	size_t inode_count;
	bool every_socket; /* note holders of all sockets, wanted or not */
	enum scan_threads threads;
	unsigned facts; /* PROCESS_STAT and so on, for holders */
	/* Compare descriptor tables, as pidfd_compare_files(); NULL where PIDs are not ours. */
	int (*compare_files)(pid_t a, pid_t b);
	/* Skip processes that this refuses; NULL takes all. Denied ones are counted only if taken. */
	bool (*wants)(const void *ctx, const struct process *p);
	const void *ctx;
	/* Skip processes whose table has as many descriptors as in the scan
	 * before (where Linux 6.2 tells the number). What it denied stays, but for
	 * our own: they may have been about to end (process_is_ending()). */
	bool only_changed;
	/*
	 * A scanner that sees what a socket is tells of each holder's, in any
	 * namespace; of what it cannot describe, without an address.
	 * is_counted: it is one of its namespace's sockets in use. Return 1 if the
	 * holder is wanted, whatever the inodes say, 0 if not, or -errno.
	 */
	int (*take_sock)(void *ctx, const struct sock *s, bool is_counted);
	void *sock_ctx;
	bool describes_wanted; /* take_sock is asked of the wanted inodes, too */
	bool describes_unix;   /* names and peers of unix sockets matter */
	/* Nothing but the wanted inodes matters: a scanner may let the kernel choose. */
	bool only_wanted;
	bool no_sights; /* nor other descriptors that lead to sockets */
};

/**
 * True if holders of a socket are asked for.
 *
 * @hint  0 at first: sockets that are made one after another are so held, too
 */
bool scan_wants_inode(const struct scan_request *rq, uint64_t inode, size_t *hint);

/** Release what the statistics own. */
void scan_stats_free(struct scan_stats *st);

/** Note a process whose descriptors may not be read. Return 0 or -ENOMEM. */
int scan_stats_add_denied(struct scan_stats *st, pid_t pid, uint32_t uid);

/** A process among the first @len of the denied ones, which are sorted, or NULL. */
const struct scan_denied *scan_stats_find_denied(const struct scan_stats *st, size_t len, pid_t pid);

/** Take back that a process may not be read; those behind it move up. */
void scan_stats_remove_denied(struct scan_stats *st, const struct scan_denied *denied);

/** Note how many descriptors a process had; -1 if it cannot be told. Return 0 or -ENOMEM. */
int scan_stats_add_table(struct scan_stats *st, pid_t pid, off_t descriptors);

/** Note that a process holds nothing that is hidden from us. Return 0 or -ENOMEM. */
int scan_stats_add_seen(struct scan_stats *st, pid_t pid);

/** True if that is so; after scan_stats_sort(). */
bool scan_stats_has_seen(const struct scan_stats *st, pid_t pid);

/** Note what a descriptor leads to. Return 0 or -ENOMEM. */
int scan_stats_add_sight(struct scan_stats *st, const struct scan_sight *sight);

/**
 * Sort all of them by pid, and drop what a second scan has noted again.
 *
 * Return 0 or -ENOMEM.
 */
int scan_stats_sort(struct scan_stats *st);

#endif
