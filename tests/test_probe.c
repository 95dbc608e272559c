/* Questions to a socket of another process: here, of our own. */
#define _GNU_SOURCE
#include "child.h"
#include "fixture.h"

#include "holder.h"
#include "probe.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* A unix socket of ours, bound to an abstract name that the kernel chooses. */
static struct holder hold(void)
{
	const sa_family_t autobind = AF_UNIX;
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&autobind, sizeof(autobind)), 0);
	assert_int_equal(fstat(fd, &st), 0);
	return (struct holder){st.st_ino, getpid(), getpid(), fd, HOLDER_FD};
}

/* A sandbox may forbid to ask even a parent. */
static void skip_if_refused(int rc)
{
	if (rc == -EPERM || rc == -ENOSYS || rc == -EACCES)
		skip();
}

static void name_is_told(void **state)
{
	struct sockaddr_un expected = {0}, un = {0};
	socklen_t len = sizeof(expected);
	struct holder h = hold();
	struct probe p = {0};

	(void)state;
	assert_int_equal(getsockname(h.fd, (struct sockaddr *)&expected, &len), 0);
	/* One child serves them all. */
	for (int i = 0; i < 3; i++) {
		int rc = probe_name(&p, &h, &un, sizeof(un));
		skip_if_refused(rc);
		assert_int_equal(rc, len);
		assert_memory_equal(&un, &expected, len);
	}
	assert_false(p.is_stuck);
	pid_t child = p.child;
	probe_free(&p);
	probe_free(&p);
	assert_int_equal(waitpid(child, NULL, WNOHANG), -1); /* it was waited for */
	close(h.fd);
}

static int read_int(const struct probe_value *v)
{
	int value;

	assert_int_equal(v->rc, sizeof(value));
	memcpy(&value, v->bytes, sizeof(value));
	return value;
}

static bool child_waits(void *ctx, char command)
{
	(void)ctx;
	return command == '.';
}

/* A socket of a child: with options that it inherited. */
static void options_are_read_in_one_go(void **state)
{
	static const struct probe_option asked[] = {
		{SOL_SOCKET, SO_REUSEADDR}, {IPPROTO_TCP, TCP_KEEPIDLE},
		{IPPROTO_TCP, 9999}, {SOL_SOCKET, SO_LINGER}, {IPPROTO_TCP, TCP_CONGESTION},
	};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct linger linger = {1, 7};
	struct linger told;
	struct probe_options out;
	struct probe p = {0};
	struct sockaddr_in name;
	int one = 1, idle = 42, fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	struct child c = child_start(child_waits, NULL);
	struct holder h = {inode_of(fd), c.pid, c.pid, fd, HOLDER_FD};
	close(fd);

	int rc = probe_options(&p, &h, asked, COUNT(asked), &out);
	if (rc == -EPERM || rc == -ENOSYS || rc == -EACCES) {
		child_end(&c);
		probe_free(&p);
		skip();
	}
	assert_int_equal(rc, 0);
	assert_int_equal(read_int(&out.values[0]), 1);
	assert_int_equal(read_int(&out.values[1]), 42);
	assert_int_equal(out.values[2].rc, -ENOPROTOOPT);
	assert_int_equal(out.values[3].rc, sizeof(told));
	memcpy(&told, out.values[3].bytes, sizeof(told));
	assert_true(told.l_onoff && told.l_linger == 7);
	assert_true(out.values[4].rc > 0);
	assert_int_equal(out.local.rc, sizeof(name));
	memcpy(&name, out.local.bytes, sizeof(name));
	assert_int_equal(name.sin_family, AF_INET);
	assert_true(name.sin_port != 0);
	assert_int_equal(out.remote.rc, -ENOTCONN);

	/* Other questions go on; and what has ended is told so. */
	assert_int_equal(probe_reuse(&p, &h), PROBE_REUSEADDR);
	child_end(&c);
	assert_int_equal(probe_options(&p, &h, asked, COUNT(asked), &out), -ESRCH);
	probe_free(&p);
}

/* While the owner has let go of the port, no copy of ours keeps it. */
static void copy_does_not_outlive_the_answer(void **state)
{
	static const struct probe_option asked[] = {{SOL_SOCKET, SO_REUSEADDR}};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	struct probe_options out;
	struct probe p = {0};
	int fd = socket(AF_INET, SOCK_STREAM, 0), again = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_true(fd >= 0 && again >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	struct holder h = {inode_of(fd), getpid(), getpid(), fd, HOLDER_FD};
	skip_if_refused(probe_options(&p, &h, asked, COUNT(asked), &out));
	close(fd);
	assert_int_equal(bind(again, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_true(p.is_running);
	close(again);
	probe_free(&p);
}

static void another_file_is_refused(void **state)
{
	struct holder h = hold();
	struct probe p = {0};
	char name[128];

	(void)state;
	h.inode++;
	int rc = probe_name(&p, &h, name, sizeof(name));
	skip_if_refused(rc);
	assert_int_equal(rc, -ESTALE);
	close(h.fd);
	h.fd = 0; /* no socket at all, or none of that inode */
	assert_true(probe_name(&p, &h, name, sizeof(name)) < 0);
	h.fd = 9999;
	assert_true(probe_name(&p, &h, name, sizeof(name)) < 0);
	assert_true(probe_netns(&p, &h) < 0);
	probe_free(&p);
}

static void only_descriptors_are_asked(void **state)
{
	struct holder h = {1001, getpid(), getpid(), 3, HOLDER_RING};
	struct probe p = {0};
	char name[128];

	(void)state;
	assert_int_equal(probe_name(&p, &h, name, sizeof(name)), -EPERM);
	assert_false(p.is_running);
	probe_free(&p);
}

static void child_that_ends_is_asked_no_more(void **state)
{
	struct holder h = hold();
	struct probe p = {0};
	char name[128];

	(void)state;
	skip_if_refused(probe_name(&p, &h, name, sizeof(name)));
	assert_int_equal(kill(p.child, SIGKILL), 0);
	assert_int_equal(waitpid(p.child, NULL, 0), p.child);
	for (int i = 0; i < 2; i++)
		assert_true(probe_name(&p, &h, name, sizeof(name)) < 0);
	close(p.fd);
	close(h.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_is_told),
		cmocka_unit_test(options_are_read_in_one_go),
		cmocka_unit_test(copy_does_not_outlive_the_answer),
		cmocka_unit_test(another_file_is_refused),
		cmocka_unit_test(only_descriptors_are_asked),
		cmocka_unit_test(child_that_ends_is_asked_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
