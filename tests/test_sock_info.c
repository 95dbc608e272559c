/* Further attributes of sock_diag: bytes as the kernel lays them out, short and cut ones too. */
#define _GNU_SOURCE
#include "nl_fixture.h"
#include "sock_info.h"

#include <sys/socket.h>

enum { INET_SIZE = 72, UNIX_SIZE = 16, TCP_INFO_SIZE = 248 };

/* The attributes that are asked for; linux/inet_diag.h. */
enum { INFO = 2, CONG = 4, TOS = 5, TCLASS = 6, SKMEMINFO = 7, SHUTDOWN = 8, MARK = 15, ULP = 19,
       SOCKOPT = 22 };

static struct nl_bytes begin(size_t header)
{
	const char m[INET_SIZE] = {AF_INET, SOCK_STATE_ESTABLISHED, 1, 7};
	struct nl_bytes b = {0};

	nl_bytes_add(&b, m, header);
	return b;
}

/* Parse a guarded copy. */
static bool parse(const struct nl_bytes *b, const struct sock *s, struct sock_info *out)
{
	char *bytes = guard_copy(b->data, b->len);
	bool any = sock_info_parse(bytes, b->len, s, out);

	guard_free(bytes, b->len);
	return any;
}

static struct sock_info parse_ok(const struct nl_bytes *b, const struct sock *s)
{
	struct sock_info info;

	assert_true(parse(b, s, &info));
	return info;
}

static struct sock connection(void)
{
	return make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5000, 1);
}

/* A struct tcp_info in which each byte is its offset. */
static void add_tcp(struct nl_bytes *b, size_t len)
{
	uint8_t bytes[TCP_INFO_SIZE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	nl_bytes_add_attr(b, INFO, bytes, len);
}

static void assert_tcp(const struct sock_info *info, enum sock_tcp member, uint64_t expected)
{
	uint64_t value;

	assert_true(sock_info_tcp(info, member, &value));
	assert_int_equal(value, expected);
}

/* The number whose bytes begin with an offset. */
static uint64_t word_at(uint8_t offset, size_t size)
{
	uint8_t bytes[8];
	uint32_t word;
	uint64_t both;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(offset + i);
	memcpy(&word, bytes, sizeof(word));
	memcpy(&both, bytes, sizeof(both));
	return size == sizeof(word) ? word : both;
}

static void members_are_where_the_kernel_has_them(void **state)
{
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();

	(void)state;
	add_tcp(&b, TCP_INFO_SIZE);
	struct sock_info info = parse_ok(&b, &s);
	assert_tcp(&info, SOCK_TCP_CA_STATE, 1);
	assert_tcp(&info, SOCK_TCP_RETRANSMITS, 2);
	assert_tcp(&info, SOCK_TCP_PROBES, 3);
	assert_tcp(&info, SOCK_TCP_BACKOFF, 4);
	assert_tcp(&info, SOCK_TCP_OPTIONS, 5);
	assert_tcp(&info, SOCK_TCP_RTO, word_at(8, 4));
	assert_tcp(&info, SOCK_TCP_SND_MSS, word_at(16, 4));
	assert_tcp(&info, SOCK_TCP_LAST_DATA_SENT, word_at(44, 4));
	assert_tcp(&info, SOCK_TCP_RTT, word_at(68, 4));
	assert_tcp(&info, SOCK_TCP_SND_CWND, word_at(80, 4));
	assert_tcp(&info, SOCK_TCP_TOTAL_RETRANS, word_at(100, 4));
	assert_tcp(&info, SOCK_TCP_PACING_RATE, word_at(104, 8));
	assert_tcp(&info, SOCK_TCP_BYTES_ACKED, word_at(120, 8));
	assert_tcp(&info, SOCK_TCP_BYTES_RECEIVED, word_at(128, 8));
	assert_tcp(&info, SOCK_TCP_MIN_RTT, word_at(148, 4));
	assert_tcp(&info, SOCK_TCP_DELIVERY_RATE, word_at(160, 8));
	assert_tcp(&info, SOCK_TCP_BYTES_SENT, word_at(200, 8));
	assert_tcp(&info, SOCK_TCP_RCV_WND, word_at(232, 4));
}

/* The compiler that lays out the kernel's bits is the one that lays out ours. */
static void window_scales_are_halves_of_a_byte(void **state)
{
	const struct {
		uint8_t snd : 4, rcv : 4;
	} scales = {7, 10};
	char bytes[8] = {0};
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();

	(void)state;
	memcpy(bytes + 6, &scales, 1);
	nl_bytes_add_attr(&b, INFO, bytes, sizeof(bytes));
	struct sock_info info = parse_ok(&b, &s);
	assert_tcp(&info, SOCK_TCP_SND_WSCALE, 7);
	assert_tcp(&info, SOCK_TCP_RCV_WSCALE, 10);
}

static void older_kernels_tell_less(void **state)
{
	struct sock s = connection();
	uint64_t value;

	(void)state;
	for (size_t len = 0; len <= TCP_INFO_SIZE; len++) {
		struct nl_bytes b = begin(INET_SIZE);
		struct sock_info info;

		add_tcp(&b, len);
		parse(&b, &s, &info);
		assert_int_equal(sock_info_tcp(&info, SOCK_TCP_CA_STATE, &value), len >= 2);
		assert_int_equal(sock_info_tcp(&info, SOCK_TCP_SND_WSCALE, &value), len >= 7);
		assert_int_equal(sock_info_tcp(&info, SOCK_TCP_RTT, &value), len >= 72);
		assert_int_equal(sock_info_tcp(&info, SOCK_TCP_PACING_RATE, &value), len >= 112);
		assert_int_equal(sock_info_tcp(&info, SOCK_TCP_RCV_WND, &value), len >= 236);
	}
}

static void values_that_are_none_are_unknown(void **state)
{
	const uint32_t infinite = 0x7fffffff;
	char bytes[TCP_INFO_SIZE];
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();
	uint64_t value;

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes + 76, &infinite, sizeof(infinite));
	nl_bytes_add_attr(&b, INFO, bytes, sizeof(bytes));
	struct sock_info info = parse_ok(&b, &s);
	assert_false(sock_info_tcp(&info, SOCK_TCP_SND_SSTHRESH, &value));
	assert_false(sock_info_tcp(&info, SOCK_TCP_PACING_RATE, &value));
	assert_false(sock_info_tcp(&info, SOCK_TCP_MAX_PACING_RATE, &value));
	assert_false(sock_info_tcp(&info, SOCK_TCP_MIN_RTT, &value));
	assert_tcp(&info, SOCK_TCP_RTT, UINT32_MAX);
	assert_false(sock_info_tcp(NULL, SOCK_TCP_RTT, &value));
}

