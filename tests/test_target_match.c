/* Which sockets conflict with a bind to a target, and lists of 10,000 of them. */
#define _GNU_SOURCE
#include "fixture.h"
#include "target.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void parse(struct target_list *list, const char *word, size_t item)
{
	struct names names;
	const char *why = "";

	make_names(&names);
	if (target_list_add(list, &names, word, item, &why) != 0)
		fail_msg("%s: %s", word, why);
	names_free(&names);
}

static void address_conflicts_are_those_of_bind(void **state)
{
	static const struct {
		const char *word, *local;
		bool conflict;
	} cases[] = {
		{"80", "127.0.0.1", true},
		{"80", "::1", true},
		{"*:80", "127.0.0.1", true},
		{"127.0.0.1:80", "127.0.0.1", true},
		{"127.0.0.1:80", "127.0.0.2", false},
		{"127.0.0.1:80", "0.0.0.0", true},
		{"127.0.0.1:80", "::", true}, /* dual-stack, as far as text can tell */
		{"127.0.0.1:80", "::1", false},
		{"127.0.0.1:80", "::ffff:127.0.0.1", true},
		{"127.0.0.1:80", "::ffff:127.0.0.2", false},
		{"[::ffff:127.0.0.1]:80", "127.0.0.1", true},
		{"[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", true},
		{"[::ffff:127.0.0.1]:80", "127.0.0.2", false},
		{"0.0.0.0:80", "127.0.0.1", true},
		{"0.0.0.0:80", "10.1.2.3", true},
		{"0.0.0.0:80", "::", true},
		{"0.0.0.0:80", "::1", false},
		{"0.0.0.0:80", "::ffff:10.0.0.1", true},
		{"[::]:80", "127.0.0.1", true},
		{"[::]:80", "::1", true},
		{"[::]:80", "0.0.0.0", true},
		{"[::1]:80", "::1", true},
		{"[::1]:80", "::2", false},
		{"[::1]:80", "::", true},
		{"[::1]:80", "0.0.0.0", false},
		{"[::1]:80", "127.0.0.1", false},
		{"[fe80::1%7]:80", "fe80::1", true}, /* the text of tcp6 has no scope */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, cases[i].local, 80, 1);
		parse(&list, cases[i].word, 0);
		target_list_sort(&list);
		if (target_match(&list.v[0], &s) != cases[i].conflict)
			fail_msg("%s against a socket at %s", cases[i].word, cases[i].local);
		/* What conflicts must not have been ruled out before. */
		if (cases[i].conflict)
			assert_true(target_allows(&list.v[0], SOCK_PROTO_TCP, s.local.family));
		s.local.port = 81;
		assert_false(target_match(&list.v[0], &s));
		target_list_free(&list);
	}
}

static void v6only_socket_conflicts_with_ipv6_alone(void **state)
{
	static const struct {
		const char *word, *local;
		bool conflict; /* if it is v6only; else all of these do */
	} cases[] = {
		{"80", "::", true},
		{"*:80", "::", true},
		{"[::]:80", "::", true},
		{"[::1]:80", "::", true},
		{"127.0.0.1:80", "::", false},
		{"0.0.0.0:80", "::", false},
		{"[::ffff:127.0.0.1]:80", "::", false},
		/* It says nothing of other addresses. */
		{"[::1]:80", "::1", true},
		{"127.0.0.1:80", "::ffff:127.0.0.1", true},
		{"127.0.0.1:80", "0.0.0.0", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, cases[i].local, 80, 1);
		parse(&list, cases[i].word, 0);
		assert_int_equal(s.v6only, SOCK_V6ONLY_UNKNOWN);
		assert_true(target_match(&list.v[0], &s));
		s.v6only = SOCK_V6ONLY_NO;
		assert_true(target_match(&list.v[0], &s));
		s.v6only = SOCK_V6ONLY_YES;
		if (target_match(&list.v[0], &s) != cases[i].conflict)
			fail_msg("%s against a v6only socket at %s", cases[i].word, cases[i].local);
		target_list_free(&list);
	}
}

/* True if any target of a list matches. */
static bool matches(struct target_list *list, const struct sock *s)
{
	size_t cursor = 0;

	return target_list_next(list, s, &cursor) != NULL;
}

/* The list of a file in the tree. */
static struct target_list list_file(const struct fixture *fx, const char *name)
{
	struct target_list list = {0};
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", fx->path, name);
	parse(&list, path, 0);
	target_list_sort(&list);
	return list;
}

