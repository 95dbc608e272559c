/* Which holders are shown: -p, -g, -u, -c, -d. */
#include "fixture.h"
#include "process.h"
#include "process_filter.h"

/* Values of one kind; ended by NULL. */
struct values {
	enum process_key key;
	const char *words[4];
};

static int add(struct process_filter *f, enum process_key key, const char *word, const char **why)
{
	*why = NULL;
	return process_filter_add(f, key, word, strlen(word), 0, why);
}

static void build(struct process_filter *f, const struct values *values, size_t count)
{
	const char *why;

	*f = (struct process_filter){0};
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < 4 && values[i].words[j]; j++) {
			if (add(f, values[i].key, values[i].words[j], &why) != 0)
				fail_msg("%s: %s", values[i].words[j], why);
		}
	}
}

static struct process process(pid_t pid, const char *command)
{
	struct process p = {.pid = pid, .tid = pid, .pgid = pid / 10 * 10, .uid = 1000};

	p.command_len = (uint8_t)strlen(command);
	assert_true(p.command_len <= sizeof(p.command));
	memcpy(p.command, command, p.command_len);
	return p;
}

static void empty_filter_lets_every_process_through(void **state)
{
	struct process_filter f = {0};
	struct process p = process(1, "init");

	(void)state;
	assert_true(process_filter_match(&f, &p, 3));
	assert_true(process_filter_match(&f, &p, -1));
	assert_true(process_filter_match_unheld(&f, 0, false));
	assert_false(process_filter_chooses(&f));
	assert_false(process_filter_is_contradictory(&f));
	process_filter_free(&f);
	process_filter_free(&f);
}

