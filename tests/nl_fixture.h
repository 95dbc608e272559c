/*
 * Netlink datagrams for the tests, laid out as the kernel does it: messages
 * start at multiples of four, an attribute's padding belongs to its message,
 * and the bytes between are nobody's. All is in this header, so that a test
 * that speaks no netlink links none of it.
 *
 *     struct nl_bytes b = {0};
 *
 *     nl_bytes_begin(&b, 20, 0, seq);
 *     nl_bytes_add(&b, &body, sizeof(body));
 *     nl_bytes_add_u32(&b, 3, 1000);
 *     nl_bytes_add_done(&b, seq, 0);
 */
#ifndef WHOPORT_TESTS_NL_FIXTURE_H
#define WHOPORT_TESTS_NL_FIXTURE_H

#include "fixture.h"
#include "netlink.h"

#include <stdlib.h>

/* A test uses some of these functions. */
#define NL_FIXTURE static inline __attribute__((unused))

enum {
	NL_BYTES_MAX = 131072,
	NL_BYTES_PADDING = 0xee, /* the kernel's is 0; nobody may care */
	NL_FLAG_MULTI = 0x002,	 /* part of a dump; nobody looks at it */
};

/** Messages, or attributes alone; starts zeroed. */
struct nl_bytes {
	size_t len;
	size_t message;	 /* where the last message starts */
	bool in_message; /* what is added counts in its length */
	char data[NL_BYTES_MAX];
};

/* No assertion: in a child process it would go on with the parent's tests. */
NL_FIXTURE void nl_bytes_require(bool it)
{
	if (!it) {
		fprintf(stderr, "nl_fixture.h: a length does not fit\n");
		abort();
	}
}

NL_FIXTURE void nl_bytes_append(struct nl_bytes *b, const void *data, size_t len)
{
	nl_bytes_require(len <= NL_BYTES_MAX - b->len);
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

/** Pad to a multiple of four, which no length says. */
NL_FIXTURE void nl_bytes_pad(struct nl_bytes *b)
{
	const char byte = (char)NL_BYTES_PADDING;

	while (b->len % 4 != 0)
		nl_bytes_append(b, &byte, 1);
}

/** Let the last message claim another length, header included. */
NL_FIXTURE void nl_bytes_set_len(struct nl_bytes *b, uint32_t len)
{
	memcpy(b->data + b->message + offsetof(struct nl_header, len), &len, sizeof(len));
}

/* What was added since the message began is in it. */
NL_FIXTURE void nl_bytes_count(struct nl_bytes *b)
{
	if (b->in_message)
		nl_bytes_set_len(b, (uint32_t)(b->len - b->message));
}

/** Begin a message; what is added from now on is its body. */
NL_FIXTURE void nl_bytes_begin(struct nl_bytes *b, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nl_header h = {.len = sizeof(h), .type = type, .flags = flags, .seq = seq,
			      .port_id = 4321};

	nl_bytes_pad(b);
	b->message = b->len;
	b->in_message = true;
	nl_bytes_append(b, &h, sizeof(h));
}

/** Add bytes as they are. */
NL_FIXTURE void nl_bytes_add(struct nl_bytes *b, const void *data, size_t len)
{
	nl_bytes_append(b, data, len);
	nl_bytes_count(b);
}

/** Add a whole message with a string, without its terminator, for a body. */
NL_FIXTURE void nl_bytes_add_text(struct nl_bytes *b, uint16_t type, uint32_t seq, const char *text)
{
	nl_bytes_begin(b, type, NL_FLAG_MULTI, seq);
	nl_bytes_add(b, text, strlen(text));
}

/** Add an attribute and its padding. */
NL_FIXTURE void nl_bytes_add_attr(struct nl_bytes *b, uint16_t type, const void *data, size_t len)
{
	const uint16_t head[] = {(uint16_t)(len + 4), type};

	nl_bytes_require(len + 4 <= UINT16_MAX);
	nl_bytes_append(b, head, sizeof(head));
	nl_bytes_append(b, data, len);
	nl_bytes_pad(b);
	nl_bytes_count(b);
}

NL_FIXTURE void nl_bytes_add_u8(struct nl_bytes *b, uint16_t type, uint8_t value)
{
	nl_bytes_add_attr(b, type, &value, sizeof(value));
}

NL_FIXTURE void nl_bytes_add_u16(struct nl_bytes *b, uint16_t type, uint16_t value)
{
	nl_bytes_add_attr(b, type, &value, sizeof(value));
}

NL_FIXTURE void nl_bytes_add_u32(struct nl_bytes *b, uint16_t type, uint32_t value)
{
	nl_bytes_add_attr(b, type, &value, sizeof(value));
}

NL_FIXTURE void nl_bytes_add_u64(struct nl_bytes *b, uint16_t type, uint64_t value)
{
	nl_bytes_add_attr(b, type, &value, sizeof(value));
}

/**
 * Begin an attribute that holds attributes; NL_ATTR_NESTED is the caller's to
 * set, since the kernel does so in newer families only. Return its place for
 * nl_bytes_end_nest().
 */
NL_FIXTURE size_t nl_bytes_begin_nest(struct nl_bytes *b, uint16_t type)
{
	size_t at = b->len;

	nl_bytes_add_attr(b, type, NULL, 0);
	return at;
}

NL_FIXTURE void nl_bytes_end_nest(struct nl_bytes *b, size_t at)
{
	uint16_t len = (uint16_t)(b->len - at);

	nl_bytes_require(b->len - at <= UINT16_MAX);
	memcpy(b->data + at, &len, sizeof(len));
}

/** Add the message that ends a dump; @error is 0 or a negative errno. */
NL_FIXTURE void nl_bytes_add_done(struct nl_bytes *b, uint32_t seq, int32_t error)
{
	nl_bytes_begin(b, NL_TYPE_DONE, NL_FLAG_MULTI, seq);
	nl_bytes_add(b, &error, sizeof(error));
}

/** Add an ERROR message; the header of the request it is about follows. */
NL_FIXTURE void nl_bytes_add_error(struct nl_bytes *b, uint32_t seq, int32_t error)
{
	struct nl_header about = {.len = sizeof(about), .type = 20, .flags = NL_FLAG_REQUEST,
				  .seq = seq};

	nl_bytes_begin(b, NL_TYPE_ERROR, 0, seq);
	nl_bytes_add(b, &error, sizeof(error));
	nl_bytes_add(b, &about, sizeof(about));
}

/* --- a taker ------------------------------------------------------------- */

/** The messages taken, each as "type:body|". */
struct nl_taken {
	struct buf text;
	size_t count;	/* of messages */
	size_t stop_at; /* the message that is answered with an error; 0: none */
	int error;	/* that error */
	size_t restarts;
};

/** A nl_take whose context is a struct nl_taken. */
NL_FIXTURE int nl_taken_add(void *ctx, const struct nl_message *m)
{
	struct nl_taken *t = ctx;

	buf_add_dec(&t->text, m->type);
	buf_add_char(&t->text, ':');
	buf_add(&t->text, m->data, m->len);
	buf_add_char(&t->text, '|');
	return ++t->count == t->stop_at ? t->error : 0;
}

/** The restart of a request: what was taken is forgotten. */
NL_FIXTURE void nl_taken_restart(void *ctx)
{
	struct nl_taken *t = ctx;

	t->restarts++;
	t->count = 0;
	t->text.len = 0;
}

#endif
