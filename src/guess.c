/* Guesses, marked as such; see guess.h. */
#define _GNU_SOURCE
#include "guess.h"

#include "cgroup.h"
#include "cgroup_name.h"
#include "clue.h"
#include "evidence.h"
#include "netns.h"
#include "process.h"
#include "procfs.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The root cgroup's id: on hosts without version 2 all sockets say so (KERNFS_ROOT_INO). */
enum { ROOT_CGROUP = 1 };

static int open_process(const struct snapshot_request *rq, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	return openat(rq->inventory.namespaces->proc_fd, name,
		      O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Keep the facts of a process that a guess names. Return 0, also if it is gone, or -ENOMEM. */
static int load_process(const struct snapshot_request *rq, struct snapshot *snap, pid_t pid)
{
	int rc = process_table_load(&snap->processes, rq->inventory.namespaces->proc_fd, pid,
				    rq->facts);

	return rc < 0 ? rc : 0;
}

/* Path of a socket's cgroup, NULL if it is unknown or tells nothing. */
static const char *path_of(const struct cgroup_index *cgroups, const struct sock *s)
{
	const char *path = s->cgroup > ROOT_CGROUP ? cgroup_index_find(cgroups, s->cgroup) : NULL;

	return path && strcmp(path, "/") != 0 ? path : NULL;
}

/* --- suspects -------------------------------------------------------------- */

/* What a suspect has in common with sockets. */
struct suspect {
	pid_t pid;
	enum evidence_kind how;
	uint32_t uid;
	uint32_t netns; /* 0 when unknown */
	char cgroup[1024];
};

/* Learn what can be told of a suspect. Return false if it is gone. */
static bool describe(const struct snapshot_request *rq, const struct evidence *e,
		     struct suspect *out)
{
	struct process p = {.pid = e->pid, .tid = e->pid};
	struct cgroup_name name = {"", 0};
	char text[4096];
	int fd = open_process(rq, e->pid);

	if (fd < 0)
		return false;
	int rc = process_load(fd, 0, &p);
	ssize_t n = procfs_read(fd, "cgroup", text, sizeof(text));
	close(fd);
	if (n > 0 && !cgroup_parse_file(text, (size_t)n, &name))
		name.len = 0;
	const struct netns *ns = netns_list_of_process(rq->inventory.namespaces, e->pid);
	*out = (struct suspect){.pid = e->pid, .how = e->kind, .uid = p.uid,
				.netns = ns ? ns->id : 0};
	snprintf(out->cgroup, sizeof(out->cgroup), "%.*s", (int)name.len, name.text);
	process_free(&p);
	return rc == 0;
}

static bool fits(const struct suspect *suspect, const struct sock *s, const char *path)
{
	return s->uid_known && s->uid == suspect->uid && s->netns == suspect->netns &&
	       (!path || strcmp(path, suspect->cgroup) == 0);
}

/* The suspects among all that was found, each process once. */
static struct suspect *list_suspects(const struct snapshot_request *rq,
				     const struct evidence_list *evidence, size_t *out_len)
{
	struct suspect *v = malloc((evidence->len + 1) * sizeof(*v));

	*out_len = 0;
	for (size_t i = 0; v && i < evidence->len; i++) {
		bool known = evidence->v[i].inode != 0;
		for (size_t j = 0; j < *out_len && !known; j++)
			known = v[j].pid == evidence->v[i].pid;
		if (!known && describe(rq, &evidence->v[i], &v[*out_len]))
			(*out_len)++;
	}
	return v;
}

/* Only a single suspect is worth naming. */
static int name_suspect(const struct snapshot_request *rq, struct snapshot *snap,
			struct clue *clue, const char *path, const struct suspect *v, size_t len)
{
	const struct suspect *only = NULL;

	for (size_t i = 0; i < len; i++) {
		if (!fits(&v[i], clue->sock, path))
			continue;
		if (only)
			return 0;
		only = &v[i];
	}
	if (!only)
		return 0;
	clue->suspect = only->pid;
	clue->how = only->how;
	return load_process(rq, snap, only->pid);
}

int guess_suspects(const struct snapshot_request *rq, struct snapshot *snap,
		   const struct evidence_list *evidence)
{
	struct cgroup_index cgroups = {0};
	size_t len;
	int rc = 0;

	struct suspect *v = list_suspects(rq, evidence, &len);
	if (!v)
		return -ENOMEM;
	if (len > 0)
		rc = cgroup_index_load(&cgroups, rq->inventory.namespaces->proc_fd);
	rc = rc == -ENOMEM ? rc : 0; /* without cgroups, owner and namespace have to do */
	for (size_t i = 0; rc == 0 && len > 0 && i < snap->clues.len; i++) {
		struct clue *clue = &snap->clues.v[i];
		if (clue->sock->inode != 0 && !*clue->kernel)
			rc = name_suspect(rq, snap, clue, path_of(&cgroups, clue->sock), v, len);
	}
	cgroup_index_free(&cgroups);
	free(v);
	return rc;
}

/* --- places ---------------------------------------------------------------- */

/* `unit nginx.service`, `container 0123456789ab`, `cgroup /path`; NULL without memory. */
static char *describe_place(const char *path)
{
	size_t len = strlen(path), size = len + 16;
	struct cgroup_name name;
	const char *what = "container";

	if (!cgroup_parse_container(path, len, &name)) {
		what = "unit";
		if (!cgroup_parse_unit(path, len, &name)) {
			what = "cgroup";
			name = (struct cgroup_name){path, len};
		}
	}
	char *text = malloc(size);
	if (text)
		snprintf(text, size, "%s %.*s", what, (int)name.len, name.text);
	return text;
}

static bool is_denied(const struct scan_stats *st, pid_t pid)
{
	for (size_t i = 0; i < st->denied_len; i++) {
		if (st->denied[i].pid == pid)
			return true;
	}
	return false;
}

/* The members of a cgroup that could not be read, if they are few. */
static int find_likely(const struct snapshot_request *rq, struct snapshot *snap,
		       const struct cgroup_index *cgroups, const char *path, struct clue *clue)
{
	pid_t *members = NULL;
	size_t len = 0, count = 0;
	int rc = cgroup_members(cgroups, path, &members, &len);

	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	for (size_t i = 0; i < len; i++) {
		if (!is_denied(&snap->scan, members[i]))
			continue;
		if (count < CLUE_LIKELY_MAX)
			clue->likely[count] = members[i];
		count++;
	}
	free(members);
	if (count > CLUE_LIKELY_MAX)
		return 0;
	clue->likely_len = count;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = load_process(rq, snap, clue->likely[i]);
	return rc;
}

static bool has_place(const struct clue *clue)
{
	return clue->sock->cgroup > ROOT_CGROUP && !*clue->kernel;
}

int guess_places(const struct snapshot_request *rq, struct snapshot *snap)
{
	struct cgroup_index cgroups = {0};
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < snap->clues.len; i++)
		any |= has_place(&snap->clues.v[i]);
	if (!any || cgroup_index_load(&cgroups, rq->inventory.namespaces->proc_fd) < 0) {
		cgroup_index_free(&cgroups);
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < snap->clues.len; i++) {
		struct clue *clue = &snap->clues.v[i];
		const char *path = has_place(clue) ? path_of(&cgroups, clue->sock) : NULL;

		if (!path)
			continue;
		clue->place = describe_place(path);
		rc = clue->place ? 0 : -ENOMEM;
		if (rc == 0 && clue->sock->inode != 0)
			rc = find_likely(rq, snap, &cgroups, path, clue);
	}
	cgroup_index_free(&cgroups);
	return rc;
}
