/*
 * Words to the user, on stderr, one line each. Only main.c and the actions
 * call this; modules return -errno.
 */
#ifndef WHOPORT_MSG_H
#define WHOPORT_MSG_H

struct buf;

/**
 * Say `whoport: object: reason`. The object may be a foreign name: it is
 * escaped, and shortened if it is longer than a line. A failing stderr is
 * ignored: the exit status still tells.
 */
void msg_error(const char *object, const char *reason);

/** As msg_error(), followed by the line that points to --help. */
void msg_usage(const char *object, const char *reason);

/**
 * Say that an answer could not be written; of a reader that has seen enough (EPIPE)
 * nothing.
 *
 * @rc  -errno
 */
void msg_unwritten(int rc);

/** Say `whoport: text`, for text that is our own or already escaped. */
void msg_note(const char *text);

/** The same for a text in a buffer, which is released; without memory nothing is said. */
void msg_note_buf(struct buf *text);

#endif
