/* Strict decimal and hex numbers; see num.h. */
#include "num.h"

#include <stddef.h>

/* Value of a digit plus one; 0 for every other byte. */
static const uint8_t digit_values[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Written out for each base by the compiler: half of reading /proc/net is this. */
static inline bool scan(const char **at, const char *end, unsigned base, uint64_t max,
			uint64_t *out)
{
	/* Below this a further digit cannot overflow. */
	const uint64_t fits = UINT64_MAX / 16 - 1;
	const char *p = *at;
	uint64_t value = 0;

	for (; p < end; p++) {
		unsigned digit = digit_values[(unsigned char)*p] - 1U;

		if (digit >= base)
			break;
		if (value > fits && value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (p == *at || value > max)
		return false;
	*at = p;
	*out = value;
	return true;
}

bool num_scan(const char **at, const char *end, unsigned base, uint64_t max, uint64_t *out)
{
	return base == 16 ? scan(at, end, 16, max, out) : scan(at, end, 10, max, out);
}

bool num_parse(const char *text, const char *end, uint64_t max, uint64_t *out)
{
	uint64_t value;

	if (!num_scan(&text, end, 10, max, &value) || text != end)
		return false;
	*out = value;
	return true;
}

bool num_parse_seconds(const char *text, const char *end, uint32_t *out_ms)
{
	enum { SECONDS_MAX = 1000000 };
	uint64_t seconds, ms = 0;

	if (!num_scan(&text, end, 10, SECONDS_MAX, &seconds))
		return false;
	if (text < end) {
		ptrdiff_t digits = end - text - 1;
		if (*text != '.' || digits < 1 || digits > 3 || !num_parse(text + 1, end, 999, &ms))
			return false;
		for (; digits < 3; digits++)
			ms *= 10;
	}
	*out_ms = (uint32_t)(seconds * 1000 + ms);
	return true;
}
