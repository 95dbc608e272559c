/*
 * What is told of a row beside its socket and its holder: flags of the descriptor, unit,
 * container.
 */
#ifndef WHOPORT_ROW_FACT_H
#define WHOPORT_ROW_FACT_H

#include "cgroup_name.h"

struct row;
struct row_list;

/** Read the flags of the rows' descriptors, where they are still the same sockets. */
void row_list_load_flags(struct row_list *list, int proc_fd);

/**
 * The unit, or the container, of the row's process; without one, that in which the socket
 * was made, as far as a clue tells. Its len is 0 if there is none.
 */
struct cgroup_name row_unit(const struct row *row);
struct cgroup_name row_container(const struct row *row);

#endif
