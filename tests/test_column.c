/* The cells of a row: what each column prints, and that it harms no terminal. */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "column.h"
#include "escape.h"
#include "join.h"
#include "peer.h"
#include "snapshot.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What a style borrows from; alice is 1000, and 1001 has no name. */
struct scene {
	struct names names;
	struct snapshot snap;
	struct column_style style;
};

static void scene_init(struct scene *sc)
{
	*sc = (struct scene){0};
	make_names(&sc->names);
	sc->names.users = calloc(2, sizeof(*sc->names.users));
	sc->names.hosts = calloc(1, sizeof(*sc->names.hosts));
	assert_true(sc->names.users && sc->names.hosts);
	sc->names.users[sc->names.users_len++] = (struct names_user){1000, strdup("alice")};
	sc->names.users[sc->names.users_len++] = (struct names_user){1001, NULL};
	sc->names.hosts[sc->names.hosts_len++] =
		(struct names_host){make_addr("192.0.2.1", 0), strdup("example")};
	sc->style = (struct column_style){.names = &sc->names, .command_width = 15};
}

static void scene_free(struct scene *sc)
{
	snapshot_free(&sc->snap);
	names_free(&sc->names);
}

static void assert_cell(enum column_id id, const struct column_style *style, const struct row *row,
			const char *expected)
{
	struct buf b = {0};

	column_add(id, style, row, &b);
	assert_buf(&b, expected);
	buf_free(&b);
}

static struct process process(pid_t pid, const char *command, size_t len)
{
	struct process p = {.pid = pid, .tid = pid, .ppid = 1, .pgid = 800, .uid = 1000};

	p.command_len = (uint8_t)len;
	memcpy(p.command, command, len);
	return p;
}

static void every_title_is_parsed_in_any_case(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		const char *title = column_title((enum column_id)i);
		enum column_id id = COLUMN_COUNT;
		char lower[32] = "";
		assert_true(column_parse(title, strlen(title), &id));
		assert_int_equal(id, i);
		for (size_t c = 0; title[c]; c++)
			lower[c] = (char)(title[c] >= 'A' && title[c] <= 'Z' ? title[c] + 32 : title[c]);
		id = COLUMN_COUNT;
		assert_true(column_parse(lower, strlen(lower), &id));
		assert_int_equal(id, i);
	}
}

static void other_names_are_no_columns(void **state)
{
	static const char *const names[] = {"", "PI", "PIDS", "SIZE/", "SIZE/O", "OFF", "/", " PID"};
	enum column_id id = COLUMN_COUNT;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_false(column_parse(names[i], strlen(names[i]), &id));
	assert_int_equal(id, COLUMN_COUNT);
	assert_true(column_parse("Size,PID", 4, &id));
	assert_int_equal(id, COLUMN_SIZE);
}

static void columns_name_the_facts_they_need(void **state)
{
	(void)state;
	assert_int_equal(column_facts(COLUMN_PID), 0);
	assert_int_equal(column_facts(COLUMN_PPID), PROCESS_STAT);
	assert_int_equal(column_facts(COLUMN_START), PROCESS_STAT);
	assert_int_equal(column_facts(COLUMN_ARGS), PROCESS_ARGS);
	assert_int_equal(column_facts(COLUMN_CWD), PROCESS_CWD);
	assert_int_equal(column_facts(COLUMN_TASKCMD), PROCESS_TASK);
	assert_int_equal(column_facts(COLUMN_UNIT), PROCESS_CGROUP);
	assert_int_equal(column_facts(COLUMN_CONTAINER), PROCESS_CGROUP);
	assert_int_equal(column_facts(COLUMN_PEER), 0);
}

