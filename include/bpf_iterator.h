/*
 * The kernel's iterator over the descriptors of all tasks, with our program in it:
 * what it takes to have one, and a descriptor to read its records from.
 */
#ifndef WHOPORT_BPF_ITERATOR_H
#define WHOPORT_BPF_ITERATOR_H

#include "bpf_program.h"

/**
 * Ask, at little cost, whether an iterator is worth a try.
 *
 * @proc_fd  root of a proc tree; only a real one of the initial pid namespace will do
 * Return 0; -EPERM without CAP_SYS_ADMIN or both CAP_BPF and CAP_PERFMON; -ENOENT before
 * Linux 5.11; -EXDEV where PIDs would be others than those of the tree.
 */
int bpf_iterator_may_open(int proc_fd);

/**
 * Learn where this kernel keeps what the program reads: about 1 ms.
 *
 * Return 0 or -errno: ENOENT without BTF or iterator.
 */
int bpf_iterator_learn(struct bpf_layout *out);

/**
 * Start one pass: about 1 ms.
 *
 * Return a descriptor to read struct bpf_record from, the caller's, or -errno. Names
 * and peers of unix sockets may be missing.
 */
int bpf_iterator_open(const struct bpf_layout *layout, const struct bpf_choice *choice);

#endif
