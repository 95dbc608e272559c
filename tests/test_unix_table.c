/*
 * Newlines in the names of unix sockets: continued names, forged rows, and
 * which rows are certain.
 */
#include "fixture.h"
#include "unix_table.h"

#include <stdlib.h>

/* A row as a 64-bit kernel prints it, but for its name. */
#define ROW(inode) "0000000000000000: 00000002 00000000 00010000 0001 01 " inode
/* The shortest row that can be forged. */
#define FORGED(inode) "00000000: 00000002 00000000 00010000 0001 01 " inode

/* Feed a text of lines, header first, each in a guarded buffer, and settle. */
static void read_text(struct unix_table *t, const char *text)
{
	*t = (struct unix_table){0};
	assert_int_equal(unix_table_take_line(t, "Num RefCount", 12), 0);
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = guard_copy(text, len);
		assert_int_equal(unix_table_take_line(t, line, len), 0);
		guard_free(line, len);
		text += len + (text[len] == '\n');
	}
	assert_int_equal(unix_table_settle(t), 0);
}

/* A row with this inode, name and certainty. */
static void assert_row(const struct unix_table *t, size_t i, uint64_t inode, const char *name,
		       bool forgeable)
{
	assert_true(i < t->socks.len);
	assert_int_equal(t->socks.v[i].inode, inode);
	if (name)
		assert_bytes(t->socks.v[i].name, t->socks.v[i].name_len, name);
	else
		assert_null(t->socks.v[i].name);
	assert_int_equal(t->socks.v[i].doubt != NULL, forgeable);
}

static void empty_table_has_no_rows(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, "");
	assert_int_equal(t.socks.len, 0);
	assert_int_equal(t.malformed, 0);
	unix_table_free(&t);
	unix_table_free(&t);
}

static void rows_stay_in_the_kernels_order(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("30") " /run/c\n" ROW("10") "\n" ROW("20") " @b\n");
	assert_int_equal(t.socks.len, 3);
	assert_row(&t, 0, 30, "/run/c", false);
	assert_row(&t, 1, 10, NULL, true);
	assert_row(&t, 2, 20, "@b", false);
	unix_table_free(&t);
}

static void newline_in_name_is_joined(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("10") " /tmp/a\nb\n" ROW("20") "\n" ROW("30") " /tmp/c\n\n d: e\n");
	assert_int_equal(t.socks.len, 3);
	assert_int_equal(t.malformed, 0);
	assert_bytes(t.socks.v[0].name, t.socks.v[0].name_len, "/tmp/a\nb");
	assert_bytes(t.socks.v[2].name, t.socks.v[2].name_len, "/tmp/c\n\n d: e");
	unix_table_free(&t);
}

static void forged_row_of_certain_inode_is_given_back_to_the_name(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("20") " /run/real\n" ROW("10") " /tmp/a\n" FORGED("20") " /run/b\n");
	assert_int_equal(t.socks.len, 2);
	assert_row(&t, 0, 20, "/run/real", false);
	assert_row(&t, 1, 10, "/tmp/a\n" FORGED("20") " /run/b", true);
	assert_int_equal(t.malformed, 0);
	unix_table_free(&t);
}

static void forged_row_before_the_certain_one_is_given_back_too(void **state)
{
	static const char long_name[] =
		" /tmp/0123456789012345678901234567890123456789012345678901234567890123456789";
	struct unix_table t;
	char text[512];

	(void)state;
	/* Behind a long name nothing of a row's length can be part of it. */
	snprintf(text, sizeof(text), ROW("10") " /tmp/a\n" FORGED("20") " /run/b\n" ROW("30")
		 "%s\n" ROW("20") " /run/real\n", long_name);
	read_text(&t, text);
	assert_int_equal(t.socks.len, 3);
	assert_row(&t, 0, 10, "/tmp/a\n" FORGED("20") " /run/b", false);
	assert_int_equal(t.socks.v[1].inode, 30);
	assert_row(&t, 2, 20, "/run/real", false);
	unix_table_free(&t);
}

static void name_with_two_newlines_around_forged_row_is_whole(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("20") " /run/real\n" ROW("10") " /tmp/a\n" FORGED("20") " /run/b\nend\n");
	assert_int_equal(t.socks.len, 2);
	assert_row(&t, 1, 10, "/tmp/a\n" FORGED("20") " /run/b\nend", true);
	unix_table_free(&t);
}

static void name_with_two_forged_rows_is_whole(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("1") " /run/real\n" ROW("2") "\n" ROW("10") " a\n" FORGED("1") " b\n"
		  FORGED("1") " c\n");
	assert_int_equal(t.socks.len, 3);
	assert_bytes(t.socks.v[2].name, t.socks.v[2].name_len,
		     "a\n" FORGED("1") " b\n" FORGED("1") " c");
	unix_table_free(&t);
}

