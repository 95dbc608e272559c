/* Requests and their answers, through a socket whose other end is nl_kernel.h. */
#define _GNU_SOURCE
#include "nl_kernel.h"

/* --- the whole answer ---------------------------------------------------- */

static void answer_in_datagrams(int fd, const struct nl_seen *seen, void *ctx)
{
	struct nl_bytes b = {0};

	(void)ctx;
	nl_bytes_add_text(&b, 20, nl_kernel_seq(seen), "one");
	nl_bytes_add_text(&b, 21, nl_kernel_seq(seen), "two");
	nl_kernel_send(fd, &b);
	nl_kernel_send_text(fd, nl_kernel_seq(seen), "three");
	nl_kernel_send_done(fd, nl_kernel_seq(seen), 0);
}

static void request_goes_out_with_its_header_and_body(void **state)
{
	struct nl_taken t = {.stop_at = 0};
	struct nl_request rq = nl_kernel_request(&t);
	struct nl_kernel k;

	(void)state;
	nl_kernel_start(&k, answer_in_datagrams, NULL);
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	assert_buf(&t.text, "20:one|21:two|20:three|");
	rq.type = 21;
	rq.len = 4;
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	assert_buf(&t.text, "20:one|21:two|20:three|");
	nl_kernel_wait(&k);

	const struct nl_asked *a = k.seen->v;
	assert_int_equal(k.seen->count, 2);
	assert_int_equal(a[0].h.len, 16 + 8);
	assert_int_equal(a[0].h.type, 20);
	assert_int_equal(a[0].h.flags, NL_FLAG_REQUEST | NL_FLAG_DUMP);
	assert_int_equal(a[0].h.port_id, 0);
	assert_bytes(a[0].body, a[0].len, "question");
	assert_int_equal(a[1].h.len, 16 + 4);
	assert_int_equal(a[1].h.type, 21);
	assert_bytes(a[1].body, a[1].len, "ques");
	/* Broadcasts have 0, and the answers must not be mixed up. */
	assert_int_not_equal(a[0].h.seq, 0);
	assert_int_not_equal(a[0].h.seq, a[1].h.seq);
	assert_int_equal(t.restarts, 0);
	nl_kernel_free(&k);
	buf_free(&t.text);
}

static void body_may_fill_the_request_and_no_more(void **state)
{
	char body[NL_REQUEST_MAX + 1];
	struct nl_taken t = {.stop_at = 0};
	struct nl_request rq = nl_kernel_request(&t);
	struct nl_kernel k;

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)i;
	nl_kernel_start(&k, answer_in_datagrams, NULL);
	rq.body = guard_copy(body, NL_REQUEST_MAX);
	rq.len = NL_REQUEST_MAX;
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	rq.len = NL_REQUEST_MAX + 1;
	assert_int_equal(nl_dump(k.fd, &rq), -EMSGSIZE);
	rq.len = SIZE_MAX;
	assert_int_equal(nl_dump(k.fd, &rq), -EMSGSIZE);
	rq.len = 0;
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	guard_free((char *)(uintptr_t)rq.body, NL_REQUEST_MAX);
	rq.body = NULL;
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	nl_kernel_wait(&k);
	assert_int_equal(k.seen->count, 3);
	assert_int_equal(k.seen->v[0].len, NL_REQUEST_MAX);
	assert_memory_equal(k.seen->v[0].body, body, NL_REQUEST_MAX);
	assert_int_equal(k.seen->v[1].len, 0);
	assert_int_equal(k.seen->v[2].len, 0);
	nl_kernel_free(&k);
	buf_free(&t.text);
}

/* Datagrams around the size that is expected first, and twice as large. */
static const size_t large_sizes[] = {65535, 65536, 65537, 120000, 65536};

/* Each holds a short message and one that fills the rest and ends with 'z'. */
static void answer_large(int fd, const struct nl_seen *seen, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < COUNT(large_sizes); i++) {
		struct nl_bytes b = {0};
		nl_bytes_add_text(&b, 20, nl_kernel_seq(seen), "abcz");
		nl_bytes_begin(&b, 21, 0, nl_kernel_seq(seen));
		b.len = large_sizes[i] - 1;
		nl_bytes_add(&b, "z", 1);
		nl_kernel_send(fd, &b);
	}
	nl_kernel_send_done(fd, nl_kernel_seq(seen), 0);
}

/* Adds up the bodies. */
static int take_sum(void *ctx, const struct nl_message *m)
{
	const char *data = m->data;
	size_t *sum = ctx;

	*sum += m->len;
	return data[m->len - 1] == 'z' ? 0 : -EILSEQ;
}

