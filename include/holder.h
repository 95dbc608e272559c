/*
 * Holders: which process refers to a socket, by which descriptor or else, and
 * the index that finds them by inode.
 */
#ifndef WHOPORT_HOLDER_H
#define WHOPORT_HOLDER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* By what a process holds a socket. */
enum holder_kind {
	HOLDER_FD,   /* a descriptor */
	HOLDER_RING, /* a registered file of an io_uring, whose descriptor fd is */
	HOLDER_MEM,  /* a mapping; fd is -1 */
};

struct holder {
	uint64_t inode;
	pid_t pid; /* thread group */
	pid_t tid; /* == pid: the process's own table; else through which thread it was seen */
	int fd;
	enum holder_kind kind;
};

struct holder_index {
	struct holder *v;
	size_t len, cap;
};

/** Order by (pid, tid, fd, kind), whatever the socket. */
int holder_compare(const struct holder *a, const struct holder *b);

/** Release the index. */
void holder_index_free(struct holder_index *x);

/** Append one holder. Return 0 or -ENOMEM. */
int holder_index_add(struct holder_index *x, const struct holder *h);

/** Sort by (inode, pid, tid, fd) and drop what was found twice. */
void holder_index_sort(struct holder_index *x);

/**
 * The holders of one socket in a sorted index.
 *
 * @out_count  how many; 0 when nobody was seen
 * Return the first of them; NULL in an empty index.
 */
const struct holder *holder_index_find(const struct holder_index *x, uint64_t inode,
				       size_t *out_count);

/**
 * The same for who asks for one socket after another, in the order of their inodes.
 *
 * @cursor  0 before the first; between two calls nothing may change
 */
const struct holder *holder_index_next(const struct holder_index *x, uint64_t inode,
				       size_t *cursor, size_t *out_count);

#endif