static void sockets_that_wait_have_no_connection(void **state)
{
	static const enum sock_state states[] = {SOCK_STATE_LISTEN, SOCK_STATE_BOUND};

	(void)state;
	for (size_t i = 0; i < COUNT(states) + 1; i++) {
		struct sock s = make_sock(SOCK_PROTO_TCP, states[i % 2], "::", 80, 1);
		struct nl_bytes b = begin(INET_SIZE);
		struct sock_info info;

		if (i == COUNT(states)) { /* struct mptcp_info is another one */
			s = connection();
			s.proto = SOCK_PROTO_MPTCP;
		}
		add_tcp(&b, TCP_INFO_SIZE);
		assert_false(parse(&b, &s, &info));
		assert_int_equal(info.tcp_known, 0);
	}
}

static void memory_is_as_long_as_the_kernel_says(void **state)
{
	static const uint32_t words[] = {2304, 212992, 1, 16384, 5, 6, 7, 8, 9, 10, 11};
	struct sock s = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 53, 1);
	uint32_t value;

	(void)state;
	for (size_t count = 0; count <= COUNT(words); count++) {
		struct nl_bytes b = begin(INET_SIZE);
		struct sock_info info;

		nl_bytes_add_attr(&b, SKMEMINFO, words, count * sizeof(*words));
		assert_int_equal(parse(&b, &s, &info), count > 0);
		for (unsigned i = 0; i < SOCK_MEMORY_COUNT; i++) {
			bool known = sock_info_memory(&info, (enum sock_memory)i, &value);
			assert_int_equal(known, i < count);
			if (known)
				assert_int_equal(value, words[i]);
		}
	}
	assert_false(sock_info_memory(NULL, SOCK_MEMORY_DROPS, &value));
}

