/*
 * Rows of unix text that may be forged (struct sock_doubt), checked with all
 * that a snapshot knows.
 */
#ifndef WHOPORT_DOUBT_H
#define WHOPORT_DOUBT_H

struct holder_index;
struct inventory_request;
struct sock_table;

/**
 * Find the doubtful rows that are forged: their inode is another socket's,
 * or the descriptor with that inode says otherwise. They leave the table, and
 * the name that they were a part of gets its end back.
 *
 * @rq     how they were read: of its filter a name that changed may no longer be
 *         a target, and a holder's own namespace is read to compare
 * @socks  sorted; stays sorted by inode
 * Return 0 or -ENOMEM.
 */
int doubt_settle(const struct inventory_request *rq, struct sock_table *socks,
		 const struct holder_index *holders);

#endif
