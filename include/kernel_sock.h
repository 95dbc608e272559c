/*
 * Ports that the kernel itself holds: the UDP ports of tunnels, which their
 * devices name, and those of the NFS server. No process has a descriptor of
 * such a socket.
 */
#ifndef WHOPORT_KERNEL_SOCK_H
#define WHOPORT_KERNEL_SOCK_H

#include "sock.h"

#include <stddef.h>
#include <stdint.h>

struct kernel_sock {
	enum sock_proto proto;
	uint16_t port; /* host byte order */
	sa_family_t family; /* AF_UNSPEC: both, or not told */
	char kind[16]; /* "vxlan", "geneve", "bareudp", "wireguard", "nfsd" */
	char name[16]; /* of the device, bytes as they are; "" when there is none */
};

struct kernel_sock_list {
	struct kernel_sock *v;
	size_t len, cap;
};

/** Release the list. */
void kernel_sock_list_free(struct kernel_sock_list *list);

/**
 * A device from the body of an RTM_NEWLINK message (struct ifinfomsg and
 * attributes): tunnels over UDP and the port they receive on. A device that
 * is down has no socket, and one that was moved here from another network
 * namespace has it there: neither is one.
 *
 * Return 1 if it is one, 0 if not, or -EBADMSG. The port of a WireGuard device
 * is not told here, and 0; it is not known either whether that was moved.
 * Source: rtnetlink(7); IFLA_LINKINFO, IFLA_LINK_NETNSID, IFLA_VXLAN_PORT,
 * IFLA_GENEVE_PORT, IFLA_BAREUDP_PORT in linux/if_link.h (big-endian);
 * vxlan_open, geneve_open, bareudp_open, wg_open in drivers/net.
 */
int kernel_sock_parse_link(const void *data, size_t len, struct kernel_sock *out);

/**
 * The port of a WireGuard device from a generic netlink answer to
 * WG_CMD_GET_DEVICE (struct genlmsghdr and attributes).
 *
 * Return 1, 0 if it tells no port, or -EBADMSG.
 * Source: linux/wireguard.h (WGDEVICE_A_LISTEN_PORT, host byte order).
 */
int kernel_sock_parse_wireguard(const void *data, size_t len, struct kernel_sock *out);

/**
 * The ports of the NFS server from the text of /proc/fs/nfsd/portlist, lines
 * such as "tcp 2049", once for each address family; transports without a port
 * number of ours are skipped, and so is a line without its newline.
 *
 * Return 0 or -ENOMEM.
 * Source: svc_one_xprt_name in net/sunrpc/svc_xprt.c.
 */
int kernel_sock_parse_portlist(const char *text, size_t len, struct kernel_sock_list *out);

/**
 * Opens a netlink socket in the namespace in question; see nl_open().
 *
 * Return the descriptor, which kernel_sock_load() closes, or -errno.
 */
typedef int kernel_sock_open(void *ctx, int protocol);

/**
 * List the kernel's ports of one network namespace, as far as they are told:
 * what may not be asked is left out.
 *
 * @proc_fd  root of a proc tree, for fs/nfsd/portlist; borrowed; -1: not asked
 * @open     called for each netlink family needed; WireGuard is asked only of
 *           devices of that kind, and wants CAP_NET_ADMIN
 * @out      appended to; kept before an error
 * Return 0 or -ENOMEM.
 */
int kernel_sock_load(int proc_fd, kernel_sock_open *open, void *ctx,
		     struct kernel_sock_list *out);

/**
 * The one that holds a socket's port, or NULL. The kernel's sockets are bound to
 * the wildcard address: nobody else can have one there.
 */
const struct kernel_sock *kernel_sock_find(const struct kernel_sock_list *list,
					   const struct sock *s);

#endif
