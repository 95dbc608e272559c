/* The states of -s. */
#include "fixture.h"
#include "state_list.h"

static void match_follows_includes_and_excludes(void **state)
{
	static const struct {
		const char *text;
		bool tcp_listen, tcp_established, udp_established, unix_listen;
	} cases[] = {
		{"LISTEN", true, false, false, true},
		{"listening", true, false, false, true},
		{"LISTEN,ESTAB", true, true, true, true},
		{"TCP:LISTEN", true, false, false, false},
		{"tcp:LISTEN,ESTABLISHED", true, true, false, false},
		{"TCP:LISTEN,UDP:ESTABLISHED", true, false, true, false},
		{"TCP:LISTEN,ESTABLISHED,UNIX:LISTEN", true, true, false, true},
		{"^LISTEN", false, true, true, false},
		{"^TCP:LISTEN", false, true, true, true},
		{"TCP:^LISTEN", false, true, true, true},
		{"^TCP:LISTEN,ESTABLISHED", false, true, false, false},
		{"LISTEN,^UNIX:LISTEN", true, false, false, false},
		{"^TIME_WAIT", true, true, true, true},
		{"TIME-WAIT", false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct state_list list = {0};
		const char *why;
		assert_int_equal(state_list_add(&list, cases[i].text, &why), 0);
		if (state_list_match(&list, SOCK_PROTO_TCP, SOCK_STATE_LISTEN) != cases[i].tcp_listen ||
		    state_list_match(&list, SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED) !=
			    cases[i].tcp_established ||
		    state_list_match(&list, SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED) !=
			    cases[i].udp_established ||
		    state_list_match(&list, SOCK_PROTO_UNIX, SOCK_STATE_LISTEN) !=
			    cases[i].unix_listen)
			fail_msg("wrong answer to '%s'", cases[i].text);
	}
}

static void empty_list_lets_everything_through(void **state)
{
	struct state_list list = {0};

	(void)state;
	assert_true(state_list_match(&list, SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT));
	assert_true(state_list_match(&list, SOCK_PROTO_OTHER, SOCK_STATE_UNKNOWN));
}

static void values_add_up(void **state)
{
	struct state_list list = {0};
	const char *why;

	(void)state;
	assert_int_equal(state_list_add(&list, "TCP:LISTEN", &why), 0);
	assert_int_equal(state_list_add(&list, "CLOSE_WAIT", &why), 0);
	assert_true(state_list_match(&list, SOCK_PROTO_TCP, SOCK_STATE_LISTEN));
	/* A protocol counts for its own value only. */
	assert_true(state_list_match(&list, SOCK_PROTO_MPTCP, SOCK_STATE_CLOSE_WAIT));
	assert_false(state_list_match(&list, SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN));
}

static void protocols_of_includes_are_kept(void **state)
{
	struct state_list list = {0};
	const char *why;

	(void)state;
	assert_int_equal(state_list_add(&list, "LISTEN,^UDP:UNCONNECTED", &why), 0);
	assert_int_equal(list.protos, 0);
	assert_true(list.any_included);
	assert_int_equal(state_list_add(&list, "UNIX:CONNECTED", &why), 0);
	assert_int_equal(list.protos, SOCK_PROTO_BIT(SOCK_PROTO_UNIX));
}

static void bad_states_are_refused(void **state)
{
	static const char *const texts[] = {"",        "^",          "BOGUS",  "LISTEN,",   ",LISTEN",
					    "TCP:",    "BOGUS:LISTEN", ":LISTEN", "TCP:BOGUS", "LIST",
					    "LISTEN ", "^^LISTEN",   "TCP:^",  "TCP:UDP:LISTEN"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct state_list list = {0};
		const char *why = NULL;
		if (state_list_add(&list, texts[i], &why) != -EINVAL)
			fail_msg("taken: '%s'", texts[i]);
		assert_non_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(match_follows_includes_and_excludes),
		cmocka_unit_test(empty_list_lets_everything_through),
		cmocka_unit_test(values_add_up),
		cmocka_unit_test(protocols_of_includes_are_kept),
		cmocka_unit_test(bad_states_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
