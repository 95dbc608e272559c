/* Netlink datagrams, good ones and such as no kernel sends; and the socket. */
#define _GNU_SOURCE
#include "nl_fixture.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SEQ = 7, OTHER = 6 };

/* Parse a guarded copy of so many bytes into a taker. */
static int parse_len(const struct nl_bytes *b, size_t len, struct nl_taken *t, struct nl_reply *out)
{
	char *bytes = guard_copy(b->data, len);
	int rc;

	*out = (struct nl_reply){NL_END_DONE, true, true}; /* what an earlier datagram left there */
	rc = nl_parse_datagram(bytes, len, SEQ, nl_taken_add, t, out);
	guard_free(bytes, len);
	return rc;
}

/* Parse all of it and compare what was taken. */
static struct nl_reply parse(const struct nl_bytes *b, int expected_rc, const char *expected)
{
	struct nl_taken t = {.stop_at = 0};
	struct nl_reply reply;

	assert_int_equal(parse_len(b, b->len, &t, &reply), expected_rc);
	assert_buf(&t.text, expected);
	buf_free(&t.text);
	return reply;
}

static void empty_datagram_says_nothing(void **state)
{
	struct nl_bytes b = {0};
	struct nl_reply reply = parse(&b, 0, "");

	(void)state;
	assert_int_equal(reply.end, NL_END_MORE);
	assert_false(reply.answered);
	assert_false(reply.interrupted);
	assert_int_equal(nl_parse_datagram(NULL, 0, SEQ, nl_taken_add, NULL, &reply), 0);
}

static void datagram_cut_anywhere_gives_its_whole_messages(void **state)
{
	static const char *const texts[] = {"one", "", "three", "four", "s", "eleven bytes"};
	static const char *const expected[] = {"",	   "20:one|", "21:|", "22:three|",
					       "23:four|", "24:s|",   "25:eleven bytes|"};
	struct nl_bytes b = {0};
	size_t starts[COUNT(texts) + 1], ends[COUNT(texts) + 1] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		nl_bytes_add_text(&b, (uint16_t)(20 + i), SEQ, texts[i]);
		starts[i] = b.message;
		ends[i + 1] = b.len;
	}
	starts[COUNT(texts)] = b.len;
	for (size_t cut = 0; cut <= b.len; cut++) {
		struct nl_taken t = {.stop_at = 0};
		struct nl_reply reply;
		struct buf all = {0};
		size_t whole = 0;

		while (whole < COUNT(texts) && ends[whole + 1] <= cut)
			buf_add_str(&all, expected[++whole]);
		buf_add(&all, "", 1);
		/* A cut through the padding between two messages hurts neither. */
		int expected_rc = cut <= starts[whole] ? 0 : -EBADMSG;
		assert_int_equal(parse_len(&b, cut, &t, &reply), expected_rc);
		assert_int_equal(reply.end, NL_END_MORE);
		assert_buf(&t.text, all.data);
		buf_free(&t.text);
		buf_free(&all);
	}
}

static void message_with_a_wrong_length_is_refused(void **state)
{
	const uint32_t past[] = {1, 2, 3, 4, 0x7fffffff - 22, 0x80000000 - 22, 0xfffffffc - 22,
				 0xfffffffd - 22, 0xffffffff - 22};

	(void)state;
	for (uint32_t len = 0; len < 16; len++) {
		struct nl_bytes b = {0};
		nl_bytes_add_text(&b, 20, SEQ, "second");
		nl_bytes_set_len(&b, len);
		parse(&b, -EBADMSG, "");
	}
	for (size_t i = 0; i < COUNT(past); i++) {
		struct nl_bytes b = {0};
		nl_bytes_add_text(&b, 20, SEQ, "first");
		nl_bytes_add_text(&b, 20, SEQ, "second");
		nl_bytes_set_len(&b, 16 + 6 + past[i]);
		parse(&b, -EBADMSG, "20:first|");
	}
	/* Nobody's length is taken on trust, also in answers to another request. */
	struct nl_bytes other = {0};
	nl_bytes_add_text(&other, 20, OTHER, "other");
	nl_bytes_set_len(&other, 3);
	parse(&other, -EBADMSG, "");
}

static void padding_after_the_last_message_may_be_there_or_not(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	nl_bytes_add_text(&b, 20, SEQ, "a");
	nl_bytes_add_text(&b, 21, SEQ, "bc");
	parse(&b, 0, "20:a|21:bc|");
	nl_bytes_append(&b, "", 1);
	parse(&b, 0, "20:a|21:bc|");
	nl_bytes_pad(&b);
	parse(&b, 0, "20:a|21:bc|");
	/* Beyond it a message would have to begin. */
	nl_bytes_append(&b, "", 1);
	parse(&b, -EBADMSG, "20:a|21:bc|");
}

