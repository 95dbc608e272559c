/* Members of types, as the kernel describes them; bytes are built by btf_fixture.h. */
#define _GNU_SOURCE
#include "btf.h"
#include "btf_fixture.h"

static void members_are_found_at_their_offsets(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u8 = btf_bytes_int(b, "u8", 1), u16 = btf_bytes_int(b, "u16", 2);
	uint32_t u32 = btf_bytes_int(b, "u32", 4), u64 = btf_bytes_int(b, "u64", 8);

	(void)state;
	btf_bytes_type(b, KIND_STRUCT, "record", 24);
	btf_bytes_member(b, "a", u8, 0);
	btf_bytes_member(b, "bb", u16, 16);
	btf_bytes_member(b, "b", u32, 32);
	btf_bytes_member(b, "last", u64, 64);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "record");
	assert_member(&f, "a", 0, 1);
	assert_member(&f, "bb", 2, 2);
	assert_member(&f, "b", 4, 4);
	assert_member(&f, "last", 8, 8);
	assert_no_member(&f, "las");
	assert_no_member(&f, "lastly");
	assert_no_member(&f, "record");
	assert_int_equal(btf_size(&f.btf, &f.name), 24);
	btf_found_close(&f);
	free(b);
}

static void path_leads_through_named_members(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4);

	(void)state;
	uint32_t inner = btf_bytes_type(b, KIND_STRUCT, "inner", 8);
	btf_bytes_member(b, "b", u32, 0);
	btf_bytes_member(b, "c", u32, 32);
	uint32_t choice = btf_bytes_type(b, KIND_UNION, "", 8);
	btf_bytes_member(b, "b", inner, 0);
	uint32_t pointer = btf_bytes_type(b, KIND_PTR, "", inner);
	uint32_t array = btf_bytes_array(b, inner, 3);
	btf_bytes_type(b, KIND_STRUCT, "outer", 48);
	btf_bytes_member(b, "c", u32, 0);
	btf_bytes_member(b, "a", choice, 8 * 8);
	btf_bytes_member(b, "pointer", pointer, 16 * 8);
	btf_bytes_member(b, "array", array, 24 * 8);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "outer");
	assert_member(&f, "a", 8, 8);
	assert_member(&f, "a.b", 8, 8);
	assert_member(&f, "a.b.c", 12, 4);
	assert_member(&f, "c", 0, 4);
	assert_member(&f, "array", 24, 24);
	/* What has a name has to be named, and a pointer or an array is no way. */
	static const char *const none[] = {"b", "a.c", "a.b.c.d", "a.b.d", "c.a", "a.b.",
					   "pointer.b", "array.b", "A.b"};
	for (size_t i = 0; i < COUNT(none); i++)
		assert_no_member(&f, none[i]);
	btf_found_close(&f);
	free(b);
}

static void members_without_name_are_looked_into(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4);

	(void)state;
	uint32_t values = btf_bytes_type(b, KIND_ENUM, "", 4);
	btf_bytes_change_info(b, 1, 0);
	btf_bytes_word(b, btf_bytes_string(b, "value"));
	btf_bytes_word(b, u32);
	uint32_t pair = btf_bytes_type(b, KIND_STRUCT, "", 8);
	btf_bytes_member(b, "daddr", u32, 0);
	btf_bytes_member(b, "saddr", u32, 32);
	uint32_t either = btf_bytes_type(b, KIND_UNION, "", 8);
	btf_bytes_member(b, "both", u32, 0);
	btf_bytes_member(b, "", pair, 0);
	uint32_t constant = btf_bytes_type(b, KIND_CONST, "", either);
	uint32_t common = btf_bytes_type(b, KIND_STRUCT, "common", 24);
	btf_bytes_member(b, "first", u32, 0);
	btf_bytes_member(b, "", either, 8 * 8);
	btf_bytes_member(b, "saddr", u32, 16 * 8); /* comes too late */
	btf_bytes_member(b, "last", u32, 20 * 8);
	btf_bytes_type(b, KIND_STRUCT, "sock", 64);
	btf_bytes_member(b, "common", common, 32 * 8);
	btf_bytes_member(b, "", constant, 56 * 8);
	btf_bytes_member(b, "", values, 40 * 8);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "sock");
	assert_member(&f, "common.both", 40, 4);
	assert_member(&f, "common.daddr", 40, 4);
	assert_member(&f, "common.saddr", 44, 4);
	assert_member(&f, "common.last", 52, 4);
	assert_member(&f, "saddr", 60, 4);
	assert_no_member(&f, "last");
	assert_no_member(&f, "common.common");
	assert_no_member(&f, "value"); /* of an enum: no member */
	btf_found_close(&f);
	free(b);
}

