/* Foreign text as a value; see word.h. */
#define _GNU_SOURCE
#include "word.h"

#include "buf.h"

#include <string.h>

bool word_equals(struct word w, const char *text)
{
	size_t n = strlen(text);

	return w.len == n && (n == 0 || memcmp(w.text, text, n) == 0);
}

bool word_begins_with(struct word w, const char *head)
{
	size_t n = strlen(head);

	return w.len >= n && (n == 0 || memcmp(w.text, head, n) == 0);
}

bool word_ends_with(struct word w, const char *tail)
{
	size_t n = strlen(tail);

	return w.len >= n && (n == 0 || memcmp(w.text + w.len - n, tail, n) == 0);
}

bool word_consists_of(struct word w, const char *allowed)
{
	for (size_t i = 0; i < w.len; i++) {
		if (w.text[i] == '\0' || !strchr(allowed, w.text[i]))
			return false;
	}
	return true;
}

struct word word_base_name(struct word path)
{
	const char *slash = path.len > 0 ? memrchr(path.text, '/', path.len) : NULL;

	if (!slash)
		return path;
	return (struct word){slash + 1, path.len - (size_t)(slash + 1 - path.text)};
}

void word_add(struct buf *out, struct word w)
{
	buf_add(out, w.text, w.len);
}

void word_add_quoted(struct buf *out, struct word w)
{
	if (w.len > 0 && word_consists_of(w, WORD_PLAIN "@:/+,")) {
		word_add(out, w);
		return;
	}
	buf_add_char(out, '\'');
	for (size_t i = 0; i < w.len; i++) {
		if (w.text[i] == '\'')
			buf_add_str(out, "'\\''"); /* out of the quotes for one */
		else
			buf_add_char(out, w.text[i]);
	}
	buf_add_char(out, '\'');
}
