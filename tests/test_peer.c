/* The listener that a connection waits for. */
#include "fixture.h"
#include "peer.h"

#include <sys/socket.h>

#define LISTENER(ip, port, inode) make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, ip, port, inode)

/* The inodes of the listeners found, added up; *out says how many. */
static uint64_t find(const struct sock *socks, size_t len, const struct sock *s, size_t *out)
{
	struct sock_table t = {0};
	struct peer_index x;
	const struct sock *found[8];
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		assert_int_equal(sock_table_add(&t, &socks[i]), 0);
	sock_table_sort(&t);
	assert_int_equal(peer_index_build(&x, &t), 0);
	*out = peer_find_listeners(&x, s, found, 8);
	for (size_t i = 0; i < *out && i < 8; i++)
		sum += found[i]->inode;
	peer_index_free(&x);
	sock_table_free(&t);
	return sum;
}

static void exact_address_wins_over_wildcard(void **state)
{
	const struct sock socks[] = {LISTENER("0.0.0.0", 80, 1), LISTENER("10.0.0.1", 80, 2),
				     LISTENER("::", 80, 4), LISTENER("10.0.0.2", 80, 8),
				     LISTENER("10.0.0.1", 81, 16), LISTENER("::1", 80, 32)};
	static const struct {
		const char *ip;
		uint16_t port;
		size_t count;
		uint64_t sum;
	} cases[] = {
		{"10.0.0.1", 80, 1, 2},       {"10.0.0.3", 80, 1, 1},
		/* accepted by an IPv6 socket: not by the IPv4 one at its very address */
		{"::ffff:10.0.0.1", 80, 1, 4},
		{"::1", 80, 1, 32},           {"::2", 80, 1, 4},             {"10.0.0.1", 81, 1, 16},
		{"10.0.0.2", 81, 0, 0},       {"10.0.0.1", 82, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_connection(SOCK_STATE_ESTABLISHED, cases[i].ip, cases[i].port,
						cases[i].ip, 5000, 0);
		size_t count;
		assert_int_equal(find(socks, COUNT(socks), &s, &count), cases[i].sum);
		assert_int_equal(count, cases[i].count);
	}
}

static void ipv4_wildcard_has_no_ipv6_connections(void **state)
{
	const struct sock socks[] = {LISTENER("0.0.0.0", 80, 1)};
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "::1", 80, "::1", 5000, 0);
	size_t count;

	(void)state;
	find(socks, 1, &s, &count);
	assert_int_equal(count, 0);
	s = make_connection(SOCK_STATE_ESTABLISHED, "::ffff:1.2.3.4", 80, "::ffff:1.2.3.4", 5000, 0);
	find(socks, 1, &s, &count);
	assert_int_equal(count, 1);
}

static void group_of_listeners_is_found_whole(void **state)
{
	struct sock socks[12];
	struct sock s = make_connection(SOCK_STATE_SYN_RECV, "10.0.0.1", 80, "10.0.0.2", 5000, 0);
	size_t count;

	(void)state;
	for (size_t i = 0; i < COUNT(socks); i++)
		socks[i] = LISTENER("10.0.0.1", 80, i + 1);
	find(socks, COUNT(socks), &s, &count); /* more than there is room for */
	assert_int_equal(count, COUNT(socks));
}

static void only_listeners_of_the_namespace_and_protocol_count(void **state)
{
	struct sock socks[] = {LISTENER("0.0.0.0", 80, 1),
			       make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 80, 2),
			       make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "0.0.0.0", 80, 4)};
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "10.0.0.1", 80, "10.0.0.2", 5000, 0);
	size_t count;

	(void)state;
	assert_int_equal(find(socks, COUNT(socks), &s, &count), 1);
	socks[0].netns = 7;
	assert_int_equal(find(socks, COUNT(socks), &s, &count), 0);
	assert_int_equal(count, 0);
}

static void unix_listener_has_the_same_name(void **state)
{
	const struct sock socks[] = {make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1),
				     make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/xy", 2),
				     make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 4),
				     LISTENER("0.0.0.0", 0, 8)};
	struct sock s = make_unix(SOCK_STATE_CONNECTING, SOCK_STREAM, "/run/x", 0);
	size_t count;

	(void)state;
	assert_int_equal(find(socks, COUNT(socks), &s, &count), 1);
	s.name = NULL;
	assert_int_equal(find(socks, COUNT(socks), &s, &count), 0);
}

static void table_without_listeners_finds_none(void **state)
{
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "10.0.0.1", 80, "10.0.0.2", 5000, 0);
	size_t count;

	(void)state;
	find(&s, 1, &s, &count);
	assert_int_equal(count, 0);
	find(NULL, 0, &s, &count);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_address_wins_over_wildcard),
		cmocka_unit_test(ipv4_wildcard_has_no_ipv6_connections),
		cmocka_unit_test(group_of_listeners_is_found_whole),
		cmocka_unit_test(only_listeners_of_the_namespace_and_protocol_count),
		cmocka_unit_test(unix_listener_has_the_same_name),
		cmocka_unit_test(table_without_listeners_finds_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
