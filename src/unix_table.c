/*
 * Rows of /proc/net/unix without forgeries; see unix_table.h. A row:
 *
 *     0000000024130512: 00000002 00000000 00010000 0001 01  4343 /run/x.sock
 *
 * Where two rows that could both be forged claim one inode, text cannot tell
 * which is true, and both stay: nothing is hidden. unix_diag can tell.
 */
#include "unix_table.h"

#include "grow.h"
#include "procnet_row.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { UNIX_NAME_MAX = 108 }; /* sun_path, sys/un.h */

void unix_table_free(struct unix_table *t)
{
	sock_table_free(&t->socks);
	free(t->lines);
	*t = (struct unix_table){0};
}

/* Join "a", newline, "b" in the table's memory. */
static const char *join_text(struct unix_table *t, const char *a, size_t a_len, const char *b,
			     size_t b_len)
{
	char joined[2 * UNIX_NAME_MAX + 512];

	if (a_len + 1 + b_len > sizeof(joined))
		return NULL;
	memcpy(joined, a, a_len);
	joined[a_len] = '\n';
	memcpy(joined + a_len + 1, b, b_len);
	return sock_table_keep(&t->socks, joined, a_len + 1 + b_len);
}

/*
 * Let the text of row @i end in a newline and @text. A row without a name
 * cannot go on: then it is itself a part of the name before it.
 */
static int extend(struct unix_table *t, size_t i, const char *text, size_t len)
{
	struct unix_line *line = &t->lines[i];
	struct sock *s = &t->socks.v[i];
	const char *joined = join_text(t, line->text, line->len, text, len);

	if (!joined)
		return -ENOMEM;
	size_t head = s->name ? (size_t)(s->name - line->text) : 0;
	line->text = joined;
	line->len += 1 + len;
	if (!s->name) {
		line->fate = UNIX_LINE_FORGED;
		return 0;
	}
	s->name = joined + head; /* the name is the end of the line */
	s->name_len = (uint16_t)(line->len - head);
	return 0;
}

/*
 * Bytes of a name that a row would be part of: the whole name, newlines and
 * rows included, from where it began. SIZE_MAX where that cannot be.
 */
