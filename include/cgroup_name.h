/*
 * Names in the path of a control group that people know: a unit, a container.
 */
#ifndef WHOPORT_CGROUP_NAME_H
#define WHOPORT_CGROUP_NAME_H

#include <stdbool.h>
#include <stddef.h>

/** A part of a path, any bytes but NUL and '/'; of PID/cgroup, a whole path. */
struct cgroup_name {
	const char *text; /* borrowed from what was parsed; not terminated */
	size_t len;
};

/**
 * The systemd unit that a path lies in: the innermost component that ends in
 * .service, .socket, .scope, .mount or .swap and has no byte that systemd
 * refuses in a unit's name. A service of a user's manager, below
 * user@1000.service, is that service. Whoever may make cgroups somewhere can
 * give them a unit's name: it tells who started the process no surer than that.
 *
 * @out  the name as systemctl takes it; unset if there is none
 * Return false if there is none.
 */
bool cgroup_parse_unit(const char *path, size_t len, struct cgroup_name *out);

/**
 * The container that a path lies in: an id of 64 lower-case hex digits, as
 * Docker, Podman, containerd and CRI-O write it ("docker-<id>.scope",
 * "/docker/<id>", "cri-containerd-<id>.scope", "libpod-<id>.scope"), cut to 12
 * digits as they show it; or a name, as of LXC ("lxc.payload.NAME",
 * "/lxc/NAME") and systemd-nspawn ("machine-NAME.scope",
 * "systemd-nspawn@NAME.service"). The innermost counts. The monitor beside a
 * container (conmon, lxc.monitor) and libvirt's virtual machines are none.
 *
 * @out  the id or name; a name of systemd-nspawn keeps systemd's escapes, such
 *       as \x2d for a dash; unset if there is none
 * Return false if there is none.
 */
bool cgroup_parse_container(const char *path, size_t len, struct cgroup_name *out);

/**
 * The path in the text of /proc/PID/cgroup: that of version 2 ("0::/path"),
 * or, if that is the root, of the hierarchy named systemd. The " (deleted)"
 * behind a removed cgroup of version 2 is cut off.
 *
 * No name can forge a line: the kernel takes no newline in one (cgroup_mkdir
 * in kernel/cgroup/cgroup.c; for renames on version 1 since Linux 5.13).
 *
 * @out  unset if there is none
 * Return false if there is neither.
 * Source: cgroups(7); proc_cgroup_show in kernel/cgroup/cgroup.c.
 */
bool cgroup_parse_file(const char *text, size_t len, struct cgroup_name *out);

#endif
