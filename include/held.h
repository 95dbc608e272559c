/*
 * Sockets that a scanner described while it looked for their holders: of all
 * network namespaces, and of the same moment. Beside the answers of sources they
 * fill in what those do not have, and where a namespace has no other sockets they
 * stand for it.
 */
#ifndef WHOPORT_HELD_H
#define WHOPORT_HELD_H

#include "sock.h"
#include "sockstat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter;
struct netns_list;
struct source_sink;

/* One socket of the census; of which there may be several holders. */
struct held_count {
	uint32_t netns, inode;
	uint8_t proto;      /* enum sock_proto; SOCK_PROTO_OTHER if not found by a port */
	uint8_t is_counted; /* one of a process's, not of the kernel's */
};

/* What the kernel counted in one namespace before the scan. */
struct held_before {
	uint32_t netns;
	struct sockstat counts;
};

struct held {
	struct sock_table socks;   /* that the filter may want; by namespace after held_sort() */
	struct held_count *counts; /* all there are, if asked for; each once after held_sort() */
	size_t counts_len, counts_cap;
	struct held_before *before; /* with the census; by namespace after held_sort() */
	size_t before_len, before_cap;
	uint32_t netns;            /* the namespace asked for */
	unsigned foreign;          /* protocols of which those of others are kept, too */
	bool wants_counts;
	const struct netns_list *known; /* borrowed; NULL: all are */
	uint32_t latest_netns;
	bool latest_is_known;
	uint32_t states[SOCK_PROTO_OTHER];   /* wanted of a protocol */
	uint16_t ports[SOCK_PROTO_OTHER][4]; /* the only ones wanted of a protocol */
	size_t ports_len[SOCK_PROTO_OTHER];  /* 0: any */
};

/**
 * Start: note what a filter wants, before it knows which targets are held.
 *
 * @f    prepared and restarted
 * @out  released by held_free()
 */
void held_init(struct held *out, const struct filter *f);

/**
 * Forget what was taken, for a scan to come.
 *
 * @netns    the namespace whose sockets are taken
 * @foreign  SOCK_PROTO_BIT()s of which sockets of any namespace are taken
 * @counts   take the census, too: with it held_covers() can tell. If @known is set
 *           after this call, holders in other namespaces are wanted, too
 */
void held_restart(struct held *h, uint32_t netns, unsigned foreign, bool counts);

/** Release it. */
void held_free(struct held *h);

/**
 * Before a census: note what the kernel counts in a namespace.
 *
 * @net_fd  its `net` directory
 * Return 0, also if the counts cannot be read, or -ENOMEM.
 */
int held_note_counts(struct held *h, uint32_t netns, int net_fd);

/**
 * Take one socket of one holder; fits struct scan_request, where ctx is a struct held.
 *
 * Return 1 if it is kept, 0 if not, or -ENOMEM.
 */
int held_take(void *ctx, const struct sock *s, bool is_counted);

/** After the last: sort, and drop what has several holders. */
void held_sort(struct held *h);

/** Hand the sockets of one namespace to a sink. Return 0, or -errno of the sink. */
int held_feed(const struct held *h, uint32_t netns, const struct source_sink *sink);

/**
 * True if a namespace has no sockets but those that were taken, as far as these
 * protocols go and the sink still wants states: the kernel counted as many before the
 * scan, and counts as many now. It is asked after held_feed().
 *
 * @net_fd  its `net` directory, for the counts of the kernel
 */
bool held_covers(const struct held *h, uint32_t netns, int net_fd, unsigned protos,
		 const struct source_sink *sink);

/**
 * Where a scanner and a source told of one socket, keep the source's record; but a
 * name from text, which may be cut or forged, becomes the one that the scanner saw.
 *
 * @t  sorted; stays sorted
 * Return true if something was dropped: records beside it may be repeated now.
 */
bool held_merge(struct sock_table *t);

/** Sort a table and merge its records, and sort again if that brought others together. */
void held_arrange(struct sock_table *t);

/** The namespace of some record that comes behind @netns in the order of numbers; 0: none. */
uint32_t held_next_netns(const struct held *h, uint32_t netns);

#endif
