/*
 * The layout of a card: a line of its own, then lines of a label and values, which wrap between
 * values and never within one:
 *
 *     nginx,811
 *       parents      systemd,1
 *       rtt          0.021 ms, varies by 0.005 ms,
 *                    at least 0.018 ms
 *
 * A line without values is left out.
 */
#ifndef WHOPORT_CARD_H
#define WHOPORT_CARD_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CARD_WIDTH = 80, CARD_VALUES = 15 }; /* columns; where values begin */

struct card {
	struct buf *out;   /* borrowed */
	const char *label; /* of the line under way */
	size_t at;         /* columns that it takes; 0: it has no value yet */
	struct buf item;   /* a value under way; released by card_free() */
};

/** Release what the card owns; an error of it is the buffer's. */
void card_free(struct card *c);

/**
 * Begin a line.
 *
 * @label  borrowed until the line ends; shorter than CARD_VALUES - 2
 */
void card_begin(struct card *c, const char *label);

/**
 * Take what was appended to c->item as one value; nothing if it is empty.
 *
 * @separator  between the value before and this one; where the line wraps its blanks are left
 *             out
 */
void card_end_item(struct card *c, const char *separator);

/** The same with these words as one value. */
void card_add(struct card *c, const char *separator, const char *text);

/**
 * Take c->item as values with a character between them.
 *
 * @part  ' ', or ',' where it stands outside of parentheses
 */
void card_end_list(struct card *c, char part);

/** End the line, if it has a value. */
void card_end(struct card *c);

/** Append a time to c->item: `250 ms`, `41 s`, `12 min 5 s`, `3 h 12 min`, `2 d 5 h`. */
void card_add_time(struct card *c, uint64_t ms);

/** Append microseconds as milliseconds: `0.021 ms`. */
void card_add_us(struct card *c, uint64_t us);

/** Append bytes a second as a rate: `1.2 Mbit/s`. */
void card_add_rate(struct card *c, uint64_t bytes);

/** Append a number and a unit, which has an `s` unless it is one: `1 segment`, `2 segments`. */
void card_add_count(struct card *c, uint64_t count, const char *unit);

#endif
