/* lsof's field output: order, terminators, and which sockets have which fields. */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "rows_fixture.h"
#include "format_field.h"

#include <sys/socket.h>

/* Compare what is written; '|' stands for the NUL of -F0. */
static void assert_fields(const struct rows *r, const char *letters, bool hide_queues,
			  const char *expected)
{
	struct field_format format = {.style = &r->style, .hide_queues = hide_queues};
	int fd = rows_open();
	size_t len;

	assert_true(field_choice_add(&format.choice, letters));
	assert_int_equal(format_field_write(&format, &r->list, fd), 0);
	char *text = rows_close(fd, &len);
	for (size_t i = 0; i < len; i++) {
		assert_true(text[i] != '|');
		if (text[i] == '\0')
			text[i] = '|';
	}
	assert_bytes(text, len, expected);
	free(text);
}

/* The rows of lsof's own output that is quoted below. */
static void add_python(struct rows *r)
{
	struct sock tcp = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 39929,
				    14465489),
		    udp = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "127.0.0.1", 53394,
				    14465490),
		    u = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/tmp/lx.16613", 14465491);
	struct process *p = rows_add_process(r, 16613, "python3");

	p->ppid = p->pgid = 16608;
	u.cookie = 0xfe4cc46a;
	tcp.rqueue = 1;
	const struct sock *socks[] = {&tcp, &udp, &u};
	for (int i = 0; i < 3; i++) {
		struct row *row = rows_add_held(r, 3 + i, socks[i]);
		row->flags = 02000002;
		row->flags_known = true;
	}
}

/* lsof -nP -p 16613 -F, revision 4.95.0; but for the user. */
static void fields_are_those_of_lsof(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r);
	add_python(&r);
	assert_fields(&r, "", false,
		      "p16613\ng16608\nR16608\ncpython3\nu1000\nLalice\n"
		      "f3\nau\nl \ntIPv4\nG0x80002;0x0\nd14465489\no0t0\nPTCP\nn127.0.0.1:39929\n"
		      "TST=LISTEN\nTQR=1\nTQS=0\n"
		      "f4\nau\nl \ntIPv4\nG0x80002;0x0\nd14465490\no0t0\nPUDP\nn127.0.0.1:53394\n"
		      "TQR=0\nTQS=0\n"
		      "f5\nau\nl \ntunix\nG0x80002;0x0\nd0x00000000fe4cc46a\no0t0\ni14465491\n"
		      "n/tmp/lx.16613 type=STREAM\nTST=LISTEN\n");
	rows_free(&r);
}

/* lsof -nP -p 16613 -d 3,4 -F0: a set ends in a newline. */
static void sets_end_in_a_newline_behind_nul(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r);
	add_python(&r);
	r.list.len = 2;
	assert_fields(&r, "0", false,
		      "p16613|g16608|R16608|cpython3|u1000|Lalice|\n"
		      "f3|au|l |tIPv4|G0x80002;0x0|d14465489|o0t0|PTCP|n127.0.0.1:39929|"
		      "TST=LISTEN|TQR=1|TQS=0|\n"
		      "f4|au|l |tIPv4|G0x80002;0x0|d14465490|o0t0|PUDP|n127.0.0.1:53394|"
		      "TQR=0|TQS=0|\n");
	/* Without any field a set is nothing, as lsof -Fp0 has it. */
	assert_fields(&r, "p0", false, "p16613|\n");
	assert_fields(&r, "a0", false, "p16613|\nau|\nau|\n");
	rows_free(&r);
}

static void order_of_letters_changes_nothing(void **state)
{
	static const char *const orders[] = {"pcfnPT", "TPnfcp", "fcpnTP", "nT0"};
	struct rows r;

	(void)state;
	rows_init(&r);
	add_python(&r);
	r.list.len = 1;
	for (size_t i = 0; i < 3; i++)
		assert_fields(&r, orders[i], false,
			      "p16613\ncpython3\nf3\nPTCP\nn127.0.0.1:39929\nTST=LISTEN\nTQR=1\n"
			      "TQS=0\n");
	assert_fields(&r, orders[3], false,
		      "p16613|\nn127.0.0.1:39929|TST=LISTEN|TQR=1|TQS=0|\n");
	rows_free(&r);
}

static void process_is_always_there_and_once(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r);
	assert_fields(&r, "", false, "");
	add_python(&r);
	assert_fields(&r, "p", false, "p16613\n");
	assert_fields(&r, "n", false,
		      "p16613\nn127.0.0.1:39929\nn127.0.0.1:53394\nn/tmp/lx.16613 type=STREAM\n");
	/* Fields of files, which sockets do not have. */
	assert_fields(&r, "CDFkNrsSzZm", false, "p16613\n");
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	rows_add_process(&r, 16700, "nginx");
	rows_add_held(&r, 12345, &s);
	assert_fields(&r, "cf", false, "p16613\ncpython3\nf3\nf4\nf5\np16700\ncnginx\nf12345\n");
	rows_free(&r);
}

