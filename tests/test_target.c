/* The words that name a local end, and which sockets they mean. */
#define _GNU_SOURCE
#include "fixture.h"
#include "target.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TCP SOCK_PROTO_BIT(SOCK_PROTO_TCP)
#define UDP SOCK_PROTO_BIT(SOCK_PROTO_UDP)
#define PORTS SOCK_PROTOS_PORTS

/* Parse one word, which must be a good one. */
static void parse(struct target_list *list, const char *word)
{
	struct names names;
	const char *why = "";

	make_names(&names);
	if (target_list_add(list, &names, word, 7, &why) != 0)
		fail_msg("%s: %s", word, why);
	names_free(&names);
}

static void port_forms_are_understood(void **state)
{
	static const struct {
		const char *word;
		size_t count;
		uint16_t lo, hi; /* of the first */
		unsigned protos; /* of the first */
	} cases[] = {
		{"1334", 1, 1334, 1334, PORTS},
		{":1334", 1, 1334, 1334, PORTS},
		{"0", 1, 0, 0, PORTS},
		{"65535", 1, 65535, 65535, PORTS},
		{"0-65535", 1, 0, 65535, PORTS},
		{"80,443,8000-8010", 3, 80, 80, PORTS},
		{"8000-8010,80", 2, 8000, 8010, PORTS},
		{"tcp:53", 1, 53, 53, TCP},
		{"UDP:53", 1, 53, 53, UDP},
		{"53/udp", 1, 53, 53, UDP},
		{"53/TCP", 1, 53, 53, TCP},
		{"tcp:53/tcp", 1, 53, 53, TCP},
		{"tcp:80,443", 2, 80, 80, TCP},
		{"80,443/tcp", 2, 80, 80, TCP},
		{"8000-8010/udp", 1, 8000, 8010, UDP},
		{"*:80", 1, 80, 80, PORTS},
		{"twoports", 2, 1001, 1001, TCP | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP)},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		parse(&list, cases[i].word);
		assert_int_equal(list.len, cases[i].count);
		assert_int_equal(list.v[0].lo, cases[i].lo);
		assert_int_equal(list.v[0].hi, cases[i].hi);
		assert_int_equal(list.v[0].protos, cases[i].protos);
		for (size_t j = 0; j < list.len; j++)
			assert_int_equal(list.v[j].item, 7);
		target_list_free(&list);
	}
}

static void service_names_have_their_protocols(void **state)
{
	static const struct {
		const char *word;
		uint16_t port;
		unsigned has, lacks;
	} cases[] = {
		{"http", 80, TCP, UDP},
		{":HTTP", 80, TCP, UDP},
		{"www", 80, TCP, UDP},
		{"domain", 53, TCP | UDP, 0},
		{"tcp:domain", 53, TCP, UDP},
		{"domain/udp", 53, UDP, TCP},
		{"udp:http", 80, UDP, TCP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		parse(&list, cases[i].word);
		assert_int_equal(list.len, 1);
		assert_int_equal(list.v[0].lo, cases[i].port);
		assert_int_equal(list.v[0].protos & cases[i].has, cases[i].has);
		assert_int_equal(list.v[0].protos & cases[i].lacks, 0);
		target_list_free(&list);
	}
}

static void addresses_are_understood(void **state)
{
	static const struct {
		const char *word, *ip;
		uint16_t port;
		unsigned protos;
	} cases[] = {
		{"127.0.0.1:80", "127.0.0.1", 80, PORTS},
		{"[::1]:80", "::1", 80, PORTS},
		{"0.0.0.0:80", "0.0.0.0", 80, PORTS},
		{"[::]:80", "::", 80, PORTS},
		{"[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80, PORTS},
		{"127.0.0.1:http", "127.0.0.1", 80, TCP | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP)},
		{"127.0.0.1:53/udp", "127.0.0.1", 53, UDP},
		{"tcp:127.0.0.1:53", "127.0.0.1", 53, TCP},
		{"tcp:[::1]:53", "::1", 53, TCP},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		struct addr ip = make_addr(cases[i].ip, 0);
		parse(&list, cases[i].word);
		assert_int_equal(list.len, 1);
		assert_int_equal(list.v[0].addr.family, ip.family);
		assert_true(addr_equal_ip(&list.v[0].addr, &ip));
		assert_int_equal(list.v[0].lo, cases[i].port);
		assert_int_equal(list.v[0].protos, cases[i].protos);
		target_list_free(&list);
	}
}

static void bad_words_are_refused_with_a_reason(void **state)
{
	static const char *const words[] = {
		"", ":", ",", "80,", ",80", "80,,443", "-", "80-", "-80", "90-80", "65536", "80-70000",
		"99999999999999999999", "+80", " 80", "80 ", "0x50", "80x", "nosuchservice", "tcp:",
		"tcp:nosuchservice", "raw:1", "unix:1", "tcp:80/udp", "udp:80/tcp", "80:",
		"[::1]", "::1:80", "1:2:3", "127.0.0.1:", "127.0.0.1:x", "80--90", "80-90-100",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct target_list list = {0};
		struct names names;
		const char *why = NULL;

		make_names(&names);
		if (target_list_add(&list, &names, words[i], 0, &why) != -EINVAL)
			fail_msg("taken as a target: '%s'", words[i]);
		assert_non_null(why);
		assert_true(*why != '\0');
		target_list_free(&list);
		names_free(&names);
	}
}

/* True if some target of the list has this name. */
static bool has_name(const struct target_list *list, const char *name, size_t len)
{
	for (size_t i = 0; i < list->len; i++) {
		const struct target *t = &list->v[i];
		if (t->name && t->name_len == len && memcmp(t->name, name, len) == 0)
			return t->protos == SOCK_PROTO_BIT(SOCK_PROTO_UNIX);
	}
	return false;
}

static void abstract_names_are_unescaped(void **state)
{
	static const struct {
		const char *word, *name;
		size_t len;
	} cases[] = {
		{"@name", "\0name", 5},       {"@", "\0", 1},          {"@a\\0b", "\0a\0b", 4},
		{"@a\\nb", "\0a\nb", 4},      {"@a\\tb", "\0a\tb", 4}, {"@a\\\\b", "\0a\\b", 4},
		{"@a\\x7f", "\0a\x7f", 3},    {"@/a:80", "\0/a:80", 6}, {"@\\xFf\\x00", "\0\xff\0", 3},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct target_list list = {0};
		parse(&list, cases[i].word);
		assert_int_equal(list.len, 1);
		assert_true(has_name(&list, cases[i].name, cases[i].len));
		target_list_free(&list);
	}
}

static void bad_abstract_names_are_refused(void **state)
{
	char longest[110] = "@";
	static const char *const words[] = {"@a\\", "@a\\q", "@a\\x", "@a\\x7", "@a\\xg0", "@\\x7"};
	struct target_list list = {0};
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (target_list_add(&list, NULL, words[i], 0, &why) != -EINVAL)
			fail_msg("taken as a name: %s", words[i]);
	}
	memset(longest + 1, 'n', 108);
	assert_int_equal(target_list_add(&list, NULL, longest, 0, &why), -EINVAL);
	longest[108] = '\0'; /* with its NUL 108 bytes */
	assert_int_equal(target_list_add(&list, NULL, longest, 0, &why), 0);
	target_list_free(&list);
}

