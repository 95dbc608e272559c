/* Did the ports come free, and who has them now? What one look finds. */
#define _GNU_SOURCE
#include "after_fixture.h"

static void nothing_is_said_of_no_places(void **state)
{
	const struct place_list none = {0};
	struct after a;

	(void)state;
	after_init(&a);
	a.rq.places = &none;
	assert_told(&a, 0, true, "");
	after_free(&a);
}

static void one_look_is_enough_if_all_is_gone(void **state)
{
	struct after a;

	(void)state;
	after_init(&a);
	then_found(&a, NULL);
	assert_told(&a, 1, true, "8080/tcp is free\n");
	after_free(&a);
}

static void remains_are_as_good_as_free(void **state)
{
	struct sock rest = remainder_of(SOCK_STATE_TIME_WAIT, 59000);
	struct after a;

	(void)state;
	after_init(&a);
	a.scene.place->reuse = 0;
	then_found(&a, add_row(&a.scene, &rest, REASON_TIME_WAIT));
	assert_told(&a, 1, true, "8080/tcp is free in 59 s: TIME_WAIT, without SO_REUSEADDR\n");
	after_free(&a);
}

static void same_socket_is_held_still(void **state)
{
	struct sock sock = listener();
	struct after a;

	(void)state;
	after_init(&a);
	then_found(&a, add_held(&a.scene, &sock, "worker", 812));
	assert_told(&a, 1, false, "8080/tcp is still held by worker,812\n");
	after_free(&a);

	after_init(&a); /* one that was seen, and that nobody was signalled for */
	sock.inode++;
	add_row(&a.scene, &sock, REASON_PERMISSION);
	a.before.rows.len = 2;
	then_found(&a, add_row(&a.scene, &sock, REASON_PERMISSION));
	assert_told(&a, 1, false, "8080/tcp is still held [hidden: permission]\n");
	after_free(&a);
}

static void who_was_there_before_holds_it_too(void **state)
{
	struct sock sock = listener();
	struct after a;

	(void)state;
	after_init(&a);
	sock.inode++;
	then_found(&a, add_held(&a.scene, &sock, "other", 812)); /* started at tick 0 */
	assert_told(&a, 1, false, "8080/tcp is held by other,812\n");
	after_free(&a);
}

static void who_holds_it_again_is_named_with_its_parent(void **state)
{
	struct after a;

	(void)state;
	after_init(&a);
	struct process us = load_process(a.proc_fd, getpid());
	char text[256];
	snprintf(text, sizeof(text), "8080/tcp is held again by server,900; started by %.*s,%d\n",
		 (int)us.command_len, us.command, (int)getpid());
	then_found(&a, add_heir(&a, getpid(), NULL));
	assert_told(&a, 1, false, text);
	process_free(&us);
	after_free(&a);

	after_init(&a); /* of init's children there is no more to say */
	then_found(&a, add_heir(&a, 1, NULL));
	assert_told(&a, 1, false, "8080/tcp is held again by server,900\n");
	after_free(&a);
}

static void unit_that_restarts_is_named_as_it_is_typed(void **state)
{
	static const struct {
		const char *cgroup, *command;
	} cases[] = {
		{"/system.slice/x.service", "; systemctl stop x.service keeps it down"},
		{"/system.slice/x\\x2dy.service", "; systemctl stop 'x\\x2dy.service' keeps it down"},
		{"/system.slice/x@1.service/sub", "; systemctl stop x@1.service keeps it down"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
		 "; systemctl --user stop x.service keeps it down"},
		{"/user.slice/user-1000.slice/user@1000.service", ""},
		{"/user.slice/user-1000.slice/session-1.scope", ""},
		{"/system.slice/x.socket", ""},
		{"/", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct after a;
		char text[256];
		after_init(&a);
		snprintf(text, sizeof(text), "8080/tcp is held again by server,900%s\n",
			 cases[i].command);
		then_found(&a, add_heir(&a, 1, cases[i].cgroup));
		assert_told(&a, 1, false, text);
		after_free(&a);
	}
}

static void namespace_of_the_place_is_looked_into(void **state)
{
	struct after a;

	(void)state;
	after_init(&a);
	a.scene.place->netns = 7;
	a.scene.namespaces[1].fd = a.proc_fd; /* there is a way in */
	then_found(&a, NULL);
	assert_told(&a, 1, true, "8080/tcp of netns blue\\n is free\n");
	assert_true(a.scene.namespaces[1].is_asked);
	assert_false(a.scene.namespaces[0].is_asked);
	after_free(&a);

	after_init(&a);
	a.scene.place->netns = 7;
	then_found(&a, NULL);
	assert_told(&a, 1, true,
		    "8080/tcp: there is no way into its network namespace any more\n");
	assert_false(a.scene.namespaces[1].is_asked);
	after_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_of_no_places),
		cmocka_unit_test(one_look_is_enough_if_all_is_gone),
		cmocka_unit_test(remains_are_as_good_as_free),
		cmocka_unit_test(same_socket_is_held_still),
		cmocka_unit_test(who_was_there_before_holds_it_too),
		cmocka_unit_test(who_holds_it_again_is_named_with_its_parent),
		cmocka_unit_test(unit_that_restarts_is_named_as_it_is_typed),
		cmocka_unit_test(namespace_of_the_place_is_looked_into),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
