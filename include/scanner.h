/*
 * Which scanner looks for holders: the kernel's iterator where that is permitted and
 * pays, else the walk over /proc.
 */
#ifndef WHOPORT_SCANNER_H
#define WHOPORT_SCANNER_H

#include "bpf_program.h"

#include <stdbool.h>
#include <stddef.h>

struct holder_index;
struct process_table;
struct scan_request;
struct scan_stats;

/** What --scan asks for. */
enum scanner_choice { SCANNER_AUTO, SCANNER_PROC, SCANNER_BPF };

/** Zeroed before scanner_prepare(), but for the choice. */
struct scanner {
	enum scanner_choice choice;
	bool is_prepared; /* it was decided */
	bool is_ready; /* there is an iterator */
	struct bpf_layout layout; /* if it is ready */
	int refusal;   /* 0, or -errno of why there is no iterator */
	bool is_unfit; /* it cannot tell what is asked, or processes are chosen */
	bool is_small; /* few descriptors: the walk is cheaper */
};

/**
 * Decide for one reading of a machine; what was decided stays.
 *
 * @whole  the number of every process's descriptors is to be noted, not just of so
 *         many as make the iterator worth it
 * @st     its tables are filled in, if the iterator is to be used: of as many processes
 *         as @whole asks for
 * Return 0; with SCANNER_BPF, -errno if there is no iterator; or -ENOMEM.
 */
int scanner_prepare(struct scanner *s, int proc_fd, bool whole, struct scan_stats *st);

/**
 * Scan once by the iterator, which is ready. If that fails it is no longer, and what
 * the scan has added is taken back.
 *
 * Return 0 or -errno.
 */
int scanner_iterate(struct scanner *s, const struct scan_request *rq,
		    struct holder_index *out_holders, struct process_table *out_processes,
		    struct scan_stats *st);

#endif