static void paths_are_words_with_a_slash(void **state)
{
	static const char *const words[] = {"/run/x.sock", "./x.sock", "dir/x.sock", "../x.sock",
					    "/a:80", "dir/80", "/"};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct target_list list = {0};
		parse(&list, words[i]);
		assert_true(list.len >= 1);
		for (size_t j = 0; j < list.len; j++)
			assert_non_null(list.v[j].name);
		assert_true(has_name(&list, words[i], strlen(words[i])));
		target_list_free(&list);
	}
}

static void relative_path_also_means_its_other_spellings(void **state)
{
	struct target_list list = {0};
	char cwd[4096], path[4200];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	parse(&list, ".//x.sock");
	assert_true(has_name(&list, ".//x.sock", 9));
	assert_true(has_name(&list, "x.sock", 6));
	snprintf(path, sizeof(path), "%s/x.sock", cwd);
	assert_true(has_name(&list, path, strlen(path)));
	target_list_free(&list);
}

static void symbolic_link_in_path_is_resolved(void **state)
{
	struct fixture *fx = *state;
	struct target_list list = {0};
	char word[300], real[4096], expected[4200];

	fixture_write(fx, "real/other", "", 0);
	assert_int_equal(symlinkat("real", fx->root_fd, "link"), 0);
	snprintf(word, sizeof(word), "%s/link/x.sock", fx->path);
	parse(&list, word);
	assert_true(has_name(&list, word, strlen(word)));
	assert_non_null(realpath(fx->path, real));
	snprintf(expected, sizeof(expected), "%s/real/x.sock", real);
	assert_true(has_name(&list, expected, strlen(expected)));
	target_list_free(&list);
}

static void overlong_path_is_refused(void **state)
{
	struct target_list list = {0};
	char path[8192];
	const char *why;

	(void)state;
	memset(path, 'p', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(target_list_add(&list, NULL, path, 0, &why), -EINVAL);
	path[4095] = '\0';
	assert_int_equal(target_list_add(&list, NULL, path, 0, &why), 0);
	target_list_free(&list);
	path[0] = '.';
	path[1] = '/';
	assert_int_equal(target_list_add(&list, NULL, path, 0, &why), 0);
	target_list_free(&list);
}

static void unix_name_matches_with_nul_shown_as_at(void **state)
{
	struct target_list list = {0};
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "@a@b", 1);

	(void)state;
	parse(&list, "@a\\0b");
	target_list_sort(&list);
	assert_true(target_match(&list.v[0], &s));
	s.name = "@axb";
	assert_false(target_match(&list.v[0], &s));
	s.name_len = 3;
	assert_false(target_match(&list.v[0], &s));
	s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 1);
	assert_false(target_match(&list.v[0], &s));
	target_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_forms_are_understood),
		cmocka_unit_test(service_names_have_their_protocols),
		cmocka_unit_test(addresses_are_understood),
		cmocka_unit_test(bad_words_are_refused_with_a_reason),
		cmocka_unit_test(abstract_names_are_unescaped),
		cmocka_unit_test(bad_abstract_names_are_refused),
		cmocka_unit_test(paths_are_words_with_a_slash),
		cmocka_unit_test(relative_path_also_means_its_other_spellings),
		fixture_test(symbolic_link_in_path_is_resolved),
		cmocka_unit_test(overlong_path_is_refused),
		cmocka_unit_test(unix_name_matches_with_nul_shown_as_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