static void held_row_prints_holder_and_socket(void **state)
{
	static char args[] = "nginx\0-g\0daemon off;", cwd[] = "/srv/a b";
	static char cgroup[] = "/lxc/we b/system.slice/nginx.service";
	static const struct {
		enum column_id id;
		const char *expected;
	} cases[] = {
		{COLUMN_COMMAND, "nginx\\x20w"}, {COLUMN_PID, "811"},
		{COLUMN_TID, "812"},             {COLUMN_TASKCMD, "worker"},
		{COLUMN_PPID, "1"},              {COLUMN_PGID, "800"},
		{COLUMN_USER, "alice"},          {COLUMN_FD, "12345u"},
		{COLUMN_TYPE, "IPv4"},           {COLUMN_DEVICE, "31415"},
		{COLUMN_SIZE, "0t0"},            {COLUMN_NODE, "TCP"},
		{COLUMN_NAME, "*:80 (LISTEN)"},  {COLUMN_STATE, "LISTEN"},
		{COLUMN_LOCAL, "*:80"},          {COLUMN_REMOTE, "*:*"},
		{COLUMN_INODE, "31415"},         {COLUMN_NETNS, "4026531840"},
		{COLUMN_UID, "33"},              {COLUMN_ARGS, "nginx -g daemon off;"},
		{COLUMN_CWD, "/srv/a\\x20b"},        {COLUMN_START, "2001-09-09T01:48:20"},
		{COLUMN_UNIT, "nginx.service"},  {COLUMN_CONTAINER, "we\\x20b"},
		{COLUMN_RECVQ, "7"},             {COLUMN_SENDQ, "128"},
		{COLUMN_PEER, "-"},              {COLUMN_REASON, "-"},
	};
	struct scene sc;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 31415);
	struct process p = process(811, "nginx w", 7), task = process(811, "worker", 6);
	struct holder h = {31415, 811, 812, 12345, HOLDER_FD};
	struct row row = {.sock = &s, .holder = &h, .process = &p, .task = &task};

	(void)state;
	scene_init(&sc);
	s.uid = 33; /* opened it; the effective uid now is another */
	s.netns = 4026531840U;
	s.rqueue = 7;
	s.wqueue = 128;
	p.args = args;
	p.args_len = sizeof(args);
	p.cwd = cwd;
	p.cgroup = cgroup;
	p.start_ticks = 100 * (uint64_t)sysconf(_SC_CLK_TCK);
	sc.style.boot_time = 1000000000;
	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_cell(cases[i].id, &sc.style, &row, cases[i].expected);
	assert_int_equal(COUNT(cases), COLUMN_COUNT);
	scene_free(&sc);
}

static void unheld_row_prints_dashes(void **state)
{
	static const enum column_id ids[] = {COLUMN_COMMAND, COLUMN_PID,  COLUMN_TID, COLUMN_TASKCMD,
					     COLUMN_PPID,    COLUMN_PGID, COLUMN_FD,  COLUMN_ARGS,
					     COLUMN_CWD,     COLUMN_START, COLUMN_NETNS,
					     COLUMN_UNIT,    COLUMN_CONTAINER, COLUMN_PEER};
	struct scene sc;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 31415);
	struct row row = {.sock = &s, .reason = REASON_PERMISSION};

	(void)state;
	scene_init(&sc);
	sc.style.boot_time = 1000000000;
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_cell(ids[i], &sc.style, &row, "-");
	/* The socket's owner. */
	assert_cell(COLUMN_USER, &sc.style, &row, "alice");
	assert_cell(COLUMN_TYPE, &sc.style, &row, "IPv6");
	assert_cell(COLUMN_REASON, &sc.style, &row, "hidden: permission");
	assert_cell(COLUMN_NAME, &sc.style, &row, "*:80 (LISTEN) [hidden: permission]");
	sc.style.numeric_users = true;
	assert_cell(COLUMN_USER, &sc.style, &row, "1000");
	sc.style.numeric_users = false;
	s.uid = 1001;
	assert_cell(COLUMN_USER, &sc.style, &row, "1001");
	s.uid_known = false;
	assert_cell(COLUMN_USER, &sc.style, &row, "-");
	assert_cell(COLUMN_UID, &sc.style, &row, "-");
	scene_free(&sc);
}

