/* Cards of sockets, byte by byte: what stands where, what is left out, what is told once. */
#define _GNU_SOURCE
#include "details_fixture.h"
#include "ends_fixture.h"

static void sockets_without_holder_come_last_with_their_reason(void **state)
{
	struct sock s = listener();
	struct sock rest = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", 80, "127.0.0.1", 5, 0);
	struct page p;

	(void)state;
	rest.timer = SOCK_TIMER_TIME_WAIT;
	rest.timer_ms = 41000;
	rest.uid_known = false;
	page_init(&p);
	rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	rows_add_unheld(&p.r, &rest, REASON_TIME_WAIT);
	assert_page(&p, "- IPv4 TCP *:80 (LISTEN)\n"
			"  reason       hidden: permission\n"
			"  inode        31415\n"
			"  owner        alice (1000)\n"
			"  backlog      0 connections wait\n"
			"\n"
			"- IPv4 TCP 127.0.0.1:80->127.0.0.1:5 (TIME_WAIT)\n"
			"  reason       time-wait: 41 s\n"
			"  timer        time-wait in 41 s\n");
	page_free(&p);
}

/* Two processes with one socket, of which the second has it twice. */
static void shared_socket_is_told_once(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	rows_add_process(&p.r, 811, "nginx");
	const struct row *first = rows_add_held(&p.r, 6, &s);
	rows_add_process(&p.r, 812, "nginx");
	rows_add_held(&p.r, 6, &s)->sock = first->sock;
	rows_add_held(&p.r, 9, &s)->sock = first->sock;
	assert_page(&p, "nginx,811\n"
			"  user         alice (1000)\n"
			"\n"
			"nginx,811 6u IPv4 TCP *:80 (LISTEN)\n"
			"  inode        31415\n"
			"  owner        alice (1000)\n"
			"  shared with  812,nginx,6u 812,nginx,9u\n"
			"  backlog      0 connections wait\n"
			"\n"
			"nginx,812\n"
			"  user         alice (1000)\n"
			"\n"
			"nginx,812 6u IPv4 TCP *:80 (LISTEN)\n"
			"  told above   811,nginx,6u\n"
			"\n"
			"nginx,812 9u IPv4 TCP *:80 (LISTEN)\n"
			"  told above   811,nginx,6u\n");
	page_free(&p);
}

/* A thread has a table of its own, in which the socket has the same number. */
static void thread_with_the_same_descriptor_is_told(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	rows_add_process(&p.r, 811, "nginx");
	const struct row *first = rows_add_held(&p.r, 6, &s);
	struct row *again = rows_add_held(&p.r, 6, &s);
	again->sock = first->sock;
	rows_holder(&p.r, again)->tid = 813;
	assert_page_has(&p, "  shared with  811,nginx,6u (thread 813)\n");
	assert_page_has(&p, "nginx,811 6u IPv4 TCP *:80 (LISTEN)\n"
			    "  thread       813\n"
			    "  told above   811,nginx,6u\n");
	page_free(&p);
}

static void set_tcp(struct sock_info *info, enum sock_tcp member, uint64_t value)
{
	info->tcp[member] = value;
	info->tcp_known |= UINT64_C(1) << member;
}

