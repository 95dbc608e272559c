/*
 * Rows of /proc/net/{tcp,udp,raw,unix} as the kernel prints them, cut and
 * broken rows, and whole tables through source_procnet_read().
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "procnet_row.h"
#include "source.h"
#include "source_procnet.h"

#include <unistd.h>

#define LISTEN_ROW \
	"   0: 0100007F:0539 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000    " \
	"    0 31415 1 00000000a7d1be2c 100 0 0 10 0"

/* Parse in a guarded buffer; the row must be one. */
static struct sock parse(enum sock_proto proto, sa_family_t family, const char *row)
{
	size_t len = strlen(row);
	char *line = guard_copy(row, len);
	struct sock s = {0};

	assert_int_equal(procnet_parse_inet(line, len, proto, family, &s), 0);
	guard_free(line, len);
	return s;
}

static struct sock parse_tcp(const char *row)
{
	return parse(SOCK_PROTO_TCP, AF_INET, row);
}

static void assert_end(const struct addr *a, const char *ip, uint16_t port)
{
	struct addr expected = make_addr(ip, port);

	assert_int_equal(a->family, expected.family);
	assert_int_equal(a->port, port);
	assert_memory_equal(&a->ip, &expected.ip, a->family == AF_INET ? 4 : 16);
}

static void parse_inet_reads_tcp_listener(void **state)
{
	struct sock s = parse_tcp(LISTEN_ROW);

	(void)state;
	assert_int_equal(s.proto, SOCK_PROTO_TCP);
	assert_int_equal(s.state, SOCK_STATE_LISTEN);
	assert_end(&s.local, "127.0.0.1", 1337);
	assert_end(&s.remote, "0.0.0.0", 0);
	assert_int_equal(s.rqueue, 3);
	assert_int_equal(s.wqueue, 0);
	assert_int_equal(s.uid, 1000);
	assert_true(s.uid_known);
	assert_int_equal(s.inode, 31415);
	assert_int_not_equal(s.timer, SOCK_TIMER_TIME_WAIT);
}

static void parse_inet_reads_ipv6_words_in_host_order(void **state)
{
	struct sock s = parse(SOCK_PROTO_TCP, AF_INET6,
			      "   1: 000080FE00000000000000007700FE00:0050 "
			      "B80D0120000000000000000001000000:C350 01 00000004:00000002 "
			      "01:00000014 00000000    33        0 99 2 00000000c71dee67 20 4 0 10 -1");

	(void)state;
	assert_end(&s.local, "fe80::fe:77", 80);
	assert_end(&s.remote, "2001:db8::1", 50000);
	assert_int_equal(s.state, SOCK_STATE_ESTABLISHED);
	assert_int_equal(s.wqueue, 4);
	assert_int_equal(s.rqueue, 2);
}

static void parse_inet_keeps_v4_mapped_addresses(void **state)
{
	struct sock s = parse(SOCK_PROTO_TCP, AF_INET6,
			      "   1: 0000000000000000FFFF00000100007F:520A "
			      "0000000000000000FFFF00000100007F:9D50 08 00000000:00000000 "
			      "00:00000000 00000000     0        0 4335 1 00000000c71dee67 20");

	(void)state;
	assert_true(addr_is_v4mapped(&s.local));
	assert_end(&s.local, "::ffff:127.0.0.1", 21002);
	assert_int_equal(s.state, SOCK_STATE_CLOSE_WAIT);
}

static void parse_inet_tells_connected_udp_from_bound(void **state)
{
	struct sock s = parse(SOCK_PROTO_UDP, AF_INET,
			      "15829: 00000000:520B 00000000:0000 07 00000000:00000000 00:00000000 "
			      "00000000     0        0 4337 2 0000000072da686b 0          ");
	(void)state;
	assert_int_equal(s.state, SOCK_STATE_UNCONNECTED);
	assert_end(&s.local, "0.0.0.0", 0x520B);
	s = parse(SOCK_PROTO_UDP, AF_INET,
		  " 6240: 0100007F:EC96 0100007F:520B 01 00000000:00000000 00:00000000 "
		  "00000000     0        0 4338 2 00000000f1d3bffe 0          ");
	assert_int_equal(s.state, SOCK_STATE_ESTABLISHED);
}

