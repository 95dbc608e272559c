/*
 * BTF that is cut short, changed, or that no compiler would write: it is refused, or
 * what it tells is made up, but nothing beyond its bytes is read and all ends soon.
 */
#define _GNU_SOURCE
#include "btf.h"
#include "btf_fixture.h"

static const char *const paths[] = {"first", "a.b.c", "deep", "bit", "wide", "name", "next",
				    "array", "a.first", "tagged.deep", "none", "a"};

/* A struct `outer` that has a bit of everything, and every other kind around it. */
static struct btf_bytes *make_sample(void)
{
	struct btf_bytes *b = btf_bytes_new();

	for (unsigned kind = 1; kind < KIND_END; kind++)
		btf_bytes_any(b, kind, "any");
	uint32_t u32 = btf_bytes_int(b, "u32", 4);
	uint32_t leaf = btf_bytes_type(b, KIND_STRUCT, "leaf", 8);
	btf_bytes_member(b, "c", u32, 32);
	uint32_t alias = btf_bytes_type(b, KIND_TYPEDEF, "leaf_t", leaf);
	uint32_t middle = btf_bytes_type(b, KIND_STRUCT, "middle", 16);
	btf_bytes_member(b, "b", alias, 64);
	uint32_t nameless = btf_bytes_type(b, KIND_UNION, "", 4);
	btf_bytes_member(b, "deep", u32, 0);
	uint32_t constant = btf_bytes_type(b, KIND_CONST, "", nameless);
	uint32_t array = btf_bytes_array(b, constant, 4);
	uint32_t pointer = btf_bytes_type(b, KIND_PTR, "", b->count + 2);
	btf_bytes_type(b, KIND_STRUCT, "outer", 96);
	btf_bytes_bit_field(b, "first", u32, 0, 0);
	btf_bytes_bit_field(b, "a", middle, 8 * 8, 0);
	btf_bytes_bit_field(b, "", constant, 24 * 8, 0);
	btf_bytes_bit_field(b, "bit", u32, 28 * 8 + 3, 1);
	btf_bytes_bit_field(b, "wide", u32, 28 * 8 + 4, 21);
	btf_bytes_bit_field(b, "tagged", constant, 32 * 8, 0);
	btf_bytes_bit_field(b, "array", array, 40 * 8, 0);
	btf_bytes_bit_field(b, "next", pointer, 56 * 8, 0);
	btf_bytes_any(b, KIND_DECL_TAG, "tag");
	btf_bytes_write(b);
	return b;
}

/* Ask for everything. Return what btf_parse() does. */
static int ask(const void *data, size_t len)
{
	struct btf_name names[] = {{BTF_STRUCT, "outer", 0, 0}, {BTF_INT, "u32", 0, 0},
				   {BTF_FUNC, "any", 0, 0}, {BTF_STRUCT, "leaf", 0, 0},
				   {BTF_STRUCT, "", 0, 0}};
	struct btf_member m;
	struct btf btf;
	int rc = btf_parse(data, len, names, COUNT(names), &btf);

	assert_true(rc == 0 || rc == -EINVAL);
	for (size_t i = 0; rc == 0 && i < COUNT(names); i++) {
		btf_size(&btf, &names[i]);
		for (size_t j = 0; j < COUNT(paths); j++) {
			int found = btf_find_member(&btf, &names[i], paths[j], &m);
			assert_true(found == 0 || found == -ENOENT);
		}
	}
	btf_free(&btf);
	return rc;
}

static int ask_guarded(const void *data, size_t len)
{
	char *copy = guard_copy(data, len);
	int rc = ask(copy, len);

	guard_free(copy, len);
	return rc;
}

/* The sample with another header. */
static int ask_with(struct btf_bytes *b, const struct btf_head *head)
{
	memcpy(b->data, head, sizeof(*head));
	return ask_guarded(b->data, b->len);
}

static void sample_is_whole(void **state)
{
	struct btf_bytes *b = make_sample();
	struct btf_found f = btf_found_open(b, "outer");

	(void)state;
	assert_member(&f, "a.b.c", 20, 4);
	assert_member(&f, "deep", 24, 4);
	assert_member(&f, "array", 40, 16);
	assert_member(&f, "next", 56, 8);
	assert_int_equal(btf_found_member(&f, "wide").bits, 21);
	btf_found_close(&f);
	free(b);
}

