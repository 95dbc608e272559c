/* Who will accept a connection that waits in a queue. */
#include "fixture.h"
#include "acceptor.h"
#include "snapshot.h"

#include <sys/socket.h>

static void add_listener(struct snapshot *snap, const char *ip, uint64_t inode)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, ip, 80, inode);

	assert_int_equal(sock_table_add(&snap->socks, &s), 0);
}

static void add_holder(struct snapshot *snap, uint64_t inode, pid_t pid, pid_t tid, int fd)
{
	struct holder h = {inode, pid, tid, fd, HOLDER_FD};

	assert_int_equal(holder_index_add(&snap->holders, &h), 0);
}

/* After the last: "811/811:3 812/813:4" are those found. */
static struct acceptors find(struct snapshot *snap, const struct sock *s, const char *expected)
{
	struct acceptors a;
	struct buf b = {0};

	memset(&a, 0x5a, sizeof(a)); /* nobody needs to zero it */
	sock_table_sort(&snap->socks);
	holder_index_sort(&snap->holders);
	peer_index_free(&snap->listeners);
	assert_int_equal(peer_index_build(&snap->listeners, &snap->socks), 0);
	acceptors_find(snap, s, &a);
	for (size_t i = 0; i < a.len; i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s%d/%d:%d", i ? " " : "", (int)a.v[i]->pid,
			 (int)a.v[i]->tid, a.v[i]->fd);
		buf_add_str(&b, text);
	}
	assert_buf(&b, expected);
	buf_free(&b);
	return a;
}

static struct sock waiting(void)
{
	return make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 5, 0);
}

static void holders_of_the_listener_are_found_in_order(void **state)
{
	struct snapshot snap = {0};
	struct sock s = waiting();

	(void)state;
	add_listener(&snap, "0.0.0.0", 100);
	add_listener(&snap, "127.0.0.2", 101); /* for others */
	add_holder(&snap, 101, 1, 1, 3);
	add_holder(&snap, 100, 812, 812, 4);
	add_holder(&snap, 100, 811, 811, 10);
	add_holder(&snap, 100, 811, 811, 9);
	add_holder(&snap, 100, 811, 815, 3);
	struct acceptors a = find(&snap, &s, "811/811:9 811/811:10 811/815:3 812/812:4");
	assert_int_equal(a.listeners, 1);
	assert_int_equal(a.hidden, 0);
	snapshot_free(&snap);
}

static void group_of_listeners_is_one_list(void **state)
{
	struct snapshot snap = {0};
	struct sock s = waiting();

	(void)state;
	/* The inodes ascend, the processes do not. */
	add_listener(&snap, "0.0.0.0", 100);
	add_listener(&snap, "0.0.0.0", 101);
	add_listener(&snap, "0.0.0.0", 102);
	add_holder(&snap, 100, 813, 813, 3);
	add_holder(&snap, 102, 811, 811, 3);
	struct acceptors a = find(&snap, &s, "811/811:3 813/813:3");
	assert_int_equal(a.listeners, 3);
	assert_int_equal(a.hidden, 1);
	snapshot_free(&snap);
}

static void hidden_holder_is_counted(void **state)
{
	struct snapshot snap = {0};
	struct sock s = waiting();

	(void)state;
	struct acceptors a = find(&snap, &s, "");
	assert_int_equal(a.listeners, 0);
	assert_int_equal(a.hidden, 0);
	add_listener(&snap, "127.0.0.1", 100);
	a = find(&snap, &s, "");
	assert_int_equal(a.listeners, 1);
	assert_int_equal(a.hidden, 1);
	snapshot_free(&snap);
}

static void many_holders_are_cut(void **state)
{
	struct snapshot snap = {0};
	struct sock s = waiting();
	struct acceptors a;

	(void)state;
	for (int i = 0; i < 2 * ACCEPTORS_MAX; i++) {
		add_listener(&snap, "0.0.0.0", 100 + (uint64_t)i);
		add_holder(&snap, 100 + (uint64_t)i, 1000 - i, 1000 - i, 3);
		add_holder(&snap, 100 + (uint64_t)i, 1000 - i, 1000 - i, 4);
	}
	sock_table_sort(&snap.socks);
	holder_index_sort(&snap.holders);
	assert_int_equal(peer_index_build(&snap.listeners, &snap.socks), 0);
	acceptors_find(&snap, &s, &a);
	assert_int_equal(a.len, ACCEPTORS_MAX);
	assert_int_equal(a.listeners, 2 * ACCEPTORS_MAX);
	assert_int_equal(a.hidden, 0);
	for (size_t i = 1; i < a.len; i++)
		assert_true(a.v[i - 1]->pid < a.v[i]->pid ||
			    (a.v[i - 1]->pid == a.v[i]->pid && a.v[i - 1]->fd < a.v[i]->fd));
	snapshot_free(&snap);
}

static void unix_listener_is_found_by_name(void **state)
{
	struct snapshot snap = {0};
	struct sock listener = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 100),
		    s = make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/x", 0);

	(void)state;
	assert_int_equal(sock_table_add(&snap.socks, &listener), 0);
	add_holder(&snap, 100, 811, 811, 3);
	assert_int_equal(find(&snap, &s, "811/811:3").listeners, 1);
	s.name = "/run/y";
	assert_int_equal(find(&snap, &s, "").listeners, 0);
	snapshot_free(&snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holders_of_the_listener_are_found_in_order),
		cmocka_unit_test(group_of_listeners_is_one_list),
		cmocka_unit_test(hidden_holder_is_counted),
		cmocka_unit_test(many_holders_are_cut),
		cmocka_unit_test(unix_listener_is_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
