/* Sockets of a scanner beside those of the tables: which are added, and what needs no reading. */
#include "held_fixture.h"
#include "inventory.h"
#include "netns.h"

#define LISTENER(hex_port, inode) \
	"   0: 00000000:" hex_port " 00000000:0000 0A 00000000:00000000 00:00000000 " \
	"00000000  1000        0 " inode " 1 0000000000000000 100 0 0 10 0\n"
#define UNIX_ROW(inode, name) \
	"0000000000000000: 00000002 00000000 00010000 0001 01 " inode " " name "\n"

enum { HOME = 1, ELSEWHERE = 2 }; /* ids of namespaces: a fixture tells no inodes */

/* One reading: a filter, a scanner's sockets, a table. */
struct reading {
	struct held_wants w;
	struct netns_list namespaces;
	struct sock_table socks;
	struct inventory_stats st;
};

static struct inventory_request request(struct reading *r)
{
	return (struct inventory_request){.namespaces = &r->namespaces, .filter = &r->w.filter};
}

static void start(struct fixture *fx, struct reading *r, enum filter_kind kind, const char *value,
		  const char *target)
{
	*r = (struct reading){.namespaces = {.home_fd = -1}};
	if (value || target)
		held_wants_init(&r->w, kind, value, target);
	else
		held_wants_all(&r->w);
	assert_int_equal(netns_list_init(&r->namespaces, fx->root_fd, true), 0);
	assert_int_equal(r->namespaces.v[0].id, HOME);
	assert_non_null(netns_list_add(&r->namespaces, &(struct netns){.pid = 42}));
	assert_int_equal(r->namespaces.v[1].id, ELSEWHERE);
}

static void end(struct reading *r)
{
	sock_table_free(&r->socks);
	netns_list_free(&r->namespaces);
	held_wants_free(&r->w);
}

/* A scanner tells of a socket. */
static void see(struct reading *r, struct sock s, uint32_t netns)
{
	s.netns = netns;
	held_add(&r->w.held, s);
	held_sort(&r->w.held);
}

static void read_tables(struct reading *r)
{
	struct inventory_request rq = request(r);

	assert_int_equal(inventory_read(&rq, &r->socks, &r->st), 0);
}

static void add_held(struct reading *r)
{
	struct inventory_request rq = request(r);

	assert_int_equal(inventory_add_held(&rq, &r->w.held, &r->socks), 0);
}

/* The table as `NETNS/INODE`, with `s` if a scanner told of it. */
static void assert_socks(const struct reading *r, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < r->socks.len; i++) {
		const struct sock *s = &r->socks.v[i];
		assert_in_range(s->role, SOCK_ROLE_WANTED, SOCK_ROLE_WITNESS);
		assert_int_not_equal(s->role, SOCK_ROLE_LATER);
		buf_add_str(&b, i ? " " : "");
		buf_add_dec(&b, s->netns);
		buf_add_char(&b, '/');
		buf_add_dec(&b, s->inode);
		buf_add_str(&b, s->is_scanned ? "s" : "");
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static struct sock listener(uint16_t port, uint64_t inode)
{
	return held_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, port, inode);
}

static struct sock connection(uint16_t port, uint64_t inode)
{
	return make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", port, "127.0.0.1", 5000, inode);
}

static void socket_that_came_since_is_added(void **state)
{
	struct reading r;

	fixture_add_table(*state, "tcp", INET_HEADER LISTENER("0050", "20"));
	start(*state, &r, FILTER_INET, "TCP", NULL);
	read_tables(&r);
	assert_socks(&r, "1/20");
	add_held(&r); /* none */
	assert_socks(&r, "1/20");
	see(&r, listener(80, 20), HOME); /* known */
	see(&r, listener(81, 10), HOME);
	see(&r, listener(82, 30), ELSEWHERE);
	see(&r, connection(82, 40), 4026531840); /* a namespace that is not in the list */
	see(&r, held_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, 53, 50), HOME); /* not wanted */
	for (int again = 0; again < 2; again++) {
		add_held(&r);
		assert_socks(&r, "1/10s 1/20 2/30s 4026531840/40s");
	}
	end(&r);
}

static void what_holds_a_port_is_decided_in_each_namespace(void **state)
{
	struct reading r;

	fixture_add_table(*state, "tcp", INET_HEADER LISTENER("0050", "20"));
	start(*state, &r, FILTER_TARGET, NULL, "80");
	read_tables(&r);
	see(&r, connection(80, 30), HOME);      /* its listener is in the table */
	see(&r, connection(80, 40), ELSEWHERE); /* there is none */
	see(&r, connection(80, 50), 7);         /* but this one's was scanned, too */
	see(&r, listener(80, 51), 7);
	see(&r, listener(81, 60), ELSEWHERE);
	add_held(&r);
	assert_socks(&r, "1/20 2/40s 7/51s");
	end(&r);
}

static void listener_is_kept_for_those_that_wait_for_it_only(void **state)
{
	static const char queued[] = "   1: 0100007F:0050 0100007F:1388 01 00000000:00000000 "
				     "00:00000000 00000000     0        0 0 1 0000000000000000 "
				     "20 0 0 10 0\n";
	char text[1024];
	struct reading r;

	snprintf(text, sizeof(text), "%s%s", INET_HEADER, queued);
	fixture_add_table(*state, "tcp", text);
	start(*state, &r, FILTER_STATE, "TCP:ESTABLISHED", NULL);
	read_tables(&r);
	assert_socks(&r, "1/0");
	see(&r, listener(81, 10), HOME);
	see(&r, listener(80, 20), HOME);
	add_held(&r);
	assert_socks(&r, "1/0 1/20s");
	assert_int_equal(r.socks.v[1].role, SOCK_ROLE_WITNESS);
	end(&r);
}

