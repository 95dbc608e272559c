/* One reading of a tree, and its rows: sockets joined with their holders. */
#define _GNU_SOURCE
#include "fixture.h"
#include "join.h"
#include "netns.h"
#include "options.h"
#include "peer.h"
#include "snapshot.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

/* A row of net/tcp or net/udp: state and timer as the kernel's numbers. */
struct line {
	const char *ip;
	uint16_t port, remote_port;
	unsigned state, timer, uid;
	uint64_t inode;
};

enum { ESTABLISHED = 1, FIN_WAIT1 = 4, TIME_WAIT = 6, CLOSE = 7, CLOSE_WAIT = 8, LISTEN = 10 };

static void add_inet(struct fixture *fx, const char *name, const struct line *lines, size_t count)
{
	char text[4096] = INET_HEADER;
	size_t len = strlen(text);

	for (size_t i = 0; i < count; i++) {
		const struct line *l = &lines[i];
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"%4zu: %08X:%04X %08X:%04X %02X 00000000:00000000 %02X:00000400 00000000 "
			"%5u        0 %llu 1 0000000000000000 100 0 0 10 0\n",
			i, inet_addr(l->ip), l->port, l->remote_port ? inet_addr("192.0.2.9") : 0,
			l->remote_port, l->state, l->timer, l->uid, (unsigned long long)l->inode);
		assert_true(len < sizeof(text));
	}
	fixture_add_table(fx, name, text);
}

struct reading {
	struct names names;
	struct filter filter;
	struct netns_list namespaces;
	struct snapshot snap;
	struct row_list rows;
};

/* Select as a command line does, of at most five words. */
#define WORDS(...) ((const char *const[6]){__VA_ARGS__})
static void select_words(struct reading *r, const char *const *words)
{
	char *argv[7] = {(char *)"whoport"};
	struct option_error error;
	struct options o;
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	*r = (struct reading){.namespaces = {.home_fd = -1}};
	make_names(&r->names);
	assert_int_equal(options_parse(argc, argv, &r->names, &o, &error), 0);
	r->filter.names = &r->names;
	r->filter.unix_wanted = o.unix_sockets;
	r->filter.all = o.all;
	for (size_t i = 0; i < o.words_len; i++)
		filter_add_ok(&r->filter, o.words[i].kind, o.words[i].text);
	filter_finish_ok(&r->filter);
	options_free(&o);
}

static int take(struct fixture *fx, struct reading *r, unsigned facts, bool threads)
{
	struct snapshot_request rq = {.inventory = {.namespaces = &r->namespaces,
						    .filter = &r->filter},
				      .facts = facts, .threads = threads};

	assert_int_equal(netns_list_init(&r->namespaces, fx->root_fd, true), 0);
	return snapshot_take(&rq, &r->snap);
}

