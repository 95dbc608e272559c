/*
 * What may keep a port from us, or answer on it, though no socket is in the way: never
 * facts about the port, only that there is something of the kind on this machine.
 */
#ifndef WHOPORT_HINT_H
#define WHOPORT_HINT_H

#include "sock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Places in the order in which they are told. */
enum hint {
	HINT_IPVS,      /* a virtual service on the very port */
	HINT_SK_LOOKUP, /* programs that choose sockets for packets */
	HINT_NAT,       /* rules that translate addresses */
	/* From here on, what may forbid bind(2); before, who may answer instead. */
	HINT_CGROUP,    /* bpf programs that judge bind() */
	HINT_SELINUX,
	HINT_LANDLOCK,
	HINT_WSL,
	HINT_COUNT
};

/**
 * Look for them.
 *
 * @proc_fd  root of a proc tree; borrowed
 * @real     it is procfs, and the machine itself may be asked, too
 * @protos   a set with TCP, UDP or both, and a port in host byte order
 * Return a set of 1U << enum hint; what may not be asked is not in it.
 */
unsigned hint_find(int proc_fd, bool real, unsigned protos, uint16_t port);

/** Look for HINT_IPVS alone, the only one that differs from port to port. */
bool hint_find_ipvs(int proc_fd, unsigned protos, uint16_t port);

/** The words for one. */
const char *hint_text(enum hint hint);

/**
 * True if the text of /proc/net/ip_vs has a virtual service on a port:
 *
 *     TCP  C0A80001:0050 rr
 *     UDP  [fe80:0000:...:0001]:0035 wlc persistent 300
 *
 * Source: ip_vs_info_seq_show in net/netfilter/ipvs/ip_vs_ctl.c.
 */
bool hint_parse_ipvs(const char *text, size_t len, enum sock_proto proto, uint16_t port);

/** True if the body of an NFT_MSG_NEWCHAIN message is that of a chain of type `nat`. */
bool hint_parse_chain(const void *data, size_t len);

#endif
