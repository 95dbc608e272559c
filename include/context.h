/*
 * The line below the rows of a process, on a terminal: which of my servers is it?
 *
 *     node server.js  in /srv/app, 3 d, pm2.service
 */
#ifndef WHOPORT_CONTEXT_H
#define WHOPORT_CONTEXT_H

#include "process.h"

#include <stddef.h>
#include <stdint.h>

struct buf;
struct column_style;
struct row;

/* Facts of processes that the lines need. */
#define CONTEXT_FACTS (PROCESS_ARGS | PROCESS_CWD | PROCESS_STAT | PROCESS_CGROUP)

enum { CONTEXT_LINES_MAX = 10 }; /* of a table: for a few processes, not for a list */

struct context {
	size_t width;    /* columns of the terminal */
	int64_t uptime;  /* seconds since boot, as procfs_uptime() has it */
};

/**
 * What the lines need to know of the terminal and of the time.
 *
 * @fd       of the terminal; one that does not know its width has 80 columns
 * @proc_fd  root of a proc tree; borrowed
 * Source: TIOCGWINSZ in ioctl_tty(2).
 */
void context_init(struct context *out, int fd, int proc_fd);

/**
 * Append the line of a row's process: its arguments, working directory, age, and its
 * container or unit, as far as they are known; nothing if none is. Arguments are cut to
 * what the width leaves, so that the rest stays in sight, and have no two blanks in a row,
 * which end them here.
 *
 * @style  with its context
 */
void context_add(const struct column_style *style, const struct row *row, struct buf *out);

#endif
