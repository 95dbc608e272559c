/*
 * The kernel's end of a netlink socket, played by a child process on a socket
 * pair that keeps datagrams apart. The child reads a request, calls the
 * test's function, which answers with the request's sequence number, and goes
 * on until the test closes its end. Wants _GNU_SOURCE.
 */
#ifndef WHOPORT_TESTS_NL_KERNEL_H
#define WHOPORT_TESTS_NL_KERNEL_H

#include "nl_fixture.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NL_KERNEL_REQUESTS = 64, /* remembered at most */
	NL_KERNEL_WAIT_S = 20,	 /* then an end that waits in vain gives up */
};

/** A request as it came. */
struct nl_asked {
	struct nl_header h;
	char body[NL_REQUEST_MAX];
	size_t len; /* of the body */
};

/** What the child has seen; memory of both processes. */
struct nl_seen {
	size_t count; /* of requests */
	struct nl_asked v[NL_KERNEL_REQUESTS];
};

/** Runs in the child, which has no assertions: answers v[count - 1]. */
typedef void nl_answer(int fd, const struct nl_seen *seen, void *ctx);

struct nl_kernel {
	int fd; /* the test's end */
	pid_t pid;
	struct nl_seen *seen; /* to be read after nl_kernel_wait() */
};

/* The test may have heard enough, and close its end with something unread. */
NL_FIXTURE bool nl_kernel_is_closed(int err)
{
	return err == EPIPE || err == ECONNRESET;
}

/** In the child: send what was built as one datagram. */
NL_FIXTURE void nl_kernel_send(int fd, const struct nl_bytes *b)
{
	if (send(fd, b->data, b->len, MSG_NOSIGNAL) < 0 && !nl_kernel_is_closed(errno))
		_exit(2);
}

/* In the child: serve until the other end is closed. Return the exit status. */
NL_FIXTURE int nl_kernel_run(int fd, struct nl_seen *seen, nl_answer *answer, void *ctx)
{
	char bytes[sizeof(struct nl_header) + NL_REQUEST_MAX + 1];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		struct nl_asked *asked = &seen->v[seen->count];
		if (seen->count == NL_KERNEL_REQUESTS || (size_t)n == sizeof(bytes) ||
		    (size_t)n < sizeof(asked->h))
			return 3;
		asked->len = (size_t)n - sizeof(asked->h);
		memcpy(&asked->h, bytes, sizeof(asked->h));
		memcpy(asked->body, bytes + sizeof(asked->h), asked->len);
		seen->count++;
		answer(fd, seen, ctx);
	}
	return n == 0 || nl_kernel_is_closed(errno) ? 0 : 4;
}

/** Start a child that answers each request; @ctx is as it is now, or shared memory. */
NL_FIXTURE void nl_kernel_start(struct nl_kernel *k, nl_answer *answer, void *ctx)
{
	struct timeval wait = {.tv_sec = NL_KERNEL_WAIT_S};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	k->seen = mmap(NULL, sizeof(*k->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_true(k->seen != MAP_FAILED);
	k->fd = ends[0];
	k->pid = fork();
	assert_true(k->pid >= 0);
	if (k->pid == 0) {
		close(ends[0]);
		_exit(nl_kernel_run(ends[1], k->seen, answer, ctx));
	}
	close(ends[1]);
}

/** Close the test's end and wait for the child, which must end well. */
NL_FIXTURE void nl_kernel_wait(struct nl_kernel *k)
{
	int status = -1;

	close(k->fd);
	assert_int_equal(waitpid(k->pid, &status, 0), k->pid);
	assert_int_equal(status, 0);
}

/** After nl_kernel_wait(): release what the child has seen. */
NL_FIXTURE void nl_kernel_free(struct nl_kernel *k)
{
	munmap(k->seen, sizeof(*k->seen));
	*k = (struct nl_kernel){.fd = -1};
}

/* --- what an answer is made of ------------------------------------------- */

/** The sequence number of the request to answer. */
NL_FIXTURE uint32_t nl_kernel_seq(const struct nl_seen *seen)
{
	return seen->v[seen->count - 1].h.seq;
}

/** Send a datagram with one message, of type 20. */
NL_FIXTURE void nl_kernel_send_text(int fd, uint32_t seq, const char *text)
{
	struct nl_bytes b = {0};

	nl_bytes_add_text(&b, 20, seq, text);
	nl_kernel_send(fd, &b);
}

NL_FIXTURE void nl_kernel_send_done(int fd, uint32_t seq, int32_t error)
{
	struct nl_bytes b = {0};

	nl_bytes_add_done(&b, seq, error);
	nl_kernel_send(fd, &b);
}

NL_FIXTURE void nl_kernel_send_error(int fd, uint32_t seq, int32_t error)
{
	struct nl_bytes b = {0};

	nl_bytes_add_error(&b, seq, error);
	nl_kernel_send(fd, &b);
}

/* --- a request ----------------------------------------------------------- */

/** A dump request of type 20 with an eight byte body. */
NL_FIXTURE struct nl_request nl_kernel_request(struct nl_taken *t)
{
	return (struct nl_request){.type = 20, .flags = NL_FLAG_DUMP, .body = "question", .len = 8,
				   .take = nl_taken_add, .ctx = t, .restart = nl_taken_restart};
}

/**
 * Ask a kernel of its own for one dump, compare what came, and empty the
 * taker's text. Return the number of requests.
 */
NL_FIXTURE size_t nl_kernel_dump(nl_answer *answer, void *ctx, int expected_rc,
				 const char *expected, struct nl_taken *t)
{
	struct nl_kernel k;
	struct nl_request rq = nl_kernel_request(t);

	nl_kernel_start(&k, answer, ctx);
	assert_int_equal(nl_dump(k.fd, &rq), expected_rc);
	nl_kernel_wait(&k);
	assert_buf(&t->text, expected);
	size_t requests = k.seen->count;
	nl_kernel_free(&k);
	buf_free(&t->text);
	return requests;
}

#endif
