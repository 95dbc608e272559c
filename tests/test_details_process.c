/* Cards of processes, byte by byte: what stands where, what is left out, what is never cut. */
#define _GNU_SOURCE
#include "details_fixture.h"

#include <time.h>
#include <unistd.h>

static void cards_of_a_process_and_its_sockets(void **state)
{
	struct sock s = listener(), t = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::1", 53, 9);
	struct page p;

	(void)state;
	page_init(&p);
	assert_page(&p, "");
	rows_add_process(&p.r, 811, "nginx");
	rows_add_held(&p.r, 6, &s);
	rows_add_held(&p.r, 7, &t);
	assert_page(&p, "nginx,811\n"
			"  user         alice (1000)\n"
			"\n"
			"nginx,811 6u IPv4 TCP *:80 (LISTEN)\n"
			"  inode        31415\n"
			"  owner        alice (1000)\n"
			"  backlog      0 connections wait\n"
			"\n"
			"nginx,811 7u IPv6 UDP [::1]:53\n"
			"  inode        9\n"
			"  owner        alice (1000)\n"
			"  queues       0 bytes to be read, 0 bytes to be sent\n");
	page_free(&p);
}

static void process_has_all_its_facts(void **state)
{
	struct process init = {.pid = 1, .tid = 1, .command = "systemd", .command_len = 7};
	struct process sshd = {.pid = 90, .tid = 90, .ppid = 1, .command = "sshd", .command_len = 4};
	const uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	char args[] = "nginx\0-g\0daemon off;";
	struct sock s = listener();
	struct page p;

	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "nginx");
	q->ppid = 90;
	q->start_ticks = 60 * hz;
	q->args = args;
	q->args_len = sizeof(args);
	q->cwd = (char[]){"/srv/my site"};
	q->cgroup = (char[]){"/system.slice/docker-0123456789abcdef0123456789abcdef"
			     "0123456789abcdef0123456789abcdef.scope"};
	p.detail = (struct process_detail){.exe = (char[]){"/usr/sbin/nginx"}, .exe_deleted = true,
					   .real_uid_known = true, .real_uid = 1001, .tty_major = 136,
					   .tty_minor = 3, .threads = 4, .fds = 23};
	q->detail = &p.detail;
	p.background.uptime = 11580;
	p.r.style.boot_time = 1700000000;
	assert_int_equal(process_table_add(&p.background.parents, &init), 0);
	assert_int_equal(process_table_add(&p.background.parents, &sshd), 0);
	rows_add_held(&p.r, 6, &s);
	assert_page_has(&p, "nginx,811\n"
			"  command      nginx -g daemon off;\n"
			"  exe          /usr/sbin/nginx (deleted)\n"
			"  cwd          /srv/my site\n"
			"  user         alice (1000), real 1001\n"
			"  started      2023-11-14 22:14:20, 3 h 12 min ago\n"
			"  parents      sshd,90 < systemd,1\n"
			"  terminal     pts/3\n"
			"  session      ssh, through sshd,90\n"
			"  unit         docker-0123456789abcdef0123456789abcdef"
			"0123456789abcdef0123456789abcdef.scope\n"
			"  container    0123456789ab\n"
			"  cgroup       /system.slice/docker-0123456789abcdef0123456789abcdef"
			"0123456789abcdef0123456789abcdef.scope\n"
			"  threads      4\n"
			"  descriptors  23\n"
			"\n");
	p.background.uptime = 60;
	assert_page_has(&p, "  started      2023-11-14 22:14:20, 0 s ago\n");
	p.r.style.numeric_users = true;
	assert_page_has(&p, "  user         1000, real 1001\n");
	p.detail.real_uid = 1000;
	assert_page_has(&p, "  user         1000\n");
	page_free(&p);
}

static void what_may_not_be_read_is_said_once(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "nginx");
	rows_add_held(&p.r, 6, &s);
	p.detail.is_denied = true;
	q->detail = &p.detail;
	assert_page_has(&p, "  not shown    exe, cwd: no permission to read them\n\n");
	p.detail.leader_ended = true;
	assert_page_has(&p, "  not shown    command, exe, cwd, descriptors: "
			    "the main thread has ended\n\n");
	q->detail = NULL;
	q->is_opaque = true;
	assert_page_has(&p, "  not shown    the rest: no permission to read it\n\n");
	q->is_opaque = false;
	q->is_gone = true;
	assert_page_has(&p, "  not shown    the rest: the process has ended\n\n");
	page_free(&p);
}

static void hostile_names_stay_in_their_line(void **state)
{
	char args[] = "x\n  exe          /bin/sh\033[2J";
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 7, "a,1\nb c\033");
	q->args = args;
	q->args_len = sizeof(args);
	q->cwd = (char[]){"/tmp/\nuser         root (0)"};
	p.detail.exe = (char[]){"/tmp/\tx\233"};
	q->detail = &p.detail;
	s.device = "eth\n0";
	s.bound_if = 2;
	rows_add_held(&p.r, 6, &s);
	assert_page_has(&p, "a\\x2c1\\nb\\x20c^[,7\n"
			    "  command      x\\n  exe          /bin/sh^[[2J\n"
			    "  exe          /tmp/\\tx\\x9b\n"
			    "  cwd          /tmp/\\nuser         root (0)\n");
	assert_page_has(&p, "  device       eth\\n0\n");
	page_free(&p);
}

static void parents_wrap_and_paths_do_not(void **state)
{
	char cwd[161], expected[256];
	struct sock s = listener();
	struct page p;

	(void)state;
	memset(cwd, '/', 160);
	cwd[160] = '\0';
	page_init(&p);
	struct process *q = rows_add_process(&p.r, 811, "nginx");
	q->cwd = cwd;
	q->ppid = 806;
	q->start_ticks = 9;
	for (pid_t pid = 801; pid < 807; pid++) {
		struct process parent = {.pid = pid, .tid = pid, .ppid = pid - 1,
					 .command = "some-parent", .command_len = 11};
		assert_int_equal(process_table_add(&p.background.parents, &parent), 0);
	}
	rows_add_held(&p.r, 6, &s);
	snprintf(expected, sizeof(expected), "  cwd          %s\n", cwd);
	assert_page_has(&p, expected);
	assert_page_has(&p, "  parents      some-parent,806 < some-parent,805 < some-parent,804 <\n"
			    "               some-parent,803 < some-parent,802 < some-parent,801\n");
	page_free(&p);
}

static void head_lines_stand_out(void **state)
{
	struct sock s = listener();
	struct page p;

	(void)state;
	page_init(&p);
	p.r.style.colour = p.r.style.colour_reason = true;
	rows_add_process(&p.r, 811, "nginx");
	rows_add_held(&p.r, 6, &s);
	assert_page_has(&p, "\033[1mnginx,811\033[m\n  user");
	assert_page_has(&p, "\n\n\033[1mnginx,811 6u IPv4 TCP *:80 (LISTEN)\033[m\n  inode");
	page_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cards_of_a_process_and_its_sockets),
		cmocka_unit_test(process_has_all_its_facts),
		cmocka_unit_test(what_may_not_be_read_is_said_once),
		cmocka_unit_test(hostile_names_stay_in_their_line),
		cmocka_unit_test(parents_wrap_and_paths_do_not),
		cmocka_unit_test(head_lines_stand_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