static void datagram_larger_than_the_buffer_is_received_whole(void **state)
{
	size_t sum = 0, expected = 0;
	struct nl_request rq = nl_kernel_request(NULL);
	struct nl_kernel k;

	(void)state;
	rq.take = take_sum;
	rq.ctx = &sum;
	nl_kernel_start(&k, answer_large, NULL);
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	nl_kernel_wait(&k);
	nl_kernel_free(&k);
	for (size_t i = 0; i < COUNT(large_sizes); i++)
		expected += large_sizes[i] - 2 * sizeof(struct nl_header);
	assert_int_equal(sum, expected);
}

static void answer_late(int fd, const struct nl_seen *seen, void *ctx)
{
	uint32_t seq = nl_kernel_seq(seen);
	struct nl_bytes b = {0};

	(void)ctx;
	nl_kernel_send_text(fd, seq - 1, "late");
	nl_kernel_send_error(fd, seq - 1, -EIO);
	nl_bytes_begin(&b, 20, NL_FLAG_DUMP_INTERRUPTED, seq - 1);
	nl_bytes_add_done(&b, seq - 1, -EINTR);
	nl_bytes_add_text(&b, 20, seq, "ours");
	nl_kernel_send(fd, &b);
	nl_kernel_send_done(fd, seq - 1, 0);
	nl_kernel_send_text(fd, seq, "too");
	nl_kernel_send_done(fd, seq, 0);
}

static void late_answers_to_an_earlier_request_are_left_out(void **state)
{
	struct nl_taken t = {.stop_at = 0};

	(void)state;
	assert_int_equal(nl_kernel_dump(answer_late, NULL, 0, "20:ours|20:too|", &t), 1);
}

/* --- interrupted dumps --------------------------------------------------- */

/* How many dumps are interrupted, and where. */
struct interruption {
	size_t dumps;
	bool in_done;
	int error; /* of the dump after them */
};

static void answer_interrupted(int fd, const struct nl_seen *seen, void *ctx)
{
	const struct interruption *in = ctx;
	bool now = seen->count <= in->dumps;
	const uint16_t flag = now ? NL_FLAG_DUMP_INTERRUPTED : 0;
	int32_t error = now ? 0 : in->error;
	struct nl_bytes first = {0}, last = {0};

	nl_bytes_begin(&first, 20, in->in_done ? 0 : flag, nl_kernel_seq(seen));
	nl_bytes_add(&first, now ? "old" : "new", 3);
	nl_kernel_send(fd, &first);
	nl_kernel_send_text(fd, nl_kernel_seq(seen), "same");
	nl_bytes_begin(&last, NL_TYPE_DONE, in->in_done ? flag : 0, nl_kernel_seq(seen));
	nl_bytes_add(&last, &error, sizeof(error));
	nl_kernel_send(fd, &last);
}

static void interrupted_dump_is_repeated_and_nothing_doubled(void **state)
{
	(void)state;
	for (int in_done = 0; in_done < 2; in_done++) {
		for (size_t dumps = 1; dumps <= 3; dumps++) {
			struct interruption in = {.dumps = dumps, .in_done = in_done};
			struct nl_taken t = {.stop_at = 0};
			size_t requests = nl_kernel_dump(answer_interrupted, &in, 0,
							 "20:new|20:same|", &t);
			assert_int_equal(requests, dumps + 1);
			assert_int_equal(t.restarts, dumps);
		}
	}
}

static void dump_that_is_always_interrupted_is_taken_as_it_is(void **state)
{
	struct interruption in = {.dumps = SIZE_MAX};
	struct nl_taken t = {.stop_at = 0};

	(void)state;
	size_t requests = nl_kernel_dump(answer_interrupted, &in, 0, "20:old|20:same|", &t);
	assert_in_range(requests, 2, 20);
	assert_int_equal(t.restarts, requests - 1);
}

static void interrupted_dump_is_kept_without_a_restart(void **state)
{
	struct interruption in = {.dumps = 1};
	struct nl_taken t = {.stop_at = 0};
	struct nl_request rq = nl_kernel_request(&t);
	struct nl_kernel k;

	(void)state;
	rq.restart = NULL;
	nl_kernel_start(&k, answer_interrupted, &in);
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	nl_kernel_wait(&k);
	nl_kernel_free(&k);
	assert_buf(&t.text, "20:old|20:same|20:new|20:same|");
	buf_free(&t.text);
}

static void error_ends_the_repeating(void **state)
{
	struct interruption in = {.dumps = 1, .error = -ENOBUFS};
	struct nl_taken t = {.stop_at = 0}, stopped = {.stop_at = 2, .error = -ENOMEM};

	(void)state;
	size_t requests = nl_kernel_dump(answer_interrupted, &in, -ENOBUFS, "20:new|20:same|", &t);
	assert_int_equal(requests, 2);
	requests = nl_kernel_dump(answer_interrupted, &in, -ENOMEM, "20:old|20:same|", &stopped);
	assert_int_equal(requests, 1);
	assert_int_equal(stopped.restarts, 0);
}

