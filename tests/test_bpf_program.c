/* What the program fetches for a record, and from where; nothing is loaded. */
#define _GNU_SOURCE
#include "bpf_check.h"
#include "bpf_program.h"
#include "btf_kernel.h"

/* A program for the made-up kernel, with exceptions, that tells all it can. */
static struct bpf_program write_for(const struct kernel_options *o)
{
	struct bpf_layout layout;

	assert_int_equal(read_kernel(o, &layout), 0);
	return write_sound(&layout, &tell_all);
}

static struct bpf_program write_full(void)
{
	return write_for(&(struct kernel_options){0});
}

/* Somewhere a member is loaded and what was loaded goes to a place in the record. */
static bool is_copied(const struct bpf_program *p, uint32_t offset, uint32_t size, int to,
		      uint32_t to_size)
{
	for (size_t i = find_load(p, 0, offset, size); i < p->count;
	     i = find_load(p, i + 1, offset, size)) {
		const struct bpf_insn *store = &p->insns[i + 1];
		if (store->code == BPF_SHIFT_LEFT_K)
			store += 2;
		if (insn_is(store, BPF_STORE_X) && insn_to(store) == BPF_FRAME &&
		    store->offset == to && insn_size(store) == to_size &&
		    insn_from(store) == insn_to(&p->insns[i]))
			return true;
	}
	return false;
}

#define TO(member) IN_STACK(member), sizeof(((struct bpf_record *)0)->member)

static void member_goes_to_its_place_in_the_record(void **state)
{
	static const struct {
		const char *name;
		uint32_t offset, size; /* in the made-up kernel */
		int to;
		uint32_t to_size;
	} cases[] = {
		{"tgid", 116, 4, TO(pid)}, {"pid", 112, 4, TO(tid)}, {"fd", 24, 4, TO(fd)},
		{"euid", 160, 4, TO(euid)}, {"i_ino", 80, 8, TO(inode)},
		{"files", 120, 8, TO(table)}, {"skc_cookie", 344, 8, TO(cookie)},
		{"ns.inum", 440, 4, TO(netns)}, {"sk_uid", 416, 4, TO(uid)},
		{"skc_bound_dev_if", 276, 4, TO(bound_if)}, {"skc_family", 272, 2, TO(family)},
		{"sk_type", 400, 2, TO(type)}, {"sk_protocol", 402, 2, TO(protocol)},
		{"skc_num", 270, 2, TO(local_port)}, {"skc_dport", 268, 2, TO(remote_port)},
		{"skc_state", 274, 1, TO(state)}, {"skc_ipv6only", 275, 1, TO(v6only)},
		{"skc_net_refcnt", 275, 1, TO(is_counted)}, {"len", 464, 4, TO(path_len)},
		{"i_ino of the peer", 80, 8, TO(peer)},
		{"skc_rcv_saddr", 260, 4, IN_STACK(local), 4},
		{"skc_daddr", 256, 4, IN_STACK(remote), 4},
	};
	struct bpf_program p = write_full();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (!is_copied(&p, cases[i].offset, cases[i].size, cases[i].to, cases[i].to_size))
			fail_msg("%s", cases[i].name);
	}
	for (uint32_t i = 0; i < 16; i += 4) {
		assert_true(is_copied(&p, 328 + i, 4, IN_STACK(local) + (int)i, 4));
		assert_true(is_copied(&p, 312 + i, 4, IN_STACK(remote) + (int)i, 4));
	}
}

/* A helper copies so many bytes at an offset to a place in the record. */
static bool is_read(const struct bpf_program *p, uint32_t offset, int to, int32_t size)
{
	for (size_t at = find_call(p, 0, BPF_PROBE_READ_KERNEL); at < p->count;
	     at = find_call(p, at + 1, BPF_PROBE_READ_KERNEL)) {
		int32_t values[4] = {-1, -1, -1, -1}; /* of r1 to r3 */
		for (size_t i = at - 5; i < at; i++) {
			unsigned reg = insn_to(&p->insns[i]);
			if (reg < COUNT(values) && (p->insns[i].code == BPF_ADD_K ||
						    p->insns[i].code == BPF_MOVE_K))
				values[reg] = p->insns[i].imm;
		}
		if (values[1] == to && values[2] == size && values[3] == (int32_t)offset)
			return true;
	}
	return false;
}

static void command_is_copied(void **state)
{
	struct bpf_program p = write_full();

	(void)state;
	assert_true(is_read(&p, 136, IN_STACK(command), 16));
}

/* The name has no size in BTF: it is an array without an end (net/af_unix.h). */
static void unix_name_is_copied_from_behind_its_length(void **state)
{
	struct bpf_program p = write_full();

	(void)state;
	assert_true(is_read(&p, 468, IN_STACK(path), 112));
	assert_false(is_read(&p, 0, IN_STACK(path), 112));
}

static size_t count_code(const struct bpf_program *p, int code)
{
	size_t count = 0;

	for (size_t i = 0; i < p->count; i++)
		count += p->insns[i].code == code;
	return count;
}

