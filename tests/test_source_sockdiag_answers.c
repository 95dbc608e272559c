/* The netlink source: what becomes of answers, refusals and errors. */
#define _GNU_SOURCE
#include "sockdiag_kernel.h"

#include <net/if.h>

#define BIT SOCK_PROTO_BIT
#define TCP_BIT BIT(SOCK_PROTO_TCP)
#define UDP_BIT BIT(SOCK_PROTO_UDP)
#define MPTCP_BIT BIT(SOCK_PROTO_MPTCP)
#define UNIX_BIT BIT(SOCK_PROTO_UNIX)
#define EVERYTHING (BIT(SOCK_PROTO_OTHER) - 1)

enum { TCP = 6, UDP = 17, RAW = 255 }; /* as requests have them */

/* The inodes that were taken, in their order: which requests they answer. */
static void assert_inodes(const struct sd_reader *r, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < r->socks.len; i++) {
		buf_add_str(&b, i ? " " : "");
		buf_add_dec(&b, r->socks.v[i].inode - SD_FIRST_INODE);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void every_protocol_gives_its_records(void **state)
{
	struct sd_script s = {.error = 0};
	struct sd_reader r = {.protos = EVERYTHING};
	bool seen[SOCK_PROTO_COUNT] = {false};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.st.malformed, 0);
	for (size_t i = 0; i < r.socks.len; i++)
		seen[r.socks.v[i].proto] = true;
	for (unsigned proto = 0; proto < SOCK_PROTO_OTHER; proto++)
		assert_true(seen[proto]);
	const struct sock *last = &r.socks.v[r.socks.len - 1];
	assert_bytes(last->name, last->name_len, "queue 0"); /* the sink's copy */
	sd_reader_free(&r);
}

static void answers_of_one_family_keep_their_ends_apart(void **state)
{
	static const uint16_t ports[] = {4660};
	struct sd_script s = {.error = 0};
	struct sd_reader r = {.protos = TCP_BIT, .ports = ports, .ports_len = 1};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.socks.len, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(r.socks.v[i].local.family, i % 2 ? AF_INET6 : AF_INET);
		assert_int_equal(r.socks.v[i].local.port, 4660);
		assert_int_equal(r.socks.v[i].state,
				 i < 2 ? SOCK_STATE_LISTEN : SOCK_STATE_ESTABLISHED);
	}
	sd_reader_free(&r);
}

static void interface_has_its_name_if_there_is_one(void **state)
{
	struct sd_script s = {.interface = 1}, unknown = {.interface = 0x7ffffff0};
	struct sd_reader r = {.protos = TCP_BIT}, none = {.protos = TCP_BIT};
	char name[IF_NAMESIZE];

	(void)state;
	if (!if_indextoname(1, name))
		skip(); /* a network without lo */
	assert_int_equal(sd_read(&s, &r), 0);
	for (size_t i = 0; i < r.socks.len; i++) {
		assert_int_equal(r.socks.v[i].bound_if, 1);
		assert_string_equal(r.socks.v[i].device, name);
	}
	sd_reader_free(&r);
	assert_int_equal(sd_read(&unknown, &none), 0);
	assert_int_equal(none.socks.v[0].bound_if, 0x7ffffff0);
	assert_null(none.socks.v[0].device);
	sd_reader_free(&none);
}

static void connections_in_a_unix_queue_follow_their_listener(void **state)
{
	struct sd_script s = {.queue = 2};
	struct sd_reader r = {.protos = UNIX_BIT};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.socks.len, 3);
	assert_int_equal(r.socks.v[0].state, SOCK_STATE_LISTEN);
	assert_int_equal(r.socks.v[0].inode, SD_FIRST_INODE);
	for (unsigned i = 1; i < 3; i++) {
		const struct sock *client = &r.socks.v[i];
		assert_true(sock_is_unaccepted(client));
		assert_int_equal(client->type, SOCK_STREAM);
		assert_int_equal(client->cookie, 0);
		assert_int_equal(client->file.inode, 0);
		assert_false(client->uid_known);
		assert_true(client->name_is_exact);
		assert_bytes(client->name, client->name_len, "/run/x");
	}
	sd_reader_free(&r);
	/* They are records as others: the sink may have enough. */
	struct sd_reader full = {.protos = UNIX_BIT, .stop_at = 2, .error = -ENOMEM};
	assert_int_equal(sd_read(&s, &full), -ENOMEM);
	assert_int_equal(full.socks.len, 1);
	sd_reader_free(&full);
	/* An interrupted dump takes them back. */
	struct sd_script twice = {.queue = 2, .interrupted = 1};
	struct sd_reader once = {.protos = UNIX_BIT};
	assert_int_equal(sd_read(&twice, &once), 0);
	assert_int_equal(once.socks.len, 3);
	assert_int_equal(once.socks.v[0].inode, SD_FIRST_INODE + 1);
	sd_reader_free(&once);
}

