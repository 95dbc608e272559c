/* Beside the rows; see background.h. */
#define _GNU_SOURCE
#include "background.h"

#include "join.h"
#include "lineage.h"
#include "procfs.h"
#include "sock.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

int background_load(const struct row_list *rows, int proc_fd, bool options,
		    struct background *out)
{
	bool wants_cgroups = false;

	out->uptime = procfs_uptime(proc_fd);
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
	return process_age(p, b->uptime, out);
}
