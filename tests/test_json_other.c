/* Values of JSON keys about others: the other end, why nobody holds a socket, who may. */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "rows_fixture.h"
#include "clue.h"
#include "json_value.h"

#include <sys/socket.h>

static void assert_value(json_value *add, const struct rows *r, const struct row *row,
			 const char *expected)
{
	struct buf b = {0};

	add(&r->style, row, &b);
	assert_buf(&b, expected);
	buf_free(&b);
}

static void add_process(struct snapshot *snap, pid_t pid, const char *command)
{
	struct process p = {.pid = pid, .tid = pid, .command_len = (uint8_t)strlen(command)};

	memcpy(p.command, command, strlen(command));
	assert_int_equal(process_table_add(&snap->processes, &p), 0);
	process_table_sort(&snap->processes);
}

/* --- the other end --------------------------------------------------------- */

#define CLIENT make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 80, 10)
#define SERVER make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 40000, 11)

/* The peer of a socket in a world. */
static void assert_peer(struct world *w, const struct sock *s, const char *expected)
{
	struct rows r;
	struct ends e;

	rows_init(&r);
	const struct row *row = rows_add_unheld(&r, s, REASON_NONE);
	world_find(w, &r.list, &e);
	r.style.ends = &e;
	assert_value(json_value_peer, &r, row, expected);
	ends_free(&e);
	rows_free(&r);
}

static void peer_is_null_where_nobody_asked(void **state)
{
	struct sock s = CLIENT;
	struct rows r;

	(void)state;
	rows_init(&r);
	assert_value(json_value_peer, &r, rows_add_unheld(&r, &s, REASON_NONE), "null");
	s = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 20);
	s.peer = 21;
	assert_value(json_value_peer, &r, rows_add_unheld(&r, &s, REASON_NONE), "null");
	rows_free(&r);
}

static void peer_lists_each_holder_of_the_other_end(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct world w;

	(void)state;
	world_init(&w);
	assert_peer(&w, &client, "[]");
	world_add(&w, &server);
	world_hold(&w, 11, 812, 4);
	world_hold(&w, 11, 811, 3);
	assert_peer(&w, &client, "[{\"pid\":811,\"command\":\"cmd811\",\"fd\":3,\"inode\":11},"
				 "{\"pid\":812,\"command\":\"cmd812\",\"fd\":4,\"inode\":11}]");
	/* Threads that share a table are told once. */
	world_hold(&w, 11, 812, 4);
	w.holders[2].tid = 813;
	assert_peer(&w, &client, "[{\"pid\":811,\"command\":\"cmd811\",\"fd\":3,\"inode\":11},"
				 "{\"pid\":812,\"command\":\"cmd812\",\"fd\":4,\"inode\":11}]");
	w.holders[0].kind = HOLDER_MEM;
	w.holders_len = 1;
	assert_peer(&w, &client, "[{\"pid\":812,\"command\":\"cmd812\",\"fd\":null,\"inode\":11}]");
}

static void peer_without_known_holder_has_its_inode_at_least(void **state)
{
	struct sock a = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 20), b = a;
	struct world w;

	(void)state;
	a.peer = 21;
	b.inode = 21;
	b.peer = 20;
	world_init(&w);
	assert_peer(&w, &a, "[{\"pid\":null,\"command\":null,\"fd\":null,\"inode\":21}]");
	world_add(&w, &b);
	assert_peer(&w, &a, "[{\"pid\":null,\"command\":null,\"fd\":null,\"inode\":21}]");
	world_hold(&w, 21, 821, 5);
	assert_peer(&w, &a, "[{\"pid\":821,\"command\":\"cmd821\",\"fd\":5,\"inode\":21}]");
}

static void peer_that_is_not_accepted_is_its_listener(void **state)
{
	struct sock client = CLIENT, server = SERVER,
		    listener = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 30);
	struct world w;

	(void)state;
	server.inode = 0;
	world_init(&w);
	world_add(&w, &server);
	assert_peer(&w, &client, "[{\"pid\":null,\"command\":null,\"fd\":null,\"inode\":null}]");
	world_add(&w, &listener);
	world_hold(&w, 30, 811, 3);
	world_hold(&w, 30, 812, 3);
	assert_peer(&w, &client, "[{\"pid\":811,\"command\":\"cmd811\",\"fd\":3,\"inode\":30},"
				 "{\"pid\":812,\"command\":\"cmd812\",\"fd\":3,\"inode\":30}]");
}

/* --- reasons --------------------------------------------------------------- */

