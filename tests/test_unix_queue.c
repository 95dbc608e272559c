/* Clients in a listener's queue: the bytes of the request, and what is made of the answer. */
#define _GNU_SOURCE
#include "nl_kernel.h"
#include "sock.h"
#include "unix_queue.h"

#include <sys/socket.h>

enum { UNIX_DIAG_NAME = 0, UNIX_DIAG_ICONS = 3, UNIX_DIAG_RQLEN = 4 };

/* What was taken, as "7 9". */
struct clients {
	struct buf text;
	size_t count, stop_at;
	int error;
};

static int take(void *ctx, uint64_t client)
{
	struct clients *c = ctx;

	buf_add_str(&c->text, c->count ? " " : "");
	buf_add_dec(&c->text, client);
	return ++c->count == c->stop_at ? c->error : 0;
}

/* Ask a kernel of its own about inode 30. */
static int ask(nl_answer *answer, void *ctx, struct clients *out)
{
	const struct sock listener = {.proto = SOCK_PROTO_UNIX, .state = SOCK_STATE_LISTEN,
				      .inode = 30, .cookie = 0x1122334455667788U};
	struct nl_kernel k;

	nl_kernel_start(&k, answer, ctx);
	int rc = unix_queue_ask(k.fd, &listener, take, out);
	nl_kernel_wait(&k);
	assert_int_equal(k.seen->count, 1);
	nl_kernel_free(&k);
	return rc;
}

static void assert_clients(struct clients *c, const char *expected)
{
	assert_buf(&c->text, expected);
	buf_free(&c->text);
	c->count = 0;
}

/* struct unix_diag_msg: family, type, state, pad; inode; cookie. */
static void begin_message(struct nl_bytes *b, uint32_t seq)
{
	static const char msg[] = "\1\1\12\0" "\36\0\0\0" "\x88\x77\x66\x55\x44\x33\x22\x11";

	nl_bytes_begin(b, 20, 0, seq);
	nl_bytes_add(b, msg, sizeof(msg) - 1);
}

/* --- the request ----------------------------------------------------------- */

static void acknowledge(int fd, const struct nl_seen *seen, void *ctx)
{
	(void)ctx;
	nl_kernel_send_error(fd, nl_kernel_seq(seen), -ENOENT);
}

static void request_asks_for_one_listener(void **state)
{
	const uint32_t body[] = {UINT32_MAX, 30, 1U << 3, 0x55667788, 0x11223344};
	const struct sock listener = {.proto = SOCK_PROTO_UNIX, .state = SOCK_STATE_LISTEN,
				      .inode = 30, .cookie = 0x1122334455667788U};
	struct clients c = {0};
	struct nl_kernel k;

	(void)state;
	nl_kernel_start(&k, acknowledge, NULL);
	assert_int_equal(unix_queue_ask(k.fd, &listener, take, &c), -ENOENT);
	nl_kernel_wait(&k);
	assert_int_equal(k.seen->count, 1);
	const struct nl_asked *a = &k.seen->v[0];
	assert_int_equal(a->h.type, 20);
	assert_int_equal(a->h.flags, NL_FLAG_REQUEST); /* no dump */
	assert_int_equal(a->len, 24);
	assert_memory_equal(a->body, "\1\0\0\0", 4); /* AF_UNIX */
	assert_memory_equal(a->body + 4, body, sizeof(body));
	nl_kernel_free(&k);
	assert_clients(&c, "");
}

/* --- the answer ------------------------------------------------------------ */

struct answer {
	uint32_t clients[4];
	size_t bytes; /* of them */
	bool plain;   /* no attribute of clients at all */
};

static void answer_clients(int fd, const struct nl_seen *seen, void *ctx)
{
	const struct answer *a = ctx;
	struct nl_bytes b = {0};

	begin_message(&b, nl_kernel_seq(seen));
	nl_bytes_add_attr(&b, UNIX_DIAG_NAME, "/run/x", 6);
	if (!a->plain)
		nl_bytes_add_attr(&b, UNIX_DIAG_ICONS, a->clients, a->bytes);
	nl_bytes_add_attr(&b, UNIX_DIAG_RQLEN, "\4\0\0\0\1\0\0\0", 8);
	nl_kernel_send(fd, &b);
}

