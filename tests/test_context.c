/* The line below the rows of a process: what it has, how it is cut, where it stands. */
#define _GNU_SOURCE
#include "rows_fixture.h"

#include "context.h"
#include "escape.h"
#include "format_table.h"

#include <fcntl.h>
#include <locale.h>

#define CGROUP "/system.slice/"

/* A process and what the line knows of it. */
struct scene {
	struct rows rows;
	struct context context;
	struct process *p;
	char args[512], cwd[128], cgroup[128];
};

static void set_args(struct scene *s, const char *args, size_t len)
{
	assert_true(len <= sizeof(s->args));
	memcpy(s->args, args, len);
	s->p->args = s->args;
	s->p->args_len = len;
}

static void scene_init(struct scene *s)
{
	const struct sock sock = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1001);

	rows_init(&s->rows);
	s->p = rows_add_process(&s->rows, 811, "node");
	rows_add_held(&s->rows, 6, &sock);
	s->context = (struct context){80, 3 * 86400 + 60};
	s->rows.style.context = &s->context;
	s->rows.style.escape = 0;
}

/* As the issue has it. */
static void scene_fill(struct scene *s)
{
	static const char args[] = "node\0server.js";

	set_args(s, args, sizeof(args));
	strcpy(s->cwd, "/srv/app");
	strcpy(s->cgroup, CGROUP "pm2.service");
	s->p->cwd = s->cwd;
	s->p->cgroup = s->cgroup;
	s->p->start_ticks = 60 * (uint64_t)sysconf(_SC_CLK_TCK);
}

static void assert_line(const struct scene *s, const char *expected)
{
	struct buf out = {0};

	context_add(&s->rows.style, &s->rows.v[0], &out);
	assert_buf(&out, expected);
	buf_free(&out);
}

static void line_tells_all_four(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_fill(&s);
	assert_line(&s, "    node server.js  in /srv/app, 3 d, pm2.service\n");
	s.rows.style.colour = true;
	assert_line(&s, "\033[2m    node server.js  in /srv/app, 3 d, pm2.service\033[m\n");
	rows_free(&s.rows);
}

static void what_is_unknown_is_left_out(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_line(&s, "");
	s.rows.v[0].process = NULL;
	assert_line(&s, "");
	s.rows.v[0].process = s.p;
	scene_fill(&s);
	s.p->args = NULL;
	assert_line(&s, "    in /srv/app, 3 d, pm2.service\n");
	s.p->cwd = NULL;
	assert_line(&s, "    3 d, pm2.service\n");
	s.p->is_gone = true;
	assert_line(&s, "    pm2.service\n");
	s.p->cgroup = NULL;
	assert_line(&s, "");
	s.p->args = s.args;
	assert_line(&s, "    node server.js\n");
	s.p->cwd = s.cwd;
	assert_line(&s, "    node server.js  in /srv/app\n");
	set_args(&s, "", 1);
	assert_line(&s, "    ''  in /srv/app\n");
	rows_free(&s.rows);
}

static void container_comes_before_unit(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_fill(&s);
	s.p->args = s.p->cwd = NULL;
	strcpy(s.cgroup, CGROUP "docker-0123456789abcdef0123456789abcdef0123456789abcdef"
			 "0123456789abcdef.scope");
	assert_line(&s, "    3 d, container 0123456789ab\n");
	rows_free(&s.rows);
}

static void age_has_one_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *line;
	} cases[] = {
		{0, "    0 s\n"}, {1, "    1 s\n"}, {119, "    119 s\n"}, {120, "    2 min\n"},
		{7199, "    119 min\n"}, {7200, "    2 h\n"}, {172799, "    47 h\n"},
		{172800, "    2 d\n"}, {400 * 86400, "    400 d\n"},
	};
	struct scene s;

	(void)state;
	scene_init(&s);
	s.p->start_ticks = 60 * (uint64_t)sysconf(_SC_CLK_TCK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		s.context.uptime = 60 + cases[i].seconds;
		assert_line(&s, cases[i].line);
	}
	s.context.uptime = 59; /* a tree of another machine, or a clock that went back */
	assert_line(&s, "");
	s.context.uptime = 0;
	assert_line(&s, "");
	rows_free(&s.rows);
}

