/* Text by lines, however it is cut into pieces. */
#define _GNU_SOURCE
#include "fixture.h"
#include "line_reader.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The lines taken, each followed by '|'; an overlong one is "!". */
struct taken {
	struct buf text;
	size_t count, stop_at;
};

static int take(void *ctx, const char *line, size_t len)
{
	struct taken *t = ctx;

	t->count++;
	if (t->stop_at == t->count)
		return -ECANCELED;
	if (line)
		buf_add(&t->text, line, len);
	else
		buf_add_char(&t->text, '!');
	buf_add_char(&t->text, '|');
	return 0;
}

static struct line_reader *new_reader(void)
{
	struct line_reader *r = malloc(sizeof(*r));

	assert_non_null(r);
	r->len = 0;
	r->overlong = false;
	return r;
}

static void lines_are_the_same_wherever_the_text_is_cut(void **state)
{
	static const char text[] = "one\n\ntwo \r\nthree: 3\n\n\nlast";
	size_t len = sizeof(text) - 1;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		for (size_t second = cut; second <= len; second += 3) {
			struct line_reader *r = new_reader();
			struct taken t = {.text = {0}};
			const size_t ends[] = {cut, second, len};
			size_t at = 0;
			for (size_t i = 0; i < 3; i++) {
				char *piece = guard_copy(text + at, ends[i] - at);
				assert_int_equal(line_reader_feed(r, piece, ends[i] - at, take, &t), 0);
				guard_free(piece, ends[i] - at);
				at = ends[i];
			}
			assert_int_equal(line_reader_finish(r, take, &t), 0);
			assert_buf(&t.text, "one||two \r|three: 3|||last|");
			buf_free(&t.text);
			free(r);
		}
	}
}

static void finish_gives_the_rest_once(void **state)
{
	struct line_reader *r = new_reader();
	struct taken t = {.text = {0}};

	(void)state;
	assert_int_equal(line_reader_finish(r, take, &t), 0);
	assert_int_equal(line_reader_feed(r, "a\nb", 3, take, &t), 0);
	assert_buf(&t.text, "a|");
	assert_int_equal(line_reader_finish(r, take, &t), 0);
	assert_int_equal(line_reader_finish(r, take, &t), 0);
	assert_buf(&t.text, "b|");
	buf_free(&t.text);
	free(r);
}

static void line_may_hold_any_byte_but_newline(void **state)
{
	struct line_reader *r = new_reader();
	struct taken t = {.text = {0}};

	(void)state;
	assert_int_equal(line_reader_feed(r, "a\0b\xff\n", 5, take, &t), 0);
	assert_int_equal(t.text.len, 5);
	assert_memory_equal(t.text.data, "a\0b\xff|", 5);
	buf_free(&t.text);
	free(r);
}

/* Feed a line of so many bytes, in pieces, and what follows it. */
static void feed_long(size_t len, size_t piece, const char *tail, struct taken *t)
{
	struct line_reader *r = new_reader();
	char *bytes = malloc(len);

	assert_non_null(bytes);
	memset(bytes, 'x', len);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		assert_int_equal(line_reader_feed(r, bytes + at, n, take, t), 0);
	}
	assert_int_equal(line_reader_feed(r, tail, strlen(tail), take, t), 0);
	assert_int_equal(line_reader_finish(r, take, t), 0);
	free(bytes);
	free(r);
}

static void longest_line_is_handed_on(void **state)
{
	static const size_t pieces[] = {1, 7, 4096, LINE_READER_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct taken t = {.text = {0}};
		feed_long(LINE_READER_MAX, pieces[i], "\nnext\n", &t);
		assert_int_equal(t.count, 2);
		assert_int_equal(t.text.len, LINE_READER_MAX + strlen("|next|"));
		buf_free(&t.text);
	}
}

static void overlong_line_is_announced_once_and_left_behind(void **state)
{
	static const size_t lens[] = {LINE_READER_MAX + 1, LINE_READER_MAX + 2, 5 * LINE_READER_MAX};
	static const size_t pieces[] = {1, 4096, LINE_READER_MAX, 5 * LINE_READER_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		for (size_t j = 0; j < COUNT(pieces); j++) {
			struct taken t = {.text = {0}};
			feed_long(lens[i], pieces[j], "\nnext\n", &t);
			assert_buf(&t.text, "!|next|");
			t.count = 0;
			/* Without a newline at the end of the file. */
			feed_long(lens[i], pieces[j], "", &t);
			assert_buf(&t.text, "!|");
			buf_free(&t.text);
		}
	}
}

static void error_of_the_taker_stops_the_feeding(void **state)
{
	struct line_reader *r = new_reader();
	struct taken t = {.stop_at = 2};

	(void)state;
	assert_int_equal(line_reader_feed(r, "a\nb\nc\n", 6, take, &t), -ECANCELED);
	assert_int_equal(t.count, 2);
	buf_free(&t.text);
	free(r);
}

static void run_feeds_a_whole_file(void **state)
{
	struct fixture *fx = *state;
	struct taken t = {.text = {0}};
	struct buf text = {0};

	for (unsigned i = 0; i < 5000; i++) {
		buf_add_dec(&text, i);
		buf_add_char(&text, '\n');
	}
	fixture_write(fx, "file", text.data, text.len);
	int fd = openat(fx->root_fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(line_reader_run(fd, take, &t), 0);
	assert_int_equal(t.count, 5000);
	assert_int_equal(t.text.len, text.len);
	t.stop_at = t.count + 7;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(line_reader_run(fd, take, &t), -ECANCELED);
	close(fd);
	buf_free(&t.text);
	buf_free(&text);
}

static void run_reports_a_failing_read(void **state)
{
	struct fixture *fx = *state;
	struct taken t = {.text = {0}};

	assert_int_equal(line_reader_run(fx->root_fd, take, &t), -EISDIR);
	assert_int_equal(line_reader_run(-1, take, &t), -EBADF);
	assert_int_equal(t.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_wherever_the_text_is_cut),
		cmocka_unit_test(finish_gives_the_rest_once),
		cmocka_unit_test(line_may_hold_any_byte_but_newline),
		cmocka_unit_test(longest_line_is_handed_on),
		cmocka_unit_test(overlong_line_is_announced_once_and_left_behind),
		cmocka_unit_test(error_of_the_taker_stops_the_feeding),
		fixture_test(run_feeds_a_whole_file),
		fixture_test(run_reports_a_failing_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
