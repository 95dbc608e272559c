/* Who is signalled: children of ours, each once, and only who still holds. */
#define _GNU_SOURCE
#include "keeper.h"
#include "interrupt.h"
#include "victim.h"

#include <limits.h>
#include <stdlib.h>

enum { LONG_MS = 60000, SHORT_MS = 40, CREW = 4 };

/* Some children with a socket each, and a row for each socket, by pid. */
struct crew {
	struct keeper keeper[CREW];
	struct process process[CREW];
	struct row rows[2 * CREW];
	struct row_list list;
	struct victim_list victims;
	struct probe probe;
	int proc_fd;
};

static int compare_row(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	return a->holder->pid < b->holder->pid ? -1 : a->holder->pid > b->holder->pid;
}

static void crew_start(struct crew *c)
{
	*c = (struct crew){.proc_fd = open_proc()};
	for (int i = 1; i < SIGRTMIN; i++) /* nohup(1), cron(8) and others leave some ignored */
		signal(i, SIG_DFL);
	for (size_t i = 0; i < CREW; i++) {
		struct keeper *k = &c->keeper[i];
		keep(k, new_socket(), SOCK_PROTO_UNIX);
		c->process[i] = load_process(c->proc_fd, k->child.pid);
		k->row.process = &c->process[i];
		c->rows[i] = k->row;
	}
	c->list = (struct row_list){.v = c->rows, .len = CREW};
}

static void crew_build(struct crew *c)
{
	qsort(c->rows, c->list.len, sizeof(*c->rows), compare_row);
	assert_int_equal(victim_list_build(&c->victims, c->proc_fd, &c->list), 0);
}

/* The victim that some child has become. */
static struct victim *victim_of(struct crew *c, size_t i)
{
	for (size_t k = 0; k < c->victims.len; k++) {
		if (c->victims.v[k].pid == c->keeper[i].child.pid)
			return &c->victims.v[k];
	}
	fail();
	return NULL;
}

static void crew_end(struct crew *c)
{
	victim_list_free(&c->victims);
	victim_list_free(&c->victims);
	probe_free(&c->probe);
	for (size_t i = 0; i < CREW; i++) {
		if (c->keeper[i].child.pid > 0)
			let_go(&c->keeper[i]);
		process_free(&c->process[i]);
	}
	close(c->proc_fd);
}

static void assert_states(struct crew *c, const enum victim_state *expected)
{
	for (size_t i = 0; i < CREW; i++)
		assert_int_equal(victim_of(c, i)->state, expected[i]);
}

/* In the place of its pidfd something that is none, and never readable: no signal passes. */
static int block_signals_to(struct victim *v)
{
	int pipe_fds[2];

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	pin_release(&v->pin);
	v->pin.pidfd = pipe_fds[0];
	return pipe_fds[1];
}

static void process_is_listed_once(void **state)
{
	struct crew c;

	(void)state;
	crew_start(&c);
	/* A second descriptor of the first child, and two more of the last one. */
	c.rows[CREW] = c.rows[0];
	c.rows[CREW + 1] = c.rows[CREW + 2] = c.rows[CREW - 1];
	c.list.len = CREW + 3;
	crew_build(&c);
	assert_int_equal(c.victims.len, CREW);
	assert_int_equal(victim_of(&c, 0)->rows_len, 2);
	assert_int_equal(victim_of(&c, 1)->rows_len, 1);
	assert_int_equal(victim_of(&c, CREW - 1)->rows_len, 3);
	assert_int_equal(victim_list_count(&c.victims, VICTIM_PLANNED), CREW);
	for (size_t i = 0; i < CREW; i++) {
		const struct victim *v = victim_of(&c, i);
		assert_ptr_equal(v->process, &c.process[i]);
		assert_int_equal(v->rows->holder->pid, v->pid);
		assert_true(pin_is_alive(&v->pin));
	}
	for (size_t i = 1; i < c.victims.len; i++)
		assert_true(c.victims.v[i - 1].pid < c.victims.v[i].pid);
	crew_end(&c);
}

static void nobody_is_listed_of_no_rows(void **state)
{
	struct victim_list list = {0};
	const struct row_list rows = {0};

	(void)state;
	assert_int_equal(victim_list_build(&list, -1, &rows), 0);
	assert_int_equal(list.len, 0);
	assert_int_equal(victim_list_wait(&list, LONG_MS), 0);
	victim_list_free(&list);
}