static void parse_inet_reads_raw_protocol_as_port(void **state)
{
	struct sock s = parse(SOCK_PROTO_RAW, AF_INET,
			      "    1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 "
			      "00000000     0        0 777 2 00000000f1d3bffe 0");

	(void)state;
	assert_int_equal(s.proto, SOCK_PROTO_RAW);
	assert_int_equal(s.local.port, 1);
	assert_int_equal(s.state, SOCK_STATE_UNCONNECTED);
}

static void parse_inet_rounds_timer_up_to_seconds(void **state)
{
	long hz = sysconf(_SC_CLK_TCK);
	const struct {
		long ticks;
		uint32_t seconds;
	} cases[] = {{0, 0}, {1, 1}, {hz - 1, 1}, {hz, 1}, {hz + 1, 2}, {60 * hz, 60}};
	char row[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(row, sizeof(row),
			 "   1: 0100007F:1F90 0100007F:C350 06 00000000:00000000 03:%08lX 00000000 "
			 "    0        0 0 3 000000005d0d3f2a", cases[i].ticks);
		struct sock s = parse_tcp(row);
		assert_int_equal(s.state, SOCK_STATE_TIME_WAIT);
		assert_int_equal(s.timer, SOCK_TIMER_TIME_WAIT);
		assert_false(s.uid_known);
		assert_int_equal(s.inode, 0);
		assert_int_equal(sock_timer_seconds(&s), cases[i].seconds);
	}
}

static void parse_inet_takes_fin_wait2_with_timer_3_as_remainder(void **state)
{
	struct sock s = parse_tcp("   3: 0100007F:1F90 0100007F:C352 05 00000000:00000000 "
				  "03:00000001 00000000     0        0 0 3 000000005d0d3f2c");

	(void)state;
	assert_int_equal(s.state, SOCK_STATE_FIN_WAIT2);
	assert_int_equal(s.timer, SOCK_TIMER_TIME_WAIT);
	assert_int_equal(sock_timer_seconds(&s), 1);
	s = parse_tcp("   3: 0100007F:1F90 0100007F:C352 05 00000000:00000000 "
		      "02:00000AF1 00000000  1000        0 4000 1 000000005d0d3f2c 20 4 0 10 -1");
	assert_int_equal(s.state, SOCK_STATE_FIN_WAIT2);
	assert_int_equal(s.timer, SOCK_TIMER_KEEPALIVE);
	assert_true(s.uid_known);
	/* The other kinds of timers count down alike. */
	long hz = sysconf(_SC_CLK_TCK);
	assert_int_equal(sock_timer_seconds(&s), (0xAF1 + hz - 1) / hz);
}

static void parse_inet_reads_request_as_syn_recv(void **state)
{
	struct sock s = parse_tcp("   2: 0100007F:1F90 0100007F:C352 0C 00000000:00000000 "
				  "01:00000064 00000001     0        0 0 1 0000000000000000");

	(void)state;
	assert_int_equal(s.state, SOCK_STATE_SYN_RECV);
	assert_int_equal(s.inode, 0);
	assert_true(sock_is_unaccepted(&s));
}

static void parse_inet_takes_uid_0_without_file_as_unknown(void **state)
{
	struct sock s = parse_tcp("   2: 0100007F:1F90 0100007F:C352 04 00000001:00000000 "
				  "01:00000064 00000001     0        0 0 1 0000000000000000");

	(void)state;
	assert_false(s.uid_known);
	s = parse_tcp("   2: 0100007F:1F90 0100007F:C352 04 00000001:00000000 "
		      "01:00000064 00000001  1000        0 0 1 0000000000000000");
	assert_true(s.uid_known);
	assert_int_equal(s.uid, 1000);
}

static void parse_inet_takes_the_largest_numbers(void **state)
{
	struct sock s = parse_tcp("4294967296: FFFFFFFF:FFFF FFFFFFFF:FFFF 0A FFFFFFFF:FFFFFFFF "
				  "00:00000000 FFFFFFFF 4294967295  0 4294967295 1 0");

	(void)state;
	assert_int_equal(s.uid, UINT32_MAX);
	assert_int_equal(s.inode, 4294967295U);
	assert_int_equal(s.local.port, 65535);
	assert_int_equal(s.rqueue, UINT32_MAX);
	/* The timer of a socket far in the future is printed with 16 digits. */
	s = parse_tcp("   1: 0100007F:1F90 0100007F:C350 06 00000000:00000000 03:FFFFFFFFFFFFFFFF "
		      "00000000     0        0 2147483649 3 0");
	assert_int_equal(s.timer_ms, UINT32_MAX);
	assert_int_equal(s.inode, 2147483649U);
}

