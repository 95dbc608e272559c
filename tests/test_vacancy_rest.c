/* What is left at a place that nobody holds, and whom it lets bind: from rows made by hand. */
#define _GNU_SOURCE
#include "scene.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void time_wait_is_free_for_whom_it_lets(void **state)
{
	static const struct {
		int reuse;
		enum vacancy_kind kind;
		const char *text;
	} cases[] = {
		{PROBE_REUSEADDR, VACANCY_REUSE, "free with SO_REUSEADDR; TIME_WAIT for 59 s"},
		{PROBE_REUSEADDR | PROBE_REUSEPORT, VACANCY_REUSE,
		 "free with SO_REUSEADDR; TIME_WAIT for 59 s"},
		{PROBE_REUSEPORT, VACANCY_REUSE, "free with SO_REUSEPORT; TIME_WAIT for 59 s"},
		{-1, VACANCY_UNSURE,
		 "free with SO_REUSEADDR, if what is left has it set, too; TIME_WAIT for 59 s"},
		{0, VACANCY_BLOCKED, "free in 59 s: TIME_WAIT, without SO_REUSEADDR"},
	};
	struct sock rest = remainder_of(SOCK_STATE_TIME_WAIT, 58001);
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[128];
		snprintf(text, sizeof(text), "8080/tcp is %s", cases[i].text);
		s.place->reuse = cases[i].reuse;
		add_row(&s, &rest, REASON_TIME_WAIT);
		assert_vacancy(&s, cases[i].kind, text);
	}
	scene_free(&s);
}

static void what_lasts_longest_is_told(void **state)
{
	struct sock brief = remainder_of(SOCK_STATE_TIME_WAIT, 3000);
	struct sock lasting = remainder_of(SOCK_STATE_FIN_WAIT2, 50000);
	struct sock orphan = connection(SOCK_STATE_LAST_ACK);
	struct scene s;

	(void)state;
	orphan.timer = SOCK_TIMER_RETRANSMIT;
	orphan.timer_ms = 200;
	scene_init(&s, "tcp:8080");
	s.place->reuse = PROBE_REUSEADDR;
	for (int turn = 0; turn < 2; turn++) { /* in whatever order */
		add_row(&s, turn ? &brief : &lasting, REASON_TIME_WAIT);
		add_row(&s, turn ? &lasting : &brief, REASON_TIME_WAIT);
		assert_vacancy(&s, VACANCY_REUSE,
			       "8080/tcp is free with SO_REUSEADDR; FIN_WAIT2 for 50 s");
		add_row(&s, turn ? &orphan : &lasting, turn ? REASON_ORPHAN : REASON_TIME_WAIT);
		add_row(&s, turn ? &lasting : &orphan, turn ? REASON_TIME_WAIT : REASON_ORPHAN);
		assert_vacancy(&s, VACANCY_REUSE, "8080/tcp is free with SO_REUSEADDR; "
						  "LAST_ACK that is still being sent");
	}
	s.place->reuse = 0;
	add_row(&s, &orphan, REASON_ORPHAN);
	assert_vacancy(&s, VACANCY_BLOCKED, "8080/tcp is free soon: LAST_ACK that is still being "
					    "sent, without SO_REUSEADDR");
	scene_free(&s);
}

static void open_connections_are_told(void **state)
{
	struct sock one = connection(SOCK_STATE_ESTABLISHED), two = connection(SOCK_STATE_CLOSE_WAIT);
	struct sock queued = connection(SOCK_STATE_ESTABLISHED);
	struct sock rest = remainder_of(SOCK_STATE_TIME_WAIT, 59000);
	struct scene s;

	(void)state;
	one.inode = 11;
	two.inode = 12;
	scene_init(&s, "tcp:8080");
	s.place->reuse = PROBE_REUSEADDR; /* of its listener; a connection may differ */
	s.probe.is_stuck = true;          /* nothing can be asked */
	add_held(&s, &one, "sshd", 812);
	assert_vacancy(&s, VACANCY_UNSURE, "8080/tcp is free with SO_REUSEADDR, if what is left has "
					   "it set, too; 1 connection is open: sshd,812");
	add_held(&s, &one, "sshd", 812);
	add_held(&s, &two, "sshd", 813);
	add_row(&s, &rest, REASON_TIME_WAIT);
	assert_vacancy(&s, VACANCY_UNSURE, "8080/tcp is free with SO_REUSEADDR, if what is left has "
					   "it set, too; TIME_WAIT for 59 s, 2 connections are open: "
					   "sshd,812 ...");
	add_row(&s, &queued, REASON_NOT_ACCEPTED);
	assert_vacancy(&s, VACANCY_UNSURE, "8080/tcp is free with SO_REUSEADDR, if what is left has "
					   "it set, too; 1 connection is open");
	s.place->reuse = 0;
	add_held(&s, &one, "sshd", 812);
	add_row(&s, &rest, REASON_TIME_WAIT);
	assert_vacancy(&s, VACANCY_BLOCKED, "8080/tcp is not free: TIME_WAIT for 59 s, 1 connection is "
					    "open: sshd,812, without SO_REUSEADDR");
	scene_free(&s);
}

