/* Real binds, of loopback and of abstract names; nothing of them is left behind. */
#define _GNU_SOURCE
#include "fixture.h"

#include "bind_try.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <sys/un.h>
#include <unistd.h>

/* A listener or a datagram socket on loopback, with a port that is free. */
static int open_at(int type, bool reuse, uint16_t *out_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(a);
	int on = reuse, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*out_port = ntohs(a.sin_port);
	return fd;
}

static int try_at(enum sock_proto proto, const char *ip, uint16_t port, bool reuse)
{
	struct addr a = make_addr(ip, port);

	return bind_try_inet(proto, &a, false, reuse);
}

static void a_listener_is_met(void **state)
{
	uint16_t port;
	int fd = open_at(SOCK_STREAM, true, &port);

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(try_at(SOCK_PROTO_TCP, "127.0.0.1", port, false), -EADDRINUSE);
	assert_int_equal(try_at(SOCK_PROTO_TCP, "127.0.0.1", port, true), -EADDRINUSE);
	assert_int_equal(try_at(SOCK_PROTO_TCP, "0.0.0.0", port, false), -EADDRINUSE);
	assert_int_equal(try_at(SOCK_PROTO_TCP, "127.0.0.2", port, false), 0);
	assert_int_equal(try_at(SOCK_PROTO_UDP, "127.0.0.1", port, false), 0);
	close(fd);
	assert_int_equal(try_at(SOCK_PROTO_TCP, "127.0.0.1", port, false), 0);
	assert_int_equal(try_at(SOCK_PROTO_TCP, "127.0.0.1", port, false), 0);
}

static void options_are_set(void **state)
{
	uint16_t port;
	int fd = open_at(SOCK_DGRAM, true, &port);

	(void)state;
	assert_int_equal(try_at(SOCK_PROTO_UDP, "127.0.0.1", port, false), -EADDRINUSE);
	assert_int_equal(try_at(SOCK_PROTO_UDP, "127.0.0.1", port, true), 0);
	close(fd);
}

static void ipv6_may_leave_ipv4(void **state)
{
	struct addr any = make_addr("::", 0);
	uint16_t port;

	(void)state;
	if (bind_try_inet(SOCK_PROTO_TCP, &any, false, false) < 0)
		skip();
	int fd = open_at(SOCK_STREAM, false, &port);
	any.port = port;
	assert_int_equal(bind_try_inet(SOCK_PROTO_TCP, &any, false, false), -EADDRINUSE);
	assert_int_equal(bind_try_inet(SOCK_PROTO_TCP, &any, true, false), 0);
	close(fd);
}

static void other_errors_are_told(void **state)
{
	(void)state;
	assert_int_equal(try_at(SOCK_PROTO_UNIX, "127.0.0.1", 0, false), -EPROTONOSUPPORT);
	/* 192.0.2.0/24 is nobody's (RFC 5737), unless it was allowed. */
	int rc = try_at(SOCK_PROTO_TCP, "192.0.2.1", 0, false);
	assert_true(rc == -EADDRNOTAVAIL || rc == 0);
}

static void an_abstract_name_is_met(void **state)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char name[32] = "";
	int len = 1 + snprintf(name + 1, sizeof(name) - 1, "whoport-%d", (int)getpid());
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind_try_abstract(name, (size_t)len), 0);
	memcpy(a.sun_path, name, (size_t)len);
	assert_int_equal(bind(fd, (struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
	assert_int_equal(bind_try_abstract(name, (size_t)len), -EADDRINUSE);
	close(fd);
	assert_int_equal(bind_try_abstract(name, (size_t)len), 0);
}

static void a_name_has_a_longest_length(void **state)
{
	struct sockaddr_un a;
	char *name = guard_copy((char[sizeof(a.sun_path) + 1]){0}, sizeof(a.sun_path) + 1);

	(void)state;
	memset(name + 1, 'w', sizeof(a.sun_path));
	assert_int_equal(bind_try_abstract(name, sizeof(a.sun_path)), 0);
	assert_int_equal(bind_try_abstract(name, sizeof(a.sun_path) + 1), -EINVAL);
	guard_free(name, sizeof(a.sun_path) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listener_is_met),
		cmocka_unit_test(options_are_set),
		cmocka_unit_test(ipv6_may_leave_ipv4),
		cmocka_unit_test(other_errors_are_told),
		cmocka_unit_test(an_abstract_name_is_met),
		cmocka_unit_test(a_name_has_a_longest_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
