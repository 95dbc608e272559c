/* Records of the iterator program: whole ones, and such that are none. */
#define _GNU_SOURCE
#include "bpf_record.h"
#include "fixture.h"

enum { SHORT = 136, FULL = 248 }; /* what the program writes */

/* Every field another value. */
static struct bpf_record make_record(uint32_t kind, uint32_t size)
{
	struct bpf_record r;

	memset(&r, 0, sizeof(r));
	for (size_t i = 0; i < sizeof(r); i++)
		((unsigned char *)&r)[i] = (unsigned char)(i + 1);
	r.kind = kind;
	r.size = size;
	r.path_len = 20;
	return r;
}

static size_t parse(const void *data, size_t len, struct bpf_record *out)
{
	char *copy = guard_copy(data, len);
	size_t size = bpf_record_parse(copy, len, out);

	guard_free(copy, len);
	return size;
}

static void record_has_one_form(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct bpf_record), FULL);
	assert_int_equal(BPF_RECORD_SHORT, SHORT);
	/* The program stores 8 bytes at a time, and has 512 of stack. */
	assert_int_equal(SHORT % 8, 0);
	assert_int_equal(FULL % 8, 0);
	assert_int_equal(offsetof(struct bpf_record, inode) % 8, 0);
	assert_int_equal(offsetof(struct bpf_record, table) % 8, 0);
	assert_int_equal(offsetof(struct bpf_record, cookie) % 8, 0);
	assert_int_equal(offsetof(struct bpf_record, peer) % 8, 0);
}

static void record_is_taken_as_it_is(void **state)
{
	(void)state;
	for (uint32_t kind = BPF_RECORD_SOCKET; kind <= BPF_RECORD_NAMESPACE; kind++) {
		struct bpf_record r = make_record(kind, FULL), out;
		assert_int_equal(parse(&r, FULL, &out), FULL);
		assert_memory_equal(&out, &r, FULL);
	}
}

static void record_without_path_has_a_length_of_0(void **state)
{
	struct bpf_record r = make_record(BPF_RECORD_SOCKET, SHORT), out;
	char before[sizeof(r.path)];

	(void)state;
	memset(before, 0x5a, sizeof(before));
	memset(&out, 0x5a, sizeof(out));
	assert_int_equal(parse(&r, SHORT, &out), SHORT);
	assert_int_equal(out.path_len, 0);
	assert_memory_equal(out.path, before, sizeof(before));
	r.path_len = 0;
	assert_memory_equal(&out, &r, SHORT);
	/* What follows is the next record, no path. */
	assert_int_equal(parse(&r, FULL, &out), SHORT);
	assert_memory_equal(out.path, before, sizeof(before));
}

static void record_cut_short_is_none(void **state)
{
	struct bpf_record full = make_record(BPF_RECORD_SOCKET, FULL), out;
	struct bpf_record brief = make_record(BPF_RECORD_RING, SHORT);

	(void)state;
	for (size_t len = 0; len < FULL; len++)
		assert_int_equal(parse(&full, len, &out), 0);
	for (size_t len = 0; len <= FULL; len++)
		assert_int_equal(parse(&brief, len, &out), len < SHORT ? 0 : SHORT);
}

static void record_of_another_size_is_none(void **state)
{
	static const uint32_t sizes[] = {0, 1, 8, SHORT - 1, SHORT + 1, SHORT + 8, FULL - 8,
					 FULL - 1, FULL + 1, FULL + 8, 1000, 0x80000000,
					 0xffffffff};
	char data[1024] = {0};
	struct bpf_record out;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bpf_record r = make_record(BPF_RECORD_SOCKET, sizes[i]);
		memcpy(data, &r, sizeof(r));
		assert_int_equal(parse(data, sizeof(data), &out), 0);
		assert_int_equal(parse(data, sizeof(r), &out), 0);
	}
}

static void record_of_another_kind_is_none(void **state)
{
	static const uint32_t kinds[] = {0, BPF_RECORD_NAMESPACE + 1, 256, 257, 0x01000000,
					 0x80000001, 0xffffffff};
	struct bpf_record out;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct bpf_record r = make_record(kinds[i], FULL);
		assert_int_equal(parse(&r, FULL, &out), 0);
		r.size = SHORT;
		assert_int_equal(parse(&r, SHORT, &out), 0);
	}
}

static void records_follow_each_other_at_any_place(void **state)
{
	static const uint32_t sizes[] = {SHORT, FULL, FULL, SHORT, SHORT, FULL};
	char data[8 + COUNT(sizes) * FULL];

	(void)state;
	for (size_t start = 0; start < 8; start++) {
		size_t len = start;
		for (size_t i = 0; i < COUNT(sizes); i++) {
			struct bpf_record r = make_record(BPF_RECORD_SOCKET, sizes[i]);
			r.pid = (uint32_t)i;
			memcpy(data + len, &r, sizes[i]);
			len += sizes[i];
		}
		size_t at = start;
		for (size_t i = 0; i < COUNT(sizes); i++) {
			struct bpf_record out;
			assert_int_equal(parse(data + at, len - at, &out), sizes[i]);
			assert_int_equal(out.pid, i);
			at += sizes[i];
		}
		assert_int_equal(at, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_has_one_form),
		cmocka_unit_test(record_is_taken_as_it_is),
		cmocka_unit_test(record_without_path_has_a_length_of_0),
		cmocka_unit_test(record_cut_short_is_none),
		cmocka_unit_test(record_of_another_size_is_none),
		cmocka_unit_test(record_of_another_kind_is_none),
		cmocka_unit_test(records_follow_each_other_at_any_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
