/*
 * What --details tells beside the rows of a look: the parents of their processes, the cgroups
 * that their sockets were made in, how old processes are; and options of the sockets.
 */
#ifndef WHOPORT_BACKGROUND_H
#define WHOPORT_BACKGROUND_H

#include "cgroup.h"
#include "process.h"
#include "sockopt_list.h"

#include <stdbool.h>
#include <stdint.h>

struct row_list;
struct sock;

struct background {
	struct process_table parents; /* see lineage.h */
	struct cgroup_index cgroups;
	bool has_cgroups;
	struct sockopt_list options; /* with has_options */
	bool has_options;            /* they were asked for */
	int64_t uptime; /* seconds since boot when it was read; -1: unknown */
};

/**
 * Read the background of rows.
 *
 * @rows     their processes with PROCESS_STAT
 * @proc_fd  root of a proc tree; borrowed
 * @options  ask the sockets for their options, too, which proc_fd has to allow: it is of our
 *           own pid namespace
 * @out      zeroed; released by background_free(), also after an error
 * Return 0 or -ENOMEM; what cannot be read is unknown. Source: proc_uptime(5).
 */
int background_load(const struct row_list *rows, int proc_fd, bool options,
		    struct background *out);

/** Release it; callable on a zeroed struct. */
void background_free(struct background *b);

/** Path of the cgroup that a socket was made in, below the mount; NULL when unknown. */
const char *background_cgroup(const struct background *b, const struct sock *s);

/** Seconds since a process was started; false when unknown. */
bool background_age(const struct background *b, const struct process *p, uint64_t *out);

#endif