static void bytes_cut_anywhere_are_refused(void **state)
{
	struct btf_bytes *b = make_sample();
	struct btf_head head = btf_bytes_head(b);

	(void)state;
	for (size_t len = 0; len < b->len; len++)
		assert_int_equal(ask_guarded(b->data, len), -EINVAL);
	assert_int_equal(ask_guarded(b->data, b->len), 0);
	head.types_at = head.strings_len; /* types come last */
	head.strings_at = 0;
	btf_bytes_write_as(b, &head);
	for (size_t len = 0; len < b->len; len++)
		assert_int_equal(ask_guarded(b->data, len), -EINVAL);
	assert_int_equal(ask_guarded(b->data, b->len), 0);
	free(b);
}

static void section_of_types_ends_where_a_type_does(void **state)
{
	struct btf_bytes *b = make_sample();
	struct btf_head head = btf_bytes_head(b);
	unsigned good = 0;

	(void)state;
	head.types_at = head.strings_len; /* so that a type too far faults */
	head.strings_at = 0;
	for (uint32_t len = 0; len <= b->types_len; len++) {
		head.types_len = len;
		btf_bytes_write_as(b, &head);
		good += ask_guarded(b->data, head.len + head.types_at + len) == 0;
	}
	assert_int_equal(good, b->count + 1); /* none is a good number of types, too */
	free(b);
}

static void section_of_strings_ends_in_a_nul(void **state)
{
	struct btf_bytes *b = make_sample();
	struct btf_head head = btf_bytes_head(b);

	(void)state;
	for (uint32_t len = 0; len <= b->strings_len; len++) {
		bool is_good = len > 0 && b->strings[len - 1] == '\0';
		head.strings_len = len;
		btf_bytes_write_as(b, &head);
		b->len = head.len + head.strings_at + len;
		assert_int_equal(ask_guarded(b->data, b->len), is_good ? 0 : -EINVAL);
	}
	free(b);
}

static void name_beyond_the_strings_is_none(void **state)
{
	static const uint32_t places[] = {0, 8, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		struct btf_bytes *b = btf_bytes_new();
		uint32_t u32 = btf_bytes_int(b, "", 4);
		btf_bytes_type(b, KIND_STRUCT, "outer", 4); /* 7 bytes of strings with the first */
		btf_bytes_member(b, "", u32, 0);
		memcpy(b->types + b->types_len - 12, &places[i], 4);
		btf_bytes_write(b);
		struct btf_found f = btf_found_open(b, "outer");
		assert_int_equal(f.name.id, 2);
		assert_no_member(&f, "outer");
		btf_found_close(&f);
		memcpy(b->types + 16, &places[i], 4); /* of the struct itself */
		btf_bytes_write(b);
		f = btf_found_open(b, "outer");
		assert_int_equal(f.name.id, 0);
		btf_found_close(&f);
		free(b);
	}
}

static void any_changed_byte_is_survived(void **state)
{
	static const unsigned char masks[] = {0x00, 0xff, 0x80, 0x01, 0x7f, 0x20};
	struct btf_bytes *b = make_sample();
	unsigned char *copy = (unsigned char *)guard_copy(b->data, b->len);

	(void)state;
	alarm(120);
	for (size_t at = 0; at < b->len; at++) {
		unsigned char byte = copy[at];
		copy[at] = 0;
		ask(copy, b->len);
		copy[at] = 0xff;
		ask(copy, b->len);
		for (size_t i = 2; i < COUNT(masks); i++) {
			copy[at] = byte ^ masks[i];
			ask(copy, b->len);
		}
		copy[at] = byte;
	}
	alarm(0);
	assert_int_equal(ask(copy, b->len), 0);
	guard_free((char *)copy, b->len);
	free(b);
}

static void any_changed_word_is_survived(void **state)
{
	struct btf_bytes *b = make_sample();
	char *copy = guard_copy(b->data, b->len);

	(void)state;
	alarm(120);
	for (size_t at = 0; at + 4 <= b->len; at += 4) {
		const uint32_t words[] = {0, 1, b->count, b->count + 1, 0x7fffffff, 0x80000000,
					  0xfffffff4, 0xffffffff, (uint32_t)b->types_len,
					  (uint32_t)b->len};
		char before[4];
		memcpy(before, copy + at, 4);
		for (size_t i = 0; i < COUNT(words); i++) {
			memcpy(copy + at, &words[i], 4);
			ask(copy, b->len);
		}
		memcpy(copy + at, before, 4);
	}
	alarm(0);
	assert_int_equal(ask(copy, b->len), 0);
	guard_free(copy, b->len);
	free(b);
}