static void file_is_found_by_whatever_name_it_was_bound(void **state)
{
	static const char *const names[] = {"sock", "link", "./sock"};
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "sock", 1);
	struct fixture *fx = *state;
	struct stat st;

	assert_int_equal(mknodat(fx->root_fd, "sock", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(symlinkat("sock", fx->root_fd, "link"), 0);
	assert_int_equal(fstatat(fx->root_fd, "sock", &st, 0), 0);
	const struct sock_file file = {major(st.st_dev), minor(st.st_dev), (uint32_t)st.st_ino};
	for (size_t i = 0; i < COUNT(names); i++) {
		struct target_list list = list_file(fx, names[i]);
		s.file = file;
		assert_true(matches(&list, &s));
		s.name = NULL; /* the kernel may have lost the name, and keeps the file */
		s.name_len = 0;
		assert_true(matches(&list, &s));
		s.file.inode++;
		assert_false(matches(&list, &s));
		s.file = file;
		s.file.minor++;
		assert_false(matches(&list, &s));
		s.file = file;
		s.file.major++;
		assert_false(matches(&list, &s));
		s.file = (struct sock_file){file.major, file.minor, 0};
		assert_false(matches(&list, &s));
		target_list_free(&list);
	}
}

static void file_that_is_no_socket_matches_by_name_alone(void **state)
{
	static const char *const names[] = {"regular", "missing", "dir"};
	struct fixture *fx = *state;

	fixture_write(fx, "regular", "", 0);
	fixture_write(fx, "dir/x", "", 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct target_list list = list_file(fx, names[i]);
		struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "other", 1);
		struct stat st = {.st_ino = 0};
		char path[512];

		fstatat(fx->root_fd, names[i], &st, 0);
		s.file = (struct sock_file){major(st.st_dev), minor(st.st_dev), (uint32_t)st.st_ino};
		assert_false(matches(&list, &s));
		snprintf(path, sizeof(path), "%s/%s", fx->path, names[i]);
		s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, path, 1);
		assert_true(matches(&list, &s));
		target_list_free(&list);
	}
}

static void nul_in_a_name_is_an_at_sign_in_text_alone(void **state)
{
	static const struct {
		const char *word, *name;
		size_t len;
		bool text, exact; /* does it match? */
	} cases[] = {
		{"@x", "@x", 2, true, false},
		{"@x", "\0x", 2, true, true},
		{"@x\\0y", "@x@y", 4, true, false},
		{"@x\\0y", "\0x\0y", 4, true, true},
		{"@x@y", "@x@y", 4, true, false},
		{"@x@y", "\0x@y", 4, true, true},
		{"@x@y", "\0x\0y", 4, false, false},
		{"@x", "\0x\0", 3, false, false},
		{"@x", "\0", 1, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 1);
		parse(&list, cases[i].word, 0);
		target_list_sort(&list);
		s.name = cases[i].name;
		s.name_len = (uint16_t)cases[i].len;
		assert_int_equal(matches(&list, &s), cases[i].text);
		s.name_is_exact = true;
		assert_int_equal(matches(&list, &s), cases[i].exact);
		target_list_free(&list);
	}
}

static void protocol_of_the_target_must_fit(void **state)
{
	static const enum sock_proto protos[] = {SOCK_PROTO_TCP, SOCK_PROTO_UDP, SOCK_PROTO_RAW};
	static const struct {
		const char *word;
		bool matches[3];
	} cases[] = {
		{"80", {true, true, false}},
		{"tcp:80", {true, false, false}},
		{"80/udp", {false, true, false}},
		{"http", {true, false, false}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		parse(&list, cases[i].word, 0);
		for (size_t j = 0; j < 3; j++) {
			struct sock s = make_sock(protos[j], SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
			assert_int_equal(target_match(&list.v[0], &s), cases[i].matches[j]);
			assert_int_equal(target_allows(&list.v[0], protos[j], AF_INET),
					 cases[i].matches[j]);
		}
		target_list_free(&list);
	}
}

static void ipv6_address_rules_out_ipv4_sockets(void **state)
{
	static const struct {
		const char *word;
		bool v4;
	} cases[] = {{"[::1]:80", false}, {"[::]:80", true}, {"[::ffff:1.2.3.4]:80", true},
		     {"127.0.0.1:80", true}, {"80", true}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		parse(&list, cases[i].word, 0);
		assert_int_equal(target_allows(&list.v[0], SOCK_PROTO_TCP, AF_INET), cases[i].v4);
		assert_true(target_allows(&list.v[0], SOCK_PROTO_TCP, AF_INET6));
		assert_false(target_allows(&list.v[0], SOCK_PROTO_UNIX, AF_UNIX));
		target_list_free(&list);
	}
}

/* How many targets of a sorted list match; the sum of their items in *out. */
static size_t count_matches(struct target_list *list, const struct sock *s, size_t *out)
{
	size_t cursor = 0, count = 0;

	*out = 0;
	for (struct target *t; (t = target_list_next(list, s, &cursor)); count++)
		*out += t->item;
	return count;
}

static void next_gives_single_ports_ranges_and_names_alike(void **state)
{
	static const char *const words[] = {"70-90", "80", "443", "127.0.0.1:80", "tcp:80", "udp:80",
					    "@80",   "0-65535", "79", "81"};
	struct target_list list = {0};
	size_t items;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		parse(&list, words[i], (size_t)1 << i);
	target_list_sort(&list);
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 80, 1);
	assert_int_equal(count_matches(&list, &s, &items), 5);
	assert_int_equal(items, 1 + 2 + 8 + 16 + 128);
	s.proto = SOCK_PROTO_UDP;
	s.local.port = 443;
	assert_int_equal(count_matches(&list, &s, &items), 2);
	assert_int_equal(items, 4 + 128);
	s.local.port = 0;
	assert_int_equal(count_matches(&list, &s, &items), 1);
	s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "@80", 1);
	assert_int_equal(count_matches(&list, &s, &items), 1);
	assert_int_equal(items, 64);
	target_list_free(&list);
}