/* Each row as `PID/TID:FD=INODE`, or `-=INODE:REASON`. */
static void assert_rows(struct reading *r, const char *expected)
{
	static const char *const reasons[] = {
		[REASON_PERMISSION] = "permission", [REASON_PIDNS] = "pidns",
		[REASON_UNKNOWN] = "unknown", [REASON_TIME_WAIT] = "time-wait",
		[REASON_ORPHAN] = "orphan", [REASON_NOT_ACCEPTED] = "not-accepted"};
	struct buf b = {0};

	assert_int_equal(join_rows(&r->snap, &r->filter, &r->rows), 0);
	for (size_t i = 0; i < r->rows.len; i++) {
		const struct row *row = &r->rows.v[i];
		char text[96];
		assert_int_equal(row->holder == NULL, row->reason != REASON_NONE);
		if (row->holder)
			snprintf(text, sizeof(text), "%s%d/%d:%d=%llu", i ? " " : "",
				 (int)row->process->pid, (int)row->holder->tid, row->holder->fd,
				 (unsigned long long)row->sock->inode);
		else
			snprintf(text, sizeof(text), "%s-=%llu:%s", i ? " " : "",
				 (unsigned long long)row->sock->inode, reasons[row->reason]);
		buf_add_str(&b, text);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void reading_free(struct reading *r)
{
	row_list_free(&r->rows);
	snapshot_free(&r->snap);
	netns_list_free(&r->namespaces);
	filter_free(&r->filter);
	names_free(&r->names);
}

static void check(struct fixture *fx, const char *const *words, const char *expected)
{
	struct reading r;

	select_words(&r, words);
	assert_int_equal(take(fx, &r, 0, false), 0);
	assert_rows(&r, expected);
	reading_free(&r);
}

static void add_holder(struct fixture *fx, pid_t pid, int fd, uint64_t inode)
{
	char target[64];

	snprintf(target, sizeof(target), "socket:[%llu]", (unsigned long long)inode);
	fixture_add_fd(fx, pid, pid, fd, target);
}

/* A listener of port 80 with inode 1001, in process 42; of port 81 without holder. */
static void add_server(struct fixture *fx)
{
	static const struct line lines[] = {{"0.0.0.0", 80, 0, LISTEN, 0, 33, 1001},
					    {"0.0.0.0", 81, 0, LISTEN, 0, 33, 1002}};

	add_inet(fx, "tcp", lines, COUNT(lines));
	fixture_add_process(fx, 42, "server");
	add_holder(fx, 42, 3, 1001);
}

static void shared_socket_gives_a_row_for_each_holder(void **state)
{
	struct fixture *fx = *state;

	add_server(fx);
	fixture_add_process(fx, 43, "worker");
	add_holder(fx, 43, 3, 1001);
	add_holder(fx, 43, 7, 1001);
	check(fx, WORDS("80"), "42/42:3=1001 43/43:3=1001 43/43:7=1001");
}

static void rows_are_sorted_by_numbers_and_unheld_come_last(void **state)
{
	static const struct line lines[] = {{"0.0.0.0", 1, 0, LISTEN, 0, 33, 9},
					    {"0.0.0.0", 2, 0, LISTEN, 0, 33, 10},
					    {"0.0.0.0", 4, 0, LISTEN, 0, 33, 7},
					    {"0.0.0.0", 3, 0, LISTEN, 0, 33, 8}};
	struct fixture *fx = *state;

	add_inet(fx, "tcp", lines, COUNT(lines));
	fixture_add_process(fx, 100, "c");
	fixture_add_process(fx, 42, "b");
	fixture_add_process(fx, 9, "a");
	add_holder(fx, 100, 3, 9);
	add_holder(fx, 42, 10, 9);
	add_holder(fx, 42, 9, 10);
	add_holder(fx, 9, 100, 10);
	/* Without holder by port. */
	check(fx, WORDS(NULL), "9/9:100=10 42/42:9=10 42/42:10=9 100/100:3=9 -=8:unknown -=7:unknown");
}

static void threads_give_rows_of_their_own(void **state)
{
	struct fixture *fx = *state;
	struct reading r;

	add_server(fx);
	fixture_add_thread(fx, 42, 44, "four");
	fixture_add_thread(fx, 42, 43, "three");
	fixture_add_fd(fx, 42, 44, 4, "socket:[1001]");
	fixture_add_fd(fx, 42, 43, 10, "socket:[1001]");
	select_words(&r, WORDS("80"));
	assert_int_equal(take(fx, &r, PROCESS_TASK, true), 0);
	assert_rows(&r, "42/42:3=1001 42/43:10=1001 42/44:4=1001");
	assert_null(r.rows.v[0].task);
	assert_bytes(r.rows.v[1].task->command, r.rows.v[1].task->command_len, "three");
	assert_bytes(r.rows.v[2].process->command, r.rows.v[2].process->command_len, "server");
	reading_free(&r);
}

static void table_of_a_dead_leaders_thread_is_found(void **state)
{
	struct fixture *fx = *state;

	add_server(fx);
	fixture_add_process(fx, 50, "dead");
	fixture_add_thread(fx, 50, 51, "alive");
	fixture_add_fd(fx, 50, 51, 4, "socket:[1002]");
	check(fx, WORDS("81"), "50/51:4=1002");
}

static void reasons_tell_what_has_no_holder(void **state)
{
	static const struct line lines[] = {
		{"127.0.0.1", 80, 5001, TIME_WAIT, 3, 0, 0},
		{"127.0.0.1", 80, 5002, 5, 3, 0, 0}, /* FIN_WAIT2 as a remainder */
		{"127.0.0.1", 80, 5003, FIN_WAIT1, 1, 0, 0},
		{"127.0.0.1", 80, 5004, ESTABLISHED, 0, 0, 0},
		{"127.0.0.1", 80, 5005, CLOSE_WAIT, 0, 0, 0},
		{"127.0.0.1", 80, 5006, ESTABLISHED, 0, 0, 77}};
	struct fixture *fx = *state;

	add_inet(fx, "tcp", lines, COUNT(lines));
	/* In the order of the other end. */
	check(fx, WORDS("80"),
	      "-=0:time-wait -=0:time-wait -=0:orphan -=0:not-accepted -=0:not-accepted "
	      "-=77:unknown");
	check(fx, WORDS("-i:80", "-sTIME_WAIT"), "-=0:time-wait");
	check(fx, WORDS("-s^TIME_WAIT,^FIN_WAIT2,^CLOSE_WAIT,^FIN_WAIT1"),
	      "-=0:not-accepted -=77:unknown");
}

static void hidden_holder_is_told_by_what_hides_it(void **state)
{
	struct sock mine = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1001),
		    other = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 81, 1002);
	static const struct {
		enum procfs_view view;
		size_t denied;
		const char *expected;
	} cases[] = {
		{PROCFS_VIEW_WHOLE, 0, "-=1001:unknown -=1002:unknown"},
		{PROCFS_VIEW_WHOLE, 1, "-=1001:permission -=1002:unknown"},
		{PROCFS_VIEW_HIDDEN, 0, "-=1001:permission -=1002:permission"},
		{PROCFS_VIEW_PIDNS, 1, "-=1001:permission -=1002:pidns"},
	};

	(void)state;
	other.uid = 1001;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reading r;
		select_words(&r, WORDS(NULL));
		assert_int_equal(sock_table_add(&r.snap.socks, &mine), 0);
		assert_int_equal(sock_table_add(&r.snap.socks, &other), 0);
		r.snap.view = cases[i].view;
		if (cases[i].denied)
			assert_int_equal(scan_stats_add_denied(&r.snap.scan, 7, 1000), 0);
		assert_int_equal(scan_stats_sort(&r.snap.scan), 0);
		assert_rows(&r, cases[i].expected);
		assert_true(row_is_hidden(&r.rows.v[0]));
		assert_int_equal(row_list_has(&r.rows, REASON_PERMISSION), i > 0);
		reading_free(&r);
	}
}

