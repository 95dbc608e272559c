/* Whole tables through source_procnet_read(), from a fixture's net directory. */
#define _GNU_SOURCE
#include "fixture.h"
#include "line_reader.h"
#include "procnet_row.h"
#include "source.h"
#include "source_procnet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ALL_PROTOS (SOCK_PROTOS_INET | SOCK_PROTO_BIT(SOCK_PROTO_UNIX))

#define ROW(port, inode) \
	"   0: 0100007F:" port " 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  " \
	"      0 " inode " 1 00000000a7d1be2c 100 0 0 10 0                     \n"

/* The rows that were handed on; stops with an error at a given row. */
struct taken {
	struct sock_table socks;
	size_t stop_at;
	bool without_remains;
};

/* Either remains and the rest, or the rest alone. */
static uint32_t wants_states(const void *ctx, enum sock_proto proto)
{
	const struct taken *t = ctx;
	uint32_t remains = SOCK_STATE_BIT(SOCK_STATE_TIME_WAIT) |
			   SOCK_STATE_BIT(SOCK_STATE_FIN_WAIT2);

	return sock_proto_states(proto) & ~(t->without_remains ? remains : 0);
}

static int take(void *ctx, const struct sock *s)
{
	struct taken *t = ctx;

	if (t->stop_at > 0 && t->socks.len + 1 == t->stop_at)
		return -ECANCELED;
	return sock_table_add(&t->socks, s);
}

static int read_tables(struct fixture *fx, unsigned protos, struct taken *out,
		       struct source_stats *st)
{
	int fd = fixture_open(fx, "net");

	struct source_sink sink = {.ctx = out, .take = take, .wants_states = wants_states};
	struct source_request rq = {.fd = fd, .netns = 77, .protos = protos, .sink = &sink};
	*st = (struct source_stats){0};
	int rc = source_procnet_read(&rq, st);
	close(fd);
	return rc;
}

/* Read one tcp table; it must be readable. */
static struct source_stats read_tcp(struct fixture *fx, const char *text, struct taken *out)
{
	struct source_stats st;

	fixture_add_table(fx, "tcp", text);
	assert_int_equal(read_tables(fx, SOCK_PROTO_BIT(SOCK_PROTO_TCP), out, &st), 0);
	return st;
}

static void add_recorded(struct fixture *fx, const char *table, const char *recorded)
{
	char text[4096];
	size_t len = data_read(recorded, text, sizeof(text) - 1);

	text[len] = '\0';
	fixture_add_table(fx, table, text);
}

static void read_hands_on_each_row_with_namespace(void **state)
{
	struct taken t = {0};
	struct source_stats st;

	fixture_add_table(*state, "tcp", INET_HEADER ROW("0050", "11") ROW("0051", "12"));
	fixture_add_table(*state, "udp", INET_HEADER ROW("0050", "13"));
	fixture_add_table(*state, "unix", UNIX_HEADER
			  "0000000000000000: 00000002 00000000 00010000 0001 01    14 /run/x\n");
	assert_int_equal(read_tables(*state, ALL_PROTOS, &t, &st), 0);
	assert_int_equal(t.socks.len, 4);
	for (size_t i = 0; i < t.socks.len; i++) {
		assert_int_equal(t.socks.v[i].inode, 11 + i);
		assert_int_equal(t.socks.v[i].netns, 77);
	}
	assert_int_equal(t.socks.v[2].proto, SOCK_PROTO_UDP);
	assert_int_equal(t.socks.v[3].proto, SOCK_PROTO_UNIX);
	assert_int_equal(st.tables, 3);
	assert_int_equal(st.malformed, 0);
	sock_table_free(&t.socks);
}

static void read_takes_each_table_for_its_protocol(void **state)
{
	static const char *const files[] = {"tcp", "udp", "udplite", "raw"};
	static const enum sock_proto protos[] = {SOCK_PROTO_TCP, SOCK_PROTO_UDP,
						 SOCK_PROTO_UDPLITE, SOCK_PROTO_RAW};

	for (size_t i = 0; i < COUNT(files); i++)
		fixture_add_table(*state, files[i], INET_HEADER ROW("0050", "11"));
	for (size_t i = 0; i < COUNT(files); i++) {
		struct taken t = {0};
		struct source_stats st;
		assert_int_equal(read_tables(*state, SOCK_PROTO_BIT(protos[i]), &t, &st), 0);
		assert_int_equal(t.socks.len, 1);
		assert_int_equal(t.socks.v[0].proto, protos[i]);
		assert_int_equal(st.tables, 1);
		sock_table_free(&t.socks);
	}
}

static void read_takes_missing_tables_as_empty(void **state)
{
	struct taken t = {0};
	struct source_stats st;

	fixture_write(*state, "net/other", "", 0);
	assert_int_equal(read_tables(*state, ALL_PROTOS, &t, &st), 0);
	assert_int_equal(t.socks.len, 0);
	assert_int_equal(st.tables, 0);
}

