/* -k from rows to the exit status: children of ours, and looks made by hand. */
#define _GNU_SOURCE
#include "fake_looker.h"
#include "keeper.h"
#include "scene.h"

#include "kill.h"

#include <fcntl.h>

/* Children that hold, what was found, and what -k makes of it in a process of its own. */
struct killing_scene {
	struct fixture *fx;
	struct scene scene;
	struct keeper keeper[2];
	struct process process[2];
	struct fake_looker fake;
	struct kill_request rq;
	int print_rc, proc_fd;
	char out[1024], err[1024];
};

static int print_rows(void *ctx, const struct row_list *rows)
{
	struct killing_scene *k = ctx;
	struct buf b = {0};

	if (k->print_rc == 0) {
		buf_add_dec(&b, rows->len);
		buf_add_str(&b, " rows\n");
		buf_write(&b, STDOUT_FILENO);
	}
	buf_free(&b);
	return k->print_rc;
}

static void killing_init(struct killing_scene *k, struct fixture *fx)
{
	*k = (struct killing_scene){.fx = fx, .proc_fd = open_proc()};
	scene_init(&k->scene, "8080");
	fake_looker_init(&k->fake);
	for (size_t i = 0; i < COUNT(k->keeper); i++) {
		keep(&k->keeper[i], socket(AF_INET, SOCK_STREAM, 0), SOCK_PROTO_TCP);
		k->process[i] = load_process(k->proc_fd, k->keeper[i].child.pid);
		k->process[i].command_len = 3;
		memcpy(k->process[i].command, i == 0 ? "one" : "two", 3);
	}
	k->rq = (struct kill_request){
		.look = &k->scene.look, .filter = &k->scene.filter, .looker = &k->fake.looker,
		.names = &k->scene.names, .namespaces = &k->scene.list, .proc_fd = k->proc_fd,
		.status_of_none = 1, .signal = SIGTERM, .print = print_rows, .print_ctx = k};
}

static void killing_free(struct killing_scene *k)
{
	for (size_t i = 0; i < COUNT(k->keeper); i++) {
		let_go(&k->keeper[i]);
		process_free(&k->process[i]);
	}
	scene_free(&k->scene);
	close(k->proc_fd);
}

/* A child's socket in a row, in some state. */
static struct row *found(struct killing_scene *k, size_t i, struct sock sock)
{
	sock.inode = k->keeper[i].sock.inode;
	struct row *row = add_row(&k->scene, &sock, REASON_NONE);
	row->holder = &k->keeper[i].holder;
	row->process = &k->process[i];
	return row;
}

static void read_back(struct fixture *fx, const char *name, char *out, size_t size)
{
	int fd = openat(fx->root_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, out, size - 1);

	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
}

