/* One-line messages on stderr; see msg.h. Each message is a single write(2). */
#include "msg.h"

#include "buf.h"
#include "escape.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A shell line of 100 KB must not fill the screen a second time. */
enum { OBJECT_MAX = 60 };

static void start(struct buf *b, const char *object, const char *reason)
{
	size_t len = strlen(object);

	buf_add_str(b, "whoport: ");
	if (len == 0)
		buf_add_str(b, "''");
	escape_add(b, object, len, 0, OBJECT_MAX);
	if (len > OBJECT_MAX)
		buf_add_str(b, "...");
	buf_add_str(b, ": ");
	buf_add_str(b, reason);
	buf_add_char(b, '\n');
}

static void finish(struct buf *b)
{
	buf_write(b, STDERR_FILENO);
	buf_free(b);
}

void msg_error(const char *object, const char *reason)
{
	struct buf b = {0};

	start(&b, object, reason);
	finish(&b);
}

void msg_unwritten(int rc)
{
	if (rc != -EPIPE)
		msg_error("standard output", strerror(-rc));
}

void msg_usage(const char *object, const char *reason)
{
	struct buf b = {0};

	start(&b, object, reason);
	buf_add_str(&b, "Try 'whoport --help'\n");
	finish(&b);
}

void msg_note(const char *text)
{
	struct buf b = {0};

	buf_add_str(&b, "whoport: ");
	buf_add_str(&b, text);
	buf_add_char(&b, '\n');
	finish(&b);
}

void msg_note_buf(struct buf *text)
{
	buf_add_char(text, '\0');
	if (text->error == 0)
		msg_note(text->data);
	buf_free(text);
}
