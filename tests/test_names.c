/* Lines of passwd(5), services(5) and hosts(5); no file is read. */
#include "fixture.h"

#include <sys/socket.h>

#define TCP SOCK_PROTO_BIT(SOCK_PROTO_TCP)
#define UDP SOCK_PROTO_BIT(SOCK_PROTO_UDP)

static void parse_service_adds_name_and_aliases(void **state)
{
	static const char line[] = "domain\t53/udp  nameserver\tdns # DNS, RFC 1034";
	struct names n = {.services_read = true};
	char *copy = guard_copy(line, sizeof(line) - 1);

	(void)state;
	assert_int_equal(names_parse_service(copy, sizeof(line) - 1, &n), 0);
	assert_int_equal(n.services_len, 3);
	assert_string_equal(n.services[0].name, "domain");
	assert_string_equal(n.services[1].name, "nameserver");
	assert_string_equal(n.services[2].name, "dns");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(n.services[i].port, 53);
		assert_true(n.services[i].protos & UDP);
		assert_true(n.services[i].protos & SOCK_PROTO_BIT(SOCK_PROTO_UDPLITE));
		assert_false(n.services[i].protos & TCP);
		assert_int_equal(n.services[i].alias, i > 0);
	}
	names_free(&n);
	guard_free(copy, sizeof(line) - 1);
}

static void parse_service_passes_over_other_lines(void **state)
{
	static const char *const lines[] = {
		"", " ", "#", "# http 80/tcp", "http", "http 80", "http 80/", "http /tcp", "http x/tcp",
		"http 65536/tcp", "http 80/ddp", "http 80/unix", "http 80/raw", "http #80/tcp",
		"http -80/tcp", "80/tcp",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct names n = {.services_read = true};
		size_t len = strlen(lines[i]);
		char *copy = guard_copy(lines[i], len);
		assert_int_equal(names_parse_service(copy, len, &n), 0);
		assert_int_equal(n.services_len, 0);
		names_free(&n);
		guard_free(copy, len);
	}
}

static void parse_service_cut_anywhere_stays_inside(void **state)
{
	static const char line[] = "http 80/tcp www # the web\r";

	(void)state;
	for (size_t len = 0; len < sizeof(line); len++) {
		struct names n = {.services_read = true};
		char *copy = guard_copy(line, len);
		assert_int_equal(names_parse_service(copy, len, &n), 0);
		assert_true(n.services_len <= 2);
		names_free(&n);
		guard_free(copy, len);
	}
}

static void service_ports_prefer_the_protocols_of_interest(void **state)
{
	static const struct {
		const char *name;
		unsigned protos;
		int count;
		uint16_t port;
		unsigned has;
	} cases[] = {
		{"http", TCP | UDP, 1, 80, TCP},
		{"http", UDP, 1, 80, UDP}, /* QUIC, which the file does not know of */
		{"HTTP", TCP, 1, 80, TCP},
		{"www", TCP, 1, 80, TCP},
		{"domain", TCP | UDP, 1, 53, TCP | UDP},
		{"domain", TCP, 1, 53, TCP},
		{"twoports", TCP, 2, 1001, TCP},
		{"htt", TCP, 0, 0, 0},
		{"httpx", TCP, 0, 0, 0},
		{"", TCP, 0, 0, 0},
	};
	struct names n;

	(void)state;
	make_names(&n);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct names_service out[4] = {{0}};
		int count = names_service_ports(&n, cases[i].name, strlen(cases[i].name),
						cases[i].protos, out, 4);
		assert_int_equal(count, cases[i].count);
		assert_int_equal(out[0].port, cases[i].port);
		assert_int_equal(out[0].protos, cases[i].has);
	}
	struct names_service one;
	assert_int_equal(names_service_ports(&n, "twoports", 8, TCP, &one, 1), 1);
	names_free(&n);
}

