/* Beside the rows; see background.h. */
#define _GNU_SOURCE
#include "background.h"

#include "join.h"
#include "lineage.h"
#include "num.h"
#include "procfs.h"
#include "sock.h"

#include <errno.h>
#include <unistd.h>

/* The first number of `350735.47 234388.90`; or -1. */
static int64_t load_uptime(int proc_fd)
{
	char text[64];
	const char *at = text;
	uint64_t seconds;
	ssize_t n = procfs_read(proc_fd, "uptime", text, sizeof(text));

	return n > 0 && num_scan(&at, text + n, 10, INT32_MAX, &seconds) ? (int64_t)seconds : -1;
}

int background_load(const struct row_list *rows, int proc_fd, bool options,
		    struct background *out)
{
	bool wants_cgroups = false;

	out->uptime = load_uptime(proc_fd);
	int rc = lineage_load(rows, proc_fd, &out->parents);
	out->has_options = options;
	if (rc == 0 && options)
		rc = sockopt_list_load(rows, &out->options);
	for (size_t i = 0; i < rows->len && rc == 0; i++)
		wants_cgroups |= rows->v[i].sock->cgroup != 0;
	if (rc < 0 || !wants_cgroups)
		return rc;
	rc = cgroup_index_load(&out->cgroups, proc_fd);
	out->has_cgroups = true;
	return rc == -ENOMEM ? rc : 0;
}

void background_free(struct background *b)
{
	process_table_free(&b->parents);
	sockopt_list_free(&b->options);
	if (b->has_cgroups)
		cgroup_index_free(&b->cgroups);
	*b = (struct background){0};
}

const char *background_cgroup(const struct background *b, const struct sock *s)
{
	return b->has_cgroups && s->cgroup ? cgroup_index_find(&b->cgroups, s->cgroup) : NULL;
}

bool background_age(const struct background *b, const struct process *p, uint64_t *out)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t start = hz > 0 ? p->start_ticks / (uint64_t)hz : 0;

	if (p->is_gone || p->is_opaque || hz <= 0 || b->uptime < 0 || start > (uint64_t)b->uptime)
		return false;
	*out = (uint64_t)b->uptime - start;
	return true;
}
