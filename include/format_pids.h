/*
 * -t: process IDs for other programs, and nothing else.
 */
#ifndef WHOPORT_FORMAT_PIDS_H
#define WHOPORT_FORMAT_PIDS_H

struct row_list;

/**
 * Write the PIDs of all holders, one a line, ascending, each once.
 *
 * @fd  borrowed
 * Return 0 or -errno of memory or write(2).
 */
int format_pids_write(const struct row_list *rows, int fd);

#endif
