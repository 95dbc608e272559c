/* Strict decimal and hex numbers; see num.h. */
#include "num.h"

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

bool num_scan(const char **at, const char *end, unsigned base, uint64_t max, uint64_t *out)
{
	const char *p = *at;
	uint64_t value = 0;

	for (; p < end; p++) {
		unsigned digit = digit_value(*p);

		if (digit >= base)
			break;
		if (digit > max || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (p == *at)
		return false;
	*at = p;
	*out = value;
	return true;
}

bool num_parse(const char *text, const char *end, uint64_t max, uint64_t *out)
{
	uint64_t value;

	if (!num_scan(&text, end, 10, max, &value) || text != end)
		return false;
	*out = value;
	return true;
}