static void name_goes_on_behind_a_forged_row_without_name(void **state)
{
	struct unix_table t;

	(void)state;
	/* A row without a name cannot be continued: it was part of the name. */
	read_text(&t, ROW("20") " /run/real\n" ROW("10") " /tmp/a\n" FORGED("20") "\nend\n");
	assert_int_equal(t.socks.len, 2);
	assert_row(&t, 1, 10, "/tmp/a\n" FORGED("20") "\nend", true);
	assert_int_equal(t.malformed, 0);
	unix_table_free(&t);
}

static void forged_row_of_unique_inode_stays_and_is_marked(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("10") " /tmp/a\n" FORGED("31415") " /run/b\n");
	assert_int_equal(t.socks.len, 2);
	assert_row(&t, 0, 10, "/tmp/a", false);
	assert_row(&t, 1, 31415, "/run/b", true);
	unix_table_free(&t);
}

static void doubt_keeps_the_row_and_the_place_before_it(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("10") " /tmp/a\n" FORGED("31415") " /run/b\nend\n");
	assert_int_equal(t.socks.len, 2);
	const struct sock_doubt *doubt = t.socks.v[1].doubt;
	assert_non_null(doubt);
	assert_int_equal(doubt->before, 1);
	assert_bytes(doubt->line, doubt->len, FORGED("31415") " /run/b\nend");
	unix_table_free(&t);
}

static void doubt_behind_a_forged_row_is_about_the_name_it_went_to(void **state)
{
	struct unix_table t;

	(void)state;
	/* One name of row 10: a row that row 20 refutes, and one that nothing does. */
	read_text(&t, ROW("20") " /run/real\n" ROW("2") "\n" ROW("10") " a\n" FORGED("20") " b\n"
		  FORGED("30") " c\n");
	assert_int_equal(t.socks.len, 4);
	assert_int_equal(t.socks.v[2].inode, 10);
	assert_int_equal(t.socks.v[3].inode, 30);
	assert_non_null(t.socks.v[3].doubt);
	assert_int_equal(t.socks.v[3].doubt->before, 3);
	unix_table_free(&t);
}

static void two_forgeable_rows_of_one_inode_both_stay(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("10") " /tmp/a\n" FORGED("20") " /run/b\n" ROW("30") " /tmp/c\n"
		  FORGED("20") " /run/d\n");
	assert_int_equal(t.socks.len, 4);
	assert_row(&t, 1, 20, "/run/b", true);
	assert_row(&t, 3, 20, "/run/d", true);
	unix_table_free(&t);
}

static void repeated_row_is_dropped(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("20") " /run/real\n" ROW("10") " /tmp/a\n" ROW("20") " /run/real\n");
	assert_int_equal(t.socks.len, 2);
	assert_row(&t, 0, 20, "/run/real", false);
	assert_row(&t, 1, 10, "/tmp/a", true);
	unix_table_free(&t);
}

static void forged_copy_of_a_row_leaves_that_row_alone(void **state)
{
	struct unix_table t;

	(void)state;
	/* Another name: not repeated by the kernel. */
	read_text(&t, ROW("20") " /run/real\n" ROW("10") " /tmp/a\n" FORGED("20") " /run/reaL\n");
	assert_int_equal(t.socks.len, 2);
	assert_row(&t, 0, 20, "/run/real", false);
	unix_table_free(&t);
}

static void row_behind_row_without_name_is_certain(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, ROW("10") "\n" ROW("20") " /run/b\n");
	assert_row(&t, 0, 10, NULL, false);
	assert_row(&t, 1, 20, "/run/b", false);
	unix_table_free(&t);
}

static void row_is_certain_where_the_name_would_be_too_long(void **state)
{
	struct unix_table t;
	/* The whole name: the first row's, a newline, the second row. */
	size_t row_len = strlen(ROW("20") " /b");

	(void)state;
	for (size_t first = 1; first < 108; first++) {
		char text[512], name[128];
		memset(name, 'n', first);
		name[first] = '\0';
		snprintf(text, sizeof(text), ROW("10") " %s\n" ROW("20") " /b\n", name);
		read_text(&t, text);
		assert_int_equal(t.socks.len, 2);
		assert_int_equal(t.socks.v[1].doubt != NULL, first + 1 + row_len <= 108);
		unix_table_free(&t);
	}
}

static void inode_0_is_no_contradiction(void **state)
{
	struct unix_table t;

	(void)state;
	/* Clients in a queue have the listener's name and no inode. */
	read_text(&t, ROW("0") " /run/x\n" ROW("0") " /run/y\n" ROW("0") " /run/x\n");
	assert_int_equal(t.socks.len, 3);
	unix_table_free(&t);
}

