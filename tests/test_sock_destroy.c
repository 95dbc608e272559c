/* SOCK_DESTROY: the bytes of the request, and what is made of the answer. */
#define _GNU_SOURCE
#include "nl_kernel.h"
#include "sock_destroy.h"

enum { REQUEST_LEN = 56, ENDS_LEN = 36, PROTOCOL_LEN = 8 };

#define COOKIE 0x1122334455667788U

/* --- the request --------------------------------------------------------- */

static void acknowledge(int fd, const struct nl_seen *seen, void *ctx)
{
	(void)ctx;
	nl_kernel_send_error(fd, nl_kernel_seq(seen), 0);
}

/* What is expected of a request. */
struct request {
	uint8_t head[4];  /* family, protocol, extensions, protocol of a raw socket */
	const char *ends; /* ports and addresses, ENDS_LEN bytes */
	uint32_t interface;
	uint32_t attr;    /* the protocol in an attribute; 0: none */
};

static void assert_request(const struct nl_asked *a, const struct request *expected)
{
	const uint32_t tail[] = {expected->interface, 0x55667788, 0x11223344};
	const uint16_t attr_head[] = {PROTOCOL_LEN, 3};

	assert_int_equal(a->h.type, 21);
	assert_int_equal(a->h.flags, 0x005);
	assert_int_equal(a->len, REQUEST_LEN + (expected->attr ? PROTOCOL_LEN : 0));
	assert_int_equal(a->h.len, 16 + a->len);
	assert_memory_equal(a->body, expected->head, sizeof(expected->head));
	assert_memory_equal(a->body + 4, "\xff\xff\xff\xff", 4); /* states */
	assert_memory_equal(a->body + 8, expected->ends, ENDS_LEN);
	assert_memory_equal(a->body + 44, tail, sizeof(tail));
	if (expected->attr) {
		assert_memory_equal(a->body + 56, attr_head, sizeof(attr_head));
		assert_memory_equal(a->body + 60, &expected->attr, sizeof(expected->attr));
	}
}

static void check_request(struct sock s, const struct request *expected)
{
	struct nl_kernel k;

	s.cookie = COOKIE;
	nl_kernel_start(&k, acknowledge, NULL);
	assert_int_equal(sock_destroy(k.fd, &s), 0);
	nl_kernel_wait(&k);
	assert_int_equal(k.seen->count, 1);
	assert_request(&k.seen->v[0], expected);
	nl_kernel_free(&k);
}

#define PORTS "\x1f\x90\x00\x50" /* 8080 and 80 */
#define V4_ENDS PORTS "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0" "\x7f\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0"

static void request_names_the_ends_of_an_ipv4_socket(void **state)
{
	static const struct {
		enum sock_proto proto;
		struct request expected;
	} cases[] = {
		{SOCK_PROTO_TCP, {{2, 6}, V4_ENDS, 0, 0}},
		{SOCK_PROTO_UDP, {{2, 17}, V4_ENDS, 0, 0}},
		{SOCK_PROTO_UDPLITE, {{2, 136}, V4_ENDS, 0, 0}},
		{SOCK_PROTO_SCTP, {{2, 132}, V4_ENDS, 0, 0}},
		{SOCK_PROTO_MPTCP, {{2, 255}, V4_ENDS, 0, 262}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 8080,
						"127.0.0.2", 80, 1);
		s.proto = (uint8_t)cases[i].proto;
		check_request(s, &cases[i].expected);
	}
}

static void request_of_a_listener_has_no_remote_end(void **state)
{
	static const struct request v4 = {
		{2, 6}, "\x1f\x90\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0};

	(void)state;
	check_request(make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 8080, 1), &v4);
}

#define V6(last) "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" last
#define MAPPED(last) "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0" last

static void request_names_the_ends_of_an_ipv6_socket(void **state)
{
	static const struct request v6 = {{10, 6}, PORTS V6("\1") V6("\2"), 0, 0};
	static const struct request mapped = {{10, 6}, PORTS MAPPED("\1") MAPPED("\2"), 0, 0};
	static const struct request mptcp = {{10, 255}, PORTS V6("\1") V6("\2"), 0, 262};

	(void)state;
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "2001:db8::1", 8080,
					"2001:db8::2", 80, 1);
	check_request(s, &v6);
	s.proto = SOCK_PROTO_MPTCP;
	check_request(s, &mptcp);
	s = make_connection(SOCK_STATE_ESTABLISHED, "::ffff:127.0.0.1", 8080,
			    "::ffff:127.0.0.2", 80, 1);
	check_request(s, &mapped);
}

#define LINK(last) "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0" last

static void request_names_the_interface(void **state)
{
	static const struct request scoped = {{10, 6}, PORTS LINK("\1") LINK("\2"), 7, 0};
	static const struct request remote = {{10, 6}, PORTS V6("\1") LINK("\2"), 7, 0};
	static const struct request bound = {{2, 6}, V4_ENDS, 9, 0};

	(void)state;
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "fe80::1", 8080, "fe80::2", 80, 1);
	s.local.scope_id = s.remote.scope_id = 7;
	check_request(s, &scoped);
	/* As sock_diag's answer is read: the interface of the local end is bound_if. */
	s = make_connection(SOCK_STATE_ESTABLISHED, "2001:db8::1", 8080, "fe80::2", 80, 1);
	s.remote.scope_id = s.bound_if = 7;
	check_request(s, &remote);
	s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 8080, "127.0.0.2", 80, 1);
	s.bound_if = 9;
	check_request(s, &bound);
}