static void next_finds_each_of_10000_targets(void **state)
{
	enum { TARGETS = 10000 };
	struct target_list list = {0};
	size_t items;

	(void)state;
	for (unsigned i = 0; i < TARGETS; i++) {
		char word[16];
		/* In no order. */
		snprintf(word, sizeof(word), "%u", 1 + i * 7919 % TARGETS);
		parse(&list, word, i);
	}
	target_list_sort(&list);
	assert_int_equal(list.singles, TARGETS);
	for (unsigned i = 0; i < TARGETS; i++) {
		struct sock s = {.proto = SOCK_PROTO_TCP};
		s.local.family = AF_INET;
		s.local.port = (uint16_t)(1 + i * 7919 % TARGETS);
		assert_int_equal(count_matches(&list, &s, &items), 1);
		assert_int_equal(items, i);
	}
	struct sock none = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", TARGETS + 1, 1);
	assert_int_equal(count_matches(&list, &none, &items), 0);
	target_list_free(&list);
}

static void empty_list_matches_nothing(void **state)
{
	struct target_list list = {0};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	size_t items;

	(void)state;
	target_list_sort(&list);
	assert_int_equal(count_matches(&list, &s, &items), 0);
	target_list_free(&list);
}

static void listener_bound_and_udp_hold_a_port(void **state)
{
	static const struct {
		enum sock_proto proto;
		enum sock_state state;
		bool holding;
	} cases[] = {
		{SOCK_PROTO_TCP, SOCK_STATE_LISTEN, true},
		{SOCK_PROTO_TCP, SOCK_STATE_BOUND, true},
		{SOCK_PROTO_TCP, SOCK_STATE_ESTABLISHED, false},
		{SOCK_PROTO_TCP, SOCK_STATE_TIME_WAIT, false},
		{SOCK_PROTO_TCP, SOCK_STATE_CLOSE, false},
		{SOCK_PROTO_TCP, SOCK_STATE_SYN_SENT, false},
		{SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, true},
		{SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, true},
		{SOCK_PROTO_UDP, SOCK_STATE_ESTABLISHED, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_sock(cases[i].proto, cases[i].state, "0.0.0.0", 80, 1);
		assert_int_equal(target_is_holding(&s), cases[i].holding);
	}
}

static void listener_and_datagram_socket_hold_a_unix_name(void **state)
{
	static const struct {
		enum sock_state state;
		int type;
		bool holding;
	} cases[] = {
		{SOCK_STATE_LISTEN, SOCK_STREAM, true},
		{SOCK_STATE_UNCONNECTED, SOCK_STREAM, true},
		{SOCK_STATE_UNCONNECTED, SOCK_DGRAM, true},
		{SOCK_STATE_CONNECTED, SOCK_DGRAM, true},
		{SOCK_STATE_CONNECTED, SOCK_STREAM, false}, /* accepted: has the name too */
		{SOCK_STATE_CONNECTING, SOCK_STREAM, false},
		{SOCK_STATE_LISTEN, SOCK_SEQPACKET, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_unix(cases[i].state, cases[i].type, "/run/x", 1);
		assert_int_equal(target_is_holding(&s), cases[i].holding);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_conflicts_are_those_of_bind),
		cmocka_unit_test(v6only_socket_conflicts_with_ipv6_alone),
		fixture_test(file_is_found_by_whatever_name_it_was_bound),
		fixture_test(file_that_is_no_socket_matches_by_name_alone),
		cmocka_unit_test(nul_in_a_name_is_an_at_sign_in_text_alone),
		cmocka_unit_test(protocol_of_the_target_must_fit),
		cmocka_unit_test(ipv6_address_rules_out_ipv4_sockets),
		cmocka_unit_test(next_gives_single_ports_ranges_and_names_alike),
		cmocka_unit_test(next_finds_each_of_10000_targets),
		cmocka_unit_test(empty_list_matches_nothing),
		cmocka_unit_test(listener_bound_and_udp_hold_a_port),
		cmocka_unit_test(listener_and_datagram_socket_hold_a_unix_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
