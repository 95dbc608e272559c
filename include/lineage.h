/*
 * The parents of processes, up to PID 1: who started them, and through which session.
 */
#ifndef WHOPORT_LINEAGE_H
#define WHOPORT_LINEAGE_H

#include "process.h"

struct row_list;

enum { LINEAGE_MAX = 64 }; /* parents of one process that are told */

/**
 * Read the parents of the rows' processes, and theirs.
 *
 * @rows     their processes with PROCESS_STAT
 * @proc_fd  root of a proc tree; borrowed
 * @out      zeroed; sorted; released by process_table_free(), also after an error
 * Return 0 or -ENOMEM.
 */
int lineage_load(const struct row_list *rows, int proc_fd, struct process_table *out);

/**
 * The parents of a process, nearest first. A process that was started later than its child has
 * only inherited a number: it ends the list, as does one that could not be read.
 *
 * @out  at most @max entries, of @parents
 * Return how many there are.
 */
size_t lineage_list(const struct process_table *parents, const struct process *p,
		    const struct process **out, size_t max);

/**
 * The nearest parent that is an ssh server's part for a session. Root's only: anybody can call
 * a program so.
 *
 * Return NULL if there is none. Source: OpenSSH's sshd, and since 9.8 sshd-session.
 */
const struct process *lineage_find_ssh(const struct process *const *v, size_t len);

#endif
