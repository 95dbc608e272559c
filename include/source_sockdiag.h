/*
 * The netlink source: NETLINK_SOCK_DIAG asks the kernel for the sockets of one
 * network namespace, and lets it filter. It tells what text cannot: TCP
 * sockets that are bound without listening (Linux 6.8), owners of unix
 * sockets, whole names, cgroups, interfaces, whether [::] takes IPv4.
 */
#ifndef WHOPORT_SOURCE_SOCKDIAG_H
#define WHOPORT_SOURCE_SOCKDIAG_H

struct source_request;
struct source_stats;

/**
 * Ask for the sockets of some protocols.
 *
 * What waits for others comes first, and of one port if that is all that is
 * wanted; connections only if they are wanted after that.
 *
 * @rq  fd is from nl_open(NL_SOCK_DIAG), opened in the namespace
 * @st  refused, empty before, gets the protocols that the kernel, a missing module or a
 *      seccomp filter gave no answer for: ask another source for these. An
 *      answer without sockets is no refusal.
 * Return 0, -ENOMEM, or -errno of the sink.
 * Source: sock_diag(7).
 */
int source_sockdiag_read(const struct source_request *rq, struct source_stats *st);

#endif