static void members_without_name_may_be_nested(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4), type;

	(void)state;
	type = btf_bytes_type(b, KIND_STRUCT, "", 4);
	btf_bytes_member(b, "deep", u32, 0);
	for (unsigned i = 0; i < 8; i++) {
		uint32_t inner = type;
		type = btf_bytes_type(b, i % 2 ? KIND_UNION : KIND_STRUCT, "", 4 * i + 8);
		btf_bytes_member(b, "", inner, i % 2 ? 0 : 32);
	}
	btf_bytes_type(b, KIND_STRUCT, "outer", 64);
	btf_bytes_member(b, "", type, 64);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "outer");
	assert_member(&f, "deep", 8 + 4 * 4, 4);
	assert_no_member(&f, "deeper");
	btf_found_close(&f);
	free(b);
}

/* All that stands for another type. */
static uint32_t wrap(struct btf_bytes *b, uint32_t type)
{
	static const unsigned kinds[] = {KIND_TYPEDEF, KIND_CONST, KIND_VOLATILE, KIND_RESTRICT,
					 KIND_TYPE_TAG, KIND_TYPEDEF};

	for (size_t i = 0; i < COUNT(kinds); i++)
		type = btf_bytes_type(b, kinds[i], kinds[i] == KIND_TYPEDEF ? "alias" : "", type);
	return type;
}

static void typedef_and_const_are_looked_through(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t number = wrap(b, btf_bytes_int(b, "u16", 2));

	(void)state;
	uint32_t inner = btf_bytes_type(b, KIND_STRUCT, "", 12);
	btf_bytes_member(b, "val", number, 10 * 8);
	uint32_t group = wrap(b, inner);
	uint32_t pointer = wrap(b, btf_bytes_type(b, KIND_PTR, "", inner));
	uint32_t array = wrap(b, btf_bytes_array(b, group, 2));
	btf_bytes_type(b, KIND_STRUCT, "outer", 64);
	btf_bytes_member(b, "number", number, 0);
	btf_bytes_member(b, "group", group, 4 * 8);
	btf_bytes_member(b, "pointer", pointer, 16 * 8);
	btf_bytes_member(b, "array", array, 24 * 8);
	btf_bytes_member(b, "", group, 48 * 8);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "outer");
	assert_member(&f, "number", 0, 2);
	assert_member(&f, "group", 4, 12);
	assert_member(&f, "pointer", 16, 8);
	assert_member(&f, "array", 24, 24);
	assert_member(&f, "val", 58, 2);
	btf_found_close(&f);
	free(b);
}

static void nested_value_behind_a_typedef_is_found(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4), kuid;

	(void)state;
	/* typedef struct { uid_t val; } kuid_t, as in linux/uidgid.h */
	kuid = btf_bytes_type(b, KIND_STRUCT, "", 4);
	btf_bytes_member(b, "val", u32, 0);
	kuid = wrap(b, kuid);
	btf_bytes_type(b, KIND_STRUCT, "cred", 32);
	btf_bytes_member(b, "uid", kuid, 8 * 8);
	btf_bytes_member(b, "euid", kuid, 24 * 8);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "cred");
	assert_member(&f, "euid.val", 24, 4);
	assert_no_member(&f, "val");
	btf_found_close(&f);
	free(b);
}

static void size_is_that_of_the_kind(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u8 = btf_bytes_int(b, "char", 1), ids[KIND_END];

	(void)state;
	for (unsigned kind = 1; kind < KIND_END; kind++)
		ids[kind] = btf_bytes_any(b, kind, "any");
	uint32_t small = btf_bytes_type(b, KIND_ENUM, "small", 2);
	uint32_t large = btf_bytes_type(b, KIND_ENUM64, "large", 8);
	uint32_t many = btf_bytes_array(b, u8, 16);
	uint32_t pointers = btf_bytes_array(b, ids[KIND_PTR], 3);
	btf_bytes_type(b, KIND_STRUCT, "sizes", 256);
	btf_bytes_member(b, "small", small, 0);
	btf_bytes_member(b, "large", large, 8 * 8);
	btf_bytes_member(b, "many", many, 16 * 8);
	btf_bytes_member(b, "pointers", pointers, 32 * 8);
	btf_bytes_member(b, "pointer", ids[KIND_PTR], 56 * 8);
	btf_bytes_member(b, "nothing", 0, 64 * 8);
	btf_bytes_member(b, "forward", ids[KIND_FWD], 64 * 8);
	btf_bytes_member(b, "function", ids[KIND_FUNC], 64 * 8);
	btf_bytes_member(b, "prototype", ids[KIND_FUNC_PROTO], 64 * 8);
	btf_bytes_member(b, "variable", ids[KIND_VAR], 64 * 8);
	btf_bytes_member(b, "section", ids[KIND_DATASEC], 64 * 8);
	btf_bytes_member(b, "tag", ids[KIND_DECL_TAG], 64 * 8);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "sizes");
	assert_member(&f, "small", 0, 2);
	assert_member(&f, "large", 8, 8);
	assert_member(&f, "many", 16, 16);
	assert_member(&f, "pointers", 32, 24);
	assert_member(&f, "pointer", 56, 8);
	static const char *const none[] = {"nothing", "forward", "function", "prototype",
					   "variable", "section", "tag"};
	for (size_t i = 0; i < COUNT(none); i++)
		assert_no_member(&f, none[i]);
	btf_found_close(&f);
	free(b);
}