static void continuation_ends_at_108_bytes(void **state)
{
	struct unix_table t;
	char text[512], rest[128];

	(void)state;
	memset(rest, 'r', sizeof(rest));
	/* "/tmp/a" and a newline leave 101 bytes. */
	snprintf(text, sizeof(text), ROW("10") " /tmp/a\n%.101s\n", rest);
	read_text(&t, text);
	assert_int_equal(t.malformed, 0);
	assert_int_equal(t.socks.v[0].name_len, 108);
	unix_table_free(&t);

	snprintf(text, sizeof(text), ROW("10") " /tmp/a\n%.102s\n", rest);
	read_text(&t, text);
	assert_int_equal(t.malformed, 1);
	assert_row(&t, 0, 10, "/tmp/a", false);
	unix_table_free(&t);
}

static void line_that_continues_nothing_is_malformed(void **state)
{
	struct unix_table t;

	(void)state;
	read_text(&t, "garbage\n" ROW("10") "\nmore garbage\n");
	assert_int_equal(t.malformed, 2);
	assert_int_equal(t.socks.len, 1);
	unix_table_free(&t);
}

static void overlong_line_is_malformed(void **state)
{
	struct unix_table t = {0};

	(void)state;
	assert_int_equal(unix_table_take_line(&t, "Num", 3), 0);
	assert_int_equal(unix_table_take_line(&t, ROW("10") " /a", strlen(ROW("10") " /a")), 0);
	assert_int_equal(unix_table_take_line(&t, NULL, 0), 0);
	assert_int_equal(unix_table_settle(&t), 0);
	assert_int_equal(t.malformed, 1);
	assert_row(&t, 0, 10, "/a", false);
	unix_table_free(&t);
}

static void name_above_108_bytes_is_no_row(void **state)
{
	struct unix_table t;
	char text[1024], name[600];

	(void)state;
	memset(name, 'n', sizeof(name));
	snprintf(text, sizeof(text), ROW("10") " /a\n" ROW("20") " %.500s\n", name);
	read_text(&t, text);
	assert_int_equal(t.malformed, 1);
	assert_int_equal(t.socks.len, 1);
	unix_table_free(&t);
}

static void any_name_in_lines_leaves_the_others_intact(void **state)
{
	/* All ways to cut one hostile name by newlines; the neighbours stay. */
	static const char parts[] = FORGED("20") " b";

	(void)state;
	for (size_t cut = 0; cut < strlen(parts); cut++) {
		struct unix_table t;
		char text[512];
		snprintf(text, sizeof(text), ROW("20") "\n" ROW("10") " /a\n%.*s\n%s\n" ROW("30") "\n",
			 (int)cut, parts, parts + cut);
		read_text(&t, text);
		assert_true(t.socks.len >= 3);
		assert_row(&t, 0, 20, NULL, false);
		assert_int_equal(t.socks.v[t.socks.len - 1].inode, 30);
		unix_table_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_has_no_rows),
		cmocka_unit_test(rows_stay_in_the_kernels_order),
		cmocka_unit_test(newline_in_name_is_joined),
		cmocka_unit_test(forged_row_of_certain_inode_is_given_back_to_the_name),
		cmocka_unit_test(forged_row_before_the_certain_one_is_given_back_too),
		cmocka_unit_test(name_with_two_newlines_around_forged_row_is_whole),
		cmocka_unit_test(name_with_two_forged_rows_is_whole),
		cmocka_unit_test(name_goes_on_behind_a_forged_row_without_name),
		cmocka_unit_test(forged_row_of_unique_inode_stays_and_is_marked),
		cmocka_unit_test(doubt_keeps_the_row_and_the_place_before_it),
		cmocka_unit_test(doubt_behind_a_forged_row_is_about_the_name_it_went_to),
		cmocka_unit_test(two_forgeable_rows_of_one_inode_both_stay),
		cmocka_unit_test(repeated_row_is_dropped),
		cmocka_unit_test(forged_copy_of_a_row_leaves_that_row_alone),
		cmocka_unit_test(row_behind_row_without_name_is_certain),
		cmocka_unit_test(row_is_certain_where_the_name_would_be_too_long),
		cmocka_unit_test(inode_0_is_no_contradiction),
		cmocka_unit_test(continuation_ends_at_108_bytes),
		cmocka_unit_test(line_that_continues_nothing_is_malformed),
		cmocka_unit_test(overlong_line_is_malformed),
		cmocka_unit_test(name_above_108_bytes_is_no_row),
		cmocka_unit_test(any_name_in_lines_leaves_the_others_intact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
