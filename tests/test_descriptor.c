/* Descriptors of a fixture tree tell nothing: there is no process behind them. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(fixture_tree_has_no_protocols),
		fixture_test(fixture_tree_has_no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
