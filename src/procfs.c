/*
 * A proc tree below a directory fd; see procfs.h. readlinkat(2) on the
 * entries of PID/fd is the whole cost of a scan, so nothing here allocates,
 * and no link is ever followed: its target may be on a dead mount.
 */
#define _GNU_SOURCE
#include "procfs.h"

#include "line_reader.h"
#include "num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

void procfs_dir_start(struct procfs_dir *dir, int fd, char *chunk)
{
	*dir = (struct procfs_dir){.fd = fd, .chunk = chunk};
}

/* The wire form of getdents64(2); libc's struct dirent64 begins alike. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

int procfs_dir_next(struct procfs_dir *dir, const char **out_name, int *out_number)
{
	for (;;) {
		if (dir->at == dir->len) {
			long n = syscall(SYS_getdents64, dir->fd, dir->chunk, PROCFS_CHUNK);
			if (n <= 0)
				return n < 0 ? -errno : 0;
			dir->len = (size_t)n;
			dir->at = 0;
		}

		const char *at = dir->chunk + dir->at;
		uint16_t reclen;
		memcpy(&reclen, at + offsetof(struct entry, reclen), sizeof(reclen));
		dir->at += reclen;

		const char *name = at + offsetof(struct entry, name), *end = name;
		uint64_t number;
		if (num_scan(&end, at + reclen, 10, INT_MAX, &number) && *end == '\0') {
			*out_name = name;
			*out_number = (int)number;
			return 1;
		}
	}
}

int procfs_open(int dir_fd, const char *name)
{
	struct stat st;
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;

	int err = fstat(fd, &st) < 0 ? -errno
		  : S_ISREG(st.st_mode) ? 0
		  : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (err < 0)
		close(fd);
	return err < 0 ? err : fd;
}

ssize_t procfs_read(int dir_fd, const char *name, char *out, size_t size)
{
	int fd = procfs_open(dir_fd, name);
	if (fd < 0)
		return fd;

	size_t len = 0;
	ssize_t rc = 0;
	while (len < size) {
		ssize_t n = read(fd, out + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = -errno;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	close(fd);
	return rc < 0 ? rc : (ssize_t)len;
}

/* `head`, a number, `]` */
static bool parse_numbered(const char *text, size_t len, const char *head, uint64_t *out)
{
	size_t skip = strlen(head);

	return len > skip + 1 && memcmp(text, head, skip) == 0 && text[len - 1] == ']' &&
	       num_parse(text + skip, text + len - 1, UINT64_MAX, out);
}

bool procfs_parse_socket(const char *text, size_t len, uint64_t *out)
{
	return parse_numbered(text, len, "socket:[", out);
}

enum procfs_link procfs_parse_link(const char *text, size_t len, uint64_t *out)
{
	static const char ring[] = "anon_inode:[io_uring]";

	*out = 0;
	if (len < 6 || text[0] == '/') /* most links are paths */
		return PROCFS_LINK_OTHER;
	if (procfs_parse_socket(text, len, out))
		return PROCFS_LINK_SOCKET;
	if (parse_numbered(text, len, "net:[", out))
		return PROCFS_LINK_NETNS;
	return len == sizeof(ring) - 1 && memcmp(text, ring, len) == 0 ? PROCFS_LINK_RING
								       : PROCFS_LINK_OTHER;
}

int procfs_read_link(int dir_fd, const char *name, uint64_t *out)
{
	/* Longer targets are paths: cut, they cannot end in ']' by chance
	 * after "socket:[" and twenty digits. */
	char target[64];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));

	return n < 0 ? -errno : (int)procfs_parse_link(target, (size_t)n, out);
}

int procfs_read_socket(int dir_fd, const char *name, uint64_t *out)
{
	int rc = procfs_read_link(dir_fd, name, out);

	return rc < 0 ? rc : rc == PROCFS_LINK_SOCKET;
}

