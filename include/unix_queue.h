/*
 * The clients of a unix listener that it has not accepted yet. In a dump of all sockets
 * they are not asked for: a long queue, which any user can make, would not fit into a
 * message and end the whole dump. Here one listener is asked for.
 */
#ifndef WHOPORT_UNIX_QUEUE_H
#define WHOPORT_UNIX_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct sock;

/** Takes the inode of one client. Return 0 to go on, or -errno. */
typedef int unix_queue_take(void *ctx, uint64_t client);

/**
 * Ask for the clients in the queue of one listener.
 *
 * @fd  from nl_open(NL_SOCK_DIAG), opened in its network namespace
 * Return 0 or -errno: the taker's; EMSGSIZE if they are too many for an answer, about a
 * thousand; ENOENT if the listener is gone; ESTALE if its inode is another's.
 * Source: sk_diag_dump_icons in net/unix/diag.c.
 */
int unix_queue_ask(int fd, const struct sock *listener, unix_queue_take *take, void *ctx);

#endif
