/*
 * A look at all processes that reads no descriptor: how many each has, and who may
 * not be read.
 */
#ifndef WHOPORT_SURVEY_H
#define WHOPORT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct scan_stats;

/**
 * Note how many descriptors each process has.
 *
 * @enough  stop when there are so many; 0: never
 * @st      tables are replaced
 * @out     the sum
 * Return 0; -EOPNOTSUPP where the kernel does not tell (before 6.2), which gives every
 * process a table of unknown length; or -errno.
 * Source: proc_fd_getattr in fs/proc/fd.c.
 */
int survey_count_tables(int proc_fd, uint64_t enough, struct scan_stats *st, uint64_t *out);

/**
 * Note the processes whose descriptors may not be read: of those in the tables that
 * no scan has told of, one link is asked.
 *
 * @st  denied are replaced; sorted
 * Return 0 or -ENOMEM.
 */
int survey_find_denied(int proc_fd, struct scan_stats *st);

/**
 * True if the descriptors of a process may not be read, and that will last: one that
 * is ending is refused, too (process_is_ending()).
 */
bool survey_is_denied(int proc_fd, pid_t pid);

#endif
