/*
 * Words, and the places that are made with them.
 */
#ifndef WHOPORT_TESTS_PLACE_FIXTURE_H
#define WHOPORT_TESTS_PLACE_FIXTURE_H

#include "fixture.h"

#include "place.h"

/* A filter, and the places that were made with it. */
struct setting {
	struct names names;
	struct filter filter;
	struct place_list places;
};

static inline void set_up(struct setting *t, const char *const *words, size_t count)
{
	*t = (struct setting){0};
	make_names(&t->names);
	t->filter.names = &t->names;
	for (size_t i = 0; i < count; i++)
		filter_add_ok(&t->filter, FILTER_TARGET, words[i]);
	filter_finish_ok(&t->filter);
}

#define SET_UP(t, ...)                                                                             \
	set_up(t, (const char *const[]){__VA_ARGS__},                                              \
	       sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static inline void take_down(struct setting *t)
{
	place_list_free(&t->places);
	place_list_free(&t->places);
	filter_free(&t->filter);
	names_free(&t->names);
}

static inline struct place *add(struct setting *t, const struct sock *s)
{
	struct place *place = NULL;

	assert_int_equal(place_list_add_sock(&t->places, &t->filter, s, &place), 0);
	return place;
}

/** All places, parted by blanks; of another namespace than any behind a `#`. */
static inline void assert_places(const struct setting *t, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < t->places.len; i++) {
		buf_add_str(&b, i > 0 ? " " : "");
		place_add_text(&t->places.v[i], 0, &b);
		if (t->places.v[i].netns == 0)
			continue;
		buf_add_char(&b, '#');
		buf_add_dec(&b, t->places.v[i].netns);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static inline struct sock tcp(const char *ip, uint16_t port)
{
	return make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, ip, port, 1);
}

static inline struct sock udp(const char *ip, uint16_t port)
{
	return make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, ip, port, 1);
}

#endif
