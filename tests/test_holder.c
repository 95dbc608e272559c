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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_index_finds_nobody),
		cmocka_unit_test(sort_orders_by_inode_pid_tid_fd),
		cmocka_unit_test(sort_drops_what_was_found_twice),
		cmocka_unit_test(kinds_of_one_descriptor_are_kept_apart),
		cmocka_unit_test(find_gives_all_holders_of_each_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
