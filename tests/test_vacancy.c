/* Who holds a place, and in which words? From rows made by hand. */
#define _GNU_SOURCE
#include "scene.h"

#include "clue.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void place_without_sockets_is_free(void **state)
{
	struct sock other = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 8081, 1);
	struct sock client = make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1",
					     8080, 2);
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	assert_vacancy(&s, VACANCY_FREE, "8080/tcp is free");
	add_held(&s, &other, "nginx", 811); /* not at this port */
	add_held(&s, &client, "curl", 900); /* at its own */
	assert_vacancy(&s, VACANCY_FREE, "8080/tcp is free");
	scene_free(&s);
}

static void holders_are_named_but_for_many(void **state)
{
	static const char *const names[] = {"nginx", "nginx", "a b,1", "sh", "sh"};
	static const char *const texts[] = {
		"8080/tcp is held by nginx,811", "8080/tcp is held by nginx,811 nginx,812",
		"8080/tcp is held by nginx,811 nginx,812 a\\x20b\\x2c1,813",
		"8080/tcp is held by nginx,811 nginx,812 a\\x20b\\x2c1,813 ...",
		"8080/tcp is held by nginx,811 nginx,812 a\\x20b\\x2c1,813 ...",
	};
	struct sock sock = listener(), rest = remainder_of(SOCK_STATE_TIME_WAIT, 59000);
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	for (size_t count = 1; count <= COUNT(names); count++) {
		for (size_t i = 0; i < count; i++)
			add_held(&s, &sock, names[i], (pid_t)(811 + i));
		add_row(&s, &rest, REASON_TIME_WAIT); /* who holds it is all that matters */
		assert_vacancy(&s, VACANCY_HELD, texts[count - 1]);
	}
	/* Once, by however many descriptors. */
	struct row *row = add_held(&s, &sock, "nginx", 811);
	add_held(&s, &sock, "nginx", 811)->process = row->process;
	assert_vacancy(&s, VACANCY_HELD, "8080/tcp is held by nginx,811");
	scene_free(&s);
}

static void verb_is_the_callers(void **state)
{
	struct sock sock = listener();
	struct vacancy v;
	struct scene s;
	struct buf b = {0};

	(void)state;
	scene_init(&s, "tcp:8080");
	add_held(&s, &sock, "nginx", 811);
	vacancy_judge(s.place, &s.look, NULL, &v);
	vacancy_add_text(&v, s.place, &s.look, &s.style, "held again", &b);
	assert_buf(&b, "8080/tcp is held again by nginx,811");
	buf_free(&b);
	scene_free(&s);
}

static void who_cannot_be_seen_is_told_by_the_reason(void **state)
{
	struct sock tcp = listener();
	struct sock udp = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 4789, 3);
	struct clue clue = {.kernel = "vxlan vx0"};
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	add_row(&s, &tcp, REASON_PERMISSION);
	assert_vacancy(&s, VACANCY_HELD, "8080/tcp is held [hidden: permission]");
	add_row(&s, &tcp, REASON_IN_FLIGHT);
	assert_vacancy(&s, VACANCY_HELD, "8080/tcp is held [in flight]");
	scene_free(&s);
	scene_init(&s, "4789/udp");
	add_row(&s, &udp, REASON_KERNEL)->clue = &clue;
	assert_vacancy(&s, VACANCY_HELD, "4789/udp is held [kernel: vxlan vx0]");
	scene_free(&s);
}

static void bound_socket_holds_without_listening(void **state)
{
	struct sock bound = make_sock(SOCK_PROTO_TCP, SOCK_STATE_BOUND, "127.0.0.1", 8080, 5);
	struct sock udp = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "::", 8080, 6);
	struct sock tcp = listener(), other = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 7);
	struct scene s;

	(void)state;
	scene_init(&s, "8080");
	assert_false(vacancy_is_listening(s.place, &s.look));
	add_held(&s, &other, "x", 1);
	assert_false(vacancy_is_listening(s.place, &s.look));
	add_held(&s, &bound, "x", 2);
	assert_false(vacancy_is_listening(s.place, &s.look));
	add_held(&s, &udp, "x", 3);
	assert_true(vacancy_is_listening(s.place, &s.look));
	assert_vacancy(&s, VACANCY_HELD, "8080 is held by x,2 x,3");
	add_row(&s, &tcp, REASON_PERMISSION); /* somebody does, whoever it is */
	assert_true(vacancy_is_listening(s.place, &s.look));
	scene_free(&s);
}

