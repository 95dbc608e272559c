/* Where a scanner and a source told of one socket: what is left in the table. */
#include "held_fixture.h"

/* Tables of at most so many records, in every order they can be added in. */
enum { RECORDS_MAX = 4 };

static void swap(struct sock *a, struct sock *b)
{
	struct sock kept = *a;

	*a = *b;
	*b = kept;
}

/* A record, and what a scanner says of the same socket. */
static struct sock scanned(struct sock s)
{
	s.is_scanned = true;
	return s;
}

/* A listener of port 80. */
static struct sock listener(uint64_t inode)
{
	return held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 80, inode);
}

/* A row of unix text. */
static struct sock text_row(const char *name, uint64_t inode, uint32_t row)
{
	struct sock s = make_unix(SOCK_STATE_LISTEN, 1, name, inode);

	s.row = row;
	s.name_is_exact = false;
	return s;
}

/*
 * Each record as `PROTO:INODE` with `s` if scanned, the receive queue if there is one,
 * and of unix the name, `=` if that is exact, `?` if the row is in doubt, the peer.
 */
static void assert_table(const struct sock_table *t, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < t->len; i++) {
		const struct sock *s = &t->v[i];
		char text[64];
		snprintf(text, sizeof(text), "%s%s:%llu%s", i ? " " : "",
			 sock_proto_name((enum sock_proto)s->proto),
			 (unsigned long long)s->inode, s->is_scanned ? "s" : "");
		buf_add_str(&b, text);
		if (s->rqueue) {
			snprintf(text, sizeof(text), "+%u", s->rqueue);
			buf_add_str(&b, text);
		}
		if (s->proto != SOCK_PROTO_UNIX)
			continue;
		snprintf(text, sizeof(text), "(%.*s)%s%s%u", (int)s->name_len,
			 s->name ? s->name : "", s->name_is_exact ? "=" : "", s->doubt ? "?" : "",
			 s->peer);
		buf_add_str(&b, text);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void merge_one(const struct sock *socks, size_t len, const char *expected)
{
	struct sock_table t = {0};

	for (size_t i = 0; i < len; i++)
		assert_int_equal(sock_table_add(&t, &socks[i]), 0);
	sock_table_sort(&t);
	held_merge(&t);
	assert_table(&t, expected);
	held_merge(&t); /* is done */
	assert_table(&t, expected);
	for (size_t i = 1; i < t.len; i++)
		assert_true(t.v[i - 1].inode <= t.v[i].inode);
	sock_table_free(&t);
}

/* Merge what is added in every order (Heap's algorithm). */
static void check(struct sock *socks, size_t len, const char *expected)
{
	size_t turns[RECORDS_MAX] = {0};

	assert_true(len <= RECORDS_MAX);
	merge_one(socks, len, expected);
	for (size_t i = 1; i < len;) {
		if (turns[i] >= i) {
			turns[i++] = 0;
			continue;
		}
		swap(&socks[i % 2 ? turns[i] : 0], &socks[i]);
		merge_one(socks, len, expected);
		turns[i]++;
		i = 1;
	}
}

static void empty_table_stays_empty(void **state)
{
	(void)state;
	check(NULL, 0, "");
}

static void record_of_the_source_wins(void **state)
{
	struct sock source = listener(1001);
	struct sock other = held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, 81, 1002);

	(void)state;
	source.rqueue = 7;
	check((struct sock[]){source, scanned(listener(1001)), other}, 3, "TCP:1001+7 TCP:1002");
	/* Also if the state has changed since, and where the scanner knows more. */
	struct sock later = scanned(held_sock(SOCK_PROTO_TCP, SOCK_STATE_CLOSE_WAIT, 80, 1001));
	later.cookie = 77;
	check((struct sock[]){source, later, other}, 3, "TCP:1001+7 TCP:1002");
	source.cookie = 77;
	check((struct sock[]){source, later, other}, 3, "TCP:1001+7 TCP:1002");
}

static void scanned_record_alone_stays(void **state)
{
	(void)state;
	check((struct sock[]){scanned(listener(1001)),
			      scanned(held_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 80, 1002)),
			      held_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 53, 1003),
			      scanned(make_unix(SOCK_STATE_LISTEN, 1, "/run/x", 1004))},
	      4, "TCP:1001s UDP:1002s UDP:1003 unix:1004s(/run/x)0");
}

static void socket_that_was_scanned_twice_stays_once(void **state)
{
	struct sock first = scanned(listener(1001));
	struct sock then = scanned(held_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, 80, 1001));

	(void)state;
	check((struct sock[]){first, first}, 2, "TCP:1001s");
	check((struct sock[]){first, then}, 2, "TCP:1001s");
	check((struct sock[]){first, then, listener(1001)}, 3, "TCP:1001");
}

/* A subflow has the inode of its socket. */
static void multipath_socket_stays_beside_its_subflow(void **state)
{
	struct sock mptcp = scanned(held_sock(SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, 80, 1001));
	struct sock tcp = listener(1001);

	(void)state;
	check((struct sock[]){mptcp, tcp}, 2, "TCP:1001 MPTCP:1001s");
	mptcp.is_scanned = false;
	mptcp.rqueue = 2;
	check((struct sock[]){mptcp, tcp, scanned(mptcp)}, 3, "TCP:1001 MPTCP:1001+2");
}

