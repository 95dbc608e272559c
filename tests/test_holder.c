/* The index of holders by inode. */
#include "fixture.h"
#include "holder.h"

static void add(struct holder_index *x, uint64_t inode, pid_t pid, pid_t tid, int fd)
{
	struct holder h = {inode, pid, tid, fd, HOLDER_FD};

	assert_int_equal(holder_index_add(x, &h), 0);
}

static void empty_index_finds_nobody(void **state)
{
	struct holder_index x = {0};
	size_t count = 7;

	(void)state;
	holder_index_sort(&x);
	holder_index_find(&x, 1001, &count);
	assert_int_equal(count, 0);
	for (uint64_t inode = 0; inode < 3; inode++) {
		size_t cursor = 0;
		count = 7;
		assert_null(holder_index_next(&x, inode, &cursor, &count));
		assert_int_equal(count, 0);
		assert_int_equal(cursor, 0);
	}
	holder_index_free(&x);
}

static void sort_orders_by_inode_pid_tid_fd(void **state)
{
	static const struct holder sorted[] = {
		{1, 9, 9, 9, HOLDER_FD},   {2, 3, 3, -1, HOLDER_MEM}, {2, 3, 3, 3, HOLDER_FD},
		{2, 3, 3, 3, HOLDER_RING}, {2, 3, 3, 4, HOLDER_FD},   {2, 3, 4, 0, HOLDER_FD},
		{2, 4, 4, 0, HOLDER_FD},   {3, 1, 1, 1, HOLDER_RING}};
	struct holder_index x = {0};

	(void)state;
	for (size_t i = COUNT(sorted); i-- > 0;)
		assert_int_equal(holder_index_add(&x, &sorted[i]), 0);
	holder_index_sort(&x);
	assert_int_equal(x.len, COUNT(sorted));
	for (size_t i = 0; i < COUNT(sorted); i++) {
		assert_int_equal(x.v[i].inode, sorted[i].inode);
		assert_int_equal(x.v[i].pid, sorted[i].pid);
		assert_int_equal(x.v[i].tid, sorted[i].tid);
		assert_int_equal(x.v[i].fd, sorted[i].fd);
		assert_int_equal(x.v[i].kind, sorted[i].kind);
	}
	holder_index_free(&x);
}

static void sort_drops_what_was_found_twice(void **state)
{
	struct holder_index x = {0};
	size_t count;

	(void)state;
	for (int i = 0; i < 10; i++) {
		add(&x, 1001, 42, 42, 3);
		add(&x, 1001, 42, 42, 4);
	}
	holder_index_sort(&x);
	assert_int_equal(x.len, 2);
	holder_index_sort(&x);
	holder_index_find(&x, 1001, &count);
	assert_int_equal(count, 2);
	holder_index_free(&x);
	holder_index_free(&x);
}

static void kinds_of_one_descriptor_are_kept_apart(void **state)
{
	/* A ring holds what is registered with it; a descriptor itself; a mapping has none. */
	static const struct holder socks[] = {{1001, 42, 42, 3, HOLDER_RING},
					      {1001, 42, 42, 3, HOLDER_FD},
					      {1001, 42, 42, -1, HOLDER_MEM},
					      {1001, 42, 43, 3, HOLDER_RING}};
	static const enum holder_kind kinds[] = {HOLDER_MEM, HOLDER_FD, HOLDER_RING, HOLDER_RING};
	struct holder_index x = {0};
	size_t count;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(socks); i++)
		assert_int_equal(holder_index_add(&x, &socks[i % COUNT(socks)]), 0);
	holder_index_sort(&x);
	const struct holder *h = holder_index_find(&x, 1001, &count);
	assert_int_equal(count, COUNT(kinds));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(h[i].kind, kinds[i]);
	assert_int_equal(h[0].fd, -1);
	assert_int_equal(h[3].tid, 43);
	holder_index_free(&x);
}

static void find_gives_all_holders_of_each_inode(void **state)
{
	struct holder_index x = {0};

	(void)state;
	/* Inode i has i % 4 holders. */
	for (int i = 1; i <= 400; i++) {
		for (int j = 0; j < i % 4; j++)
			add(&x, (uint64_t)i, 40 + j, 40 + j, 3);
	}
	holder_index_sort(&x);
	for (int i = 0; i <= 401; i++) {
		size_t count, expected = i >= 1 && i <= 400 ? (size_t)(i % 4) : 0;
		const struct holder *h = holder_index_find(&x, (uint64_t)i, &count);
		assert_int_equal(count, expected);
		for (size_t j = 0; j < count; j++) {
			assert_int_equal(h[j].inode, i);
			assert_int_equal(h[j].pid, 40 + j);
		}
	}
	holder_index_free(&x);
}

/* Inodes 3, 6, 9 ... 300: the n-th has n % 5 holders. */
static void add_every_third(struct holder_index *x)
{
	for (int i = 1; i <= 100; i++) {
		for (int j = 0; j < i % 5; j++)
			add(x, 3U * (uint64_t)i, 40 + j, 40 + j, 3);
	}
	holder_index_sort(x);
}

/* Ask both ways. */
static void assert_same(const struct holder_index *x, uint64_t inode, size_t *cursor)
{
	size_t expected, count = 7;
	const struct holder *found = holder_index_find(x, inode, &expected);

	assert_ptr_equal(holder_index_next(x, inode, cursor, &count), found);
	assert_int_equal(count, expected);
}

static void next_answers_as_find_in_ascending_order(void **state)
{
	struct holder_index x = {0};

	(void)state;
	add_every_third(&x);
	/* Each inode, with those that nobody holds, and with gaps of every width. */
	for (uint64_t step = 1; step < 120; step++) {
		size_t cursor = 0;
		for (uint64_t inode = 0; inode <= 310; inode += step)
			assert_same(&x, inode, &cursor);
		assert_same(&x, UINT64_MAX, &cursor);
		assert_int_equal(cursor, x.len);
	}
	holder_index_free(&x);
}

static void next_answers_a_repeated_inode_again(void **state)
{
	struct holder_index x = {0};
	size_t cursor = 0, count;

	(void)state;
	add_every_third(&x);
	for (uint64_t inode = 0; inode <= 310; inode++) {
		for (int i = 0; i < 3; i++)
			assert_same(&x, inode, &cursor);
	}
	/* One that lies behind is not found: its order is the caller's. */
	holder_index_next(&x, 3, &cursor, &count);
	assert_int_equal(count, 0);
	cursor = 0;
	holder_index_next(&x, 3, &cursor, &count);
	assert_int_equal(count, 1);
	holder_index_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_index_finds_nobody),
		cmocka_unit_test(sort_orders_by_inode_pid_tid_fd),
		cmocka_unit_test(sort_drops_what_was_found_twice),
		cmocka_unit_test(kinds_of_one_descriptor_are_kept_apart),
		cmocka_unit_test(find_gives_all_holders_of_each_inode),
		cmocka_unit_test(next_answers_as_find_in_ascending_order),
		cmocka_unit_test(next_answers_a_repeated_inode_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
