/*
 * The iterator program: where this kernel keeps what a record tells, and the
 * instructions that fetch it. Bytes in, bytes out; loading is bpf.h's.
 */
#ifndef WHOPORT_BPF_PROGRAM_H
#define WHOPORT_BPF_PROGRAM_H

#include "bpf.h"
#include "btf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Members of the kernel's structs that the program reads. */
#define BPF_FIELDS 43

/** What the program has to know of this kernel. */
struct bpf_layout {
	struct btf_member fields[BPF_FIELDS]; /* size 0: there is none */
	uint32_t target; /* number of the iterator's function */
};

struct bpf_program {
	struct bpf_insn insns[320];
	size_t count;
};

/**
 * Find in BTF what the program has to know.
 *
 * Return 0, -ENOENT if this kernel has no such iterator or lacks a member that
 * we cannot do without, -EINVAL if the bytes are no BTF, or -ENOMEM.
 */
int bpf_layout_read(const void *btf, size_t len, struct bpf_layout *out);

/** As many inodes as a program can choose. */
#define BPF_INODES_MAX 8

/** What a program tells of. */
struct bpf_choice {
	bool with_unix;   /* names and peers of unix sockets, too: a helper of Linux 5.16 */
	bool with_others; /* io_urings and namespaces, too */
	const uint64_t *inodes; /* sockets; the others are left out */
	size_t count;           /* 0: of all. What they are is known then, and not told */
};

/** Write the program. Return 0, or -E2BIG. */
int bpf_program_write(const struct bpf_layout *layout, const struct bpf_choice *choice,
		      struct bpf_program *out);

#endif
