/*
 * Sorting by a number. Inodes come in the order of a hash table, tens of thousands
 * of them: to compare them in pairs would take longer than to read them.
 */
#ifndef WHOPORT_SORT_KEY_H
#define WHOPORT_SORT_KEY_H

#include <stddef.h>
#include <stdint.h>

struct sort_key {
	uint64_t key;
	size_t place; /* of what the key is of */
};

/**
 * Sort by key; equal keys stay in their order.
 *
 * Return 0 or -ENOMEM; then the order is as it was.
 */
int sort_keys(struct sort_key *v, size_t len);

#endif
