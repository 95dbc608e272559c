/*
 * The scanner that asks the kernel once: an iterator over the descriptors of all
 * tasks tells of each socket who holds it and what it is, at the same moment and in
 * all network namespaces (bpf_iter.rst, Linux; since 5.11). For root, or CAP_BPF and
 * CAP_PERFMON, in the initial pid namespace.
 */
#ifndef WHOPORT_SCAN_BPF_H
#define WHOPORT_SCAN_BPF_H

struct bpf_layout;
struct holder_index;
struct process_table;
struct scan_request;
struct scan_stats;

/**
 * Scan all processes once, as scan_procfd() does. Threads that share a table are one:
 * SCAN_THREADS_ALL cannot be had, and wants and only_changed are not asked.
 *
 * @layout  from bpf_iterator_learn(); borrowed
 * Return 0 or -errno; then what was appended is of no use.
 */
int scan_bpf(const struct bpf_layout *layout, const struct scan_request *rq,
	     struct holder_index *out_holders, struct process_table *out_processes,
	     struct scan_stats *st);

#endif