static void name_from_text_becomes_the_scanned_one(void **state)
{
	struct sock cut = text_row("@a@b", 1001, 3);
	struct sock seen = scanned(make_unix(SOCK_STATE_LISTEN, 1, NULL, 1001));

	(void)state;
	seen.name = "\0a\nb";
	seen.name_len = 4;
	seen.name_is_exact = true;
	seen.peer = 1002;
	struct sock_table t = {0};
	assert_int_equal(sock_table_add(&t, &cut), 0);
	assert_int_equal(sock_table_add(&t, &seen), 0);
	t.v[0].uid = 4242; /* the rest is the source's */
	t.v[0].doubt = &(struct sock_doubt){.before = 2};
	t.v[1].role = SOCK_ROLE_WITNESS;
	sock_table_sort(&t);
	held_merge(&t);
	assert_int_equal(t.len, 1);
	assert_int_equal(t.v[0].name_len, 4);
	assert_memory_equal(t.v[0].name, "\0a\nb", 4);
	assert_true(t.v[0].name_is_exact);
	assert_int_equal(t.v[0].peer, 1002);
	assert_int_equal(t.v[0].role, SOCK_ROLE_WITNESS); /* which the name decided */
	assert_int_equal(t.v[0].uid, 4242);
	assert_int_equal(t.v[0].row, 3);
	assert_null(t.v[0].doubt);
	assert_false(t.v[0].is_scanned);
	sock_table_free(&t);
}

/* Who forges a row can claim any inode. */
static void row_without_doubt_is_the_sockets_own(void **state)
{
	static const struct sock_doubt doubt = {.before = 1, .line = "row", .len = 3};
	struct sock own = text_row("/run/own", 1001, 2), forged = text_row("/run/forged", 1001, 3);
	struct sock seen = scanned(make_unix(SOCK_STATE_LISTEN, 1, "/run/own", 1001));

	(void)state;
	seen.name_is_exact = true;
	seen.peer = 5;
	own.uid = 1;
	own.rqueue = 1;
	forged.rqueue = 666;
	forged.doubt = &doubt;
	check((struct sock[]){own, forged, seen}, 3, "unix:1001+1(/run/own)=5");
	/* Without a scanner both stay, for others to decide. */
	check((struct sock[]){own, forged}, 2,
	      "unix:1001+666(/run/forged)?0 unix:1001+1(/run/own)0");
	/* In doubt both: one stays, with the name that was seen. */
	own.doubt = &doubt;
	own.rqueue = forged.rqueue = 0;
	check((struct sock[]){own, forged, seen}, 3, "unix:1001(/run/own)=5");
}

static void forged_row_of_another_kind_stays_for_others_to_decide(void **state)
{
	struct sock forged = text_row("/run/forged", 1001, 3);
	struct sock tcp = scanned(listener(1001));

	(void)state;
	/* Rows of text have no namespace of their own here. */
	check((struct sock[]){forged, tcp}, 2, "unix:1001(/run/forged)0 TCP:1001s");
	tcp.is_scanned = false;
	check((struct sock[]){forged, tcp, scanned(tcp)}, 3, "unix:1001(/run/forged)0 TCP:1001");
}

static void answer_of_netlink_keeps_its_name(void **state)
{
	struct sock source = make_unix(SOCK_STATE_LISTEN, 1, "/run/x", 1001);
	struct sock seen = scanned(source);

	(void)state;
	source.name_is_exact = true;
	source.rqueue = 3;
	seen.name = "/run/y";
	seen.peer = 9;
	check((struct sock[]){source, seen}, 2, "unix:1001+3(/run/x)=0");
}

static void sockets_without_a_file_are_left_alone(void **state)
{
	struct sock rest = held_sock(SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, 80, 0);
	struct sock other = held_sock(SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, 81, 0);

	(void)state;
	rest.cookie = 1;
	other.cookie = 2;
	check((struct sock[]){rest, other, scanned(listener(1))}, 3, "TCP:0 TCP:0 TCP:1s");
	/* Clients in a unix queue, which text tells of. */
	struct sock client = text_row("/run/x", 0, 1), next = client;
	client.state = next.state = SOCK_STATE_CONNECTING;
	next.row = 2;
	struct sock server = scanned(make_unix(SOCK_STATE_LISTEN, 1, "/run/x", 9));
	check((struct sock[]){client, next, server}, 3,
	      "unix:0(/run/x)0 unix:0(/run/x)0 unix:9s(/run/x)0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_table_stays_empty),
		cmocka_unit_test(record_of_the_source_wins),
		cmocka_unit_test(scanned_record_alone_stays),
		cmocka_unit_test(socket_that_was_scanned_twice_stays_once),
		cmocka_unit_test(multipath_socket_stays_beside_its_subflow),
		cmocka_unit_test(name_from_text_becomes_the_scanned_one),
		cmocka_unit_test(row_without_doubt_is_the_sockets_own),
		cmocka_unit_test(forged_row_of_another_kind_stays_for_others_to_decide),
		cmocka_unit_test(answer_of_netlink_keeps_its_name),
		cmocka_unit_test(sockets_without_a_file_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
