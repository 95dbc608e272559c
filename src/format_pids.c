/* Process IDs only; see format_pids.h. */
#include "format_pids.h"

#include "buf.h"
#include "holder.h"
#include "join.h"

int format_pids_write(const struct row_list *rows, int fd)
{
	struct buf out = {0};
	pid_t last = 0;

	/* Rows are sorted by PID. */
	for (size_t i = 0; i < rows->len; i++) {
		const struct holder *h = rows->v[i].holder;
		if (!h || h->pid == last)
			continue;
		last = h->pid;
		buf_add_dec(&out, (uint64_t)h->pid);
		buf_add_char(&out, '\n');
	}
	int rc = buf_write(&out, fd);
	buf_free(&out);
	return rc;
}