static void sockets_without_holder_are_left_out(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_unheld(&r, &s, REASON_PERMISSION);
	assert_fields(&r, "", false, "");
	assert_fields(&r, "0", false, "");
	rows_free(&r);
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	rows_add_unheld(&r, &s, REASON_TIME_WAIT);
	assert_fields(&r, "fn", false, "p811\nf6\nn*:80\n");
	rows_free(&r);
}

static void threads_are_sets_of_their_own(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	struct process task = {.pid = 811, .tid = 812, .command = "work\n", .command_len = 5};
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	for (int fd = 6; fd < 8; fd++) {
		struct row *row = rows_add_held(&r, fd, &s);
		row->task = &task;
		rows_holder(&r, row)->tid = 812;
	}
	assert_fields(&r, "pKMcf", false,
		      "p811\ncnginx\nf6\np811\nK812\nMwork\\n\ncnginx\nf6\nf7\n");
	/* As lsof: K, M, g, R, c, u, L. */
	assert_fields(&r, "KMgRcuLf0", false,
		      "p811|g811|R1|cnginx|u1000|Lalice|\nf6|\n"
		      "p811|K812|Mwork\n|g811|R1|cnginx|u1000|Lalice|\nf6|\nf7|\n");
	rows_free(&r);
}

static void unknown_facts_are_left_out(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	struct process *p = rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	p->uid = 1001; /* without name */
	p->is_gone = true;
	assert_fields(&r, "gRcuLfG", false, "p811\ncnginx\nu1001\nf6\n");
	p->uid = 1000;
	r.style.numeric_users = true;
	assert_fields(&r, "uL", false, "p811\nu1000\n");
	rows_free(&r);
}

static void tcp_info_is_a_field_each(void **state)
{
	struct sock s = make_connection(SOCK_STATE_CLOSE_WAIT, "::1", 80, "::1", 5, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	struct row *row = rows_add_held(&r, 6, &s);
	r.socks[0].rqueue = 4294967295U;
	r.socks[0].wqueue = 7;
	assert_fields(&r, "T", false, "p811\nTST=CLOSE_WAIT\nTQR=4294967295\nTQS=7\n");
	assert_fields(&r, "T", true, "p811\nTST=CLOSE_WAIT\n");
	r.style.hide_state = true;
	assert_fields(&r, "T", false, "p811\nTQR=4294967295\nTQS=7\n");
	assert_fields(&r, "fT", true, "p811\nf6\n");
	r.style.hide_state = false;
	r.socks[0].is_scanned = true; /* its queues are not known */
	assert_fields(&r, "T0", false, "p811|\nTST=CLOSE_WAIT|\n");
	/* Unix sockets have a state, and no queues for lsof. */
	r.socks[1] = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 2);
	r.socks[1].name_is_exact = true;
	row->sock = &r.socks[1];
	assert_fields(&r, "T", false, "p811\nTST=CONNECTED\n");
	rows_free(&r);
}

static void kinds_have_inode_or_device(void **state)
{
	const struct {
		struct sock s;
		const char *expected;
	} cases[] = {
		{make_sock(SOCK_PROTO_MPTCP, SOCK_STATE_LISTEN, "::", 80, 7),
		 "tIPv6\nd7\no0t0\nPMPTCP\nn*:80\n"},
		{make_sock(SOCK_PROTO_UDPLITE, SOCK_STATE_UNCONNECTED, "::1", 9, 7),
		 "tIPv6\nd7\no0t0\nPUDPLITE\nn[::1]:9\n"},
		{make_sock(SOCK_PROTO_RAW, SOCK_STATE_UNCONNECTED, "0.0.0.0", 1, 7),
		 "traw\no0t0\ni7\nn*:1\n"},
		{{.proto = SOCK_PROTO_NETLINK, .inode = 7, .name = "ROUTE", .name_len = 5},
		 "tnetlink\no0t0\ni7\nnROUTE\n"},
		{{.proto = SOCK_PROTO_PACKET, .inode = 7, .name = "ALL", .name_len = 3},
		 "tpacket\nd7\no0t0\nnALL\n"},
		{{.proto = SOCK_PROTO_OTHER, .inode = 7, .name = "NETLINK", .name_len = 7},
		 "tsock\no0t0\ni7\nnprotocol: NETLINK\n"},
		/* A scanner told of it, and nobody has asked for its cookie. */
		{{.proto = SOCK_PROTO_UNIX, .type = SOCK_DGRAM, .inode = 7, .is_scanned = true},
		 "tunix\no0t0\ni7\nntype=DGRAM\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rows r;
		struct buf b = {0};
		rows_init(&r);
		rows_add_process(&r, 811, "x");
		rows_add_held(&r, 3, &cases[i].s);
		buf_add_str(&b, "p811\n");
		buf_add_str(&b, cases[i].expected);
		buf_add_char(&b, '\0');
		assert_fields(&r, "tdiPno", false, b.data);
		buf_free(&b);
		rows_free(&r);
	}
}

static void what_is_held_without_descriptor_has_no_access(void **state)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "x");
	struct row *row = rows_add_held(&r, 4, &s);
	rows_holder(&r, row)->kind = HOLDER_RING;
	assert_fields(&r, "fal", false, "p811\nfring:4\na \nl \n");
	rows_holder(&r, row)->kind = HOLDER_MEM;
	rows_holder(&r, row)->fd = -1;
	assert_fields(&r, "fa", false, "p811\nfmem\na \n");
	rows_free(&r);
}

