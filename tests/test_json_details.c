/* The key `details` of JSON: what is known, what is null, and where it stands. */
#define _GNU_SOURCE
#include "rows_fixture.h"
#include "background.h"
#include "format_json.h"
#include "json_value.h"
#include "process_detail.h"
#include "sock_info.h"

#include <unistd.h>

#define NO_PROCESS "\"exe\":null,\"exe_deleted\":null,\"real_uid\":null,\"age\":null,"
#define NO_SOCKET \
	"\"socket_cgroup\":null,\"v6only\":null,\"file\":null,\"backlog\":null,\"memory\":null," \
	"\"drops\":null,\"timer_tries\":null,\"shutdown\":null,\"congestion\":null," \
	"\"opener\":null,\"tcp\":null,\"tos\":null,\"tclass\":null,\"mark\":null,\"ulp\":null," \
	"\"flags\":null}"

struct page {
	struct rows r;
	struct background background;
};

static void page_init(struct page *p)
{
	*p = (struct page){.background.uptime = -1};
	rows_init(&p->r);
	p->r.style.background = &p->background;
}

static void page_free(struct page *p)
{
	background_free(&p->background);
	rows_free(&p->r);
}

static void assert_value(json_value *add, const struct page *p, const struct row *row,
			 const char *expected)
{
	struct buf b = {0};

	add(&p->r.style, row, &b);
	assert_buf(&b, expected);
	buf_free(&b);
}

static struct sock udp(void)
{
	return make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 53, 1);
}

static void what_is_unknown_is_null(void **state)
{
	struct sock s = udp();
	struct page p;

	(void)state;
	page_init(&p);
	const struct row *row = rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	assert_value(json_value_sock_details, &p, row, "{" NO_SOCKET);
	assert_value(json_value_process_details, &p, row,
		     "{" NO_PROCESS "\"parents\":null,\"tty\":null,\"session\":null,"
		     "\"cgroup\":null,\"threads\":null,\"fds\":null}");
	assert_value(json_value_details, &p, row,
		     "{" NO_PROCESS "\"parents\":null,\"tty\":null,\"session\":null,"
		     "\"cgroup\":null,\"threads\":null,\"fds\":null," NO_SOCKET);
	page_free(&p);
}

static void process_that_is_gone_has_no_parents(void **state)
{
	struct sock s = udp();
	struct page p;

	(void)state;
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "x");
	const struct row *row = rows_add_held(&p.r, 3, &s);
	assert_value(json_value_process_details, &p, row,
		     "{" NO_PROCESS "\"parents\":[],\"tty\":null,\"session\":null,"
		     "\"cgroup\":null,\"threads\":null,\"fds\":null}");
	q->is_gone = true;
	assert_value(json_value_process_details, &p, row,
		     "{" NO_PROCESS "\"parents\":null,\"tty\":null,\"session\":null,"
		     "\"cgroup\":null,\"threads\":null,\"fds\":null}");
	page_free(&p);
}

static void process_has_its_facts(void **state)
{
	struct process init = {.pid = 1, .tid = 1, .command = "i\"t", .command_len = 3};
	struct process sshd = {.pid = 90, .tid = 90, .ppid = 1, .command = "sshd", .command_len = 4};
	struct process_detail d = {.exe = (char[]){"/bin/\377\n"}, .exe_deleted = true, .fds = 0,
				   .real_uid_known = true, .tty_major = 4, .tty_minor = 1,
				   .threads = 2};
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct sock s = udp();
	struct page p;

	(void)state;
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "x");
	q->ppid = 90;
	q->start_ticks = 100 * hz;
	q->detail = &d;
	q->cgroup = (char[]){"/a"};
	p.background.uptime = 160;
	assert_int_equal(process_table_add(&p.background.parents, &init), 0);
	assert_int_equal(process_table_add(&p.background.parents, &sshd), 0);
	assert_value(json_value_process_details, &p, rows_add_held(&p.r, 3, &s),
		     "{\"exe\":\"/bin/\\\\xff\\n\",\"exe_deleted\":true,\"real_uid\":0,\"age\":60,"
		     "\"parents\":[{\"pid\":90,\"command\":\"sshd\"},"
		     "{\"pid\":1,\"command\":\"i\\\"t\"}],\"tty\":\"tty1\","
		     "\"session\":{\"kind\":\"ssh\",\"pid\":90,\"command\":\"sshd\"},"
		     "\"cgroup\":\"/a\",\"threads\":2,\"fds\":0}");
	page_free(&p);
}

