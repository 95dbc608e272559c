/* Which scanner looks for holders; see scanner.h. */
#include "scanner.h"

#include "holder.h"
#include "process.h"
#include "scan.h"
#include "scan_bpf.h"
#include "survey.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

/*
 * To load the program costs as much as to read about so many links. Before Linux
 * 6.2, which does not tell how many there are, a process is taken for some.
 */
enum { DESCRIPTORS_MIN = 1000 };

int scanner_prepare(struct scanner *s, int proc_fd, struct scan_stats *st)
{
	uint64_t descriptors;

	if (s->choice == SCANNER_PROC)
		return 0;
	s->refusal = scan_bpf_may_open(proc_fd);
	if (s->refusal == 0) {
		int rc = survey_tables(proc_fd, st, &descriptors);
		s->is_small = rc == 0 && descriptors < DESCRIPTORS_MIN &&
			      s->choice == SCANNER_AUTO;
		if (s->is_small || rc == -ENOMEM)
			return rc;
		int fd = scan_bpf_open();
		s->is_ready = fd >= 0;
		s->program_fd = fd;
		s->refusal = fd < 0 ? fd : 0;
	}
	return s->choice == SCANNER_BPF || s->refusal == -ENOMEM ? s->refusal : 0;
}

void scanner_free(struct scanner *s)
{
	if (s->is_ready)
		close(s->program_fd);
	s->is_ready = false;
}

int scanner_iterate(struct scanner *s, const struct scan_request *rq,
		    struct holder_index *out_holders, struct process_table *out_processes,
		    struct scan_stats *st)
{
	size_t holders = out_holders->len, processes = out_processes->len;
	int rc = scan_bpf(s->program_fd, rq, out_holders, out_processes, st);

	if (rc == 0)
		return 0;
	out_holders->len = holders;
	process_table_cut(out_processes, processes);
	scanner_free(s);
	s->refusal = rc;
	return rc;
}
