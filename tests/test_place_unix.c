/* Unix names that come free. */
#define _GNU_SOURCE
#include "place_fixture.h"

#include <sys/socket.h>

static void unix_name_is_a_place(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		bool exact;
		const char *expected;
		bool is_path; /* of every namespace */
	} cases[] = {
		{"/run/x.sock", 11, true, "/run/x.sock", true},
		{"/run/x.sock", 11, false, "/run/x.sock", true},
		{"\0name", 5, true, "@name#7", false},
		{"@name", 5, false, "@name#7", false}, /* as text shows it */
		{"\0a\0b", 4, true, "@a\\0b#7", false},
		{"@name", 5, true, "@name", true}, /* a file, if the kernel says so */
		{"/run/a b\n", 9, true, "/run/a b\\n", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, cases[i].name, 1);
		struct setting t;
		SET_UP(&t, "1");
		s.name_len = (uint16_t)cases[i].len;
		s.name_is_exact = cases[i].exact;
		s.netns = 7;
		struct place *place = add(&t, &s);
		assert_true(place_is_unix(place));
		assert_true(place_match(place, &s));
		assert_places(&t, cases[i].expected);
		assert_ptr_equal(add(&t, &s), place);
		s.netns = 8;
		assert_int_equal(place_match(place, &s), cases[i].is_path);
		s.netns = 7;
		s.name_len--;
		assert_false(place_match(place, &s));
		take_down(&t);
	}
}

static void unix_name_may_fill_all_that_there_is(void **state)
{
	char name[109];
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, NULL, 1);
	struct setting t;

	(void)state;
	memset(name, 'x', sizeof(name));
	*name = '@';
	SET_UP(&t, "1");
	s.name = name;
	s.name_len = 108;
	assert_true(place_match(add(&t, &s), &s));
	s.name_len = 109; /* no kernel tells of such */
	assert_null(add(&t, &s));
	take_down(&t);
}

static void path_comes_free_in_all_its_spellings(void **state)
{
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, "x.sock", 1);
	struct setting t;

	(void)state;
	SET_UP(&t, "./x.sock");
	struct place *place = add(&t, &s); /* as it was bound */
	assert_int_equal(t.places.len, 1);
	assert_true(place->targets.len >= 3); /* as typed, plain, absolute */
	assert_int_equal(place->item, 0);
	s.name = "./x.sock";
	s.name_len = 8;
	assert_ptr_equal(add(&t, &s), place);
	assert_true(place_match(place, &s));
	assert_places(&t, "./x.sock");
	take_down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unix_name_is_a_place),
		cmocka_unit_test(unix_name_may_fill_all_that_there_is),
		cmocka_unit_test(path_comes_free_in_all_its_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
