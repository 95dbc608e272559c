/* The values of JSON keys, one by one: of processes, descriptors and sockets. */
#define _GNU_SOURCE
#include "rows_fixture.h"
#include "escape.h"
#include "json_value.h"
#include "netns.h"

#include <sys/socket.h>

static void assert_value(json_value *add, const struct column_style *style, const struct row *row,
			 const char *expected)
{
	struct column_style raw = *style;
	struct buf b = {0};

	raw.escape = ESCAPE_RAW; /* as format_json.c has it */
	add(&raw, row, &b);
	assert_buf(&b, expected);
	buf_free(&b);
}

/* --- the process ----------------------------------------------------------- */

static void row_without_process_has_no_facts(void **state)
{
	static json_value *const values[] = {
		json_value_pid, json_value_tid, json_value_ppid, json_value_pgid,
		json_value_command, json_value_task_cmd, json_value_uid, json_value_login,
		json_value_start, json_value_cmdline, json_value_cwd, json_value_unit,
		json_value_container, json_value_fd, json_value_kind, json_value_access,
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	r.style.boot_time = 1000000000;
	const struct row *row = rows_add_unheld(&r, &s, REASON_PERMISSION);
	for (size_t i = 0; i < COUNT(values); i++)
		assert_value(values[i], &r.style, row, "null");
	rows_free(&r);
}

static void what_was_not_read_is_null(void **state)
{
	static json_value *const values[] = {json_value_tid, json_value_command,
					     json_value_task_cmd, json_value_start,
					     json_value_cmdline, json_value_cwd, json_value_unit,
					     json_value_container};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct process *p = rows_add_process(&r, 811, "");
	const struct row *row = rows_add_held(&r, 3, &s);
	for (size_t i = 0; i < COUNT(values); i++)
		assert_value(values[i], &r.style, row, "null");
	assert_value(json_value_uid, &r.style, row, "1000");
	assert_value(json_value_ppid, &r.style, row, "1");
	p->ppid = 0; /* the kernel's, or of another pid namespace: an answer */
	assert_value(json_value_ppid, &r.style, row, "0");
	p->is_gone = true;
	r.style.boot_time = 1000000000;
	assert_value(json_value_ppid, &r.style, row, "null");
	assert_value(json_value_pgid, &r.style, row, "null");
	assert_value(json_value_start, &r.style, row, "null");
	assert_value(json_value_uid, &r.style, row, "1000");
	rows_free(&r);
}

static void login_is_a_name_or_null(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct process *p = rows_add_process(&r, 811, "x");
	const struct row *row = rows_add_held(&r, 3, &s);
	assert_value(json_value_login, &r.style, row, "\"alice\"");
	r.style.numeric_users = true;
	assert_value(json_value_login, &r.style, row, "null");
	r.style.numeric_users = false;
	p->uid = 1001;
	assert_value(json_value_login, &r.style, row, "null");
	assert_value(json_value_uid, &r.style, row, "1001");
	rows_free(&r);
}

static void cmdline_is_a_list(void **state)
{
	static const struct {
		const char *args;
		size_t len;
		const char *expected;
	} cases[] = {
		{"", 0, "[]"},
		{"", 1, "[\"\"]"}, /* execv(path, {"", NULL}) */
		{"nginx", 6, "[\"nginx\"]"},
		{"nginx", 5, "[\"nginx\"]"}, /* not ended, as a process may leave it */
		{"a\0b c\0", 6, "[\"a\",\"b c\"]"},
		{"a\0\0b", 5, "[\"a\",\"\",\"b\"]"},
		{"a\0\0", 3, "[\"a\",\"\"]"},
		{"\"\\\n\xff", 5, "[\"\\\"\\\\\\\\\\n\\\\xff\"]"},
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct process *p = rows_add_process(&r, 811, "x");
	const struct row *row = rows_add_held(&r, 3, &s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		p->args_len = cases[i].len;
		p->args = guard_copy(cases[i].args, cases[i].len);
		assert_value(json_value_cmdline, &r.style, row, cases[i].expected);
		guard_free(p->args, cases[i].len);
	}
	rows_free(&r);
}

/* --- the descriptor -------------------------------------------------------- */

static void kind_says_by_what_it_is_held(void **state)
{
	static const struct {
		enum holder_kind kind;
		int fd;
		const char *shown, *number, *access;
	} cases[] = {
		{HOLDER_FD, 0, "\"fd\"", "0", "\"u\""},
		{HOLDER_FD, 12345, "\"fd\"", "12345", "\"u\""},
		{HOLDER_RING, 4, "\"ring\"", "4", "null"},
		{HOLDER_MEM, -1, "\"mem\"", "null", "null"},
	};
	static const struct {
		enum reason reason;
		const char *shown;
	} unheld[] = {
		{REASON_NOT_ACCEPTED, "\"queue\""}, {REASON_IN_FLIGHT, "\"queue\""},
		{REASON_ORPHAN, "null"},            {REASON_KERNEL, "null"},
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "x");
	struct row *row = rows_add_held(&r, 3, &s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		rows_holder(&r, row)->kind = cases[i].kind;
		rows_holder(&r, row)->fd = cases[i].fd;
		assert_value(json_value_kind, &r.style, row, cases[i].shown);
		assert_value(json_value_fd, &r.style, row, cases[i].number);
		assert_value(json_value_access, &r.style, row, cases[i].access);
	}
	row = rows_add_unheld(&r, &s, REASON_NONE);
	for (size_t i = 0; i < COUNT(unheld); i++) {
		row->reason = unheld[i].reason;
		assert_value(json_value_kind, &r.style, row, unheld[i].shown);
		assert_value(json_value_fd, &r.style, row, "null");
	}
	rows_free(&r);
}

/* --- the socket ------------------------------------------------------------ */

static void family_protocol_and_state_follow_the_socket(void **state)
{
	struct sock raw6 = make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "::", 58, 1),
		    other = {.proto = SOCK_PROTO_OTHER, .inode = 1, .name = "XSK\"", .name_len = 4};
	const struct {
		struct sock s;
		const char *type, *family, *protocol, *state;
	} cases[] = {
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "::ffff:1.2.3.4", 80, 1), "\"IPv6\"",
		 "\"inet6\"", "\"TCP\"", "\"BOUND\""},
		{make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 53, 1), "\"IPv4\"",
		 "\"inet\"", "\"UDP\"", "\"UNCONNECTED\""},
		{raw6, "\"raw6\"", "\"inet6\"", "\"RAW\"", "\"UNCONNECTED\""},
		{make_unix(SOCK_STATE_LISTEN, SOCK_SEQPACKET, "/x", 1), "\"unix\"", "\"unix\"",
		 "\"SEQPACKET\"", "\"LISTEN\""},
		{make_unix(SOCK_STATE_UNKNOWN, 0, "/x", 1), "\"unix\"", "\"unix\"", "null", "null"},
		{{.proto = SOCK_PROTO_NETLINK, .name = "ROUTE", .name_len = 5}, "\"netlink\"",
		 "\"netlink\"", "null", "null"},
		{other, "\"sock\"", "null", "\"XSK\\\"\"", "null"},
		{{.proto = SOCK_PROTO_OTHER, .inode = 1}, "\"sock\"", "null", "null", "null"},
	};
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct row row = {.snap = &r.snap, .sock = &cases[i].s};
		assert_value(json_value_type, &r.style, &row, cases[i].type);
		assert_value(json_value_family, &r.style, &row, cases[i].family);
		assert_value(json_value_protocol, &r.style, &row, cases[i].protocol);
		assert_value(json_value_state, &r.style, &row, cases[i].state);
	}
	rows_free(&r);
}

