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
	/* Known to have no directory below: two links (kernfs_refresh_inode in
	 * fs/kernfs/inode.c). Most have none, and opening them costs the most. */
	bool leaf;
};

struct cgroup_index {
	struct cgroup *v; /* by id; with the root, so empty only where none is mounted */
	size_t len, cap;
	int root_fd; /* of the mount; a descriptor only if len > 0 */
};

/**
 * Find where version 2 is mounted and list its directories. Of several mounts
 * the first counts that shows the whole hierarchy, as far as our cgroup
 * namespace goes; or else the first. Symbolic links are not followed, other
 * file systems not entered.
 *
 * @proc_fd  root of a proc tree, for self/mountinfo; borrowed
 * @out      released by cgroup_index_free(), also after an error
 * Return 0, -ENOENT if none is mounted, or -errno: why the mount cannot be
 * opened, or a lack of memory or descriptors. What is inside of a directory
 * that may not be read, or vanishes meanwhile, is left out.
 * Source: proc_pid_mountinfo(5), cgroups(7); sock_cgroup_ptr in
 * net/ipv4/inet_diag.c and kernfs_id_ino in linux/kernfs.h for the id: a
 * 32-bit kernel's ids hold more than the inode number, and stay unknown.
 */
int cgroup_index_load(struct cgroup_index *out, int proc_fd);

/**
 * Open the mount of the cgroups of version 2.
 *
 * @proc_fd  root of a proc tree, for self/mountinfo; borrowed
 * Return a descriptor of its root, the caller's, or -errno.
 */
int cgroup_open_mount(int proc_fd);

/** Release the index; callable on a zeroed struct. */
void cgroup_index_free(struct cgroup_index *x);

/** Path of a cgroup, or NULL if its id is unknown; "/" is the mount's root. */
const char *cgroup_index_find(const struct cgroup_index *x, uint64_t id);

/**
 * Processes of a cgroup, as numbers of our own pid namespace; those outside
 * of it have none and are left out, as are those of cgroups below.
 *
 * @path  of the index or of PID/cgroup
 * @out   an array of @out_len PIDs, ascending, each once; NULL if there are
 *        none; freed by the caller
 * Return 0 or -errno: ENOENT, ENODEV if the cgroup is gone, EOPNOTSUPP if it
 * is threaded, EINVAL if the path leads out of the mount ("/../x").
 * Source: cgroup.procs in cgroups(7) and the kernel's cgroup-v2.rst.
 */
int cgroup_members(const struct cgroup_index *x, const char *path, pid_t **out, size_t *out_len);

/**
 * The mount point in a line of mountinfo, if it is one of version 2.
 *
 * @out_whole  true if the mount's root is "/"
 * @out_point  @size bytes, for the path without its octal escapes; terminated
 * Return false for other file systems and malformed lines, and if the path
 * does not fit.
 * Source: proc_pid_mountinfo(5).
 */
bool cgroup_parse_mount(const char *line, size_t len, bool *out_whole, char *out_point,
			size_t size);

#endif
