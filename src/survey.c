/*
 * Descriptors counted, not read; see survey.h. The size of
 *
 *     /proc/811/fd
 *
 * is the number of descriptors; and where one link in there is refused, all are.
 */
#define _GNU_SOURCE
#include "survey.h"

#include "process.h"
#include "procfs.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Take one process. Return 0, also if it is gone, or -ENOMEM. */
static int take_process(int proc_fd, const char *name, pid_t pid, struct scan_stats *st,
			uint64_t *sum)
{
	char path[32];
	struct stat fds;

	snprintf(path, sizeof(path), "%s/fd", name);
	if (fstatat(proc_fd, path, &fds, 0) < 0) /* gone, or hidepid=1: denied, if anything */
		return errno == ENOENT ? 0 : scan_stats_add_table(st, pid, -1);
	*sum += (uint64_t)fds.st_size;
	return scan_stats_add_table(st, pid, fds.st_size);
}

static int walk(int proc_fd, int fd, uint64_t enough, struct scan_stats *st, uint64_t *sum)
{
	struct procfs_dir dir;
	const char *name;
	int pid, rc;
	char *chunk = malloc(PROCFS_CHUNK);

	if (!chunk)
		return -ENOMEM;
	procfs_dir_start(&dir, fd, chunk);
	while ((rc = procfs_dir_next(&dir, &name, &pid)) > 0) {
		rc = pid > 0 ? take_process(proc_fd, name, pid, st, sum) : 0;
		if (rc < 0 || (enough > 0 && *sum >= enough))
			break;
	}
	free(chunk);
	return rc;
}

int survey_count_tables(int proc_fd, uint64_t enough, struct scan_stats *st, uint64_t *out)
{
	struct stat own;

	*out = 0;
	st->tables_len = 0;
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int rc = walk(proc_fd, fd, enough, st, out);
	close(fd);
	/* Ours is never empty. */
	if (rc < 0 || (fstatat(proc_fd, "self/fd", &own, 0) == 0 && own.st_size > 0))
		return rc;
	for (size_t i = 0; i < st->tables_len; i++)
		st->tables[i].descriptors = -1;
	*out = 0;
	return -EOPNOTSUPP;
}

/* The answer to one link of a table: 0 or -errno. */
static int ask_link(int proc_fd, pid_t pid)
{
	char path[32], chunk[PROCFS_CHUNK];
	struct procfs_dir dir;
	const char *name;
	uint64_t inode;
	int number;

	snprintf(path, sizeof(path), "%d/fd/0", (int)pid); /* most have one */
	int rc = procfs_read_link(proc_fd, path, &inode);
	if (rc != -ENOENT)
		return rc;
	snprintf(path, sizeof(path), "%d/fd", (int)pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	procfs_dir_start(&dir, fd, chunk);
	rc = procfs_dir_next(&dir, &name, &number);
	if (rc > 0)
		rc = procfs_read_link(fd, name, &inode);
	close(fd);
	return rc;
}

bool survey_is_denied(int proc_fd, pid_t pid)
{
	int rc = ask_link(proc_fd, pid);

	if (rc != -EACCES && rc != -EPERM)
		return false;
	int dir_fd = process_open(proc_fd, pid);
	bool is_ending = dir_fd < 0 || process_is_ending(dir_fd);
	if (dir_fd >= 0)
		close(dir_fd);
	return !is_ending;
}

int survey_find_denied(int proc_fd, struct scan_stats *st)
{
	int rc = 0;

	st->denied_len = 0;
	for (size_t i = 0; rc == 0 && i < st->tables_len; i++) {
		struct stat process;
		char path[16];

		if (st->tables[i].descriptors == 0 || scan_stats_has_seen(st, st->tables[i].pid))
			continue;
		snprintf(path, sizeof(path), "%d", (int)st->tables[i].pid);
		if (survey_is_denied(proc_fd, st->tables[i].pid) &&
		    fstatat(proc_fd, path, &process, 0) == 0)
			rc = scan_stats_add_denied(st, st->tables[i].pid, process.st_uid);
	}
	int sorted = scan_stats_sort(st);
	return rc < 0 ? rc : sorted;
}
