/*
 * What a descriptor itself tells of its socket, where the tables do not or
 * may lie. Real procfs only: of a fixture tree these know nothing.
 */
#ifndef WHOPORT_DESCRIPTOR_H
#define WHOPORT_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct holder;
struct probe;
struct sock;

/**
 * The kernel's name of the protocol of a held socket: TCP, UDPv6, UNIX-STREAM,
 * NETLINK, PACKET.
 *
 * @proc_fd  root of a proc tree; borrowed
 * Return its length, 0 if it cannot be told: gone, refused, no real procfs,
 * or the descriptor is another socket by now.
 * Source: sockfs_xattr_get in net/socket.c.
 */
size_t descriptor_protocol(int proc_fd, const struct holder *h, char *out, size_t size);

/** Path of a descriptor below the proc root: "811/fd/5", "811/task/812/fd/5". */
void descriptor_path(pid_t pid, pid_t tid, int fd, char *out, size_t size);

/** The same for what /proc tells of it: "811/fdinfo/5". */
void descriptor_info_path(pid_t pid, pid_t tid, int fd, char *out, size_t size);

/**
 * Read the flags of a descriptor, from PID/fdinfo/FD, if it is still the same socket.
 *
 * @out  as open(2) has them, O_CLOEXEC among them
 * Return false if they cannot be told. Source: proc_pid_fdinfo(5); the inode since Linux
 * 5.14.
 */
bool descriptor_flags(int proc_fd, const struct holder *h, uint32_t *out);

/**
 * Ask a held unix socket for its name, where two rows of text claim its inode.
 * This takes a copy of the descriptor for a moment (probe.h).
 *
 * @s  a record with a name from text, which shows NUL as '@'
 * Return 1 if that is its name, 0 if it is another, -errno if it cannot be told
 * (ESTALE: the descriptor is another socket by now).
 */
int descriptor_has_name(int proc_fd, struct probe *probe, const struct holder *h,
			const struct sock *s);

#endif