static void ends_are_address_and_port(void **state)
{
	struct sock link = make_connection(SOCK_STATE_ESTABLISHED, "fe80::1", 80, "fe80::2", 5, 1),
		    far = link,
		    raw = make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "::", 58, 1);
	link.local.scope_id = link.remote.scope_id = link.bound_if = 9;
	link.device = "a\"\\b";
	far.local.scope_id = 4000000000U; /* no interface of ours */
	raw.remote = make_addr("2001:db8::1", 0);
	const struct {
		struct sock s;
		const char *local, *remote;
	} cases[] = {
		{make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 65535, 1),
		 "{\"address\":\"::\",\"port\":65535}", "null"},
		{make_connection(SOCK_STATE_CLOSE_WAIT, "::ffff:192.0.2.1", 443, "::ffff:192.0.2.9",
				 50000, 1),
		 "{\"address\":\"::ffff:192.0.2.1\",\"port\":443}",
		 "{\"address\":\"::ffff:192.0.2.9\",\"port\":50000}"},
		{link, "{\"address\":\"fe80::1%a\\\"\\\\\\\\b\",\"port\":80}",
		 "{\"address\":\"fe80::2%a\\\"\\\\\\\\b\",\"port\":5}"},
		{far, "{\"address\":\"fe80::1%4000000000\",\"port\":80}",
		 "{\"address\":\"fe80::2\",\"port\":5}"},
		{raw, "{\"address\":\"::\",\"port\":58}",
		 "{\"address\":\"2001:db8::1\",\"port\":0}"},
		{make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 1, "0.0.0.0", 5, 1),
		 "{\"address\":\"127.0.0.1\",\"port\":1}", "{\"address\":\"0.0.0.0\",\"port\":5}"},
		{make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/x", 1), "null", "null"},
	};
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct row row = {.snap = &r.snap, .sock = &cases[i].s};
		assert_value(json_value_local, &r.style, &row, cases[i].local);
		assert_value(json_value_remote, &r.style, &row, cases[i].remote);
	}
	rows_free(&r);
}

