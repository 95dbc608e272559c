/* Cards, byte by byte: what stands where, what is left out, what is never cut. */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "rows_fixture.h"
#include "background.h"
#include "details.h"
#include "process_detail.h"
#include "sock_info.h"

#include <time.h>
#include <unistd.h>

/* Rows with a background, and what is filled in by hand. */
struct page {
	struct rows r;
	struct background background;
	struct process_detail detail;
	struct sock_info info;
};

static void page_init(struct page *p)
{
	*p = (struct page){.background.uptime = -1, .detail.fds = -1};
	rows_init(&p->r);
	p->r.style.background = &p->background;
}

static void page_free(struct page *p)
{
	background_free(&p->background);
	rows_free(&p->r);
}

static char *write_page(const struct page *p, size_t *out_len)
{
	int fd = rows_open();

	assert_int_equal(details_write(&p->r.style, &p->r.list, fd), 0);
	return rows_close(fd, out_len);
}

static void assert_page(const struct page *p, const char *expected)
{
	size_t len;
	char *text = write_page(p, &len);

	assert_bytes(text, len, expected);
	free(text);
}

static void assert_page_has(const struct page *p, const char *line)
{
	size_t len;
	char *text = write_page(p, &len);

	if (!strstr(text, line))
		fail_msg("%s\nlacks %s", text, line);
	free(text);
}

static void assert_page_lacks(const struct page *p, const char *word)
{
	size_t len;
	char *text = write_page(p, &len);

	if (strstr(text, word))
		fail_msg("%s\nhas %s", text, word);
	free(text);
}

static struct sock listener(void)
{
	return make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 31415);
}

/* --- processes ------------------------------------------------------------- */

static void cards_of_a_process_and_its_sockets(void **state)
{
	struct sock s = listener(), t = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::1", 53, 9);
	struct page p;

	(void)state;
	page_init(&p);
	assert_page(&p, "");
	rows_add_process(&p.r, 811, "nginx");
	rows_add_held(&p.r, 6, &s);
	rows_add_held(&p.r, 7, &t);
	assert_page(&p, "nginx,811\n"
			"  user         alice (1000)\n"
			"\n"
			"nginx,811 6u IPv4 TCP *:80 (LISTEN)\n"
			"  inode        31415\n"
			"  owner        alice (1000)\n"
			"  backlog      0 connections wait\n"
			"\n"
			"nginx,811 7u IPv6 UDP [::1]:53\n"
			"  inode        9\n"
			"  owner        alice (1000)\n"
			"  queues       0 bytes to be read, 0 bytes to be sent\n");
	page_free(&p);
}

static void process_has_all_its_facts(void **state)
{
	struct process init = {.pid = 1, .tid = 1, .command = "systemd", .command_len = 7};
	struct process sshd = {.pid = 90, .tid = 90, .ppid = 1, .command = "sshd", .command_len = 4};
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	char args[] = "nginx\0-g\0daemon off;";
	struct sock s = listener();
	struct page p;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "nginx");
	q->ppid = 90;
	q->start_ticks = 60 * hz;
	q->args = args;
	q->args_len = sizeof(args);
	q->cwd = (char[]){"/srv/my site"};
	q->cgroup = (char[]){"/system.slice/docker-0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef.scope"};
	p.detail = (struct process_detail){.exe = (char[]){"/usr/sbin/nginx"}, .exe_deleted = true,
					   .real_uid_known = true, .real_uid = 1001, .tty_major = 136,
					   .tty_minor = 3, .threads = 4, .fds = 23};
	q->detail = &p.detail;
	p.background.uptime = 11580;
	p.r.style.boot_time = 1700000000;
	assert_int_equal(process_table_add(&p.background.parents, &init), 0);
	assert_int_equal(process_table_add(&p.background.parents, &sshd), 0);
	rows_add_held(&p.r, 6, &s);
	assert_page_has(&p, "nginx,811\n"
			"  command      nginx -g daemon off;\n"
			"  exe          /usr/sbin/nginx (deleted)\n"
			"  cwd          /srv/my site\n"
			"  user         alice (1000), real 1001\n"
			"  started      2023-11-14 22:14:20, 3 h 12 min ago\n"
			"  parents      sshd,90 < systemd,1\n"
			"  terminal     pts/3\n"
			"  session      ssh, through sshd,90\n"
			"  unit         docker-0123456789abcdef0123456789abcdef"
			"0123456789abcdef0123456789abcdef.scope\n"
			"  container    0123456789ab\n"
			"  cgroup       /system.slice/docker-0123456789abcdef0123456789abcdef"
			"0123456789abcdef0123456789abcdef.scope\n"
			"  threads      4\n"
			"  descriptors  23\n"
			"\n");
	p.r.style.numeric_users = true;
	assert_page_has(&p, "  user         1000, real 1001\n");
	p.detail.real_uid = 1000;
	assert_page_has(&p, "  user         1000\n");
	page_free(&p);
}