static void message_may_fill_a_large_datagram(void **state)
{
	enum { BODY = 100000 };
	struct nl_bytes b = {0};
	struct nl_taken t = {.stop_at = 0};
	struct nl_reply reply;
	char *body = calloc(1, BODY);

	(void)state;
	assert_non_null(body);
	nl_bytes_begin(&b, 20, 0, SEQ);
	nl_bytes_add(&b, body, BODY);
	nl_bytes_add_done(&b, SEQ, 0);
	assert_int_equal(parse_len(&b, b.len, &t, &reply), 0);
	assert_int_equal(reply.end, NL_END_DONE);
	assert_int_equal(t.count, 1);
	assert_int_equal(t.text.len, BODY + strlen("20:|"));
	buf_free(&t.text);
	free(body);
}

static void answers_to_another_request_are_skipped(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	nl_bytes_add_text(&b, 20, OTHER, "odd");
	nl_bytes_add_error(&b, OTHER, -ENOENT);
	nl_bytes_add_text(&b, 20, SEQ, "ours");
	nl_bytes_begin(&b, 20, NL_FLAG_DUMP_INTERRUPTED, OTHER);
	nl_bytes_add_done(&b, OTHER, -EINTR);
	nl_bytes_add_text(&b, 20, 0, "broadcast");
	nl_bytes_add_text(&b, 20, SEQ + 1, "next");
	nl_bytes_add_text(&b, 21, SEQ, "too");
	struct nl_reply reply = parse(&b, 0, "20:ours|21:too|");
	assert_int_equal(reply.end, NL_END_MORE);
	assert_false(reply.interrupted);
	assert_true(reply.answered);

	struct nl_bytes late = {0};
	nl_bytes_add_text(&late, 20, OTHER, "late");
	nl_bytes_add_done(&late, OTHER, 0);
	assert_false(parse(&late, 0, "").answered);
}

static void message_without_meaning_is_skipped(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	for (uint16_t type = 0; type < NL_TYPE_FIRST; type++) {
		if (type != NL_TYPE_ERROR && type != NL_TYPE_DONE)
			nl_bytes_add_text(&b, type, SEQ, "noop");
	}
	nl_bytes_add_text(&b, NL_TYPE_FIRST, SEQ, "first");
	nl_bytes_add_text(&b, NL_TYPE_NOOP, SEQ, "");
	nl_bytes_add_text(&b, UINT16_MAX, SEQ, "last");
	struct nl_reply reply = parse(&b, 0, "16:first|65535:last|");
	assert_int_equal(reply.end, NL_END_MORE);
}

/* The message at the end of an answer, with a number cut to so many bytes. */
struct end_case {
	uint16_t type;
	int32_t error;
	size_t len;
	int expected;
};