static void listener_of_an_unaccepted_connection_is_kept(void **state)
{
	static const struct line lines[] = {{"0.0.0.0", 80, 0, LISTEN, 0, 33, 1001},
					    {"0.0.0.0", 81, 0, LISTEN, 0, 33, 1002},
					    {"127.0.0.1", 80, 5000, ESTABLISHED, 0, 0, 0}};
	const struct sock *listener = NULL;
	struct fixture *fx = *state;
	struct peer_index listeners;
	struct reading r;
	size_t holders = 0;

	add_server(fx);
	add_inet(fx, "tcp", lines, COUNT(lines));
	select_words(&r, WORDS("-sESTABLISHED"));
	assert_int_equal(take(fx, &r, 0, false), 0);
	assert_rows(&r, "-=0:not-accepted"); /* of the listener no row */
	assert_int_equal(r.snap.socks.len, 2);
	assert_int_equal(peer_index_build(&listeners, &r.snap.socks), 0);
	assert_int_equal(peer_find_listeners(&listeners, r.rows.v[0].sock, &listener, 1), 1);
	assert_int_equal(holder_index_find(&r.snap.holders, listener->inode, &holders)->pid, 42);
	peer_index_free(&listeners);
	reading_free(&r);
}

static void leftovers_of_a_target_count_only_if_nothing_holds_it(void **state)
{
	static const struct line held[] = {{"127.0.0.1", 80, 5000, ESTABLISHED, 0, 33, 1003},
					   {"127.0.0.1", 80, 5001, TIME_WAIT, 3, 0, 0},
					   {"0.0.0.0", 80, 0, LISTEN, 0, 33, 1001}},
				udp[] = {{"0.0.0.0", 80, 0, CLOSE, 0, 33, 1004}};
	struct fixture *fx = *state;

	add_server(fx);
	add_holder(fx, 42, 4, 1003);
	add_holder(fx, 42, 5, 1004);
	add_inet(fx, "tcp", held, 3);
	check(fx, WORDS("80"), "42/42:3=1001");
	check(fx, WORDS("80", "--all"), "42/42:3=1001 42/42:4=1003 -=0:time-wait");
	/* Another protocol's holder does not count, nor does who is left out. */
	add_inet(fx, "tcp", held, 2);
	add_inet(fx, "udp", udp, 1);
	check(fx, WORDS("80"), "42/42:4=1003 42/42:5=1004 -=0:time-wait");
	add_inet(fx, "tcp", held, 3);
	check(fx, WORDS("tcp:80", "-p43"), "");
}

