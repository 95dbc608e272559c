/*
 * --details: a card for each process and, below, one for each of the sockets it holds, with
 * what is known of them; then those of sockets without holder.
 *
 *     nginx,811
 *       command      nginx: master process
 *       ...
 *
 *     nginx,811 6u IPv4 TCP *:80 (LISTEN)
 *       inode        31415
 *       ...
 *
 * A socket of several holders is told once, with the first of them.
 */
#ifndef WHOPORT_DETAILS_H
#define WHOPORT_DETAILS_H

#include <stddef.h>

struct card;
struct column_style;
struct row;
struct row_list;

/** Facts of processes that cards need: PROCESS_STAT and so on. */
unsigned details_facts(void);

/**
 * Write the cards of all rows, in large pieces; nothing if there are no rows.
 *
 * @style  with the background of the rows
 * @fd     borrowed
 * Return 0 or -errno of memory or write(2).
 */
int details_write(const struct column_style *style, const struct row_list *rows, int fd);

/** Add the lines about a row's process. */
void details_add_process(struct card *card, const struct column_style *style,
			 const struct row *row);

/**
 * Add the lines about a row's socket.
 *
 * @sharers  rows of the same socket, this one among them
 */
void details_add_sock(struct card *card, const struct column_style *style, const struct row *row,
		      const struct row *const *sharers, size_t sharers_len);

/** Add those about the connection, if it is one of TCP. */
void details_add_tcp(struct card *card, const struct row *row);

/** Append a user to the value under way: `alice (1000)`, or the number alone. */
void details_add_user(struct card *card, const struct column_style *style, unsigned uid);

#endif
