/* Which scanner looks for holders; see scanner.h. */
#include "scanner.h"

#include "bpf_iterator.h"
#include "holder.h"
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
 * tables of so many threads. Linux before 6.2 does not tell how many links there are.
 */
enum { WORTH_MIN = 1000 };

/* All threads there are: the number behind the '/' of `0.20 0.18 0.12 1/80 11206`. */
static uint64_t count_threads(int proc_fd)
{
	char text[128];
	uint64_t threads;
	ssize_t n = procfs_read(proc_fd, "loadavg", text, sizeof(text));
	const char *at = n > 0 ? memchr(text, '/', (size_t)n) : NULL;

	return at && ++at && num_scan(&at, text + n, 10, UINT64_MAX, &threads) ? threads : 0;
}

/* Whether the walk would cost less. Return 0 or -errno. */
static int weigh(struct scanner *s, int proc_fd, bool whole, struct scan_stats *st)
{
	uint64_t descriptors;
	int rc = survey_tables(proc_fd, whole ? 0 : WORTH_MIN, st, &descriptors);

	s->is_small = rc == 0 && s->choice == SCANNER_AUTO && descriptors < WORTH_MIN &&
		      count_threads(proc_fd) < WORTH_MIN;
	return rc == -ENOMEM ? rc : 0;
}

int scanner_prepare(struct scanner *s, int proc_fd, bool whole, struct scan_stats *st)
{
	if (s->choice == SCANNER_PROC)
		return 0;
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