static void small_attributes_are_understood(void **state)
{
	const struct {
		uint8_t recverr : 1, is_icsk : 1, freebind : 1, hdrincl : 1, mc_loop : 1,
			transparent : 1, mc_all : 1, nodefrag : 1;
		uint8_t no_port : 1, rfc4884 : 1, defer : 1, unused : 5;
	} flags = {.freebind = 1, .is_icsk = 1, .transparent = 1, .no_port = 1};
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();

	(void)state;
	s.timer = SOCK_TIMER_RETRANSMIT;
	nl_bytes_add_attr(&b, CONG, "cubic", 6);
	nl_bytes_add_u8(&b, TOS, 0x10);
	nl_bytes_add_u8(&b, TCLASS, 0x20);
	nl_bytes_add_u8(&b, SHUTDOWN, SOCK_INFO_SHUT_SEND);
	nl_bytes_add_u32(&b, MARK, 0xdeadbeef);
	nl_bytes_add_attr(&b, SOCKOPT, &flags, sizeof(flags));
	size_t nest = nl_bytes_begin_nest(&b, ULP | NL_ATTR_NESTED);
	nl_bytes_add_attr(&b, 1, "tls", 4);
	nl_bytes_end_nest(&b, nest);
	struct sock_info info = parse_ok(&b, &s);
	assert_string_equal(info.congestion, "cubic");
	assert_string_equal(info.ulp, "tls");
	assert_int_equal(info.tos, 0x10);
	assert_int_equal(info.tclass, 0x20);
	assert_int_equal(info.shutdown, SOCK_INFO_SHUT_SEND);
	assert_int_equal(info.mark, 0xdeadbeef);
	assert_int_equal(info.retransmits, 7);
	assert_int_equal(info.known, SOCK_INFO_TOS | SOCK_INFO_TCLASS | SOCK_INFO_SHUTDOWN |
					     SOCK_INFO_MARK | SOCK_INFO_FLAGS |
					     SOCK_INFO_RETRANSMITS);
	const char *set[3];
	size_t len = 0;
	for (size_t i = 0; sock_info_flag_name(i); i++) {
		if (info.flags >> i & 1 && len < COUNT(set))
			set[len++] = sock_info_flag_name(i);
	}
	assert_int_equal(len, 3);
	assert_string_equal(set[0], "freebind");
	assert_string_equal(set[1], "transparent");
	assert_string_equal(set[2], "bind-address-no-port");
}

static void names_without_end_are_cut(void **state)
{
	const char name[] = "a-congestion-control-without-end";
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();

	(void)state;
	nl_bytes_add_attr(&b, CONG, name, strlen(name));
	struct sock_info info = parse_ok(&b, &s);
	assert_string_equal(info.congestion, "a-congestion-co");
}

static void attributes_of_another_size_tell_nothing(void **state)
{
	static const uint16_t types[] = {TOS, TCLASS, SHUTDOWN, MARK, SOCKOPT, SKMEMINFO, INFO, ULP,
					 CONG, 0, 9999};
	struct sock s = connection();

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct nl_bytes b = begin(INET_SIZE);
		struct sock_info info;

		nl_bytes_add_attr(&b, types[i], "", 0);
		assert_false(parse(&b, &s, &info));
	}
}

/* Wherever the answer is cut, nothing behind it is looked at. */
static void cut_answers_do_no_harm(void **state)
{
	const size_t padding = 2; /* of the last attribute */
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();

	(void)state;
	add_tcp(&b, TCP_INFO_SIZE);
	nl_bytes_add_attr(&b, CONG, "cubic", 6);
	for (size_t len = 0; len + padding < b.len; len++) {
		char *bytes = guard_copy(b.data, len);
		struct sock_info info;

		sock_info_parse(bytes, len, &s, &info);
		assert_string_equal(info.congestion, "");
		guard_free(bytes, len);
	}
}

static void unix_sockets_have_memory_and_shutdown(void **state)
{
	static const uint32_t words[] = {1, 212992, 768, 212992, 0, 0, 0, 0, 3};
	struct sock s = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 1);
	struct nl_bytes b = begin(UNIX_SIZE);
	uint32_t drops;

	(void)state;
	nl_bytes_add_attr(&b, 5, words, sizeof(words));
	nl_bytes_add_u8(&b, 6, SOCK_INFO_SHUT_RECEIVE | SOCK_INFO_SHUT_SEND);
	struct sock_info info = parse_ok(&b, &s);
	assert_int_equal(info.memory[SOCK_MEMORY_SENT], 768);
	assert_true(sock_info_memory(&info, SOCK_MEMORY_DROPS, &drops));
	assert_int_equal(drops, 3);
	assert_int_equal(info.shutdown, 3);
	assert_int_equal(info.known, SOCK_INFO_SHUTDOWN);
}

