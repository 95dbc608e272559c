/*
 * What sock_diag tells of a socket beyond its record, for --details: memory and drops,
 * TCP_INFO, congestion control. Pure functions over bytes.
 */
#ifndef WHOPORT_SOCK_INFO_H
#define WHOPORT_SOCK_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock;

/* Bytes, but for the drops: SK_MEMINFO_* of linux/sock_diag.h, in its order. */
enum sock_memory {
	SOCK_MEMORY_RECEIVED, /* what waits to be read, with its overhead */
	SOCK_MEMORY_RECEIVE_LIMIT,
	SOCK_MEMORY_SENT,
	SOCK_MEMORY_SEND_LIMIT,
	SOCK_MEMORY_FORWARD,
	SOCK_MEMORY_QUEUED,
	SOCK_MEMORY_OPTIONS,
	SOCK_MEMORY_BACKLOG, /* arrived while the socket was locked */
	SOCK_MEMORY_DROPS,   /* packets; of a listener, connections */
	SOCK_MEMORY_COUNT
};

/* Members of struct tcp_info (linux/tcp.h) by its names; times are in its units. */
enum sock_tcp {
	SOCK_TCP_CA_STATE,
	SOCK_TCP_RETRANSMITS, /* of the segment that is not acknowledged now */
	SOCK_TCP_PROBES,
	SOCK_TCP_BACKOFF,
	SOCK_TCP_OPTIONS,
	SOCK_TCP_SND_WSCALE,
	SOCK_TCP_RCV_WSCALE,
	SOCK_TCP_RTO, /* us */
	SOCK_TCP_ATO, /* us */
	SOCK_TCP_SND_MSS,
	SOCK_TCP_RCV_MSS,
	SOCK_TCP_UNACKED, /* segments */
	SOCK_TCP_SACKED,
	SOCK_TCP_LOST,
	SOCK_TCP_RETRANS,
	SOCK_TCP_LAST_DATA_SENT, /* ms ago */
	SOCK_TCP_LAST_DATA_RECV,
	SOCK_TCP_LAST_ACK_RECV,
	SOCK_TCP_PMTU,
	SOCK_TCP_RCV_SSTHRESH,
	SOCK_TCP_RTT, /* us */
	SOCK_TCP_RTTVAR,
	SOCK_TCP_SND_SSTHRESH,
	SOCK_TCP_SND_CWND, /* segments */
	SOCK_TCP_ADVMSS,
	SOCK_TCP_REORDERING,
	SOCK_TCP_RCV_RTT, /* us */
	SOCK_TCP_RCV_SPACE,
	SOCK_TCP_TOTAL_RETRANS,
	SOCK_TCP_PACING_RATE, /* bytes a second */
	SOCK_TCP_MAX_PACING_RATE,
	SOCK_TCP_BYTES_ACKED,
	SOCK_TCP_BYTES_RECEIVED,
	SOCK_TCP_SEGS_OUT,
	SOCK_TCP_SEGS_IN,
	SOCK_TCP_NOTSENT_BYTES,
	SOCK_TCP_MIN_RTT, /* us */
	SOCK_TCP_DATA_SEGS_IN,
	SOCK_TCP_DATA_SEGS_OUT,
	SOCK_TCP_DELIVERY_RATE, /* bytes a second */
	SOCK_TCP_BUSY_TIME,     /* us */
	SOCK_TCP_RWND_LIMITED,
	SOCK_TCP_SNDBUF_LIMITED,
	SOCK_TCP_DELIVERED,
	SOCK_TCP_DELIVERED_CE,
	SOCK_TCP_BYTES_SENT,
	SOCK_TCP_BYTES_RETRANS,
	SOCK_TCP_DSACK_DUPS,
	SOCK_TCP_REORD_SEEN,
	SOCK_TCP_RCV_OOOPACK,
	SOCK_TCP_SND_WND,
	SOCK_TCP_RCV_WND,
	SOCK_TCP_COUNT
};

