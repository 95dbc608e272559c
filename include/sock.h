/*
 * Socket records: what a source knows of one socket, and the table of them.
 *
 * The inode is the key that joins a record to its holders: all network
 * namespaces share one sockfs. Inode 0 stands for sockets that no file
 * belongs to (TIME_WAIT, orphans, connections not accepted yet); they stay in
 * the table, because those rows are answers.
 */
#ifndef WHOPORT_SOCK_H
#define WHOPORT_SOCK_H

#include "addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_info;

enum sock_proto {
	SOCK_PROTO_TCP,
	SOCK_PROTO_UDP,
	SOCK_PROTO_UDPLITE,
	SOCK_PROTO_RAW,
	SOCK_PROTO_MPTCP,
	SOCK_PROTO_SCTP,
	SOCK_PROTO_UNIX,
	SOCK_PROTO_NETLINK,
	SOCK_PROTO_PACKET,
	SOCK_PROTO_VSOCK,
	SOCK_PROTO_XDP,
	SOCK_PROTO_OTHER, /* a descriptor whose socket is in no table that was read */
	SOCK_PROTO_COUNT
};

/* Sets of protocols: 1U << enum sock_proto. */
#define SOCK_PROTO_BIT(proto) (1U << (proto))
#define SOCK_PROTOS_PORTS \
	(SOCK_PROTO_BIT(SOCK_PROTO_TCP) | SOCK_PROTO_BIT(SOCK_PROTO_UDP) | \
	 SOCK_PROTO_BIT(SOCK_PROTO_UDPLITE) | SOCK_PROTO_BIT(SOCK_PROTO_MPTCP) | \
	 SOCK_PROTO_BIT(SOCK_PROTO_SCTP))
#define SOCK_PROTOS_INET (SOCK_PROTOS_PORTS | SOCK_PROTO_BIT(SOCK_PROTO_RAW))

/*
 * Up to SOCK_STATE_BOUND the kernel's numbers for TCP (include/net/tcp_states.h).
 * UDP and raw sockets are ESTABLISHED or UNCONNECTED.
 */
enum sock_state {
	SOCK_STATE_UNKNOWN,
	SOCK_STATE_ESTABLISHED,
	SOCK_STATE_SYN_SENT,
	SOCK_STATE_SYN_RECV,
	SOCK_STATE_FIN_WAIT1,
	SOCK_STATE_FIN_WAIT2,
	SOCK_STATE_TIME_WAIT,
	SOCK_STATE_CLOSE,
	SOCK_STATE_CLOSE_WAIT,
	SOCK_STATE_LAST_ACK,
	SOCK_STATE_LISTEN,
	SOCK_STATE_CLOSING,
	SOCK_STATE_NEW_SYN_RECV, /* read as SYN_RECV */
	SOCK_STATE_BOUND,        /* bound, not listening */
	SOCK_STATE_UNCONNECTED,
	SOCK_STATE_CONNECTING,
	SOCK_STATE_CONNECTED,
	SOCK_STATE_DISCONNECTING,
	SOCK_STATE_COUNT
};

#define SOCK_STATE_BIT(state) (1U << (state))
/* What keeps a port without any connection. */
#define SOCK_STATES_WAITING \
	(SOCK_STATE_BIT(SOCK_STATE_LISTEN) | SOCK_STATE_BIT(SOCK_STATE_BOUND))

/* The kernel's numbers for what a TCP socket waits for (idiag_timer, sock_diag(7)). */
enum sock_timer {
	SOCK_TIMER_NONE,
	SOCK_TIMER_RETRANSMIT,
	SOCK_TIMER_KEEPALIVE,
	SOCK_TIMER_TIME_WAIT, /* the socket is a TIME_WAIT or FIN_WAIT2 remainder */
	SOCK_TIMER_PROBE,     /* of a closed window */
};

/* What the filter decided; see filter.h. */
enum sock_role {
	SOCK_ROLE_WANTED,  /* selected: becomes rows */
	SOCK_ROLE_LATER,   /* selected if nothing holds its port */
	SOCK_ROLE_WITNESS, /* not selected: explains connections not accepted yet */
	SOCK_ROLE_NONE,
};

/* A row of unix text that may be the end of the name in the row before it. */
struct sock_doubt {
	uint32_t before;  /* place of the row whose name it would belong to */
	const char *line; /* the whole row; the table's */
	size_t len;
	bool contested; /* another row claims the same inode */
};

/* The file that a unix socket is bound to. */
struct sock_file {
	uint32_t major, minor; /* of the device */
	uint32_t inode;        /* the lower 32 bits; 0: none is known */
};

/* Whether a socket on [::] takes IPv4, too. */
enum sock_v6only { SOCK_V6ONLY_UNKNOWN, SOCK_V6ONLY_NO, SOCK_V6ONLY_YES };