static void namespace_is_named_if_it_is_not_ours(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, "tcp:8080");
	s.place->netns = 1;
	assert_vacancy(&s, VACANCY_FREE, "8080/tcp is free");
	s.place->netns = 7;
	assert_vacancy(&s, VACANCY_FREE, "8080/tcp of netns blue\\n is free");
	scene_free(&s);
}

static void name_is_free_but_for_its_file(void **state)
{
	struct fixture *fx = *state;
	char path[300], text[400];
	struct scene s;

	snprintf(path, sizeof(path), "%s/x.sock", fx->path);
	scene_init(&s, path);
	assert_true(place_is_unix(s.place));
	snprintf(text, sizeof(text), "%s is free", path);
	assert_vacancy(&s, VACANCY_FREE, text);
	assert_int_equal(mknodat(fx->root_fd, "x.sock", S_IFSOCK | 0600, 0), 0);
	snprintf(text, sizeof(text), "%s is free once its file is removed", path);
	assert_vacancy(&s, VACANCY_FILE, text);
	/* Of whatever kind, be it a link that leads nowhere. */
	assert_int_equal(unlinkat(fx->root_fd, "x.sock", 0), 0);
	assert_int_equal(symlinkat("nowhere", fx->root_fd, "x.sock"), 0);
	assert_vacancy(&s, VACANCY_FILE, text);
	/* Who holds it matters more. */
	struct sock sock = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, path, 5);
	add_held(&s, &sock, "x", 8);
	snprintf(text, sizeof(text), "%s is held by x,8", path);
	assert_vacancy(&s, VACANCY_HELD, text);
	scene_free(&s);
}

static void name_that_is_no_path_has_no_file(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, "@/proc");
	assert_vacancy(&s, VACANCY_FREE, "@/proc is free");
	/* Nor can that of a relative name be known: it was the holder's directory. */
	struct sock sock = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, ".", 5);
	assert_int_equal(place_list_add_sock(&s.places, &s.filter, &sock, &s.place), 0);
	assert_vacancy(&s, VACANCY_FREE, ". is free");
	scene_free(&s);
}

static void connection_keeps_no_name(void **state)
{
	struct sock sock = make_unix(SOCK_STATE_CONNECTED, SOCK_STREAM, "@x", 5);
	struct scene s;

	(void)state;
	scene_init(&s, "@x");
	add_held(&s, &sock, "x", 8);
	assert_vacancy(&s, VACANCY_FREE, "@x is free");
	scene_free(&s);
}

static void unconnected_stream_holds_its_name_and_takes_nothing(void **state)
{
	static const struct {
		enum sock_state state;
		int type;
		bool listens;
	} cases[] = {
		{SOCK_STATE_LISTEN, SOCK_STREAM, true},
		{SOCK_STATE_LISTEN, SOCK_SEQPACKET, true},
		{SOCK_STATE_UNCONNECTED, SOCK_STREAM, false},
		{SOCK_STATE_UNCONNECTED, SOCK_DGRAM, true},
		{SOCK_STATE_CONNECTED, SOCK_DGRAM, true},
	};
	struct scene s;

	(void)state;
	scene_init(&s, "@x");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock sock = make_unix(cases[i].state, cases[i].type, "@x", 5);
		add_held(&s, &sock, "x", 8);
		assert_int_equal(vacancy_is_listening(s.place, &s.look), cases[i].listens);
		assert_vacancy(&s, VACANCY_HELD, "@x is held by x,8");
	}
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(place_without_sockets_is_free),
		cmocka_unit_test(holders_are_named_but_for_many),
		cmocka_unit_test(verb_is_the_callers),
		cmocka_unit_test(who_cannot_be_seen_is_told_by_the_reason),
		cmocka_unit_test(bound_socket_holds_without_listening),
		cmocka_unit_test(namespace_is_named_if_it_is_not_ours),
		fixture_test(name_is_free_but_for_its_file),
		cmocka_unit_test(name_that_is_no_path_has_no_file),
		cmocka_unit_test(connection_keeps_no_name),
		cmocka_unit_test(unconnected_stream_holds_its_name_and_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
