/*
 * Types that lead nowhere, to themselves, or to very many others: no compiler writes
 * them, and looking for a member in them ends all the same.
 */
#define _GNU_SOURCE
#include "btf.h"
#include "btf_fixture.h"

/* A search may take this long, under a sanitizer, too. */
enum { SECONDS = 60 };

static int set_alarm(void **state)
{
	(void)state;
	alarm(SECONDS);
	return 0;
}

static int clear_alarm(void **state)
{
	(void)state;
	alarm(0);
	return 0;
}

/* Write, and look for a member of `outer` that is not there. */
static void assert_ends_without(struct btf_bytes *b, const char *path)
{
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "outer");
	assert_no_member(&f, path);
	btf_found_close(&f);
}

static void type_that_is_not_there_is_no_member(void **state)
{
	static const uint32_t ids[] = {0, 6, 7, 1000, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct btf_bytes *b = btf_bytes_new();
		uint32_t u32 = btf_bytes_int(b, "u32", 4);
		uint32_t alias = btf_bytes_type(b, KIND_TYPEDEF, "alias", ids[i]);
		uint32_t array = btf_bytes_array(b, ids[i], 3);
		uint32_t array_of_alias = btf_bytes_array(b, alias, 3);
		btf_bytes_type(b, KIND_STRUCT, "outer", 64);
		btf_bytes_member(b, "x", ids[i], 0);
		btf_bytes_member(b, "alias", alias, 32);
		btf_bytes_member(b, "array", array, 64);
		btf_bytes_member(b, "arrays", array_of_alias, 96);
		btf_bytes_member(b, "", ids[i], 128);
		btf_bytes_member(b, "good", u32, 160);
		struct btf_head head = btf_bytes_head(b);
		head.strings_at = 0;
		head.types_at = head.strings_len; /* so that a type too far faults */
		btf_bytes_write_as(b, &head);
		struct btf_found f = btf_found_open(b, "outer");
		static const char *const none[] = {"x", "x.y", "alias", "alias.y", "array",
						   "arrays", "y"};
		for (size_t j = 0; j < COUNT(none); j++)
			assert_no_member(&f, none[j]);
		assert_member(&f, "good", 20, 4); /* the rest is as good as ever */
		btf_found_close(&f);
		free(b);
	}
}

static void typedef_of_itself_is_no_member(void **state)
{
	static const unsigned kinds[] = {KIND_TYPEDEF, KIND_CONST, KIND_VOLATILE, KIND_RESTRICT,
					 KIND_TYPE_TAG};

	(void)state;
	for (uint32_t length = 1; length <= COUNT(kinds); length++) {
		struct btf_bytes *b = btf_bytes_new();
		for (uint32_t i = 0; i < length; i++)
			btf_bytes_type(b, kinds[i], "", (i + 1) % length + 1);
		uint32_t array = btf_bytes_array(b, 1, 4);
		btf_bytes_type(b, KIND_STRUCT, "outer", 64);
		btf_bytes_member(b, "x", 1, 0);
		btf_bytes_member(b, "", 1, 0);
		btf_bytes_member(b, "array", array, 0);
		assert_ends_without(b, "x");
		assert_ends_without(b, "x.y");
		assert_ends_without(b, "array");
		assert_ends_without(b, "y");
		free(b);
	}
}

static void endless_typedefs_end(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t type = btf_bytes_int(b, "u32", 4);

	(void)state;
	for (int i = 0; i < 10000; i++)
		type = btf_bytes_type(b, KIND_TYPEDEF, "", type);
	btf_bytes_type(b, KIND_STRUCT, "outer", 64);
	btf_bytes_member(b, "x", type, 0);
	assert_ends_without(b, "x");
	free(b);
}

static void array_of_itself_is_no_member(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t array = btf_bytes_array(b, 1, 4);

	(void)state;
	btf_bytes_array(b, 3, 4);
	btf_bytes_array(b, 2, 4);
	btf_bytes_type(b, KIND_STRUCT, "outer", 64);
	btf_bytes_member(b, "x", array, 0);
	btf_bytes_member(b, "y", array + 1, 0);
	assert_ends_without(b, "x");
	assert_ends_without(b, "y");
	free(b);
}

