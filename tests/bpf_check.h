/*
 * Programs for the kernel, looked at as its verifier begins: every jump lands inside
 * and ahead, every instruction can be reached, every register that is read was set,
 * the stack is used within its bounds. What members of kernel types may be read, only
 * the verifier knows. Numbers are those of linux/bpf.h.
 */
#ifndef WHOPORT_TESTS_BPF_CHECK_H
#define WHOPORT_TESTS_BPF_CHECK_H

#include "bpf_program.h"
#include "bpf_record.h"
#include "fixture.h"

#include <arpa/inet.h>

/* A test uses some of these functions. */
#define BPF_CHECK static inline __attribute__((unused))

enum {
	BPF_LOAD = 0x61, BPF_STORE_X = 0x63, BPF_STORE_K = 0x62, /* with a size */
	BPF_SIZES = 0x18, BPF_LOAD_IMM64 = 0x18,
	BPF_MOVE_K = 0xb7, BPF_MOVE_X = 0xbf, BPF_ADD_K = 0x07, BPF_SHIFT_LEFT_K = 0x67,
	BPF_SHIFT_RIGHT_K = 0x77, BPF_JUMP = 0x05, BPF_JUMP_EQUAL_X = 0x1d,
	BPF_CALL = 0x85, BPF_EXIT = 0x95,
	BPF_FRAME = 10,
	/* Helpers. */
	BPF_PROBE_READ_KERNEL = 113, BPF_SEQ_WRITE = 127, BPF_SOCK_FROM_FILE = 162,
	BPF_SKC_TO_UNIX_SOCK = 178,
};

/** Where the record is on the stack. */
#define IN_STACK(member) \
	((int)offsetof(struct bpf_record, member) - (int)sizeof(struct bpf_record))

BPF_CHECK unsigned insn_to(const struct bpf_insn *i)
{
	return htons(1) == 1 ? i->regs >> 4 : i->regs & 15;
}

BPF_CHECK unsigned insn_from(const struct bpf_insn *i)
{
	return htons(1) == 1 ? i->regs & 15 : i->regs >> 4;
}

/** Bytes of a load or a store, and whether it is one. */
BPF_CHECK uint32_t insn_size(const struct bpf_insn *i)
{
	return i->code & 0x10 ? (i->code & 8 ? 8 : 1) : (i->code & 8 ? 2 : 4);
}

BPF_CHECK bool insn_is(const struct bpf_insn *i, int access)
{
	return (i->code & ~BPF_SIZES) == (access & ~BPF_SIZES);
}

BPF_CHECK bool insn_is_jump(const struct bpf_insn *i)
{
	return (i->code & 7) == 5 && i->code != BPF_CALL && i->code != BPF_EXIT;
}

/* Registers as bits: what an instruction reads and what it leaves behind. */
struct insn_use {
	unsigned reads, sets, loses;
};

BPF_CHECK struct insn_use insn_use(const struct bpf_insn *i)
{
	const unsigned to = 1U << insn_to(i), from = 1U << insn_from(i);
	const bool is_x = i->code & 8;

	if (i->code == BPF_LOAD_IMM64 || i->code == BPF_MOVE_K)
		return (struct insn_use){0, to, 0};
	if (i->code == BPF_MOVE_X || insn_is(i, BPF_LOAD))
		return (struct insn_use){from, to, 0};
	if (insn_is(i, BPF_STORE_X))
		return (struct insn_use){to | from, 0, 0};
	if (insn_is(i, BPF_STORE_K))
		return (struct insn_use){to, 0, 0};
	if (i->code == BPF_CALL) {
		bool has_one = i->imm == BPF_SOCK_FROM_FILE || i->imm == BPF_SKC_TO_UNIX_SOCK;
		return (struct insn_use){has_one ? 2 : 14, 1, 62};
	}
	if (i->code == BPF_EXIT)
		return (struct insn_use){1, 0, 0};
	if (i->code == BPF_JUMP || i->code == 0)
		return (struct insn_use){0};
	if (insn_is_jump(i)) /* on a condition */
		return (struct insn_use){is_x ? to | from : to, 0, 0};
	assert_true((i->code & 7) == 7); /* 64-bit arithmetic */
	return (struct insn_use){is_x ? to | from : to, to, 0};
}