static void name_from_text_is_corrected(void **state)
{
	struct sock seen = make_unix(SOCK_STATE_LISTEN, 1, "/run/x\ny", 20);
	struct reading r;

	fixture_add_table(*state, "tcp", INET_HEADER);
	fixture_add_table(*state, "unix",
			  UNIX_HEADER UNIX_ROW("20", "/run/x") UNIX_ROW("30", "/run/z"));
	seen.name_is_exact = true;
	seen.peer = 77;
	start(*state, &r, FILTER_TARGET, NULL, NULL);
	read_tables(&r);
	assert_socks(&r, "1/20 1/30");
	see(&r, seen, HOME);
	add_held(&r);
	assert_socks(&r, "1/20 1/30");
	assert_bytes(r.socks.v[0].name, r.socks.v[0].name_len, "/run/x\ny");
	assert_int_equal(r.socks.v[0].peer, 77);
	assert_bytes(r.socks.v[1].name, r.socks.v[1].name_len, "/run/z");
	assert_false(r.socks.v[1].name_is_exact);
	end(&r);
}

static void multipath_socket_replaces_its_subflow(void **state)
{
	struct sock mptcp = make_sock(SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 20);
	struct reading r;

	fixture_add_table(*state, "tcp", INET_HEADER LISTENER("0050", "20"));
	start(*state, &r, FILTER_TARGET, NULL, "80");
	read_tables(&r);
	assert_int_equal(r.socks.v[0].proto, SOCK_PROTO_TCP);
	see(&r, mptcp, HOME);
	add_held(&r);
	assert_socks(&r, "1/20s");
	assert_int_equal(r.socks.v[0].proto, SOCK_PROTO_MPTCP);
	end(&r);
}

/* --- with a census ---------------------------------------------------------- */

/* Read with what a scanner told before; only one namespace is asked for. */
static void read_with_census(struct reading *r, bool needs_queues)
{
	struct inventory_request rq = request(r);

	rq.held = &r->w.held;
	rq.every_netns = true;
	rq.needs_queues = needs_queues;
	sock_table_free(&r->socks);
	assert_int_equal(inventory_read(&rq, &r->socks, &r->st), 0);
}

/* The table has two sockets; the kernel counts so many, and a scanner told of one. */
static void start_census(struct fixture *fx, struct reading *r, const char *states,
			 uint64_t counted)
{
	fixture_add_table(fx, "tcp", INET_HEADER LISTENER("0050", "20") LISTENER("0051", "30"));
	held_write_counts(fx, &(struct sockstat){.used = counted, .tcp = counted}, false);
	start(fx, r, FILTER_STATE, states, NULL);
	held_begin(&r->w.held, true);
	held_note(fx, &r->w.held, HOME);
	see(r, listener(80, 20), HOME);
}

static void covered_namespace_is_not_read(void **state)
{
	struct reading r;

	start_census(*state, &r, "TCP:LISTEN", 1);
	see(&r, listener(82, 40), ELSEWHERE);
	read_with_census(&r, false);
	assert_socks(&r, "1/20s"); /* of the other socket nobody told */
	assert_int_equal(r.st.covered, 1);
	assert_false(r.st.used_text);
	assert_true(r.st.source.tables > 0); /* so it had an answer */
	/* What was told when it was read is not told again; of others it is. */
	add_held(&r);
	assert_socks(&r, "1/20s 2/40s");
	end(&r);
}

static void namespace_with_other_sockets_is_read(void **state)
{
	struct reading r;

	start_census(*state, &r, "TCP:LISTEN", 2);
	read_with_census(&r, false);
	assert_socks(&r, "1/20 1/30");
	assert_int_equal(r.st.covered, 0);
	assert_true(r.st.used_text);
	end(&r);
}

static void queues_need_a_reading(void **state)
{
	struct reading r;

	start_census(*state, &r, "TCP:LISTEN", 1);
	read_with_census(&r, true);
	assert_socks(&r, "1/20 1/30");
	assert_int_equal(r.st.covered, 0);
	end(&r);
}

static void states_that_have_no_file_need_a_reading(void **state)
{
	struct reading r;

	start_census(*state, &r, "TCP:LISTEN,TCP:SYN_RECV", 1); /* a listener may have requests */
	read_with_census(&r, false);
	assert_socks(&r, "1/20 1/30");
	assert_int_equal(r.st.covered, 0);
	end(&r);
}

static void unix_sockets_are_read_in_a_covered_namespace(void **state)
{
	struct reading r;

	fixture_add_table(*state, "unix", UNIX_HEADER UNIX_ROW("60", "/run/x"));
	start_census(*state, &r, "TCP:LISTEN,UNIX:LISTEN", 1);
	read_with_census(&r, false);
	assert_int_equal(r.st.covered, 1);
	assert_true(r.st.used_text);
	assert_socks(&r, "1/20s 1/60");
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(socket_that_came_since_is_added),
		fixture_test(what_holds_a_port_is_decided_in_each_namespace),
		fixture_test(listener_is_kept_for_those_that_wait_for_it_only),
		fixture_test(name_from_text_is_corrected),
		fixture_test(multipath_socket_replaces_its_subflow),
		fixture_test(covered_namespace_is_not_read),
		fixture_test(namespace_with_other_sockets_is_read),
		fixture_test(queues_need_a_reading),
		fixture_test(states_that_have_no_file_need_a_reading),
		fixture_test(unix_sockets_are_read_in_a_covered_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
