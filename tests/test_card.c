/* The layout of cards: labels, wrapping between values, numbers with units. */
#define _GNU_SOURCE
#include "fixture.h"
#include "card.h"

#include <locale.h>

/* A card that writes into a buffer. */
struct page {
	struct buf out;
	struct card card;
};

static struct card *page_begin(struct page *p, const char *label)
{
	*p = (struct page){0};
	p->card.out = &p->out;
	card_begin(&p->card, label);
	return &p->card;
}

static void page_end(struct page *p, const char *expected)
{
	card_end(&p->card);
	card_free(&p->card);
	assert_buf(&p->out, expected);
	buf_free(&p->out);
}

static void line_has_label_and_values(void **state)
{
	struct page p;
	struct card *c = page_begin(&p, "rtt");

	(void)state;
	card_add(c, ", ", "1 ms");
	card_add(c, ", ", "2 ms");
	card_end(c);
	card_begin(c, "not shown..."); /* the longest that fits */
	card_add(c, " ", "x");
	page_end(&p, "  rtt          1 ms, 2 ms\n  not shown... x\n");
}

static void line_without_values_is_left_out(void **state)
{
	struct page p;
	struct card *c = page_begin(&p, "empty");

	(void)state;
	card_add(c, ", ", "");
	card_end_item(c, ", ");
	card_end(c);
	card_begin(c, "next");
	card_end_list(c, ',');
	page_end(&p, "");
}

static void values_wrap_at_eighty_columns(void **state)
{
	char sixty[61], expected[256];
	struct page p;

	(void)state;
	memset(sixty, 'a', 60);
	sixty[60] = '\0';
	struct card *c = page_begin(&p, "x");
	card_add(c, ", ", sixty);
	card_add(c, ", ", "bcd"); /* 15 + 60 + 2 + 3 */
	snprintf(expected, sizeof(expected), "  x            %s, bcd\n", sixty);
	page_end(&p, expected);

	c = page_begin(&p, "x");
	card_add(c, ", ", sixty);
	card_add(c, ", ", "bcde");
	card_add(c, " < ", "f");
	snprintf(expected, sizeof(expected), "  x            %s,\n%15sbcde < f\n", sixty, "");
	page_end(&p, expected);
}

static void one_value_is_never_cut(void **state)
{
	char longer[201], expected[300];
	struct page p;

	(void)state;
	memset(longer, 'a', 200);
	longer[200] = '\0';
	struct card *c = page_begin(&p, "exe");
	card_add(c, " ", longer);
	card_add(c, " < ", "b");
	snprintf(expected, sizeof(expected), "  exe          %s <\n%15sb\n", longer, "");
	page_end(&p, expected);
}

static void columns_count_not_bytes(void **state)
{
	char text[121], expected[300];
	struct page p;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (size_t i = 0; i < 120; i += 2)
		memcpy(text + i, "\303\251", 2);
	text[120] = '\0';
	struct card *c = page_begin(&p, "x");
	card_add(c, ", ", text);
	card_add(c, ", ", "bcd");
	snprintf(expected, sizeof(expected), "  x            %s, bcd\n", text);
	page_end(&p, expected);
	setlocale(LC_CTYPE, "C");
}

static void lists_wrap_between_their_values(void **state)
{
	struct page p;
	struct card *c = page_begin(&p, "options");

	(void)state;
	buf_add_str(&c->item, "SO_REUSEADDR,SO_LINGER(on,5),TCP_NODELAY,SO_SNDBUF(16384),"
			      "SO_RCVBUF(131072),SO_KEEPALIVE");
	card_end_list(c, ',');
	page_end(&p, "  options      SO_REUSEADDR,SO_LINGER(on,5),TCP_NODELAY,SO_SNDBUF(16384),\n"
		     "               SO_RCVBUF(131072),SO_KEEPALIVE\n");

	c = page_begin(&p, "other end");
	buf_add_str(&c->item, "7,a(,3u 8,b,4u");
	card_end_list(c, ' ');
	page_end(&p, "  other end    7,a(,3u 8,b,4u\n");
}

static void numbers_have_units(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} times[] = {{0, "0 ms"}, {999, "999 ms"}, {1000, "1 s"}, {59999, "59 s"}, {60000, "1 min"},
		     {725000, "12 min 5 s"}, {3600000, "1 h"}, {11520000, "3 h 12 min"},
		     {86400000, "1 d"}, {190800000, "2 d 5 h"}};
	static const struct {
		uint64_t value;
		const char *us, *rate;
	} others[] = {{0, "0 ms", "0 bit/s"}, {1, "0.001 ms", "8 bit/s"},
		      {21, "0.021 ms", "168 bit/s"}, {1500, "1.5 ms", "12 kbit/s"},
		      {150000, "150 ms", "1.2 Mbit/s"}, {1250000000, "1250000 ms", "10 Gbit/s"}};
	struct page p;
	struct card *c = page_begin(&p, "x");

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		card_add_time(c, times[i].ms);
		assert_buf(&c->item, times[i].text);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		card_add_us(c, others[i].value);
		assert_buf(&c->item, others[i].us);
		card_add_rate(c, others[i].value);
		assert_buf(&c->item, others[i].rate);
	}
	card_add_rate(c, UINT64_MAX);
	assert_true(c->item.len > 0);
	c->item.len = 0;
	card_add_count(c, 1, "byte");
	assert_buf(&c->item, "1 byte");
	card_add_count(c, 0, "byte");
	assert_buf(&c->item, "0 bytes");
	card_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_label_and_values),
		cmocka_unit_test(line_without_values_is_left_out),
		cmocka_unit_test(values_wrap_at_eighty_columns),
		cmocka_unit_test(one_value_is_never_cut),
		cmocka_unit_test(columns_count_not_bytes),
		cmocka_unit_test(lists_wrap_between_their_values),
		cmocka_unit_test(numbers_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
