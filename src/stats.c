/* Phases of a run; see stats.h. */
#define _GNU_SOURCE
#include "stats.h"

#include "buf.h"
#include "snapshot.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void stats_start(struct stats *s)
{
	*s = (struct stats){0};
	s->start_ns = s->last_ns = now_ns();
}

void stats_phase(struct stats *s, const char *name)
{
	if (!s)
		return;
	uint64_t now = now_ns();
	size_t i = 0;
	while (i < s->len && strcmp(s->phases[i].name, name) != 0)
		i++;
	if (i < STATS_PHASES_MAX) {
		s->phases[i].name = name;
		s->phases[i].ns += now - s->last_ns;
		s->len = i == s->len ? i + 1 : s->len;
	}
	s->last_ns = now;
}

static void add_ms(struct buf *out, const char *name, uint64_t ns)
{
	char text[64];

	snprintf(text, sizeof(text), " %s %.2f", name, (double)ns / 1e6);
	buf_add_str(out, text);
}

static void add_count(struct buf *out, const char *name, uint64_t value)
{
	char text[64];

	snprintf(text, sizeof(text), " %s %llu", name, (unsigned long long)value);
	buf_add_str(out, text);
}

static void add_ways(struct buf *out, const struct snapshot *snap)
{
	const struct inventory_stats *inventory = &snap->inventory;
	const struct scanner *scanner = &snap->scanner;

	buf_add_str(out, "whoport: stats: source");
	if (inventory->used_diag)
		buf_add_str(out, " sock_diag");
	if (inventory->used_text)
		buf_add_str(out, " text");
	if (inventory->covered > 0)
		buf_add_str(out, " iterator");
	if (!inventory->used_diag && !inventory->used_text && inventory->covered == 0)
		buf_add_str(out, " none");
	buf_add_str(out, scanner->is_ready ? "; scanner bpf" : "; scanner proc");
	if (scanner->is_unfit) {
		buf_add_str(out, " (bpf: not for what is asked)");
	} else if (scanner->refusal) {
		buf_add_str(out, " (bpf: ");
		buf_add_str(out, strerror(-scanner->refusal));
		buf_add_str(out, ")");
	} else if (scanner->is_small) {
		buf_add_str(out, " (bpf: not worth it)");
	}
	buf_add_str(out, "\n");
}

void stats_add(struct buf *out, const struct stats *s, const struct snapshot *snap, size_t rows)
{
	struct rusage usage;

	buf_add_str(out, "whoport: stats:");
	add_count(out, "rows", rows);
	add_count(out, "sockets", snap->socks.len);
	add_count(out, "processes", snap->scan.processes);
	add_count(out, "descriptors", snap->scan.descriptors);
	add_count(out, "denied", snap->scan.denied_len);
	buf_add_str(out, "\n");
	add_ways(out, snap);
	buf_add_str(out, "whoport: stats: ms:");
	for (size_t i = 0; i < s->len; i++)
		add_ms(out, s->phases[i].name, s->phases[i].ns);
	add_ms(out, "total", s->last_ns - s->start_ns);
	if (s->note) {
		buf_add_str(out, "\nwhoport: stats: ");
		buf_add_str(out, s->note);
	}
	buf_add_str(out, "\nwhoport: stats: memory:");
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		add_count(out, "peak KiB", (uint64_t)usage.ru_maxrss);
	buf_add_str(out, "\n");
}
