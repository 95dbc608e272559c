/*
 * What this process is allowed: its effective capabilities, and whether they count in
 * the network namespace that it is in.
 */
#ifndef WHOPORT_CAPABILITY_H
#define WHOPORT_CAPABILITY_H

#include <stdbool.h>

/* Numbers of linux/capability.h. */
enum capability {
	CAPABILITY_NET_BIND_SERVICE = 10,
	CAPABILITY_NET_ADMIN = 12,
	CAPABILITY_SYS_ADMIN = 21,
	CAPABILITY_PERFMON = 38,
	CAPABILITY_BPF = 39,
};

/** True if a capability is effective in our own user namespace. Source: capget(2). */
bool capability_has(enum capability cap);

/**
 * True if a capability is effective for our network namespace: in the user namespace that
 * owns it, or as that one's owner from outside.
 *
 * @proc_fd  root of our own procfs; borrowed
 * Source: ns_capable in kernel/capability.c, cap_capable in security/commoncap.c;
 * ioctl_nsfs(2). Before Linux 4.9 our own user namespace is asked.
 */
bool capability_has_for_net(int proc_fd, enum capability cap);

#endif