static void who_is_gone_is_not_pinned(void **state)
{
	struct process nobody = {.pid = INT_MAX, .tid = INT_MAX}; /* above any pid_max */
	struct sock s = {.inode = 1};
	struct holder h = {1, INT_MAX, INT_MAX, 3, HOLDER_FD};
	struct row row = {.sock = &s, .holder = &h, .process = &nobody};
	const struct row_list rows = {.v = &row, .len = 1};
	struct victim_list list = {0};
	struct probe probe = {0};
	int proc_fd = open_proc();

	(void)state;
	assert_int_equal(victim_list_build(&list, proc_fd, &rows), 0);
	assert_int_equal(list.v->state, VICTIM_GONE);
	victim_list_ask(&list);
	victim_list_signal(&list, proc_fd, &probe, SIGKILL);
	victim_list_finish(&list);
	assert_int_equal(list.v->state, VICTIM_GONE);
	assert_false(list.v->killed);
	victim_list_free(&list);
	close(proc_fd);
}

static void to_ask_harms_nobody(void **state)
{
	struct crew c;

	(void)state;
	crew_start(&c);
	crew_build(&c);
	struct victim *planned = victim_of(&c, 0), *gone = victim_of(&c, 1), *spared = victim_of(&c, 2);
	int writer = block_signals_to(spared);
	let_go(&c.keeper[1]); /* and is reaped */
	victim_list_ask(&c.victims);
	assert_int_equal(gone->state, VICTIM_GONE);
	assert_int_equal(spared->state, VICTIM_SPARED);
	assert_int_equal(spared->rc, -EBADF);
	assert_int_equal(victim_list_count(&c.victims, VICTIM_PLANNED), CREW - 2);
	assert_true(child_lives(&c.keeper[0].child) && child_lives(&c.keeper[3].child));
	/* Nobody but who is planned is signalled, or asked again. */
	planned->state = VICTIM_SPARED;
	gone->state = VICTIM_SPARED;
	victim_list_ask(&c.victims);
	assert_int_equal(gone->state, VICTIM_SPARED);
	victim_list_signal(&c.victims, c.proc_fd, &c.probe, SIGKILL);
	assert_true(child_lives(&c.keeper[0].child));
	assert_int_equal(victim_list_count(&c.victims, VICTIM_SPARED), CREW - 1);
	assert_int_equal(victim_of(&c, 3)->state, VICTIM_SENT);
	close(writer);
	crew_end(&c);
}

static void only_who_still_holds_is_signalled(void **state)
{
	static const enum victim_state sent[] = {VICTIM_SENT, VICTIM_LET_GO, VICTIM_GONE,
						 VICTIM_SPARED};
	struct crew c;

	(void)state;
	crew_start(&c);
	crew_build(&c);
	child_tell(&c.keeper[1].child, 'c');
	child_kill(&c.keeper[2].child);
	int writer = block_signals_to(victim_of(&c, 3));
	victim_list_expect(&c.victims, c.proc_fd, SIGTERM);
	victim_list_signal(&c.victims, c.proc_fd, &c.probe, SIGTERM);
	assert_states(&c, sent);
	assert_int_equal(victim_of(&c, 3)->rc, -EBADF);
	assert_int_equal(victim_list_wait(&c.victims, LONG_MS), 0);
	assert_int_equal(victim_of(&c, 0)->state, VICTIM_ENDED);
	for (size_t i = 1; i < CREW; i++)
		assert_int_equal(victim_of(&c, i)->state, sent[i]);
	assert_false(child_lives(&c.keeper[0].child));
	assert_true(child_lives(&c.keeper[1].child));
	assert_true(child_lives(&c.keeper[3].child));
	close(writer);
	crew_end(&c);
}

/* The number of a process that has ended is given to a stranger, who holds the same socket:
 * nothing but the pin tells them apart. */
static void stranger_of_the_same_number_is_not_signalled(void **state)
{
	struct crew c;

	(void)state;
	crew_start(&c);
	crew_build(&c);
	struct victim *was = victim_of(&c, 0), *stranger = victim_of(&c, 1);
	child_kill(&c.keeper[0].child);
	was->pid = stranger->pid;
	was->rows = stranger->rows;
	stranger->state = VICTIM_SPARED;
	victim_list_signal(&c.victims, c.proc_fd, &c.probe, SIGKILL);
	assert_int_equal(was->state, VICTIM_GONE);
	assert_true(child_lives(&c.keeper[1].child));
	crew_end(&c);
}