/* The exit status; what was said is in out and err. */
static int run_kill(struct killing_scene *k)
{
	int status = 0;

	fflush(stdout);
	fflush(stderr);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int out = openat(k->fx->root_fd, "out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
		int err = openat(k->fx->root_fd, "err", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
		if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
			_exit(255);
		_exit(kill_holders(&k->rq));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	read_back(k->fx, "out", k->out, sizeof(k->out));
	read_back(k->fx, "err", k->err, sizeof(k->err));
	return WEXITSTATUS(status);
}

/* Text in which `one` and `two` stand for the children: `one,%1`. */
static void assert_said(const struct killing_scene *k, const char *said, const char *expected)
{
	struct buf b = {0};

	for (const char *at = expected; *at; at++) {
		if (*at == '%')
			buf_add_dec(&b, (uint64_t)k->keeper[*++at - '1'].child.pid);
		else
			buf_add_char(&b, *at);
	}
	buf_add_char(&b, '\0');
	assert_string_equal(said, b.data);
	buf_free(&b);
}

static void assert_lives(const struct killing_scene *k, bool one, bool two)
{
	assert_int_equal(child_lives(&k->keeper[0].child), one);
	assert_int_equal(child_lives(&k->keeper[1].child), two);
}

static void holder_is_ended_and_the_port_is_free(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\nSIGTERM sent to one,%1: ended\n8080/tcp is free\n");
	assert_string_equal(k.err, "");
	assert_lives(&k, false, true);
	killing_free(&k);
}

static void all_holders_are_ended_each_once(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	if (k.keeper[0].child.pid > k.keeper[1].child.pid) {
		killing_free(&k); /* the numbers have come round: rows are by them */
		skip();
	}
	found(&k, 0, listener());
	found(&k, 0, listener());
	found(&k, 1, listener());
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "3 rows\nSIGTERM sent to one,%1: ended\n"
			       "SIGTERM sent to two,%2: ended\n8080/tcp is free\n");
	assert_lives(&k, false, false);
	killing_free(&k);
}

static void rows_that_cannot_be_printed_are_not_acted_upon(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	k.print_rc = -ENOSPC;
	assert_int_equal(run_kill(&k), 2);
	assert_said(&k, k.out, "");
	assert_string_equal(k.err, "whoport: standard output: No space left on device; "
				   "nothing was signalled\n");
	assert_lives(&k, true, true);
	killing_free(&k);
}

static void dry_run_signals_nobody(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	k.rq.dry_run = true;
	k.rq.signal = SIGKILL;
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\nSIGKILL would be sent to one,%1\n");
	assert_string_equal(k.err, "");
	assert_lives(&k, true, true);
	killing_free(&k);
}

static void connections_are_ended_only_if_they_are_asked_for(void **state)
{
	struct killing_scene k;

	for (int asked = 0; asked < 2; asked++) {
		killing_init(&k, *state);
		found(&k, 0, listener());
		found(&k, 1, connection(SOCK_STATE_ESTABLISHED));
		k.scene.filter.states_given = true; /* left out are others */
		k.scene.filter.states.any_included = asked;
		assert_int_equal(run_kill(&k), 0);
		assert_lives(&k, false, !asked);
		killing_free(&k);
		killing_init(&k, *state); /* if they are all that there is */
		found(&k, 1, connection(SOCK_STATE_ESTABLISHED));
		k.scene.filter.states_given = true; /* left out are others */
		k.scene.filter.states.any_included = asked;
		assert_int_equal(run_kill(&k), asked ? 0 : 1);
		assert_lives(&k, true, !asked);
		assert_int_equal(strstr(k.err, "only connections use it") != NULL, !asked);
		killing_free(&k);
	}
}

static void pids_alone_are_printed_of_whom_is_chosen(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	found(&k, 1, connection(SOCK_STATE_ESTABLISHED));
	k.rq.quiet = true;
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\n");
	assert_lives(&k, false, true);
	killing_free(&k);
}

static void hidden_holder_keeps_all_from_being_signalled(void **state)
{
	struct sock sock = listener();
	struct killing_scene k;

	for (int force = 0; force < 2; force++) {
		killing_init(&k, *state);
		found(&k, 0, listener());
		add_row(&k.scene, &sock, REASON_PERMISSION);
		k.rq.force = force;
		assert_int_equal(run_kill(&k), force ? 0 : 2);
		assert_non_null(strstr(k.err, "hidden"));
		assert_int_equal(strstr(k.err, "nothing was signalled") != NULL, !force);
		assert_lives(&k, !force, true);
		killing_free(&k);
	}
}

static void ancestor_keeps_all_from_being_signalled(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	/* We are the parent of who kills, and hold the second socket as well. */
	k.keeper[1].holder.pid = k.keeper[1].holder.tid = k.process[1].pid = k.process[1].tid =
		getpid();
	found(&k, 1, listener());
	found(&k, 0, listener());
	assert_int_equal(run_kill(&k), 2);
	assert_non_null(strstr(k.err, "whoport was started from it"));
	assert_non_null(strstr(k.err, "nothing was signalled"));
	assert_lives(&k, true, true);
	killing_free(&k);
}

static void who_lets_go_in_the_meantime_is_not_signalled(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	child_tell(&k.keeper[0].child, 'c');
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\none,%1 does not hold it any more: not signalled\n"
			       "8080/tcp is free\n");
	assert_lives(&k, true, true);
	killing_free(&k);
}