static void answer_without_sockets_is_no_refusal(void **state)
{
	struct sd_script s = {.is_empty = true};
	struct sd_reader r = {.protos = EVERYTHING};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.socks.len, 0);
	assert_int_equal(r.st.refused, 0);
	assert_int_equal(r.st.tables, r.requests);
	sd_reader_free(&r);
}

static void protocol_that_is_refused_is_noted_and_not_asked_for_again(void **state)
{
	static const int errors[] = {-ENOENT, -EPERM, -EINVAL, -EOPNOTSUPP, -EAFNOSUPPORT};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		for (int late = 0; late < 2; late++) {
			struct sd_script s = {.error = errors[i], .number = TCP, .late = late};
			struct sd_reader r = {.protos = TCP_BIT | UDP_BIT | UNIX_BIT};
			assert_int_equal(sd_read(&s, &r), 0);
			assert_int_equal(r.st.refused, TCP_BIT);
			assert_int_equal(r.st.tables, 3);
			assert_inodes(&r, "1 2 3"); /* of TCP nothing, also not what came */
			assert_buf(&r.asked, "2/6 2400:0|2/17 ffffffff:0|10/17 ffffffff:0|"
					     "1/0 ffffffff show 57|");
			sd_reader_free(&r);
		}
	}
}

/* EBUSY: the kernel still answers something else; EIO: whatever it may be. */
static void socket_that_fails_is_not_asked_again(void **state)
{
	static const int errors[] = {-EBUSY, -EIO};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct sd_script s = {.error = errors[i], .number = TCP};
		struct sd_reader r = {.protos = TCP_BIT | UDP_BIT | UNIX_BIT};
		assert_int_equal(sd_read(&s, &r), 0);
		assert_int_equal(r.st.refused, TCP_BIT | UDP_BIT | UNIX_BIT);
		assert_int_equal(r.st.tables, 0);
		assert_int_equal(r.socks.len, 0);
		assert_buf(&r.asked, "2/6 2400:0|");
		sd_reader_free(&r);
	}
}

static void each_kind_can_be_refused(void **state)
{
	static const struct {
		uint8_t family, number;
		unsigned refused;
	} cases[] = {
		{0, UDP, UDP_BIT},
		/* Linux before 5.9 cannot be asked for MPTCP, which shares a number with raw. */
		{AF_INET, RAW, BIT(SOCK_PROTO_RAW) | MPTCP_BIT},
		{0, 132, BIT(SOCK_PROTO_SCTP)},
		{AF_UNIX, 0, UNIX_BIT},
		{16, 0, BIT(SOCK_PROTO_NETLINK)},
		{17, 0, BIT(SOCK_PROTO_PACKET)},
		{40, 0, BIT(SOCK_PROTO_VSOCK)},
		{44, 0, BIT(SOCK_PROTO_XDP)},
		{0, 0, EVERYTHING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sd_script s = {.error = -ENOENT, .family = cases[i].family,
				      .number = cases[i].number};
		struct sd_reader r = {.protos = EVERYTHING};
		assert_int_equal(sd_read(&s, &r), 0);
		assert_int_equal(r.st.refused, cases[i].refused);
		for (size_t j = 0; j < r.socks.len; j++)
			assert_false(BIT(r.socks.v[j].proto) & cases[i].refused);
		sd_reader_free(&r);
	}
}

static void protocol_of_which_one_family_is_refused_is_noted(void **state)
{
	struct sd_script s = {.error = -ENOENT, .family = AF_INET6, .number = TCP};
	struct sd_reader r = {.protos = TCP_BIT | UDP_BIT};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.st.refused, TCP_BIT);
	assert_buf(&r.asked, "2/6 2400:0|10/6 2400:0|2/17 ffffffff:0|10/17 ffffffff:0|");
	sd_reader_free(&r);
}

static void answer_that_makes_no_sense_is_a_refusal(void **state)
{
	struct sd_script s = {.is_broken = true};
	struct sd_reader r = {.protos = TCP_BIT | UNIX_BIT};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.st.refused, TCP_BIT | UNIX_BIT);
	assert_int_equal(r.st.tables, 0);
	assert_int_equal(r.socks.len, 0);
	sd_reader_free(&r);
}

static void source_without_a_kernel_is_a_refusal(void **state)
{
	struct sd_reader r = {.protos = EVERYTHING};
	struct source_sink sink = {.ctx = &r, .take = sd_take};
	struct source_request rq = {.protos = EVERYTHING, .sink = &sink};
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	rq.fd = ends[0];
	assert_int_equal(source_sockdiag_read(&rq, &r.st), 0);
	assert_int_equal(r.st.refused, EVERYTHING);
	assert_int_equal(r.st.tables, 0);
	close(ends[0]);
}