static void hostile_names_break_no_line(void **state)
{
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	s.name = "\0a\np1\n\0\xff\\";
	s.name_len = 9;
	s.name_is_exact = true;
	rows_add_process(&r, 811, "a\nf9\n\033 \\");
	rows_add_held(&r, 3, &s);
	assert_fields(&r, "cn", false,
		      "p811\nca\\nf9\\n^[ \\\\\nn@a\\np1\\n\\0\\xff\\\\ type=STREAM\n");
	/* As they are: the end is the NUL, which no field has. */
	assert_fields(&r, "cn0", false,
		      "p811|ca\nf9\n\033 \\|\nn@a\np1\n@\xff\\ type=STREAM|\n");
	rows_free(&r);
}

static void other_ends_stand_behind_the_name(void **state)
{
	struct sock a = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, NULL, 20), b = a;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_init(&r);
	world_init(&w);
	a.peer = 21;
	b.inode = 21;
	b.peer = 20;
	world_add(&w, &b);
	world_hold(&w, 21, 821, 5);
	rows_add_process(&r, 811, "x");
	rows_add_held(&r, 3, &a);
	world_find(&w, &r.list, &e);
	r.style.ends = &e;
	assert_fields(&r, "n", false, "p811\nntype=STREAM\n");
	r.style.name_ends = true;
	assert_fields(&r, "n", false, "p811\nntype=STREAM ->INO=21 821,cmd821,5u\n");
	ends_free(&e);
	rows_free(&r);
}

static void facts_follow_the_letters(void **state)
{
	static const struct {
		const char *letters;
		unsigned facts;
	} cases[] = {{"", PROCESS_STAT}, {"0", PROCESS_STAT}, {"g", PROCESS_STAT},
		     {"pcfnR", PROCESS_STAT}, {"pcfn", 0}, {"KMuLT0", 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct field_choice choice = {0};
		assert_true(field_choice_add(&choice, cases[i].letters));
		assert_int_equal(format_field_facts(&choice), cases[i].facts);
	}
}

static void large_output_is_whole(void **state)
{
	enum { COUNT_ROWS = 20000 };
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1);
	struct row *many = calloc(COUNT_ROWS, sizeof(*many));
	struct field_format format = {0};
	struct rows r;
	size_t len;

	(void)state;
	assert_non_null(many);
	rows_init(&r);
	rows_add_process(&r, 811, "x");
	rows_add_held(&r, 6, &s);
	for (size_t i = 0; i < COUNT_ROWS; i++)
		many[i] = r.v[0];
	const struct row_list list = {.v = many, .len = COUNT_ROWS};
	format.style = &r.style;
	assert_true(field_choice_add(&format.choice, "fn0"));
	int fd = rows_open();
	assert_int_equal(format_field_write(&format, &list, fd), 0);
	char *text = rows_close(fd, &len);
	assert_int_equal(len, 6 + COUNT_ROWS * 10);
	for (size_t i = 0; i < COUNT_ROWS; i++)
		assert_memory_equal(text + 6 + i * 10, "f6\0n*:80\0\n", 10);
	free(text);
	assert_int_equal(format_field_write(&format, &list, -1), -EBADF);
	free(many);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_those_of_lsof),
		cmocka_unit_test(sets_end_in_a_newline_behind_nul),
		cmocka_unit_test(order_of_letters_changes_nothing),
		cmocka_unit_test(process_is_always_there_and_once),
		cmocka_unit_test(sockets_without_holder_are_left_out),
		cmocka_unit_test(threads_are_sets_of_their_own),
		cmocka_unit_test(unknown_facts_are_left_out),
		cmocka_unit_test(tcp_info_is_a_field_each),
		cmocka_unit_test(kinds_have_inode_or_device),
		cmocka_unit_test(what_is_held_without_descriptor_has_no_access),
		cmocka_unit_test(hostile_names_break_no_line),
		cmocka_unit_test(other_ends_stand_behind_the_name),
		cmocka_unit_test(facts_follow_the_letters),
		cmocka_unit_test(large_output_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
