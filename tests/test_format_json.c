/* JSON documents and lines as a whole: where keys stand, and which letters choose them. */
#define _GNU_SOURCE
#include "rows_fixture.h"
#include "format_json.h"
#include "version.h"

#include <fcntl.h>

#define HEAD "{\"schema\":1,\"version\":\"" WHOPORT_VERSION "\",\"processes\":["

static void assert_written(const struct rows *r, const char *letters, bool lines,
			   const char *expected)
{
	struct json_format format = {.style = &r->style, .lines = lines};
	int fd = rows_open();
	size_t len;

	assert_true(field_choice_add(&format.choice, letters));
	assert_int_equal(format_json_write(&format, &r->list, fd), 0);
	char *text = rows_close(fd, &len);
	assert_bytes(text, len, expected);
	free(text);
}

static struct sock listener(uint16_t port, uint64_t inode)
{
	return make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", port, inode);
}

static struct sock remainder_of(uint16_t port)
{
	struct sock s = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", port, "127.0.0.1", 5, 0);

	s.timer = SOCK_TIMER_TIME_WAIT;
	s.timer_ms = 41000;
	return s;
}

/* --- the document ---------------------------------------------------------- */

static void no_rows_are_an_empty_document(void **state)
{
	struct rows r;

	(void)state;
	rows_init(&r);
	assert_written(&r, "", false, HEAD "],\"unowned\":[]}\n");
	assert_written(&r, "p", false, HEAD "],\"unowned\":[]}\n");
	assert_written(&r, "", true, "");
	rows_free(&r);
}

static void files_stand_below_their_process(void **state)
{
	struct sock http = listener(80, 1), https = listener(443, 2), dns = listener(53, 3);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &http);
	rows_add_held(&r, 7, &https);
	assert_written(&r, "cfn", false,
		HEAD "\n"
		"{\"pid\":811,\"command\":\"nginx\",\"files\":[\n"
		"{\"fd\":6,\"kind\":\"fd\",\"bound_device\":null,\"name\":\"*:80\","
		"\"local\":{\"address\":\"0.0.0.0\",\"port\":80},\"remote\":null,\"path\":null,"
		"\"peer\":null},\n"
		"{\"fd\":7,\"kind\":\"fd\",\"bound_device\":null,\"name\":\"*:443\","
		"\"local\":{\"address\":\"0.0.0.0\",\"port\":443},\"remote\":null,\"path\":null,"
		"\"peer\":null}]}],\n"
		"\"unowned\":[]}\n");
	rows_add_process(&r, 900, "named");
	rows_add_held(&r, 3, &dns);
	assert_written(&r, "cf", false,
		HEAD "\n"
		"{\"pid\":811,\"command\":\"nginx\",\"files\":[\n"
		"{\"fd\":6,\"kind\":\"fd\"},\n"
		"{\"fd\":7,\"kind\":\"fd\"}]},\n"
		"{\"pid\":900,\"command\":\"named\",\"files\":[\n"
		"{\"fd\":3,\"kind\":\"fd\"}]}],\n"
		"\"unowned\":[]}\n");
	rows_free(&r);
}