static void first_of_several_types_is_taken(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4);

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		btf_bytes_type(b, KIND_STRUCT, "twin", 16 * i);
		btf_bytes_member(b, "a", u32, 32 * i);
		if (i == 2)
			btf_bytes_member(b, "b", u32, 0);
	}
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "twin");
	assert_member(&f, "a", 4, 4);
	assert_no_member(&f, "b");
	assert_int_equal(f.name.id, 2);
	assert_int_equal(btf_size(&f.btf, &f.name), 16);
	btf_found_close(&f);
	free(b);
}

static void name_of_another_kind_is_another_name(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	struct btf_name names[] = {{BTF_STRUCT, "file", 9, 9}, {BTF_FUNC, "file", 9, 9},
				   {BTF_INT, "file", 9, 9}, {BTF_STRUCT, "FILE", 9, 9},
				   {BTF_STRUCT, "fil", 9, 9}, {BTF_STRUCT, "file", 9, 9}};
	uint32_t ids[KIND_END];
	struct btf_member m;
	struct btf btf;

	(void)state;
	for (unsigned kind = KIND_END - 1; kind > 0; kind--)
		ids[kind] = btf_bytes_any(b, kind, "file");
	btf_bytes_write(b);
	assert_int_equal(btf_parse(b->data, b->len, names, COUNT(names), &btf), 0);
	assert_int_equal(names[0].id, ids[KIND_STRUCT]);
	assert_int_equal(names[1].id, ids[KIND_FUNC]);
	assert_int_equal(names[2].id, ids[KIND_INT]);
	assert_int_equal(names[5].id, ids[KIND_STRUCT]);
	for (size_t i = 3; i < 5; i++) {
		assert_int_equal(names[i].id, 0);
		assert_int_equal(btf_size(&btf, &names[i]), 0);
		assert_int_equal(btf_find_member(&btf, &names[i], "a", &m), -ENOENT);
	}
	/* What is found but no struct has no members. */
	assert_int_equal(btf_find_member(&btf, &names[1], "a", &m), -ENOENT);
	assert_int_equal(btf_find_member(&btf, &names[2], "a", &m), -ENOENT);
	btf_free(&btf);
	free(b);
}

static void types_are_found_by_number_however_many(void **state)
{
	enum { TYPES = 10 * BTF_STRIDE };
	struct btf_bytes *b = btf_bytes_new();
	uint32_t sizes[TYPES + 1];
	char name[32];

	(void)state;
	/* Every kind is in between; the kinds' cycle and the stride have no common factor. */
	for (uint32_t i = 1; i <= TYPES; i++) {
		unsigned kind = 1 + i % (KIND_END - 1);
		sizes[i] = kind == KIND_INT ? i : 0;
		if (kind == KIND_INT)
			btf_bytes_int(b, "", i);
		else
			btf_bytes_any(b, kind, "");
	}
	btf_bytes_type(b, KIND_STRUCT, "user", TYPES);
	for (uint32_t i = 1; i <= TYPES; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		btf_bytes_member(b, name, i, 8 * i);
	}
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "user");
	assert_int_equal(f.btf.count, TYPES + 1);
	assert_int_equal(f.name.id, TYPES + 1);
	for (uint32_t i = 1; i <= TYPES; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		if (sizes[i] > 0)
			assert_member(&f, name, i, sizes[i]);
	}
	btf_found_close(&f);
	free(b);
}

static void sections_are_where_the_header_has_them(void **state)
{
	static const struct {
		uint32_t header, gap;
		bool strings_first;
	} cases[] = {{24, 0, true}, {24, 40, false}, {24, 40, true}, {32, 0, false}, {64, 4, true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct btf_bytes *b = btf_bytes_new();
		uint32_t u32 = btf_bytes_int(b, "u32", 4);
		btf_bytes_type(b, KIND_STRUCT, "s", 8);
		btf_bytes_member(b, "x", u32, 32);
		struct btf_head head = btf_bytes_head(b);
		head.len = cases[i].header;
		head.types_at = cases[i].gap;
		head.strings_at = cases[i].gap * 2 + head.types_len;
		if (cases[i].strings_first) {
			head.strings_at = cases[i].gap;
			head.types_at = cases[i].gap * 2 + head.strings_len; /* odd, too */
		}
		btf_bytes_write_as(b, &head);
		struct btf_found f = btf_found_open(b, "s");
		assert_member(&f, "x", 4, 4);
		btf_found_close(&f);
		free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_found_at_their_offsets),
		cmocka_unit_test(path_leads_through_named_members),
		cmocka_unit_test(members_without_name_are_looked_into),
		cmocka_unit_test(members_without_name_may_be_nested),
		cmocka_unit_test(typedef_and_const_are_looked_through),
		cmocka_unit_test(nested_value_behind_a_typedef_is_found),
		cmocka_unit_test(size_is_that_of_the_kind),
		cmocka_unit_test(first_of_several_types_is_taken),
		cmocka_unit_test(name_of_another_kind_is_another_name),
		cmocka_unit_test(types_are_found_by_number_however_many),
		cmocka_unit_test(sections_are_where_the_header_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