static void connection_has_its_tcp_info(void **state)
{
	static const struct {
		enum sock_tcp member;
		uint64_t value;
	} values[] = {{SOCK_TCP_CA_STATE, 3}, {SOCK_TCP_SND_CWND, 10}, {SOCK_TCP_SND_SSTHRESH, 7},
		      {SOCK_TCP_RTT, 28}, {SOCK_TCP_RTTVAR, 15}, {SOCK_TCP_MIN_RTT, 9},
		      {SOCK_TCP_RTO, 204000}, {SOCK_TCP_SND_MSS, 1448}, {SOCK_TCP_PMTU, 1500},
		      {SOCK_TCP_BYTES_SENT, 5000}, {SOCK_TCP_SEGS_OUT, 4}, {SOCK_TCP_BYTES_ACKED, 1},
		      {SOCK_TCP_UNACKED, 1}, {SOCK_TCP_DATA_SEGS_OUT, 3}, {SOCK_TCP_LAST_DATA_SENT, 12},
		      {SOCK_TCP_BYTES_RECEIVED, 0}, {SOCK_TCP_SEGS_IN, 1}, {SOCK_TCP_DATA_SEGS_IN, 0},
		      {SOCK_TCP_LAST_DATA_RECV, 12}, {SOCK_TCP_TOTAL_RETRANS, 2},
		      {SOCK_TCP_BYTES_RETRANS, 2896}, {SOCK_TCP_RETRANSMITS, 1},
		      {SOCK_TCP_DELIVERY_RATE, 150000}, {SOCK_TCP_OPTIONS, 7},
		      {SOCK_TCP_SND_WSCALE, 7}, {SOCK_TCP_RCV_WSCALE, 10}};
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5, 1);
	struct page p;

	(void)state;
	page_init(&p);
	for (size_t i = 0; i < COUNT(values); i++)
		set_tcp(&p.info, values[i].member, values[i].value);
	memcpy(p.info.congestion, "cubic", 6);
	p.info.known = SOCK_INFO_RETRANSMITS;
	p.info.retransmits = 1;
	s.info = &p.info;
	s.cookie = 26;
	s.rqueue = 1;
	s.timer = SOCK_TIMER_RETRANSMIT;
	s.timer_ms = 1408;
	rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	assert_page(&p, "- IPv4 TCP 127.0.0.1:80->127.0.0.1:5 (ESTABLISHED)\n"
			"  reason       hidden: permission\n"
			"  inode        1, cookie 26\n"
			"  owner        alice (1000)\n"
			"  queues       1 byte to be read, 0 bytes not acknowledged\n"
			"  timer        retransmit in 1 s, tried 1 time\n"
			"  congestion   cubic, state recovery, cwnd 10, ssthresh 7\n"
			"  rtt          0.028 ms, varies by 0.015 ms, at least 0.009 ms, rto 204 ms\n"
			"  sizes        mss 1448, path mtu 1500\n"
			"  sent         5000 bytes in 4 segments, acknowledged 1 byte,\n"
			"               in flight 1 segment, last 12 ms ago\n"
			"  received     0 bytes in 1 segment\n"
			"  retransmits  2 segments, 2896 bytes, now 1 time\n"
			"  rates        delivery 1.2 Mbit/s\n"
			"  tcp options  timestamps, sack, wscale 7/10\n");
	p.info.tcp[SOCK_TCP_RTT] = 0; /* before there is an answer */
	assert_page_has(&p, "  rtt          at least 0.009 ms, rto 204 ms\n");
	page_free(&p);
}

static void socket_has_memory_drops_and_the_rest(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 53, 1);
	struct page p;

	(void)state;
	page_init(&p);
	p.info = (struct sock_info){.memory = {2304, 212992, 0, 1, 0, 5, 0, 7, 41}, .memory_len = 9,
				    .known = SOCK_INFO_SHUTDOWN | SOCK_INFO_TOS | SOCK_INFO_MARK |
					     SOCK_INFO_FLAGS | SOCK_INFO_TCLASS,
				    .shutdown = 3, .tos = 0x10, .mark = 0xbeef, .ulp = "tls",
				    .flags = 1U << 1 | SOCK_INFO_FLAGS_USUAL};
	s.info = &p.info;
	s.v6only = SOCK_V6ONLY_NO;
	s.bound_if = 4;
	s.device = "eth0";
	rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	assert_page_has(&p, "  device       eth0\n"
			    "  IPv6 only    no: takes IPv4, too\n"
			    "  queues       0 bytes to be read, 0 bytes to be sent\n"
			    "  memory       receive 2304 of 212992 bytes, send 0 of 1 byte, queued 5,\n"
			    "               backlog 7\n"
			    "  drops        41\n"
			    "  shut down    receiving, sending\n"
			    "  traffic      tos 0x10, mark 0xbeef\n"
			    "  ulp          tls\n"
			    "  flags        freebind\n");
	p.r.socks[0].v6only = SOCK_V6ONLY_YES;
	assert_page_has(&p, "  IPv6 only    yes\n");
	p.info.memory_len = 4; /* an older kernel */
	assert_page_lacks(&p, "drops");
	page_free(&p);
}