static void path_tells_abstract_names_from_files(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		bool exact;
		const char *path, *shown; /* path; name */
	} cases[] = {
		{"/run/x", 6, true, "\"/run/x\"", "\"/run/x type=STREAM\""},
		{"\0x", 2, true, "\"@x\"", "\"@x type=STREAM\""},
		{"\0", 1, true, "\"@\"", "\"@ type=STREAM\""},
		{"\0x\0@", 4, true, "\"@x\\u0000@\"", "\"@x@@ type=STREAM\""},
		{"@x", 2, true, "\"\\\\x40x\"", "\"@x type=STREAM\""},
		{"@", 1, true, "\"\\\\x40\"", "\"@ type=STREAM\""},
		{"/a@b", 4, true, "\"/a@b\"", "\"/a@b type=STREAM\""},
		/* As text shows it: NUL is '@' there. */
		{"@x@y", 4, false, "\"@x@y\"", "\"@x@y type=STREAM\""},
		{"/a\n\\\xff", 5, true, "\"/a\\n\\\\\\\\\\\\xff\"",
		 "\"/a\\n\\\\\\\\\\\\xff type=STREAM\""},
		{"", 0, true, "null", "\"type=STREAM\""},
		{NULL, 0, true, "null", "\"type=STREAM\""},
	};
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 1);
		const struct row row = {.snap = &r.snap, .sock = &s};
		char *name = cases[i].name ? guard_copy(cases[i].name, cases[i].len) : NULL;
		s.name = name;
		s.name_len = (uint16_t)cases[i].len;
		s.name_is_exact = cases[i].exact;
		assert_value(json_value_path, &r.style, &row, cases[i].path);
		assert_value(json_value_name, &r.style, &row, cases[i].shown);
		if (name)
			guard_free(name, cases[i].len);
	}
	/* Names of others are no paths. */
	struct sock netlink = {.proto = SOCK_PROTO_NETLINK, .name = "ROUTE", .name_len = 5};
	const struct row row = {.snap = &r.snap, .sock = &netlink};
	assert_value(json_value_path, &r.style, &row, "null");
	assert_value(json_value_name, &r.style, &row, "\"ROUTE\"");
	rows_free(&r);
}

