/*
 * Programs for all that can be chosen, for this kernel and others: the verifier has no
 * reason to refuse their form. Nothing is loaded.
 */
#define _GNU_SOURCE
#include "bpf_check.h"
#include "bpf_program.h"
#include "btf_kernel.h"

/* All choices but that of inodes. */
static const struct bpf_choice choices[] = {
	{false, false, NULL, 0}, {false, true, NULL, 0}, {true, false, NULL, 0},
	{true, true, NULL, 0},
};

static void program_for_the_running_kernel_is_sound(void **state)
{
	struct btf_name names[] = {{BTF_FUNC, "bpf_iter_task_file", 0, 0},
				   {BTF_INT, "long unsigned int", 0, 0}};
	struct bpf_layout layout;
	struct btf btf;
	size_t len = 0;
	char *data = btf_live_read(&len);

	(void)state;
	if (!data)
		skip(); /* a kernel without BTF, or a sandbox */
	int rc = btf_parse(data, len, names, COUNT(names), &btf);
	uint32_t size_of_long = rc == 0 ? btf_size(&btf, &names[1]) : 0;
	btf_free(&btf);
	if (rc == 0 && (names[0].id == 0 || size_of_long != 8)) {
		free(data);
		skip(); /* before Linux 5.8, or of 32 bits */
	}
	assert_int_equal(bpf_layout_read(data, len, &layout), 0);
	free(data);
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct bpf_program p = write_sound(&layout, &choices[i]);
		if (!choices[i].with_unix)
			assert_int_equal(find_call(&p, 0, BPF_SKC_TO_UNIX_SOCK), p.count);
	}
}

static void program_is_sound_whatever_is_chosen(void **state)
{
	struct bpf_layout layout;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &layout), 0);
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct bpf_program p = write_sound(&layout, &choices[i]);
		size_t at = find_call(&p, 0, BPF_SKC_TO_UNIX_SOCK);
		assert_int_equal(at < p.count, choices[i].with_unix);
		if (choices[i].with_unix)
			assert_int_equal(find_call(&p, at + 1, BPF_SKC_TO_UNIX_SOCK), p.count);
		assert_true(find_call(&p, 0, BPF_SOCK_FROM_FILE) < p.count);
		at = find_call(&p, 0, BPF_SEQ_WRITE);
		assert_true(at < p.count);
		assert_int_equal(find_call(&p, at + 1, BPF_SEQ_WRITE), p.count);
		/* An iterator goes on only if 0 is returned. */
		assert_int_equal(p.insns[p.count - 2].code, BPF_MOVE_K);
		assert_int_equal(insn_to(&p.insns[p.count - 2]), 0);
		assert_int_equal(p.insns[p.count - 2].imm, 0);
	}
}

/* The program compares with these constants, in this order. */
static size_t find_constants(const struct bpf_program *p, uint64_t *out, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i + 2 < p->count; i++) {
		if (p->insns[i].code != BPF_LOAD_IMM64 || p->insns[i + 2].code != BPF_JUMP_EQUAL_X)
			continue;
		assert_true(count < size);
		out[count++] = (uint64_t)(uint32_t)p->insns[i + 1].imm << 32 |
			       (uint32_t)p->insns[i].imm;
	}
	return count;
}

static void sockets_are_chosen_by_inode(void **state)
{
	static const uint64_t inodes[BPF_INODES_MAX] = {
		1, 31415, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x8000000000000001,
		0xffffffffffffffff};
	uint64_t found[2 * BPF_INODES_MAX];
	struct bpf_layout layout;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &layout), 0);
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct bpf_program none = write_sound(&layout, &choices[i]);
		assert_int_equal(find_constants(&none, found, COUNT(found)), 0);
		for (size_t count = 1; count <= COUNT(inodes); count++) {
			struct bpf_choice choice = choices[i];
			choice.inodes = inodes;
			choice.count = count;
			struct bpf_program p = write_sound(&layout, &choice);
			assert_int_equal(find_constants(&p, found, COUNT(found)), count);
			assert_memory_equal(found, inodes, count * sizeof(*inodes));
			assert_true(find_load(&p, 0, 80, 8) < p.count);
			/* What sockets are is not asked if they are known. */
			for (size_t k = 0; k < p.count; k++)
				assert_false(p.insns[k].code == 0x85 &&
					     p.insns[k].imm == BPF_SOCK_FROM_FILE);
		}
	}
}

static void inodes_in_any_number_fit_or_are_refused(void **state)
{
	static const uint64_t inodes[200];
	struct bpf_layout layout;
	struct bpf_program p;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &layout), 0);
	for (size_t count = 0; count <= COUNT(inodes); count++) {
		struct bpf_choice choice = {true, true, inodes, count};
		int rc = bpf_program_write(&layout, &choice, &p);
		assert_true(rc == 0 || (rc == -E2BIG && count > BPF_INODES_MAX));
		if (rc == 0)
			assert_sound(&p);
	}
}

static void others_are_told_of_if_they_are_chosen(void **state)
{
	const int32_t nsfs_magic = 0x6e736673;
	struct bpf_layout layout;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &layout), 0);
	for (size_t i = 0; i < COUNT(choices); i++) {
		struct bpf_program p = write_sound(&layout, &choices[i]);
		bool looks = false;
		for (size_t j = 0; j < p.count; j++)
			looks |= insn_is_jump(&p.insns[j]) && p.insns[j].imm == nsfs_magic;
		assert_int_equal(looks, choices[i].with_others);
		assert_int_equal(find_load(&p, 0, 96, 8) < p.count, choices[i].with_others);
		assert_int_equal(find_load(&p, 0, 64, 8) < p.count, choices[i].with_others);
	}
}

static void program_for_a_changed_kernel_is_sound(void **state)
{
	struct btf_bytes *b = make_kernel(&(struct kernel_options){0});
	unsigned char *copy = (unsigned char *)guard_copy(b->data, b->len);
	static const unsigned char masks[] = {0x01, 0x04, 0x40, 0x80, 0xff};
	struct bpf_layout layout;

	(void)state;
	alarm(120);
	for (size_t i = 0; i < b->len * COUNT(masks); i++) {
		copy[i / COUNT(masks)] ^= masks[i % COUNT(masks)];
		int rc = bpf_layout_read(copy, b->len, &layout);
		assert_true(rc == 0 || rc == -EINVAL || rc == -ENOENT);
		for (size_t j = 0; rc == 0 && j < COUNT(choices); j++)
			write_sound(&layout, &choices[j]);
		copy[i / COUNT(masks)] ^= masks[i % COUNT(masks)];
	}
	alarm(0);
	guard_free((char *)copy, b->len);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_for_the_running_kernel_is_sound),
		cmocka_unit_test(program_is_sound_whatever_is_chosen),
		cmocka_unit_test(sockets_are_chosen_by_inode),
		cmocka_unit_test(inodes_in_any_number_fit_or_are_refused),
		cmocka_unit_test(others_are_told_of_if_they_are_chosen),
		cmocka_unit_test(program_for_a_changed_kernel_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