static void what_was_not_read_is_a_dash(void **state)
{
	static const enum column_id ids[] = {COLUMN_COMMAND, COLUMN_TID,   COLUMN_TASKCMD,
					     COLUMN_ARGS,    COLUMN_CWD,   COLUMN_START,
					     COLUMN_UNIT,    COLUMN_CONTAINER};
	struct scene sc;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct process p = process(811, "", 0);
	struct holder h = {1, 811, 811, 3, HOLDER_FD};

	(void)state;
	scene_init(&sc);
	for (size_t i = 0; i < COUNT(ids); i++)
		assert_cell(ids[i], &sc.style,
			    &(struct row){.snap = &sc.snap, .sock = &s, .holder = &h, .process = &p}, "-");
	scene_free(&sc);
}

static void socket_cells_follow_its_kind(void **state)
{
	struct sock raw = make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "0.0.0.0", 1, 5),
		    raw6 = make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "::", 58, 6),
		    lite = make_sock(SOCK_PROTO_UDPLITE, SOCK_STATE_UNCONNECTED, "::1", 9, 7),
		    u = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/run/x", 8),
		    unnamed = make_unix(SOCK_STATE_CONNECTED, SOCK_DGRAM, NULL, 9),
		    other = {.proto = SOCK_PROTO_OTHER, .inode = 10, .name = "NETLINK", .name_len = 7},
		    strange = {.proto = SOCK_PROTO_OTHER, .inode = 11};
	const struct {
		const struct sock *s;
		const char *type, *device, *node, *name, *state, *local, *remote, *queue;
	} cases[] = {
		{&raw, "raw", "5", "RAW", "*:1", "UNCONNECTED", "*:1", "*:*", "0"},
		{&raw6, "raw6", "6", "RAW", "*:58", "UNCONNECTED", "*:58", "*:*", "0"},
		{&lite, "IPv6", "7", "UDPLITE", "[::1]:9", "UNCONNECTED", "[::1]:9", "*:*", "0"},
		{&u, "unix", "0x00000000deadbeef", "8", "/run/x type=STREAM (LISTEN)", "LISTEN",
		 "/run/x", "-", "-"},
		{&unnamed, "unix", "0x0000000000000000", "9", "type=DGRAM (CONNECTED)", "CONNECTED",
		 "-", "-", "-"},
		{&other, "sock", "10", "10", "protocol: NETLINK", "-", "-", "-", "-"},
		{&strange, "sock", "11", "11", "protocol: unknown", "-", "-", "-", "-"},
	};
	struct scene sc;

	(void)state;
	scene_init(&sc);
	u.cookie = 0xdeadbeef;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct row row = {.sock = cases[i].s};
		assert_cell(COLUMN_TYPE, &sc.style, &row, cases[i].type);
		assert_cell(COLUMN_DEVICE, &sc.style, &row, cases[i].device);
		assert_cell(COLUMN_NODE, &sc.style, &row, cases[i].node);
		assert_cell(COLUMN_NAME, &sc.style, &row, cases[i].name);
		assert_cell(COLUMN_STATE, &sc.style, &row, cases[i].state);
		assert_cell(COLUMN_LOCAL, &sc.style, &row, cases[i].local);
		assert_cell(COLUMN_REMOTE, &sc.style, &row, cases[i].remote);
		assert_cell(COLUMN_RECVQ, &sc.style, &row, cases[i].queue);
		assert_cell(COLUMN_SENDQ, &sc.style, &row, cases[i].queue);
	}
	scene_free(&sc);
}