static void kind_that_is_not_known_is_refused(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 32; kind++) {
		for (int is_last = 0; is_last < 2; is_last++) {
			struct btf_bytes *b = btf_bytes_new();
			bool is_known = kind >= KIND_INT && kind <= KIND_ENUM64;
			if (is_known)
				btf_bytes_any(b, kind, "any");
			else
				btf_bytes_type(b, kind, "any", 0);
			if (!is_last)
				btf_bytes_int(b, "u32", 4);
			btf_bytes_write(b);
			assert_int_equal(ask_guarded(b->data, b->len), is_known ? 0 : -EINVAL);
			free(b);
		}
	}
}

static void header_of_another_format_is_refused(void **state)
{
	struct btf_bytes *b = make_sample();
	const struct btf_head good = btf_bytes_head(b);
	struct btf_head head = good;

	(void)state;
	static const uint16_t magics[] = {0x9feb, 0, 0xffff, 0xeb9e, 0xea9f, 0x457f};
	for (size_t i = 0; i < COUNT(magics); i++) {
		head.magic = magics[i];
		assert_int_equal(ask_with(b, &head), -EINVAL);
	}
	head = good;
	for (unsigned version = 0; version < 256; version++) {
		head.version = (uint8_t)version;
		assert_int_equal(ask_with(b, &head), version == 1 ? 0 : -EINVAL);
	}
	static const uint32_t lens[] = {0, 8, 23, 0x7fffffff, 0x80000000, 0xffffffff};
	head = good;
	for (size_t i = 0; i < COUNT(lens); i++) {
		head.len = lens[i];
		assert_int_equal(ask_with(b, &head), -EINVAL);
	}
	head.len = (uint32_t)b->len; /* nothing is left behind it */
	assert_int_equal(ask_with(b, &head), -EINVAL);
	head.len++;
	assert_int_equal(ask_with(b, &head), -EINVAL);
	for (uint32_t len = 0; len < BTF_HEADER; len++) { /* with all in its place */
		head = good;
		head.len = len;
		head.types_at += BTF_HEADER - len;
		head.strings_at += BTF_HEADER - len;
		assert_int_equal(ask_with(b, &head), -EINVAL);
	}
	free(b);
}

static void section_beyond_the_bytes_is_refused(void **state)
{
	struct btf_bytes *b = make_sample();
	const struct btf_head good = btf_bytes_head(b);
	const uint32_t room = (uint32_t)b->len - good.len;
	const uint32_t wild[] = {room + 1, 0x7fffffff, 0x80000000, 0xffffffe8, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(wild); i++) {
		struct btf_head heads[] = {good, good, good, good};
		heads[0].types_at = wild[i];
		heads[1].types_len = wild[i];
		heads[2].strings_at = wild[i];
		heads[3].strings_len = wild[i];
		for (size_t j = 0; j < COUNT(heads); j++)
			assert_int_equal(ask_with(b, &heads[j]), -EINVAL);
		/* Both together come to a small number. */
		heads[0].types_len = 0U - wild[i];
		heads[2].strings_len = 1U - wild[i];
		assert_int_equal(ask_with(b, &heads[0]), -EINVAL);
		assert_int_equal(ask_with(b, &heads[2]), -EINVAL);
	}
	struct btf_head head = good;
	head.types_at = head.len; /* counts from the header's end: one header too far */
	head.types_len = room;
	assert_int_equal(ask_with(b, &head), -EINVAL);
	head = good;
	head.types_at = room; /* empty, at the very end */
	head.types_len = 0;
	assert_int_equal(ask_with(b, &head), 0);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_is_whole),
		cmocka_unit_test(bytes_cut_anywhere_are_refused),
		cmocka_unit_test(section_of_types_ends_where_a_type_does),
		cmocka_unit_test(section_of_strings_ends_in_a_nul),
		cmocka_unit_test(name_beyond_the_strings_is_none),
		cmocka_unit_test(any_changed_byte_is_survived),
		cmocka_unit_test(any_changed_word_is_survived),
		cmocka_unit_test(kind_that_is_not_known_is_refused),
		cmocka_unit_test(header_of_another_format_is_refused),
		cmocka_unit_test(section_beyond_the_bytes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
