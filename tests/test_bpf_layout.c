/* What the iterator program has to know of a kernel, found in its BTF. */
#define _GNU_SOURCE
#include "bpf_program.h"
#include "btf_kernel.h"

static size_t count_missing(const struct bpf_layout *layout)
{
	size_t missing = 0;

	for (size_t i = 0; i < BPF_FIELDS; i++)
		missing += layout->fields[i].size == 0;
	return missing;
}

/* A field is where a member of the made-up kernel is. */
static bool has_field(const struct bpf_layout *layout, uint32_t offset, uint32_t size)
{
	for (size_t i = 0; i < BPF_FIELDS; i++) {
		const struct btf_member *m = &layout->fields[i];
		if (m->offset == offset && m->size == size && m->bits == 0)
			return true;
	}
	return false;
}

static void complete_kernel_has_a_layout(void **state)
{
	struct btf_bytes *b = make_kernel(&(struct kernel_options){0});
	struct bpf_layout layout;

	(void)state;
	assert_int_equal(bpf_layout_read(b->data, b->len, &layout), 0);
	assert_int_equal(layout.target, b->count);
	/* Some through structs with a name, some through such without. */
	assert_true(has_field(&layout, 64, 8));	  /* file.f_path.dentry */
	assert_true(has_field(&layout, 104, 8));  /* dentry.d_name.name */
	assert_true(has_field(&layout, 136, 16)); /* task_struct.comm */
	assert_true(has_field(&layout, 160, 4));  /* cred.euid.val */
	assert_true(has_field(&layout, 260, 4));  /* sock.__sk_common.skc_rcv_saddr */
	assert_true(has_field(&layout, 304, 8));  /* sock.__sk_common.skc_net.net */
	assert_true(has_field(&layout, 312, 16)); /* sock.__sk_common.skc_v6_daddr */
	assert_true(has_field(&layout, 344, 8));  /* sock.__sk_common.skc_cookie.counter */
	assert_true(has_field(&layout, 440, 4));  /* net.ns.inum */
	free(b);
}

static void layout_wants_every_member_but_those_that_are_optional(void **state)
{
	struct bpf_layout full, layout;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &full), 0);
	for (size_t i = 0; i < COUNT(kernel_members); i++) {
		const struct kernel_member *m = &kernel_members[i];
		int rc = read_kernel(&(struct kernel_options){.without = m}, &layout);
		if (rc != (m->optional ? 0 : -ENOENT))
			fail_msg("without %s.%s: %d", m->owner, m->name, rc);
		if (rc == 0)
			assert_true(count_missing(&layout) >= count_missing(&full));
	}
	static const char *const optional[][2] = {
		{"sock_common", "skc_v6_daddr"}, {"sock_common", "skc_v6_rcv_saddr"},
		{"unix_sock", "peer"}, {"unix_sock", "addr"}, {"unix_address", "len"},
	};
	for (size_t i = 0; i < COUNT(optional); i++) {
		const struct kernel_member *m = kernel_member(optional[i][0], optional[i][1]);
		assert_int_equal(read_kernel(&(struct kernel_options){.without = m}, &layout), 0);
		assert_int_equal(count_missing(&layout), count_missing(&full) + 1);
	}
}

static void layout_wants_the_iterator_and_64_bits(void **state)
{
	struct bpf_layout layout;
	struct kernel_options o = {.has_no_target = true};

	(void)state;
	assert_int_equal(read_kernel(&o, &layout), -ENOENT);
	o = (struct kernel_options){.size_of_long = 4};
	assert_int_equal(read_kernel(&o, &layout), -ENOENT);
}

static void member_beyond_an_instructions_reach_is_none(void **state)
{
	static const uint32_t offsets[] = {32768, 65536 + 72, 0x1000000};
	const struct kernel_member *mode = kernel_member("inode", "i_mode");
	const struct kernel_member *peer = kernel_member("unix_sock", "peer");
	struct bpf_layout full, layout;

	(void)state;
	assert_int_equal(read_kernel(&(struct kernel_options){0}, &full), 0);
	struct kernel_options o = {.moved = mode, .offset = 32700};
	assert_int_equal(read_kernel(&o, &layout), 0);
	assert_true(has_field(&layout, 32700, 2));
	for (size_t i = 0; i < COUNT(offsets); i++) {
		o = (struct kernel_options){.moved = mode, .offset = offsets[i]};
		assert_int_equal(read_kernel(&o, &layout), -ENOENT);
		o.moved = peer;
		assert_int_equal(read_kernel(&o, &layout), 0);
		assert_int_equal(count_missing(&layout), count_missing(&full) + 1);
	}
}

static void bytes_that_are_no_btf_have_no_layout(void **state)
{
	struct btf_bytes *b = make_kernel(&(struct kernel_options){0});
	struct bpf_layout layout;

	(void)state;
	for (size_t len = 0; len < b->len; len++) {
		char *copy = guard_copy(b->data, len);
		assert_int_equal(bpf_layout_read(copy, len, &layout), -EINVAL);
		guard_free(copy, len);
	}
	free(b);
	static const char text[] = "Linux version 6.1.0 (not BTF at all, but long enough to be)";
	assert_int_equal(bpf_layout_read(text, sizeof(text), &layout), -EINVAL);
}

static void btf_of_another_program_has_no_layout(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	struct bpf_layout layout;

	(void)state;
	btf_bytes_write(b); /* no types at all, as of a module that adds none */
	assert_int_equal(bpf_layout_read(b->data, b->len, &layout), -ENOENT);
	btf_bytes_type(b, KIND_STRUCT, "list_head", 16);
	btf_bytes_type(b, KIND_FUNC, "bpf_iter_task_file", 1);
	btf_bytes_write(b);
	assert_int_equal(bpf_layout_read(b->data, b->len, &layout), -ENOENT);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complete_kernel_has_a_layout),
		cmocka_unit_test(layout_wants_every_member_but_those_that_are_optional),
		cmocka_unit_test(layout_wants_the_iterator_and_64_bits),
		cmocka_unit_test(member_beyond_an_instructions_reach_is_none),
		cmocka_unit_test(bytes_that_are_no_btf_have_no_layout),
		cmocka_unit_test(btf_of_another_program_has_no_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
