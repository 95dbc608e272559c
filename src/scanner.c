/* Which scanner looks for holders; see scanner.h. */
#include "scanner.h"

#include "bpf_iterator.h"
#include "holder.h"
#include "kernel_version.h"
#include "num.h"
#include "process.h"
#include "procfs.h"
#include "scan.h"
#include "scan_bpf.h"
#include "survey.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

/*
 * To load the program costs as much as to read about so many links, or to compare the
 * tables of so many threads. Before Linux 6.16 BTF is read, not mapped, which costs more.
 */
static uint64_t worth(void)
{
	return kernel_version_reaches(6, 16) ? 1000 : 2500;
}

static bool scan_number(const char *at, const char *end, uint64_t *out)
{
	return at && num_scan(&at, end, 10, UINT64_MAX, out);
}

/*
 * Before Linux 6.2 a table does not tell its size. Then the open files of the machine
 * stand for its descriptors: the first number of `2176 0 9223372036854775807`.
 */
static uint64_t count_files(int proc_fd)
{
	char text[128];
	uint64_t files;
	ssize_t n = procfs_read(proc_fd, "sys/fs/file-nr", text, sizeof(text));

	return n > 0 && scan_number(text, text + n, &files) ? files : UINT64_MAX;
}

/* All threads there are: the number behind the '/' of `0.20 0.18 0.12 1/80 11206`. */
static uint64_t count_threads(int proc_fd)
{
	char text[128];
	uint64_t threads;
	ssize_t n = procfs_read(proc_fd, "loadavg", text, sizeof(text));
	const char *at = n > 0 ? memchr(text, '/', (size_t)n) : NULL;

	return at && scan_number(at + 1, text + n, &threads) ? threads : 0;
}

/* Whether the walk would cost less. Return 0 or -ENOMEM. */
static int weigh(struct scanner *s, int proc_fd, bool whole, struct scan_stats *st)
{
	const uint64_t enough = worth();
	uint64_t descriptors;
	int rc = survey_count_tables(proc_fd, whole ? 0 : enough, st, &descriptors);

	if (rc == -ENOMEM)
		return rc;
	if (rc < 0)
		descriptors = count_files(proc_fd);
	s->is_small = s->choice == SCANNER_AUTO && descriptors < enough &&
		      count_threads(proc_fd) < enough;
	return 0;
}

int scanner_prepare(struct scanner *s, int proc_fd, bool whole, struct scan_stats *st)
{
	if (s->choice == SCANNER_PROC || s->is_prepared)
		return 0;
	s->is_prepared = true;
	s->refusal = bpf_iterator_may_open(proc_fd);
	if (s->refusal == 0) {
		int rc = weigh(s, proc_fd, whole, st);
		if (s->is_small || rc < 0)
			return rc;
		s->refusal = bpf_iterator_learn(&s->layout);
		s->is_ready = s->refusal == 0;
	}
	return s->choice == SCANNER_BPF ? s->refusal : 0;
}

int scanner_iterate(struct scanner *s, const struct scan_request *rq,
		    struct holder_index *out_holders, struct process_table *out_processes,
		    struct scan_stats *st)
{
	size_t holders = out_holders->len, processes = out_processes->len;
	int rc = scan_bpf(&s->layout, rq, out_holders, out_processes, st);

	if (rc == 0)
		return 0;
	out_holders->len = holders;
	process_table_cut(out_processes, processes);
	s->is_ready = false;
	s->refusal = rc;
	return rc;
}