static void read_names_the_table_that_fails(void **state)
{
	struct taken t = {0};
	struct source_stats st;

	fixture_add_table(*state, "tcp", INET_HEADER ROW("0050", "11"));
	fixture_write(*state, "net/tcp6/entry", "", 0); /* a directory: read() gives EISDIR */
	assert_int_equal(read_tables(*state, ALL_PROTOS, &t, &st), -EISDIR);
	assert_string_equal(st.file, "tcp6");
	assert_int_equal(t.socks.len, 1);
	sock_table_free(&t.socks);
}

static void read_stops_with_the_error_of_the_sink(void **state)
{
	struct taken t = {.stop_at = 2};
	struct source_stats st;

	fixture_add_table(*state, "tcp", INET_HEADER ROW("0050", "11") ROW("0051", "12")
			  ROW("0052", "13"));
	assert_int_equal(read_tables(*state, ALL_PROTOS, &t, &st), -ECANCELED);
	assert_int_equal(t.socks.len, 1);
	sock_table_free(&t.socks);
}

static void read_takes_header_alone_and_nothing_as_empty(void **state)
{
	static const char *const texts[] = {"", INET_HEADER, "  sl  local_address"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct taken t = {0};
		struct source_stats st = read_tcp(*state, texts[i], &t);
		assert_int_equal(t.socks.len, 0);
		assert_int_equal(st.malformed, 0);
		assert_int_equal(st.tables, 1);
	}
}

static void read_takes_last_line_without_newline(void **state)
{
	static const char text[] = INET_HEADER ROW("0050", "11") ROW("0051", "12");
	char cut[sizeof(text)];
	struct taken t = {0};

	snprintf(cut, sizeof(cut), "%.*s", (int)sizeof(text) - 2, text);
	struct source_stats st = read_tcp(*state, cut, &t);
	assert_int_equal(t.socks.len, 2);
	assert_int_equal(st.malformed, 0);
	sock_table_free(&t.socks);
}

static void read_counts_malformed_lines_and_goes_on(void **state)
{
	struct taken t = {0};
	struct source_stats st = read_tcp(*state,
					   INET_HEADER ROW("0050", "11") "garbage\n\n"
					   "   1: 0100007F:0539 00000000:00\n" ROW("0051", "12"),
					   &t);

	assert_int_equal(t.socks.len, 2);
	assert_int_equal(st.malformed, 3);
	sock_table_free(&t.socks);
}

static void read_counts_overlong_line_as_malformed(void **state)
{
	size_t len = 3 * LINE_READER_MAX;
	char *text = malloc(len + 1024);
	struct taken t = {0};

	assert_non_null(text);
	strcpy(text, INET_HEADER);
	memset(text + strlen(INET_HEADER), '0', len);
	strcpy(text + strlen(INET_HEADER) + len, "\n" ROW("0051", "12"));
	struct source_stats st = read_tcp(*state, text, &t);
	assert_int_equal(t.socks.len, 1);
	assert_int_equal(st.malformed, 1);
	sock_table_free(&t.socks);
	free(text);
}

static void read_gives_all_rows_of_a_large_table(void **state)
{
	enum { ROWS = 2000 };
	struct buf text = {0};
	struct taken t = {0};

	buf_add_str(&text, INET_HEADER);
	for (unsigned i = 1; i <= ROWS; i++) {
		char row[256];
		snprintf(row, sizeof(row),
			 "%4u: 0100007F:%04X 00000000:0000 0A 00000000:00000000 00:00000000 "
			 "00000000  1000        0 %u 1 0 100 0 0 10 0\n", i, i, i);
		buf_add_str(&text, row);
	}
	buf_add_char(&text, '\0');
	struct source_stats st = read_tcp(*state, text.data, &t);
	assert_int_equal(t.socks.len, ROWS);
	assert_int_equal(st.malformed, 0);
	for (size_t i = 0; i < ROWS; i++)
		assert_int_equal(t.socks.v[i].inode, i + 1);
	sock_table_free(&t.socks);
	buf_free(&text);
}

static void read_understands_recorded_time_wait(void **state)
{
	struct taken t = {0};
	struct source_stats st;

	add_recorded(*state, "tcp", "tcp_time_wait.txt");
	assert_int_equal(read_tables(*state, SOCK_PROTOS_INET, &t, &st), 0);
	assert_int_equal(st.malformed, 0);
	assert_int_equal(t.socks.len, 4);
	assert_int_not_equal(t.socks.v[0].timer, SOCK_TIMER_TIME_WAIT);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(t.socks.v[i].timer, SOCK_TIMER_TIME_WAIT);
	assert_true(t.socks.v[1].timer_ms >= t.socks.v[2].timer_ms);
	assert_int_equal(sock_timer_seconds(&t.socks.v[3]), 1);
	assert_int_equal(t.socks.v[3].state, SOCK_STATE_FIN_WAIT2);
	sock_table_free(&t.socks);
}