static void numbers_are_numbers_or_null(void **state)
{
	struct sock tcp = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1),
		    text = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/x", 2), diag, scanned;
	tcp.rqueue = 7;
	tcp.wqueue = UINT32_MAX;
	text.cookie = 0xdeadbeef; /* a hashed pointer */
	text.row = 1;
	diag = text;
	diag.name_is_exact = true;
	diag.row = 0;
	diag.uid = 0;
	diag.uid_known = true;
	scanned = tcp;
	scanned.is_scanned = true;
	scanned.uid_known = false;
	scanned.inode = 0;
	const struct {
		const struct sock *s;
		const char *inode, *cookie, *uid, *queues;
	} cases[] = {
		{&tcp, "1", "null", "1000", "{\"recv\":7,\"send\":4294967295}"},
		{&text, "2", "null", "null", "null"},
		{&diag, "2", "3735928559", "0", "{\"recv\":0,\"send\":0}"},
		{&scanned, "null", "null", "null", "null"},
	};
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct row row = {.snap = &r.snap, .sock = cases[i].s};
		assert_value(json_value_inode, &r.style, &row, cases[i].inode);
		assert_value(json_value_cookie, &r.style, &row, cases[i].cookie);
		assert_value(json_value_socket_uid, &r.style, &row, cases[i].uid);
		assert_value(json_value_queues, &r.style, &row, cases[i].queues);
	}
	rows_free(&r);
}

static void netns_is_its_inode(void **state)
{
	struct netns namespaces[] = {{.id = 3, .inode = 4026531840U, .fd = -1},
				     {.id = 4, .fd = -1}};
	struct netns_list list = {.v = namespaces, .len = 2};
	static const struct {
		uint32_t netns;
		const char *bare, *listed;
	} cases[] = {
		{0, "null", "null"}, {3, "3", "4026531840"}, {9, "9", "9"},
		{4, "4", "null"}, /* a number of ours stands for one that is not known */
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct row row = {.snap = &r.snap, .sock = &s};
		s.netns = cases[i].netns;
		r.style.namespaces = NULL;
		assert_value(json_value_netns, &r.style, &row, cases[i].bare);
		r.style.namespaces = &list;
		assert_value(json_value_netns, &r.style, &row, cases[i].listed);
	}
	rows_free(&r);
}

static void device_is_its_name_or_number(void **state)
{
	static const struct {
		uint32_t index;
		const char *name, *expected;
	} cases[] = {
		{0, NULL, "null"}, {2, "eth0", "\"eth0\""}, {2, NULL, "\"2\""}, {0, "eth0", "null"},
		{2, "a\"\xff", "\"a\\\"\\\\xff\""},
	};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct row row = {.snap = &r.snap, .sock = &s};
		s.bound_if = cases[i].index;
		s.device = cases[i].name;
		assert_value(json_value_bound_device, &r.style, &row, cases[i].expected);
	}
	rows_free(&r);
}

static void timer_has_name_and_milliseconds(void **state)
{
	static const struct {
		enum sock_timer timer;
		uint32_t ms;
		const char *expected;
	} cases[] = {
		{SOCK_TIMER_NONE, 5, "null"},
		{SOCK_TIMER_RETRANSMIT, 0, "{\"name\":\"retransmit\",\"ms\":0}"},
		{SOCK_TIMER_KEEPALIVE, 7200000, "{\"name\":\"keepalive\",\"ms\":7200000}"},
		{SOCK_TIMER_TIME_WAIT, 41001, "{\"name\":\"time-wait\",\"ms\":41001}"},
		{SOCK_TIMER_PROBE, 1, "{\"name\":\"probe\",\"ms\":1}"},
	};
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "::1", 80, "::1", 5, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct row row = {.snap = &r.snap, .sock = &s};
		s.timer = (uint8_t)cases[i].timer;
		s.timer_ms = cases[i].ms;
		assert_value(json_value_timer, &r.style, &row, cases[i].expected);
	}
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_without_process_has_no_facts),
		cmocka_unit_test(what_was_not_read_is_null),
		cmocka_unit_test(login_is_a_name_or_null),
		cmocka_unit_test(cmdline_is_a_list),
		cmocka_unit_test(kind_says_by_what_it_is_held),
		cmocka_unit_test(family_protocol_and_state_follow_the_socket),
		cmocka_unit_test(ends_are_address_and_port),
		cmocka_unit_test(path_tells_abstract_names_from_files),
		cmocka_unit_test(numbers_are_numbers_or_null),
		cmocka_unit_test(netns_is_its_inode),
		cmocka_unit_test(device_is_its_name_or_number),
		cmocka_unit_test(timer_has_name_and_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
