/* A socket that is in the way, in words. */
#define _GNU_SOURCE
#include "scene.h"

#include "bind_case.h"
#include "obstacle_text.h"

/* Who has the first row's socket? */
static void assert_who(struct scene *s, unsigned count, const char *text)
{
	struct bind_case c = {.look = &s->look};
	struct obstacle o = {.row = &s->rows[0]};
	struct buf b = {0};

	for (size_t i = 0; i < s->look.rows.len; i++)
		s->rows[i].snap = &s->look.snap;
	assert_int_equal(obstacle_text_add_who(&s->style, &c, &o, &b), count);
	assert_buf(&b, text);
	buf_free(&b);
}

static void processes_are_named_once_and_three_of_them(void **state)
{
	static const char *const texts[] = {
		"nginx,811", "nginx,811 nginx,812", "nginx,811 nginx,812 nginx,813",
		"nginx,811 nginx,812 nginx,813 ...", "nginx,811 nginx,812 nginx,813 ...",
	};
	struct sock sock = listener(), other = listener();
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	for (size_t i = 0; i < COUNT(texts); i++) {
		add_held(&s, &sock, "nginx", (pid_t)(811 + i))->sock = &s.socks[0];
		assert_who(&s, (unsigned)i + 1, texts[i]);
	}
	add_held(&s, &other, "php", 900); /* another socket */
	assert_who(&s, 5, texts[4]);
	s.look.rows.len = 1;
	add_held(&s, &sock, "nginx", 811)->sock = &s.socks[0]; /* another descriptor */
	s.rows[1].process = s.rows[0].process;
	assert_who(&s, 1, "nginx,811");
	scene_free(&s);
}

static void who_cannot_be_named_is_one(void **state)
{
	struct sock sock = listener();
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	add_row(&s, &sock, REASON_PERMISSION);
	assert_who(&s, 1, "somebody [hidden: permission]");
	s.rows[0].reason = REASON_NOT_ACCEPTED;
	assert_who(&s, 1, "somebody [not accepted yet]");
	scene_free(&s);
}

static void names_cannot_pass_for_words_of_ours(void **state)
{
	static const struct {
		const char *command, *text;
	} cases[] = {
		{"a b", "a\\x20b,811"},       {"x,1", "x\\x2c1,811"},
		{"[kernel]", "\\x5bkernel\\x5d,811"}, {"a\nb", "a\\nb,811"},
		{"\033[2J", "^[\\x5b2J,811"}, {"\377", "\\xff,811"},
		{"", ",811"},
	};
	struct sock sock = listener();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct scene s;
		scene_init(&s, "tcp:8080");
		add_held(&s, &sock, cases[i].command, 811);
		assert_who(&s, 1, cases[i].text);
		scene_free(&s);
	}
}

static void end_is_its_own(void **state)
{
	static const struct {
		const char *ip, *text;
	} cases[] = {
		{"0.0.0.0", "0.0.0.0:8080"}, {"::", "[::]:8080"}, {"127.0.0.1", "127.0.0.1:8080"},
		{"::1", "[::1]:8080"}, {"::ffff:10.0.0.1", "10.0.0.1:8080"},
	};
	struct buf b = {0};
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock sock = make_connection(SOCK_STATE_ESTABLISHED, cases[i].ip, 8080,
						   "10.0.0.2", 5000, 7);
		struct row row = {.sock = &sock};
		struct obstacle o = {.row = &row};
		obstacle_text_add_end(&s.style, &o, &b);
		assert_buf(&b, cases[i].text);
	}
	buf_free(&b);
	scene_free(&s);
}

static void time_is_of_remainders_alone(void **state)
{
	static const struct {
		uint32_t ms;
		const char *text;
	} cases[] = {{59000, "59 s"}, {40500, "41 s"}, {1, "1 s"}};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock sock = remainder_of(SOCK_STATE_TIME_WAIT, cases[i].ms);
		struct row row = {.sock = &sock};
		struct obstacle o = {.row = &row};
		obstacle_text_add_time(&o, &b);
		assert_buf(&b, cases[i].text);
		sock.timer = SOCK_TIMER_RETRANSMIT;
		obstacle_text_add_time(&o, &b);
		assert_int_equal(b.len, 0);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processes_are_named_once_and_three_of_them),
		cmocka_unit_test(who_cannot_be_named_is_one),
		cmocka_unit_test(names_cannot_pass_for_words_of_ours),
		cmocka_unit_test(end_is_its_own),
		cmocka_unit_test(time_is_of_remainders_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
