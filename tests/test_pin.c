/* Processes that cannot be mistaken: children of ours, by pidfd and without one. */
#define _GNU_SOURCE
#include "child.h"
#include "interrupt.h"
#include "pin.h"
#include "refuse_syscall.h"

#include <limits.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

enum { LONG_MS = 60000 }; /* nothing that works takes so long */

static bool obey(void *ctx, char command)
{
	(void)ctx;
	(void)command;
	return true;
}

static struct child start(void)
{
	return child_start(obey, NULL);
}

/* Both ways to pin: as the kernel has it, and as one before Linux 5.3. */
enum way { BY_KERNEL, BY_DIRECTORY, WAYS };

static struct pin pin_child(enum way way, const struct child *c)
{
	int proc_fd = open_proc();
	struct process p = load_process(proc_fd, c->pid);
	struct pin pin = {.pid = c->pid, .pidfd = -1, .dir_fd = -1};
	char name[16];

	if (way == BY_KERNEL) {
		assert_int_equal(pin_process(proc_fd, c->pid, p.start_ticks, &pin), 0);
		assert_true((pin.pidfd >= 0) != (pin.dir_fd >= 0));
	} else {
		snprintf(name, sizeof(name), "%d", (int)c->pid);
		pin.dir_fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(pin.dir_fd >= 0);
	}
	assert_int_equal(pin.pid, c->pid);
	process_free(&p);
	close(proc_fd);
	return pin;
}

static void zombie_has_ended(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct child c = start();
		struct pin pin = pin_child((enum way)way, &c);
		assert_true(pin_is_alive(&pin));
		assert_true(pin_is_alive(&pin)); /* to ask changes nothing */
		child_kill(&c);
		assert_false(pin_is_alive(&pin));
		if (pin.pidfd < 0) /* a number alone would take it */
			assert_int_equal(pin_signal(&pin, 0), -ESRCH);
		child_end(&c); /* and is reaped */
		assert_false(pin_is_alive(&pin));
		assert_int_equal(pin_signal(&pin, 0), -ESRCH);
		assert_int_equal(pin_signal(&pin, SIGKILL), -ESRCH);
		pin_release(&pin);
	}
}

static void stopped_process_is_alive(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct child c = start();
		struct pin pin = pin_child((enum way)way, &c);
		siginfo_t info;
		assert_int_equal(pin_signal(&pin, SIGSTOP), 0);
		assert_int_equal(waitid(P_PID, (id_t)c.pid, &info, WSTOPPED | WNOWAIT), 0);
		assert_true(pin_is_alive(&pin));
		child_end(&c);
		pin_release(&pin);
	}
}

static void signal_reaches_the_process(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct child c = start();
		struct pin pin = pin_child((enum way)way, &c);
		int status = 0;
		assert_int_equal(pin_signal(&pin, 0), 0);
		assert_true(child_lives(&c));
		assert_int_equal(pin_signal(&pin, SIGTERM), 0);
		assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		close(c.fd);
		pin_release(&pin);
	}
}

static void number_of_nobody_cannot_be_pinned(void **state)
{
	int proc_fd = open_proc();
	struct pin pin;

	(void)state;
	assert_int_equal(pin_process(proc_fd, INT_MAX, 0, &pin), -ESRCH); /* above any pid_max */
	assert_int_equal(pin.pidfd, -1);
	assert_int_equal(pin.dir_fd, -1);
	pin_release(&pin);
	close(proc_fd);
}

static void release_closes_once(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct child c = start();
		struct pin pin = pin_child((enum way)way, &c);
		int fd = pin.pidfd >= 0 ? pin.pidfd : pin.dir_fd;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		pin_release(&pin);
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		assert_int_equal(pin.pidfd, -1);
		assert_int_equal(pin.dir_fd, -1);
		/* The number is another's by now. */
		int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
		pin_release(&pin);
		assert_true(fcntl(other, F_GETFD) >= 0);
		close(other);
		child_end(&c);
	}
}