static void error_and_done_end_the_answer_with_their_errno(void **state)
{
	static const struct end_case cases[] = {
		{NL_TYPE_ERROR, -ENOENT, 4, -ENOENT},
		{NL_TYPE_ERROR, -4095, 4, -4095},
		{NL_TYPE_ERROR, 0, 4, 0}, /* an acknowledgement */
		/* None of the kernel's numbers. */
		{NL_TYPE_ERROR, ENOENT, 4, -EBADMSG},
		{NL_TYPE_ERROR, -4096, 4, -EBADMSG},
		{NL_TYPE_ERROR, INT32_MIN, 4, -EBADMSG},
		{NL_TYPE_ERROR, INT32_MAX, 4, -EBADMSG},
		/* Cut off. */
		{NL_TYPE_ERROR, -ENOENT, 3, -EBADMSG},
		{NL_TYPE_ERROR, -ENOENT, 1, -EBADMSG},
		{NL_TYPE_ERROR, 0, 0, -EBADMSG},
		/* DONE needs no number. */
		{NL_TYPE_DONE, 0, 0, 0},
		{NL_TYPE_DONE, -EINTR, 3, 0},
		{NL_TYPE_DONE, 0, 4, 0},
		{NL_TYPE_DONE, -EINTR, 4, -EINTR},
		{NL_TYPE_DONE, -4095, 4, -4095},
		{NL_TYPE_DONE, -4096, 4, -EBADMSG},
		{NL_TYPE_DONE, 1, 4, -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct end_case *c = &cases[i];
		struct nl_bytes b = {0};

		nl_bytes_add_text(&b, 20, SEQ, "before");
		nl_bytes_begin(&b, c->type, 0, SEQ);
		nl_bytes_add(&b, &c->error, c->len);
		assert_int_equal(parse(&b, c->expected, "20:before|").end, NL_END_DONE);
		/* Whatever is behind it. */
		nl_bytes_add_text(&b, 21, SEQ, "behind");
		nl_bytes_add_error(&b, SEQ, -EPERM);
		nl_bytes_pad(&b);
		nl_bytes_append(&b, "\1\0\0", 3);
		assert_int_equal(parse(&b, c->expected, "20:before|").end, NL_END_DONE);
	}
}

static void error_may_be_followed_by_the_request_and_by_more(void **state)
{
	struct nl_bytes b = {0}, done = {0};

	(void)state;
	nl_bytes_add_error(&b, SEQ, -EOPNOTSUPP);
	nl_bytes_add_attr(&b, 1, "not supported", 14);
	parse(&b, -EOPNOTSUPP, "");
	nl_bytes_add_done(&done, SEQ, -EOPNOTSUPP);
	nl_bytes_add_attr(&done, 1, "not supported", 14);
	parse(&done, -EOPNOTSUPP, "");
}

static void interrupted_dump_is_told_by_any_of_its_messages(void **state)
{
	static const uint16_t types[] = {NL_TYPE_NOOP, 20, NL_TYPE_DONE};
	static const char *const taken[] = {"20:a|20:b|", "20:a|20:|20:b|", "20:a|"};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct nl_bytes b = {0};
		int32_t error = 0;
		nl_bytes_add_text(&b, 20, SEQ, "a");
		nl_bytes_begin(&b, types[i], NL_FLAG_MULTI | NL_FLAG_DUMP_INTERRUPTED, SEQ);
		nl_bytes_add(&b, &error, types[i] == NL_TYPE_DONE ? sizeof(error) : 0);
		nl_bytes_add_text(&b, 20, SEQ, "b");
		assert_true(parse(&b, 0, taken[i]).interrupted);
	}
	/* Other flags say something else. */
	struct nl_bytes b = {0};
	nl_bytes_begin(&b, 20, (uint16_t)~NL_FLAG_DUMP_INTERRUPTED, SEQ);
	assert_false(parse(&b, 0, "20:|").interrupted);
}

static void error_of_the_taker_ends_the_walk(void **state)
{
	struct nl_taken t = {.stop_at = 2, .error = -ENOMEM};
	struct nl_bytes b = {0};
	struct nl_reply reply;

	(void)state;
	nl_bytes_add_text(&b, 20, SEQ, "a");
	nl_bytes_add_text(&b, 20, SEQ, "b");
	nl_bytes_add_text(&b, 20, SEQ, "c");
	nl_bytes_add_done(&b, SEQ, 0);
	assert_int_equal(parse_len(&b, b.len, &t, &reply), -ENOMEM);
	assert_buf(&t.text, "20:a|20:b|");
	buf_free(&t.text);
}

/* --- the socket ---------------------------------------------------------- */

static void opened_socket_is_not_inherited_and_does_not_wait_for_ever(void **state)
{
	struct timeval wait = {0};
	socklen_t len = sizeof(wait);
	int fd = nl_open(NL_ROUTE);

	(void)state;
	assert_true(nl_open(-1) < 0);
	if (fd < 0)
		skip(); /* a sandbox without netlink */
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, &len), 0);
	assert_true(wait.tv_sec > 0 && wait.tv_sec <= 60);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_datagram_says_nothing),
		cmocka_unit_test(datagram_cut_anywhere_gives_its_whole_messages),
		cmocka_unit_test(message_with_a_wrong_length_is_refused),
		cmocka_unit_test(padding_after_the_last_message_may_be_there_or_not),
		cmocka_unit_test(message_may_fill_a_large_datagram),
		cmocka_unit_test(answers_to_another_request_are_skipped),
		cmocka_unit_test(message_without_meaning_is_skipped),
		cmocka_unit_test(error_and_done_end_the_answer_with_their_errno),
		cmocka_unit_test(error_may_be_followed_by_the_request_and_by_more),
		cmocka_unit_test(interrupted_dump_is_told_by_any_of_its_messages),
		cmocka_unit_test(error_of_the_taker_ends_the_walk),
		cmocka_unit_test(opened_socket_is_not_inherited_and_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