static void parse_inet_refuses_what_is_no_row(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt",
		/* a port, state, uid that is too large; an address too short, too long */
		"0: 0100007F:10000 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		"0: 0100007F:0539 00000000:0000 10A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		("0: 0100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 "
		 "4294967296 0 1 1"),
		"0: 100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		"0: 00100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		/* signs, blanks and letters where digits belong */
		"0: 0100007F: 539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		"0: 0100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 -1 0 1 1",
		"0: 0100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1x 1",
		"0: 0100007G:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		"0 0100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1",
		/* an inode above 64 bits */
		("0: 0100007F:0539 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 "
		 "18446744073709551616 1"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sock s;
		size_t len = strlen(rows[i]);
		char *line = guard_copy(rows[i], len);
		if (procnet_parse_inet(line, len, SOCK_PROTO_TCP, AF_INET, &s) != -EINVAL)
			fail_msg("taken as a row: %s", rows[i]);
		/* A row of one family is none of the other. */
		assert_int_equal(procnet_parse_inet(line, len, SOCK_PROTO_TCP, AF_INET6, &s),
				 -EINVAL);
		guard_free(line, len);
	}
}

/* Parse each beginning of a row; return how long the shortest good one is. */
static size_t shortest_row(const char *row)
{
	size_t shortest = 0;

	for (size_t len = 0; len <= strlen(row); len++) {
		char *line = guard_copy(row, len);
		struct sock s;
		int rc = procnet_parse_inet(line, len, SOCK_PROTO_TCP, AF_INET, &s);
		if (rc == 0 && shortest == 0)
			shortest = len;
		guard_free(line, len);
	}
	return shortest;
}

static void parse_inet_refuses_row_cut_before_inode(void **state)
{
	(void)state;
	assert_true(shortest_row(LISTEN_ROW) > (size_t)(strstr(LISTEN_ROW, "31415") - LISTEN_ROW));
}

static void parse_inet_refuses_row_cut_inside_inode(void **state)
{
	(void)state;
	/* The kernel prints more fields behind the inode: its end is a blank. */
	assert_true(shortest_row(LISTEN_ROW) >=
		    (size_t)(strstr(LISTEN_ROW, "31415 ") + 5 - LISTEN_ROW));
}

/* --- unix ---------------------------------------------------------------- */

