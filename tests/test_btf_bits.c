/*
 * Bit fields: what btf_find_member() says, done to the memory of a real struct, gives
 * the value that the compiler put there.
 */
#define _GNU_SOURCE
#include "btf.h"
#include "btf_fixture.h"

/* Type, name and width: one bit at several places, whole units, and across bytes. */
#define FIELDS(X) \
	X(uint8_t, low, 1) X(uint8_t, middle, 6) X(uint8_t, high, 1) \
	X(uint8_t, whole_byte, 8) X(uint16_t, eleven, 11) X(uint16_t, five, 5) \
	X(uint32_t, one, 1) X(uint32_t, nine, 9) X(uint32_t, sixteen, 16) \
	X(uint32_t, last_six, 6) X(uint64_t, three, 3) X(uint64_t, forty, 40) \
	X(uint64_t, twenty, 20) X(uint64_t, last_one, 1) X(uint64_t, all, 64)

#define DECLARE(type, name, width) type name : width;
struct flags {
	uint16_t before;
	FIELDS(DECLARE)
	uint16_t behind;
};

#define MASK(width) (~UINT64_C(0) >> (64 - (width)))

#define DEFINE_SET(type, name, width) \
	static void set_##name(struct flags *f, uint64_t value) \
	{ \
		f->name = (type)value & MASK(width); \
	}
FIELDS(DEFINE_SET)

#define ROW(type, name, width) {#name, sizeof(type), width, set_##name},
static const struct field {
	const char *name;
	uint32_t size; /* of its declared type */
	uint32_t bits;
	void (*set)(struct flags *, uint64_t);
} fields[] = {FIELDS(ROW)};

/* The first bit in the order of memory, as pahole counts: on big-endian from the left. */
static uint32_t first_bit(const struct field *field)
{
	struct flags f;
	unsigned char bytes[sizeof(f)];

	memset(&f, 0, sizeof(f));
	field->set(&f, MASK(field->bits));
	memcpy(bytes, &f, sizeof(f));
	for (uint32_t i = 0; i < 8 * sizeof(f); i++) {
		if (bytes[i / 8] >> (htons(1) == 1 ? 7 - i % 8 : i % 8) & 1)
			return i;
	}
	fail_msg("%s: no bit", field->name);
	return 0;
}

/* Add the struct; all of its members have a width, or 0 if they are no bit fields. */
static uint32_t add_flags(struct btf_bytes *b, const char *name)
{
	uint32_t ints[9] = {0};

	for (uint32_t size = 1; size <= 8; size *= 2)
		ints[size] = btf_bytes_int(b, "unsigned", size);
	uint32_t id = btf_bytes_type(b, KIND_STRUCT, name, sizeof(struct flags));
	btf_bytes_bit_field(b, "before", ints[2], 8 * offsetof(struct flags, before), 0);
	for (size_t i = 0; i < COUNT(fields); i++)
		btf_bytes_bit_field(b, fields[i].name, ints[fields[i].size],
				    first_bit(&fields[i]), fields[i].bits);
	btf_bytes_bit_field(b, "behind", ints[2], 8 * offsetof(struct flags, behind), 0);
	return id;
}

/* A member that is a bit field gives what was set, whatever is around it. */
static void assert_extracts(struct btf_found *found, const char *path,
			    const struct field *field, size_t offset, size_t size)
{
	static const uint64_t patterns[] = {0, ~UINT64_C(0), 1, 0xaaaaaaaaaaaaaaaa,
					    0x5555555555555555, 0x0123456789abcdef,
					    0x8000000000000001};
	struct btf_member m = btf_found_member(found, path);
	char memory[256];
	struct flags f;

	assert_int_equal(m.bits, field->bits);
	assert_true(m.offset >= offset && m.offset + m.size <= size && size <= sizeof(memory));
	assert_int_equal(m.offset % m.size, 0);
	for (unsigned fill = 0; fill < 2; fill++) {
		for (size_t i = 0; i < COUNT(patterns); i++) {
			memset(memory, fill ? 0xff : 0, sizeof(memory));
			memcpy(&f, memory, sizeof(f));
			field->set(&f, patterns[i]);
			memcpy(memory + offset, &f, sizeof(f));
			if (btf_extract(memory, &m) != (patterns[i] & MASK(field->bits)))
				fail_msg("%s: %u bytes at %u, << %u, %u bits", path, m.size,
					 m.offset, m.shift, m.bits);
		}
	}
}

static void bit_fields_are_extracted_from_a_real_struct(void **state)
{
	struct btf_bytes *b = btf_bytes_new();

	(void)state;
	add_flags(b, "flags");
	btf_bytes_write(b);
	struct btf_found found = btf_found_open(b, "flags");
	for (size_t i = 0; i < COUNT(fields); i++)
		assert_extracts(&found, fields[i].name, &fields[i], 0, sizeof(struct flags));
	assert_member(&found, "before", offsetof(struct flags, before), 2);
	assert_member(&found, "behind", offsetof(struct flags, behind), 2);
	btf_found_close(&found);
	free(b);
}

