/* The words of a row about its other end. */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "rows_fixture.h"
#include "escape.h"
#include "sock_text.h"

#include <sys/socket.h>

#define CLIENT make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 80, 10)
#define SERVER make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 40000, 11)

/* Who has the other end; what stands behind NAME; and NAME. */
static void assert_texts(struct world *w, const struct sock *s, const char *ends,
			 const char *arrow, const char *name)
{
	struct buf b = {0};
	struct rows r;
	struct ends e;

	rows_init(&r);
	const struct row *row = rows_add_unheld(&r, s, REASON_NONE);
	world_find(w, &r.list, &e);
	r.style.ends = &e;
	sock_text_add_ends(&r.style, row->sock, &b);
	assert_buf(&b, ends);
	sock_text_add_arrow(&r.style, row->sock, &b);
	assert_buf(&b, ""); /* the column alone was asked for */
	r.style.name_ends = true;
	sock_text_add_arrow(&r.style, row->sock, &b);
	assert_buf(&b, arrow);
	sock_text_add_name(&r.style, row, &b);
	assert_buf(&b, name);
	r.style.ends = NULL;
	sock_text_add_ends(&r.style, row->sock, &b);
	assert_buf(&b, "");
	buf_free(&b);
	ends_free(&e);
	rows_free(&r);
}

#define NAME(arrow) "127.0.0.1:40000->127.0.0.1:80" arrow " (ESTABLISHED)"

static void end_of_a_connection_is_who_has_it(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct world w;

	(void)state;
	world_init(&w);
	assert_texts(&w, &client, "", "", NAME(""));
	world_add(&w, &server);
	assert_texts(&w, &client, "[unknown]", " [unknown]", NAME(" [unknown]"));
	world_hold(&w, 11, 811, 3);
	assert_texts(&w, &client, "811,cmd811,3u", " 811,cmd811,3u", NAME(" 811,cmd811,3u"));
	world_hold(&w, 11, 811, 4);
	w.holders[1].kind = HOLDER_RING;
	world_hold(&w, 11, 812, 12345);
	assert_texts(&w, &client, "811,cmd811,3u 811,cmd811,ring:4 812,cmd812,12345u",
		     " 811,cmd811,3u 811,cmd811,ring:4 812,cmd812,12345u",
		     NAME(" 811,cmd811,3u 811,cmd811,ring:4 812,cmd812,12345u"));
}

static void end_that_nobody_holds_has_a_reason(void **state)
{
	struct sock client = CLIENT, server = SERVER,
		    listener = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 30);
	struct world w;

	(void)state;
	world_init(&w);
	server.inode = 0;
	world_add(&w, &server);
	assert_texts(&w, &client, "[not-accepted]", " [not-accepted]", NAME(" [not-accepted]"));
	world_add(&w, &listener);
	world_hold(&w, 30, 811, 3);
	assert_texts(&w, &client, "[not-accepted] 811,cmd811,3u", " [not-accepted] 811,cmd811,3u",
		     NAME(" [not-accepted] 811,cmd811,3u"));
	w.socks[0].state = SOCK_STATE_TIME_WAIT;
	w.socks[0].timer = SOCK_TIMER_TIME_WAIT;
	assert_texts(&w, &client, "[time-wait]", " [time-wait]", NAME(" [time-wait]"));
}

static void end_of_a_unix_socket_has_its_inode(void **state)
{
	struct sock a = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, "/run/x", 20), b = a,
		    listener = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 22);
	struct world w;

	(void)state;
	a.peer = 21;
	b.inode = 21;
	b.peer = 20;
	world_init(&w);
	assert_texts(&w, &a, "", " ->INO=21", "/run/x type=STREAM ->INO=21 (CONNECTED)");
	world_add(&w, &b);
	world_hold(&w, 21, 821, 5);
	assert_texts(&w, &a, "821,cmd821,5u", " ->INO=21 821,cmd821,5u",
		     "/run/x type=STREAM ->INO=21 821,cmd821,5u (CONNECTED)");
	assert_texts(&w, &listener, "", "", "/run/x type=STREAM (LISTEN)");
}

/* --- names ----------------------------------------------------------------- */

static void exact_name_is_as_a_target_has_it(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		unsigned flags;
		const char *expected;
	} cases[] = {
		{"", 0, 0, ""},
		{"/run/a b", 8, 0, "/run/a b"},
		{"/run/a b", 8, ESCAPE_BLANKS, "/run/a\\x20b"},
		{"\0x", 2, 0, "@x"},
		{"\0", 1, 0, "@"},
		{"\0\0", 2, 0, "@\\0"},
		{"\0a\0b\0", 5, 0, "@a\\0b\\0"},
		{"\0a\n\\", 4, 0, "@a\\n\\\\"},
		/* As the kernel's text has it. */
		{"\0a\0b", 4, ESCAPE_RAW, "@a@b"},
		{"\0a\n\\ \xff", 6, ESCAPE_RAW | ESCAPE_BLANKS, "@a\n\\ \xff"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *name = guard_copy(cases[i].name, cases[i].len);
		struct buf b = {0};
		sock_text_add_exact_name(name, cases[i].len, cases[i].flags, &b);
		assert_buf(&b, cases[i].expected);
		buf_free(&b);
		guard_free(name, cases[i].len);
	}
}

static void state_belongs_to_what_has_one_to_tell(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state state;
		bool expected;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, true},
		{SOCK_PROTO_MPTCP, SOCK_STATE_BOUND, true},
		{SOCK_PROTO_SCTP, SOCK_STATE_ESTABLISHED, true},
		{SOCK_PROTO_UNIX, SOCK_STATE_CONNECTED, true},
		{SOCK_PROTO_UNIX, SOCK_STATE_UNKNOWN, false},
		{SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED, false},
		{SOCK_PROTO_UDPLITE, SOCK_STATE_UNCONNECTED, false},
		{SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, false},
		{SOCK_PROTO_NETLINK, SOCK_STATE_UNKNOWN, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct sock s = {.proto = (uint8_t)cases[i].proto,
				       .state = (uint8_t)cases[i].state};
		assert_int_equal(sock_text_has_state(&s), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(end_of_a_connection_is_who_has_it),
		cmocka_unit_test(end_that_nobody_holds_has_a_reason),
		cmocka_unit_test(end_of_a_unix_socket_has_its_inode),
		cmocka_unit_test(exact_name_is_as_a_target_has_it),
		cmocka_unit_test(state_belongs_to_what_has_one_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