static void who_survives_is_finished(void **state)
{
	struct crew c;

	(void)state;
	crew_start(&c);
	for (size_t i = 0; i < CREW; i++)
		child_tell(&c.keeper[i].child, i == 1 ? 'i' : '.'); /* ignores SIGTERM */
	crew_build(&c);
	victim_of(&c, 3)->state = VICTIM_SPARED;
	victim_list_expect(&c.victims, c.proc_fd, SIGTERM);
	victim_list_signal(&c.victims, c.proc_fd, &c.probe, SIGTERM);
	assert_int_equal(victim_list_wait(&c.victims, SHORT_MS), -ETIMEDOUT);
	assert_int_equal(victim_of(&c, 1)->state, VICTIM_SENT);
	victim_of(&c, 0)->state = VICTIM_ENDED; /* however short that was */
	victim_of(&c, 2)->state = VICTIM_ENDED;
	victim_list_finish(&c.victims);
	assert_int_equal(victim_list_wait(&c.victims, LONG_MS), 0);
	static const enum victim_state states[] = {VICTIM_ENDED, VICTIM_ENDED, VICTIM_ENDED,
						   VICTIM_SPARED};
	assert_states(&c, states);
	for (size_t i = 0; i < CREW; i++)
		assert_int_equal(victim_of(&c, i)->killed, i == 1);
	assert_true(child_lives(&c.keeper[3].child));
	crew_end(&c);
}

static void who_is_not_expected_to_end_is_not_waited_for(void **state)
{
	struct crew c;
	uint64_t before = interrupt_now_ms();

	(void)state;
	crew_start(&c);
	crew_build(&c);
	victim_list_expect(&c.victims, c.proc_fd, SIGCONT);
	victim_list_signal(&c.victims, c.proc_fd, &c.probe, SIGCONT);
	assert_int_equal(victim_list_wait(&c.victims, LONG_MS), 0);
	assert_true(interrupt_now_ms() - before < LONG_MS / 2);
	assert_int_equal(victim_list_count(&c.victims, VICTIM_SENT), CREW);
	crew_end(&c);
}

static void signal_is_expected_to_end_whom_it_meets_unprepared(void **state)
{
	/* Of who ignores HUP, blocks it, catches it, and does none of these. */
	static const struct {
		int signal;
		bool ends[CREW];
	} cases[] = {
		{SIGHUP, {false, false, false, true}},
		{SIGUSR1, {true, true, true, true}},
		{SIGTERM, {true, true, true, true}}, /* meant to, be it caught or not */
		{SIGKILL, {true, true, true, true}},
		{SIGCONT, {false, false, false, false}},
		{SIGSTOP, {false, false, false, false}},
		{SIGWINCH, {false, false, false, false}},
		{SIGPROF, {true, true, true, true}},
	};
	struct crew c;

	(void)state;
	crew_start(&c);
	child_tell(&c.keeper[0].child, 'I');
	child_tell(&c.keeper[1].child, 'B');
	child_tell(&c.keeper[2].child, 'C');
	child_tell(&c.keeper[3].child, '.');
	crew_build(&c);
	for (size_t i = 0; i < COUNT(cases); i++) {
		victim_list_expect(&c.victims, c.proc_fd, cases[i].signal);
		for (size_t k = 0; k < CREW; k++) {
			if (victim_of(&c, k)->expects_end != cases[i].ends[k])
				fail_msg("signal %d, child %zu", cases[i].signal, k);
		}
	}
	/* The first bit of a mask, and its last. */
	victim_list_expect(&c.victims, c.proc_fd, SIGRTMAX);
	assert_true(victim_of(&c, 0)->expects_end);
	assert_false(victim_of(&c, 2)->expects_end);
	crew_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_is_listed_once),
		cmocka_unit_test(nobody_is_listed_of_no_rows),
		cmocka_unit_test(who_is_gone_is_not_pinned),
		cmocka_unit_test(to_ask_harms_nobody),
		cmocka_unit_test(only_who_still_holds_is_signalled),
		cmocka_unit_test(stranger_of_the_same_number_is_not_signalled),
		cmocka_unit_test(who_survives_is_finished),
		cmocka_unit_test(who_is_not_expected_to_end_is_not_waited_for),
		cmocka_unit_test(signal_is_expected_to_end_whom_it_meets_unprepared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
