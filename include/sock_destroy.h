/*
 * SOCK_DESTROY: ask the kernel to end one socket, as if the network had failed: its
 * holder reads ECONNABORTED, the other end gets a reset.
 */
#ifndef WHOPORT_SOCK_DESTROY_H
#define WHOPORT_SOCK_DESTROY_H

struct sock;

/**
 * Destroy one internet socket.
 *
 * @fd  from nl_open(NL_SOCK_DIAG), opened in the socket's namespace; borrowed
 * @s   its ends, protocol, interface and cookie, from sock_diag: another socket that
 *      has taken the same ends meanwhile is not touched
 * Return 0, or -errno: ENOENT if it is gone, EPERM without CAP_NET_ADMIN over the
 * namespace, EOPNOTSUPP if the kernel cannot (CONFIG_INET_DIAG_DESTROY, or the
 * protocol), ESTALE for a record without cookie.
 * Source: sock_diag(7); inet_diag_cmd_exact in net/ipv4/inet_diag.c.
 */
int sock_destroy(int fd, const struct sock *s);

#endif