static void threads_are_processes_of_their_own(void **state)
{
	struct sock s = listener(80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	struct process task = {.pid = 811, .tid = 812, .command = "worker", .command_len = 6};
	for (int fd = 6; fd < 8; fd++) {
		struct row *row = rows_add_held(&r, fd, &s);
		row->task = &task;
		rows_holder(&r, row)->tid = 812;
	}
	assert_written(&r, "KcMf", false,
		HEAD "\n"
		"{\"pid\":811,\"tid\":null,\"command\":\"nginx\",\"task_cmd\":null,\"files\":[\n"
		"{\"fd\":6,\"kind\":\"fd\"}]},\n"
		"{\"pid\":811,\"tid\":812,\"command\":\"nginx\",\"task_cmd\":\"worker\","
		"\"files\":[\n"
		"{\"fd\":6,\"kind\":\"fd\"},\n"
		"{\"fd\":7,\"kind\":\"fd\"}]}],\n"
		"\"unowned\":[]}\n");
	rows_free(&r);
}

#define REASON(code) "\"reason\":\"" code "\",\"listener\":null,\"holders\":null,\"suspects\":null}"

static void rows_without_holder_are_unowned(void **state)
{
	struct sock hidden = listener(80, 1), rest = remainder_of(80);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_unheld(&r, &hidden, REASON_PERMISSION);
	rows_add_unheld(&r, &rest, REASON_TIME_WAIT);
	assert_written(&r, "i", false,
		HEAD "],\n\"unowned\":[\n"
		"{\"inode\":1," REASON("permission") ",\n"
		"{\"inode\":null," REASON("time-wait") "]}\n");
	rows_free(&r);
}

static void both_stand_in_one_document(void **state)
{
	struct sock s = listener(80, 1), rest = remainder_of(80);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	rows_add_unheld(&r, &rest, REASON_TIME_WAIT);
	assert_written(&r, "i", false,
		HEAD "\n"
		"{\"pid\":811,\"files\":[\n"
		"{\"inode\":1}]}],\n"
		"\"unowned\":[\n"
		"{\"inode\":null," REASON("time-wait") "]}\n");
	/* No key of a file is chosen: it is there all the same. */
	assert_written(&r, "p", false,
		HEAD "\n"
		"{\"pid\":811,\"files\":[\n"
		"{}]}],\n"
		"\"unowned\":[\n"
		"{" REASON("time-wait") "]}\n");
	rows_free(&r);
}

/* --- every key ------------------------------------------------------------- */

#define PROCESS_KEYS \
	"\"pid\":811,\"tid\":null,\"ppid\":1,\"pgid\":811,\"command\":\"nginx\"," \
	"\"task_cmd\":null,\"uid\":1000,\"login\":\"alice\",\"start_time\":1000000100," \
	"\"cmdline\":[\"nginx\",\"-g\",\"daemon off;\"],\"cwd\":\"/srv/a b\"," \
	"\"unit\":\"nginx.service\",\"container\":\"web\""
#define FD_KEYS "\"fd\":6,\"kind\":\"fd\",\"access\":\"u\","
#define SOCKET_KEYS \
	"\"type\":\"IPv4\",\"family\":\"inet\",\"protocol\":\"TCP\",\"state\":\"LISTEN\"," \
	"\"inode\":31415,\"cookie\":77,\"netns\":4026531840,\"socket_uid\":1000," \
	"\"bound_device\":\"eth0\",\"name\":\"*%eth0:80\"," \
	"\"local\":{\"address\":\"0.0.0.0\",\"port\":80},\"remote\":null,\"path\":null," \
	"\"queues\":{\"recv\":7,\"send\":128},\"timer\":null,\"peer\":null"
#define NO_REASON ",\"reason\":null,\"listener\":null,\"holders\":null,\"suspects\":null"

static void every_key_stands_in_its_place(void **state)
{
	static char args[] = "nginx\0-g\0daemon off;", cwd[] = "/srv/a b";
	static char cgroup[] = "/lxc/web/system.slice/nginx.service";
	struct sock s = listener(80, 31415);
	struct rows r;

	(void)state;
	rows_init(&r);
	s.cookie = 77;
	s.netns = 4026531840U;
	s.bound_if = 2;
	s.device = "eth0";
	s.rqueue = 7;
	s.wqueue = 128;
	r.style.boot_time = 1000000000;
	struct process *p = rows_add_process(&r, 811, "nginx");
	p->start_ticks = 100 * (uint64_t)sysconf(_SC_CLK_TCK);
	p->args = args;
	p->args_len = sizeof(args);
	p->cwd = cwd;
	p->cgroup = cgroup;
	rows_add_held(&r, 6, &s);
	assert_written(&r, "", false,
		       HEAD "\n{" PROCESS_KEYS ",\"files\":[\n{" FD_KEYS SOCKET_KEYS "}]}],\n"
		       "\"unowned\":[]}\n");
	assert_written(&r, "", true, "{" PROCESS_KEYS "," FD_KEYS SOCKET_KEYS NO_REASON "}\n");
	rows_free(&r);
}

static void unowned_has_the_keys_of_its_socket_and_why(void **state)
{
	struct sock s = listener(80, 31415);
	struct rows r;

	(void)state;
	rows_init(&r);
	s.cookie = 77;
	s.netns = 4026531840U;
	s.bound_if = 2;
	s.device = "eth0";
	s.rqueue = 7;
	s.wqueue = 128;
	rows_add_unheld(&r, &s, REASON_PERMISSION);
	assert_written(&r, "", false,
		       HEAD "],\n\"unowned\":[\n{\"unit\":null,\"container\":null,\"kind\":null,"
		       SOCKET_KEYS "," REASON("permission") "]}\n");
	assert_written(&r, "", true,
		       "{\"pid\":null,\"tid\":null,\"ppid\":null,\"pgid\":null,\"command\":null,"
		       "\"task_cmd\":null,\"uid\":null,\"login\":null,\"start_time\":null,"
		       "\"cmdline\":null,\"cwd\":null,\"unit\":null,\"container\":null,\"fd\":null,"
		       "\"kind\":null,\"access\":null," SOCKET_KEYS "," REASON("permission") "\n");
	rows_free(&r);
}

/* --- lines ----------------------------------------------------------------- */

static void each_row_is_a_line(void **state)
{
	struct sock s = listener(80, 1), rest = remainder_of(80);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "a\nb\"");
	rows_add_held(&r, 6, &s);
	rows_add_held(&r, 7, &s);
	rows_add_unheld(&r, &rest, REASON_TIME_WAIT);
	assert_written(&r, "cf", true,
		"{\"pid\":811,\"command\":\"a\\nb\\\"\",\"fd\":6,\"kind\":\"fd\"" NO_REASON "}\n"
		"{\"pid\":811,\"command\":\"a\\nb\\\"\",\"fd\":7,\"kind\":\"fd\"" NO_REASON "}\n"
		"{\"pid\":null,\"command\":null,\"fd\":null,\"kind\":null,"
		REASON("time-wait") "\n");
	rows_free(&r);
}

