/*
 * A growing byte buffer. Every formatter appends to one, and only whoever
 * owns the file descriptor writes it out, in large writes.
 *
 * Errors are sticky: after a failed allocation the buffer takes no more
 * bytes and buf_write() reports the error, so that appending needs no checks.
 */
#ifndef WHOPORT_BUF_H
#define WHOPORT_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* owned; not terminated */
	size_t len, cap;
	int error; /* 0, or -errno of the first failure */
};

/** Release the memory and make the buffer empty again; also clears the error. */
void buf_free(struct buf *b);

/** Append @len bytes. */
void buf_add(struct buf *b, const void *data, size_t len);

/** Append a terminated string, without its terminator. */
void buf_add_str(struct buf *b, const char *s);

/** Append one byte. */
void buf_add_char(struct buf *b, char c);

/** Append @len bytes that the buffer already has at @start. */
void buf_repeat(struct buf *b, size_t start, size_t len);

/** Append @n blanks. */
void buf_add_pad(struct buf *b, size_t n);

/** Append an unsigned number in decimal. */
void buf_add_dec(struct buf *b, uint64_t value);

/** Append an unsigned number in lower-case hex, padded with zeros to @width digits. */
void buf_add_hex(struct buf *b, uint64_t value, unsigned width);

/**
 * Write everything to a file descriptor and empty the buffer.
 *
 * @fd  borrowed; interrupted and short writes are continued
 * Return 0, or -errno of the buffer's sticky error or of write(2).
 */
int buf_write(struct buf *b, int fd);

#endif
