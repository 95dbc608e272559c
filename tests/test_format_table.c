/* The table, byte by byte: alignment, header, escapes, colour. */
#define _GNU_SOURCE
#include "fixture.h"
#include "escape.h"
#include "format_table.h"
#include "holder.h"
#include "join.h"
#include "process.h"
#include "snapshot.h"

#include <locale.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Rows that are printed: each of one process, with a listener of its own. */
struct table {
	struct sock socks[4];
	struct process processes[4];
	struct holder holders[4];
	struct row v[4];
	struct row_list rows;
	struct snapshot snap;
	struct names names;
	struct column_style style;
};

static void table_init(struct table *t)
{
	*t = (struct table){0};
	t->rows.v = t->v;
	t->style = (struct column_style){.names = &t->names,
					 .numeric_users = true, .command_width = 15};
}

static void add_row(struct table *t, const char *command, pid_t pid, int fd, const char *ip)
{
	size_t i = t->rows.len++, len = strlen(command);
	struct process *p = &t->processes[i];

	t->socks[i] = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, ip, 80, 1000 + i);
	t->holders[i] = (struct holder){1000 + i, pid, pid, fd, HOLDER_FD};
	*p = (struct process){.pid = pid, .tid = pid, .command_len = (uint8_t)len};
	memcpy(p->command, command, len);
	t->v[i] = (struct row){.sock = &t->socks[i], .holder = &t->holders[i], .process = p};
}

static void add_unheld_row(struct table *t, const char *ip)
{
	size_t i = t->rows.len++;

	t->socks[i] = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, ip, 80, 1000 + i);
	t->v[i] = (struct row){.snap = &t->snap, .sock = &t->socks[i], .reason = REASON_PERMISSION};
}

/* Write a table; give what was written, which the caller frees. */
static char *write_table(const struct table_format *format, const struct column_style *style,
			 const struct row_list *rows, size_t *out_len)
{
	int fd = memfd_create("out", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(format_table_write(format, style, rows, fd), 0);
	off_t len = lseek(fd, 0, SEEK_END);
	assert_true(len >= 0);
	char *text = malloc((size_t)len + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)len, 0), len);
	close(fd);
	*out_len = (size_t)len;
	return text;
}

static void assert_table(const struct table *t, const struct table_format *format,
			 const char *expected)
{
	size_t len;
	char *text = write_table(format, &t->style, &t->rows, &len);

	assert_bytes(text, len, expected);
	free(text);
}

static void columns_are_aligned_and_name_is_last(void **state)
{
	static const struct table_format format = {
		{COLUMN_COMMAND, COLUMN_PID, COLUMN_USER, COLUMN_FD, COLUMN_TYPE, COLUMN_DEVICE,
		 COLUMN_SIZE, COLUMN_NODE, COLUMN_NAME}, 9, false};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "nginx", 811, 6, "0.0.0.0");
	add_row(&t, "a-long-command", 4194304, 12345, "::1");
	add_unheld_row(&t, "127.0.0.1");
	add_unheld_row(&t, "::");
	t.socks[3].uid = 7;
	assert_table(&t, &format,
		     "COMMAND            PID USER     FD TYPE DEVICE SIZE/OFF NODE NAME\n"
		     "nginx              811    0     6u IPv4   1000      0t0  TCP *:80 (LISTEN)\n"
		     "a-long-command 4194304    0 12345u IPv6   1001      0t0  TCP [::1]:80 (LISTEN)\n"
		     "-                    - 1000      - IPv4   1002      0t0  TCP 127.0.0.1:80 (LISTEN) "
		     "[hidden: permission]\n"
		     "-                    -    7      - IPv6   1003      0t0  TCP *:80 (LISTEN) "
		     "[hidden: permission]\n");
}

static void no_rows_write_nothing(void **state)
{
	static const struct table_format format = {{COLUMN_PID}, 1, false};
	struct table t;

	(void)state;
	table_init(&t);
	assert_table(&t, &format, "");
}

static void header_can_be_left_out(void **state)
{
	static const struct table_format format = {{COLUMN_COMMAND, COLUMN_PID, COLUMN_LOCAL}, 3, true};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "sh", 9, 3, "::");
	add_row(&t, "cat", 10, 3, "::1");
	/* It widens nothing either. */
	assert_table(&t, &format, "sh   9 *:80\ncat 10 [::1]:80\n");
}