static void chosen_processes_limit_rows_to_what_they_hold(void **state)
{
	struct fixture *fx = *state;

	add_server(fx);
	fixture_add_process(fx, 43, "worker");
	add_holder(fx, 43, 5, 1001);
	check(fx, WORDS("-p43", "-sLISTEN"), "43/43:5=1001");
	check(fx, WORDS("-p44", "-sLISTEN"), "");
	check(fx, WORDS("-cserv", "80", "81"), "42/42:3=1001");
	check(fx, WORDS("-d4-9", "80", "81"), "43/43:5=1001");
	check(fx, WORDS("-p^42", "80", "81"), "43/43:5=1001 -=1002:unknown");
	check(fx, WORDS("-p^42,^43", "80"), ""); /* held, by whom is left out */
}

static void user_is_the_holders_or_the_unheld_sockets(void **state)
{
	unsigned me = (unsigned)geteuid(), other = me == 4242 ? 4243 : 4242;
	const struct line lines[] = {{"0.0.0.0", 80, 0, LISTEN, 0, other, 1001},
				     {"0.0.0.0", 81, 0, LISTEN, 0, other, 1002},
				     {"0.0.0.0", 82, 0, LISTEN, 0, me, 1003}};
	struct fixture *fx = *state;
	char mine[16], others[16], not_mine[16];

	snprintf(mine, sizeof(mine), "-u%u", me);
	snprintf(others, sizeof(others), "-u%u", other);
	snprintf(not_mine, sizeof(not_mine), "-u^%u", me);
	add_server(fx);
	add_inet(fx, "tcp", lines, COUNT(lines));
	check(fx, WORDS("80-82", mine), "42/42:3=1001 -=1003:unknown");
	check(fx, WORDS("80-82", others), "-=1002:unknown");
	check(fx, WORDS("80-82", not_mine), "-=1002:unknown");
}

static void held_sockets_of_no_table_are_others(void **state)
{
	struct fixture *fx = *state;
	struct reading r;

	add_server(fx);
	add_holder(fx, 42, 4, 7777);
	add_holder(fx, 42, 5, 7777);
	fixture_add_fd(fx, 42, 42, 6, "pipe:[8888]");
	check(fx, WORDS(NULL), "42/42:3=1001 -=1002:unknown");
	check(fx, WORDS("-p42", "-iTCP"), "42/42:3=1001");
	select_words(&r, WORDS("-p42"));
	assert_int_equal(take(fx, &r, 0, false), 0);
	assert_rows(&r, "42/42:3=1001 42/42:4=7777 42/42:5=7777");
	assert_int_equal(r.rows.v[0].sock->proto, SOCK_PROTO_TCP);
	assert_int_equal(r.rows.v[1].sock->proto, SOCK_PROTO_OTHER);
	assert_int_equal(r.rows.v[1].sock->name_len, 0); /* a fixture tells no protocol */
	reading_free(&r);
	check(fx, WORDS("--all"), "42/42:3=1001 42/42:4=7777 42/42:5=7777 -=1002:unknown");
}