static void bit_fields_in_an_inner_struct_count_from_the_outermost(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	char path[64];

	(void)state;
	/* Either type has bit fields, the other has not. */
	uint32_t flags = add_flags(b, "flags");
	uint32_t nameless = btf_bytes_type(b, KIND_UNION, "", 64);
	btf_bytes_member(b, "", flags, 0);
	btf_bytes_type(b, KIND_STRUCT, "outer", 192);
	btf_bytes_bit_field(b, "inner", flags, 16 * 8, 0);
	btf_bytes_bit_field(b, "", nameless, 128 * 8, 0);
	btf_bytes_write(b);
	struct btf_found found = btf_found_open(b, "outer");
	for (size_t i = 0; i < COUNT(fields); i++) {
		snprintf(path, sizeof(path), "inner.%s", fields[i].name);
		assert_extracts(&found, path, &fields[i], 16, 16 + sizeof(struct flags));
		assert_extracts(&found, fields[i].name, &fields[i], 128, 192);
	}
	assert_member(&found, "inner.behind", 16 + offsetof(struct flags, behind), 2);
	assert_member(&found, "inner", 16, sizeof(struct flags));
	btf_found_close(&found);
	free(b);
}

static void single_bit_is_in_its_byte_wherever_it_is(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4);
	char name[16];

	(void)state;
	btf_bytes_type(b, KIND_STRUCT, "bits", 16);
	for (uint32_t i = 0; i < 128; i++) {
		snprintf(name, sizeof(name), "bit%u", i);
		btf_bytes_bit_field(b, name, u32, i, 1);
	}
	btf_bytes_write(b);
	struct btf_found found = btf_found_open(b, "bits");
	for (uint32_t i = 0; i < 128; i++) {
		unsigned char memory[16] = {0};
		snprintf(name, sizeof(name), "bit%u", i);
		struct btf_member m = btf_found_member(&found, name);
		assert_int_equal(m.offset, i / 8);
		assert_int_equal(m.size, 1);
		assert_int_equal(m.bits, 1);
		assert_int_equal(btf_extract(memory, &m), 0);
		memory[i / 8] = (unsigned char)(1U << (htons(1) == 1 ? 7 - i % 8 : i % 8));
		assert_int_equal(btf_extract(memory, &m), 1);
	}
	btf_found_close(&found);
	free(b);
}

static void bits_that_no_load_holds_are_no_member(void **state)
{
	static const struct {
		uint32_t offset, bits, size; /* size 0: none */
	} cases[] = {
		{0, 64, 8}, {64, 64, 8}, {1, 63, 8}, {63, 1, 1}, {56, 9, 0}, {60, 10, 0},
		{1, 64, 0}, {0, 65, 0}, {0, 255, 0}, {7, 2, 2}, {15, 2, 4}, {31, 2, 8},
		{63, 2, 0}, {8, 8, 1}, {12, 8, 4}, {0xfffff8, 8, 1}, {0xffffff, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct btf_bytes *b = btf_bytes_new();
		uint32_t u64 = btf_bytes_int(b, "u64", 8);
		btf_bytes_type(b, KIND_STRUCT, "packed", 32);
		btf_bytes_bit_field(b, "x", u64, cases[i].offset, cases[i].bits);
		btf_bytes_write(b);
		struct btf_found found = btf_found_open(b, "packed");
		if (cases[i].size == 0)
			assert_no_member(&found, "x");
		else
			assert_int_equal(btf_found_member(&found, "x").size, cases[i].size);
		btf_found_close(&found);
		free(b);
	}
}

static void member_within_a_byte_is_none_unless_it_has_a_width(void **state)
{
	(void)state;
	for (uint32_t offset = 0; offset < 16; offset++) {
		struct btf_bytes *b = btf_bytes_new();
		uint32_t u8 = btf_bytes_int(b, "u8", 1);
		btf_bytes_type(b, KIND_STRUCT, "old", 4);
		btf_bytes_member(b, "x", u8, offset);
		btf_bytes_write(b);
		struct btf_found found = btf_found_open(b, "old");
		if (offset % 8 == 0)
			assert_member(&found, "x", offset / 8, 1);
		else
			assert_no_member(&found, "x");
		btf_found_close(&found);
		free(b);
	}
}

static void offset_beyond_24_bits_is_one_where_there_are_no_bit_fields(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4);

	(void)state;
	btf_bytes_type(b, KIND_STRUCT, "large", 1U << 28);
	btf_bytes_member(b, "x", u32, 0x81000020);
	btf_bytes_write(b);
	struct btf_found found = btf_found_open(b, "large");
	assert_member(&found, "x", 0x81000020 / 8, 4);
	btf_found_close(&found);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bit_fields_are_extracted_from_a_real_struct),
		cmocka_unit_test(bit_fields_in_an_inner_struct_count_from_the_outermost),
		cmocka_unit_test(single_bit_is_in_its_byte_wherever_it_is),
		cmocka_unit_test(bits_that_no_load_holds_are_no_member),
		cmocka_unit_test(member_within_a_byte_is_none_unless_it_has_a_width),
		cmocka_unit_test(offset_beyond_24_bits_is_one_where_there_are_no_bit_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
