/* The netlink source: what it asks the kernel for which wants, and in which order. */
#define _GNU_SOURCE
#include "sockdiag_kernel.h"
#include "sock_info.h"

#define BIT SOCK_PROTO_BIT
#define TCP_BIT BIT(SOCK_PROTO_TCP)
#define UDP_BIT BIT(SOCK_PROTO_UDP)
#define UNIX_BIT BIT(SOCK_PROTO_UNIX)
#define EVERYTHING (BIT(SOCK_PROTO_OTHER) - 1)

static void check_asked(struct sd_script s, struct sd_reader r, const char *expected)
{
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.st.refused, 0);
	assert_int_equal(r.st.tables, r.requests);
	assert_int_equal(r.socks.len, s.is_empty ? 0 : r.requests);
	assert_buf(&r.asked, expected);
	sd_reader_free(&r);
}

static void what_waits_is_asked_for_first_of_both_families(void **state)
{
	(void)state;
	check_asked((struct sd_script){.error = 0}, (struct sd_reader){.protos = EVERYTHING},
		    "2/6 2400:0|10/6 2400:0|2/17 ffffffff:0|10/17 ffffffff:0|"
		    "2/136 ffffffff:0|10/136 ffffffff:0|2/255 ffffffff:0|10/255 ffffffff:0|"
		    "2/255 2400:0+262|10/255 2400:0+262|2/132 ffffffff:0|10/132 ffffffff:0|"
		    "2/6 1bff:0|10/6 1bff:0|2/255 1bff:0+262|10/255 1bff:0+262|"
		    "1/0 ffffffff show 57|16/255 show 0|17/0 show 1|40/0 ffffffff show 0|"
		    "44/0 show 1|");
	check_asked((struct sd_script){.error = 0}, (struct sd_reader){.protos = 0}, "");
	check_asked((struct sd_script){.error = 0}, (struct sd_reader){.protos = UNIX_BIT},
		    "1/0 ffffffff show 57|");
}

static void connections_are_asked_for_if_they_are_wanted_still(void **state)
{
	const uint32_t all = SOCK_STATES_WAITING | SOCK_STATE_BIT(SOCK_STATE_ESTABLISHED) |
			     SOCK_STATE_BIT(SOCK_STATE_SYN_RECV);
	struct sd_reader r = {.protos = TCP_BIT, .states = all, .states_after = SOCK_STATES_WAITING};

	(void)state;
	/* A listener was found in the first dump. */
	check_asked((struct sd_script){.error = 0}, r, "2/6 2400:0|10/6 2400:0|");
	/* None was. A request in SYN_RECV has a state of its own. */
	check_asked((struct sd_script){.is_empty = true}, r,
		    "2/6 2400:0|10/6 2400:0|2/6 100a:0|10/6 100a:0|");
	r.states_after = all;
	check_asked((struct sd_script){.error = 0}, r,
		    "2/6 2400:0|10/6 2400:0|2/6 100a:0|10/6 100a:0|");
}

static void states_that_nobody_wants_are_not_asked_for(void **state)
{
	static const struct {
		uint32_t states;
		const char *expected;
	} cases[] = {
		{SOCK_STATE_BIT(SOCK_STATE_LISTEN), "2/6 400:0|10/6 400:0|"},
		{SOCK_STATE_BIT(SOCK_STATE_BOUND), "2/6 2000:0|10/6 2000:0|"},
		{SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT), "2/6 40:0|10/6 40:0|"},
		{SOCK_STATE_BIT(SOCK_STATE_CONNECTED), ""}, /* of unix */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sd_reader r = {.protos = TCP_BIT, .states = cases[i].states,
				   .states_after = cases[i].states};
		check_asked((struct sd_script){.error = 0}, r, cases[i].expected);
	}
}

static void single_ports_are_asked_for_each_in_both_families(void **state)
{
	static const uint16_t ports[] = {80, 4660, 65535, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
	struct sd_reader r = {.protos = UDP_BIT, .ports = ports};

	(void)state;
	r.ports_len = 3;
	check_asked((struct sd_script){.error = 0}, r,
		    "2/17 ffffffff:80|10/17 ffffffff:80|2/17 ffffffff:4660|"
		    "10/17 ffffffff:4660|2/17 ffffffff:65535|10/17 ffffffff:65535|");
	r.ports_len = 0;
	check_asked((struct sd_script){.error = 0}, r, "2/17 ffffffff:0|10/17 ffffffff:0|");
	r.ports_len = COUNT(ports); /* more than anybody would ask for one by one */
	check_asked((struct sd_script){.error = 0}, r, "2/17 ffffffff:0|10/17 ffffffff:0|");
	r.ports_len = 1;
	r.protos = TCP_BIT | UNIX_BIT;
	check_asked((struct sd_script){.error = 0}, r,
		    "2/6 2400:80|10/6 2400:80|2/6 1bff:80|10/6 1bff:80|1/0 ffffffff show 57|");
}

/* INET_DIAG_INFO, _CONG, _TOS, _TCLASS and _SKMEMINFO; the memory of other families. */
static void details_are_asked_for_if_they_are_wanted(void **state)
{
	struct sd_script script = {.knows_tcp_request = true};
	struct sd_reader r = {.protos = EVERYTHING & ~BIT(SOCK_PROTO_MPTCP), .details = true};

	(void)state;
	assert_int_equal(sd_read(&script, &r), 0);
	assert_buf(&r.asked,
		   "tcp 2400:0 ext 7a|2/17 ffffffff:0 ext 7a|10/17 ffffffff:0 ext 7a|"
		   "2/136 ffffffff:0 ext 7a|10/136 ffffffff:0 ext 7a|2/255 ffffffff:0 ext 7a|"
		   "10/255 ffffffff:0 ext 7a|2/132 ffffffff:0 ext 7a|10/132 ffffffff:0 ext 7a|"
		   "tcp 1bff:0 ext 7a|1/0 ffffffff show 77|16/255 show 1|17/0 show 11|"
		   "40/0 ffffffff show 0|44/0 show 9|");
	for (size_t i = 0; i < r.socks.len; i++) {
		const struct sock *s = &r.socks.v[i];
		bool is_inet = SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET;
		assert_int_equal(s->info != NULL, is_inet);
		if (is_inet)
			assert_string_equal(s->info->congestion, "cubic");
	}
	sd_reader_free(&r);
}

static void nobody_gets_details_unasked(void **state)
{
	struct sd_script script = {.error = 0};
	struct sd_reader r = {.protos = TCP_BIT | UNIX_BIT};

	(void)state;
	assert_int_equal(sd_read(&script, &r), 0);
	for (size_t i = 0; i < r.socks.len; i++)
		assert_null(r.socks.v[i].info);
	sd_reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_waits_is_asked_for_first_of_both_families),
		cmocka_unit_test(connections_are_asked_for_if_they_are_wanted_still),
		cmocka_unit_test(states_that_nobody_wants_are_not_asked_for),
		cmocka_unit_test(single_ports_are_asked_for_each_in_both_families),
		cmocka_unit_test(details_are_asked_for_if_they_are_wanted),
		cmocka_unit_test(nobody_gets_details_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