/* --- options of open sockets ------------------------------------------------------------ */

/* A socket of ours with some options, as the connection of a row. */
static struct row *add_own(struct scene *s, int option)
{
	const int on = 1;
	struct sock sock = connection(SOCK_STATE_ESTABLISHED);
	struct stat st;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	if (option)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, option, &on, sizeof(on)), 0);
	assert_int_equal(fstat(fd, &st), 0);
	sock.inode = st.st_ino;
	struct row *row = add_held(s, &sock, "us", getpid());
	s->holders[row - s->rows].fd = fd;
	return row;
}

/* Skip where a sandbox forbids to ask even a parent; see test_probe.c. */
static void skip_if_refused(struct scene *s, const struct row *row)
{
	int rc = probe_reuse(&s->probe, row->holder);

	if (rc != -EPERM && rc != -ENOSYS && rc != -EACCES)
		return;
	print_message("a copy of the socket was refused: %s\n", strerror(-rc));
	close(row->holder->fd);
	scene_free(s);
	skip();
}

static void options_of_an_open_connection_are_asked(void **state)
{
	static const struct {
		int option;
		enum vacancy_kind kind;
		const char *text;
	} cases[] = {
		{SO_REUSEADDR, VACANCY_REUSE,
		 "8080/tcp is free with SO_REUSEADDR; 1 connection is open: us,"},
		{SO_REUSEPORT, VACANCY_REUSE,
		 "8080/tcp is free with SO_REUSEPORT; 1 connection is open: us,"},
		{0, VACANCY_BLOCKED, "8080/tcp is not free: 1 connection is open: us,"},
	};
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf text = {0};
		const struct row *row = add_own(&s, cases[i].option);
		int fd = row->holder->fd;
		skip_if_refused(&s, row);
		buf_add_str(&text, cases[i].text);
		buf_add_dec(&text, (uint64_t)getpid());
		buf_add_str(&text, cases[i].option ? "" : ", without SO_REUSEADDR");
		buf_add_char(&text, '\0');
		assert_vacancy(&s, cases[i].kind, text.data);
		buf_free(&text);
		close(fd);
	}
	scene_free(&s);
}

static void common_options_of_all_that_hold_are_kept(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	struct row *both = add_own(&s, SO_REUSEADDR), *addr = add_own(&s, SO_REUSEADDR);
	struct row *port = add_own(&s, SO_REUSEPORT);
	const int on = 1;
	skip_if_refused(&s, both);
	assert_int_equal(setsockopt(both->holder->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
	assert_int_equal(s.place->reuse, -1);
	vacancy_ask(s.place, both, &s.probe);
	assert_int_equal(s.place->reuse, PROBE_REUSEADDR | PROBE_REUSEPORT);
	vacancy_ask(s.place, addr, &s.probe);
	assert_int_equal(s.place->reuse, PROBE_REUSEADDR);
	vacancy_ask(s.place, port, &s.probe);
	assert_int_equal(s.place->reuse, 0);
	vacancy_ask(s.place, both, &s.probe);
	assert_int_equal(s.place->reuse, 0);
	for (size_t i = 0; i < s.look.rows.len; i++)
		close(s.rows[i].holder->fd);
	s.look.rows.len = 0;
	scene_free(&s);
}

static void who_cannot_be_asked_leaves_options_unknown(void **state)
{
	struct sock tcp = listener(), name = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1);
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	vacancy_ask(s.place, add_row(&s, &tcp, REASON_PERMISSION), &s.probe);
	vacancy_ask(s.place, add_held(&s, &name, "x", 2), &s.probe); /* it has no such options */
	assert_false(s.probe.is_running);
	s.look.rows.len = 0;
	s.probe.is_stuck = true;
	vacancy_ask(s.place, add_held(&s, &tcp, "x", 1), &s.probe);
	assert_int_equal(s.place->reuse, -1);
	s.place->reuse = PROBE_REUSEADDR;
	vacancy_ask(s.place, s.rows, &s.probe);
	assert_int_equal(s.place->reuse, PROBE_REUSEADDR);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_wait_is_free_for_whom_it_lets),
		cmocka_unit_test(what_lasts_longest_is_told),
		cmocka_unit_test(open_connections_are_told),
		cmocka_unit_test(options_of_an_open_connection_are_asked),
		cmocka_unit_test(common_options_of_all_that_hold_are_kept),
		cmocka_unit_test(who_cannot_be_asked_leaves_options_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