/* What the kernel told: a set in sock_info.known. */
#define SOCK_INFO_SHUTDOWN    (1U << 0)
#define SOCK_INFO_TOS         (1U << 1)
#define SOCK_INFO_TCLASS      (1U << 2)
#define SOCK_INFO_MARK        (1U << 3)
#define SOCK_INFO_FLAGS       (1U << 4)
#define SOCK_INFO_RETRANSMITS (1U << 5)

#define SOCK_INFO_SHUT_RECEIVE 1U /* in sock_info.shutdown: RCV_SHUTDOWN, SEND_SHUTDOWN */
#define SOCK_INFO_SHUT_SEND    2U

enum { SOCK_INFO_NAME = 16 }; /* TCP_CA_NAME_MAX and TCP_ULP_NAME_MAX, net/tcp.h */

struct sock_info {
	unsigned known;
	uint32_t memory[SOCK_MEMORY_COUNT]; /* the first memory_len of them */
	uint64_t tcp[SOCK_TCP_COUNT];
	uint64_t tcp_known; /* of a connection: bits by enum sock_tcp */
	uint32_t mark;
	uint8_t memory_len;
	uint16_t flags; /* bits by sock_info_flag_name() */
	uint8_t tos, tclass, shutdown;
	uint8_t retransmits; /* of what the timer waits for */
	char congestion[SOCK_INFO_NAME], ulp[SOCK_INFO_NAME]; /* "" when unknown or none */
};

/**
 * Parse the same answer that the record was parsed from.
 *
 * @data  behind the netlink header, not aligned; borrowed
 * @s     the record: its protocol and state
 * @out   replaced; a struct tcp_info that is shorter or longer than ours gives
 *        what both have
 * Return true if anything was told.
 * Source: inet_diag_msg_attrs_fill, inet_sk_diag_fill in net/ipv4/inet_diag.c;
 * sock_diag_put_meminfo in net/core/sock_diag.c; struct tcp_info in linux/tcp.h;
 * the `MEMINFO` attributes of linux/{unix,netlink,packet,xdp}_diag.h.
 */
bool sock_info_parse(const void *data, size_t len, const struct sock *s, struct sock_info *out);

/**
 * A member of struct tcp_info. What the kernel has no value for, such as a threshold that is
 * infinite, is unknown.
 *
 * @info  NULL: nothing is known
 */
bool sock_info_tcp(const struct sock_info *info, enum sock_tcp member, uint64_t *out);

/* Which end made a connection. */
enum sock_opener { SOCK_OPENER_UNKNOWN, SOCK_OPENER_THIS, SOCK_OPENER_OTHER };

/**
 * Which end made a connection that is open: who has sent the SYN that asks for it counts
 * one byte more as acknowledged than it has sent (tcp_snd_una_update in
 * net/ipv4/tcp_input.c). Told if nothing is on its way; since Linux 4.19.
 *
 * @info  NULL: nothing is known
 */
enum sock_opener sock_info_opener(const struct sock *s, const struct sock_info *info);

/** The member's name without `tcpi_`, as the kernel has it. */
const char *sock_info_tcp_name(enum sock_tcp member);

/** A number about memory; false if it is unknown. */
bool sock_info_memory(const struct sock_info *info, enum sock_memory which, uint32_t *out);

/** What a congestion state is called (enum tcp_ca_state): "open", "recovery"; NULL for none. */
const char *sock_info_ca_state(uint64_t state);

enum { SOCK_INFO_OPTION_WSCALE = 2 }; /* TCPI_OPT_WSCALE is this bit */

/** What bit @i of SOCK_TCP_OPTIONS means: "timestamps"; NULL behind the last. */
const char *sock_info_tcp_option(size_t i);

/* The bits of mc-loop and mc-all, with which every socket of IPv4 begins. */
#define SOCK_INFO_FLAGS_USUAL (1U << 3 | 1U << 5)

/** What bit @i of the flags means: "freebind", "transparent"; NULL behind the last. */
const char *sock_info_flag_name(size_t i);

#endif