static void request_of_a_raw_socket_has_its_protocol_twice(void **state)
{
	static const struct request icmp = {
		{2, 255, 0, 1}, "\0\1\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
				"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0};

	(void)state;
	check_request(make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "0.0.0.0", 1, 1), &icmp);
}

/* --- the answer ---------------------------------------------------------- */

static int destroy(nl_answer *answer, void *ctx)
{
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 8080, "127.0.0.2",
					80, 1);
	struct nl_kernel k;

	s.cookie = COOKIE;
	nl_kernel_start(&k, answer, ctx);
	int rc = sock_destroy(k.fd, &s);
	nl_kernel_wait(&k);
	assert_int_equal(k.seen->count, 1);
	nl_kernel_free(&k);
	return rc;
}

static void answer_error(int fd, const struct nl_seen *seen, void *ctx)
{
	const int *error = ctx;

	nl_kernel_send_error(fd, nl_kernel_seq(seen), *error);
}

/* Another request's answer comes first. */
static void answer_error_after_late(int fd, const struct nl_seen *seen, void *ctx)
{
	const int *error = ctx;

	nl_kernel_send_error(fd, nl_kernel_seq(seen) - 1, *error == 0 ? -EIO : 0);
	answer_error(fd, seen, ctx);
}

static void answer_of_the_kernel_is_passed_on(void **state)
{
	int errors[] = {0, -EPERM, -ENOENT, -EOPNOTSUPP, -EINVAL};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		assert_int_equal(destroy(answer_error, &errors[i]), errors[i]);
		assert_int_equal(destroy(answer_error_after_late, &errors[i]), errors[i]);
	}
}

/* Each ends the connection, so that nothing is waited for. */
static void answer_nonsense(int fd, const struct nl_seen *seen, void *ctx)
{
	uint32_t seq = nl_kernel_seq(seen);
	const size_t *which = ctx;
	struct nl_bytes b = {0};

	switch (*which) {
	case 0: /* a socket */
		nl_bytes_add_text(&b, 20, seq, "what");
		nl_bytes_add_error(&b, seq, 0);
		break;
	case 1: /* half a number */
		nl_bytes_begin(&b, NL_TYPE_ERROR, 0, seq);
		nl_bytes_add(&b, "\0\0", 2);
		break;
	case 2: /* no errno */
		nl_bytes_add_error(&b, seq, 1);
		break;
	case 3:
		nl_bytes_add_error(&b, seq, 0);
		nl_bytes_set_len(&b, 15);
		break;
	case 4: /* nothing of ours */
		nl_bytes_add_error(&b, seq + 1, 0);
		break;
	default: /* nothing at all */
		nl_bytes_begin(&b, NL_TYPE_NOOP, 0, seq);
		break;
	}
	nl_kernel_send(fd, &b);
	_exit(0);
}

static void answer_without_sense_is_no_success(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(destroy(answer_nonsense, &i), -EBADMSG);
}

/* --- what the kernel is not asked for ------------------------------------ */

/* No descriptor: asking would end with EBADF. */
static void record_without_cookie_is_not_asked_for(void **state)
{
	struct sock s = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 8080, "127.0.0.2",
					80, 1);

	(void)state;
	assert_int_equal(sock_destroy(-1, &s), -ESTALE);
	s.cookie = UINT64_MAX; /* would be any */
	assert_int_equal(sock_destroy(-1, &s), -ESTALE);
	s.cookie = COOKIE;
	assert_int_equal(sock_destroy(-1, &s), -EBADF);
}

static void protocol_without_ends_is_not_asked_for(void **state)
{
	static const enum sock_proto protos[] = {SOCK_PROTO_UNIX, SOCK_PROTO_NETLINK,
						 SOCK_PROTO_PACKET, SOCK_PROTO_VSOCK,
						 SOCK_PROTO_XDP, SOCK_PROTO_OTHER};

	(void)state;
	for (size_t i = 0; i < COUNT(protos); i++) {
		const struct sock s = {.proto = (uint8_t)protos[i], .cookie = COOKIE};
		assert_int_equal(sock_destroy(-1, &s), -EOPNOTSUPP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_names_the_ends_of_an_ipv4_socket),
		cmocka_unit_test(request_of_a_listener_has_no_remote_end),
		cmocka_unit_test(request_names_the_ends_of_an_ipv6_socket),
		cmocka_unit_test(request_names_the_interface),
		cmocka_unit_test(request_of_a_raw_socket_has_its_protocol_twice),
		cmocka_unit_test(answer_of_the_kernel_is_passed_on),
		cmocka_unit_test(answer_without_sense_is_no_success),
		cmocka_unit_test(record_without_cookie_is_not_asked_for),
		cmocka_unit_test(protocol_without_ends_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
