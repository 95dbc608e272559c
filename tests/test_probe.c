/* Questions to a socket of another process: here, of our own. */
#define _GNU_SOURCE
#include "fixture.h"

#include "holder.h"
#include "probe.h"

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
		cmocka_unit_test(another_file_is_refused),
		cmocka_unit_test(only_descriptors_are_asked),
		cmocka_unit_test(child_that_ends_is_asked_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
