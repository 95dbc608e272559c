/* Ports that come free: from sockets and words, and as a filter. */
#define _GNU_SOURCE
#include "place_fixture.h"

static void socket_without_word_takes_its_own_address(void **state)
{
	static const struct {
		enum sock_proto proto;
		const char *ip;
		const char *expected;
	} cases[] = {
		{SOCK_PROTO_TCP, "127.0.0.1", "127.0.0.1:80/tcp"},
		{SOCK_PROTO_TCP, "0.0.0.0", "0.0.0.0:80/tcp"},
		{SOCK_PROTO_TCP, "::", "[::]:80/tcp"},
		{SOCK_PROTO_TCP, "::1", "[::1]:80/tcp"},
		{SOCK_PROTO_MPTCP, "127.0.0.1", "127.0.0.1:80/tcp"}, /* shares numbers with TCP */
		{SOCK_PROTO_UDP, "127.0.0.1", "127.0.0.1:80/udp"},
		{SOCK_PROTO_UDPLITE, "127.0.0.1", "127.0.0.1:80/udplite"},
		{SOCK_PROTO_SCTP, "0.0.0.0", "0.0.0.0:80/sctp"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct setting t;
		SET_UP(&t, "1");
		struct sock s = make_sock(cases[i].proto, SOCK_STATE_LISTEN, cases[i].ip, 80, 1);
		struct place *place = add(&t, &s);
		assert_non_null(place);
		assert_int_equal(place->reuse, -1);
		assert_int_equal(place->item, SIZE_MAX);
		assert_false(place_is_unix(place));
		assert_true(place_match(place, &s));
		assert_places(&t, cases[i].expected);
		take_down(&t);
	}
}

static void what_takes_no_place_has_none(void **state)
{
	const struct sock none[] = {
		tcp("127.0.0.1", 0),
		make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "0.0.0.0", 1, 1),
		make_sock(SOCK_PROTO_OTHER, SOCK_STATE_UNKNOWN, NULL, 80, 1),
		make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 1),
		make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "", 1),
	};
	struct setting t;

	(void)state;
	SET_UP(&t, "80");
	for (size_t i = 0; i < COUNT(none); i++)
		assert_null(add(&t, &none[i]));
	assert_places(&t, "");
	take_down(&t);
}

static void place_is_listed_once(void **state)
{
	struct sock all = tcp("0.0.0.0", 80), other = tcp("127.0.0.1", 80), u = udp("0.0.0.0", 80);
	struct setting t;

	(void)state;
	SET_UP(&t, "1");
	add(&t, &all);
	for (int i = 0; i < 3; i++) {
		all.inode++; /* of a SO_REUSEPORT group */
		assert_ptr_equal(add(&t, &all), &t.places.v[0]);
	}
	assert_places(&t, "0.0.0.0:80/tcp");
	add(&t, &other);
	add(&t, &u);
	add(&t, &other);
	all.netns = 7;
	add(&t, &all);
	add(&t, &all);
	assert_places(&t, "0.0.0.0:80/tcp 127.0.0.1:80/tcp 0.0.0.0:80/udp 0.0.0.0:80/tcp#7");
	take_down(&t);
}

static void word_gives_its_address_to_the_place(void **state)
{
	struct sock any = tcp("0.0.0.0", 80), one = tcp("127.0.0.1", 80), more = udp("127.0.0.1", 80);
	struct setting t;

	(void)state;
	SET_UP(&t, "80");
	add(&t, &any);
	add(&t, &one); /* two sockets in the way of one bind */
	add(&t, &more);
	assert_places(&t, "80/tcp 80/udp");
	assert_int_equal(t.places.v[0].item, 0);
	take_down(&t);

	SET_UP(&t, "127.0.0.1:80");
	add(&t, &any);
	assert_places(&t, "127.0.0.1:80/tcp");
	struct sock elsewhere = tcp("127.0.0.2", 80);
	assert_false(place_match(&t.places.v[0], &elsewhere));
	assert_true(place_match(&t.places.v[0], &one));
	add(&t, &elsewhere); /* no word's */
	assert_places(&t, "127.0.0.1:80/tcp 127.0.0.2:80/tcp");
	take_down(&t);
}

static void each_port_of_a_range_is_a_place(void **state)
{
	struct sock lo = tcp("0.0.0.0", 8000), hi = tcp("0.0.0.0", 8002), out = tcp("0.0.0.0", 8001);
	struct setting t;

	(void)state;
	SET_UP(&t, "80,8000-8002,443"); /* one word */
	add(&t, &hi);
	add(&t, &lo);
	add(&t, &hi);
	assert_places(&t, "8002/tcp 8000/tcp");
	for (size_t i = 0; i < t.places.len; i++) {
		assert_false(place_match(&t.places.v[i], &out));
		assert_int_equal(t.places.v[i].targets.len, 1);
	}
	take_down(&t);
}

/* As names_host_addrs() would have it: the first word with a second address. */
static void add_host(struct setting *t)
{
	struct target v6 = {0};

	for (size_t i = 0; i < t->filter.targets.len; i++) {
		if (t->filter.targets.v[i].item == 0)
			v6 = t->filter.targets.v[i];
	}

	v6.addr = make_addr("::1", 0);
	assert_int_equal(target_list_add_copy(&t->filter.targets, &v6, v6.item), 0);
	target_list_sort(&t->filter.targets);
}

