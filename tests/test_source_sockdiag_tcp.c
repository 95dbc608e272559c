/* The netlink source: the older request for TCP, which is answered for both families. */
#define _GNU_SOURCE
#include "sockdiag_kernel.h"

#define BIT SOCK_PROTO_BIT
#define TCP_BIT BIT(SOCK_PROTO_TCP)
#define UDP_BIT BIT(SOCK_PROTO_UDP)
#define MPTCP_BIT BIT(SOCK_PROTO_MPTCP)
#define UNIX_BIT BIT(SOCK_PROTO_UNIX)
#define EVERYTHING (BIT(SOCK_PROTO_OTHER) - 1)

/* Both state groups, by the request that each family is asked with. */
#define FAMILIES_WAITING "2/6 2400:0|10/6 2400:0|"
#define FAMILIES_REST "2/6 1bff:0|10/6 1bff:0|"

static const uint16_t two_ports[] = {80, 4660};

/* Read, and compare the requests. */
static void read_asked(struct sd_script s, struct sd_reader *r, const char *expected)
{
	assert_int_equal(sd_read(&s, r), 0);
	assert_buf(&r->asked, expected);
}

static void check_asked(struct sd_script s, struct sd_reader r, const char *expected)
{
	s.knows_tcp_request = true;
	read_asked(s, &r, expected);
	assert_int_equal(r.st.refused, 0);
	assert_int_equal(r.st.tables, r.requests);
	sd_reader_free(&r);
}

/* struct inet_diag_req, as the kernel has it. */
static void request_has_the_kernels_layout(void **state)
{
	static const uint32_t none[4];
	struct sd_script s = {.knows_tcp_request = true};
	struct sd_reader r = {.protos = TCP_BIT, .states = SOCK_STATE_BIT(SOCK_STATE_LISTEN),
			      .ports = two_ports + 1, .ports_len = 1};
	struct source_sink sink = {.ctx = &r, .take = sd_take, .wants_states = sd_wants_states,
				   .wants_ports = sd_wants_ports};
	struct source_request rq = {.protos = TCP_BIT, .sink = &sink};
	struct nl_bytes expected = {0};
	struct nl_kernel k;

	(void)state;
	nl_bytes_add(&expected, ((const uint8_t[]){AF_INET, 0, 0, 0}), 4);
	nl_bytes_add(&expected, "\x12\x34\0\0", 4); /* ports 4660 and any, in network byte order */
	nl_bytes_add(&expected, none, 16);          /* addresses */
	nl_bytes_add(&expected, none, 16);
	nl_bytes_add(&expected, none, 4);           /* interface */
	nl_bytes_add(&expected, "\xff\xff\xff\xff\xff\xff\xff\xff", 8); /* cookie */
	nl_bytes_add(&expected, ((const uint32_t[]){1U << 10, 0}), 8);  /* states, dbs */

	nl_kernel_start(&k, sd_answer, &s);
	rq.fd = k.fd;
	assert_int_equal(source_sockdiag_read(&rq, &r.st), 0);
	nl_kernel_wait(&k);
	assert_int_equal(k.seen->count, 1);
	assert_int_equal(k.seen->v[0].h.type, 18);
	assert_int_equal(k.seen->v[0].h.len, sizeof(struct nl_header) + 60);
	assert_int_equal(k.seen->v[0].len, expected.len);
	assert_memory_equal(k.seen->v[0].body, expected.data, expected.len);
	nl_kernel_free(&k);
	sd_reader_free(&r);
}

static void one_request_is_made_where_families_would_take_two(void **state)
{
	const uint32_t all = SOCK_STATES_WAITING | SOCK_STATE_BIT(SOCK_STATE_ESTABLISHED) |
			     SOCK_STATE_BIT(SOCK_STATE_SYN_RECV);
	struct sd_reader r = {.protos = TCP_BIT, .states = all,
			      .states_after = SOCK_STATES_WAITING};

	(void)state;
	check_asked((struct sd_script){.error = 0}, (struct sd_reader){.protos = TCP_BIT},
		    "tcp 2400:0|tcp 1bff:0|");
	/* What waits was found: nothing else is wanted. */
	check_asked((struct sd_script){.error = 0}, r, "tcp 2400:0|");
	/* A request in SYN_RECV has a state of its own. */
	check_asked((struct sd_script){.is_empty = true}, r, "tcp 2400:0|tcp 100a:0|");
	r.states = r.states_after = SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT);
	check_asked((struct sd_script){.error = 0}, r, "tcp 40:0|");
}

static void each_port_is_asked_for_once(void **state)
{
	static const uint16_t many[] = {1, 2, 3, 4, 5};
	struct sd_reader r = {.protos = TCP_BIT, .ports = two_ports, .ports_len = 2};

	(void)state;
	check_asked((struct sd_script){.error = 0}, r,
		    "tcp 2400:80|tcp 2400:4660|tcp 1bff:80|tcp 1bff:4660|");
	r.ports = many;
	r.ports_len = COUNT(many); /* one walk costs less */
	check_asked((struct sd_script){.error = 0}, r, "tcp 2400:0|tcp 1bff:0|");
}