static void last_column_keeps_its_side(void **state)
{
	static const struct table_format right = {{COLUMN_COMMAND, COLUMN_FD}, 2, false},
					 left = {{COLUMN_FD, COLUMN_COMMAND}, 2, false},
					 only_right = {{COLUMN_PID}, 1, false},
					 only_left = {{COLUMN_COMMAND}, 1, true};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "sh", 9, 3, "::");
	add_row(&t, "cat", 1234, 12, "::");
	assert_table(&t, &right, "COMMAND  FD\nsh       3u\ncat     12u\n");
	assert_table(&t, &left, " FD COMMAND\n 3u sh\n12u cat\n");
	assert_table(&t, &only_right, " PID\n   9\n1234\n");
	assert_table(&t, &only_left, "sh\ncat\n");
}

static void column_can_be_repeated(void **state)
{
	static const struct table_format format = {{COLUMN_PID, COLUMN_COMMAND, COLUMN_PID,
						    COLUMN_COMMAND}, 4, false};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "sh", 12345, 3, "::");
	assert_table(&t, &format, "  PID COMMAND   PID COMMAND\n12345 sh      12345 sh\n");
}

static void rows_of_one_process_repeat_its_cells(void **state)
{
	static const struct table_format middle = {{COLUMN_COMMAND, COLUMN_FD, COLUMN_PID,
						    COLUMN_LOCAL}, 4, true},
					 last = {{COLUMN_FD, COLUMN_NODE, COLUMN_COMMAND}, 3, true};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "nginx", 811, 6, "0.0.0.0");
	add_row(&t, "", 0, 10, "::1");
	add_row(&t, "sh", 1000, 7, "::");
	add_unheld_row(&t, "::");
	t.v[1].process = &t.processes[0];
	t.holders[1].pid = t.holders[1].tid = 811;
	assert_table(&t, &middle, "nginx  6u  811 *:80\nnginx 10u  811 [::1]:80\n"
				  "sh     7u 1000 *:80\n-       -    - *:80\n");
	assert_table(&t, &last, " 6u TCP nginx\n10u TCP nginx\n 7u TCP sh\n  - TCP -\n");
}

static void foreign_bytes_are_escaped_and_measured(void **state)
{
	static const struct table_format format = {{COLUMN_COMMAND, COLUMN_PID, COLUMN_LOCAL}, 3, true};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "\033[2Jx", 1, 3, "::");
	add_row(&t, "a b\n", 2, 3, "::");
	add_row(&t, "caf\xc3\xa9", 3, 3, "::");
	add_unheld_row(&t, "::");
	t.socks[3] = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "/tmp/a\nb c\t\x9b", 1);
	assert_table(&t, &format,
		     "^[[2Jx      1 *:80\n"
		     "a\\x20b\\n    2 *:80\n"
		     "caf\\xc3\\xa9 3 *:80\n"
		     "-           - /tmp/a\\nb\\x20c\\t\\x9b\n");
}

static void utf8_is_shown_and_measured_by_columns(void **state)
{
	static const struct table_format format = {{COLUMN_COMMAND, COLUMN_PID}, 2, true};
	struct table t;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	table_init(&t);
	t.style.escape = ESCAPE_UTF8;
	add_row(&t, "caf\xc3\xa9", 1, 3, "::");              /* five bytes, four columns */
	add_row(&t, "\xe6\x97\xa5\xe6\x9c\xac", 2, 3, "::"); /* six bytes, four columns */
	add_row(&t, "sh", 3, 3, "::");
	assert_table(&t, &format,
		     "caf\xc3\xa9 1\n\xe6\x97\xa5\xe6\x9c\xac 2\nsh   3\n");
	add_row(&t, "\xc2\x9b\xff", 4, 3, "::"); /* a control character; no UTF-8 */
	assert_table(&t, &format,
		     "caf\xc3\xa9         1\n\xe6\x97\xa5\xe6\x9c\xac         2\n"
		     "sh           3\n\\xc2\\x9b\\xff 4\n");
	setlocale(LC_CTYPE, "C");
}

static void colour_takes_no_room(void **state)
{
	static const struct table_format format = {{COLUMN_PID, COLUMN_NAME}, 2, false},
					 no_header = {{COLUMN_PID, COLUMN_NAME}, 2, true};
	struct table t;

	(void)state;
	table_init(&t);
	t.style.colour = t.style.colour_reason = true;
	add_row(&t, "sh", 12345, 3, "::");
	add_unheld_row(&t, "::");
	assert_table(&t, &format,
		     "\033[1m  PID NAME\033[m\n"
		     "12345 *:80 (LISTEN)\n"
		     "    - *:80 (LISTEN) \033[33m[hidden: permission]\033[m\n");
	assert_table(&t, &no_header,
		     "12345 *:80 (LISTEN)\n"
		     "    - *:80 (LISTEN) \033[33m[hidden: permission]\033[m\n");
}

