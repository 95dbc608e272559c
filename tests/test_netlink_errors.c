/* Requests that end with an error, or are disturbed on their way. */
#define _GNU_SOURCE
#include "nl_kernel.h"

#include <signal.h>
#include <time.h>

static void answer_error(int fd, const struct nl_seen *seen, void *ctx)
{
	const int *error = ctx;

	nl_kernel_send_error(fd, nl_kernel_seq(seen), *error);
}

static void answer_done(int fd, const struct nl_seen *seen, void *ctx)
{
	const int *error = ctx;

	nl_kernel_send_text(fd, nl_kernel_seq(seen), "part");
	nl_kernel_send_done(fd, nl_kernel_seq(seen), *error);
}

static void error_of_the_kernel_is_passed_on(void **state)
{
	static int errors[] = {-ENOENT, -EINVAL, -EPERM};

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct nl_taken t = {.stop_at = 0};
		int *error = &errors[i];
		assert_int_equal(nl_kernel_dump(answer_error, error, *error, "", &t), 1);
		assert_int_equal(nl_kernel_dump(answer_done, error, *error, "20:part|", &t), 1);
	}
}

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

static void error_of_the_taker_is_passed_on_and_the_rest_forgotten(void **state)
{
	struct nl_taken t = {.stop_at = 1, .error = -ENOMEM};
	struct nl_request rq = nl_kernel_request(&t);
	struct nl_kernel k;

	(void)state;
	nl_kernel_start(&k, answer_in_datagrams, NULL);
	assert_int_equal(nl_dump(k.fd, &rq), -ENOMEM);
	assert_buf(&t.text, "20:one|");
	/* Two datagrams of the first answer are still to be read. */
	t.stop_at = 0;
	assert_int_equal(nl_dump(k.fd, &rq), 0);
	assert_buf(&t.text, "20:one|21:two|20:three|");
	nl_kernel_wait(&k);
	nl_kernel_free(&k);
	buf_free(&t.text);
}

static void answer_and_leave(int fd, const struct nl_seen *seen, void *ctx)
{
	const char *text = ctx;

	if (text)
		nl_kernel_send_text(fd, nl_kernel_seq(seen), text);
	_exit(0);
}

static void answer_without_an_end_is_refused(void **state)
{
	char text[] = "part";
	struct nl_taken t = {.stop_at = 0};

	(void)state;
	nl_kernel_dump(answer_and_leave, text, -EBADMSG, "20:part|", &t);
	nl_kernel_dump(answer_and_leave, NULL, -EBADMSG, "", &t);
}

static void answer_broken(int fd, const struct nl_seen *seen, void *ctx)
{
	struct nl_bytes b = {0};

	(void)ctx;
	nl_bytes_add_text(&b, 20, nl_kernel_seq(seen), "good");
	nl_bytes_add_text(&b, 20, nl_kernel_seq(seen), "short");
	b.len--;
	nl_kernel_send(fd, &b);
}

static void answer_with_a_wrong_length_is_refused(void **state)
{
	struct nl_taken t = {.stop_at = 0};

	(void)state;
	nl_kernel_dump(answer_broken, NULL, -EBADMSG, "20:good|", &t);
}

static void answer_nothing(int fd, const struct nl_seen *seen, void *ctx)
{
	(void)fd;
	(void)seen;
	(void)ctx;
}

static volatile sig_atomic_t pipe_broke;

static void note_pipe(int number)
{
	(void)number;
	pipe_broke = 1;
}

