/* Who has the other ends of sockets: what a second look finds. */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "rows_fixture.h"
#include "netlink.h"
#include "sock_text.h"
#include "unix_queue.h"

#include <sys/socket.h>

/* Two ends of a connection on this machine, and a socket of someone else. */
#define CLIENT make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 80, 10)
#define SERVER make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 40000, 11)
#define STRANGER make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5, 12)

static struct sock unix_end(uint64_t inode, uint32_t peer)
{
	struct sock s = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, inode);

	s.peer = peer;
	s.cookie = inode + 1000;
	return s;
}

/* Rows of one socket, not held by anybody the rows know. */
static void rows_of(struct rows *r, const struct sock *s)
{
	rows_init(r);
	rows_add_unheld(r, s, REASON_NONE);
}

/* "811:3 812:4", in the order of the rows; "-" for one without holder. */
static void assert_end(const struct ends *e, const struct sock *s, uint64_t inode,
		       const char *expected)
{
	struct end end = ends_of(e, s);
	struct buf b = {0};

	assert_true(end.rows_len > 0);
	assert_int_equal(end.rows[0]->sock->inode, inode);
	for (size_t i = 0; i < end.rows_len; i++) {
		const struct row *row = end.rows[i];
		assert_ptr_equal(row->sock, end.rows[0]->sock);
		buf_add_str(&b, i ? " " : "");
		if (!row->holder) {
			buf_add_char(&b, '-');
			continue;
		}
		buf_add_dec(&b, (uint64_t)row->holder->pid);
		buf_add_char(&b, ':');
		buf_add_dec(&b, (uint64_t)row->holder->fd);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void assert_no_end(const struct ends *e, const struct sock *s)
{
	struct end end = ends_of(e, s);

	assert_int_equal(end.rows_len, 0);
	assert_false(end.queued);
}

/* --- looking --------------------------------------------------------------- */

static void every_holder_of_the_other_end_is_found(void **state)
{
	struct sock client = CLIENT, server = SERVER, stranger = STRANGER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_of(&r, &client);
	world_init(&w);
	world_add(&w, &stranger);
	world_add(&w, &server);
	world_add(&w, &client);
	world_hold(&w, 12, 900, 9);
	world_hold(&w, 11, 812, 4);
	world_hold(&w, 11, 811, 7);
	world_hold(&w, 11, 811, 3);
	world_hold(&w, 10, 700, 5);
	world_find(&w, &r.list, &e);
	assert_int_equal(w.looks, 1);
	assert_end(&e, &client, 11, "811:3 811:7 812:4");
	assert_false(ends_of(&e, &client).queued);
	/* What nobody asked for was not looked for. */
	assert_no_end(&e, &server);
	assert_no_end(&e, &stranger);
	ends_free(&e);
	rows_free(&r);
}

static void several_rows_each_have_their_end(void **state)
{
	struct sock client = CLIENT, a = unix_end(20, 21), b = unix_end(21, 20),
		    dgram = make_unix(SOCK_STATE_CONNECTED, SOCK_DGRAM, NULL, 22);
	struct rows r;
	struct sock server = SERVER;
	struct world w;
	struct ends e;

	(void)state;
	dgram.peer = 20; /* one way only: 20 talks to 21 */
	rows_of(&r, &client);
	rows_add_unheld(&r, &a, REASON_NONE);
	rows_add_unheld(&r, &dgram, REASON_NONE);
	world_init(&w);
	world_add(&w, &server);
	world_add(&w, &a);
	world_add(&w, &b);
	world_hold(&w, 11, 811, 3);
	world_hold(&w, 20, 820, 4);
	world_hold(&w, 21, 821, 5);
	world_find(&w, &r.list, &e);
	assert_end(&e, &client, 11, "811:3");
	assert_end(&e, &a, 21, "821:5");
	assert_end(&e, &dgram, 20, "820:4");
	ends_free(&e);
	rows_free(&r);
}

static void end_without_holder_is_a_row_with_its_reason(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	server.inode = 0; /* in its listener's queue */
	rows_of(&r, &client);
	world_init(&w);
	world_add(&w, &server);
	world_find(&w, &r.list, &e);
	assert_end(&e, &client, 0, "-");
	assert_int_equal(ends_of(&e, &client).rows[0]->reason, REASON_NOT_ACCEPTED);
	ends_free(&e);
	rows_free(&r);
}

static void end_beyond_a_network_is_unknown(void **state)
{
	struct sock client = CLIENT, stranger = STRANGER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_of(&r, &client);
	world_init(&w);
	world_add(&w, &stranger);
	world_hold(&w, 12, 900, 9);
	world_find(&w, &r.list, &e);
	assert_no_end(&e, &client);
	ends_free(&e);
	/* Nor is that of a socket in another namespace, though its addresses are the same. */
	struct sock server = SERVER;
	server.netns = 7;
	world_add(&w, &server);
	world_find(&w, &r.list, &e);
	assert_no_end(&e, &client);
	ends_free(&e);
	rows_free(&r);
}

/* The kernel has no two of them at once; a look that takes time can see both. */
static void socket_that_a_process_may_have_wins_over_a_remainder(void **state)
{
	struct sock client = CLIENT, server = SERVER, rest = server;

	(void)state;
	rest.inode = 0;
	rest.state = SOCK_STATE_TIME_WAIT;
	rest.timer = SOCK_TIMER_TIME_WAIT;
	for (int order = 0; order < 2; order++) {
		struct rows r;
		struct world w;
		struct ends e;
		rows_of(&r, &client);
		world_init(&w);
		world_add(&w, order ? &rest : &server);
		world_add(&w, order ? &server : &rest);
		world_hold(&w, 11, 811, 3);
		world_find(&w, &r.list, &e);
		assert_end(&e, &client, 11, "811:3");
		ends_free(&e);
		rows_free(&r);
	}
}

static void nothing_to_look_for_means_no_second_look(void **state)
{
	const struct sock socks[] = {
		make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1),
		make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 53, 2),
		make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 3),
		{.proto = SOCK_PROTO_NETLINK, .inode = 4},
	};
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_init(&r);
	world_init(&w);
	world_find(&w, &r.list, &e);
	ends_free(&e);
	for (size_t i = 0; i < COUNT(socks); i++)
		rows_add_unheld(&r, &socks[i], REASON_NONE);
	world_find(&w, &r.list, &e);
	assert_int_equal(w.looks, 0);
	for (size_t i = 0; i < COUNT(socks); i++)
		assert_no_end(&e, &socks[i]);
	assert_int_equal(ends_add_rows(&e, &r.list), 0);
	assert_int_equal(r.list.len, COUNT(socks));
	ends_free(&e);
	ends_free(&e);
	rows_free(&r);
}

