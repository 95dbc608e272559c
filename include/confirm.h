/*
 * --ask: a question at the terminal before something is done.
 */
#ifndef WHOPORT_CONFIRM_H
#define WHOPORT_CONFIRM_H

#include <stdbool.h>

struct buf;

/**
 * Ask on stderr, and read a line from stdin.
 *
 * @question  without a mark: `send SIGTERM to nginx,811`; foreign names in it are escaped
 * Return true for a clear yes: y or yes, in any case.
 */
bool confirm_ask(const struct buf *question);

#endif
