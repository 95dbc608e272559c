/*
 * The portable scanner: walks PID/fd and, where threads have descriptor
 * tables of their own, PID/task/TID/fd, and notes who refers to the sockets
 * that are asked for.
 */
#ifndef WHOPORT_SCAN_PROCFD_H
#define WHOPORT_SCAN_PROCFD_H

struct holder_index;
struct process_table;
struct scan_request;
struct scan_stats;

/**
 * Scan all processes once.
 *
 * @out_holders    gets holders appended, unsorted
 * @out_processes  gets a record of each holding process appended, unsorted
 * @st             tables and, without only_changed, denied are replaced; counts go on
 * Return 0 or -errno: of memory, of descriptors, or of the root directory.
 * A process that vanishes is no error and no holder.
 * Source: proc_pid_fd(5); proc_fd_getattr in fs/proc/fd.c for st_size.
 */
int scan_procfd(const struct scan_request *rq, struct holder_index *out_holders,
		struct process_table *out_processes, struct scan_stats *st);

#endif