static void look_is_told_the_facts_and_its_error_is_passed_on(void **state)
{
	struct sock client = CLIENT;
	struct rows r;
	struct ends e = {0};
	struct world w;

	(void)state;
	rows_of(&r, &client);
	world_init(&w);
	w.rc = -EACCES;
	assert_int_equal(ends_find(&r.list, &w.looker, &w.namespaces, PROCESS_STAT, false, &e),
			 -EACCES);
	assert_int_equal(w.facts, PROCESS_STAT);
	assert_no_end(&e, &client);
	ends_free(&e);
	rows_free(&r);
}

static void sockets_of_the_rows_are_found_on_request(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct rows r;
	struct ends e = {0};
	struct world w;

	(void)state;
	rows_of(&r, &client);
	world_init(&w);
	world_add(&w, &client);
	world_add(&w, &server);
	world_hold(&w, 10, 700, 5);
	world_hold(&w, 10, 701, 5);
	world_hold(&w, 11, 811, 3);
	assert_int_equal(ends_find(&r.list, &w.looker, &w.namespaces, 0, true, &e), 0);
	assert_end(&e, &client, 11, "811:3");
	assert_end(&e, &server, 10, "700:5 701:5");
	ends_free(&e);
	rows_free(&r);
}

static void of_equal_ends_it_is_the_one_on_the_same_interface(void **state)
{
	struct sock client = CLIENT, one = SERVER, other = SERVER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	client.bound_if = one.bound_if = 7;
	other.bound_if = 8;
	other.inode = 12;
	rows_of(&r, &client);
	world_init(&w);
	world_add(&w, &other);
	world_add(&w, &one);
	world_hold(&w, 11, 811, 3);
	world_hold(&w, 12, 812, 3);
	world_find(&w, &r.list, &e);
	assert_end(&e, &client, 11, "811:3");
	assert_false(ends_of(&e, &client).several);
	ends_free(&e);
	/* If neither is, nobody can say which it is. */
	client.bound_if = 0;
	world_find(&w, &r.list, &e);
	assert_int_equal(ends_of(&e, &client).rows_len, 2);
	assert_true(ends_of(&e, &client).several);
	ends_free(&e);
	rows_free(&r);
}

