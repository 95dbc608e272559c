/* The kernel's counts of sockets: text of two files, whole, cut and strange. */
#include "fixture.h"
#include "sockstat.h"

#include <unistd.h>

/* As Linux 6.18 printed them, in a namespace of its own. */
static const char v4_text[] = "sockets: used 21\n"
			      "TCP: inuse 4 orphan 1 tw 1 alloc 25007 mem 92\n"
			      "UDP: inuse 3 mem 0\n"
			      "UDPLITE: inuse 1\n"
			      "RAW: inuse 1\n"
			      "FRAG: inuse 0 memory 0\n";
static const char v6_text[] = "TCP6: inuse 1\n"
			      "UDP6: inuse 2\n"
			      "UDPLITE6: inuse 2\n"
			      "RAW6: inuse 2\n"
			      "FRAG6: inuse 0 memory 0\n";

/* Parse a text that ends at an unmapped page. */
static bool parse(const char *text, size_t len, struct sockstat *out)
{
	char *guarded = guard_copy(text, len);
	bool any = sockstat_parse(guarded, len, out);

	guard_free(guarded, len);
	return any;
}

static void assert_stat(const struct sockstat *s, const struct sockstat *expected)
{
	assert_int_equal(s->used, expected->used);
	assert_int_equal(s->time_wait, expected->time_wait);
	assert_int_equal(s->tcp, expected->tcp);
	assert_int_equal(s->udp, expected->udp);
	assert_int_equal(s->udplite, expected->udplite);
	assert_int_equal(s->raw, expected->raw);
}

/* What a text alone says; with nothing of the kind it says nothing. */
static void check(const char *text, struct sockstat expected)
{
	static const struct sockstat nothing;
	struct sockstat s = {0};
	bool says = memcmp(&expected, &nothing, sizeof(nothing)) != 0;

	if (parse(text, strlen(text), &s) != says)
		fail_msg("'%s' says %s", text, says ? "nothing" : "something");
	assert_stat(&s, &expected);
}

static void both_files_are_added_up(void **state)
{
	struct sockstat s = {0};

	(void)state;
	assert_true(parse(v4_text, strlen(v4_text), &s));
	assert_stat(&s, &(struct sockstat){.used = 21, .time_wait = 1, .tcp = 4, .udp = 3,
					   .udplite = 1, .raw = 1});
	assert_true(parse(v6_text, strlen(v6_text), &s));
	assert_stat(&s, &(struct sockstat){.used = 21, .time_wait = 1, .tcp = 5, .udp = 5,
					   .udplite = 3, .raw = 3});
}

static void zeros_are_said_too(void **state)
{
	static const char text[] = "sockets: used 0\nTCP: inuse 0 orphan 0 tw 0 alloc 0 mem 0\n";
	struct sockstat s = {0};

	(void)state;
	assert_true(parse(text, strlen(text), &s));
	assert_stat(&s, &(struct sockstat){0});
}

static void lines_may_be_missing(void **state)
{
	(void)state;
	/* A kernel without UDP-Lite and raw sockets. */
	check("sockets: used 3\nTCP: inuse 1 orphan 0 tw 0 alloc 2 mem 0\nUDP: inuse 1 mem 0\n",
	      (struct sockstat){.used = 3, .tcp = 1, .udp = 1});
	check("sockets: used 3\n", (struct sockstat){.used = 3});
	check("RAW: inuse 8\nUDP: inuse 5 mem 6\n", (struct sockstat){.udp = 5, .raw = 8});
	check("", (struct sockstat){0});
	check("\n\n\n", (struct sockstat){0});
	check("FRAG: inuse 10 memory 11\n", (struct sockstat){0});
}

static void numbers_stand_behind_their_words(void **state)
{
	(void)state;
	/* In another order, and with more of them. */
	check("TCP: new 77 tw 2 mem 5 inuse 4 later 9\n",
	      (struct sockstat){.time_wait = 2, .tcp = 4});
	check("TCP: orphan 1 tw 2\n", (struct sockstat){.time_wait = 2});
	check("TCP: orphan 1 alloc 9\n", (struct sockstat){0});
	check("TCP6: orphan 1 alloc 9 tw 3\n", (struct sockstat){0});
	/* Of the whole word, and of the line's own protocol. */
	check("TCP: inuse2 4 reinuse 5 inuse 6\n", (struct sockstat){.tcp = 6});
	check("UDP: tw 3 used 4\nsockets: inuse 5\n", (struct sockstat){0});
	check(" TCP: inuse 4\n", (struct sockstat){0});
	check("TCP:inuse 4\nTCP\nTCP6 inuse 4\nTCP66: inuse 4\nXTCP: inuse 4\n",
	      (struct sockstat){0});
	check("TCP: inuse\nTCP: inuse \nTCP: inuse -4\nTCP: inuse x\n", (struct sockstat){0});
}

