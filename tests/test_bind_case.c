/* A bind and what it would meet, of rows made by hand: kinds, order, wishes, answers. */
#include "scene.h"

#include "bind_case.h"
#include "diagnose.h"

static const struct bind_world world = {.range = {32768, 60999}, .first_free_port = 1024,
					.uid = 1000};

/* A scene, an empty proc tree with IPv6, and the case that is made of them. */
struct court {
	struct scene s;
	struct bind_case c;
};

static unsigned local_route(const struct addr *a)
{
	(void)a;
	return 2; /* RTN_LOCAL */
}

static unsigned foreign_route(const struct addr *a)
{
	return a->ip.v4.s_addr == make_addr("192.0.2.1", 0).ip.v4.s_addr ? 7 : 2;
}

static void judge_by(struct fixture *fx, struct court *t, bind_right_route *route)
{
	fixture_write(fx, "self/net/if_inet6",
		      "00000000000000000000000000000001 01 80 10 80       lo\n", 54);
	bind_case_free(&t->c);
	assert_int_equal(bind_case_judge(t->s.place, &t->s.look, 1, &world, fx->root_fd, NULL,
					 route, &t->c), 0);
}

static void judge(struct fixture *fx, struct court *t)
{
	judge_by(fx, t, local_route);
}

static void close_court(struct court *t)
{
	bind_case_free(&t->c);
	scene_free(&t->s);
}

static void assert_answers(const struct court *t, enum bind_answer plain, enum bind_answer addr,
			   enum bind_answer port)
{
	assert_int_equal(t->c.answers[TRY_PLAIN], plain);
	assert_int_equal(t->c.answers[TRY_REUSEADDR], addr);
	assert_int_equal(t->c.answers[TRY_REUSEPORT], port);
}

/* --- kinds ------------------------------------------------------------------------------ */

static enum obstacle_kind kind_of(struct sock s, const struct local_ports *range)
{
	const struct row row = {.sock = &s};

	return obstacle_kind_of(&row, range);
}

static void kinds_follow_from_states(void **state)
{
	const struct local_ports *range = &world.range;
	struct sock udp = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 53, 1);
	struct sock s = listener();

	(void)state;
	assert_int_equal(kind_of(s, range), OBSTACLE_LISTENER);
	s.proto = SOCK_PROTO_SCTP;
	assert_int_equal(kind_of(s, range), OBSTACLE_LISTENER);
	s.state = SOCK_STATE_BOUND;
	assert_int_equal(kind_of(s, range), OBSTACLE_BOUND);
	assert_int_equal(kind_of(udp, range), OBSTACLE_DATAGRAM);
	udp.proto = SOCK_PROTO_UDPLITE;
	assert_int_equal(kind_of(udp, range), OBSTACLE_DATAGRAM);
	assert_int_equal(kind_of(remainder_of(SOCK_STATE_FIN_WAIT2, 9), range),
			 OBSTACLE_TIME_WAIT);
	assert_int_equal(kind_of(connection(SOCK_STATE_TIME_WAIT), range), OBSTACLE_TIME_WAIT);
	assert_int_equal(kind_of(connection(SOCK_STATE_FIN_WAIT1), range), OBSTACLE_ORPHAN);
}

/* Who called whom is guessed from the range of ports that are given. */
static void a_connection_is_one_of_two(void **state)
{
	static const struct {
		enum sock_state state;
		uint16_t port, remote;
		enum obstacle_kind kind, unknown_range;
	} cases[] = {
		{SOCK_STATE_ESTABLISHED, 8080, 40000, OBSTACLE_ACCEPTED, OBSTACLE_CONNECTION},
		{SOCK_STATE_CLOSE_WAIT, 40000, 443, OBSTACLE_SOURCE, OBSTACLE_CONNECTION},
		{SOCK_STATE_ESTABLISHED, 40000, 40001, OBSTACLE_CONNECTION, OBSTACLE_CONNECTION},
		{SOCK_STATE_ESTABLISHED, 22, 23, OBSTACLE_CONNECTION, OBSTACLE_CONNECTION},
		{SOCK_STATE_SYN_SENT, 22, 23, OBSTACLE_SOURCE, OBSTACLE_SOURCE},
		{SOCK_STATE_ESTABLISHED, 40000, 40000, OBSTACLE_SELF, OBSTACLE_SELF},
	};
	const struct local_ports unknown = {0, 0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_connection(cases[i].state, "127.0.0.1", cases[i].port,
						"127.0.0.1", cases[i].remote, 7);
		if (kind_of(s, &world.range) != cases[i].kind ||
		    kind_of(s, &unknown) != cases[i].unknown_range)
			fail_msg("case %zu", i);
	}
}

/* --- cases ------------------------------------------------------------------------------ */

static void nothing_is_in_the_way(void **state)
{
	struct court t = {0};

	scene_init(&t.s, "tcp:8080");
	judge(*state, &t);
	assert_answers(&t, BIND_WORKS, BIND_WORKS, BIND_WORKS);
	assert_int_equal(t.c.len, 0);
	assert_int_equal(verdict_of(&t.c), VERDICT_WORKS);
	close_court(&t);
}