static void other_protocols_are_asked_by_family(void **state)
{
	(void)state;
	check_asked((struct sd_script){.error = 0}, (struct sd_reader){.protos = EVERYTHING},
		    "tcp 2400:0|2/17 ffffffff:0|10/17 ffffffff:0|"
		    "2/136 ffffffff:0|10/136 ffffffff:0|2/255 ffffffff:0|10/255 ffffffff:0|"
		    "2/255 2400:0+262|10/255 2400:0+262|2/132 ffffffff:0|10/132 ffffffff:0|"
		    "tcp 1bff:0|2/255 1bff:0+262|10/255 1bff:0+262|"
		    "1/0 ffffffff show 57|16/255 show 0|17/0 show 1|40/0 ffffffff show 0|"
		    "44/0 show 1|");
	check_asked((struct sd_script){.error = 0},
		    (struct sd_reader){.protos = MPTCP_BIT | UDP_BIT},
		    "2/17 ffffffff:0|10/17 ffffffff:0|2/255 2400:0+262|10/255 2400:0+262|"
		    "2/255 1bff:0+262|10/255 1bff:0+262|");
}

static void answer_gives_records_of_both_families(void **state)
{
	struct sd_script s = {.knows_tcp_request = true};
	struct sd_reader r = {.protos = TCP_BIT, .ports = two_ports + 1, .ports_len = 1};

	(void)state;
	read_asked(s, &r, "tcp 2400:4660|tcp 1bff:4660|");
	assert_int_equal(r.st.tables, 2);
	assert_int_equal(r.socks.len, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct sock *sock = &r.socks.v[i];
		assert_int_equal(sock->proto, SOCK_PROTO_TCP);
		assert_int_equal(sock->local.family, i % 2 ? AF_INET6 : AF_INET);
		assert_int_equal(sock->local.port, 4660);
		assert_int_equal(sock->state, i < 2 ? SOCK_STATE_LISTEN : SOCK_STATE_ESTABLISHED);
		assert_int_equal(sock->inode, SD_FIRST_INODE + i / 2 + (i % 2 ? SD_V6_INODE : 0));
		assert_true(sock->uid_known);
		assert_false(sock->is_scanned);
	}
	sd_reader_free(&r);
}

static void refusal_makes_us_ask_by_family(void **state)
{
	static const int errors[] = {-EOPNOTSUPP, -EINVAL, -EPERM, -EACCES, -ENOENT};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		for (int late = 0; late < 2; late++) {
			struct sd_script s = {.knows_tcp_request = true, .tcp_error = errors[i],
					      .late = late};
			struct sd_reader r = {.protos = TCP_BIT | UNIX_BIT};
			/* Not for the second states once more. */
			read_asked(s, &r, "tcp 2400:0|" FAMILIES_WAITING FAMILIES_REST
					  "1/0 ffffffff show 57|");
			assert_int_equal(r.st.refused, 0);
			assert_int_equal(r.st.tables, 5);
			/* Nothing of what came before the refusal stays. */
			assert_int_equal(r.socks.len, 5);
			for (size_t j = 0; j < 5; j++)
				assert_int_equal(r.socks.v[j].inode, SD_FIRST_INODE + 1 + j);
			sd_reader_free(&r);
		}
	}
}

static void refused_request_is_not_tried_for_the_next_port(void **state)
{
	struct sd_script s = {.knows_tcp_request = true, .tcp_error = -EOPNOTSUPP};
	struct sd_reader r = {.protos = TCP_BIT, .ports = two_ports, .ports_len = 2}, again = r;

	(void)state;
	read_asked(s, &r, "tcp 2400:80|2/6 2400:80|10/6 2400:80|2/6 2400:4660|10/6 2400:4660|"
			  "2/6 1bff:80|10/6 1bff:80|2/6 1bff:4660|10/6 1bff:4660|");
	assert_int_equal(r.st.refused, 0);
	assert_int_equal(r.socks.len, 8);
	sd_reader_free(&r);
	/* Another reading may have another kernel's answer: it asks anew. */
	again.ports_len = 1;
	check_asked((struct sd_script){.error = 0}, again, "tcp 2400:80|tcp 1bff:80|");
}

static void malformed_records_before_a_refusal_do_not_count(void **state)
{
	struct sd_script s = {.knows_tcp_request = true, .tcp_error = -EPERM, .late = true,
			      .malformed = 3};
	struct sd_reader r = {.protos = TCP_BIT};

	(void)state;
	read_asked(s, &r, "tcp 2400:0|" FAMILIES_WAITING FAMILIES_REST);
	assert_int_equal(r.st.malformed, 4 * 3);
	sd_reader_free(&r);
	s = (struct sd_script){.knows_tcp_request = true, .malformed = 3};
	struct sd_reader whole = {.protos = TCP_BIT};
	read_asked(s, &whole, "tcp 2400:0|tcp 1bff:0|");
	assert_int_equal(whole.st.malformed, 2 * 3);
	assert_int_equal(whole.socks.len, 4);
	sd_reader_free(&whole);
}