static void service_of_gives_the_first_name(void **state)
{
	struct names n;

	(void)state;
	make_names(&n);
	assert_string_equal(names_service_of(&n, 80, SOCK_PROTO_TCP), "http");
	assert_string_equal(names_service_of(&n, 80, SOCK_PROTO_MPTCP), "http");
	assert_null(names_service_of(&n, 80, SOCK_PROTO_UDP));
	assert_string_equal(names_service_of(&n, 53, SOCK_PROTO_UDP), "domain");
	assert_null(names_service_of(&n, 0, SOCK_PROTO_TCP));
	names_free(&n);
	names_free(&n);
}

static void parse_user_takes_name_and_uid(void **state)
{
	static const struct {
		const char *line;
		size_t name_len; /* 0: no such line */
		uint32_t uid;
	} cases[] = {
		{"root:x:0:0:root:/root:/bin/sh", 4, 0},
		{"www-data:x:33:33::/var/www:", 8, 33},
		{"nobody:*:65534:65534", 6, 65534},
		{"big::4294967294:0:::", 3, 4294967294U},
		{"big::4294967296:0:::", 0, 0},
		{"", 0, 0},
		{":x:0:0", 0, 0},
		{"root", 0, 0},
		{"root:", 0, 0},
		{"root:x", 0, 0},
		{"root:x:", 0, 0},
		{"root:x:0", 0, 0},
		{"root:x::0", 0, 0},
		{"root:x:-1:0", 0, 0},
		{"root:x:0x:0", 0, 0},
		{"+::::::", 0, 0},
		{"# root:x", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].line), name_len = 0;
		char *line = guard_copy(cases[i].line, len);
		uint32_t uid;
		bool good = names_parse_user(line, len, &name_len, &uid);
		assert_int_equal(good, cases[i].name_len > 0);
		if (good) {
			assert_int_equal(name_len, cases[i].name_len);
			assert_int_equal(uid, cases[i].uid);
		}
		guard_free(line, len);
	}
}

static void parse_host_takes_address_and_names(void **state)
{
	static const struct {
		const char *line, *ip, *names;
	} cases[] = {
		{"127.0.0.1 localhost vm", "127.0.0.1", " localhost vm"},
		{"::1\tlocalhost # me", "::1", "\tlocalhost "},
		{"  10.0.0.1 host", "10.0.0.1", " host"},
		{"10.0.0.1", "10.0.0.1", ""},
		{"10.0.0.1#host", "10.0.0.1", ""},
		{"fe80::1%7 link", "fe80::1%7", " link"},
		{"# 10.0.0.1 host", NULL, NULL},
		{"", NULL, NULL},
		{"   ", NULL, NULL},
		{"localhost 127.0.0.1", NULL, NULL},
		{"10.0.0 host", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].line), names_len;
		char *line = guard_copy(cases[i].line, len);
		const char *names;
		struct addr a;
		assert_int_equal(names_parse_host(line, len, &a, &names, &names_len),
				 cases[i].ip != NULL);
		if (cases[i].ip) {
			struct addr expected = make_addr(cases[i].ip, 0);
			assert_true(addr_equal_ip(&a, &expected));
			assert_bytes(names, names_len, cases[i].names);
		}
		guard_free(line, len);
	}
}

static void host_names_that_cannot_be_are_not_looked_up(void **state)
{
	struct addr out[2];
	char name[300];

	(void)state;
	memset(name, 'h', sizeof(name));
	assert_int_equal(names_host_addrs("", 0, out, 2), 0);
	assert_int_equal(names_host_addrs(name, sizeof(name), out, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_service_adds_name_and_aliases),
		cmocka_unit_test(parse_service_passes_over_other_lines),
		cmocka_unit_test(parse_service_cut_anywhere_stays_inside),
		cmocka_unit_test(service_ports_prefer_the_protocols_of_interest),
		cmocka_unit_test(service_of_gives_the_first_name),
		cmocka_unit_test(parse_user_takes_name_and_uid),
		cmocka_unit_test(parse_host_takes_address_and_names),
		cmocka_unit_test(host_names_that_cannot_be_are_not_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
