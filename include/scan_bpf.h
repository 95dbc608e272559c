/*
 * The scanner that asks the kernel once: an iterator over the descriptors of all
 * tasks tells of each socket who holds it and what it is, at the same moment and in
 * all network namespaces (bpf_iter.rst, Linux; since 5.11). For root, or CAP_BPF and
 * CAP_PERFMON, in the initial pid namespace.
 */
#ifndef WHOPORT_SCAN_BPF_H
#define WHOPORT_SCAN_BPF_H

struct holder_index;
struct process_table;
struct scan_request;
struct scan_stats;

/**
 * Ask, at little cost, whether scan_bpf_open() is worth a try.
 *
 * @proc_fd  root of a proc tree; only a real one of the initial pid namespace will do
 * Return 0; -EPERM without the rights; -EXDEV where PIDs would be others than those
 * of the tree.
 */
int scan_bpf_may_open(int proc_fd);

/**
 * Make the scanner ready: about 2 ms.
 *
 * Return a descriptor, the caller's, or -errno: ENOENT without BTF or iterator, EPERM
 * and others where the kernel refuses.
 */
int scan_bpf_open(void);

/**
 * Scan all processes once, as scan_procfd() does. Threads that share a table are one:
 * SCAN_THREADS_ALL cannot be had, and wants and only_changed are not asked.
 *
 * @program_fd  from scan_bpf_open(); borrowed
 * Return 0 or -errno; then what was appended is of no use.
 */
int scan_bpf(int program_fd, const struct scan_request *rq, struct holder_index *out_holders,
	     struct process_table *out_processes, struct scan_stats *st);

#endif