static void other_families_have_memory(void **state)
{
	static const struct {
		enum sock_proto proto;
		size_t header;
		uint16_t type;
		bool known;
	} cases[] = {{SOCK_PROTO_NETLINK, 28, 0, true}, {SOCK_PROTO_PACKET, 16, 6, true},
		     {SOCK_PROTO_XDP, 16, 8, true},     {SOCK_PROTO_VSOCK, 36, 0, false},
		     {SOCK_PROTO_OTHER, 16, 0, false}};
	static const uint32_t words[] = {1, 2, 3, 4};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct nl_bytes b = begin(cases[i].header);
		struct sock s = {.proto = (uint8_t)cases[i].proto};
		struct sock_info info;

		nl_bytes_add_attr(&b, cases[i].type, words, sizeof(words));
		assert_int_equal(parse(&b, &s, &info), cases[i].known);
		assert_int_equal(info.memory_len, cases[i].known ? 4 : 0);
	}
}

static void words_of_bits_end(void **state)
{
	(void)state;
	assert_string_equal(sock_info_tcp_option(SOCK_INFO_OPTION_WSCALE), "wscale");
	assert_null(sock_info_tcp_option(8));
	assert_null(sock_info_flag_name(16));
	assert_string_equal(sock_info_ca_state(4), "loss");
	assert_null(sock_info_ca_state(5));
	assert_string_equal(sock_info_flag_name(3), "mc-loop");
	assert_string_equal(sock_info_flag_name(5), "mc-all");
	for (unsigned i = 0; i < SOCK_TCP_COUNT; i++)
		assert_non_null(sock_info_tcp_name((enum sock_tcp)i));
}

/* A struct tcp_info of a connection, as far as it matters who has opened it. */
static enum sock_opener opener(enum sock_state state, uint64_t acked, uint64_t sent,
			       uint64_t again, uint32_t unacked, size_t len)
{
	struct nl_bytes b = begin(INET_SIZE);
	struct sock s = connection();
	char bytes[TCP_INFO_SIZE] = {0};

	s.state = (uint8_t)state;
	memcpy(bytes + 24, &unacked, sizeof(unacked)); /* tcpi_unacked and so on, linux/tcp.h */
	memcpy(bytes + 120, &acked, sizeof(acked));
	memcpy(bytes + 200, &sent, sizeof(sent));
	memcpy(bytes + 208, &again, sizeof(again));
	nl_bytes_add_attr(&b, INFO, bytes, len);
	struct sock_info info = parse_ok(&b, &s);
	return sock_info_opener(&s, &info);
}

static void opener_has_one_byte_more_acknowledged(void **state)
{
	const enum sock_state open = SOCK_STATE_ESTABLISHED, half = SOCK_STATE_CLOSE_WAIT;
	const struct sock s = connection();

	(void)state;
	assert_int_equal(opener(open, 1, 0, 0, 0, TCP_INFO_SIZE), SOCK_OPENER_THIS);
	assert_int_equal(opener(open, 0, 0, 0, 0, TCP_INFO_SIZE), SOCK_OPENER_OTHER);
	assert_int_equal(opener(half, 5001, 6000, 1000, 0, TCP_INFO_SIZE), SOCK_OPENER_THIS);
	assert_int_equal(opener(half, 5000, 6000, 1000, 0, TCP_INFO_SIZE), SOCK_OPENER_OTHER);
	/* On its way, closed by now, of an older kernel, or of none: nothing is told. */
	assert_int_equal(opener(open, 1, 0, 0, 1, TCP_INFO_SIZE), SOCK_OPENER_UNKNOWN);
	assert_int_equal(opener(open, 2, 0, 0, 0, TCP_INFO_SIZE), SOCK_OPENER_UNKNOWN);
	assert_int_equal(opener(SOCK_STATE_FIN_WAIT2, 1, 0, 0, 0, TCP_INFO_SIZE),
			 SOCK_OPENER_UNKNOWN);
	assert_int_equal(opener(open, 1, 0, 0, 0, 192), SOCK_OPENER_UNKNOWN);
	assert_int_equal(sock_info_opener(&s, NULL), SOCK_OPENER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_are_where_the_kernel_has_them),
		cmocka_unit_test(window_scales_are_halves_of_a_byte),
		cmocka_unit_test(older_kernels_tell_less),
		cmocka_unit_test(values_that_are_none_are_unknown),
		cmocka_unit_test(sockets_that_wait_have_no_connection),
		cmocka_unit_test(memory_is_as_long_as_the_kernel_says),
		cmocka_unit_test(small_attributes_are_understood),
		cmocka_unit_test(names_without_end_are_cut),
		cmocka_unit_test(attributes_of_another_size_tell_nothing),
		cmocka_unit_test(cut_answers_do_no_harm),
		cmocka_unit_test(unix_sockets_have_memory_and_shutdown),
		cmocka_unit_test(other_families_have_memory),
		cmocka_unit_test(words_of_bits_end),
		cmocka_unit_test(opener_has_one_byte_more_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
