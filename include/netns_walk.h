/*
 * The network namespaces of the machine, as far as they can be seen.
 */
#ifndef WHOPORT_NETNS_WALK_H
#define WHOPORT_NETNS_WALK_H

#include <stdbool.h>

struct netns;
struct netns_list;

/**
 * Add every namespace that a process or thread is in, or that is mounted.
 *
 * Return 0 or -errno.
 * Source: namespaces(7), proc_pid_mountinfo(5).
 */
int netns_list_find_all(struct netns_list *list);

/**
 * Find names: of mounts, else of the container that the process we know in
 * a namespace belongs to, as far as its cgroup tells.
 */
void netns_list_find_names(struct netns_list *list);

/** True if there is any namespace besides the base; stops at the first. */
bool netns_list_has_others(struct netns_list *list);

#endif
