/* Sorting by a number. */
#include "fixture.h"
#include "sort_key.h"

#include <stdlib.h>

static int compare(const void *x, const void *y)
{
	const struct sort_key *a = x, *b = y;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

/* A generator that is the same everywhere. */
static uint64_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return *state >> 32 | *state << 32;
}

static void assert_sorts(uint64_t mask, size_t len)
{
	struct sort_key *v = malloc((len + 1) * sizeof(*v)), *expected = malloc((len + 1) * sizeof(*v));
	uint64_t state = len + 1;

	assert_non_null(v);
	assert_non_null(expected);
	for (size_t i = 0; i < len; i++)
		v[i] = expected[i] = (struct sort_key){next(&state) & mask, i};
	qsort(expected, len, sizeof(*expected), compare);
	assert_int_equal(sort_keys(v, len), 0);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(v[i].key, expected[i].key);
		assert_int_equal(v[i].place, expected[i].place);
	}
	free(expected);
	free(v);
}

static void keys_are_sorted_and_equal_ones_stay(void **state)
{
	static const uint64_t masks[] = {UINT64_MAX, UINT32_MAX, 0xfff, 1, 0, UINT64_MAX << 60,
					 0x7ff, 0x800, UINT64_MAX << 32};
	static const size_t lens[] = {0, 1, 2, 3, 17, 1000, 5000};

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		for (size_t j = 0; j < COUNT(lens); j++)
			assert_sorts(masks[i], lens[j]);
	}
}

static void sorted_and_reversed_keys_are_sorted(void **state)
{
	struct sort_key v[300];

	(void)state;
	for (int reversed = 0; reversed < 2; reversed++) {
		for (size_t i = 0; i < COUNT(v); i++)
			v[i] = (struct sort_key){reversed ? COUNT(v) - i : i, i};
		assert_int_equal(sort_keys(v, COUNT(v)), 0);
		for (size_t i = 1; i < COUNT(v); i++)
			assert_true(v[i - 1].key < v[i].key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_sorted_and_equal_ones_stay),
		cmocka_unit_test(sorted_and_reversed_keys_are_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
