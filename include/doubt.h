/*
 * Rows of unix text that may be forged (struct sock_doubt), checked with all
 * that a snapshot knows.
 */
#ifndef WHOPORT_DOUBT_H
#define WHOPORT_DOUBT_H

struct filter;
struct holder_index;
struct sock_table;

/**
 * Find the doubtful rows that are forged: their inode is an internet socket's,
 * or the descriptor with that inode says otherwise. They leave the table, and
 * the name that they were a part of gets its end back.
 *
 * @proc_fd  root of a proc tree; borrowed
 * @filter   a name that changed may no longer be a target's
 * @socks    sorted; stays sorted by inode
 * Return 0 or -ENOMEM.
 */
int doubt_settle(int proc_fd, struct filter *filter, struct sock_table *socks,
		 const struct holder_index *holders);

#endif