static void name_shows_ends_and_state(void **state)
{
	struct sock conn = make_connection(SOCK_STATE_ESTABLISHED, "192.0.2.1", 80, "192.0.2.9",
					   50000, 1),
		    mapped = make_connection(SOCK_STATE_CLOSE_WAIT, "::ffff:192.0.2.1", 443,
					     "::ffff:192.0.2.9", 50000, 1),
		    v6 = make_connection(SOCK_STATE_SYN_SENT, "2001:db8::1", 5, "::1", 80, 1),
		    bound = make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "127.0.0.1", 80, 1),
		    udp = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 53, 1),
		    u = make_unix(SOCK_STATE_LISTEN, SOCK_SEQPACKET, "@x", 1);
	const struct {
		const struct sock *s;
		struct column_style style;
		const char *expected;
	} cases[] = {
		{&conn, {0}, "192.0.2.1:80->192.0.2.9:50000 (ESTABLISHED)"},
		{&mapped, {0}, "192.0.2.1:443->192.0.2.9:50000 (CLOSE_WAIT)"},
		{&v6, {0}, "[2001:db8::1]:5->[::1]:80 (SYN_SENT)"},
		{&bound, {0}, "127.0.0.1:80 (BOUND)"},
		{&udp, {0}, "*:53"},
		{&bound, {.hide_state = true}, "127.0.0.1:80"},
		{&u, {.hide_state = true}, "@x type=SEQPACKET"},
		{&bound, {.show_queues = true}, "127.0.0.1:80 (BOUND QR=0 QS=0)"},
		{&bound, {.show_queues = true, .hide_state = true}, "127.0.0.1:80 (QR=0 QS=0)"},
		{&udp, {.show_queues = true}, "*:53 (QR=0 QS=0)"},
		{&u, {.show_queues = true}, "@x type=SEQPACKET (LISTEN)"},
		{&udp, {.service_names = true}, "*:domain"},
		{&conn, {.service_names = true}, "192.0.2.1:http->192.0.2.9:50000 (ESTABLISHED)"},
	};
	struct scene sc;

	(void)state;
	scene_init(&sc);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct column_style style = cases[i].style;
		style.names = &sc.names;
		assert_cell(COLUMN_NAME, &style, &(struct row){.snap = &sc.snap, .sock = cases[i].s}, cases[i].expected);
	}
	/* The wildcard is nobody's host. */
	sc.style.host_names = true;
	udp.local = make_addr("192.0.2.1", 53);
	assert_cell(COLUMN_LOCAL, &sc.style, &(struct row){.snap = &sc.snap, .sock = &udp}, "example:53");
	assert_cell(COLUMN_REMOTE, &sc.style, &(struct row){.snap = &sc.snap, .sock = &udp}, "*:*");
	scene_free(&sc);
}

static void reasons_are_told(void **state)
{
	struct sock s = make_connection(SOCK_STATE_TIME_WAIT, "::1", 80, "::1", 5, 0);
	static const struct {
		enum reason reason;
		size_t denied;
		const char *expected;
	} cases[] = {
		{REASON_NONE, 0, "-"},
		{REASON_PERMISSION, 1, "hidden: permission"},
		{REASON_PIDNS, 0, "not visible from this pid namespace"},
		{REASON_UNKNOWN, 0, "unknown: kernel, or in flight"},
		{REASON_UNKNOWN, 37, "unknown: kernel, or one of 37 unreadable processes"},
		{REASON_TIME_WAIT, 0, "time-wait: 41 s"},
		{REASON_ORPHAN, 0, "orphan"},
		{REASON_NOT_ACCEPTED, 0, "not accepted yet"},
	};
	struct scene sc;

	(void)state;
	scene_init(&sc);
	s.timer_ms = 41000;
	for (size_t i = 0; i < COUNT(cases); i++) {
		sc.snap.scan.denied_len = cases[i].denied;
		assert_cell(COLUMN_REASON, &sc.style,
			    &(struct row){.snap = &sc.snap, .sock = &s, .reason = cases[i].reason}, cases[i].expected);
	}
	sc.style.colour_reason = true;
	assert_cell(COLUMN_NAME, &sc.style, &(struct row){.snap = &sc.snap, .sock = &s, .reason = REASON_ORPHAN},
		    "[::1]:80->[::1]:5 (TIME_WAIT) \033[33m[orphan]\033[m");
	scene_free(&sc);
}

