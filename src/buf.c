/*
 * Growing byte buffer; see buf.h. Numbers are formatted here because the
 * table prints ten of them per row, twice (once to measure), and printf(3)
 * would be a third of the time of a large listing.
 */
#include "buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

/* Make room for @more bytes, or set and return the error. */
static int enlarge(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;
	while (cap - b->len < more) {
		if (cap > SIZE_MAX / 2)
			return b->error = -ENOMEM;
		cap *= 2;
	}
	char *data = realloc(b->data, cap);
	if (!data)
		return b->error = -ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

/* The usual case is two comparisons. */
static inline int reserve(struct buf *b, size_t more)
{
	if (b->error)
		return b->error;
	return more <= b->cap - b->len ? 0 : enlarge(b, more);
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || reserve(b, len) < 0)
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	if (reserve(b, 1) == 0)
		b->data[b->len++] = c;
}

void buf_repeat(struct buf *b, size_t start, size_t len)
{
	if (reserve(b, len) < 0)
		return;
	memcpy(b->data + b->len, b->data + start, len);
	b->len += len;
}

void buf_add_pad(struct buf *b, size_t n)
{
	if (n == 0 || reserve(b, n) < 0)
		return;
	memset(b->data + b->len, ' ', n);
	b->len += n;
}

void buf_add_dec(struct buf *b, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_add_hex(struct buf *b, uint64_t value, unsigned width)
{
	char digits[16];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value || (at > 0 && sizeof(digits) - at < width));
	buf_add(b, digits + at, sizeof(digits) - at);
}

int buf_write(struct buf *b, int fd)
{
	size_t done = 0;

	while (!b->error && done < b->len) {
		ssize_t n = write(fd, b->data + done, b->len - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			b->error = -errno;
	}
	b->len = 0;
	return b->error;
}
