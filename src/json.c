/* Values of JSON; see json.h. */
#include "json.h"

#include "buf.h"
#include "escape.h"

#include <string.h>

static void add_unicode(struct buf *out, uint32_t c)
{
	if (c >= 0x10000) { /* as two surrogates */
		add_unicode(out, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	buf_add_str(out, "\\u");
	buf_add_hex(out, c, 4);
}

static void add_ascii(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_add_str(out, "\\\"");
		break;
	case '\\':
		buf_add_str(out, "\\\\\\\\"); /* two in the value */
		break;
	case '\n':
		buf_add_str(out, "\\n");
		break;
	case '\t':
		buf_add_str(out, "\\t");
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			add_unicode(out, c);
		else
			buf_add_char(out, (char)c);
	}
}

void json_add_bytes(struct buf *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char byte = (unsigned char)bytes[i];
		uint32_t c;

		if (byte < 0x80) {
			add_ascii(out, byte);
			i++;
			continue;
		}
		size_t n = escape_decode_utf8(bytes + i, len - i, &c);
		if (n == 0) {
			buf_add_str(out, "\\\\x"); /* one backslash in the value */
			buf_add_hex(out, byte, 2);
		} else if (escape_is_deceptive(c)) {
			add_unicode(out, c);
		} else {
			buf_add(out, bytes + i, n);
		}
		i += n ? n : 1;
	}
}

void json_add_string(struct buf *out, const char *bytes, size_t len)
{
	buf_add_char(out, '"');
	json_add_bytes(out, bytes, len);
	buf_add_char(out, '"');
}

void json_add_null(struct buf *out)
{
	buf_add_str(out, "null");
}

void json_add_text(struct buf *out, const char *text)
{
	if (text)
		json_add_string(out, text, strlen(text));
	else
		json_add_null(out);
}

void json_add_number_or_null(struct buf *out, uint64_t number)
{
	if (number)
		buf_add_dec(out, number);
	else
		json_add_null(out);
}