/* --- waiting ------------------------------------------------------------------- */

static void wait_for_nobody_is_over_at_once(void **state)
{
	(void)state;
	assert_int_equal(pin_wait_all(NULL, 0, LONG_MS), 0);
}

static void wait_lasts_as_long_as_it_was_told(void **state)
{
	enum { SHORT_MS = 60 };

	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct child c = start();
		struct pin pin = pin_child((enum way)way, &c);
		const struct pin *pins[] = {&pin};
		uint64_t before = interrupt_now_ms();
		assert_int_equal(pin_wait_all(pins, 1, SHORT_MS), -ETIMEDOUT);
		assert_true(interrupt_now_ms() - before >= SHORT_MS);
		assert_int_equal(pin_wait_all(pins, 1, 0), -ETIMEDOUT);
		child_kill(&c);
		assert_int_equal(pin_wait_all(pins, 1, 0), 0); /* no time is no reason to say no */
		child_end(&c);
		pin_release(&pin);
	}
}

/* The processor time that we have used. */
static uint64_t used_ms(void)
{
	struct timespec t = {0};

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Another process kills the child a little later. */
static pid_t kill_later(pid_t pid)
{
	pid_t killer = fork();

	assert_true(killer >= 0);
	if (killer == 0) {
		usleep(300000);
		kill(pid, SIGKILL);
		_exit(0);
	}
	return killer;
}

static void wait_ends_with_the_process_and_not_with_the_time(void **state)
{
	(void)state;
	for (int way = 0; way < WAYS; way++) {
		struct child c = start();
		struct pin pin = pin_child((enum way)way, &c);
		const struct pin *pins[] = {&pin};
		uint64_t before = interrupt_now_ms(), used = used_ms();
		pid_t killer = kill_later(c.pid);
		assert_int_equal(pin_wait_all(pins, 1, LONG_MS), 0);
		assert_true(interrupt_now_ms() - before < LONG_MS / 2);
		assert_true(used_ms() - used < 150); /* it slept */
		assert_int_equal(waitpid(killer, NULL, 0), killer);
		child_end(&c);
		pin_release(&pin);
	}
}

static void wait_is_for_all_of_many(void **state)
{
	enum { MANY = 24 };
	struct child c[MANY];
	struct pin pin[MANY];
	const struct pin *pins[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		c[i] = start();
		pin[i] = pin_child((enum way)(i % WAYS), &c[i]);
		pins[i] = &pin[i];
	}
	for (int i = 0; i < MANY; i++) { /* from the middle: none is the last to be looked at */
		assert_int_equal(pin_wait_all(pins, MANY, 0), -ETIMEDOUT);
		child_kill(&c[(i + MANY / 2) % MANY]);
	}
	assert_int_equal(pin_wait_all(pins, MANY, LONG_MS), 0);
	for (int i = 0; i < MANY; i++) {
		child_end(&c[i]);
		pin_release(&pin[i]);
	}
}

static int check_interrupt(void)
{
	int dir_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct pin pin = {.pid = getpid(), .pidfd = -1, .dir_fd = dir_fd};
	const struct pin *pins[] = {&pin};

	interrupt_catch();
	CHECK(interrupt_signal() == 0);
	CHECK(pin_wait_all(pins, 1, 20) == -ETIMEDOUT);
	raise(SIGTERM);
	CHECK(pin_wait_all(pins, 1, LONG_MS) == -EINTR);
	CHECK(interrupt_signal() == SIGTERM);
	CHECK(pin_wait_all(pins, 1, LONG_MS) == -EINTR); /* it stays so */
	return 0;
}

static void wait_is_interrupted_by_a_signal_that_came_before_it(void **state)
{
	(void)state;
	child_check(check_interrupt);
}

/* --- a kernel without pidfd ------------------------------------------------------- */

/* Who asked for the check: pinned by it. */
static int check_fallback(unsigned error)
{
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct process_table t = {0};
	struct pin pin, other;

	CHECK(process_table_load(&t, proc_fd, getppid(), PROCESS_STAT) == 1);
	if (refuse_syscall(SYS_pidfd_open, error) < 0)
		return -1;
	CHECK(pin_process(proc_fd, getppid(), t.v->start_ticks, &pin) == 0);
	CHECK(pin.pidfd == -1 && pin.dir_fd >= 0);
	CHECK(fcntl(pin.dir_fd, F_GETFD) & FD_CLOEXEC);
	CHECK(pin_is_alive(&pin));
	CHECK(pin_signal(&pin, 0) == 0);
	/* Its number, but started before or after: another process. */
	CHECK(pin_process(proc_fd, getppid(), t.v->start_ticks - 1, &other) == -ESRCH);
	CHECK(other.pidfd == -1 && other.dir_fd == -1);
	CHECK(pin_process(proc_fd, getppid(), t.v->start_ticks + 1, &other) == -ESRCH);
	CHECK(pin_process(proc_fd, INT_MAX, 0, &other) == -ESRCH);
	/* What failed has left nothing open. */
	int next = dup(proc_fd);
	CHECK(next == pin.dir_fd + 1);
	pin_release(&pin);
	process_table_free(&t);
	return 0;
}

static int check_without_call(void)
{
	return check_fallback(ENOSYS);
}

static int check_with_call_forbidden(void)
{
	return check_fallback(EPERM);
}

static int check_without_descriptors(void)
{
	struct pin pin;

	if (refuse_syscall(SYS_pidfd_open, EMFILE) < 0)
		return -1;
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(pin_process(proc_fd, getpid(), 0, &pin) == -EMFILE);
	CHECK(pin.pidfd == -1 && pin.dir_fd == -1);
	return 0;
}

/* Some kernels say so of a number that is no process's any more. */
static int check_gone_as(unsigned error)
{
	struct pin pin;

	if (refuse_syscall(SYS_pidfd_open, error) < 0)
		return -1;
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(pin_process(proc_fd, getpid(), 0, &pin) == -ESRCH);
	CHECK(pin.pidfd == -1 && pin.dir_fd == -1);
	return 0;
}

static int check_number_of_a_group(void)
{
	return check_gone_as(EINVAL);
}

static int check_number_of_a_thread(void)
{
	return check_gone_as(ENOENT);
}

static void number_of_a_group_or_a_thread_is_of_who_has_ended(void **state)
{
	(void)state;
	child_check(check_number_of_a_group);
	child_check(check_number_of_a_thread);
}

static void without_pidfd_start_time_and_directory_have_to_do(void **state)
{
	(void)state;
	child_check(check_without_call);
	child_check(check_with_call_forbidden);
}

static void lack_of_descriptors_is_no_lack_of_pidfd(void **state)
{
	(void)state;
	child_check(check_without_descriptors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zombie_has_ended),
		cmocka_unit_test(stopped_process_is_alive),
		cmocka_unit_test(signal_reaches_the_process),
		cmocka_unit_test(number_of_nobody_cannot_be_pinned),
		cmocka_unit_test(release_closes_once),
		cmocka_unit_test(wait_for_nobody_is_over_at_once),
		cmocka_unit_test(wait_lasts_as_long_as_it_was_told),
		cmocka_unit_test(wait_ends_with_the_process_and_not_with_the_time),
		cmocka_unit_test(wait_is_for_all_of_many),
		cmocka_unit_test(wait_is_interrupted_by_a_signal_that_came_before_it),
		cmocka_unit_test(number_of_a_group_or_a_thread_is_of_who_has_ended),
		cmocka_unit_test(without_pidfd_start_time_and_directory_have_to_do),
		cmocka_unit_test(lack_of_descriptors_is_no_lack_of_pidfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