static void arguments_are_cut_and_nothing_else(void **state)
{
	struct scene s;
	char args[400];

	(void)state;
	scene_init(&s);
	scene_fill(&s);
	memset(args, 'x', sizeof(args));
	set_args(&s, args, sizeof(args));
	s.context.width = 60;
	assert_line(&s, "    xxxxxxxxxxxxxxxxxxxxxx...  in /srv/app, 3 d, pm2.service\n");
	set_args(&s, args, 25); /* exactly what there is room for */
	assert_line(&s, "    xxxxxxxxxxxxxxxxxxxxxxxxx  in /srv/app, 3 d, pm2.service\n");
	set_args(&s, args, 26);
	assert_line(&s, "    xxxxxxxxxxxxxxxxxxxxxx...  in /srv/app, 3 d, pm2.service\n");
	s.context.width = 1;
	assert_line(&s, "    xxxxxxxxxxxxx...  in /srv/app, 3 d, pm2.service\n");
	rows_free(&s.rows);
}

/* Characters of two columns; none is cut in the middle. */
static void columns_are_counted_not_bytes(void **state)
{
	static const char wide[] = "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
				   "\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e";
	struct scene s;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	scene_init(&s);
	set_args(&s, wide, sizeof(wide));
	s.rows.style.escape = ESCAPE_UTF8;
	s.context.width = 4 + 18;
	assert_line(&s, "    \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
			"\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\n");
	s.context.width--;
	assert_line(&s, "    \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac"
			"\xe8\xaa\x9e\xe6\x97\xa5...\n");
	setlocale(LC_CTYPE, "C");
	rows_free(&s.rows);
}

static void foreign_words_pass_for_none_of_ours(void **state)
{
	static const char args[] = "\033[2Jx\n\0--  in /etc, 9 d,   nginx.service\0  ";
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_fill(&s);
	s.context.width = 200;
	set_args(&s, args, sizeof(args));
	strcpy(s.cwd, "/tmp/a, 9 d\n");
	strcpy(s.cgroup, CGROUP "a@\\x20\033.service"); /* no name of a unit */
	assert_line(&s, "    ^[[2Jx\\n -- in /etc, 9 d, nginx.service  "
			"in /tmp/a,\\x209\\x20d\\n, 3 d\n");
	rows_free(&s.rows);
}

/* --- in the table ---------------------------------------------------------- */

static void assert_table(struct scene *s, const char *expected)
{
	static const struct table_format format = {{COLUMN_PID, COLUMN_FD, COLUMN_LOCAL}, 3, false};
	int fd = rows_open();
	size_t len;

	assert_int_equal(format_table_write(&format, &s->rows.style, &s->rows.list, fd), 0);
	char *text = rows_close(fd, &len);
	assert_bytes(text, len, expected);
	free(text);
}

static void lines_follow_the_last_row_of_a_process(void **state)
{
	const struct sock sock = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 1001);
	struct scene s;

	(void)state;
	scene_init(&s);
	scene_fill(&s);
	rows_add_held(&s.rows, 7, &sock);
	rows_add_process(&s.rows, 812, "mute");
	rows_add_held(&s.rows, 3, &sock);
	rows_add_process(&s.rows, 813, "node")->cwd = s.cwd;
	rows_add_held(&s.rows, 3, &sock);
	rows_add_unheld(&s.rows, &sock, REASON_ORPHAN);
	assert_table(&s, "PID FD LOCAL\n"
			 "811 6u *:80\n"
			 "811 7u *:80\n"
			 "    node server.js  in /srv/app, 3 d, pm2.service\n"
			 "812 3u *:80\n"
			 "813 3u *:80\n"
			 "    in /srv/app\n"
			 "  -  - *:80\n");
	s.rows.style.context = NULL;
	assert_table(&s, "PID FD LOCAL\n"
			 "811 6u *:80\n"
			 "811 7u *:80\n"
			 "812 3u *:80\n"
			 "813 3u *:80\n"
			 "  -  - *:80\n");
	rows_free(&s.rows);
}

static void what_is_no_terminal_has_80_columns(void **state)
{
	struct context context;
	int fd = rows_open(), proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(proc_fd >= 0);
	context_init(&context, fd, proc_fd);
	assert_int_equal(context.width, 80);
	assert_true(context.uptime > 0);
	close(proc_fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_tells_all_four),
		cmocka_unit_test(what_is_unknown_is_left_out),
		cmocka_unit_test(container_comes_before_unit),
		cmocka_unit_test(age_has_one_unit),
		cmocka_unit_test(arguments_are_cut_and_nothing_else),
		cmocka_unit_test(columns_are_counted_not_bytes),
		cmocka_unit_test(foreign_words_pass_for_none_of_ours),
		cmocka_unit_test(lines_follow_the_last_row_of_a_process),
		cmocka_unit_test(what_is_no_terminal_has_80_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
