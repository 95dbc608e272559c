/*
 * The options of all sockets in rows, which --sockopts asks for before anything is printed.
 */
#ifndef WHOPORT_SOCKOPT_LIST_H
#define WHOPORT_SOCKOPT_LIST_H

#include "sockopt.h"

#include <stddef.h>
#include <stdint.h>

struct row_list;
struct sock;

struct sockopt_entry {
	uint64_t inode;
	struct sockopt_set set;
};

struct sockopt_list {
	struct sockopt_entry *v; /* by inode */
	size_t len, cap;
};

/**
 * Ask each socket once, by any of its holders that lets us; those without holder are
 * left out.
 *
 * @out  zeroed; released by sockopt_list_free(), also after an error
 * Return 0 or -ENOMEM.
 */
int sockopt_list_load(const struct row_list *rows, struct sockopt_list *out);

/** Release the list. */
void sockopt_list_free(struct sockopt_list *list);

/** The options of a socket, or why they were refused; NULL if it was not asked. */
const struct sockopt_set *sockopt_list_find(const struct sockopt_list *list, const struct sock *s);

#endif
