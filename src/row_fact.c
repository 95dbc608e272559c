/* What is told of a row beside its socket and holder; see row_fact.h. */
#include "row_fact.h"

#include "clue.h"
#include "descriptor.h"
#include "join.h"
#include "process.h"

#include <string.h>

void row_list_load_flags(struct row_list *list, int proc_fd)
{
	for (size_t i = 0; i < list->len; i++) {
		struct row *row = &list->v[i];
		row->flags_known = row->holder && descriptor_flags(proc_fd, row->holder, &row->flags);
	}
}

/* A name in the cgroup of the process or, without one, the place of a clue of that kind. */
static struct cgroup_name place_in(const struct row *row, enum clue_place kind,
				   bool (*parse)(const char *, size_t, struct cgroup_name *))
{
	const char *path = row->process ? row->process->cgroup : NULL;
	const struct clue *clue = row->process ? NULL : row->clue;
	struct cgroup_name name;

	if (path && parse(path, strlen(path), &name))
		return name;
	if (clue && clue->place && clue->place_kind == kind)
		return (struct cgroup_name){clue->place, strlen(clue->place)};
	return (struct cgroup_name){NULL, 0};
}

struct cgroup_name row_unit(const struct row *row)
{
	return place_in(row, CLUE_UNIT, cgroup_parse_unit);
}

struct cgroup_name row_container(const struct row *row)
{
	return place_in(row, CLUE_CONTAINER, cgroup_parse_container);
}
