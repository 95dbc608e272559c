/*
 * Holders from fixture trees: descriptors, threads with tables of their own,
 * dead leaders, processes that vanish or refuse.
 */
#define _GNU_SOURCE
#include "fixture.h"
#include "holder.h"
#include "scan.h"
#include "scan_procfd.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that a scan gives. */
struct found {
	struct holder_index holders;
	struct process_table processes;
	struct scan_stats st;
};

static void found_free(struct found *f)
{
	holder_index_free(&f->holders);
	process_table_free(&f->processes);
	scan_stats_free(&f->st);
}

static const uint64_t wanted[] = {1001, 1002, 1003};

/* The request that most tests start from: three wanted inodes. */
static struct scan_request request(struct fixture *fx)
{
	return (struct scan_request){
		.proc_fd = fx->root_fd, .inodes = wanted, .inode_count = COUNT(wanted)};
}

static void scan_ok(const struct scan_request *rq, struct found *out)
{
	assert_int_equal(scan_procfd(rq, &out->holders, &out->processes, &out->st), 0);
	holder_index_sort(&out->holders);
	process_table_sort(&out->processes);
}

/* Holders as text: "1001:42/42/3 ..." in sorted order. */
static void assert_holders(const struct found *f, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < f->holders.len; i++) {
		const struct holder *h = &f->holders.v[i];
		char text[96];
		snprintf(text, sizeof(text), "%s%llu:%d/%d/%d", i ? " " : "",
			 (unsigned long long)h->inode, (int)h->pid, (int)h->tid, h->fd);
		buf_add_str(&b, text);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void scan_expecting(const struct scan_request *rq, const char *expected)
{
	struct found f = {0};

	scan_ok(rq, &f);
	assert_holders(&f, expected);
	found_free(&f);
}

static void scan_finds_wanted_sockets_only(void **state)
{
	struct scan_request rq = request(*state);

	fixture_add_process(*state, 42, "server");
	fixture_add_fd(*state, 42, 42, 0, "/dev/null");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	fixture_add_fd(*state, 42, 42, 4, "socket:[5000]");
	scan_expecting(&rq, "1001:42/42/3");
}

static void scan_finds_nothing_when_nothing_is_wanted(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	fixture_add_process(*state, 42, "server");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	rq.inode_count = 0;
	scan_ok(&rq, &f);
	assert_holders(&f, "");
	assert_int_equal(f.processes.len, 0);
	assert_int_equal(f.st.processes, 1);
	found_free(&f);
}

static void scan_finds_every_socket_when_asked(void **state)
{
	struct scan_request rq = request(*state);

	rq.every_socket = true;
	fixture_add_process(*state, 42, "server");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	fixture_add_fd(*state, 42, 42, 4, "socket:[5000]");
	scan_expecting(&rq, "1001:42/42/3 5000:42/42/4");
}

static void scan_finds_all_holders_of_one_socket(void **state)
{
	struct scan_request rq = request(*state);

	for (pid_t pid = 42; pid <= 44; pid++) {
		fixture_add_process(*state, pid, "worker");
		fixture_add_fd(*state, pid, pid, 3, "socket:[1001]");
		fixture_add_fd(*state, pid, pid, 128, "socket:[1001]");
	}
	scan_expecting(&rq, "1001:42/42/3 1001:42/42/128 1001:43/43/3 1001:43/43/128 "
			    "1001:44/44/3 1001:44/44/128");
}

static void scan_passes_over_links_that_are_no_sockets(void **state)
{
	static const char *const links[] = {
		"pipe:[1001]", "anon_inode:[eventfd]", "/tmp/socket:[1001]", "socket:[1001",
		"socket:[]", "socket:[1001x]", "socket:[ 1001]", "socket:[1001] (deleted)", "/",
		"socket:[99999999999999999999999]",
		"/a/name/that/is/longer/than/any/link/of/a/socket/can/be/and/ends/in/socket:[1001]",
	};
	struct scan_request rq = request(*state);
	struct found f = {0};

	fixture_add_process(*state, 42, "server");
	for (size_t i = 0; i < COUNT(links); i++)
		fixture_add_fd(*state, 42, 42, (int)i, links[i]);
	rq.every_socket = true;
	rq.threads = SCAN_THREADS_PRIVATE;
	scan_ok(&rq, &f);
	assert_holders(&f, "");
	assert_int_equal(f.st.descriptors, COUNT(links));
	assert_int_equal(f.st.denied_len, 0);
	found_free(&f);
}

static void scan_loads_each_holding_process_once(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	fixture_add_process(*state, 41, "idle");
	fixture_add_process(*state, 42, "ser ver)");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	fixture_add_fd(*state, 42, 42, 4, "socket:[1002]");
	rq.facts = PROCESS_STAT | PROCESS_ARGS;
	scan_ok(&rq, &f);
	assert_int_equal(f.processes.len, 1);
	const struct process *p = process_table_find(&f.processes, 42, 42);
	assert_non_null(p);
	assert_bytes(p->command, p->command_len, "ser ver)");
	assert_int_equal(p->uid, geteuid());
	assert_int_equal(p->ppid, 1);
	assert_int_equal(p->start_ticks, 4200);
	assert_non_null(p->args);
	assert_null(p->cwd);
	assert_int_equal(f.st.processes, 2);
	found_free(&f);
}

static void scan_appends_to_what_is_there(void **state)
{
	struct holder earlier = {1001, 7, 7, 9, HOLDER_FD};
	struct scan_request rq = request(*state);
	struct found f = {0};

	fixture_add_process(*state, 42, "server");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	assert_int_equal(holder_index_add(&f.holders, &earlier), 0);
	scan_ok(&rq, &f);
	assert_holders(&f, "1001:7/7/9 1001:42/42/3");
	/* The same tree once more: nothing is new, and the root can be read again. */
	scan_ok(&rq, &f);
	assert_holders(&f, "1001:7/7/9 1001:42/42/3");
	assert_int_equal(f.processes.len, 1);
	found_free(&f);
}

static void scan_passes_over_entries_that_are_no_processes(void **state)
{
	struct scan_request rq = request(*state);

	fixture_write(*state, "net/tcp", "", 0);
	fixture_write(*state, "17", "", 0);
	fixture_write(*state, "-5/fd/x", "", 0);
	fixture_write(*state, "4x/fd/x", "", 0);
	fixture_write(*state, "99999999999/fd/x", "", 0);
	fixture_add_process(*state, 42, "server");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	struct fixture *fx = *state;
	assert_int_equal(symlinkat("42", fx->root_fd, "43"), 0);
	scan_expecting(&rq, "1001:42/42/3");
}

static void scan_takes_vanished_process_as_no_holder(void **state)
{
	struct scan_request rq = request(*state);
	struct fixture *fx = *state;
	struct found f = {0};

	/* Gone between the descriptors and the facts. */
	fixture_add_process(fx, 42, "server");
	fixture_add_fd(fx, 42, 42, 3, "socket:[1001]");
	assert_int_equal(unlinkat(fx->root_fd, "42/comm", 0), 0);
	/* Gone before the descriptors. */
	fixture_write(fx, "43/comm", "gone\n", 5);
	fixture_add_process(fx, 44, "server");
	fixture_add_fd(fx, 44, 44, 3, "socket:[1001]");
	scan_ok(&rq, &f);
	assert_holders(&f, "1001:44/44/3");
	assert_int_equal(f.processes.len, 1);
	assert_int_equal(f.st.denied_len, 0);
	found_free(&f);
}

/* A filter that wants processes by their command. */
static bool wants_command(const void *ctx, const struct process *p)
{
	const char *command = ctx;

	return p->command_len == strlen(command) && memcmp(p->command, command, p->command_len) == 0;
}

static void scan_skips_processes_that_are_not_wanted(void **state)
{
	struct scan_request rq = request(*state);

	fixture_add_process(*state, 42, "server");
	fixture_add_process(*state, 43, "client");
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	fixture_add_fd(*state, 43, 43, 3, "socket:[1001]");
	rq.wants = wants_command;
	rq.ctx = "client";
	scan_expecting(&rq, "1001:43/43/3");
}

static void scan_sorts_tables_by_pid(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	for (pid_t pid = 50; pid > 40; pid--)
		fixture_add_process(*state, pid, "server");
	scan_ok(&rq, &f);
	scan_ok(&rq, &f);
	assert_int_equal(f.st.tables_len, 10);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(f.st.tables[i].pid, 41 + i);
	found_free(&f);
}

static void scan_only_changed_asks_all_where_sizes_do_not_tell(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	fixture_add_process(*state, 42, "server");
	scan_ok(&rq, &f);
	fixture_add_fd(*state, 42, 42, 3, "socket:[1001]");
	rq.only_changed = true;
	scan_ok(&rq, &f);
	assert_holders(&f, "1001:42/42/3");
	found_free(&f);
}

static void scan_counts_unreadable_process_as_denied(void **state)
{
	struct scan_request rq = request(*state);
	struct fixture *fx = *state;
	struct found f = {0};

	for (pid_t pid = 44; pid >= 42; pid--) {
		char path[32];
		fixture_add_process(fx, pid, "server");
		fixture_add_fd(fx, pid, pid, 3, "socket:[1001]");
		snprintf(path, sizeof(path), "%d/fd", (int)pid);
		if (pid != 43)
			assert_int_equal(fchmodat(fx->root_fd, path, 0, 0), 0);
	}
	fixture_drop_root(fx);
	scan_ok(&rq, &f);
	assert_holders(&f, "1001:43/43/3");
	assert_int_equal(f.st.denied_len, 2);
	assert_int_equal(f.st.denied[0].pid, 42);
	assert_int_equal(f.st.denied[1].pid, 44);
	assert_int_equal(f.st.denied[0].uid, geteuid());
	assert_int_equal(f.st.processes, 1);
	/* A second scan counts nobody twice. */
	rq.only_changed = true;
	scan_ok(&rq, &f);
	assert_int_equal(f.st.denied_len, 2);
	found_free(&f);
}

static void scan_counts_process_whose_links_are_refused_as_denied(void **state)
{
	struct scan_request rq = request(*state);
	struct fixture *fx = *state;
	struct found f = {0};

	fixture_add_process(fx, 42, "server");
	fixture_add_fd(fx, 42, 42, 3, "socket:[1001]");
	/* Listable, but not to be looked into: as with an undumpable process. */
	assert_int_equal(fchmodat(fx->root_fd, "42/fd", 0400, 0), 0);
	fixture_drop_root(fx);
	scan_ok(&rq, &f);
	assert_int_equal(f.st.denied_len, 1);
	assert_int_equal(f.st.processes, 0);
	found_free(&f);
}

static void scan_does_not_count_unreadable_zombie_or_kernel_thread(void **state)
{
	struct scan_request rq = request(*state);
	struct fixture *fx = *state;
	struct found f = {0};
	static const char kthread[] = "43 (kworker/0:0) I 2 0 0 0 -1 69238880 0 0 0 0 0 0 0 0\n";

	fixture_add_process(fx, 42, "zombie");
	fixture_set_stat(fx, 42, "zombie", 'Z', 1, 42);
	fixture_add_process(fx, 43, "kworker/0:0");
	fixture_write(fx, "43/stat", kthread, sizeof(kthread) - 1);
	assert_int_equal(fchmodat(fx->root_fd, "42/fd", 0, 0), 0);
	assert_int_equal(fchmodat(fx->root_fd, "43/fd", 0, 0), 0);
	fixture_drop_root(fx);
	scan_ok(&rq, &f);
	assert_int_equal(f.st.denied_len, 0);
	found_free(&f);
}

/* True if a descriptor was noted as a way to sockets. */
static bool has_sight(const struct found *f, struct scan_sight sight)
{
	for (size_t i = 0; i < f->st.sights_len; i++) {
		const struct scan_sight *s = &f->st.sights[i];
		if (s->pid == sight.pid && s->tid == sight.tid && s->fd == sight.fd &&
		    s->kind == sight.kind && s->inode == sight.inode)
			return true;
	}
	return false;
}

/* Two processes; one has a thread with a table of its own. */
static void add_sights(struct fixture *fx)
{
	fixture_add_process(fx, 42, "server");
	fixture_add_fd(fx, 42, 42, 3, "socket:[1001]");
	fixture_add_fd(fx, 42, 42, 4, "anon_inode:[io_uring]");
	fixture_add_fd(fx, 42, 42, 5, "net:[4026532286]");
	fixture_add_fd(fx, 42, 42, 6, "net:[4026532286]");
	fixture_add_fd(fx, 42, 42, 7, "mnt:[4026532287]");
	fixture_add_fd(fx, 42, 42, 8, "anon_inode:[eventpoll]");
	fixture_add_fd(fx, 42, 42, 9, "/net:[4026532288]");
	fixture_add_thread(fx, 42, 44, "worker");
	fixture_add_fd(fx, 42, 44, 4, "anon_inode:[io_uring]");
	fixture_add_process(fx, 43, "client");
	fixture_add_fd(fx, 43, 43, 0, "net:[4026531840]");
}

static void scan_notes_rings_and_namespaces(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	add_sights(*state);
	rq.threads = SCAN_THREADS_ALL;
	scan_ok(&rq, &f);
	assert_holders(&f, "1001:42/42/3");
	assert_int_equal(f.holders.v[0].kind, HOLDER_FD);
	assert_int_equal(f.st.sights_len, 5);
	assert_true(has_sight(&f, (struct scan_sight){42, 42, 4, PROCFS_LINK_RING, 0}));
	assert_true(has_sight(&f, (struct scan_sight){42, 42, 5, PROCFS_LINK_NETNS, 4026532286}));
	assert_true(has_sight(&f, (struct scan_sight){42, 42, 6, PROCFS_LINK_NETNS, 4026532286}));
	assert_true(has_sight(&f, (struct scan_sight){42, 44, 4, PROCFS_LINK_RING, 0}));
	assert_true(has_sight(&f, (struct scan_sight){43, 43, 0, PROCFS_LINK_NETNS, 4026531840}));
	/* A scan of all processes stands for itself. */
	scan_ok(&rq, &f);
	assert_int_equal(f.st.sights_len, 5);
	found_free(&f);
}

static void scan_notes_them_where_no_socket_is_wanted(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	add_sights(*state);
	rq.inode_count = 0;
	scan_ok(&rq, &f);
	assert_holders(&f, "");
	assert_int_equal(f.processes.len, 0);
	assert_int_equal(f.st.sights_len, 4); /* without the thread's */
	found_free(&f);
}

static void scan_notes_them_of_processes_that_are_wanted(void **state)
{
	struct scan_request rq = request(*state);
	struct found f = {0};

	add_sights(*state);
	rq.wants = wants_command;
	rq.ctx = "client";
	scan_ok(&rq, &f);
	assert_int_equal(f.st.sights_len, 1);
	assert_int_equal(f.st.sights[0].pid, 43);
	found_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(scan_finds_wanted_sockets_only),
		fixture_test(scan_finds_nothing_when_nothing_is_wanted),
		fixture_test(scan_finds_every_socket_when_asked),
		fixture_test(scan_finds_all_holders_of_one_socket),
		fixture_test(scan_passes_over_links_that_are_no_sockets),
		fixture_test(scan_loads_each_holding_process_once),
		fixture_test(scan_appends_to_what_is_there),
		fixture_test(scan_passes_over_entries_that_are_no_processes),
		fixture_test(scan_takes_vanished_process_as_no_holder),
		fixture_test(scan_skips_processes_that_are_not_wanted),
		fixture_test(scan_sorts_tables_by_pid),
		fixture_test(scan_only_changed_asks_all_where_sizes_do_not_tell),
		fixture_test(scan_counts_unreadable_process_as_denied),
		fixture_test(scan_counts_process_whose_links_are_refused_as_denied),
		fixture_test(scan_does_not_count_unreadable_zombie_or_kernel_thread),
		fixture_test(scan_notes_rings_and_namespaces),
		fixture_test(scan_notes_them_where_no_socket_is_wanted),
		fixture_test(scan_notes_them_of_processes_that_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
