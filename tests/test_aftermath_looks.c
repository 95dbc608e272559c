/* How often it is looked again whether ports came free. */
#define _GNU_SOURCE
#include "after_fixture.h"

#include "interrupt.h"

static void socket_that_is_being_closed_is_looked_at_again(void **state)
{
	struct sock sock = listener();
	struct after a;

	(void)state;
	after_init(&a);
	const struct row *row = add_row(&a.scene, &sock, REASON_UNKNOWN); /* an io_uring had it */
	then_found(&a, row);
	then_found(&a, row);
	then_found(&a, NULL);
	assert_told(&a, 3, true, "8080/tcp is free\n");
	after_free(&a);

	after_init(&a); /* another socket is another matter */
	sock.inode++;
	then_found(&a, add_row(&a.scene, &sock, REASON_IN_FLIGHT));
	then_found(&a, NULL);
	assert_told(&a, 1, false, "8080/tcp is held [in flight]\n");
	after_free(&a);
}

static void socket_that_is_not_closed_is_looked_at_for_a_moment(void **state)
{
	struct sock sock = listener();
	struct buf b = {0};
	struct after a;
	bool free = true;

	(void)state;
	after_init(&a);
	then_found(&a, add_row(&a.scene, &sock, REASON_IN_FLIGHT));
	assert_int_equal(aftermath_tell(&a.rq, &b, &free), 0);
	assert_buf(&b, "8080/tcp is still held [in flight]\n");
	assert_false(free);
	assert_in_range(a.fake.count, 2, 60);
	buf_free(&b);
	after_free(&a);
}

static void connection_that_is_being_sent_is_looked_at_again(void **state)
{
	struct sock orphan = connection(SOCK_STATE_FIN_WAIT1);
	struct sock rest = remainder_of(SOCK_STATE_FIN_WAIT2, 60000);
	struct after a;

	(void)state;
	after_init(&a);
	a.scene.place->reuse = 1;
	then_found(&a, add_row(&a.scene, &orphan, REASON_ORPHAN));
	then_found(&a, add_row(&a.scene, &rest, REASON_TIME_WAIT));
	assert_told(&a, 2, true, "8080/tcp is free with SO_REUSEADDR; FIN_WAIT2 for 60 s\n");
	after_free(&a);
}

static bool obey(void *ctx, char command)
{
	(void)ctx;
	(void)command;
	return false;
}

static void who_was_supervised_is_given_time_to_come_back(void **state)
{
	struct child supervisor = child_start(obey, NULL);
	struct process *was;
	struct after a;

	(void)state;
	after_init(&a);
	was = &a.scene.processes[0];
	was->ppid = supervisor.pid;
	then_found(&a, NULL);
	then_found(&a, NULL);
	then_found(&a, add_heir(&a, 1, NULL));
	assert_told(&a, 3, false, "8080/tcp is held again by server,900\n");
	after_free(&a);

	after_init(&a); /* who has not ended does not come back */
	a.scene.processes[0].ppid = supervisor.pid;
	a.victim.state = VICTIM_LET_GO;
	then_found(&a, NULL);
	assert_told(&a, 1, true, "8080/tcp is free\n");
	after_free(&a);

	child_end(&supervisor);
	after_init(&a); /* nor does one whose supervisor is dead */
	a.scene.processes[0].ppid = INT32_MAX;
	then_found(&a, NULL);
	assert_told(&a, 1, true, "8080/tcp is free\n");
	after_free(&a);

	after_init(&a); /* nor what was started from where we were */
	a.scene.processes[0].ppid = getppid();
	then_found(&a, NULL);
	assert_told(&a, 1, true, "8080/tcp is free\n");
	after_free(&a);
}

static void service_is_given_time_to_come_back(void **state)
{
	struct after a;

	(void)state;
	after_init(&a);
	a.scene.processes[0].cgroup = (char *)"/system.slice/no-such-unit-of-ours.service";
	then_found(&a, NULL);
	then_found(&a, add_heir(&a, 1, "/system.slice/no-such-unit-of-ours.service"));
	assert_told(&a, 2, false, "8080/tcp is held again by server,900; "
				  "systemctl stop no-such-unit-of-ours.service keeps it down\n");
	after_free(&a);
}

/* --- what goes wrong ---------------------------------------------------------------------- */

static void look_that_fails_is_passed_on(void **state)
{
	struct buf b = {0};
	struct after a;
	bool free;

	(void)state;
	after_init(&a);
	then_found(&a, NULL);
	a.fake.rc = -EIO;
	assert_int_equal(aftermath_tell(&a.rq, &b, &free), -EIO);
	assert_buf(&b, "");
	buf_free(&b);
	after_free(&a);
}

static struct after interrupted;

static int check_interrupt(void)
{
	struct buf b = {0};
	bool free;

	interrupt_catch();
	raise(SIGTERM);
	CHECK(aftermath_tell(&interrupted.rq, &b, &free) == -EINTR);
	CHECK(interrupted.fake.count == 1);
	CHECK(b.len == 0);
	return 0;
}

static void signal_ends_the_looks(void **state)
{
	struct sock sock = listener();

	(void)state;
	after_init(&interrupted);
	then_found(&interrupted, add_row(&interrupted.scene, &sock, REASON_IN_FLIGHT));
	child_check(check_interrupt);
	after_free(&interrupted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_that_is_being_closed_is_looked_at_again),
		cmocka_unit_test(socket_that_is_not_closed_is_looked_at_for_a_moment),
		cmocka_unit_test(connection_that_is_being_sent_is_looked_at_again),
		cmocka_unit_test(who_was_supervised_is_given_time_to_come_back),
		cmocka_unit_test(service_is_given_time_to_come_back),
		cmocka_unit_test(look_that_fails_is_passed_on),
		cmocka_unit_test(signal_ends_the_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