static void what_may_not_be_read_is_said_once(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "nginx");
	rows_add_held(&p.r, 6, &s);
	p.detail.is_denied = true;
	q->detail = &p.detail;
	assert_page_has(&p, "  not shown    exe, cwd: no permission to read them\n\n");
	q->detail = NULL;
	q->is_opaque = true;
	assert_page_has(&p, "  not shown    the rest: no permission to read it\n\n");
	q->is_opaque = false;
	q->is_gone = true;
	assert_page_has(&p, "  not shown    the rest: the process has ended\n\n");
	page_free(&p);
}

static void hostile_names_stay_in_their_line(void **state)
{
	char args[] = "x\n  exe          /bin/sh\033[2J";
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 7, "a,1\nb c\033");
	q->args = args;
	q->args_len = sizeof(args);
	q->cwd = (char[]){"/tmp/\nuser         root (0)"};
	p.detail.exe = (char[]){"/tmp/\tx\233"};
	q->detail = &p.detail;
	s.device = "eth\n0";
	s.bound_if = 2;
	rows_add_held(&p.r, 6, &s);
	assert_page_has(&p, "a\\x2c1\\nb\\x20c^[,7\n"
			    "  command      x\\n  exe          /bin/sh^[[2J\n"
			    "  exe          /tmp/\\tx\\x9b\n"
			    "  cwd          /tmp/\\nuser         root (0)\n");
	assert_page_has(&p, "  device       eth\\n0\n");
	page_free(&p);
}

static void parents_wrap_and_paths_do_not(void **state)
{
	char cwd[161], expected[256];
	struct sock s = listener();
	struct page p;

	(void)state;
	memset(cwd, '/', 160);
	cwd[160] = '\0';
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "nginx");
	q->cwd = cwd;
	q->ppid = 806;
	q->start_ticks = 9;
	for (pid_t pid = 801; pid < 807; pid++) {
		struct process parent = {.pid = pid, .tid = pid, .ppid = pid - 1,
					 .command = "some-parent", .command_len = 11};
		assert_int_equal(process_table_add(&p.background.parents, &parent), 0);
	}
	rows_add_held(&p.r, 6, &s);
	snprintf(expected, sizeof(expected), "  cwd          %s\n", cwd);
	assert_page_has(&p, expected);
	assert_page_has(&p, "  parents      some-parent,806 < some-parent,805 < some-parent,804 <\n"
			    "               some-parent,803 < some-parent,802 < some-parent,801\n");
	page_free(&p);
}

static void head_lines_stand_out(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	p.r.style.colour = p.r.style.colour_reason = true;
	rows_add_process(&p.r, 811, "nginx");
	rows_add_held(&p.r, 6, &s);
	assert_page_has(&p, "\033[1mnginx,811\033[m\n  user");
	assert_page_has(&p, "\n\n\033[1mnginx,811 6u IPv4 TCP *:80 (LISTEN)\033[m\n  inode");
	page_free(&p);
}

/* --- sockets --------------------------------------------------------------- */

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
		cmocka_unit_test(cards_of_a_process_and_its_sockets),
		cmocka_unit_test(process_has_all_its_facts),
		cmocka_unit_test(what_may_not_be_read_is_said_once),
		cmocka_unit_test(hostile_names_stay_in_their_line),
		cmocka_unit_test(parents_wrap_and_paths_do_not),
		cmocka_unit_test(head_lines_stand_out),
		cmocka_unit_test(sockets_without_holder_come_last_with_their_reason),
		cmocka_unit_test(shared_socket_is_told_once),
		cmocka_unit_test(connection_has_its_tcp_info),
		cmocka_unit_test(socket_has_memory_drops_and_the_rest),
		cmocka_unit_test(backlog_has_a_limit_where_it_is_known),
		cmocka_unit_test(unix_socket_has_its_file_and_its_other_end),
		cmocka_unit_test(other_end_is_named),
		cmocka_unit_test(thread_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
