/* Which scanner looks for holders; see scanner.h. */
#include "scanner.h"

#include "bpf_iterator.h"
#include "holder.h"
#include "process.h"
#include "scan.h"
#include "scan_bpf.h"
#include "survey.h"

#include <errno.h>
#include <stdint.h>

/*
 * To load the program costs as much as to read about so many links. Before Linux
 * 6.2, which does not tell how many there are, a process is taken for some.
 */
enum { DESCRIPTORS_MIN = 1000 };

int scanner_prepare(struct scanner *s, int proc_fd, bool whole, struct scan_stats *st)
{
	uint64_t descriptors;

	if (s->choice == SCANNER_PROC)
		return 0;
	s->refusal = bpf_iterator_may_open(proc_fd);
	if (s->refusal == 0) {
		int rc = survey_tables(proc_fd, whole ? 0 : DESCRIPTORS_MIN, st, &descriptors);
		s->is_small = rc == 0 && descriptors < DESCRIPTORS_MIN &&
			      s->choice == SCANNER_AUTO;
		if (s->is_small || rc == -ENOMEM)
			return rc;
		s->refusal = bpf_iterator_learn(&s->layout);
		s->is_ready = s->refusal == 0;
	}
	return s->choice == SCANNER_BPF || s->refusal == -ENOMEM ? s->refusal : 0;
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
