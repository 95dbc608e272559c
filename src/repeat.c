/* The answer again and again; see repeat.h. */
#define _GNU_SOURCE
#include "repeat.h"

#include "answer.h"
#include "buf.h"
#include "options.h"
#include "run.h"
#include "status.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* The format is the user's own: there is no literal to check. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void add_time(struct buf *out, const char *format, const struct tm *tm)
{
	char text[1024];

	buf_add(out, text, strftime(text, sizeof(text), format, tm));
}
#pragma GCC diagnostic pop

/* The line that ends a cycle: "=======", `m` in field output, or what is asked for. */
static void add_marker(const struct options *o, struct buf *out)
{
	bool fields = answer_is_fields(o);
	time_t now = time(NULL);
	struct tm tm;

	if (o->json || o->json_lines)
		return;
	if (fields)
		buf_add_char(out, 'm');
	if (!o->marker)
		buf_add_str(out, fields ? "" : "=======");
	else if (localtime_r(&now, &tm))
		add_time(out, o->marker, &tm);
	if (fields && o->field_choice.nul)
		buf_add_char(out, '\0');
	buf_add_char(out, '\n');
}

static int write_marker(const struct options *o)
{
	struct buf out = {0};

	add_marker(o, &out);
	int rc = buf_write(&out, STDOUT_FILENO);
	buf_free(&out);
	return rc;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Wait for the next cycle. Return false if meanwhile the reader of our output went away. */
static bool wait_ms(uint32_t ms)
{
	uint64_t end = now_ms() + ms;
	struct pollfd out = {.fd = STDOUT_FILENO}; /* errors are always told */

	for (;;) {
		uint64_t now = now_ms();
		int rc = poll(&out, 1, end > now ? (int)(end - now) : 0);
		if (rc > 0)
			return false;
		if (rc == 0 && now_ms() >= end)
			return true;
	}
}

/* Rows without holder are none where only processes are shown. */
static bool shows_any(const struct run *run)
{
	const struct row_list *rows = &run->look.rows;
	bool held_only = run->options.pids_only || answer_is_fields(&run->options);

	return rows->len > 0 && (!held_only || rows->v[0].holder); /* the others come last */
}

int repeat(struct run *run)
{
	const struct options *o = &run->options;
	int status = STATUS_MISSING;
	bool any_rows = false;

	for (uint64_t cycle = 1;; cycle++) {
		int now = answer(run);
		bool rows = shows_any(run);

		if (run->failed)
			return now;
		if (rows || !any_rows)
			status = now;
		any_rows |= rows;
		if (o->repeat_while_found && !rows)
			return status;
		int rc = write_marker(o);
		if (rc < 0)
			return run_check_written(rc, status);
		if (cycle == o->repeat_count)
			return status;
		if (!wait_ms(o->repeat_ms))
			return run_check_written(-EPIPE, status);
		stats_start(&run->stats);
		now = run_restart(run);
		if (now)
			return now;
	}
}
