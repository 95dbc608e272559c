/*
 * Parents of processes; see lineage.h. They are read level by level, so that what many
 * have in common is read once.
 */
#include "lineage.h"

#include "grow.h"
#include "join.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Numbers of parents that are to be read. */
struct wanted {
	pid_t *v;
	size_t len, cap;
};

static int want(struct wanted *w, pid_t pid)
{
	if (pid <= 0 || (w->len > 0 && w->v[w->len - 1] == pid))
		return 0;
	void *v = grow(w->v, w->len, &w->cap, sizeof(*w->v));
	if (!v)
		return -ENOMEM;
	w->v = v;
	w->v[w->len++] = pid;
	return 0;
}

static int compare_pid(const void *x, const void *y)
{
	const pid_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* Read one level into the sorted table, and want the next. */
static int load_level(struct wanted *w, int proc_fd, struct process_table *out)
{
	size_t len = w->len, sorted = out->len;
	pid_t before = 0;
	int rc = 0;

	qsort(w->v, len, sizeof(*w->v), compare_pid);
	for (size_t i = 0; i < len && rc >= 0; i++) {
		struct process_table known = {out->v, sorted, 0};
		bool is_known = w->v[i] == before || process_table_find(&known, w->v[i], w->v[i]);
		before = w->v[i];
		if (!is_known)
			rc = process_table_load(out, proc_fd, w->v[i], PROCESS_STAT);
	}
	w->len = 0;
	for (size_t i = sorted; i < out->len && rc >= 0; i++)
		rc = want(w, out->v[i].ppid);
	process_table_sort(out);
	return rc < 0 ? rc : 0;
}

int lineage_load(const struct row_list *rows, int proc_fd, struct process_table *out)
{
	struct wanted w = {0};
	int rc = 0;

	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		if (rows->v[i].process)
			rc = want(&w, rows->v[i].process->ppid);
	}
	for (int level = 0; level < LINEAGE_MAX && w.len > 0 && rc == 0; level++)
		rc = load_level(&w, proc_fd, out);
	free(w.v);
	return rc;
}

size_t lineage_list(const struct process_table *parents, const struct process *p,
		    const struct process **out, size_t max)
{
	size_t len = 0;

	while (len < max && p->ppid > 0) {
		const struct process *parent = process_table_find(parents, p->ppid, p->ppid);
		if (!parent || parent->start_ticks > p->start_ticks)
			break;
		out[len++] = p = parent;
	}
	return len;
}

static bool is_called(const struct process *p, const char *name)
{
	return p->command_len == strlen(name) && memcmp(p->command, name, p->command_len) == 0;
}

const struct process *lineage_find_ssh(const struct process *const *v, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (v[i]->uid == 0 && (is_called(v[i], "sshd") || is_called(v[i], "sshd-session")))
			return v[i];
	}
	return NULL;
}