struct sock {
	uint64_t inode;
	uint64_t cookie;   /* the socket's cookie; from unix text the hashed pointer; 0 unknown */
	uint64_t cgroup;   /* id of the cgroup it was created in, 0 when unknown */
	uint32_t uid;      /* meaningful if uid_known */
	uint32_t netns;    /* id of the network namespace (netns.h), 0 when unknown */
	uint32_t rqueue;   /* bytes; for LISTEN connections waiting */
	uint32_t wqueue;   /* bytes; for LISTEN the backlog limit, from text 0 */
	uint32_t timer_ms; /* until the timer ends */
	uint32_t peer;     /* unix: inode of the other end, 0 when unknown or none */
	uint32_t bound_if; /* index of the interface it is bound to, 0: none or unknown */
	struct sock_file file; /* unix */
	struct addr local, remote;
	/* The table's. Unix: bound name, NULL when unnamed. Kinds without
	 * addresses of ours: what the NAME column says. */
	const char *name;
	const char *device; /* the table's: name of bound_if; terminated; NULL when unknown */
	const struct sock_info *info; /* the table's; NULL: not asked for, or not told */
	const struct sock_doubt *doubt; /* the table's; NULL when the row is certain */
	uint32_t row; /* unix text: place in the table, from 1 */
	uint16_t name_len;
	uint8_t proto;      /* enum sock_proto */
	uint8_t state;      /* enum sock_state */
	uint8_t type;       /* unix: SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
	uint8_t role;       /* enum sock_role */
	uint8_t timer;      /* enum sock_timer */
	uint8_t v6only;     /* enum sock_v6only */
	bool uid_known;
	bool name_is_exact; /* NUL is NUL: text shows it as '@' */
	bool is_kernels;    /* the kernel's own end, as of netlink */
	bool is_scanned;    /* a scanner told of it, not a source: without queues */
};

struct sock_table {
	struct sock *v;
	size_t len, cap;
	struct sock_name_block *names; /* owned; where the names live */
	/* What records had when they were added: SOCK_PROTO_BIT()s, 1U << enum sock_role. */
	unsigned protos, roles;
	bool any_scanned;
};

/** Release the table and every name in it. */
void sock_table_free(struct sock_table *t);

/**
 * Append a copy of a record, and of what it points to.
 *
 * Return 0 or -ENOMEM. Pointers to records are valid until the next add.
 */
int sock_table_add(struct sock_table *t, const struct sock *s);

/** Copy bytes into memory that lives as long as the table; NULL without memory. */
const void *sock_table_keep(struct sock_table *t, const void *data, size_t len);

/**
 * Let the name of a record in the table go on with a newline and a line; one
 * that is longer than any name stays as it is.
 *
 * Return 0 or -ENOMEM.
 */
int sock_table_extend_name(struct sock_table *t, struct sock *s, const char *line, size_t len);

/**
 * Sort by (inode, netns, protocol, addresses, state, name; without inode by
 * cookie, too) and drop what was read twice: the kernel can repeat a row while
 * its table changes.
 */
void sock_table_sort(struct sock_table *t);

/**
 * Drop from a sorted table, in which everything has a role, the TCP subflows whose
 * Multipath TCP socket is in it, too.
 */
void sock_table_drop_subflows(struct sock_table *t);

/** First record with this inode in a sorted table, or NULL. Not for inode 0. */
struct sock *sock_table_find(const struct sock_table *t, uint64_t inode);

/** Order by protocol, local port, local and remote address, state. */
int sock_compare_address(const struct sock *a, const struct sock *b);

/** The name in upper case, as in the NODE column: TCP, UDP, UDPLITE, RAW, unix ... */
const char *sock_proto_name(enum sock_proto proto);

/** Protocol of a name in any case; true if there is one (`other` is not). */
bool sock_proto_parse(const char *name, size_t len, enum sock_proto *out);

/**
 * True if sockets of this protocol, by the kernel's own name for it (TCPv6,
 * UDP, UNIX-STREAM), belong to the tables of some network namespace.
 */
bool sock_proto_has_table(const char *kernel_name, size_t len);

/** The name as lsof prints it: LISTEN, FIN_WAIT1, BOUND; "" when unknown. */
const char *sock_state_name(enum sock_state state);

/**
 * State of a name in any case, with `-` or `_`; also the spellings of ss and
 * netstat: ESTAB, FIN-WAIT-1, LISTENING, UNCONN, SYN_RCVD, CLOSED.
 */
bool sock_state_parse(const char *name, size_t len, enum sock_state *out);

/** Set of the states that sockets of a protocol can be in: SOCK_STATE_BIT()s. */
uint32_t sock_proto_states(enum sock_proto proto);

/** True if two unix sockets have one name, as far as text can tell, which shows NUL as '@'. */
bool sock_has_name_of(const struct sock *a, const struct sock *b);

/** True for a unix socket that text tells of: without queues, and its cookie is none. */
bool sock_is_unix_text(const struct sock *s);

/** True if the queues are known: text does not tell those of unix, nor a scanner any. */
bool sock_has_queues(const struct sock *s);

/** Seconds until a socket's timer ends, rounded up. */
uint32_t sock_timer_seconds(const struct sock *s);

/**
 * True for a connection that its listener's accept() has not returned yet:
 * TCP, or unix with the listener's name.
 */
bool sock_is_unaccepted(const struct sock *s);

/** True for what is left of a TCP connection that was closed and is still sent. */
bool sock_is_orphan(const struct sock *s);

#endif