static void threads_that_share_a_table_tell_nothing_new(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_of(&r, &client);
	world_init(&w);
	world_add(&w, &server);
	/* Two descriptors of one table, seen through two threads. */
	static const struct {
		pid_t pid, tid;
		int fd;
	} cases[] = {{811, 812, 3}, {811, 812, 4}, {811, 813, 3}, {811, 813, 4}, {812, 812, 4}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		world_hold(&w, 11, cases[i].pid, cases[i].fd);
		w.holders[i].tid = cases[i].tid;
	}
	world_find(&w, &r.list, &e);
	assert_end(&e, &client, 11, "811:3 811:4 812:4");
	ends_free(&e);
	rows_free(&r);
}

/* --- queues of unix listeners ---------------------------------------------- */

static size_t asked;

/* In place of src/unix_queue.c, which the linker leaves out: 31 waits at each listener. */
int unix_queue_ask(int fd, const struct sock *listener, unix_queue_take *take, void *ctx)
{
	assert_true(fd >= 0);
	assert_int_equal(listener->state, SOCK_STATE_LISTEN);
	asked++;
	return take(ctx, 31);
}

static void client_in_a_queue_meets_the_listener(void **state)
{
	struct sock client = unix_end(31, 0), other = unix_end(32, 0),
		    listener = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 30);
	struct netns home = {.id = 5, .fd = -1};
	struct buf text = {0};
	struct rows r;
	struct world w;
	struct ends e;
	int fd = nl_open(NL_SOCK_DIAG);

	(void)state;
	if (fd < 0)
		skip(); /* a sandbox without netlink */
	close(fd);
	rows_of(&r, &client);
	rows_add_unheld(&r, &other, REASON_NONE);
	world_init(&w);
	listener.netns = 5;
	listener.rqueue = 1;
	world_add(&w, &listener);
	world_hold(&w, 30, 811, 3);
	/* Its namespace is not known: nobody can be asked. */
	asked = 0;
	world_find(&w, &r.list, &e);
	assert_int_equal(asked, 0);
	assert_no_end(&e, &client);
	ends_free(&e);

	w.namespaces = (struct netns_list){.v = &home, .len = 1, .is_real = true, .base = "self",
					   .proc_fd = -1, .home_fd = -1};
	world_find(&w, &r.list, &e);
	assert_int_equal(asked, 1);
	assert_end(&e, &client, 30, "811:3");
	assert_true(ends_of(&e, &client).queued);
	assert_no_end(&e, &other);
	r.style.ends = &e;
	sock_text_add_ends(&r.style, &client, &text);
	assert_buf(&text, "[not-accepted] 811,cmd811,3u");
	buf_free(&text);
	ends_free(&e);
	/* A listener whose queue is empty is not asked. */
	w.socks[0].rqueue = 0;
	world_find(&w, &r.list, &e);
	assert_int_equal(asked, 1);
	assert_no_end(&e, &client);
	ends_free(&e);
	/* Nor is one if all clients are accepted. */
	w.socks[0].rqueue = 1;
	r.socks[0].peer = r.socks[1].peer = 40;
	world_find(&w, &r.list, &e);
	assert_int_equal(asked, 1);
	ends_free(&e);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_holder_of_the_other_end_is_found),
		cmocka_unit_test(several_rows_each_have_their_end),
		cmocka_unit_test(end_without_holder_is_a_row_with_its_reason),
		cmocka_unit_test(end_beyond_a_network_is_unknown),
		cmocka_unit_test(socket_that_a_process_may_have_wins_over_a_remainder),
		cmocka_unit_test(nothing_to_look_for_means_no_second_look),
		cmocka_unit_test(look_is_told_the_facts_and_its_error_is_passed_on),
		cmocka_unit_test(sockets_of_the_rows_are_found_on_request),
		cmocka_unit_test(of_equal_ends_it_is_the_one_on_the_same_interface),
		cmocka_unit_test(threads_that_share_a_table_tell_nothing_new),
		cmocka_unit_test(client_in_a_queue_meets_the_listener),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