static void forged_unix_row_of_an_inet_socket_is_dropped(void **state)
{
	struct fixture *fx = *state;

	add_server(fx);
	/* The name of 2001 is "/tmp/a\n...1001 /run/b". */
	fixture_add_table(fx, "unix", UNIX_HEADER
		"0000000000000000: 00000002 00000000 00010000 0001 01 2001 /tmp/a\n"
		"00000000: 00000002 00000000 00010000 0001 01 1001 /run/b\n");
	add_holder(fx, 42, 4, 2001);
	check(fx, WORDS("-U", "-iTCP:80"), "42/42:3=1001 42/42:4=2001");
	check(fx, WORDS("-p42"), "42/42:3=1001 42/42:4=2001");
}

static void items_are_found_by_their_rows(void **state)
{
	static const struct {
		const char *words[6];
		const char *found; /* y or n for each item */
	} cases[] = {
		{{"80"}, "y"},
		{{"82"}, "n"},
		{{"80", "81", "82", "80,82"}, "yyny"},
		{{"-i:80,82,81-90"}, "yny"},
		{{"-iTCP", "-iUDP"}, "yn"},
		{{"-p42,43", "80"}, "yny"},
		{{"-p42,43", "81"}, "nnn"},
		{{"-d3,4", "-cserv", "-cx", "80"}, "ynyny"},
		{{"-p^42", "80", "81"}, "ny"},
		{{"-p^43", "80"}, "y"},
		{{"-u33,4294967294", "81"}, "yny"},
	};
	struct fixture *fx = *state;

	add_server(fx);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reading r;
		char found[16] = "";
		select_words(&r, cases[i].words);
		assert_int_equal(take(fx, &r, 0, false), 0);
		assert_int_equal(join_rows(&r.snap, &r.filter, &r.rows), 0);
		assert_true(r.filter.items_len < sizeof(found));
		for (size_t j = 0; j < r.filter.items_len; j++)
			found[j] = r.filter.items[j].found ? 'y' : 'n';
		if (strcmp(found, cases[i].found) != 0)
			fail_msg("%s (case %zu): %s", cases[i].words[0], i, found);
		reading_free(&r);
	}
}

static void what_cannot_be_read_is_named(void **state)
{
	struct fixture *fx = *state;
	struct reading r;

	select_words(&r, WORDS("80"));
	assert_int_equal(take(fx, &r, 0, false), -ENOENT);
	assert_string_equal(r.snap.failed, "net");
	reading_free(&r);

	/* No table at all is not the same as no socket. */
	fixture_add_table(fx, "arp", "");
	select_words(&r, WORDS("80"));
	assert_int_equal(take(fx, &r, 0, false), -ENODATA);
	reading_free(&r);
	fixture_add_table(fx, "tcp", INET_HEADER);
	check(fx, WORDS("80"), "");

	fixture_write(fx, "net/udp/x", "", 0);
	select_words(&r, WORDS("80"));
	assert_int_equal(take(fx, &r, 0, false), -EISDIR);
	assert_string_equal(r.snap.failed, "net/udp");
	reading_free(&r);
	reading_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(shared_socket_gives_a_row_for_each_holder),
		fixture_test(rows_are_sorted_by_numbers_and_unheld_come_last),
		fixture_test(threads_give_rows_of_their_own),
		fixture_test(table_of_a_dead_leaders_thread_is_found),
		fixture_test(reasons_tell_what_has_no_holder),
		cmocka_unit_test(hidden_holder_is_told_by_what_hides_it),
		fixture_test(listener_of_an_unaccepted_connection_is_kept),
		fixture_test(leftovers_of_a_target_count_only_if_nothing_holds_it),
		fixture_test(chosen_processes_limit_rows_to_what_they_hold),
		fixture_test(user_is_the_holders_or_the_unheld_sockets),
		fixture_test(held_sockets_of_no_table_are_others),
		fixture_test(forged_unix_row_of_an_inet_socket_is_dropped),
		fixture_test(items_are_found_by_their_rows),
		fixture_test(what_cannot_be_read_is_named),
	};

	unsetenv("WHOPORT_SCAN"); /* of whoever runs the tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
