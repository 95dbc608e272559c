/*
 * Capabilities: those that /proc/self/status tells of, and those in namespaces that a
 * child makes, where it may.
 */
#define _GNU_SOURCE
#include "fixture.h"

#include "capability.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t effective(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	unsigned long long caps = 0;
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "CapEff:\t%llx", &caps) == 1;
	if (file)
		fclose(file);
	if (!found)
		skip();
	return caps;
}

static void effective_ones_are_those_of_status(void **state)
{
	uint64_t caps = effective();

	(void)state;
	for (unsigned cap = 0; cap < 64; cap++)
		assert_int_equal(capability_has((enum capability)cap), caps >> cap & 1);
}

/* --- in children: exit statuses, since assertions are the parent's ------------------- */

enum { HAS = 0, HAS_NOT = 1, CANNOT = 2 };

static int has_for_net(void)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd < 0)
		return CANNOT;
	bool has = capability_has_for_net(proc_fd, CAPABILITY_NET_BIND_SERVICE);
	close(proc_fd);
	return has ? HAS : HAS_NOT;
}

static int in_new_both(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? CANNOT : has_for_net();
}

/* All capabilities there, but none over the network namespace outside. */
static int in_new_user_alone(void)
{
	if (unshare(CLONE_NEWUSER) < 0)
		return CANNOT;
	return capability_has(CAPABILITY_NET_BIND_SERVICE) ? has_for_net() : CANNOT;
}

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* A user namespace below the one that owns the network namespace. */
static int in_user_below_net(void)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1\n", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1\n", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return CANNOT;
	/* Who has no number in it may make none below. */
	if (!write_text("/proc/self/setgroups", "deny") ||
	    !write_text("/proc/self/uid_map", uids) || !write_text("/proc/self/gid_map", gids) ||
	    unshare(CLONE_NEWUSER) < 0)
		return CANNOT;
	return has_for_net();
}

static int as_nobody(void)
{
	if (setresuid(65534, 65534, 65534) < 0)
		return CANNOT;
	return has_for_net();
}

static int as_nobody_in_new_both(void)
{
	if (setresuid(65534, 65534, 65534) < 0)
		return CANNOT;
	return in_new_both();
}

static void assert_child(int (*what)(void), int expected)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(what());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		skip();
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void root_of_a_namespace_may_there(void **state)
{
	(void)state;
	assert_child(in_new_both, HAS);
}

static void root_of_a_user_namespace_may_not_outside(void **state)
{
	(void)state;
	assert_child(in_new_user_alone, HAS_NOT);
}

static void root_below_may_not_above(void **state)
{
	(void)state;
	assert_child(in_user_below_net, HAS_NOT);
}

static void an_ordinary_user_may_not(void **state)
{
	(void)state;
	assert_child(as_nobody, HAS_NOT);
}

static void an_ordinary_user_may_in_his_own(void **state)
{
	(void)state;
	assert_child(as_nobody_in_new_both, HAS);
}

/* Of no procfs, our own capabilities count. */
static void without_namespaces_the_own_count(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(capability_has_for_net(fx->root_fd, CAPABILITY_NET_BIND_SERVICE),
			 capability_has(CAPABILITY_NET_BIND_SERVICE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effective_ones_are_those_of_status),
		cmocka_unit_test(root_of_a_namespace_may_there),
		cmocka_unit_test(root_of_a_user_namespace_may_not_outside),
		cmocka_unit_test(root_below_may_not_above),
		cmocka_unit_test(an_ordinary_user_may_not),
		cmocka_unit_test(an_ordinary_user_may_in_his_own),
		fixture_test(without_namespaces_the_own_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