/* The port alone is [::] with IPv4; what has another address is not met by one. */
static void a_port_alone_meets_every_address(void **state)
{
	struct court t = {0};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.2", 8080, 7);

	scene_init(&t.s, "tcp:8080");
	add_held(&t.s, &s, "nginx", 811);
	judge(*state, &t);
	assert_int_equal(t.c.wishes_len, 1);
	assert_int_equal(t.c.wishes[0].addr.family, AF_INET6);
	assert_true(addr_is_wildcard(&t.c.wishes[0].addr));
	assert_false(t.c.wishes[0].v6only);
	assert_int_equal(t.c.len, 1);
	close_court(&t);

	t = (struct court){0};
	scene_init(&t.s, "127.0.0.1:8080");
	add_held(&t.s, &s, "nginx", 811);
	judge(*state, &t);
	assert_int_equal(t.c.len, 0);
	assert_int_equal(t.c.elsewhere, 1);
	assert_int_equal(verdict_of(&t.c), VERDICT_WORKS);
	close_court(&t);
}

static void other_protocols_ports_and_namespaces_do_not_count(void **state)
{
	struct court t = {0};
	struct sock s[3] = {listener(), listener(), listener()};

	s[0].proto = SOCK_PROTO_SCTP;
	s[1].local.port = 8081;
	s[2].netns = 7;
	scene_init(&t.s, "tcp:8080");
	for (size_t i = 0; i < COUNT(s); i++)
		add_held(&t.s, &s[i], "nginx", 811);
	judge(*state, &t);
	assert_int_equal(t.c.len + t.c.elsewhere, 0);
	t.s.socks[2].netns = 1;
	judge(*state, &t);
	assert_int_equal(t.c.len, 1);
	close_court(&t);
}

static void the_worst_comes_first(void **state)
{
	struct court t = {0};
	struct sock first = remainder_of(SOCK_STATE_TIME_WAIT, 1000);
	struct sock longer = remainder_of(SOCK_STATE_TIME_WAIT, 59000);
	struct sock accepted = connection(SOCK_STATE_ESTABLISHED), server = listener();
	struct sock v6 = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 8080, 9);

	scene_init(&t.s, "0.0.0.0:8080");
	accepted.inode = 5;
	add_row(&t.s, &first, REASON_TIME_WAIT);
	add_row(&t.s, &longer, REASON_TIME_WAIT);
	add_held(&t.s, &v6, "maybe", 1); /* nobody knows whether it takes IPv4 */
	add_held(&t.s, &accepted, "sshd", 2);
	add_held(&t.s, &server, "nginx", 3);
	judge(*state, &t);
	assert_int_equal(t.c.len, 5);
	assert_int_equal(t.c.v[0].kind, OBSTACLE_LISTENER);
	assert_int_equal(t.c.v[1].kind, OBSTACLE_ACCEPTED);
	assert_int_equal(t.c.v[2].row->sock->timer_ms, 59000);
	assert_int_equal(t.c.v[3].row->sock->timer_ms, 1000);
	assert_int_equal(t.c.v[4].meets, BIND_DEPENDS);
	close_court(&t);
}

static void what_is_not_known_leaves_it_open(void **state)
{
	struct court t = {0};
	struct sock v6 = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 8080, 9);
	struct sock bound = make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "0.0.0.0", 8080, 9);
	struct sock server = listener();

	scene_init(&t.s, "0.0.0.0:8080");
	add_held(&t.s, &v6, "maybe", 1);
	judge(*state, &t);
	assert_answers(&t, BIND_DEPENDS, BIND_DEPENDS, BIND_DEPENDS);
	assert_int_equal(verdict_of(&t.c), VERDICT_UNKNOWN);
	t.s.look.rows.len = 0;
	add_held(&t.s, &bound, "bound", 1);
	judge(*state, &t);
	assert_answers(&t, BIND_FAILS, BIND_DEPENDS, BIND_DEPENDS);
	assert_int_equal(t.c.v[0].options, -1);
	assert_int_equal(verdict_of(&t.c), VERDICT_REUSEADDR_DEPENDS);
	t.s.look.rows.len = 0;
	server.uid_known = true;
	add_held(&t.s, &server, "nginx", 1);
	judge(*state, &t);
	assert_int_equal(verdict_of(&t.c), VERDICT_REUSEPORT_DEPENDS);
	t.s.socks[0].uid = 1001;
	judge(*state, &t);
	assert_int_equal(verdict_of(&t.c), VERDICT_FAILS);
	close_court(&t);
}

/* The kernel's own tunnels set no option. */
static void a_tunnel_shares_with_nobody(void **state)
{
	struct court t = {0};
	struct sock s = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 4789, 7);

	scene_init(&t.s, "udp:4789");
	add_row(&t.s, &s, REASON_KERNEL);
	judge(*state, &t);
	assert_int_equal(t.c.v[0].options, 0);
	assert_int_equal(verdict_of(&t.c), VERDICT_FAILS);
	close_court(&t);
}