static void add_holder(struct snapshot *snap, uint64_t inode, pid_t pid, int fd)
{
	struct process p = process(pid, "nginx", 5);
	struct holder h = {inode, pid, pid, fd, HOLDER_FD};

	assert_int_equal(holder_index_add(&snap->holders, &h), 0);
	assert_int_equal(process_table_add(&snap->processes, &p), 0);
}

static void unaccepted_connection_names_holders_of_its_listener(void **state)
{
	static const struct {
		size_t listeners; /* inodes 100, 101 ... */
		size_t held;      /* holders given: of inode, by pid; each with two descriptors */
		struct {
			uint64_t inode;
			pid_t pid;
		} holders[4];
		const char *expected;
	} cases[] = {
		{0, 0, {{0, 0}}, "not accepted yet"},
		{1, 0, {{0, 0}}, "not accepted yet: its listener's holder is hidden"},
		{1, 1, {{100, 811}}, "not accepted yet: nginx,811"},
		{1, 2, {{100, 811}, {100, 812}}, "not accepted yet: nginx,811 nginx,812"},
		{2, 2, {{100, 811}, {101, 812}}, "not accepted yet: one of nginx,811 nginx,812"},
		{1, 4, {{100, 1}, {100, 2}, {100, 3}, {100, 4}},
		 "not accepted yet: nginx,1 nginx,2 nginx,3 ..."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock conn = make_connection(SOCK_STATE_ESTABLISHED, "192.0.2.1", 80,
						   "192.0.2.9", 5, 0);
		struct scene sc;
		scene_init(&sc);
		for (size_t j = 0; j < cases[i].listeners; j++) {
			struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80,
						  100 + j);
			assert_int_equal(sock_table_add(&sc.snap.socks, &s), 0);
		}
		for (size_t j = 0; j < cases[i].held; j++) {
			add_holder(&sc.snap, cases[i].holders[j].inode, cases[i].holders[j].pid, 3);
			add_holder(&sc.snap, cases[i].holders[j].inode, cases[i].holders[j].pid, 4);
		}
		holder_index_sort(&sc.snap.holders);
		process_table_sort(&sc.snap.processes);
		assert_int_equal(peer_index_build(&sc.snap.listeners, &sc.snap.socks), 0);
		assert_cell(COLUMN_REASON, &sc.style,
			    &(struct row){.snap = &sc.snap, .sock = &conn, .reason = REASON_NOT_ACCEPTED},
			    cases[i].expected);
		scene_free(&sc);
	}
}

static void peer_is_who_has_the_other_end(void **state)
{
	struct sock a = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 20), b = a;
	struct row row = {.sock = &a};
	struct scene sc;
	struct world w;
	struct ends e;

	(void)state;
	scene_init(&sc);
	world_init(&w);
	a.peer = 21;
	b.inode = 21;
	b.peer = 20;
	world_add(&w, &b);
	world_hold(&w, 21, 811, 3);
	world_hold(&w, 21, 812, 4);
	world_find(&w, &(struct row_list){.v = &row, .len = 1}, &e);
	assert_cell(COLUMN_PEER, &sc.style, &row, "-"); /* not asked for */
	sc.style.ends = &e;
	assert_cell(COLUMN_PEER, &sc.style, &row, "811,cmd811,3u 812,cmd812,4u");
	/* NAME has it only with -E. */
	assert_cell(COLUMN_NAME, &sc.style, &row, "type=STREAM (CONNECTED)");
	sc.style.name_ends = true;
	assert_cell(COLUMN_NAME, &sc.style, &row,
		    "type=STREAM ->INO=21 811,cmd811,3u 812,cmd812,4u (CONNECTED)");
	row.sock = &b; /* nobody has looked for its other end */
	sc.style.name_ends = false;
	assert_cell(COLUMN_PEER, &sc.style, &row, "-");
	ends_free(&e);
	scene_free(&sc);
}