static void socket_has_its_facts(void **state)
{
	struct sock_info info = {.memory = {1, 2, 3, 4}, .memory_len = 4, .congestion = "cubic",
				 .ulp = "tls", .tos = 16, .mark = 4294967295U, .shutdown = 2,
				 .flags = 2, .retransmits = 3,
				 .known = SOCK_INFO_TOS | SOCK_INFO_MARK | SOCK_INFO_SHUTDOWN |
					  SOCK_INFO_FLAGS | SOCK_INFO_RETRANSMITS};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct page p;

	(void)state;
	page_init(&p);
	s.info = &info;
	s.v6only = SOCK_V6ONLY_YES;
	s.rqueue = 2;
	s.wqueue = 128;
	struct row *row = rows_add_unheld(&p.r, &s, REASON_PERMISSION);
	assert_value(json_value_sock_details, &p, row,
		     "{\"socket_cgroup\":null,\"v6only\":true,\"file\":null,"
		     "\"backlog\":{\"waiting\":2,\"limit\":null},"
		     "\"memory\":{\"receive\":1,\"receive_limit\":2,\"send\":3,\"send_limit\":4,"
		     "\"forward\":null,\"queued\":null,\"options\":null,\"backlog\":null},"
		     "\"drops\":null,\"timer_tries\":3,\"shutdown\":[\"send\"],"
		     "\"congestion\":\"cubic\",\"opener\":null,\"tcp\":null,\"tos\":16,\"tclass\":null,"
		     "\"mark\":4294967295,\"ulp\":\"tls\",\"flags\":[\"freebind\"]}");
	page_free(&p);
}

static void limit_and_drops_are_told_where_they_are_known(void **state)
{
	struct sock_info info = {.memory = {0, 0, 0, 0, 0, 0, 0, 0, 41}, .memory_len = 9};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct page p;
	struct buf b = {0};

	(void)state;
	page_init(&p);
	s.info = &info;
	s.cookie = 9;
	s.wqueue = 128;
	json_value_sock_details(&p.r.style, rows_add_unheld(&p.r, &s, REASON_PERMISSION), &b);
	buf_add_char(&b, '\0');
	assert_non_null(strstr(b.data, "\"backlog\":{\"waiting\":0,\"limit\":128},"));
	assert_non_null(strstr(b.data, "\"drops\":41,"));
	buf_free(&b);
	page_free(&p);
}

static void tcp_has_the_names_of_the_kernel(void **state)
{
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5, 1);
	struct sock_info info = {.tcp_known = UINT64_C(1) << SOCK_TCP_RTT |
					      UINT64_C(1) << SOCK_TCP_BYTES_ACKED};
	struct page p;
	struct buf b = {0};

	(void)state;
	page_init(&p);
	info.tcp[SOCK_TCP_RTT] = 28;
	info.tcp[SOCK_TCP_BYTES_ACKED] = UINT64_MAX;
	s.info = &info;
	json_value_sock_details(&p.r.style, rows_add_unheld(&p.r, &s, REASON_PERMISSION), &b);
	buf_add_char(&b, '\0');
	assert_non_null(strstr(b.data, "\"tcp\":{\"ca_state\":null,"));
	assert_non_null(strstr(b.data, ",\"rtt\":28,\"rttvar\":null,"));
	assert_non_null(strstr(b.data, ",\"bytes_acked\":18446744073709551615,"));
	assert_non_null(strstr(b.data, "\"rcv_wnd\":null},"));
	buf_free(&b);
	page_free(&p);
}

static void file_of_a_unix_socket_is_told(void **state)
{
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/x", 1);
	struct page p;
	struct buf b = {0};

	(void)state;
	page_init(&p);
	s.file = (struct sock_file){8, 1, 4711};
	json_value_sock_details(&p.r.style, rows_add_unheld(&p.r, &s, REASON_PERMISSION), &b);
	buf_add_char(&b, '\0');
	assert_non_null(strstr(b.data, "\"file\":{\"major\":8,\"minor\":1,\"inode\":4711},"));
	buf_free(&b);
	page_free(&p);
}

/* Once in each object, and only with --details; letters do not choose it away. */
static void details_stand_in_every_object(void **state)
{
	static const struct {
		bool lines, asked;
		size_t count;
	} cases[] = {{false, true, 3}, {true, true, 2}, {false, false, 0}, {true, false, 0}};
	struct sock s = udp(), t = udp();
	struct page p;

	(void)state;
	page_init(&p);
	rows_add_process(&p.r, 811, "x");
	rows_add_held(&p.r, 3, &s);
	rows_add_unheld(&p.r, &t, REASON_PERMISSION);
	for (size_t i = 0; i < COUNT(cases) * 2; i++) {
		struct json_format format = {.style = &p.r.style, .lines = cases[i / 2].lines};
		size_t len, count = 0;
		int fd = rows_open();

		p.r.style.background = cases[i / 2].asked ? &p.background : NULL;
		assert_true(field_choice_add(&format.choice, i % 2 ? "p" : ""));
		assert_int_equal(format_json_write(&format, &p.r.list, fd), 0);
		char *text = rows_close(fd, &len);
		for (const char *at = text; (at = strstr(at, "\"details\":{")); at++)
			count++;
		assert_int_equal(count, cases[i / 2].count);
		free(text);
	}
	page_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_unknown_is_null),
		cmocka_unit_test(process_that_is_gone_has_no_parents),
		cmocka_unit_test(process_has_its_facts),
		cmocka_unit_test(socket_has_its_facts),
		cmocka_unit_test(limit_and_drops_are_told_where_they_are_known),
		cmocka_unit_test(tcp_has_the_names_of_the_kernel),
		cmocka_unit_test(file_of_a_unix_socket_is_told),
		cmocka_unit_test(details_stand_in_every_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
