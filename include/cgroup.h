/*
 * Control groups of version 2: from the id that a socket keeps of the cgroup
 * it was created in to a directory, and from its path to the names that
 * people know: a unit, a container.
 */
#ifndef WHOPORT_CGROUP_H
#define WHOPORT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup {
	uint64_t id; /* inode number of the directory */
	char *path;  /* below the mount: "/system.slice/nginx.service"; owned by the index */
};

struct cgroup_index {
	struct cgroup *v; /* by id */
	size_t len, cap;
	int root_fd; /* of the mount; -1 when there is none */
};

/**
 * Find where version 2 is mounted and list its directories. Symbolic links
 * are not followed, other file systems not entered.
 *
 * @proc_fd  root of a proc tree, for self/mountinfo; borrowed
 * @out      released by cgroup_index_free(), also after an error
 * Return 0, -ENOENT if none is mounted, or -errno. Directories that may not be
 * read, or vanish meanwhile, are left out.
 * Source: proc_pid_mountinfo(5), cgroups(7); sock_cgroup_ptr in
 * net/ipv4/inet_diag.c for the id.
 */
int cgroup_index_load(struct cgroup_index *out, int proc_fd);

/** Release the index; callable on a zeroed struct. */
void cgroup_index_free(struct cgroup_index *x);

/** Path of a cgroup, or NULL if its id is unknown; "/" is the root. */
const char *cgroup_index_find(const struct cgroup_index *x, uint64_t id);

/**
 * Processes of a cgroup, as numbers of our own pid namespace.
 *
 * @out  an array of @out_len PIDs, ascending, freed by the caller
 * Return 0 or -errno.
 * Source: cgroup.procs in cgroups(7).
 */
int cgroup_members(const struct cgroup_index *x, const char *path, pid_t **out, size_t *out_len);

/** A part of a path. */
struct cgroup_name {
	const char *text; /* borrowed from the path; not terminated */
	size_t len;
};

/**
 * The systemd unit that a path lies in: the innermost component that ends in
 * .service, .socket, .scope, .mount or .swap. A service of a user's manager,
 * below user@1000.service, is that service.
 *
 * Return false if there is none.
 */
bool cgroup_parse_unit(const char *path, size_t len, struct cgroup_name *out);

/**
 * The container that a path lies in: an id of 64 hex digits, as Docker, Podman,
 * containerd and CRI-O write it ("docker-<id>.scope", "/docker/<id>",
 * "cri-containerd-<id>.scope", "libpod-<id>.scope"), cut to 12 digits as they
 * show it; or a name, as of LXC ("lxc.payload.NAME", "/lxc/NAME") and
 * systemd-nspawn ("machine-NAME.scope"). The innermost counts.
 *
 * Return false if there is none.
 */
bool cgroup_parse_container(const char *path, size_t len, struct cgroup_name *out);

/**
 * The path in the text of /proc/PID/cgroup: that of version 2 ("0::/path"),
 * or, if that is the root, of the hierarchy named systemd. Not forgeable: the
 * kernel escapes newlines.
 *
 * Return false if there is neither.
 * Source: cgroups(7).
 */
bool cgroup_parse_file(const char *text, size_t len, struct cgroup_name *out);

#endif