bool procfs_is_real(int root_fd)
{
	enum { PROC_SUPER_MAGIC = 0x9fa0 }; /* linux/magic.h, which musl-gcc lacks */
	struct statfs fs;

	return fstatfs(root_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

bool procfs_is_ours(int root_fd)
{
	char text[4096];

	if (!procfs_is_real(root_fd))
		return false;
	ssize_t n = procfs_read(root_fd, "self/status", text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';

	const char *line = strstr(text, "\nNSpid:\t");
	if (!line)
		return false; /* before Linux 4.1 */
	const char *p = line + strlen("\nNSpid:\t");
	uint64_t pid;
	return num_scan(&p, text + n, 10, INT_MAX, &pid) && *p == '\n' && (pid_t)pid == getpid();
}

/* Move behind the next @n blanks, or NULL. */
static const char *skip_fields(const char *p, const char *end, int n)
{
	while (p && n-- > 0) {
		p = memchr(p, ' ', (size_t)(end - p));
		if (p)
			p++;
	}
	return p;
}

const char *procfs_stat_field(const char *text, size_t len, int field)
{
	return skip_fields(memrchr(text, ')', len), text + len, field - 2);
}

/* Is one of the kernel's flags of a task set? */
static bool has_flag(const char *text, size_t len, unsigned flag)
{
	const char *flags = procfs_stat_field(text, len, 9);
	uint64_t value;

	return flags && num_scan(&flags, text + len, 10, UINT64_MAX, &value) && value & flag;
}

bool procfs_parse_kthread(const char *text, size_t len)
{
	enum { PF_KTHREAD = 0x00200000 }; /* linux/sched.h */

	return has_flag(text, len, PF_KTHREAD);
}

bool procfs_parse_exiting(const char *text, size_t len)
{
	enum { PF_EXITING = 0x00000004 }; /* linux/sched.h */

	return has_flag(text, len, PF_EXITING);
}

/* PID 2 of the initial pid namespace is kthreadd. */
static bool has_kernel_threads(int root_fd)
{
	char text[1024];
	ssize_t n = procfs_read(root_fd, "2/stat", text, sizeof(text));

	return n > 0 && procfs_parse_kthread(text, (size_t)n);
}

static int take_boot_time(void *ctx, const char *line, size_t len)
{
	static const char head[] = "btime ";
	int64_t *out = ctx;
	uint64_t value;

	if (line && len > sizeof(head) - 1 && memcmp(line, head, sizeof(head) - 1) == 0 &&
	    num_parse(line + sizeof(head) - 1, line + len, INT64_MAX, &value))
		*out = (int64_t)value;
	return 0;
}

int64_t procfs_boot_time(int root_fd)
{
	int64_t boot_time = 0;
	int fd = procfs_open(root_fd, "stat");

	if (fd < 0)
		return 0;
	line_reader_run(fd, take_boot_time, &boot_time);
	close(fd);
	return boot_time;
}

int64_t procfs_uptime(int root_fd)
{
	struct timespec now;
	char text[64];
	const char *at = text;
	uint64_t seconds;

	if (procfs_is_real(root_fd) && clock_gettime(CLOCK_BOOTTIME, &now) == 0)
		return now.tv_sec;
	ssize_t n = procfs_read(root_fd, "uptime", text, sizeof(text));
	return n > 0 && num_scan(&at, text + n, 10, INT32_MAX, &seconds) ? (int64_t)seconds : -1;
}

bool procfs_is_initial(int root_fd)
{
	static const ino_t init_ino = 0xEFFFFFFCU; /* PROC_PID_INIT_INO */
	struct stat st;

	return fstatat(root_fd, "self/ns/pid", &st, 0) == 0 && st.st_ino == init_ino;
}

enum procfs_view procfs_view(int root_fd)
{
	struct stat st;

	if (!procfs_is_real(root_fd))
		return PROCFS_VIEW_WHOLE;
	if (fstatat(root_fd, "1", &st, 0) < 0 && errno == ENOENT)
		return PROCFS_VIEW_HIDDEN;
	if (procfs_is_initial(root_fd))
		return PROCFS_VIEW_WHOLE;
	return has_kernel_threads(root_fd) ? PROCFS_VIEW_WHOLE : PROCFS_VIEW_PIDNS;
}
