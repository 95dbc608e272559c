/* Descriptors of a fixture tree tell little: there is no process behind them. */
#include "fixture.h"
#include "descriptor.h"
#include "holder.h"
#include "probe.h"

#include <sys/socket.h>

static void fixture_tree_has_no_protocols(void **state)
{
	struct fixture *fx = *state;
	struct holder h = {1001, 1, 1, 3, HOLDER_FD};
	char name[32];

	fixture_add_process(fx, 1, "init");
	fixture_add_fd(fx, 1, 1, 3, "socket:[1001]");
	assert_int_equal(descriptor_protocol(fx->root_fd, &h, name, sizeof(name)), 0);
}

static void fixture_tree_has_no_names(void **state)
{
	struct fixture *fx = *state;
	struct holder h = {1001, 1, 1, 3, HOLDER_FD};
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 1001);

	fixture_add_process(fx, 1, "init");
	fixture_add_fd(fx, 1, 1, 3, "socket:[1001]");
	/* Its PID 1 is not ours to be asked. */
	struct probe probe = {0};
	assert_true(descriptor_has_name(fx->root_fd, &probe, &h, &s) < 0);
	assert_false(probe.is_running);
}

/* But for what is a file of text. */
static void flags_are_read_while_the_socket_is_the_same(void **state)
{
	struct fixture *fx = *state;
	struct holder h = {1001, 811, 811, 3, HOLDER_FD}, other = {1002, 811, 811, 3, HOLDER_FD},
		      thread = {1001, 811, 812, 3, HOLDER_FD}, gone = {1001, 811, 811, 4, HOLDER_FD},
		      ring = {1001, 811, 811, 3, HOLDER_RING}, map = {1001, 811, 811, -1, HOLDER_MEM};
	static const char text[] = "pos:\t0\nflags:\t02004002\nmnt_id:\t8\nino:\t1001\n";
	uint32_t flags = 0;

	fixture_write(fx, "811/fdinfo/3", text, strlen(text));
	fixture_write(fx, "811/task/812/fdinfo/3", "flags:\t02\n", 10);
	assert_true(descriptor_flags(fx->root_fd, &h, &flags));
	assert_int_equal(flags, 02004002);
	assert_true(descriptor_flags(fx->root_fd, &thread, &flags));
	assert_int_equal(flags, 2);
	assert_false(descriptor_flags(fx->root_fd, &other, &flags));
	assert_false(descriptor_flags(fx->root_fd, &gone, &flags));
	assert_false(descriptor_flags(fx->root_fd, &ring, &flags));
	assert_false(descriptor_flags(fx->root_fd, &map, &flags));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(fixture_tree_has_no_protocols),
		fixture_test(fixture_tree_has_no_names),
		fixture_test(flags_are_read_while_the_socket_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