/* --- letters --------------------------------------------------------------- */

static void letters_choose_keys(void **state)
{
	static const struct {
		const char *letters, *expected; /* behind the pid */
	} cases[] = {
		{"p", ""},
		{"K", ",\"tid\":null"},
		{"R", ",\"ppid\":1"},
		{"g", ",\"pgid\":811"},
		{"c", ",\"command\":\"nginx\""},
		{"M", ",\"task_cmd\":null"},
		{"u", ",\"uid\":1000"},
		{"L", ",\"login\":\"alice\""},
		{"f", ",\"fd\":6,\"kind\":\"fd\""},
		{"a", ",\"access\":\"u\""},
		{"t", ",\"type\":\"IPv4\",\"family\":\"inet\""},
		{"P", ",\"protocol\":\"TCP\""},
		{"T", ",\"state\":\"LISTEN\",\"queues\":{\"recv\":0,\"send\":0},\"timer\":null"},
		{"d", ",\"inode\":1,\"cookie\":null"},
		{"i", ",\"inode\":1"},
		/* The order is ours; fields without a key, and 0, choose none. */
		{"Pgc0", ",\"pgid\":811,\"command\":\"nginx\",\"protocol\":\"TCP\""},
		{"pDksSGl", ""},
	};
	struct sock s = listener(80, 1);
	struct rows r;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = {0};
		buf_add_str(&b, "{\"pid\":811");
		buf_add_str(&b, cases[i].expected);
		buf_add_str(&b, NO_REASON "}\n");
		buf_add_char(&b, '\0');
		assert_written(&r, cases[i].letters, true, b.data);
		buf_free(&b);
	}
	rows_free(&r);
}

static void facts_follow_the_letters(void **state)
{
	static const struct {
		const char *letters;
		unsigned facts;
	} cases[] = {
		{"", PROCESS_STAT | PROCESS_ARGS | PROCESS_CWD | PROCESS_CGROUP},
		{"0", PROCESS_STAT | PROCESS_ARGS | PROCESS_CWD | PROCESS_CGROUP},
		{"p", 0}, {"cuLfan", 0}, {"R", PROCESS_STAT}, {"g", PROCESS_STAT}, {"G", 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct field_choice choice = {0};
		assert_true(field_choice_add(&choice, cases[i].letters));
		assert_int_equal(format_json_facts(&choice), cases[i].facts);
	}
}

/* --- writing --------------------------------------------------------------- */

static void large_document_is_whole(void **state)
{
	enum { COUNT_ROWS = 5000 };
	static const char file[] = ",\n{\"inode\":1}";
	struct sock s = listener(80, 1);
	struct row *many = calloc(COUNT_ROWS, sizeof(*many));
	struct rows r;
	size_t len;

	(void)state;
	assert_non_null(many);
	rows_init(&r);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 6, &s);
	for (size_t i = 0; i < COUNT_ROWS; i++)
		many[i] = r.v[0];
	struct row_list list = {.v = many, .len = COUNT_ROWS};
	struct json_format format = {.style = &r.style};
	assert_true(field_choice_add(&format.choice, "i"));
	int fd = rows_open();
	assert_int_equal(format_json_write(&format, &list, fd), 0);
	char *text = rows_close(fd, &len), *at = strstr(text, ",\n{");
	for (size_t i = 1; i < COUNT_ROWS; i++, at += strlen(file))
		assert_memory_equal(at, file, strlen(file));
	assert_string_equal(at, "]}],\n\"unowned\":[]}\n");
	free(text);
	free(many);
	rows_free(&r);
}

static void error_of_writing_is_told(void **state)
{
	struct rows r;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	rows_init(&r);
	struct json_format format = {.style = &r.style};
	assert_int_equal(format_json_write(&format, &r.list, -1), -EBADF);
	if (full >= 0) {
		assert_int_equal(format_json_write(&format, &r.list, full), -ENOSPC);
		close(full);
	}
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rows_are_an_empty_document),
		cmocka_unit_test(files_stand_below_their_process),
		cmocka_unit_test(threads_are_processes_of_their_own),
		cmocka_unit_test(rows_without_holder_are_unowned),
		cmocka_unit_test(both_stand_in_one_document),
		cmocka_unit_test(every_key_stands_in_its_place),
		cmocka_unit_test(unowned_has_the_keys_of_its_socket_and_why),
		cmocka_unit_test(each_row_is_a_line),
		cmocka_unit_test(letters_choose_keys),
		cmocka_unit_test(facts_follow_the_letters),
		cmocka_unit_test(large_document_is_whole),
		cmocka_unit_test(error_of_writing_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