static void each_client_is_taken(void **state)
{
	struct {
		struct answer answer;
		const char *expected;
	} cases[] = {
		{{{0}, 0, true}, ""},
		{{{0}, 0, false}, ""},
		{{{7}, 4, false}, "7"},
		{{{7, 9, 4294967295U, 8}, 16, false}, "7 9 4294967295 8"},
		/* One that has closed its end. */
		{{{0, 9, 0, 8}, 16, false}, "9 8"},
		{{{0}, 4, false}, ""},
		/* Half a number is none. */
		{{{7, 9}, 7, false}, "7"},
		{{{7}, 3, false}, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct clients c = {0};
		assert_int_equal(ask(answer_clients, &cases[i].answer, &c), 0);
		assert_clients(&c, cases[i].expected);
	}
}

/* Each ends the connection, so that nothing is waited for. */
static void answer_cut_message(int fd, const struct nl_seen *seen, void *ctx)
{
	const size_t *len = ctx;
	struct nl_bytes b = {0};

	begin_message(&b, nl_kernel_seq(seen));
	nl_bytes_add_attr(&b, UNIX_DIAG_ICONS, "\7\0\0\0\11\0\0\0", 8);
	b.len = sizeof(struct nl_header) + *len;
	nl_bytes_set_len(&b, (uint32_t)b.len);
	nl_kernel_send(fd, &b);
	_exit(0);
}

static void short_message_has_no_clients(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 16 + 4 + 8; len++) {
		struct clients c = {0};
		assert_int_equal(ask(answer_cut_message, &len, &c), 0);
		assert_clients(&c, len == 28 ? "7 9" : "");
	}
}

/* The message ends before its attributes; what lies there looks like one of clients. */
static void answer_with_a_neighbour(int fd, const struct nl_seen *seen, void *ctx)
{
	uint32_t seq = nl_kernel_seq(seen);
	struct nl_bytes b = {0};

	(void)ctx;
	nl_bytes_begin(&b, 20, 0, seq);
	nl_bytes_add(&b, "\1\1\12\0" "\36\0\0\0" "\0\0\0\0", 12);
	nl_bytes_begin(&b, 8, UNIX_DIAG_ICONS, seq); /* of the framing's types: nobody's */
	nl_kernel_send(fd, &b);
}

static void bytes_behind_a_short_message_are_no_clients(void **state)
{
	struct clients c = {0};

	(void)state;
	assert_int_equal(ask(answer_with_a_neighbour, NULL, &c), 0);
	assert_clients(&c, "");
}

static void answer_error(int fd, const struct nl_seen *seen, void *ctx)
{
	const int *error = ctx;

	nl_kernel_send_error(fd, nl_kernel_seq(seen), *error);
}

static void error_of_the_kernel_is_passed_on(void **state)
{
	int errors[] = {-ENOENT, -ESTALE, -EMSGSIZE, -EPERM, -EINVAL};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct clients c = {0};
		assert_int_equal(ask(answer_error, &errors[i], &c), errors[i]);
		assert_clients(&c, "");
	}
}

static void error_of_the_taker_ends_it(void **state)
{
	struct answer answer = {{7, 8, 9, 10}, 16, false};
	struct clients c = {.stop_at = 2, .error = -ENOMEM};

	(void)state;
	assert_int_equal(ask(answer_clients, &answer, &c), -ENOMEM);
	assert_clients(&c, "7 8");
}

/* A late answer to another request comes first. */
static void answer_late(int fd, const struct nl_seen *seen, void *ctx)
{
	struct nl_bytes b = {0};

	begin_message(&b, nl_kernel_seq(seen) - 1);
	nl_bytes_add_attr(&b, UNIX_DIAG_ICONS, "\5\0\0\0", 4);
	nl_kernel_send(fd, &b);
	answer_clients(fd, seen, ctx);
}

static void answer_to_another_request_is_passed_over(void **state)
{
	struct answer answer = {{7}, 4, false};
	struct clients c = {0};

	(void)state;
	assert_int_equal(ask(answer_late, &answer, &c), 0);
	assert_clients(&c, "7");
}

static void answer_nothing(int fd, const struct nl_seen *seen, void *ctx)
{
	(void)fd;
	(void)seen;
	(void)ctx;
	_exit(0);
}

static void kernel_that_is_gone_is_an_error(void **state)
{
	struct clients c = {0};

	(void)state;
	assert_true(ask(answer_nothing, NULL, &c) < 0);
	assert_clients(&c, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_asks_for_one_listener),
		cmocka_unit_test(each_client_is_taken),
		cmocka_unit_test(short_message_has_no_clients),
		cmocka_unit_test(bytes_behind_a_short_message_are_no_clients),
		cmocka_unit_test(error_of_the_kernel_is_passed_on),
		cmocka_unit_test(error_of_the_taker_ends_it),
		cmocka_unit_test(answer_to_another_request_is_passed_over),
		cmocka_unit_test(kernel_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