static void read_understands_recorded_v4_mapped(void **state)
{
	struct taken t = {0};
	struct source_stats st;

	add_recorded(*state, "tcp6", "tcp6_v4_mapped.txt");
	assert_int_equal(read_tables(*state, SOCK_PROTOS_INET, &t, &st), 0);
	assert_int_equal(st.malformed, 0);
	assert_int_equal(t.socks.len, 3);
	assert_true(addr_is_wildcard(&t.socks.v[0].local));
	assert_true(addr_is_v4mapped(&t.socks.v[1].local));
	assert_true(sock_is_unaccepted(&t.socks.v[2]));
	sock_table_free(&t.socks);
}

static void read_joins_recorded_newline_in_unix_names(void **state)
{
	struct taken t = {0};
	struct source_stats st;

	add_recorded(*state, "unix", "unix_newline_in_name.txt");
	assert_int_equal(read_tables(*state, ALL_PROTOS, &t, &st), 0);
	assert_int_equal(st.malformed, 0);
	assert_int_equal(t.socks.len, 2);
	for (size_t i = 0; i < 2; i++)
		assert_bytes(t.socks.v[i].name, t.socks.v[i].name_len,
			     "/tmp/many st \n\033x\\y.sock");
	sock_table_free(&t.socks);
}

/* Rows read from a tcp6 table with one row, where sockstat6 says so many. */
static size_t read_where_counted(struct fixture *fx, const char *counts, bool without_remains)
{
	static const char text[] =
		"  sl  local_address                         remote_address\n"
		"   0: 00000000000000000000000001000000:0539 00000000000000000000000000000000:0000 0A "
		"00000000:00000000 00:00000000 00000000  1000        0 31415 1 0 100 0 0 10 0\n";
	struct taken out = {.without_remains = without_remains};
	struct source_stats st;

	fixture_add_table(fx, "tcp6", text);
	if (counts)
		fixture_add_table(fx, "sockstat6", counts);
	assert_int_equal(read_tables(fx, SOCK_PROTO_BIT(SOCK_PROTO_TCP), &out, &st), 0);
	assert_int_equal(st.tables, 1);
	size_t rows = out.socks.len;
	sock_table_free(&out.socks);
	return rows;
}

static void read_leaves_out_a_table_that_no_socket_uses(void **state)
{
	assert_int_equal(read_where_counted(*state, NULL, true), 1);
	assert_int_equal(read_where_counted(*state, "TCP6: inuse 1\nUDP6: inuse 0\n", true), 1);
	assert_int_equal(read_where_counted(*state, "TCP6: inuse 10\n", true), 1);
	assert_int_equal(read_where_counted(*state, "TCP6: inuse\n", true), 1);
	assert_int_equal(read_where_counted(*state, "UDP6: inuse 0\n", true), 1);
	assert_int_equal(read_where_counted(*state, "TCP6: inuse 0\n", true), 0);
	/* What is in TIME_WAIT is not counted. */
	assert_int_equal(read_where_counted(*state, "TCP6: inuse 0\n", false), 1);
}

static void inuse_is_taken_from_its_own_line(void **state)
{
	uint64_t inuse = 77;

	(void)state;
	assert_false(procnet_parse_inuse("UDP6: inuse 3", 13, "TCP6:", &inuse));
	assert_false(procnet_parse_inuse("TCP6: inuse ", 12, "TCP6:", &inuse));
	assert_false(procnet_parse_inuse("TCP6: inus", 10, "TCP6:", &inuse));
	assert_int_equal(inuse, 77);
	assert_true(procnet_parse_inuse("TCP: inuse 12 orphan 3", 22, "TCP:", &inuse));
	assert_int_equal(inuse, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(read_hands_on_each_row_with_namespace),
		fixture_test(read_takes_each_table_for_its_protocol),
		fixture_test(read_takes_missing_tables_as_empty),
		fixture_test(read_names_the_table_that_fails),
		fixture_test(read_stops_with_the_error_of_the_sink),
		fixture_test(read_takes_header_alone_and_nothing_as_empty),
		fixture_test(read_takes_last_line_without_newline),
		fixture_test(read_counts_malformed_lines_and_goes_on),
		fixture_test(read_counts_overlong_line_as_malformed),
		fixture_test(read_gives_all_rows_of_a_large_table),
		fixture_test(read_understands_recorded_time_wait),
		fixture_test(read_understands_recorded_v4_mapped),
		fixture_test(read_joins_recorded_newline_in_unix_names),
		fixture_test(read_leaves_out_a_table_that_no_socket_uses),
		cmocka_unit_test(inuse_is_taken_from_its_own_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
