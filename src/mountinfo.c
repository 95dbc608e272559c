/*
 * Lines of mountinfo; see mountinfo.h. Blanks in paths are written as \040:
 *
 *     35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
 */
#include "mountinfo.h"

#include <string.h>

bool mountinfo_is(const struct mountinfo_field *field, const char *word)
{
	return field->len == strlen(word) && memcmp(field->text, word, field->len) == 0;
}

/* Cut off the next field, up to a blank. */
static bool take_field(const char **at, const char *end, struct mountinfo_field *out)
{
	if (*at >= end)
		return false;

	size_t rest = (size_t)(end - *at);
	const char *blank = memchr(*at, ' ', rest);
	*out = (struct mountinfo_field){*at, blank ? (size_t)(blank - *at) : rest};
	*at += out->len + (blank ? 1 : 0);
	return true;
}

static bool is_octal(char c, char max)
{
	return c >= '0' && c <= max;
}

/* Resolve escapes such as \040; false if that is no path of less than @size bytes. */
static bool unescape(const struct mountinfo_field *text, char *out, size_t size)
{
	const char *p = text->text, *end = p + text->len;
	size_t n = 0;

	while (p < end && n + 1 < size) {
		bool escaped = *p == '\\' && end - p >= 4 && is_octal(p[1], '3') &&
			       is_octal(p[2], '7') && is_octal(p[3], '7');
		int byte = escaped ? (p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0') : *p;
		if (byte == '\0')
			return false;
		out[n++] = (char)byte;
		p += escaped ? 4 : 1;
	}
	if (p < end || n == 0 || out[0] != '/')
		return false;
	out[n] = '\0';
	return true;
}

bool mountinfo_parse(const char *line, size_t len, struct mountinfo *out)
{
	enum { ROOT = 3, POINT = 4, FIXED = 6 };
	const char *at = line, *end = line + len;
	struct mountinfo_field fields[FIXED], next;

	for (size_t i = 0; i < FIXED; i++) {
		if (!take_field(&at, end, &fields[i]))
			return false;
	}
	do { /* optional fields, up to a dash */
		if (!take_field(&at, end, &next))
			return false;
	} while (!mountinfo_is(&next, "-"));
	out->root = fields[ROOT];
	return take_field(&at, end, &out->type) &&
	       unescape(&fields[POINT], out->point, sizeof(out->point));
}
