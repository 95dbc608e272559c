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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The root cgroup's id: on hosts without version 2 all sockets say so (KERNFS_ROOT_INO). */
enum { ROOT_CGROUP = 1 };

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
	size_t suited;  /* sockets that it fits */
	bool is_named;  /* in some clue */
	char cgroup[1024];
};

/* Learn what can be told of a suspect. Return false if it is gone. */
static bool describe_suspect(const struct snapshot_request *rq, const struct evidence *e,
			     struct suspect *out)
{
	struct process p = {.pid = e->pid, .tid = e->pid};
	struct cgroup_name name = {"", 0};
	char text[4096];
	int fd = process_open(rq->inventory.namespaces->proc_fd, e->pid);

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
	bool listens = s->state == SOCK_STATE_LISTEN;

	if ((suspect->how == EVIDENCE_ACCEPTING && !listens) ||
	    (suspect->how == EVIDENCE_RECEIVING && listens))
		return false;
	return s->uid_known && s->uid == suspect->uid && s->netns == suspect->netns &&
	       (!path || strcmp(path, suspect->cgroup) == 0);
}

/* The suspects among all that was found, each process once for each kind of evidence. */
static struct suspect *list_suspects(const struct snapshot_request *rq,
				     const struct evidence_list *evidence, size_t *out_len)
{
	size_t count = 0;

	for (size_t i = 0; i < evidence->len; i++)
		count += evidence->v[i].inode == 0;
	struct suspect *v = malloc((count + 1) * sizeof(*v));
	*out_len = 0;
	for (size_t i = 0; v && i < evidence->len; i++) {
		const struct evidence *e = &evidence->v[i];
		bool known = e->inode != 0;
		for (size_t j = 0; j < *out_len && !known; j++)
			known = v[j].pid == e->pid && v[j].how == e->kind;
		if (!known && describe_suspect(rq, e, &v[*out_len]))
			(*out_len)++;
	}
	return v;
}

/* The only suspect that fits a socket, or NULL; and by what evidence. */
static struct suspect *find_only(const struct sock *s, const char *path, struct suspect *v,
				 size_t len, enum evidence_kind *out_how)
{
	struct suspect *only = NULL;

	for (size_t i = 0; i < len; i++) {
		if (!fits(&v[i], s, path))
			continue;
		if (only && only->pid != v[i].pid)
			return NULL;
		*out_how = only ? EVIDENCE_SEVERAL : v[i].how;
		only = only ? only : &v[i];
	}
	return only;
}

/* A thread waits on one socket: if there is more than one that it may be, it is none. */
static bool is_worth_naming(const struct suspect *suspect, enum evidence_kind how)
{
	bool single = how == EVIDENCE_ACCEPTING || how == EVIDENCE_RECEIVING;

	return !single || suspect->suited == 1;
}

/* Name in each clue the only suspect there is, if it is one. */
static int name_suspects(const struct snapshot_request *rq, struct snapshot *snap,
			 const struct cgroup_index *cgroups, struct suspect *v, size_t len)
{
	int rc = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < snap->clues.len; i++) {
			struct clue *clue = &snap->clues.v[i];
			if (clue->sock->inode == 0 || *clue->kernel)
				continue;
			enum evidence_kind how = EVIDENCE_SEVERAL;
			struct suspect *only = find_only(
				clue->sock, path_of(cgroups, clue->sock), v, len, &how);
			if (only && pass == 0)
				only->suited++;
			if (!only || pass == 0 || !is_worth_naming(only, how))
				continue;
			clue->suspect = only->pid;
			clue->how = how;
			only->is_named = true;
		}
	}
	for (size_t i = 0; rc == 0 && i < len; i++) {
		if (v[i].is_named)
			rc = load_process(rq, snap, v[i].pid);
	}
	return rc;
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
	if (rc == 0 && len > 0)
		rc = name_suspects(rq, snap, &cgroups, v, len);
	cgroup_index_free(&cgroups);
	free(v);
	return rc;
}

/* --- places ---------------------------------------------------------------- */

/* Name the unit, the container, or the whole path. Return 0 or -ENOMEM. */
static int describe_place(const char *path, struct clue *clue)
{
	size_t len = strlen(path);
	struct cgroup_name name;

	clue->place_kind = CLUE_CONTAINER;
	if (!cgroup_parse_container(path, len, &name)) {
		clue->place_kind = CLUE_UNIT;
		if (!cgroup_parse_unit(path, len, &name)) {
			clue->place_kind = CLUE_CGROUP;
			name = (struct cgroup_name){path, len};
		}
	}
	clue->place = strndup(name.text, name.len);
	return clue->place ? 0 : -ENOMEM;
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
		if (!scan_stats_find_denied(&snap->scan, snap->scan.denied_len, members[i]))
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

/* Describe the place of one clue. Return 0 or -ENOMEM. */
static int describe(const struct snapshot_request *rq, struct snapshot *snap,
		    const struct cgroup_index *cgroups, struct clue *clue)
{
	const char *path = path_of(cgroups, clue->sock);

	if (!path)
		return 0;
	if (describe_place(path, clue) < 0)
		return -ENOMEM;
	return clue->sock->inode != 0 ? find_likely(rq, snap, cgroups, path, clue) : 0;
}

/* Sockets of one cgroup have one place: it is described once. */
static int copy_place(struct clue *clue, const struct clue *from)
{
	memcpy(clue->likely, from->likely, sizeof(clue->likely));
	clue->likely_len = clue->sock->inode != 0 ? from->likely_len : 0;
	clue->place_kind = from->place_kind;
	clue->place = from->place ? strdup(from->place) : NULL;
	return from->place && !clue->place ? -ENOMEM : 0;
}

static bool has_place(const struct clue *clue)
{
	return clue->sock->cgroup > ROOT_CGROUP && !*clue->kernel;
}

/* Clues by cgroup, those with an inode first: they know the likely processes. */
static int compare_cgroup(const void *x, const void *y)
{
	const struct sock *a = (*(struct clue *const *)x)->sock, *b = (*(struct clue *const *)y)->sock;

	if (a->cgroup != b->cgroup)
		return a->cgroup < b->cgroup ? -1 : 1;
	return (a->inode == 0) - (b->inode == 0);
}

/* The clues that have a place, by cgroup; NULL without memory. */
static struct clue **list_placed(struct clue_list *clues, size_t *out_len)
{
	struct clue **v = malloc((clues->len + 1) * sizeof(*v));

	*out_len = 0;
	for (size_t i = 0; v && i < clues->len; i++) {
		if (has_place(&clues->v[i]))
			v[(*out_len)++] = &clues->v[i];
	}
	if (v && *out_len > 0)
		qsort(v, *out_len, sizeof(struct clue *), compare_cgroup);
	return v;
}

int guess_places(const struct snapshot_request *rq, struct snapshot *snap)
{
	struct cgroup_index cgroups = {0};
	size_t len;
	int rc = 0;

	struct clue **v = list_placed(&snap->clues, &len);
	if (!v)
		return -ENOMEM;
	if (len > 0 && cgroup_index_load(&cgroups, rq->inventory.namespaces->proc_fd) < 0)
		len = 0;
	for (size_t i = 0; rc == 0 && i < len; i++) {
		if (i > 0 && v[i]->sock->cgroup == v[i - 1]->sock->cgroup)
			rc = copy_place(v[i], v[i - 1]);
		else
			rc = describe(rq, snap, &cgroups, v[i]);
	}
	cgroup_index_free(&cgroups);
	free(v);
	return rc;
}