static void errors_of_the_socket_are_passed_on(void **state)
{
	const struct sigaction act = {.sa_handler = note_pipe};
	struct sigaction old;
	struct timeval wait = {.tv_usec = 1000};
	struct nl_taken t = {.stop_at = 0};
	struct nl_request rq = nl_kernel_request(&t);
	struct nl_kernel k;
	int ends[2];

	(void)state;
	assert_int_equal(nl_dump(-1, &rq), -EBADF);
	/* Nobody there: no signal either. */
	assert_int_equal(sigaction(SIGPIPE, &act, &old), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	assert_int_equal(nl_dump(ends[0], &rq), -EPIPE);
	close(ends[0]);
	assert_int_equal(sigaction(SIGPIPE, &old, NULL), 0);
	assert_int_equal(pipe_broke, 0);
	/* Nobody answers. */
	nl_kernel_start(&k, answer_nothing, NULL);
	assert_int_equal(setsockopt(k.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(nl_dump(k.fd, &rq), -EAGAIN);
	nl_kernel_wait(&k);
	nl_kernel_free(&k);
	assert_int_equal(t.count, 0);
}

/* --- signals ------------------------------------------------------------- */

/* Counted in memory that the child sees too. */
static volatile sig_atomic_t *signals;

static void count_signal(int number)
{
	(void)number;
	*signals = *signals + 1;
}

/* In the child: until the parent has been disturbed some more times. */
static void await_signals(void)
{
	const struct timespec moment = {.tv_nsec = 200000};
	sig_atomic_t start = *signals;

	/* With an end, should the parent be gone. */
	for (int i = 0; i < 50000 && *signals - start < 5; i++)
		nanosleep(&moment, NULL);
}

/* The request comes behind what fills the socket; see below. */
static void answer_slowly(int fd, const struct nl_seen *seen, void *ctx)
{
	(void)ctx;
	if (seen->v[seen->count - 1].h.type != 20) {
		if (seen->count == 1)
			await_signals();
		return;
	}
	await_signals();
	nl_kernel_send_text(fd, nl_kernel_seq(seen), "one");
	await_signals();
	nl_kernel_send_done(fd, nl_kernel_seq(seen), 0);
}

/*
 * Write until the socket takes no more, so that a request has to wait. The
 * child takes the first datagram, which must not make room behind the last.
 */
static void fill_socket(const struct nl_kernel *k)
{
	const struct timespec moment = {.tv_nsec = 200000};
	volatile size_t *count = &k->seen->count;
	struct nl_bytes b = {0};
	const int small = 1;

	setsockopt(k->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	nl_bytes_add_text(&b, 99, 0, "filler");
	assert_int_equal(send(k->fd, b.data, b.len, MSG_NOSIGNAL), b.len);
	for (int i = 0; i < 50000 && *count == 0; i++)
		nanosleep(&moment, NULL);
	assert_int_equal(*count, 1);
	for (int i = 0; i < NL_KERNEL_REQUESTS / 2; i++) {
		if (send(k->fd, b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			assert_int_equal(errno, EAGAIN);
			return;
		}
	}
	fail_msg("the socket has no limit");
}

static void signals_do_not_disturb(void **state)
{
	const struct sigaction act = {.sa_handler = count_signal}; /* without SA_RESTART */
	const struct itimerval every_ms = {{.tv_usec = 1000}, {.tv_usec = 1000}};
	const struct itimerval never = {{0}, {0}};
	struct nl_taken t = {.stop_at = 0};
	struct nl_request rq = nl_kernel_request(&t);
	struct sigaction old;
	struct nl_kernel k;
	void *shared = mmap(NULL, sizeof(*signals), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(shared != MAP_FAILED);
	signals = shared;
	nl_kernel_start(&k, answer_slowly, NULL);
	fill_socket(&k);
	assert_int_equal(sigaction(SIGALRM, &act, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every_ms, NULL), 0);
	int rc = nl_dump(k.fd, &rq);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_int_equal(rc, 0);
	nl_kernel_wait(&k);
	nl_kernel_free(&k);
	assert_buf(&t.text, "20:one|");
	buf_free(&t.text);
	munmap(shared, sizeof(*signals));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_of_the_kernel_is_passed_on),
		cmocka_unit_test(error_of_the_taker_is_passed_on_and_the_rest_forgotten),
		cmocka_unit_test(answer_without_an_end_is_refused),
		cmocka_unit_test(answer_with_a_wrong_length_is_refused),
		cmocka_unit_test(errors_of_the_socket_are_passed_on),
		cmocka_unit_test(signals_do_not_disturb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