static void end_needs_no_newline(void **state)
{
	(void)state;
	check("sockets: used 137", (struct sockstat){.used = 137});
	check("sockets: used 137\nTCP: inuse 4 orphan 1 tw 2", (struct sockstat){
		.used = 137, .time_wait = 2, .tcp = 4});
	check("sockets: used 137\nTCP: inuse 4 orphan 1 tw",
	      (struct sockstat){.used = 137, .tcp = 4});
}

static void huge_numbers_do_no_harm(void **state)
{
	(void)state;
	check("sockets: used 18446744073709551615\n", (struct sockstat){.used = UINT64_MAX});
	check("sockets: used 18446744073709551616\nRAW: inuse 8\n", (struct sockstat){.raw = 8});
	check("TCP: inuse 99999999999999999999999999999999999999999 tw 2\n",
	      (struct sockstat){.time_wait = 2});
}

static void nul_bytes_are_no_end(void **state)
{
	static const char text[] = "TCP:\0inuse 1\n\0\nUDP: inuse 5\0 mem 6\n";
	struct sockstat s = {0};

	(void)state;
	assert_true(parse(text, sizeof(text) - 1, &s));
	assert_stat(&s, &(struct sockstat){.udp = 5});
}

/* Whatever is cut off, what is left is read to its end and not beyond. */
static void text_can_be_cut_anywhere(void **state)
{
	struct sockstat whole = {0}, before = {0};

	(void)state;
	sockstat_parse(v4_text, strlen(v4_text), &whole);
	for (size_t len = 0; len <= strlen(v4_text); len++) {
		struct sockstat s = {0};
		parse(v4_text, len, &s);
		assert_true(s.used >= before.used && s.used <= whole.used);
		assert_true(s.tcp >= before.tcp && s.tcp <= whole.tcp);
		assert_true(s.time_wait >= before.time_wait && s.time_wait <= whole.time_wait);
		assert_true(s.udp >= before.udp && s.udp <= whole.udp);
		assert_true(s.udplite >= before.udplite && s.udplite <= whole.udplite);
		assert_true(s.raw >= before.raw && s.raw <= whole.raw);
		before = s;
		/* Nor does the start matter. */
		parse(v4_text + len, strlen(v4_text) - len, &s);
	}
	assert_stat(&before, &whole);
}

/* Write a file of the tree's net directory, or none. */
static void add_file(struct fixture *fx, const char *name, const char *text)
{
	if (text)
		fixture_add_table(fx, name, text);
}

static void load_reads_both_files(void **state)
{
	static const struct {
		const char *v4, *v6; /* NULL: missing */
		int rc;
	} cases[] = {
		{v4_text, v6_text, 0},
		{v4_text, NULL, 0}, /* no IPv6 */
		{NULL, v6_text, -ENOENT},
		{NULL, NULL, -ENOENT},
		{"", v6_text, -EBADMSG},
		{v4_text, "", -EBADMSG},
		{"no such text\n", NULL, -EBADMSG},
		{v4_text, "no such text\n", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fixture fx;
		struct sockstat s = {.used = 1, .tcp = 2}, expected = {0};
		fixture_init(&fx);
		fixture_add_table(&fx, "tcp", INET_HEADER);
		add_file(&fx, "sockstat", cases[i].v4);
		add_file(&fx, "sockstat6", cases[i].v6);
		int fd = fixture_open(&fx, "net");
		int rc = sockstat_load(fd, &s);
		assert_int_equal(rc, cases[i].rc);
		close(fd);
		fixture_free(&fx);
		if (rc < 0)
			continue;
		sockstat_parse(v4_text, strlen(v4_text), &expected);
		if (cases[i].v6)
			sockstat_parse(v6_text, strlen(v6_text), &expected);
		assert_stat(&s, &expected); /* what was there before is gone */
	}
}

static void load_takes_no_directory_for_a_file(void **state)
{
	struct fixture *fx = *state;
	struct sockstat s;

	fixture_add_table(fx, "sockstat", v4_text);
	fixture_write(fx, "net/sockstat6/x", "", 0);
	int fd = fixture_open(fx, "net");
	assert_int_equal(sockstat_load(fd, &s), -EISDIR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_files_are_added_up),
		cmocka_unit_test(zeros_are_said_too),
		cmocka_unit_test(lines_may_be_missing),
		cmocka_unit_test(numbers_stand_behind_their_words),
		cmocka_unit_test(end_needs_no_newline),
		cmocka_unit_test(huge_numbers_do_no_harm),
		cmocka_unit_test(nul_bytes_are_no_end),
		cmocka_unit_test(text_can_be_cut_anywhere),
		cmocka_unit_test(load_reads_both_files),
		fixture_test(load_takes_no_directory_for_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
