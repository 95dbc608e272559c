/* Cards; see card.h. */
#include "card.h"

#include "escape.h"

#include <string.h>

enum { INDENT = 2 };

void card_free(struct card *c)
{
	if (c->item.error && !c->out->error)
		c->out->error = c->item.error;
	buf_free(&c->item);
}

void card_begin(struct card *c, const char *label)
{
	c->label = label;
	c->at = 0;
	c->item.len = 0;
}

static void add_separator(struct card *c, const char *separator, size_t width)
{
	size_t len = strlen(separator);

	if (c->at + len + width <= CARD_WIDTH) {
		buf_add(c->out, separator, len);
		c->at += len;
		return;
	}
	while (len > 0 && separator[len - 1] == ' ')
		len--;
	buf_add(c->out, separator, len);
	buf_add_char(c->out, '\n');
	buf_add_pad(c->out, CARD_VALUES);
	c->at = CARD_VALUES;
}

void card_end_item(struct card *c, const char *separator)
{
	size_t width = escape_columns(c->item.data, c->item.len), label = strlen(c->label);

	if (c->item.len == 0)
		return;
	if (c->at > 0) {
		add_separator(c, separator, width);
	} else {
		buf_add_pad(c->out, INDENT);
		buf_add_str(c->out, c->label);
		buf_add_pad(c->out, CARD_VALUES - INDENT - label);
		c->at = CARD_VALUES;
	}
	buf_add(c->out, c->item.data, c->item.len);
	c->at += width;
	c->item.len = 0;
}

void card_add(struct card *c, const char *separator, const char *text)
{
	buf_add_str(&c->item, text);
	card_end_item(c, separator);
}

/* Bytes up to the next comma outside of parentheses, or up to the next blank, or all. */
static size_t part_len(const char *text, size_t len, char part)
{
	size_t depth = 0, i;

	for (i = 0; i < len && (depth > 0 || text[i] != part); i++) {
		if (text[i] == '(' && part == ',')
			depth++;
		else if (text[i] == ')' && depth > 0)
			depth--;
	}
	return i;
}

void card_end_list(struct card *c, char part)
{
	const char separator[] = {part, '\0'};
	struct buf list = c->item;

	c->item = (struct buf){0};
	for (size_t at = 0; at < list.len;) {
		size_t len = part_len(list.data + at, list.len - at, part);
		buf_add(&c->item, list.data + at, len);
		card_end_item(c, separator);
		at += len + 1;
	}
	if (list.error)
		c->item.error = list.error;
	buf_free(&list);
}

void card_end(struct card *c)
{
	if (c->at > 0)
		buf_add_char(c->out, '\n');
	c->at = 0;
}

static void add_two(struct card *c, uint64_t first, const char *unit, uint64_t second,
		    const char *smaller)
{
	buf_add_dec(&c->item, first);
	buf_add_str(&c->item, unit);
	if (second == 0)
		return;
	buf_add_char(&c->item, ' ');
	buf_add_dec(&c->item, second);
	buf_add_str(&c->item, smaller);
}

void card_add_time(struct card *c, uint64_t ms)
{
	const uint64_t second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

	if (ms < second)
		add_two(c, ms, " ms", 0, "");
	else if (ms < minute)
		add_two(c, ms / second, " s", 0, "");
	else if (ms < hour)
		add_two(c, ms / minute, " min", ms % minute / second, " s");
	else if (ms < day)
		add_two(c, ms / hour, " h", ms % hour / minute, " min");
	else
		add_two(c, ms / day, " d", ms % day / hour, " h");
}

/* A number with so many decimals: 21 with three is 0.021. */
static void add_decimal(struct card *c, uint64_t value, uint64_t scale)
{
	buf_add_dec(&c->item, value / scale);
	if (value % scale == 0)
		return;
	buf_add_char(&c->item, '.');
	for (uint64_t rest = value % scale; rest > 0; rest %= scale) {
		scale /= 10;
		buf_add_dec(&c->item, rest / scale);
	}
}

void card_add_us(struct card *c, uint64_t us)
{
	add_decimal(c, us, 1000);
	buf_add_str(&c->item, " ms");
}

void card_add_rate(struct card *c, uint64_t bytes)
{
	static const char *const units[] = {" bit/s", " kbit/s", " Mbit/s", " Gbit/s", " Tbit/s"};
	uint64_t tenths = bytes < UINT64_MAX / 80 ? bytes * 80 : UINT64_MAX;
	size_t unit = 0;

	for (; tenths >= 10000 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		tenths /= 1000;
	add_decimal(c, tenths, 10);
	buf_add_str(&c->item, units[unit]);
}

void card_add_count(struct card *c, uint64_t count, const char *unit)
{
	buf_add_dec(&c->item, count);
	buf_add_char(&c->item, ' ');
	buf_add_str(&c->item, unit);
	if (count != 1)
		buf_add_char(&c->item, 's');
}