static void who_ends_in_the_meantime_had_ended(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	child_kill(&k.keeper[0].child);
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\none,%1 had ended before\n8080/tcp is free\n");
	killing_free(&k);
}

static void grace_is_over_for_who_ignores_the_signal(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	child_tell(&k.keeper[0].child, 'i');
	k.rq.has_grace = true;
	k.rq.grace_ms = 50;
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\nSIGTERM and SIGKILL sent to one,%1: ended\n"
			       "8080/tcp is free\n");
	assert_lives(&k, false, true);
	killing_free(&k);
}

static void signal_that_ends_nobody_needs_no_second_look(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	k.rq.signal = SIGCONT;
	k.fake.rc = -EIO; /* it would fail */
	assert_int_equal(run_kill(&k), 0);
	assert_said(&k, k.out, "1 rows\nSIGCONT sent to one,%1\n");
	assert_lives(&k, true, true);
	killing_free(&k);
}

static void look_is_taken_if_some_end_by_a_signal_that_others_catch(void **state)
{
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	struct row *stays = found(&k, 1, listener());
	child_tell(&k.keeper[1].child, 'C');
	k.rq.signal = SIGHUP;
	k.fake.len = 0;
	fake_looker_add(&k.fake, stays, 1);
	assert_int_equal(run_kill(&k), 2);
	assert_non_null(strstr(k.out, ": ended\n"));
	assert_non_null(strstr(k.out, "8080/tcp is still held by two,"));
	assert_lives(&k, false, true);
	killing_free(&k);
}

/* Prints the rows; whatever is written after them fails. */
static int print_and_break(void *ctx, const struct row_list *rows)
{
	int rc = print_rows(ctx, rows), unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return dup2(unwritable, STDOUT_FILENO) < 0 ? -errno : rc;
}

static void what_cannot_be_told_to_the_end_is_an_error(void **state)
{
	struct killing_scene k;

	for (int dry_run = 1; dry_run >= 0; dry_run--) {
		killing_init(&k, *state);
		found(&k, 0, listener());
		k.rq.print = print_and_break;
		k.rq.dry_run = dry_run;
		assert_int_equal(run_kill(&k), 2);
		assert_string_equal(k.out, "1 rows\n");
		assert_string_equal(k.err, "whoport: standard output: Bad file descriptor\n");
		assert_lives(&k, dry_run, true);
		killing_free(&k);
	}
}

static void port_that_is_held_again_is_a_failure(void **state)
{
	struct sock sock = listener();
	struct killing_scene k;

	killing_init(&k, *state);
	found(&k, 0, listener());
	sock.inode = 1;
	struct row *heir = add_held(&k.scene, &sock, "heir", 4711);
	k.scene.look.rows.len--; /* not of the first look */
	k.fake.len = 0;
	fake_looker_add(&k.fake, heir, 1);
	assert_int_equal(run_kill(&k), 2);
	assert_said(&k, k.out, "1 rows\nSIGTERM sent to one,%1: ended\n8080/tcp is held by heir,4711\n");
	killing_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(holder_is_ended_and_the_port_is_free),
		fixture_test(all_holders_are_ended_each_once),
		fixture_test(rows_that_cannot_be_printed_are_not_acted_upon),
		fixture_test(dry_run_signals_nobody),
		fixture_test(connections_are_ended_only_if_they_are_asked_for),
		fixture_test(pids_alone_are_printed_of_whom_is_chosen),
		fixture_test(hidden_holder_keeps_all_from_being_signalled),
		fixture_test(ancestor_keeps_all_from_being_signalled),
		fixture_test(who_lets_go_in_the_meantime_is_not_signalled),
		fixture_test(who_ends_in_the_meantime_had_ended),
		fixture_test(grace_is_over_for_who_ignores_the_signal),
		fixture_test(signal_that_ends_nobody_needs_no_second_look),
		fixture_test(look_is_taken_if_some_end_by_a_signal_that_others_catch),
		fixture_test(what_cannot_be_told_to_the_end_is_an_error),
		fixture_test(port_that_is_held_again_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