static void command_is_matched(void **state)
{
	static const char sixty_four[] =
		"kworker/0123456789-0123456789-0123456789-0123456789-0123456789xy";
	static const struct {
		const char *words[4];
		const char *command;
		bool expected;
	} cases[] = {
		/* By its beginning. */
		{{"nginx"}, "nginx", true},
		{{"ng"}, "nginx", true},
		{{"nginx"}, "ngin", false},
		{{"ginx"}, "nginx", false},
		{{"Nginx"}, "nginx", false},
		{{"a,b"}, "a,bc", true},
		{{"a b"}, "a b", true},
		{{"ng", "apache"}, "apache2", true},
		/* The kernel keeps 15 bytes of a name. */
		{{"systemd-resolved"}, "systemd-resolve", true},
		{{"systemd-resolve!!"}, "systemd-resolve", true},
		{{"systemd-resolvX"}, "systemd-resolve", false},
		{{"systemd-resolved"}, "systemd-resolv", false},
		{{"kworker/0123456789-0"}, sixty_four, true},
		{{"kworker/0123456789-1"}, sixty_four, false},
		{{"kworker/0123456789X"}, "kworker/0123456789", false},
		/* Left out. */
		{{"^nginx"}, "nginx", false},
		{{"^nginx"}, "apache", true},
		{{"ng", "^ngi"}, "nginx", false},
		{{"ng", "^ngi"}, "ngrok", true},
		{{"ng", "^ngi"}, "apache", false},
		{{"^^x"}, "^x", false},
		/* By regular expression. */
		{{"/inx/"}, "nginx", true},
		{{"/^inx/"}, "nginx", false},
		{{"/^ng.*x$/"}, "nginx", true},
		{{"/NGINX/"}, "nginx", false},
		{{"/NGINX/i"}, "nginx", true},
		{{"/^(a|b)+$/"}, "abba", true},
		{{"/^(a|b)+$/x"}, "abba", true},
		{{"/^(a|b)+$/b"}, "abba", false},
		{{"/^\\(a\\)\\1$/b"}, "aa", true},
		{{"/^\\(A\\)\\1$/bi"}, "aa", true},
		{{"/a/b/"}, "a/b", true},
		{{"^/inx/"}, "nginx", false},
		{{"^/inx/"}, "apache", true},
		{{"/x$/"}, sixty_four, false},
		{{"/xy$/"}, sixty_four, true},
		{{"/^$/"}, "", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct values values = {PROCESS_KEY_COMMAND, {NULL}};
		struct process p = process(42, cases[i].command);
		struct process_filter f;
		memcpy(values.words, cases[i].words, sizeof(values.words));
		build(&f, &values, 1);
		if (process_filter_match(&f, &p, 3) != cases[i].expected)
			fail_msg("wrong answer to '%s' for '%s'", cases[i].words[0],
				 cases[i].command);
		process_filter_free(&f);
	}
}

static void bad_values_are_refused(void **state)
{
	static const struct {
		enum process_key key;
		const char *word;
	} cases[] = {
		{PROCESS_KEY_COMMAND, ""},         {PROCESS_KEY_COMMAND, "^"},
		{PROCESS_KEY_COMMAND, "/"},        {PROCESS_KEY_COMMAND, "/abc"},
		{PROCESS_KEY_COMMAND, "^/abc"},    {PROCESS_KEY_COMMAND, "/abc/z"},
		{PROCESS_KEY_COMMAND, "/abc/I"},   {PROCESS_KEY_COMMAND, "/(/"},
		{PROCESS_KEY_COMMAND, "/[a/"},     {PROCESS_KEY_COMMAND, "/a\\/"},
		{PROCESS_KEY_PID, ""},             {PROCESS_KEY_PID, "^"},
		{PROCESS_KEY_PID, "x"},            {PROCESS_KEY_PID, "1x"},
		{PROCESS_KEY_PID, "-1"},           {PROCESS_KEY_PID, "+1"},
		{PROCESS_KEY_PID, " 1"},           {PROCESS_KEY_PID, "1-2"},
		{PROCESS_KEY_PID, "^^1"},          {PROCESS_KEY_PID, "2147483648"},
		{PROCESS_KEY_PGID, "1-2"},         {PROCESS_KEY_PGID, "99999999999999999999"},
		{PROCESS_KEY_FD, "5-3"},           {PROCESS_KEY_FD, "3-"},
		{PROCESS_KEY_FD, "-3"},            {PROCESS_KEY_FD, "3-5-7"},
		{PROCESS_KEY_FD, "3u"},            {PROCESS_KEY_FD, "2147483648"},
		{PROCESS_KEY_FD, "0-2147483648"},  {PROCESS_KEY_USER, ""},
		{PROCESS_KEY_USER, "^"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct process_filter f = {0};
		const char *why;
		if (add(&f, cases[i].key, cases[i].word, &why) != -EINVAL)
			fail_msg("taken: '%s'", cases[i].word);
		assert_non_null(why);
		assert_false(process_filter_chooses(&f));
		process_filter_free(&f);
	}
}

static void regex_longer_than_1024_bytes_is_refused(void **state)
{
	struct process_filter f = {0};
	char text[1026];
	const char *why = NULL;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = text[1023] = text[1024] = '/';
	assert_int_equal(process_filter_add(&f, PROCESS_KEY_COMMAND, text, 1024, 0, &why), 0);
	assert_int_equal(process_filter_add(&f, PROCESS_KEY_COMMAND, text, 1025, 0, &why), -EINVAL);
	assert_string_equal(why, "the regular expression is too long");
	process_filter_free(&f);
}

static void user_name_longer_than_any_is_refused(void **state)
{
	struct process_filter f = {0};
	const char *why = NULL;
	char name[300];

	(void)state;
	memset(name, 'u', sizeof(name));
	assert_int_equal(process_filter_add(&f, PROCESS_KEY_USER, name, sizeof(name), 0, &why),
			 -EINVAL);
	assert_string_equal(why, "no such user");
	process_filter_free(&f);
}

static void numbers_are_matched(void **state)
{
	static const struct {
		struct values values;
		pid_t pid; /* its group is the next ten below */
		int fd;
		bool expected;
	} cases[] = {
		{{PROCESS_KEY_PID, {"42"}}, 42, 3, true},
		{{PROCESS_KEY_PID, {"42"}}, 43, 3, false},
		{{PROCESS_KEY_PID, {"42", "43"}}, 43, 3, true},
		{{PROCESS_KEY_PID, {"^42"}}, 42, 3, false},
		{{PROCESS_KEY_PID, {"^42"}}, 43, 3, true},
		{{PROCESS_KEY_PID, {"42", "43", "^43"}}, 43, 3, false},
		{{PROCESS_KEY_PGID, {"40"}}, 42, 3, true},
		{{PROCESS_KEY_PGID, {"^40"}}, 42, 3, false},
		{{PROCESS_KEY_PGID, {"42"}}, 42, 3, false},
		{{PROCESS_KEY_USER, {"1000"}}, 42, 3, true},
		{{PROCESS_KEY_USER, {"^1000"}}, 42, 3, false},
		{{PROCESS_KEY_USER, {"4294967295"}}, 42, 3, false},
		{{PROCESS_KEY_FD, {"3-5"}}, 42, 2, false},
		{{PROCESS_KEY_FD, {"3-5"}}, 42, 3, true},
		{{PROCESS_KEY_FD, {"3-5"}}, 42, 5, true},
		{{PROCESS_KEY_FD, {"3-5"}}, 42, 6, false},
		{{PROCESS_KEY_FD, {"3-3"}}, 42, 3, true},
		{{PROCESS_KEY_FD, {"1", "7-9"}}, 42, 8, true},
		{{PROCESS_KEY_FD, {"0-9", "^3-5"}}, 42, 4, false},
		{{PROCESS_KEY_FD, {"0-9", "^3-5"}}, 42, 6, true},
		{{PROCESS_KEY_FD, {"^3-5"}}, 42, 4, false},
		{{PROCESS_KEY_FD, {"^3-5"}}, 42, 6, true},
		/* Before descriptors are known they decide nothing. */
		{{PROCESS_KEY_FD, {"3-5"}}, 42, -1, true},
		{{PROCESS_KEY_FD, {"^0-9"}}, 42, -1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct process p = process(cases[i].pid, "x");
		struct process_filter f;
		build(&f, &cases[i].values, 1);
		if (process_filter_match(&f, &p, cases[i].fd) != cases[i].expected)
			fail_msg("wrong answer to '%s' (case %zu)", cases[i].values.words[0], i);
		process_filter_free(&f);
	}
}

static void every_kind_must_hold(void **state)
{
	static const struct values values[] = {{PROCESS_KEY_PID, {"42", "43"}},
					       {PROCESS_KEY_COMMAND, {"ng"}},
					       {PROCESS_KEY_FD, {"3"}}};
	struct process nginx = process(42, "nginx"), other = process(43, "apache"),
		       third = process(44, "nginx");
	struct process_filter f;

	(void)state;
	build(&f, values, COUNT(values));
	assert_true(process_filter_match(&f, &nginx, 3));
	assert_false(process_filter_match(&f, &nginx, 4));
	assert_false(process_filter_match(&f, &other, 3));
	assert_false(process_filter_match(&f, &third, 3));
	assert_true(process_filter_chooses(&f));
	process_filter_free(&f);
}

static void contradictions_are_found(void **state)
{
	static const struct {
		struct values values;
		bool expected;
	} cases[] = {
		{{PROCESS_KEY_PID, {"42", "^42"}}, true},
		{{PROCESS_KEY_PID, {"^42", "42"}}, true},
		{{PROCESS_KEY_PID, {"42", "43", "^42"}}, false},
		{{PROCESS_KEY_PID, {"42", "43", "^43", "^42"}}, true},
		{{PROCESS_KEY_PID, {"^42"}}, false},
		{{PROCESS_KEY_FD, {"3-5", "^0-9"}}, true},
		{{PROCESS_KEY_FD, {"3-5", "^4"}}, false},
		{{PROCESS_KEY_FD, {"3-5", "^4-9"}}, false},
		{{PROCESS_KEY_USER, {"1000", "^01000"}}, true},
		/* A shorter beginning leaves out more. */
		{{PROCESS_KEY_COMMAND, {"nginx", "^ng"}}, true},
		{{PROCESS_KEY_COMMAND, {"ng", "^nginx"}}, false},
		{{PROCESS_KEY_COMMAND, {"/a/", "^/a/"}}, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct process_filter f;
		build(&f, &cases[i].values, 1);
		assert_int_equal(process_filter_is_contradictory(&f), cases[i].expected);
		process_filter_free(&f);
	}
}

static void kinds_do_not_contradict_each_other(void **state)
{
	static const struct values values[] = {{PROCESS_KEY_PID, {"42"}},
					       {PROCESS_KEY_PGID, {"^42"}},
					       {PROCESS_KEY_FD, {"^42"}}};
	struct process_filter f;

	(void)state;
	build(&f, values, COUNT(values));
	assert_false(process_filter_is_contradictory(&f));
	process_filter_free(&f);
}

static void unheld_is_matched_by_owner(void **state)
{
	static const struct {
		struct values values;
		bool mine, other, unknown; /* owner 1000, 1001, not known */
	} cases[] = {
		{{PROCESS_KEY_USER, {"1000"}}, true, false, false},
		{{PROCESS_KEY_USER, {"1000", "1001"}}, true, true, false},
		{{PROCESS_KEY_USER, {"^1000"}}, false, true, true},
		{{PROCESS_KEY_USER, {"1000", "^1000"}}, false, false, false},
		{{PROCESS_KEY_PID, {"42"}}, false, false, false},
		{{PROCESS_KEY_PGID, {"42"}}, false, false, false},
		{{PROCESS_KEY_COMMAND, {"x"}}, false, false, false},
		{{PROCESS_KEY_FD, {"3"}}, false, false, false},
		{{PROCESS_KEY_PID, {"^42"}}, true, true, true},
		{{PROCESS_KEY_COMMAND, {"^/./"}}, true, true, true},
		{{PROCESS_KEY_FD, {"^3"}}, true, true, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct process_filter f;
		build(&f, &cases[i].values, 1);
		assert_int_equal(process_filter_match_unheld(&f, 1000, true), cases[i].mine);
		assert_int_equal(process_filter_match_unheld(&f, 1001, true), cases[i].other);
		assert_int_equal(process_filter_match_unheld(&f, 1000, false), cases[i].unknown);
		process_filter_free(&f);
	}
}

static void rule_keeps_its_item(void **state)
{
	struct process_filter f = {0};
	struct process p = process(42, "nginx");
	const char *why;

	(void)state;
	assert_int_equal(process_filter_add(&f, PROCESS_KEY_PID, "42,", 2, 7, &why), 0);
	assert_int_equal(f.len, 1);
	assert_int_equal(f.v[0].item, 7);
	assert_true(process_rule_match(&f.v[0], &p, 3));
	/* The sign of ^ aside. */
	assert_int_equal(add(&f, PROCESS_KEY_FD, "^4", &why), 0);
	assert_true(process_rule_match(&f.v[1], &p, 4));
	assert_false(process_rule_match(&f.v[1], &p, 3));
	process_filter_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_filter_lets_every_process_through),
		cmocka_unit_test(command_is_matched),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(regex_longer_than_1024_bytes_is_refused),
		cmocka_unit_test(user_name_longer_than_any_is_refused),
		cmocka_unit_test(numbers_are_matched),
		cmocka_unit_test(every_kind_must_hold),
		cmocka_unit_test(contradictions_are_found),
		cmocka_unit_test(kinds_do_not_contradict_each_other),
		cmocka_unit_test(unheld_is_matched_by_owner),
		cmocka_unit_test(rule_keeps_its_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