static void backlog_has_a_limit_where_it_is_known(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	s.rqueue = 1;
	s.wqueue = 128;
	s.cookie = 5;
	memcpy(p.info.congestion, "bbr", 4);
	s.info = &p.info;
	rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	assert_page_has(&p, "  backlog      1 connection waits, limit 128\n");
	assert_page_has(&p, "  congestion   bbr\n");
	assert_page_lacks(&p, "rtt");
	assert_page_lacks(&p, "queues");
	assert_page_has(&p, "  inode        31415, cookie 5\n");
	page_free(&p);

	page_init(&p); /* TIME_WAIT has no inode */
	s.inode = 0;
	rows_add_unheld(&p.r, &s, REASON_TIME_WAIT);
	assert_page_has(&p, "  inode        none, cookie 5\n");
	page_free(&p);
}

static void unix_socket_has_its_file_and_its_other_end(void **state)
{
	struct sock s = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, "/run/a b.sock", 20);
	struct page p;

	(void)state;
	page_init(&p);
	s.name_is_exact = true;
	s.peer = 21;
	s.file = (struct sock_file){8, 1, 4711};
	rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	assert_page_has(&p, "- unix /run/a b.sock type=STREAM (CONNECTED)\n");
	assert_page_has(&p, "  file         inode 4711 on device 8:1\n"
			    "  other end    inode 21\n");
	page_free(&p);
}

static void other_end_is_named(void **state)
{
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 80, 10);
	struct sock t = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 40000, 11);
	struct world w;
	struct ends e;
	struct page p;

	(void)state;
	page_init(&p);
	world_init(&w);
	world_add(&w, &s);
	world_hold(&w, 10, 7, 3);
	world_add(&w, &t);
	world_hold(&w, 11, 8, 5);
	rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	world_find(&w, &p.r.list, &e);
	p.r.style.ends = &e;
	p.r.style.name_ends = true; /* -E beside -D changes nothing */
	assert_page_has(&p, "- IPv4 TCP 127.0.0.1:40000->127.0.0.1:80 (ESTABLISHED)\n");
	assert_page_has(&p, "  other end    8,cmd8,5u\n");
	ends_free(&e);
	page_free(&p);
}

static void thread_is_named(void **state)
{
	struct process task = {.pid = 811, .tid = 812, .command = "work er", .command_len = 7};
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	rows_add_process(&p.r, 811, "nginx");
	struct row *row = rows_add_held(&p.r, 6, &s);
	rows_holder(&p.r, row)->tid = 812;
	assert_page_has(&p, "nginx,811 6u IPv4 TCP *:80 (LISTEN)\n  thread       812\n");
	row->task = &task;
	assert_page_has(&p, "  thread       work\\x20er,812\n");
	page_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_without_holder_come_last_with_their_reason),
		cmocka_unit_test(shared_socket_is_told_once),
		cmocka_unit_test(thread_with_the_same_descriptor_is_told),
		cmocka_unit_test(connection_has_its_tcp_info),
		cmocka_unit_test(socket_has_memory_drops_and_the_rest),
		cmocka_unit_test(backlog_has_a_limit_where_it_is_known),
		cmocka_unit_test(unix_socket_has_its_file_and_its_other_end),
		cmocka_unit_test(other_end_is_named),
		cmocka_unit_test(thread_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
