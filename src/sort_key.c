/*
 * Sorting by a number; see sort_key.h. Digit by digit from the lowest, each time
 * into the place that the count of smaller digits says; a digit that is the same in
 * all keys takes no turn.
 */
#include "sort_key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BITS = 11, DIGITS = 1 << BITS };

static size_t digit(uint64_t key, unsigned shift)
{
	return key >> shift & (DIGITS - 1);
}

/* Sort by one digit from one array into the other. Return whether there was anything to do. */
static int sort_digit(const struct sort_key *from, size_t len, unsigned shift, size_t *counts,
		      struct sort_key *to)
{
	size_t at = 0;

	memset(counts, 0, DIGITS * sizeof(*counts));
	for (size_t i = 0; i < len; i++)
		counts[digit(from[i].key, shift)]++;
	if (counts[digit(from[0].key, shift)] == len)
		return 0;
	for (size_t i = 0; i < DIGITS; i++) { /* counts become places */
		size_t count = counts[i];
		counts[i] = at;
		at += count;
	}
	for (size_t i = 0; i < len; i++)
		to[counts[digit(from[i].key, shift)]++] = from[i];
	return 1;
}

int sort_keys(struct sort_key *v, size_t len)
{
	size_t counts[DIGITS];

	if (len < 2)
		return 0;
	struct sort_key *other = malloc(len * sizeof(*other));
	if (!other)
		return -ENOMEM;
	struct sort_key *from = v, *to = other;
	for (unsigned shift = 0; shift < 64; shift += BITS) {
		if (!sort_digit(from, len, shift, counts, to))
			continue;
		struct sort_key *done = to;
		to = from;
		from = done;
	}
	if (from != v)
		memcpy(v, from, len * sizeof(*v));
	free(other);
	return 0;
}
