/*
 * Details of a process; see process_detail.h. Reads PID/exe, PID/stat, PID/status and how
 * many entries PID/fd has. No link is followed: its target may be on a dead mount.
 *
 *     Uid:	1000	0	0	0
 */
#define _GNU_SOURCE
#include "process_detail.h"

#include "buf.h"
#include "num.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void process_detail_free(struct process_detail *d)
{
	if (d)
		free(d->exe);
	free(d);
}

static bool parse_field(const char *text, size_t len, int field, uint64_t *out)
{
	const char *p = procfs_stat_field(text, len, field);

	return p && num_scan(&p, text + len, 10, UINT32_MAX, out);
}

int process_detail_parse_stat(const char *text, size_t len, struct process_detail *out)
{
	uint64_t tty, threads;

	if (!parse_field(text, len, 7, &tty) || !parse_field(text, len, 20, &threads))
		return -EINVAL;
	/* new_encode_dev() in linux/kdev_t.h: 12 bits of major among those of minor */
	out->tty_major = (uint32_t)tty >> 8 & 0xfff;
	out->tty_minor = ((uint32_t)tty & 0xff) | ((uint32_t)tty >> 12 & 0xfff00);
	out->threads = threads;
	return 0;
}

int process_detail_parse_status(const char *text, size_t len, struct process_detail *out)
{
	static const char head[] = "\nUid:\t";
	/* Name is the first line, and a newline in it is escaped (proc_task_name). */
	const char *at = memmem(text, len, head, strlen(head)), *end = text + len;
	uint64_t uid;

	if (!at)
		return -EINVAL;
	at += strlen(head);
	if (!num_scan(&at, end, 10, UINT32_MAX, &uid) || at == end || *at != '\t')
		return -EINVAL;
	out->real_uid = (uint32_t)uid;
	out->real_uid_known = true;
	return 0;
}

static int load_exe(int dir_fd, struct process_detail *out)
{
	static const char deleted[] = " (deleted)"; /* d_path in fs/d_path.c */
	const size_t tail = strlen(deleted);
	char path[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, "exe", path, sizeof(path) - 1);

	if (n < 0) {
		out->is_denied = errno == EACCES || errno == EPERM;
		return 0;
	}
	size_t len = (size_t)n;
	out->exe_deleted = len > tail && memcmp(path + len - tail, deleted, tail) == 0;
	if (out->exe_deleted)
		len -= tail;
	out->exe = strndup(path, len);
	return out->exe ? 0 : -ENOMEM;
}

static int64_t count_entries(int dir_fd)
{
	struct procfs_dir dir;
	const char *name;
	int64_t count = 0;
	int number, rc = 0, fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -1;
	char *chunk = malloc(PROCFS_CHUNK);
	if (chunk)
		procfs_dir_start(&dir, fd, chunk);
	while (chunk && (rc = procfs_dir_next(&dir, &name, &number)) > 0)
		count++;
	bool counted = chunk && rc == 0;
	free(chunk);
	close(fd);
	return counted ? count : -1;
}

/* Everybody may ask for the size, which before Linux 6.2 is always 0. */
static int64_t count_fds(int dir_fd)
{
	struct stat st;

	if (procfs_is_real(dir_fd) && fstatat(dir_fd, "fd", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size > 0)
		return st.st_size;
	return count_entries(dir_fd);
}

int process_detail_load(int dir_fd, struct process_detail **out)
{
	struct process_detail *d = calloc(1, sizeof(*d));
	char text[8192];

	if (!d)
		return -ENOMEM;
	ssize_t n = procfs_read(dir_fd, "stat", text, sizeof(text));
	if (n > 0)
		process_detail_parse_stat(text, (size_t)n, d);
	n = procfs_read(dir_fd, "status", text, sizeof(text));
	if (n > 0)
		process_detail_parse_status(text, (size_t)n, d);
	d->fds = count_fds(dir_fd);
	int rc = load_exe(dir_fd, d);
	if (rc < 0) {
		process_detail_free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void process_detail_add_tty(const struct process_detail *d, struct buf *out)
{
	enum { VIRTUAL = 4, SPECIAL = 5, PTY_FIRST = 136, PTY_LAST = 143 }; /* majors */
	const unsigned per_major = 256; /* of ptys */
	uint32_t major = d->tty_major, minor = d->tty_minor;

	if (major == 0 && minor == 0)
		return;
	if (major >= PTY_FIRST && major <= PTY_LAST) {
		buf_add_str(out, "pts/");
		buf_add_dec(out, (uint64_t)(major - PTY_FIRST) * per_major + minor);
	} else if (major == VIRTUAL) {
		buf_add_str(out, minor < 64 ? "tty" : "ttyS");
		buf_add_dec(out, minor < 64 ? minor : minor - 64);
	} else if (major == SPECIAL && minor == 1) {
		buf_add_str(out, "console");
	} else {
		buf_add_str(out, "char ");
		buf_add_dec(out, major);
		buf_add_char(out, ':');
		buf_add_dec(out, minor);
	}
}
