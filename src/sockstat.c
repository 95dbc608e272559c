/*
 * Counts of sockets; see sockstat.h. The files say
 *
 *     sockets: used 137
 *     TCP: inuse 4 orphan 0 tw 2 alloc 9 mem 1
 *     UDP: inuse 2 mem 0
 *
 * and the second one `TCP6: inuse 3` and so on.
 */
#define _GNU_SOURCE
#include "sockstat.h"

#include "num.h"
#include "procfs.h"

#include <errno.h>
#include <string.h>

/* Where a number goes that stands behind two words. */
static const struct {
	const char *head, *word;
	size_t place;
} numbers[] = {
	{"sockets:", "used", offsetof(struct sockstat, used)},
	{"TCP:", "tw", offsetof(struct sockstat, time_wait)},
	{"TCP:", "inuse", offsetof(struct sockstat, tcp)},
	{"TCP6:", "inuse", offsetof(struct sockstat, tcp)},
	{"UDP:", "inuse", offsetof(struct sockstat, udp)},
	{"UDP6:", "inuse", offsetof(struct sockstat, udp)},
	{"UDPLITE:", "inuse", offsetof(struct sockstat, udplite)},
	{"UDPLITE6:", "inuse", offsetof(struct sockstat, udplite)},
	{"RAW:", "inuse", offsetof(struct sockstat, raw)},
	{"RAW6:", "inuse", offsetof(struct sockstat, raw)},
};

static bool starts_with(const char *at, const char *end, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(end - at) > len && memcmp(at, word, len) == 0 && at[len] == ' ';
}

/* The number behind a word of a line. */
static bool find_number(const char *line, const char *end, const char *word, uint64_t *out)
{
	const char *at = line;

	while ((at = memchr(at, ' ', (size_t)(end - at))) != NULL) {
		at++;
		if (!starts_with(at, end, word))
			continue;
		at += strlen(word) + 1;
		return num_scan(&at, end, 10, UINT64_MAX, out);
	}
	return false;
}

bool sockstat_parse(const char *text, size_t len, struct sockstat *out)
{
	const char *end = text + len, *eol;
	bool any = false;

	for (const char *line = text; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol)
			eol = end;
		for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
			uint64_t value;
			if (!starts_with(line, eol, numbers[i].head) ||
			    !find_number(line, eol, numbers[i].word, &value))
				continue;
			*(uint64_t *)((char *)out + numbers[i].place) += value;
			any = true;
		}
	}
	return any;
}

int sockstat_load(int net_fd, struct sockstat *out)
{
	static const char *const files[] = {"sockstat", "sockstat6"};
	char text[2048];

	*out = (struct sockstat){0};
	for (size_t i = 0; i < 2; i++) {
		ssize_t n = procfs_read(net_fd, files[i], text, sizeof(text));
		if (n == -ENOENT && i == 1)
			return 0;
		if (n < 0)
			return (int)n;
		if (!sockstat_parse(text, (size_t)n, out))
			return -EBADMSG;
	}
	return 0;
}
