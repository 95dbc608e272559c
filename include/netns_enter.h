/*
 * Ways into a network namespace: to its netlink, to its text tables.
 */
#ifndef WHOPORT_NETNS_ENTER_H
#define WHOPORT_NETNS_ENTER_H

#include <stdbool.h>

struct netns;
struct netns_list;

/**
 * Open a file that must be a network namespace, without a side effect if it is not.
 *
 * @is_link  it is a link of /proc, of a task or a descriptor: what it leads to is
 *           known without asking a file system, which may not answer
 * Return the descriptor, the caller's, or -errno; EINVAL if it is something else.
 */
int netns_open_file(int dir_fd, const char *path, bool is_link);

/**
 * Hold on to a namespace: it stays, and there stays a way into it, though its last
 * process ends.
 *
 * Return 0 or -errno.
 */
int netns_keep(struct netns_list *list, struct netns *ns);

/**
 * Go into a namespace, which for others than our own wants CAP_SYS_ADMIN there,
 * and at home for the way back (setns(2)). Nothing else may happen until
 * netns_leave() than opening what belongs to it, and reading /proc/thread-self/net,
 * which is looked up in the namespace that we are in.
 *
 * Return 0 or -errno; then nothing has changed.
 */
int netns_enter(struct netns_list *list, struct netns *ns);

/** Go home again; nothing happens if we are there. */
void netns_leave(const struct netns_list *list);

/**
 * Open a netlink socket in a namespace, which for others than our own means to
 * go there for a moment (setns(2), CAP_SYS_ADMIN).
 *
 * Return the descriptor, the caller's, or -errno: EPERM, or what nl_open() says.
 */
int netns_open_netlink(struct netns_list *list, struct netns *ns, int protocol);

/**
 * Open a `net` directory of a namespace, for its text tables.
 *
 * Return the descriptor, the caller's, or -errno; ENOENT if no process is in it.
 */
int netns_open_directory(struct netns_list *list, const struct netns *ns);

#endif
