/*
 * The kernel's news of sockets that are no more: TCP and UDP, of one network namespace.
 */
#ifndef WHOPORT_SOCK_WATCH_H
#define WHOPORT_SOCK_WATCH_H

struct netns;
struct netns_list;

/**
 * Listen for the end of sockets.
 *
 * Return a descriptor, the caller's, that is readable when there is news; or -errno:
 * EPERM, EAFNOSUPPORT where there is none.
 * Source: sock_diag_broadcast_destroy in net/core/sock_diag.c, since Linux 4.2.
 */
int sock_watch_open(struct netns_list *list, struct netns *ns);

/** Take what has come: only that there was something matters. */
void sock_watch_drain(int fd);

#endif
