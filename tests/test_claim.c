/* Who still holds a socket: children of ours, which let go of it in every way there is. */
#define _GNU_SOURCE
#include "keeper.h"

#include <limits.h>
#include <sys/syscall.h>

static void socket_is_held_until_it_is_closed(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	assert_int_equal(check_keeper(&k), 1);
	assert_int_equal(check_keeper(&k), 1);
	child_tell(&k.child, 'c');
	assert_int_equal(check_keeper(&k), 0);
	let_go(&k);
}

static void socket_that_was_moved_is_held(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	child_tell(&k.child, 'm');
	assert_int_equal(check_keeper(&k), 1);
	let_go(&k);
}

static void another_socket_of_that_number_does_not_count(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	child_tell(&k.child, 'r');
	assert_int_equal(check_keeper(&k), 0);
	let_go(&k);
}

static void socket_that_was_passed_on_is_not_held(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	child_tell(&k.child, 'p'); /* in flight, it lives on */
	assert_int_equal(check_keeper(&k), 0);
	let_go(&k);
}

static void one_of_several_sockets_is_enough(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	struct sock gone = k.sock;
	gone.inode ^= 0x40000000; /* nobody's */
	struct holder was = k.holder;
	was.inode = gone.inode;
	const struct row rows[] = {{.sock = &gone, .holder = &was}, k.row,
				   {.sock = &gone, .holder = &was}};
	assert_int_equal(claim_check(k.proc_fd, &k.probe, rows, 3), 1);
	assert_int_equal(claim_check(k.proc_fd, &k.probe, rows, 1), 0);
	child_tell(&k.child, 'm'); /* by no row's descriptor, then */
	assert_int_equal(claim_check(k.proc_fd, &k.probe, rows, 3), 1);
	child_tell(&k.child, 'r'); /* it stays at the other number */
	assert_int_equal(claim_check(k.proc_fd, &k.probe, rows, 3), 1);
	let_go(&k);
}

static void process_that_has_ended_holds_nothing(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	child_kill(&k.child);
	assert_int_equal(check_keeper(&k), 0); /* a zombie */
	let_go(&k);
	k.proc_fd = open_proc();
	k.holder.pid = k.holder.tid = INT_MAX; /* and nobody at all */
	assert_int_equal(check_keeper(&k), 0);
	close(k.proc_fd);
}

static void thread_with_a_table_of_its_own_holds_for_its_process(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	child_tell(&k.child, 't');
	assert_int_equal(check_keeper(&k), 1);
	child_kill(&k.child);
	assert_int_equal(check_keeper(&k), 0);
	let_go(&k);
}

/* Its own table went with the leader; of the thread nobody hears. */
static void become_a_dead_leader(void)
{
	keeper_start_thread(CLONE_FILES);
	syscall(SYS_exit, 0);
}

static char task_state(int proc_fd, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	int fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char letter = process_load_state(fd);
	close(fd);
	return letter;
}

static void thread_of_a_dead_leader_holds_for_its_process(void **state)
{
	int proc_fd = open_proc(), fd = new_socket();
	struct sock s = {.inode = inode_of(fd), .proto = SOCK_PROTO_UNIX, .name_is_exact = true};
	struct probe probe = {0};

	(void)state;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		become_a_dead_leader();
	}
	close(fd);
	while (task_state(proc_fd, pid) != 'Z')
		usleep(1000);
	struct holder h = {s.inode, pid, pid, fd, HOLDER_FD};
	struct row row = {.sock = &s, .holder = &h};
	int rc = claim_check(proc_fd, &probe, &row, 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rc, 1);
	close(proc_fd);
}

static void process_that_may_not_be_read_is_an_error(void **state)
{
	struct keeper k;

	keep(&k, new_socket(), SOCK_PROTO_UNIX);
	child_tell(&k.child, 'd');
	fixture_drop_root(*state);
	assert_int_equal(check_keeper(&k), -EACCES);
	assert_int_equal(seteuid(getuid()), 0);
	let_go(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_is_held_until_it_is_closed),
		cmocka_unit_test(socket_that_was_moved_is_held),
		cmocka_unit_test(another_socket_of_that_number_does_not_count),
		cmocka_unit_test(socket_that_was_passed_on_is_not_held),
		cmocka_unit_test(one_of_several_sockets_is_enough),
		cmocka_unit_test(process_that_has_ended_holds_nothing),
		cmocka_unit_test(thread_with_a_table_of_its_own_holds_for_its_process),
		cmocka_unit_test(thread_of_a_dead_leader_holds_for_its_process),
		fixture_test(process_that_may_not_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
