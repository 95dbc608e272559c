/* Netlink attributes: the walk over them, and the numbers they hold. */
#include "nl_fixture.h"

/* Walk a guarded copy of attributes into "type:value|"; return the rest's length. */
static size_t walk(const char *data, size_t len, struct buf *out)
{
	char *bytes = guard_copy(data, len);
	const void *at = bytes;
	size_t rest = len;
	struct nl_attr a;

	while (nl_attr_next(&at, &rest, &a)) {
		buf_add_dec(out, a.type);
		buf_add_char(out, ':');
		buf_add(out, a.data, a.len);
		buf_add_char(out, '|');
	}
	assert_ptr_equal(at, bytes + len - rest);
	guard_free(bytes, len);
	return rest;
}

static void attributes_cut_anywhere_are_whole_or_left_out(void **state)
{
	struct nl_bytes b = {0};
	struct buf text = {0};

	(void)state;
	nl_bytes_add_attr(&b, 1, "abc", 3);  /* ends at 7, with its padding at 8 */
	nl_bytes_add_attr(&b, 2, "", 0);     /* 12 */
	nl_bytes_add_attr(&b, 3, "defg", 4); /* 20 */
	nl_bytes_add_attr(&b, 4, "h", 1);    /* 25, 28 */
	assert_int_equal(b.len, 28);
	for (size_t cut = 0; cut <= b.len; cut++) {
		size_t rest = walk(b.data, cut, &text);
		assert_buf(&text, cut < 7	? ""
				  : cut < 12 ? "1:abc|"
				  : cut < 20 ? "1:abc|2:|"
				  : cut < 25 ? "1:abc|2:|3:defg|"
					     : "1:abc|2:|3:defg|4:h|");
		assert_int_equal(rest, cut < 7	  ? cut
				       : cut < 8  ? 0
				       : cut < 12 ? cut - 8
				       : cut < 20 ? cut - 12
				       : cut < 25 ? cut - 20
						  : 0);
	}
	buf_free(&text);
}

static void attribute_with_a_wrong_length_ends_the_walk(void **state)
{
	static const uint16_t lens[] = {0, 1, 2, 3, 10, 11, 12, 0x7fff, 0xfffc, 0xfffd, 0xffff};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		struct nl_bytes b = {0};
		struct buf text = {0};
		nl_bytes_add_attr(&b, 1, "good", 4);
		nl_bytes_add_attr(&b, 2, "lying", 5);
		memcpy(b.data + 8, &lens[i], sizeof(lens[i]));
		/* Without padding it ends after nine bytes. */
		assert_int_equal(walk(b.data, 8 + 9, &text), 9);
		assert_buf(&text, "1:good|");
		buf_free(&text);
	}
}

static void attribute_may_be_empty_or_as_long_as_its_field_allows(void **state)
{
	enum { LONGEST = UINT16_MAX - 4 };
	char *value = calloc(1, LONGEST);
	struct nl_bytes b = {0};
	struct buf text = {0};

	(void)state;
	assert_non_null(value);
	nl_bytes_add_attr(&b, 1, NULL, 0);
	nl_bytes_add_attr(&b, 2, value, LONGEST);
	nl_bytes_add_attr(&b, 3, "x", 1);
	assert_int_equal(walk(b.data, b.len, &text), 0);
	assert_int_equal(text.len, strlen("1:|2:|3:x|") + LONGEST);
	buf_free(&text);
	free(value);
}

static void flags_are_no_part_of_the_type(void **state)
{
	struct nl_bytes b = {0};
	struct buf text = {0};

	(void)state;
	nl_bytes_add_attr(&b, NL_ATTR_NESTED | 18, "a", 1);
	nl_bytes_add_attr(&b, NL_ATTR_NET_ORDER | 19, "b", 1);
	nl_bytes_add_attr(&b, UINT16_MAX, "c", 1);
	assert_int_equal(walk(b.data, b.len, &text), 0);
	assert_buf(&text, "18:a|19:b|16383:c|");
	buf_free(&text);
}

static void attributes_may_hold_attributes(void **state)
{
	struct nl_bytes b = {0};
	const void *at = b.data, *inner_at, *deep_at;
	struct nl_attr outer, inner, deep;

	(void)state;
	size_t nest = nl_bytes_begin_nest(&b, NL_ATTR_NESTED | 1);
	nl_bytes_add_u8(&b, 2, 42);
	size_t second = nl_bytes_begin_nest(&b, 3);
	nl_bytes_add_u16(&b, 4, 4789);
	nl_bytes_end_nest(&b, second);
	nl_bytes_end_nest(&b, nest);
	nl_bytes_add_u64(&b, 5, 0x123456789abcdef0);

	size_t len = b.len;
	assert_true(nl_attr_next(&at, &len, &outer));
	assert_int_equal(outer.type, 1);
	inner_at = outer.data;
	assert_true(nl_attr_next(&inner_at, &outer.len, &inner));
	assert_int_equal(nl_attr_u8(&inner), 42);
	assert_true(nl_attr_next(&inner_at, &outer.len, &inner));
	assert_int_equal(inner.type, 3);
	deep_at = inner.data;
	assert_true(nl_attr_next(&deep_at, &inner.len, &deep));
	assert_int_equal(nl_attr_u16(&deep), 4789);
	assert_false(nl_attr_next(&deep_at, &inner.len, &deep));
	assert_false(nl_attr_next(&inner_at, &outer.len, &inner));
	assert_true(nl_attr_next(&at, &len, &outer));
	assert_true(nl_attr_u64(&outer) == 0x123456789abcdef0);
	assert_false(nl_attr_next(&at, &len, &outer));
}

static void number_of_another_size_is_0(void **state)
{
	static const unsigned char bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	(void)state;
	memcpy(&u16, bytes, sizeof(u16));
	memcpy(&u32, bytes, sizeof(u32));
	memcpy(&u64, bytes, sizeof(u64));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		char *data = guard_copy(bytes, len);
		struct nl_attr a = {.type = 1, .data = data, .len = len};
		assert_int_equal(nl_attr_u8(&a), len == 1 ? 1 : 0);
		assert_int_equal(nl_attr_u16(&a), len == 2 ? u16 : 0);
		assert_int_equal(nl_attr_u32(&a), len == 4 ? u32 : 0);
		assert_true(nl_attr_u64(&a) == (len == 8 ? u64 : 0));
		guard_free(data, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes_cut_anywhere_are_whole_or_left_out),
		cmocka_unit_test(attribute_with_a_wrong_length_ends_the_walk),
		cmocka_unit_test(attribute_may_be_empty_or_as_long_as_its_field_allows),
		cmocka_unit_test(flags_are_no_part_of_the_type),
		cmocka_unit_test(attributes_may_hold_attributes),
		cmocka_unit_test(number_of_another_size_is_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
