/* Selections that can never match, what is shown of them, and what was found. */
#include "fixture.h"
#include "filter.h"
#include "process.h"

#include <sys/socket.h>

struct word {
	enum filter_kind kind;
	const char *text;
};

static int finish(struct filter *f, struct names *names, const struct word *words,
		  const char **object)
{
	const char *why = NULL;

	make_names(names);
	f->names = names;
	for (size_t i = 0; i < 4 && words[i].text; i++)
		filter_add_ok(f, words[i].kind, words[i].text);
	*object = NULL;
	int rc = filter_finish(f, object, &why);
	if (rc < 0) {
		assert_non_null(*object);
		assert_non_null(why);
	}
	return rc;
}

static void drop(struct filter *f, struct names *names)
{
	filter_free(f);
	names_free(names);
}

static void selections_that_never_match_are_refused(void **state)
{
	static const struct {
		bool unix_wanted;
		struct word words[4];
	} cases[] = {
		{false, {{FILTER_TARGET, "udp:53"}, {FILTER_STATE, "LISTEN"}}},
		{false, {{FILTER_TARGET, "tcp:53"}, {FILTER_INET, "UDP"}}},
		{false, {{FILTER_TARGET, "80"}, {FILTER_TARGET, "udp:53"}, {FILTER_INET, "TCP"}}},
		{false, {{FILTER_TARGET, "[::1]:80"}, {FILTER_INET, "4"}}},
		{false, {{FILTER_TARGET, "/run/x"}, {FILTER_INET, "TCP"}}},
		{false, {{FILTER_TARGET, "/run/x"}, {FILTER_STATE, "TIME_WAIT"}}},
		{true, {{FILTER_TARGET, "80"}}},
		{true, {{FILTER_STATE, "TIME_WAIT"}}},
		{false, {{FILTER_STATE, "UDP:LISTEN"}}},
		{false, {{FILTER_STATE, "LISTEN,^LISTEN"}}},
		{false, {{FILTER_STATE, "TCP:LISTEN"}, {FILTER_INET, "UDP"}}},
		{false, {{FILTER_INET, "UDP"}, {FILTER_STATE, "TIME_WAIT"}}},
		{false, {{FILTER_PID, "42,^42"}}},
		{false, {{FILTER_USER, "1000,^1000"}}},
		{false, {{FILTER_COMMAND, "nginx"}, {FILTER_COMMAND, "^ng"}}},
		{false, {{FILTER_FD, "3-5,^0-9"}}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct filter f = {.unix_wanted = cases[i].unix_wanted};
		struct names names;
		const char *object;
		if (finish(&f, &names, cases[i].words, &object) != -EINVAL)
			fail_msg("taken: %s %s", cases[i].words[0].text,
				 cases[i].words[1].text ? cases[i].words[1].text : "");
		drop(&f, &names);
	}
}

static void selections_that_may_match_are_taken(void **state)
{
	static const struct {
		bool unix_wanted;
		struct word words[4];
	} cases[] = {
		{false, {{FILTER_TARGET, "80"}, {FILTER_STATE, "LISTEN"}}},
		{false, {{FILTER_TARGET, "80"}, {FILTER_STATE, "TIME_WAIT"}}},
		{false, {{FILTER_TARGET, "127.0.0.1:80"}, {FILTER_INET, "6"}}}, /* dual-stack */
		{false, {{FILTER_TARGET, "[::]:80"}, {FILTER_INET, "4"}}},
		{false, {{FILTER_TARGET, "80"}, {FILTER_TARGET, "/run/x"}}},
		{true, {{FILTER_TARGET, "80"}, {FILTER_INET, "TCP"}}},
		{true, {{FILTER_STATE, "LISTEN"}}},
		{false, {{FILTER_STATE, "UNIX:CONNECTED"}}},
		{false, {{FILTER_PID, "42,^43"}}},
		{false, {{FILTER_PID, "42,43,^43"}}},
		{false, {{FILTER_COMMAND, "ng"}, {FILTER_COMMAND, "^nginx"}}},
		{false, {{FILTER_FD, "0-9,^3-5"}}},
		{false, {{FILTER_INET, "MPTCP"}}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct filter f = {.unix_wanted = cases[i].unix_wanted};
		struct names names;
		const char *object;
		if (finish(&f, &names, cases[i].words, &object) != 0)
			fail_msg("refused: %s", object);
		drop(&f, &names);
	}
}

static void refusal_names_the_target_that_never_matches(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_TARGET, "80"},
								   {FILTER_TARGET, "udp:53"},
								   {FILTER_INET, "TCP"}}, &object),
			 -EINVAL);
	assert_string_equal(object, "udp:53");
	drop(&f, &names);
}