static void reason_is_a_code_and_nothing_else(void **state)
{
	static const struct {
		enum reason reason;
		const char *expected;
	} cases[] = {
		{REASON_NONE, "null"},
		{REASON_PERMISSION, "\"permission\""},
		{REASON_PIDNS, "\"pid-namespace\""},
		{REASON_UNKNOWN, "\"unknown\""},
		{REASON_KERNEL, "\"kernel\""},
		{REASON_IN_FLIGHT, "\"in-flight\""},
		{REASON_TIME_WAIT, "\"time-wait\""},
		{REASON_ORPHAN, "\"orphan\""},
		{REASON_NOT_ACCEPTED, "\"not-accepted\""},
	};
	struct sock s = SERVER;
	struct rows r;

	(void)state;
	rows_init(&r);
	struct row *row = rows_add_unheld(&r, &s, REASON_NONE);
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool queued = cases[i].reason == REASON_NOT_ACCEPTED;
		row->reason = cases[i].reason;
		assert_value(json_value_reason, &r, row, cases[i].expected);
		assert_value(json_value_listener, &r, row, queued ? "[]" : "null");
		assert_value(json_value_holders, &r, row, "null");
		assert_value(json_value_suspects, &r, row, "null");
	}
	rows_free(&r);
}

static void listener_lists_who_will_accept(void **state)
{
	struct sock s = SERVER,
		    listener = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 30);
	struct rows r;

	(void)state;
	rows_init(&r);
	s.inode = 0;
	assert_int_equal(sock_table_add(&r.snap.socks, &listener), 0);
	for (int i = 2; i > 0; i--) {
		struct holder h = {30, 810 + i, 810 + i, 6, HOLDER_FD};
		assert_int_equal(holder_index_add(&r.snap.holders, &h), 0);
	}
	holder_index_sort(&r.snap.holders);
	add_process(&r.snap, 811, "ng\"inx");
	assert_int_equal(peer_index_build(&r.snap.listeners, &r.snap.socks), 0);
	const struct row *row = rows_add_unheld(&r, &s, REASON_NOT_ACCEPTED);
	assert_value(json_value_listener, &r, row,
		     "[{\"pid\":811,\"command\":\"ng\\\"inx\",\"fd\":6},"
		     "{\"pid\":812,\"command\":null,\"fd\":6}]");
	rows_free(&r);
}

static void guesses_are_holders_or_suspects(void **state)
{
	static const struct {
		enum reason reason;
		pid_t suspect;
		pid_t likely[CLUE_LIKELY_MAX];
		size_t likely_len;
		const char *holders, *suspects;
	} cases[] = {
#define A "{\"pid\":811,\"command\":\"nginx\",\"fd\":null}"
#define B "{\"pid\":812,\"command\":\"curl\",\"fd\":null}"
		{REASON_UNKNOWN, 0, {0}, 0, "null", "null"},
		{REASON_UNKNOWN, 811, {0}, 0, "null", "[" A "]"},
		{REASON_PERMISSION, 0, {811, 812}, 2, "null", "[" A "," B "]"},
		{REASON_PERMISSION, 812, {811}, 1, "null", "[" B "," A "]"},
		{REASON_PERMISSION, 0, {900, 812}, 2, "null", "[" B "]"}, /* one is gone */
		{REASON_PERMISSION, 900, {0}, 0, "null", "[]"},
		/* Who has the socket that the message waits in: certain. */
		{REASON_IN_FLIGHT, 811, {0}, 0, "[" A "]", "null"},
#undef A
#undef B
	};
	struct sock s = SERVER;
	struct rows r;

	(void)state;
	rows_init(&r);
	add_process(&r.snap, 811, "nginx");
	add_process(&r.snap, 812, "curl");
	struct row *row = rows_add_unheld(&r, &s, REASON_NONE);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct clue clue = {.suspect = cases[i].suspect, .likely_len = cases[i].likely_len};
		memcpy(clue.likely, cases[i].likely, sizeof(clue.likely));
		row->clue = &clue;
		row->reason = cases[i].reason;
		assert_value(json_value_holders, &r, row, cases[i].holders);
		assert_value(json_value_suspects, &r, row, cases[i].suspects);
	}
	rows_free(&r);
}

static void unit_and_container_of_unowned_are_the_clues(void **state)
{
	static const struct {
		enum clue_place kind;
		const char *place, *unit, *container;
	} cases[] = {
		{CLUE_UNIT, "nginx.service", "\"nginx.service\"", "null"},
		{CLUE_CONTAINER, "0123456789ab", "null", "\"0123456789ab\""},
		{CLUE_CGROUP, "/a\"b", "null", "null"},
		{CLUE_UNIT, NULL, "null", "null"},
	};
	struct sock s = SERVER;
	struct rows r;

	(void)state;
	rows_init(&r);
	struct row *row = rows_add_unheld(&r, &s, REASON_PERMISSION);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct clue clue = {.place_kind = cases[i].kind, .place = (char *)cases[i].place};
		row->clue = &clue;
		assert_value(json_value_unit, &r, row, cases[i].unit);
		assert_value(json_value_container, &r, row, cases[i].container);
	}
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_is_null_where_nobody_asked),
		cmocka_unit_test(peer_lists_each_holder_of_the_other_end),
		cmocka_unit_test(peer_without_known_holder_has_its_inode_at_least),
		cmocka_unit_test(peer_that_is_not_accepted_is_its_listener),
		cmocka_unit_test(reason_is_a_code_and_nothing_else),
		cmocka_unit_test(listener_lists_who_will_accept),
		cmocka_unit_test(guesses_are_holders_or_suspects),
		cmocka_unit_test(unit_and_container_of_unowned_are_the_clues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