/* --- one answer ---------------------------------------------------------- */

static void answer_once(int fd, const struct nl_seen *seen, void *ctx)
{
	const int *error = ctx;

	if (*error == 0)
		nl_kernel_send_text(fd, nl_kernel_seq(seen), "answer");
	else
		nl_kernel_send_error(fd, nl_kernel_seq(seen), *error);
}

static void answer_to_no_dump_is_one_datagram_without_an_end(void **state)
{
	int errors[] = {0, -ENOENT};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct nl_taken t = {.stop_at = 0};
		struct nl_request rq = nl_kernel_request(&t);
		struct nl_kernel k;

		rq.flags = 0;
		nl_kernel_start(&k, answer_once, &errors[i]);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(nl_dump(k.fd, &rq), errors[i]);
			assert_buf(&t.text, errors[i] == 0 ? "20:answer|" : "");
		}
		nl_kernel_wait(&k);
		assert_int_equal(k.seen->v[0].h.flags, NL_FLAG_REQUEST);
		nl_kernel_free(&k);
		buf_free(&t.text);
	}
}

/* What is left of the request before, in datagrams of its own; then the answer. */
static void answer_once_after_late(int fd, const struct nl_seen *seen, void *ctx)
{
	uint32_t seq = nl_kernel_seq(seen);
	struct nl_bytes b = {0};

	nl_kernel_send_text(fd, seq - 1, "late");
	nl_kernel_send_error(fd, seq - 1, -EIO);
	nl_kernel_send_done(fd, seq - 1, -EIO);
	nl_bytes_begin(&b, 20, NL_FLAG_DUMP_INTERRUPTED, seq - 1);
	nl_kernel_send(fd, &b);
	answer_once(fd, seen, ctx);
}

static void request_that_is_no_dump_ignores_late_answers(void **state)
{
	int errors[] = {0, -ENOENT};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct nl_taken t = {.stop_at = 0};
		struct nl_request rq = nl_kernel_request(&t);
		struct nl_kernel k;

		rq.flags = 0;
		nl_kernel_start(&k, answer_once_after_late, &errors[i]);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(nl_dump(k.fd, &rq), errors[i]);
			assert_buf(&t.text, errors[i] == 0 ? "20:answer|" : "");
		}
		nl_kernel_wait(&k);
		assert_int_equal(k.seen->count, 2);
		nl_kernel_free(&k);
		buf_free(&t.text);
	}
}

/* --- an acknowledged request --------------------------------------------- */

static void answer_and_acknowledge(int fd, const struct nl_seen *seen, void *ctx)
{
	uint32_t seq = nl_kernel_seq(seen);
	const int *error = ctx;
	struct nl_bytes b = {0};

	nl_kernel_send_error(fd, seq - 1, -EIO); /* late */
	nl_bytes_begin(&b, NL_TYPE_NOOP, 0, seq);
	nl_kernel_send(fd, &b);
	nl_kernel_send_text(fd, seq, "answer");
	nl_kernel_send_error(fd, seq, *error);
}

static void acknowledgement_is_waited_for(void **state)
{
	int errors[] = {0, -EPERM};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct nl_taken t = {.stop_at = 0};
		struct nl_request rq = nl_kernel_request(&t);
		struct nl_kernel k;

		rq.flags = NL_FLAG_ACK;
		nl_kernel_start(&k, answer_and_acknowledge, &errors[i]);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(nl_dump(k.fd, &rq), errors[i]);
			assert_buf(&t.text, "20:answer|");
		}
		nl_kernel_wait(&k);
		assert_int_equal(k.seen->count, 2);
		assert_int_equal(k.seen->v[0].h.flags, 0x5);
		nl_kernel_free(&k);
		buf_free(&t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_goes_out_with_its_header_and_body),
		cmocka_unit_test(body_may_fill_the_request_and_no_more),
		cmocka_unit_test(datagram_larger_than_the_buffer_is_received_whole),
		cmocka_unit_test(late_answers_to_an_earlier_request_are_left_out),
		cmocka_unit_test(interrupted_dump_is_repeated_and_nothing_doubled),
		cmocka_unit_test(dump_that_is_always_interrupted_is_taken_as_it_is),
		cmocka_unit_test(interrupted_dump_is_kept_without_a_restart),
		cmocka_unit_test(error_ends_the_repeating),
		cmocka_unit_test(answer_to_no_dump_is_one_datagram_without_an_end),
		cmocka_unit_test(request_that_is_no_dump_ignores_late_answers),
		cmocka_unit_test(acknowledgement_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