/* A host has several addresses: all of them are wanted. */
static void the_worst_address_decides(void **state)
{
	struct court t = {0};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::1", 8080, 7);
	struct target other;

	scene_init(&t.s, "tcp:127.0.0.1:8080");
	other = t.s.place->targets.v[0];
	other.addr = make_addr("::1", 0);
	assert_int_equal(target_list_add_copy(&t.s.place->targets, &other, 0), 0);
	add_held(&t.s, &s, "nginx", 1);
	judge(*state, &t);
	assert_int_equal(t.c.wishes_len, 2);
	assert_int_equal(t.c.len, 1);
	assert_int_equal(t.c.answers[TRY_PLAIN], BIND_FAILS);
	t.s.look.rows.len = 0;
	t.s.place->targets.v[1].addr = make_addr("::2", 0);
	judge(*state, &t);
	assert_int_equal(t.c.bar, BIND_BAR_NOT_LOCAL);
	assert_memory_equal(&t.c.barred.addr.ip, &t.s.place->targets.v[1].addr.ip, 16);
	close_court(&t);
}

static void a_bar_fails_whatever_the_options(void **state)
{
	struct court t = {0};

	scene_init(&t.s, "192.0.2.1:8080");
	judge_by(*state, &t, foreign_route);
	assert_int_equal(t.c.bar, BIND_BAR_NOT_LOCAL);
	assert_answers(&t, BIND_FAILS, BIND_FAILS, BIND_FAILS);
	assert_int_equal(verdict_of(&t.c), VERDICT_FAILS);
	close_court(&t);
	scene_init(&t.s, "tcp:80");
	judge(*state, &t);
	assert_int_equal(t.c.bar, BIND_BAR_PRIVILEGED);
	close_court(&t);
}

/* bind(2) passes over the interface of an address that needs none. */
static void a_scope_counts_where_it_is_needed(void **state)
{
	struct court t = {0};

	scene_init(&t.s, "tcp:[::1]:8080");
	t.s.place->targets.v[0].addr.scope_id = 9;
	judge(*state, &t);
	assert_int_equal(t.c.wishes[0].addr.scope_id, 0);
	assert_int_equal(t.c.bar, BIND_BAR_NONE);
	t.s.place->targets.v[0].addr.ip = make_addr("fe80::1", 0).ip;
	judge(*state, &t);
	assert_int_equal(t.c.wishes[0].addr.scope_id, 9);
	close_court(&t);
}

static void multicast_is_for_udp(void **state)
{
	struct court t = {0};

	scene_init(&t.s, "tcp:[ff05::1]:8080");
	judge(*state, &t);
	assert_int_equal(t.c.bar, BIND_BAR_MULTICAST);
	close_court(&t);
	scene_init(&t.s, "udp:[ff05::1]:8080");
	judge(*state, &t);
	assert_int_equal(t.c.bar, BIND_BAR_NONE);
	close_court(&t);
}

#define W BIND_WORKS
#define D BIND_DEPENDS
#define F BIND_FAILS

/* A plain bind that may work does not work `only` with an option. */
static void verdicts_follow_from_answers(void **state)
{
	static const struct {
		enum bind_answer answers[TRY_COUNT];
		enum verdict verdict;
	} cases[] = {
		{{W, W, W}, VERDICT_WORKS}, {{F, W, F}, VERDICT_REUSEADDR},
		{{F, W, W}, VERDICT_REUSEADDR}, {{F, F, W}, VERDICT_REUSEPORT},
		{{F, D, F}, VERDICT_REUSEADDR_DEPENDS}, {{F, D, D}, VERDICT_REUSEADDR_DEPENDS},
		{{F, F, D}, VERDICT_REUSEPORT_DEPENDS}, {{F, F, F}, VERDICT_FAILS},
		{{D, D, D}, VERDICT_UNKNOWN}, {{D, W, D}, VERDICT_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bind_case c = {0};
		memcpy(c.answers, cases[i].answers, sizeof(c.answers));
		if (verdict_of(&c) != cases[i].verdict)
			fail_msg("case %zu: %d", i, verdict_of(&c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_follow_from_states),
		cmocka_unit_test(a_connection_is_one_of_two),
		fixture_test(nothing_is_in_the_way),
		fixture_test(a_port_alone_meets_every_address),
		fixture_test(other_protocols_ports_and_namespaces_do_not_count),
		fixture_test(the_worst_comes_first),
		fixture_test(what_is_not_known_leaves_it_open),
		fixture_test(a_tunnel_shares_with_nobody),
		fixture_test(the_worst_address_decides),
		fixture_test(a_bar_fails_whatever_the_options),
		fixture_test(a_scope_counts_where_it_is_needed),
		fixture_test(multicast_is_for_udp),
		cmocka_unit_test(verdicts_follow_from_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