static void bit_fields_are_shifted_and_others_are_not(void **state)
{
	struct bpf_program p = write_full(), plain;
	struct bpf_layout layout;
	int32_t shifts[2];
	size_t found = 0;

	(void)state;
	assert_int_equal(count_code(&p, BPF_SHIFT_LEFT_K), 2);
	assert_int_equal(count_code(&p, BPF_SHIFT_RIGHT_K), 2);
	for (size_t i = find_load(&p, 0, 275, 1); i < p.count; i = find_load(&p, i + 1, 275, 1)) {
		const struct bpf_insn *load = &p.insns[i];
		assert_int_equal(load[1].code, BPF_SHIFT_LEFT_K);
		assert_int_equal(load[2].code, BPF_SHIFT_RIGHT_K);
		assert_int_equal(load[2].imm, 63);
		assert_int_equal(insn_to(&load[1]), insn_to(load));
		assert_int_equal(insn_to(&load[2]), insn_to(load));
		assert_true(found < 2);
		shifts[found++] = load[1].imm;
	}
	assert_int_equal(found, 2);
	/* Bits 5 and 6 of a byte, from the left on big-endian. */
	assert_int_equal(shifts[0], htons(1) == 1 ? 61 : 58);
	assert_int_equal(shifts[1], htons(1) == 1 ? 62 : 57);

	assert_int_equal(read_kernel(&(struct kernel_options){0}, &layout), 0);
	for (size_t i = 0; i < BPF_FIELDS; i++)
		layout.fields[i].shift = layout.fields[i].bits = 0;
	plain = write_sound(&layout, &tell_all);
	assert_int_equal(plain.count, p.count - 4);
	assert_int_equal(count_code(&plain, BPF_SHIFT_LEFT_K), 0);
	assert_int_equal(count_code(&plain, BPF_SHIFT_RIGHT_K), 0);
}

static void program_of_bit_fields_alone_fits_or_is_refused(void **state)
{
	struct bpf_layout layout;
	struct bpf_program p;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &layout), 0);
	for (size_t i = 0; i < BPF_FIELDS; i++) {
		layout.fields[i].shift = 60;
		layout.fields[i].bits = 4;
	}
	int rc = bpf_program_write(&layout, &tell_all, &p);
	assert_true(rc == 0 || rc == -E2BIG);
	if (rc == 0)
		assert_sound(&p);
}

static void member_that_is_missing_is_not_loaded(void **state)
{
	static const struct {
		const char *owner, *name;
		uint32_t offset, size;
	} cases[] = {
		{"sock_common", "skc_v6_daddr", 312, 4}, {"sock_common", "skc_v6_daddr", 324, 4},
		{"sock_common", "skc_v6_rcv_saddr", 328, 4},
		{"sock_common", "skc_v6_rcv_saddr", 340, 4},
		{"unix_sock", "peer", 456, 8}, {"unix_sock", "peer", 448, 8}, /* no unix at all */
		{"unix_sock", "addr", 448, 8}, {"unix_sock", "addr", 464, 4},
		{"unix_address", "len", 448, 8}, {"unix_address", "len", 464, 4},
	};
	struct bpf_program full = write_full();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct kernel_options o = {.without = kernel_member(cases[i].owner, cases[i].name)};
		assert_true(find_load(&full, 0, cases[i].offset, cases[i].size) < full.count);
		struct bpf_program p = write_for(&o);
		assert_true(p.count < full.count);
		if (find_load(&p, 0, cases[i].offset, cases[i].size) < p.count)
			fail_msg("%s is loaded at %u", cases[i].name, cases[i].offset);
	}
	struct kernel_options o = {.without = kernel_member("unix_sock", "peer")};
	struct bpf_program p = write_for(&o);
	assert_int_equal(find_call(&p, 0, BPF_SKC_TO_UNIX_SOCK), p.count);
	/* What is known of the address is not told without all of it. */
	o.without = kernel_member("unix_address", "len");
	p = write_for(&o);
	assert_false(is_read(&p, 468, IN_STACK(path), 112));
	o.without = kernel_member("unix_address", "name");
	p = write_for(&o);
	assert_false(is_read(&p, 0, IN_STACK(path), 112));
}

/* Of an address whose last word is beyond, no offset may come out as one below 0. */
static void every_load_is_within_reach(void **state)
{
	static const uint32_t offsets[] = {32700, 32752, 32756, 32764, 32767};
	const struct kernel_member *common = kernel_member("sock", "__sk_common");

	(void)state;
	for (size_t i = 0; i < COUNT(offsets); i++) {
		struct kernel_options o = {.moved = kernel_member("sock_common", "skc_v6_daddr"),
					   .offset = offsets[i] - common->offset};
		struct bpf_program p = write_for(&o);
		bool is_first = find_load(&p, 0, offsets[i], 4) < p.count;
		assert_int_equal(find_load(&p, 0, offsets[i] + 12, 4) < p.count, is_first);
		assert_true(is_first || i > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(member_goes_to_its_place_in_the_record),
		cmocka_unit_test(command_is_copied),
		cmocka_unit_test(unix_name_is_copied_from_behind_its_length),
		cmocka_unit_test(bit_fields_are_shifted_and_others_are_not),
		cmocka_unit_test(program_of_bit_fields_alone_fits_or_is_refused),
		cmocka_unit_test(member_that_is_missing_is_not_loaded),
		cmocka_unit_test(every_load_is_within_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