static void interrupted_dump_is_repeated_and_nothing_doubled(void **state)
{
	(void)state;
	for (size_t times = 1; times < 4; times++) {
		struct sd_script s = {.interrupted = times, .malformed = 2};
		struct sd_reader r = {.protos = UDP_BIT | UNIX_BIT};
		static const char *const inodes[] = {"", "1 2 3", "2 3 4", "3 4 5"};
		assert_int_equal(sd_read(&s, &r), 0);
		assert_inodes(&r, inodes[times]);
		assert_int_equal(r.requests, 3 + times);
		assert_int_equal(r.st.tables, 3);
		assert_int_equal(r.st.malformed, 3 * 2);
		assert_int_equal(r.st.refused, 0);
		sd_reader_free(&r);
	}
}

static void records_before_an_interrupted_dump_stay(void **state)
{
	struct sd_script s = {.interrupted = 1};
	struct sd_reader r = {.protos = UNIX_BIT};
	struct sock early = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, SD_FIRST_INODE + 9);

	(void)state;
	early.netns = SD_NETNS;
	assert_int_equal(sock_table_add(&r.socks, &early), 0);
	assert_int_equal(sd_read(&s, &r), 0);
	assert_inodes(&r, "9 1");
	sd_reader_free(&r);
}

static void malformed_records_are_counted_and_left_out(void **state)
{
	struct sd_script s = {.malformed = 3};
	struct sd_reader r = {.protos = EVERYTHING};

	(void)state;
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.st.malformed, 3 * r.requests);
	assert_int_equal(r.st.tables, r.requests);
	assert_int_equal(r.socks.len, r.requests);
	sd_reader_free(&r);
	/* Those of an answer that is refused in the end do not count. */
	struct sd_script late = {.malformed = 3, .error = -EPERM, .late = true};
	struct sd_reader none = {.protos = EVERYTHING};
	assert_int_equal(sd_read(&late, &none), 0);
	assert_int_equal(none.st.malformed, 0);
	sd_reader_free(&none);
}

static void statistics_are_added_to(void **state)
{
	struct sd_script s = {.malformed = 1, .error = -EPERM, .family = AF_UNIX};
	struct sd_reader r = {.protos = UDP_BIT | UNIX_BIT};

	(void)state;
	r.st = (struct source_stats){.malformed = 10, .tables = 20, .refused = TCP_BIT};
	assert_int_equal(sd_read(&s, &r), 0);
	assert_int_equal(r.st.malformed, 12);
	assert_int_equal(r.st.tables, 22);
	assert_int_equal(r.st.refused, TCP_BIT | UNIX_BIT);
	sd_reader_free(&r);
}

static void error_of_the_sink_ends_the_reading(void **state)
{
	/* Also such as the kernel could give. */
	static const int errors[] = {-ECANCELED, -ENOMEM, -ENOENT, -EPERM};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		for (size_t stop_at = 1; stop_at <= 5; stop_at += 2) {
			struct sd_script s = {.error = 0};
			struct sd_reader r = {.protos = UDP_BIT | TCP_BIT | UNIX_BIT,
					      .stop_at = stop_at, .error = errors[i]};
			assert_int_equal(sd_read(&s, &r), errors[i]);
			assert_int_equal(r.st.refused, 0);
			assert_int_equal(r.requests, stop_at);
			sd_reader_free(&r);
		}
	}
}

static void lack_of_memory_in_the_kernel_is_an_error(void **state)
{
	struct sd_script s = {.error = -ENOMEM};
	struct sd_reader r = {.protos = TCP_BIT | UNIX_BIT};

	(void)state;
	assert_int_equal(sd_read(&s, &r), -ENOMEM);
	assert_int_equal(r.requests, 1);
	sd_reader_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_protocol_gives_its_records),
		cmocka_unit_test(answers_of_one_family_keep_their_ends_apart),
		cmocka_unit_test(interface_has_its_name_if_there_is_one),
		cmocka_unit_test(connections_in_a_unix_queue_follow_their_listener),
		cmocka_unit_test(answer_without_sockets_is_no_refusal),
		cmocka_unit_test(protocol_that_is_refused_is_noted_and_not_asked_for_again),
		cmocka_unit_test(socket_that_fails_is_not_asked_again),
		cmocka_unit_test(each_kind_can_be_refused),
		cmocka_unit_test(protocol_of_which_one_family_is_refused_is_noted),
		cmocka_unit_test(answer_that_makes_no_sense_is_a_refusal),
		cmocka_unit_test(source_without_a_kernel_is_a_refusal),
		cmocka_unit_test(interrupted_dump_is_repeated_and_nothing_doubled),
		cmocka_unit_test(records_before_an_interrupted_dump_stay),
		cmocka_unit_test(malformed_records_are_counted_and_left_out),
		cmocka_unit_test(statistics_are_added_to),
		cmocka_unit_test(error_of_the_sink_ends_the_reading),
		cmocka_unit_test(lack_of_memory_in_the_kernel_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
