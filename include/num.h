/*
 * Strict numbers. strtoul(3) takes blanks, signs, 0x and silently wraps or
 * stops early; these take digits and nothing else, within given bytes.
 */
#ifndef WHOPORT_NUM_H
#define WHOPORT_NUM_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Read the digits at the start of a piece of text.
 *
 * @at    start of the text; moved behind the digits on success
 * @end   end of the text
 * @base  10 or 16
 * @max   largest value allowed
 * @out   value; unchanged on failure
 * Return true if there was at least one digit and the value is not above @max.
 */
bool num_scan(const char **at, const char *end, unsigned base, uint64_t max, uint64_t *out);

/** Value of one hex digit; for any other byte a number above 15. */
static inline unsigned num_hex_digit(char c)
{
	unsigned digit = (unsigned char)c - (unsigned)'0';
	unsigned letter = ((unsigned char)c | 0x20U) - (unsigned)'a';

	return digit < 10 ? digit : letter < 6 ? letter + 10 : 0x10;
}

/** As num_scan(), for decimal text that must hold nothing else. */
bool num_parse(const char *text, const char *end, uint64_t max, uint64_t *out);

/**
 * Parse seconds with at most three decimals, such as `5`, `0.25`; up to 1,000,000.
 *
 * @out_ms  milliseconds
 */
bool num_parse_seconds(const char *text, const char *end, uint32_t *out_ms);

#endif