static void families_can_be_refused_after_it(void **state)
{
	static const struct {
		uint8_t family; /* that is refused, 0: any */
		const char *expected;
	} cases[] = {
		{0, "tcp 2400:0|2/6 2400:0|2/17 ffffffff:0|10/17 ffffffff:0|"},
		{AF_INET6, "tcp 2400:0|" FAMILIES_WAITING "2/17 ffffffff:0|10/17 ffffffff:0|"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sd_script s = {.knows_tcp_request = true, .tcp_error = -EINVAL,
				      .error = -ENOENT, .family = cases[i].family, .number = 6};
		struct sd_reader r = {.protos = TCP_BIT | UDP_BIT};
		read_asked(s, &r, cases[i].expected);
		assert_int_equal(r.st.refused, TCP_BIT); /* text is asked for it */
		assert_int_equal(r.socks.len, 2);
		assert_int_equal(r.socks.v[0].proto, SOCK_PROTO_UDP);
		sd_reader_free(&r);
	}
}

/* Where a request has no end, none of the others would. */
static void dead_socket_is_not_asked_by_family(void **state)
{
	static const struct sd_script scripts[] = {
		{.knows_tcp_request = true, .is_silent = true}, /* a sandbox swallows it */
		{.knows_tcp_request = true, .is_gone = true},
		{.knows_tcp_request = true, .is_broken = true},
		{.knows_tcp_request = true, .tcp_error = -EBUSY},
		{.knows_tcp_request = true, .tcp_error = -EIO, .late = true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		struct sd_reader r = {.protos = TCP_BIT | UDP_BIT | UNIX_BIT};
		read_asked(scripts[i], &r, "tcp 2400:0|");
		assert_int_equal(r.st.refused, TCP_BIT | UDP_BIT | UNIX_BIT);
		assert_int_equal(r.st.tables, 0);
		assert_int_equal(r.socks.len, 0);
		sd_reader_free(&r);
	}
}

static void interrupted_dump_is_repeated_and_nothing_doubled(void **state)
{
	(void)state;
	for (size_t times = 1; times < 4; times++) {
		struct sd_script s = {.knows_tcp_request = true, .interrupted = times,
				      .malformed = 2};
		struct sd_reader r = {.protos = TCP_BIT, .states = SOCK_STATES_WAITING,
				      .states_after = SOCK_STATES_WAITING};
		assert_int_equal(sd_read(&s, &r), 0);
		assert_int_equal(r.requests, times + 1);
		assert_int_equal(r.st.tables, 1);
		assert_int_equal(r.st.malformed, 2);
		assert_int_equal(r.socks.len, 2);
		assert_int_equal(r.socks.v[0].inode, SD_FIRST_INODE + times);
		assert_int_equal(r.socks.v[1].inode, SD_FIRST_INODE + times + SD_V6_INODE);
		sd_reader_free(&r);
	}
}

static void error_of_the_sink_ends_the_reading(void **state)
{
	/* Also such as would be a refusal of the kernel's. */
	static const int errors[] = {-ENOMEM, -EPERM, -EOPNOTSUPP};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		for (size_t stop_at = 1; stop_at <= 4; stop_at++) {
			struct sd_script s = {.knows_tcp_request = true};
			struct sd_reader r = {.protos = TCP_BIT | UNIX_BIT, .stop_at = stop_at,
					      .error = errors[i]};
			assert_int_equal(sd_read(&s, &r), errors[i]);
			assert_int_equal(r.st.refused, 0);
			assert_int_equal(r.requests, (stop_at + 1) / 2);
			sd_reader_free(&r);
		}
	}
}

static void lack_of_memory_in_the_kernel_is_an_error(void **state)
{
	struct sd_script s = {.knows_tcp_request = true, .tcp_error = -ENOMEM};
	struct sd_reader r = {.protos = TCP_BIT | UNIX_BIT};

	(void)state;
	assert_int_equal(sd_read(&s, &r), -ENOMEM);
	assert_buf(&r.asked, "tcp 2400:0|");
	sd_reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_has_the_kernels_layout),
		cmocka_unit_test(one_request_is_made_where_families_would_take_two),
		cmocka_unit_test(each_port_is_asked_for_once),
		cmocka_unit_test(other_protocols_are_asked_by_family),
		cmocka_unit_test(answer_gives_records_of_both_families),
		cmocka_unit_test(refusal_makes_us_ask_by_family),
		cmocka_unit_test(refused_request_is_not_tried_for_the_next_port),
		cmocka_unit_test(malformed_records_before_a_refusal_do_not_count),
		cmocka_unit_test(families_can_be_refused_after_it),
		cmocka_unit_test(dead_socket_is_not_asked_by_family),
		cmocka_unit_test(interrupted_dump_is_repeated_and_nothing_doubled),
		cmocka_unit_test(error_of_the_sink_ends_the_reading),
		cmocka_unit_test(lack_of_memory_in_the_kernel_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
