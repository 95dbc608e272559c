/*
 * Rows with a background, and their cards as text:
 *
 *     struct page p;
 *
 *     page_init(&p);
 *     rows_add_process(&p.r, 811, "nginx");
 *     rows_add_held(&p.r, 6, &s);
 *     assert_page_has(&p, "nginx,811\n");
 *     page_free(&p);
 */
#ifndef WHOPORT_DETAILS_FIXTURE_H
#define WHOPORT_DETAILS_FIXTURE_H

#include "background.h"
#include "details.h"
#include "process_detail.h"
#include "rows_fixture.h"
#include "sock_info.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>

/* Rows with a background, and what is filled in by hand. */
struct page {
	struct rows r;
	struct background background;
	struct process_detail detail;
	struct sock_info info;
};

static inline void page_init(struct page *p)
{
	*p = (struct page){.background.uptime = -1, .detail.fds = -1};
	rows_init(&p->r);
	p->r.style.background = &p->background;
}

static inline void page_free(struct page *p)
{
	background_free(&p->background);
	rows_free(&p->r);
}

static inline char *write_page(const struct page *p, size_t *out_len)
{
	int fd = rows_open();

	assert_int_equal(details_write(&p->r.style, &p->r.list, fd), 0);
	return rows_close(fd, out_len);
}

static inline void assert_page(const struct page *p, const char *expected)
{
	size_t len;
	char *text = write_page(p, &len);

	assert_bytes(text, len, expected);
	free(text);
}

static inline void assert_page_has(const struct page *p, const char *line)
{
	size_t len;
	char *text = write_page(p, &len);

	if (!strstr(text, line))
		fail_msg("%s\nlacks %s", text, line);
	free(text);
}

static inline void assert_page_lacks(const struct page *p, const char *word)
{
	size_t len;
	char *text = write_page(p, &len);

	if (strstr(text, word))
		fail_msg("%s\nhas %s", text, word);
	free(text);
}

static inline struct sock listener(void)
{
	return make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "0.0.0.0", 80, 31415);
}

#endif