static void command_is_cut_at_its_width(void **state)
{
	static const struct {
		size_t width;
		const char *expected;
	} cases[] = {{15, "kworker/0123456"}, {3, "kwo"}, {0, "kworker/0123456789"},
		     {4096, "kworker/0123456789"}};
	struct scene sc;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct process p = process(2, "kworker/0123456789", 18);

	(void)state;
	scene_init(&sc);
	for (size_t i = 0; i < COUNT(cases); i++) {
		sc.style.command_width = cases[i].width;
		assert_cell(COLUMN_COMMAND, &sc.style, &(struct row){.snap = &sc.snap, .sock = &s, .process = &p},
			    cases[i].expected);
	}
	scene_free(&sc);
}

static void no_cell_is_empty_or_has_control_bytes(void **state)
{
	static char hostile[] = "\033[2J\n\t\x7f\x9b\xc2\x9bm \\\0x\r";
	struct scene sc;
	struct sock u = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, hostile, 1),
		    other = {.proto = SOCK_PROTO_OTHER, .name = hostile, .name_len = sizeof(hostile)};
	struct process p = process(811, hostile, sizeof(hostile));
	struct holder h = {1, 811, 812, 3, HOLDER_FD};
	const struct row rows[] = {
		{.sock = &u, .holder = &h, .process = &p, .task = &p},
		{.sock = &other, .holder = &h, .process = &p},
		{.snap = &sc.snap, .sock = &u, .reason = REASON_UNKNOWN},
	};

	(void)state;
	scene_init(&sc);
	u.name_len = sizeof(hostile);
	p.args = p.cwd = p.cgroup = hostile;
	p.args_len = sizeof(hostile);
	for (size_t i = 0; i < COUNT(rows) * COLUMN_COUNT * 2; i++) {
		struct buf b = {0};
		sc.style.escape = i % 2 ? ESCAPE_UTF8 : 0;
		column_add((enum column_id)(i / 2 % COLUMN_COUNT), &sc.style,
			   &rows[i / 2 / COLUMN_COUNT], &b);
		assert_true(b.len > 0);
		for (size_t c = 0; c < b.len; c++)
			assert_in_range((unsigned char)b.data[c], ' ', '~');
		buf_free(&b);
	}
	scene_free(&sc);
}

static void args_cell_of_empty_argument_is_not_empty(void **state)
{
	static char args[] = "";
	struct scene sc;
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct process p = process(811, "x", 1);
	struct buf b = {0};

	(void)state;
	scene_init(&sc);
	p.args = args; /* execv(path, {"", NULL}) */
	p.args_len = 1;
	column_add(COLUMN_ARGS, &sc.style, &(struct row){.snap = &sc.snap, .sock = &s, .process = &p}, &b);
	assert_true(b.len > 0);
	buf_free(&b);
	scene_free(&sc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_title_is_parsed_in_any_case),
		cmocka_unit_test(other_names_are_no_columns),
		cmocka_unit_test(columns_name_the_facts_they_need),
		cmocka_unit_test(held_row_prints_holder_and_socket),
		cmocka_unit_test(unheld_row_prints_dashes),
		cmocka_unit_test(what_was_not_read_is_a_dash),
		cmocka_unit_test(socket_cells_follow_its_kind),
		cmocka_unit_test(name_shows_ends_and_state),
		cmocka_unit_test(reasons_are_told),
		cmocka_unit_test(unaccepted_connection_names_holders_of_its_listener),
		cmocka_unit_test(peer_is_who_has_the_other_end),
		cmocka_unit_test(command_is_cut_at_its_width),
		cmocka_unit_test(no_cell_is_empty_or_has_control_bytes),
		cmocka_unit_test(args_cell_of_empty_argument_is_not_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