static void no_column_last_leaves_trailing_blanks(void **state)
{
	static char args[] = "sh\0-c\0true", cwd[] = "/";
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "sh", 9, 3, "::");
	add_row(&t, "a-longer-one", 1234, 12, "127.0.0.1");
	add_unheld_row(&t, "::1");
	t.processes[0].args = args;
	t.processes[0].args_len = sizeof(args);
	t.processes[0].cwd = cwd;
	for (unsigned i = 0; i < 2 * COLUMN_COUNT; i++) {
		struct table_format format = {{COLUMN_COMMAND, (enum column_id)(i / 2)}, 2, i % 2};
		size_t len;
		char *text = write_table(&format, &t.style, &t.rows, &len);
		assert_true(len > 0 && text[len - 1] == '\n');
		for (size_t c = 0; c < len; c++) {
			assert_true(text[c] == '\n' || (text[c] >= ' ' && text[c] <= '~'));
			if (text[c] == '\n' && (c == 0 || text[c - 1] == ' '))
				fail_msg("a blank ends the line: %s",
					 column_title(format.columns[1]));
		}
		free(text);
	}
}

static void empty_last_argument_leaves_no_trailing_blank(void **state)
{
	static const struct table_format format = {{COLUMN_PID, COLUMN_ARGS}, 2, true};
	static char args[] = "sh\0"; /* execv(path, {"sh", "", NULL}) */
	struct table t;
	size_t len;

	(void)state;
	table_init(&t);
	add_row(&t, "sh", 9, 3, "::");
	t.processes[0].args = args;
	t.processes[0].args_len = sizeof(args);
	char *text = write_table(&format, &t.style, &t.rows, &len);
	assert_true(len > 1);
	assert_int_equal(text[len - 1], '\n');
	assert_int_not_equal(text[len - 2], ' ');
	free(text);
}

static void long_table_is_written_whole(void **state)
{
	enum { ROWS = 4000 }; /* several pieces */
	static const struct table_format format = {{COLUMN_COMMAND, COLUMN_PID, COLUMN_FD,
						    COLUMN_NODE, COLUMN_NAME}, 5, true};
	struct holder *holders = calloc(ROWS, sizeof(*holders));
	struct row *v = calloc(ROWS, sizeof(*v));
	struct table t;
	size_t len;

	(void)state;
	assert_true(holders && v);
	table_init(&t);
	add_row(&t, "nginx", 811, 0, "::");
	for (int i = 0; i < ROWS; i++) {
		holders[i] = (struct holder){1, 811, 811, i, HOLDER_FD};
		v[i] = t.v[0];
		v[i].holder = &holders[i];
	}
	char *text = write_table(&format, &t.style, &(struct row_list){.v = v, .len = ROWS}, &len);
	text[len] = '\0';
	const char *at = text;
	for (int i = 0; i < ROWS; i++) {
		char line[64];
		int n = snprintf(line, sizeof(line), "nginx 811 %4du TCP *:80 (LISTEN)\n", i);
		assert_memory_equal(at, line, (size_t)n);
		at += n;
	}
	assert_ptr_equal(at, text + len);
	free(text);
	free(holders);
	free(v);
}

static void error_of_write_is_returned(void **state)
{
	static const struct table_format format = {{COLUMN_PID}, 1, false};
	struct table t;

	(void)state;
	table_init(&t);
	add_row(&t, "sh", 9, 3, "::");
	assert_int_equal(format_table_write(&format, &t.style, &t.rows, -1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned_and_name_is_last),
		cmocka_unit_test(no_rows_write_nothing),
		cmocka_unit_test(header_can_be_left_out),
		cmocka_unit_test(last_column_keeps_its_side),
		cmocka_unit_test(column_can_be_repeated),
		cmocka_unit_test(rows_of_one_process_repeat_its_cells),
		cmocka_unit_test(foreign_bytes_are_escaped_and_measured),
		cmocka_unit_test(utf8_is_shown_and_measured_by_columns),
		cmocka_unit_test(colour_takes_no_room),
		cmocka_unit_test(no_column_last_leaves_trailing_blanks),
		cmocka_unit_test(empty_last_argument_leaves_no_trailing_blank),
		cmocka_unit_test(long_table_is_written_whole),
		cmocka_unit_test(error_of_write_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
