/*
 * Foreign names made harmless; see escape.h. Only printable ASCII and, where
 * the terminal reads it, valid UTF-8 that has a width leave this file: no
 * control bytes, no C1 controls (U+009B is a CSI), no characters that reorder
 * or hide their neighbours.
 */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "escape.h"

#include "buf.h"

#include <string.h>
#include <wchar.h>

size_t escape_decode_utf8(const char *text, size_t len, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	if (n == 0 || n > len)
		return 0;
	uint32_t c = s[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fU);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return n;
}

/*
 * Default_Ignorable_Code_Point, White_Space and Bidi_Control of the Unicode character
 * database, and the empty Braille pattern.
 */
bool escape_is_deceptive(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0x80, 0xa0},     {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
		{0x115f, 0x1160}, {0x1680, 0x1680}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
		{0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800},
		{0x3000, 0x3000}, {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
		{0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
		{0xe0000, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

/* Length of a multi-byte character that may be shown as it is, else 0. */
static size_t printable_utf8(const char *s, size_t len)
{
	uint32_t c;
	size_t n = escape_decode_utf8(s, len, &c);

	return n && !escape_is_deceptive(c) && wcwidth((wchar_t)c) >= 0 ? n : 0;
}

static void add_escaped_byte(struct buf *out, unsigned char c)
{
	static const char named[] = "\b\f\n\r\t\\";
	static const char letter[] = "bfnrt\\";
	const char *hit = c ? strchr(named, c) : NULL;

	if (hit) {
		buf_add_char(out, '\\');
		buf_add_char(out, letter[hit - named]);
	} else if (c < 0x20 || c == 0x7f) {
		buf_add_char(out, '^');
		buf_add_char(out, (char)(c ^ 0x40));
	} else {
		buf_add_str(out, "\\x");
		buf_add_hex(out, c, 2);
	}
}

void escape_add(struct buf *out, const char *name, size_t len, unsigned flags, size_t max)
{
	const unsigned char *s = (const unsigned char *)name;
	const unsigned char lowest = flags & ESCAPE_BLANKS ? '!' : ' ';

	if (flags & ESCAPE_RAW) {
		buf_add(out, name, len < max ? len : max);
		return;
	}
	for (size_t i = 0; i < len && max > 0; max--) {
		unsigned char c = s[i];
		size_t n = 0;

		if (c >= 0x80 && flags & ESCAPE_UTF8)
			n = printable_utf8(name + i, len - i);
		else if (c >= lowest && c < 0x7f && c != '\\')
			n = 1;

		if (n > 0) {
			buf_add(out, s + i, n);
			i += n;
		} else {
			add_escaped_byte(out, c);
			i++;
		}
	}
}

static bool is_ascii(const char *text, size_t len)
{
	uint64_t bits = 0, word;

	for (; len >= sizeof(word); text += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		bits |= word;
	}
	for (; len > 0; text++, len--)
		bits |= (unsigned char)*text;
	return (bits & 0x8080808080808080U) == 0;
}

size_t escape_columns(const char *text, size_t len)
{
	size_t columns = 0;

	if (is_ascii(text, len))
		return len;
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = escape_decode_utf8(text + i, len - i, &c);
		int width = n ? wcwidth((wchar_t)c) : 1;

		columns += width > 0 ? (size_t)width : 0;
		i += n ? n : 1;
	}
	return columns;
}