static void parse_unix_reads_state_type_and_name(void **state)
{
	static const struct {
		const char *row;
		enum sock_state state;
		int type;
		const char *name; /* NULL: none */
	} cases[] = {
		{"0000000024130512: 00000002 00000000 00010000 0001 01  4343 /run/x.sock",
		 SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x.sock"},
		{"0000000000000000: 00000003 00000000 00000000 0001 03 12345",
		 SOCK_STATE_CONNECTED, SOCK_STREAM, NULL},
		{"0000000000000000: 00000002 00000000 00000000 0002 01 12345 @abstract",
		 SOCK_STATE_UNCONNECTED, SOCK_DGRAM, "@abstract"},
		{"0000000000000000: 00000002 00000000 00010000 0005 01 12345 @",
		 SOCK_STATE_LISTEN, SOCK_SEQPACKET, "@"},
		{"0000000000000000: 00000003 00000000 00000000 0001 02     0 /run/x.sock",
		 SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/x.sock"},
		{"0000000000000000: 00000003 00000000 00000000 0001 04     0",
		 SOCK_STATE_DISCONNECTING, SOCK_STREAM, NULL},
		{"(____ptrval____): 00000002 00000000 00010000 0001 01   431 /run/early",
		 SOCK_STATE_LISTEN, SOCK_STREAM, "/run/early"},
		{"c7a1b2d3: 00000002 00000000 00010000 0001 01  4343 /run/32bit",
		 SOCK_STATE_LISTEN, SOCK_STREAM, "/run/32bit"},
		{"0000000000000000: 00000002 00000000 00010000 0001 01  4343  two : blanks:\t\033[m ",
		 SOCK_STATE_LISTEN, SOCK_STREAM, " two : blanks:\t\033[m "},
		{"0000000000000000: 00000002 00000000 00010000 0001 01  4343 ",
		 SOCK_STATE_LISTEN, SOCK_STREAM, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s;
		size_t len = strlen(cases[i].row);
		char *line = guard_copy(cases[i].row, len);
		assert_int_equal(procnet_parse_unix(line, len, &s), 0);
		assert_int_equal(s.proto, SOCK_PROTO_UNIX);
		assert_int_equal(s.state, cases[i].state);
		assert_int_equal(s.type, cases[i].type);
		assert_false(s.uid_known);
		if (cases[i].name)
			assert_bytes(s.name, s.name_len, cases[i].name);
		else
			assert_null(s.name);
		guard_free(line, len);
	}
}

static void parse_unix_reads_inode_and_pointer(void **state)
{
	static const char row[] =
		"ffff8881deadbeef: 00000002 00000000 00010000 0001 01 4294967295 /a";
	struct sock s;

	(void)state;
	assert_int_equal(procnet_parse_unix(row, sizeof(row) - 1, &s), 0);
	assert_int_equal(s.cookie, 0xffff8881deadbeefU);
	assert_int_equal(s.inode, 4294967295U);
}

static void parse_unix_refuses_what_is_no_row(void **state)
{
	static const char *const rows[] = {
		"",
		"Num       RefCount Protocol Flags    Type St Inode Path",
		"0000000: 00000002 00000000 00010000 0001 01 4343 /x",
		"000000000000000g: 00000002 00000000 00010000 0001 01 4343 /x",
		"0000000000000000:00000002 00000000 00010000 0001 01 4343 /x",
		"0000000000000000: 0000002 00000000 00010000 0001 01 4343 /x",
		"0000000000000000: 00000002 00000000 00010000 001 01 4343 /x",
		"0000000000000000: 00000002 00000000 00010000 0001 00 4343 /x",
		"0000000000000000: 00000002 00000000 00010000 0001 05 4343 /x",
		"0000000000000000: 00000002 00000000 00010000 0001 01 4343x /x",
		"0000000000000000: 00000002 00000000 00010000 0001 01 -1 /x",
		"0000000000000000: 00000002 00000000 00010000 0001 01 99999999999999999999 /x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct sock s;
		size_t len = strlen(rows[i]);
		char *line = guard_copy(rows[i], len);
		if (procnet_parse_unix(line, len, &s) != -EINVAL)
			fail_msg("taken as a row: %s", rows[i]);
		guard_free(line, len);
	}
}

static void parse_unix_refuses_row_cut_before_inode(void **state)
{
	static const char row[] =
		"0000000024130512: 00000002 00000000 00010000 0001 01  4343 /run/x.sock";
	size_t inode = (size_t)(strstr(row, "4343") - row);

	(void)state;
	for (size_t len = 0; len < sizeof(row); len++) {
		char *line = guard_copy(row, len);
		struct sock s;
		int rc = procnet_parse_unix(line, len, &s);
		assert_int_equal(rc, len > inode ? 0 : -EINVAL);
		if (len > inode + 4)
			assert_int_equal(s.name_len, len - inode - 5);
		guard_free(line, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_inet_reads_tcp_listener),
		cmocka_unit_test(parse_inet_reads_ipv6_words_in_host_order),
		cmocka_unit_test(parse_inet_keeps_v4_mapped_addresses),
		cmocka_unit_test(parse_inet_tells_connected_udp_from_bound),
		cmocka_unit_test(parse_inet_reads_raw_protocol_as_port),
		cmocka_unit_test(parse_inet_rounds_timer_up_to_seconds),
		cmocka_unit_test(parse_inet_takes_fin_wait2_with_timer_3_as_remainder),
		cmocka_unit_test(parse_inet_reads_request_as_syn_recv),
		cmocka_unit_test(parse_inet_takes_uid_0_without_file_as_unknown),
		cmocka_unit_test(parse_inet_takes_the_largest_numbers),
		cmocka_unit_test(parse_inet_refuses_what_is_no_row),
		cmocka_unit_test(parse_inet_refuses_row_cut_before_inode),
		cmocka_unit_test(parse_inet_refuses_row_cut_inside_inode),
		cmocka_unit_test(parse_unix_reads_state_type_and_name),
		cmocka_unit_test(parse_unix_reads_inode_and_pointer),
		cmocka_unit_test(parse_unix_refuses_what_is_no_row),
		cmocka_unit_test(parse_unix_refuses_row_cut_before_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