static void struct_within_itself_ends(void **state)
{
	static const uint32_t counts[] = {1, 2, 3, 17, 1000, 10000};

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		for (int is_other_kind = 0; is_other_kind < 2; is_other_kind++) {
			struct btf_bytes *b = btf_bytes_new();
			btf_bytes_type(b, KIND_STRUCT, "outer", 8);
			for (uint32_t j = 0; j < counts[i]; j++)
				btf_bytes_member(b, "", 1U + (uint32_t)is_other_kind, 0x7ffffff8);
			btf_bytes_type(b, KIND_UNION, "", 8);
			for (uint32_t j = 0; j < counts[i]; j++)
				btf_bytes_member(b, "", j % 2 + 1, 32);
			assert_ends_without(b, "x");
			free(b);
		}
	}
}

static void struct_within_itself_by_name_is_followed_as_far_as_asked(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	char path[400] = "a";

	(void)state;
	btf_bytes_type(b, KIND_STRUCT, "outer", 8);
	btf_bytes_member(b, "a", 1, 32);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "outer");
	for (uint32_t depth = 1; depth < 200; depth++) {
		assert_member(&f, path, 4 * depth, 8);
		strcat(path, ".a");
	}
	btf_found_close(&f);
	free(b);
}

/* Each of many members leads through typedefs, all of them far from a noted place. */
static void slow_ways_in_great_number_end(void **state)
{
	enum { LENGTH = 30 };
	struct btf_bytes *b = btf_bytes_new();

	(void)state;
	btf_bytes_type(b, KIND_UNION, "", 8); /* number 1 */
	for (uint32_t i = 2; i <= LENGTH * BTF_STRIDE; i++)
		btf_bytes_type(b, KIND_TYPEDEF, "", i <= BTF_STRIDE ? 1 : i - BTF_STRIDE);
	uint32_t last = b->count, wide = btf_bytes_type(b, KIND_STRUCT, "", 8);
	for (int i = 0; i < 15000; i++)
		btf_bytes_member(b, "", last, 0);
	btf_bytes_type(b, KIND_STRUCT, "outer", 8);
	for (int i = 0; i < 4; i++)
		btf_bytes_member(b, "", wide, 0);
	assert_ends_without(b, "x");
	free(b);
}

static void member_that_comes_last_of_many_is_found(void **state)
{
	struct btf_bytes *b = btf_bytes_new();
	uint32_t u32 = btf_bytes_int(b, "u32", 4);

	(void)state;
	uint32_t nameless = btf_bytes_type(b, KIND_STRUCT, "", 4);
	for (uint32_t i = 0; i < 500; i++)
		btf_bytes_member(b, "other", u32, 0);
	btf_bytes_type(b, KIND_STRUCT, "outer", 8);
	for (uint32_t i = 0; i < 100; i++)
		btf_bytes_member(b, "", nameless, 0);
	btf_bytes_member(b, "last", u32, 32);
	btf_bytes_write(b);
	struct btf_found f = btf_found_open(b, "outer");
	assert_member(&f, "last", 4, 4);
	assert_no_member(&f, "x");
	btf_found_close(&f);
	free(b);
}

#define timed_test(f) cmocka_unit_test_setup_teardown(f, set_alarm, clear_alarm)

int main(void)
{
	const struct CMUnitTest tests[] = {
		timed_test(type_that_is_not_there_is_no_member),
		timed_test(typedef_of_itself_is_no_member),
		timed_test(endless_typedefs_end),
		timed_test(array_of_itself_is_no_member),
		timed_test(struct_within_itself_ends),
		timed_test(struct_within_itself_by_name_is_followed_as_far_as_asked),
		timed_test(slow_ways_in_great_number_end),
		timed_test(member_that_comes_last_of_many_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
