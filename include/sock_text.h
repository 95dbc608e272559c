/*
 * The words of a row about its socket: ends, NAME. Shared by the columns.
 */
#ifndef WHOPORT_SOCK_TEXT_H
#define WHOPORT_SOCK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct addr;
struct buf;
struct column_style;
struct row;
struct sock;

/** One end of an internet socket, such as `*:80`; port names if the style asks. */
void sock_text_add_end(const struct column_style *style, const struct sock *s,
		       const struct addr *end, struct buf *out);

/**
 * The bound name of a unix socket, escaped; nothing if it has none.
 *
 * @flags  ESCAPE_BLANKS or 0
 */
void sock_text_add_path(const struct column_style *style, const struct sock *s, unsigned flags,
			struct buf *out);

/**
 * A unix name as a target has it: of an abstract one '@' for the leading NUL, `\0` for
 * others.
 *
 * @flags  of escape_add()
 */
void sock_text_add_exact_name(const char *name, size_t name_len, unsigned flags, struct buf *out);

/** TYPE as lsof has it: IPv4, IPv6, unix, raw, netlink ... */
const char *sock_text_type(const struct sock *s);

/** DEVICE: the inode, or of a unix socket the cookie. Return false if there is none. */
bool sock_text_add_device(const struct sock *s, struct buf *out);

/** SOCK_STREAM of a unix socket as `STREAM`. */
const char *sock_text_unix_type(const struct sock *s);

/**
 * True if the state belongs to what is shown of a socket: UDP and raw sockets have none
 * to tell.
 */
bool sock_text_has_state(const struct sock *s);

/** NAME without state, reason and other ends: `127.0.0.1:80->127.0.0.1:5000`. */
void sock_text_add_socket(const struct column_style *style, const struct sock *s, struct buf *out);

/**
 * Who has the other end, each as PID,COMMAND,FD; `[reason]` where nobody is known to,
 * behind `[not-accepted]` who will accept, behind `[one-of]` those of several sockets;
 * `[unknown]` if it could not be told; nothing if no other end is known.
 */
void sock_text_add_ends(const struct column_style *style, const struct sock *s, struct buf *out);

/** The same for NAME, if they are wanted there: a blank first, unix `->INO=inode`. */
void sock_text_add_arrow(const struct column_style *style, const struct sock *s, struct buf *out);

/** The NAME cell: `127.0.0.1:80->127.0.0.1:5000 (ESTABLISHED)`, with its reason. */
void sock_text_add_name(const struct column_style *style, const struct row *row, struct buf *out);

#endif
