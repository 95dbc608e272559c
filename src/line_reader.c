/* Text by lines in constant memory; see line_reader.h. */
#include "line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int end_line(struct line_reader *r, line_taker *take, void *ctx)
{
	int rc = take(ctx, r->overlong ? NULL : r->text, r->overlong ? 0 : r->len);

	r->overlong = false;
	r->len = 0;
	return rc;
}

int line_reader_feed(struct line_reader *r, const char *data, size_t len, line_taker *take,
		     void *ctx)
{
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t part = newline ? (size_t)(newline - data) : len;

		if (part > sizeof(r->text) - r->len)
			r->overlong = true;
		if (!r->overlong) {
			memcpy(r->text + r->len, data, part);
			r->len += part;
		}
		if (!newline)
			return 0;
		int rc = end_line(r, take, ctx);
		if (rc < 0)
			return rc;
		data += part + 1;
		len -= part + 1;
	}
	return 0;
}

int line_reader_finish(struct line_reader *r, line_taker *take, void *ctx)
{
	return r->len > 0 || r->overlong ? end_line(r, take, ctx) : 0;
}

int line_reader_run(int fd, line_taker *take, void *ctx)
{
	struct line_reader r;
	char chunk[LINE_READER_MAX];
	int rc = 0;

	r.len = 0;
	r.overlong = false;
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return line_reader_finish(&r, take, ctx);
		rc = line_reader_feed(&r, chunk, (size_t)n, take, ctx);
		if (rc < 0)
			return rc;
	}
}