static void bad_words_are_refused(void **state)
{
	static const struct word words[] = {
		{FILTER_TARGET, "x:y:z"}, {FILTER_INET, "BOGUS:80"}, {FILTER_STATE, "BOGUS"},
		{FILTER_PID, "x"}, {FILTER_PID, "1,"}, {FILTER_PID, ",1"}, {FILTER_PID, ""},
		{FILTER_PID, "^"}, {FILTER_FD, "5-3"}, {FILTER_COMMAND, "/("}, {FILTER_COMMAND, ""},
		{FILTER_PGID, "-1"}, {FILTER_USER, ","},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct filter f = {0};
		struct names names;
		const char *why = NULL;
		make_names(&names);
		f.names = &names;
		if (filter_add(&f, words[i].kind, words[i].text, &why) != -EINVAL)
			fail_msg("taken: '%s'", words[i].text);
		assert_non_null(why);
		drop(&f, &names);
	}
}

/* Items as a line of their texts, those found in brackets. */
static void assert_items(const struct filter *f, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < f->items_len; i++) {
		const struct filter_item *item = &f->items[i];
		buf_add_str(&b, i ? " " : "");
		buf_add_str(&b, item->found ? "[" : "");
		buf_add(&b, item->text, item->len);
		buf_add_str(&b, item->found ? "]" : "");
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static struct process process(pid_t pid, const char *command)
{
	struct process p = {.pid = pid, .tid = pid, .pgid = pid, .uid = 1000,
			    .command_len = (uint8_t)strlen(command)};

	memcpy(p.command, command, strlen(command));
	return p;
}

static void target_word_is_one_item(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 443, 1);

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_TARGET, "80,443"},
								   {FILTER_TARGET, "81"},
								   {FILTER_TARGET, "400-500"}},
				&object), 0);
	assert_items(&f, "80,443 81 400-500");
	filter_mark_found(&f, &s, NULL, -1);
	assert_items(&f, "[80,443] 81 [400-500]");
	drop(&f, &names);
}

static void elements_of_inet_ports_are_items(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 443, 1);

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_INET, "TCP:80,443"},
								   {FILTER_INET, "UDP"},
								   {FILTER_INET, "6"}}, &object),
			 0);
	assert_int_equal(f.items_len, 4);
	filter_mark_found(&f, &s, NULL, -1);
	assert_false(f.items[0].found);
	assert_true(f.items[1].found);
	assert_false(f.items[2].found);
	assert_false(f.items[3].found);
	drop(&f, &names);
}

static void service_of_two_ports_is_one_item(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 1002, 1);

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_INET, ":twoports,80"}},
				&object), 0);
	assert_items(&f, "twoports 80");
	filter_mark_found(&f, &s, NULL, -1);
	assert_items(&f, "[twoports] 80");
	drop(&f, &names);
}

static void elements_of_process_lists_are_items(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	struct process p = process(42, "nginx");

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_PID, "41,42,^43"},
								   {FILTER_COMMAND, "/ng,x|nginx/"},
								   {FILTER_FD, "3-5,9"},
								   {FILTER_USER, "1000,1001"}},
				&object), 0);
	assert_items(&f, "41 42 /ng,x|nginx/ 3-5 9 1000 1001");
	filter_mark_found(&f, &s, &p, 4);
	assert_items(&f, "41 [42] [/ng,x|nginx/] [3-5] 9 [1000] 1001");
	drop(&f, &names);
}

static void user_is_found_by_owner_of_unheld_socket(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_USER, "1000,0"}}, &object),
			 0);
	assert_true(filter_match_unheld(&f, &s));
	filter_mark_found(&f, &s, NULL, -1);
	assert_items(&f, "[1000] 0");
	/* The 0 of an unknown owner is not root's. */
	s.uid = 0;
	s.uid_known = false;
	assert_false(filter_match_unheld(&f, &s));
	filter_mark_found(&f, &s, NULL, -1);
	assert_items(&f, "[1000] 0");
	drop(&f, &names);
}

static void holder_is_matched_by_process_and_descriptor(void **state)
{
	struct filter f = {0};
	struct names names;
	const char *object;
	struct process p = process(42, "nginx"), q = process(43, "nginx");

	(void)state;
	assert_int_equal(finish(&f, &names, (const struct word[4]){{FILTER_PID, "42"},
								   {FILTER_FD, "3"}}, &object), 0);
	assert_true(filter_match_holder(&f, &p, 3));
	assert_false(filter_match_holder(&f, &p, 4));
	assert_false(filter_match_holder(&f, &q, 3));
	/* Before its descriptors are read, -d says nothing of a process. */
	assert_true(filter_wants_process(&f, &p));
	assert_false(filter_wants_process(&f, &q));
	drop(&f, &names);
}

static void free_takes_a_zeroed_filter(void **state)
{
	struct filter f = {0};

	(void)state;
	filter_free(&f);
	filter_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selections_that_never_match_are_refused),
		cmocka_unit_test(selections_that_may_match_are_taken),
		cmocka_unit_test(refusal_names_the_target_that_never_matches),
		cmocka_unit_test(bad_words_are_refused),
		cmocka_unit_test(target_word_is_one_item),
		cmocka_unit_test(elements_of_inet_ports_are_items),
		cmocka_unit_test(service_of_two_ports_is_one_item),
		cmocka_unit_test(elements_of_process_lists_are_items),
		cmocka_unit_test(user_is_found_by_owner_of_unheld_socket),
		cmocka_unit_test(holder_is_matched_by_process_and_descriptor),
		cmocka_unit_test(free_takes_a_zeroed_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