static void host_with_two_addresses_is_one_place(void **state)
{
	struct sock v4 = tcp("127.0.0.1", 80), v6 = tcp("::1", 80), other = tcp("::2", 80);
	struct setting t;

	(void)state;
	SET_UP(&t, "127.0.0.1:80");
	add_host(&t);
	struct place *place = add(&t, &v6);
	assert_ptr_equal(add(&t, &v4), place);
	assert_int_equal(t.places.len, 1);
	assert_int_equal(place->targets.len, 2);
	assert_true(place_match(place, &v4) && place_match(place, &v6));
	assert_false(place_match(place, &other));
	take_down(&t);

	static const char *const words[] = {"127.0.0.1:80", "127.0.0.1:80-82"};
	for (size_t i = 0; i < COUNT(words); i++) {
		SET_UP(&t, words[i], "80", "82");
		add_host(&t);
		assert_int_equal(place_list_add_targets(&t.places, &t.filter, 3), 0);
		assert_int_equal(t.places.len, i == 0 ? 3 : 5);
		size_t of_host = 0;
		for (size_t k = 0; k < t.places.len; k++) {
			const struct place *p = &t.places.v[k];
			of_host += p->item == 0;
			assert_int_equal(p->targets.len, p->item == 0 ? 2 : 1);
			assert_int_equal(p->targets.v[0].lo, p->targets.v[p->targets.len - 1].lo);
		}
		assert_int_equal(of_host, i == 0 ? 1 : 3);
		take_down(&t);
	}
}

static void place_has_a_namespace_or_any(void **state)
{
	struct sock s = tcp("0.0.0.0", 80);
	struct setting t;

	(void)state;
	SET_UP(&t, "80");
	s.netns = 7;
	struct place *place = add(&t, &s);
	assert_int_equal(place->netns, 7);
	assert_true(place_match(place, &s));
	s.netns = 8;
	assert_false(place_match(place, &s));
	s.netns = 0; /* nobody knows */
	assert_true(place_match(place, &s));
	place->netns = 0;
	s.netns = 8;
	assert_true(place_match(place, &s));
	take_down(&t);
}

static void each_word_is_a_place_before_there_is_a_socket(void **state)
{
	struct setting t;

	(void)state;
	SET_UP(&t, "80", "tcp:443", "127.0.0.1:53/udp", "8000-8002", "@name");
	assert_int_equal(place_list_add_targets(&t.places, &t.filter, 9), 0);
	assert_places(&t, "127.0.0.1:53/udp#9 80#9 443/tcp#9 8000#9 8001#9 8002#9 @name#9");
	take_down(&t);

	SET_UP(&t, "/run/no.sock", "80");
	assert_int_equal(place_list_add_targets(&t.places, &t.filter, 9), 0);
	assert_places(&t, "80#9 /run/no.sock");
	take_down(&t);
}

static void highest_port_ends_a_range(void **state)
{
	struct setting t;

	(void)state;
	SET_UP(&t, "65534-65535");
	assert_int_equal(place_list_add_targets(&t.places, &t.filter, 0), 0);
	assert_places(&t, "65534 65535");
	take_down(&t);
}

static void filter_of_places_selects_all_that_is_there(void **state)
{
	struct sock listener = tcp("0.0.0.0", 80), datagram = udp("::", 53);
	struct sock name = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "\0name", 1);
	struct sock rest = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", 80, "127.0.0.1", 9, 0);
	struct sock client = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 9, "127.0.0.1", 80, 2);
	struct sock other = tcp("0.0.0.0", 81), tcp53 = tcp("0.0.0.0", 53);
	struct filter f = {0};
	struct setting t;

	(void)state;
	name.name_len = 5;
	name.name_is_exact = true;
	SET_UP(&t, "80-90", "udp:53", "@name");
	add(&t, &listener);
	add(&t, &datagram);
	add(&t, &name);
	assert_int_equal(place_list_make_filter(&t.places, &t.names, &f), 0);
	assert_int_equal(f.targets.singles, 2); /* it is sorted */
	const struct sock *in[] = {&listener, &datagram, &name, &rest};
	const struct sock *out[] = {&client, &other, &tcp53};
	/* A listener and what is left beside it: all of it, in whatever order. */
	for (size_t i = 0; i < COUNT(in); i++)
		assert_int_equal(filter_classify(&f, in[i]), SOCK_ROLE_WANTED);
	for (size_t i = 0; i < COUNT(out); i++)
		assert_int_not_equal(filter_classify(&f, out[i]), SOCK_ROLE_WANTED);
	assert_true(filter_wants_unheld(&f));
	assert_false(filter_limits_scan(&f));
	const unsigned protos = SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_UDP) |
				SOCK_PROTO_BIT(SOCK_PROTO_UNIX);
	assert_int_equal(filter_protos(&f) & protos, protos);
	filter_free(&f);
	take_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_without_word_takes_its_own_address),
		cmocka_unit_test(what_takes_no_place_has_none),
		cmocka_unit_test(place_is_listed_once),
		cmocka_unit_test(word_gives_its_address_to_the_place),
		cmocka_unit_test(each_port_of_a_range_is_a_place),
		cmocka_unit_test(host_with_two_addresses_is_one_place),
		cmocka_unit_test(place_has_a_namespace_or_any),
		cmocka_unit_test(each_word_is_a_place_before_there_is_a_socket),
		cmocka_unit_test(highest_port_ends_a_range),
		cmocka_unit_test(filter_of_places_selects_all_that_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