BPF_CHECK void assert_insn(const struct bpf_insn *i)
{
	const bool is_store = insn_is(i, BPF_STORE_X) || insn_is(i, BPF_STORE_K);
	const bool is_load = insn_is(i, BPF_LOAD);

	if ((is_load && insn_from(i) == BPF_FRAME) || is_store) {
		assert_true(!is_store || insn_to(i) == BPF_FRAME);
		assert_true(i->offset >= -(int)sizeof(struct bpf_record));
		assert_true(i->offset + (int)insn_size(i) <= 0);
		assert_int_equal(i->offset % (int)insn_size(i), 0);
	} else if (is_load) {
		assert_true(i->offset >= 0);
	}
	if (i->code == BPF_CALL)
		assert_true(i->imm == BPF_PROBE_READ_KERNEL || i->imm == BPF_SEQ_WRITE ||
			    i->imm == BPF_SOCK_FROM_FILE || i->imm == BPF_SKC_TO_UNIX_SOCK);
	assert_false(insn_is_jump(i) && i->offset < 0);
	if (i->code == BPF_SHIFT_LEFT_K || i->code == BPF_SHIFT_RIGHT_K)
		assert_true(i->imm >= 0 && i->imm < 64);
}

/** A program that the verifier would not refuse for its form. */
BPF_CHECK void assert_sound(const struct bpf_program *p)
{
	/* Registers that are set on every way here; 0: no way leads here. */
	unsigned set[COUNT(p->insns) + 1] = {1U << 1 | 1U << BPF_FRAME};
	const unsigned none = 1U << 31;

	assert_true(p->count >= 2 && p->count <= COUNT(p->insns));
	assert_int_equal(p->insns[p->count - 1].code, BPF_EXIT);
	for (size_t i = 0; i < p->count; i++) {
		const struct bpf_insn *insn = &p->insns[i];
		struct insn_use use = insn_use(insn);
		if (set[i] == 0 || (set[i] & use.reads) != use.reads)
			fail_msg("instruction %zu, code %02x: registers %x", i, insn->code, set[i]);
		assert_insn(insn);
		assert_int_equal(insn->code == 0, i > 0 && insn[-1].code == BPF_LOAD_IMM64);
		unsigned now = ((set[i] & ~none & ~use.loses) | use.sets) | none;
		size_t ways[2] = {i + 1, i + 1}; /* in order, or by a jump */
		if (insn_is_jump(insn))
			ways[1] += (size_t)insn->offset;
		if (insn->code == BPF_JUMP)
			ways[0] = ways[1];
		for (size_t j = 0; j < 2 && insn->code != BPF_EXIT; j++) {
			assert_true(ways[j] < p->count);
			assert_true(p->insns[ways[j]].code != 0 || insn->code == BPF_LOAD_IMM64);
			set[ways[j]] = set[ways[j]] ? set[ways[j]] & now : now;
		}
	}
}

/** Place of a helper's call at or behind a place; the count if there is none. */
BPF_CHECK size_t find_call(const struct bpf_program *p, size_t from, int32_t helper)
{
	while (from < p->count &&
	       (p->insns[from].code != BPF_CALL || p->insns[from].imm != helper))
		from++;
	return from;
}

/** Place of a load from what is not the stack, as above. */
BPF_CHECK size_t find_load(const struct bpf_program *p, size_t from, uint32_t offset, uint32_t size)
{
	for (; from < p->count; from++) {
		const struct bpf_insn *i = &p->insns[from];
		if (insn_is(i, BPF_LOAD) && insn_from(i) != BPF_FRAME &&
		    i->offset == (int)offset && insn_size(i) == size)
			break;
	}
	return from;
}

/** Every record that there can be. */
static const struct bpf_choice tell_all __attribute__((unused)) = {
	.with_unix = true, .with_others = true};

/** Write a program, which is a sound one. */
BPF_CHECK struct bpf_program write_sound(const struct bpf_layout *layout,
					 const struct bpf_choice *choice)
{
	struct bpf_program p;

	assert_int_equal(bpf_program_write(layout, choice, &p), 0);
	assert_sound(&p);
	return p;
}

#endif
