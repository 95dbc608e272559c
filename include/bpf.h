/*
 * bpf(2), as far as an iterator needs it: instructions go in, a descriptor whose
 * records can be read comes out. Thin.
 */
#ifndef WHOPORT_BPF_H
#define WHOPORT_BPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An instruction; struct bpf_insn of linux/bpf.h. */
struct bpf_insn {
	uint8_t code;
	uint8_t regs; /* destination and source: see bpf_regs() */
	int16_t offset;
	int32_t imm;
};

/** Both registers of an instruction: bit fields, whose order is the compiler's. */
uint8_t bpf_regs(unsigned destination, unsigned source);

/**
 * Load a program that is attached to an iterator.
 *
 * @license  that the kernel reads: some helpers want a compatible one
 * @target   number of the iterator's function in the kernel's BTF
 * Return a descriptor, the caller's, or -errno: EPERM without CAP_BPF and
 * CAP_PERFMON, EACCES or EINVAL if the verifier refuses the program.
 */
int bpf_load_iterator(const struct bpf_insn *insns, size_t count, const char *license,
		      uint32_t target);

/**
 * Start one pass of a program that was loaded.
 *
 * Return a descriptor to read records from, the caller's, or -errno.
 */
int bpf_start_iterator(int program_fd);

/**
 * How many programs are attached to something.
 *
 * @fd         what they are attached to: a cgroup's directory, a network namespace
 * @type       enum bpf_attach_type of linux/bpf.h
 * @effective  of a cgroup also those that it inherits
 * Return their number or -errno: EPERM, EINVAL before Linux 4.15.
 * Source: bpf_prog_query in kernel/bpf/syscall.c.
 */
int bpf_count_programs(int fd, uint32_t type, bool effective);

#endif