static size_t add_bytes(size_t used, size_t more)
{
	return used <= UNIX_NAME_MAX && used + 1 + more <= UNIX_NAME_MAX ? used + 1 + more
									   : SIZE_MAX;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int add_row(struct unix_table *t, const char *line, size_t len, const struct sock *row)
{
	struct unix_line *lines = grow(t->lines, t->socks.len, &t->cap, sizeof(*t->lines));
	if (!lines)
		return -ENOMEM;
	t->lines = lines;

	const char *text = sock_table_keep(&t->socks, line, len);
	struct sock s = *row;
	s.name = NULL;
	s.row = (uint32_t)(t->socks.len + 1);
	if (!text || sock_table_add(&t->socks, &s) < 0)
		return -ENOMEM;
	struct sock *added = &t->socks.v[t->socks.len - 1];
	if (row->name)
		added->name = text + (row->name - line);
	t->through = add_bytes(least(t->own, t->through), len);
	t->own = row->name ? row->name_len : SIZE_MAX;
	t->lines[t->socks.len - 1] = (struct unix_line){
		.text = text, .len = len, .forgeable = t->through <= UNIX_NAME_MAX};
	return 0;
}

/* A line that is no row: the row before it goes on, if its name has room. */
static int add_rest(struct unix_table *t, const char *line, size_t len)
{
	size_t own = add_bytes(t->own, len), through = add_bytes(t->through, len);

	if (own == SIZE_MAX && through == SIZE_MAX) {
		t->malformed++;
		return 0;
	}
	t->own = own;
	t->through = through;
	t->lines[t->socks.len - 1].forgeable = through <= UNIX_NAME_MAX;
	return extend(t, t->socks.len - 1, line, len);
}

int unix_table_take_line(void *ctx, const char *line, size_t len)
{
	/* Hex fields of at most 16 digits, blanks and a name. */
	enum { ROW_MAX = 128 + UNIX_NAME_MAX };
	struct unix_table *t = ctx;
	struct sock s;

	if (!t->header_seen) {
		t->header_seen = true;
		t->own = t->through = SIZE_MAX;
		return 0;
	}
	if (line && len <= ROW_MAX && procnet_parse_unix(line, len, &s) == 0)
		return add_row(t, line, len, &s);
	return add_rest(t, line, line ? len : SIZE_MAX / 2);
}

/* A row's place among those of the same inode: certain ones first. */
struct claim {
	uint64_t inode;
	size_t row;
	bool forgeable;
};

static int compare_claim(const void *x, const void *y)
{
	const struct claim *a = x, *b = y;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	if (a->forgeable != b->forgeable)
		return a->forgeable ? 1 : -1;
	return a->row < b->row ? -1 : a->row > b->row;
}

static bool same_row(const struct sock *a, const struct sock *b)
{
	return a->type == b->type && a->state == b->state && a->name_len == b->name_len &&
	       (a->name_len == 0 || memcmp(a->name, b->name, a->name_len) == 0);
}

/* Find the rows that claim the inode of a certain row, or of one another. */
static void refute(struct unix_table *t, const struct claim *claims)
{
	const struct sock *certain = NULL;

	for (size_t k = 0; k < t->socks.len; k++) {
		struct unix_line *line = &t->lines[claims[k].row];
		const struct sock *s = &t->socks.v[claims[k].row];
		bool same = k > 0 && claims[k - 1].inode == s->inode && s->inode != 0;

		if (!claims[k].forgeable)
			certain = s;
		else if (same && certain && certain->inode == s->inode)
			/* The kernel itself may repeat a row while its table changes. */
			line->fate = same_row(certain, s) ? UNIX_LINE_REPEATED : UNIX_LINE_FORGED;
		else if (same)
			line->contested = t->lines[claims[k - 1].row].contested = true;
	}
}

/* Give forged rows back to the names they are part of, the last one first. */
static int give_back(struct unix_table *t)
{
	for (size_t i = t->socks.len - 1; i > 0; i--) {
		if (t->lines[i].fate != UNIX_LINE_FORGED)
			continue;
		int rc = extend(t, i - 1, t->lines[i].text, t->lines[i].len);
		if (rc < 0)
			return rc;
	}

	return 0;
}

/* Note in each row that may be forged whose name it would belong to. */
static int note_doubts(struct unix_table *t)
{
	size_t before = 0; /* the latest row that is one */

	for (size_t i = 1; i < t->socks.len; i++) {
		const struct unix_line *line = &t->lines[i];

		if (t->lines[i - 1].fate == UNIX_LINE_ROW)
			before = i - 1;
		struct sock_doubt doubt = {t->socks.v[before].row, line->text, line->len,
					   line->contested};
		if (!line->forgeable)
			continue;
		t->socks.v[i].doubt = sock_table_keep(&t->socks, &doubt, sizeof(doubt));
		if (!t->socks.v[i].doubt)
			return -ENOMEM;
	}
	return 0;
}

static void drop_gone(struct unix_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->socks.len; i++) {
		if (t->lines[i].fate == UNIX_LINE_ROW)
			t->socks.v[kept++] = t->socks.v[i];
	}
	t->socks.len = kept;
}

int unix_table_settle(struct unix_table *t)
{
	size_t count = t->socks.len;
	if (count == 0)
		return 0;

	struct claim *claims = malloc(count * sizeof(*claims));
	if (!claims)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		claims[i] = (struct claim){t->socks.v[i].inode, i, t->lines[i].forgeable};
	qsort(claims, count, sizeof(*claims), compare_claim);
	refute(t, claims);
	free(claims);
	int rc = give_back(t);
	if (rc == 0)
		rc = note_doubts(t);
	drop_gone(t);
	return rc;
}
