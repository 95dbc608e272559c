/*
 * What guard.h wants to know of a process that holds a socket.
 */
#ifndef WHOPORT_GUARD_FACTS_H
#define WHOPORT_GUARD_FACTS_H

#include "guard.h"

struct ancestry;
struct cgroup_index;
struct holder;
struct process;
struct sock;

/**
 * Gather it; with PROCESS_ARGS and PROCESS_CGROUP in the record.
 *
 * @cgroups  loaded if what holds sockets for others may tell by it whose this one is
 * @out      borrows from all of these
 */
void guard_facts_make(const struct process *p, const struct sock *s, const struct holder *h,
		      const struct ancestry *ancestry, int proc_fd, struct cgroup_index *cgroups,
		      struct guard_facts *out);

#endif
