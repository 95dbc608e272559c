/*
 * Text of /proc about sockets without a descriptor; see fdinfo.h. The fdinfo of
 * a ring:
 *
 *     ino:    2081
 *     UserFiles:      7
 *         3: socket:[31415]
 *     PollList:
 *       op=13, task_works=0
 */
#define _GNU_SOURCE
#include "fdinfo.h"

#include "num.h"
#include "procfs.h"
#include "sock.h"

#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

/* `name:`, blanks, and a number. */
static bool parse_field(const char *line, size_t len, const char *name, uint64_t *out)
{
	size_t head = strlen(name);

	if (len <= head || memcmp(line, name, head) != 0)
		return false;
	const char *at = skip_blanks(line + head, line + len);
	return num_scan(&at, line + len, 10, UINT64_MAX, out);
}

static bool starts_with(const char *line, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && memcmp(line, word, n) == 0;
}

/* "    3: socket:[31415]" */
static bool parse_slot(const char *line, size_t len, uint64_t *out_inode)
{
	const char *end = line + len, *at = skip_blanks(line, end);
	uint64_t slot;

	if (!num_scan(&at, end, 10, UINT32_MAX, &slot) || at == end || *at != ':')
		return false;
	at = skip_blanks(at + 1, end);
	return procfs_parse_socket(at, (size_t)(end - at), out_inode);
}

/* Before 2025 a slot had the name of its file alone, a socket's its protocol: "    3: TCP". */
static bool names_protocol(const char *line, size_t len)
{
	const char *end = line + len, *colon = memchr(line, ':', len);
	const char *name = colon ? skip_blanks(colon + 1, end) : end;

	return name < end && sock_proto_has_table(name, (size_t)(end - name));
}

bool fdinfo_take_ring_line(struct fdinfo_ring *ring, const char *line, size_t len,
			   uint64_t *out_inode)
{
	bool is_head = len > 0 && *line != ' ' && *line != '\t';

	if (is_head)
		ring->section = FDINFO_HEAD;
	if (parse_field(line, len, "UserFiles:", &ring->announced)) {
		ring->has_files = true;
		ring->section = FDINFO_FILES;
	} else if (starts_with(line, len, "PollList:")) {
		ring->section = FDINFO_POLLS;
		ring->has_polls = true;
	} else if (ring->section == FDINFO_POLLS && !is_head && len > 0) {
		ring->has_requests = true;
	} else if (ring->section == FDINFO_FILES && !is_head) {
		ring->listed++;
		if (parse_slot(line, len, out_inode))
			return true;
		ring->has_nameless |= names_protocol(line, len);
	}
	return false;
}

bool fdinfo_parse_scm_fds(const char *line, size_t len, uint64_t *out)
{
	return parse_field(line, len, "scm_fds:", out);
}

/* Of "address perms offset device inode   path" the inode and the path. */
static bool split_map(const char *line, size_t len, uint64_t *out_inode, const char **out_path)
{
	const char *at = line, *end = line + len;

	for (int i = 0; i < 4; i++) {
		at = memchr(at, ' ', (size_t)(end - at));
		if (!at)
			return false;
		at = skip_blanks(at, end);
	}
	if (!num_scan(&at, end, 10, UINT64_MAX, out_inode))
		return false;
	*out_path = skip_blanks(at, end);
	return true;
}

enum fdinfo_map fdinfo_parse_map(const char *line, size_t len, uint64_t *out_inode)
{
	const char *path;

	if (!split_map(line, len, out_inode, &path))
		return FDINFO_MAP_OTHER;
	size_t rest = (size_t)(line + len - path);
	uint64_t inode;
	if (procfs_parse_socket(path, rest, &inode)) {
		*out_inode = inode;
		return FDINFO_MAP_SOCKET;
	}
	if (starts_with(path, rest, "anon_inode:[io_uring]"))
		return FDINFO_MAP_RING;
	return starts_with(path, rest, "/[aio]") ? FDINFO_MAP_AIO : FDINFO_MAP_OTHER;
}

int fdinfo_parse_waiting(const char *text, size_t len, bool *out_accepts)
{
	static const struct {
		long number;
		bool accepts;
	} calls[] = {
#ifdef SYS_accept
		{SYS_accept, true},
#endif
#ifdef SYS_recvfrom
		{SYS_recvfrom, false},
#endif
#ifdef SYS_accept4
		{SYS_accept4, true},
#endif
#ifdef SYS_recvmsg
		{SYS_recvmsg, false},
#endif
#ifdef SYS_recvmmsg
		{SYS_recvmmsg, false},
#endif
#ifdef SYS_recvmmsg_time64
		{SYS_recvmmsg_time64, false},
#endif
	};
	const char *at = text, *end = text + len;
	uint64_t call, fd;

	if (!num_scan(&at, end, 10, INT_MAX, &call))
		return -1;
	at = skip_blanks(at, end);
	if (end - at < 3 || at[0] != '0' || at[1] != 'x')
		return -1;
	at += 2;
	if (!num_scan(&at, end, 16, INT_MAX, &fd))
		return -1;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (calls[i].number != (long)call)
			continue;
		*out_accepts = calls[i].accepts;
		return (int)fd;
	}
	return -1;
}

/* Octal digits to the end of a line. */
static bool parse_octal(const char *at, const char *end, uint32_t *out)
{
	uint64_t value = 0;

	if (at == end)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '7' || value > UINT32_MAX / 8)
			return false;
		value = value * 8 + (uint64_t)(*at - '0');
	}
	*out = (uint32_t)value;
	return true;
}

bool fdinfo_parse_flags(const char *text, size_t len, uint32_t *out_flags, uint64_t *out_inode)
{
	static const char head[] = "flags:";
	const char *at = text, *end = text + len;
	bool found = false;

	*out_inode = 0;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t line = (size_t)((newline ? newline : end) - at);

		if (starts_with(at, line, head)) {
			const char *value = skip_blanks(at + strlen(head), at + line);
			found = parse_octal(value, at + line, out_flags);
		}
		parse_field(at, line, "ino:", out_inode);
		at += line + (newline != NULL);
	}
	return found;
}
