/*
 * As much of io_uring as holds a file or keeps a request pending, by raw system
 * calls (io_uring_setup(2), io_uring_enter(2), io_uring_register(2)).
 */
#ifndef URING_H
#define URING_H

#include "holding.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

struct ring {
	int fd;
	struct io_uring_params params;
	char *rings; /* both rings; NULL until mapped */
};

/* A mapping that no child inherits: it would hold the file, too. */
static inline void *map_own(size_t size, int prot, int fd, off_t offset)
{
	void *p = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	if (p != MAP_FAILED)
		madvise(p, size, MADV_DONTFORK);
	return p;
}

static inline int ring_open(struct ring *out)
{
	memset(out, 0, sizeof(*out));
	out->fd = (int)syscall(SYS_io_uring_setup, 8, &out->params);
	return keep(out->fd);
}

static inline int ring_register(const struct ring *r, unsigned what, const void *arg,
				unsigned count)
{
	return (int)syscall(SYS_io_uring_register, r->fd, what, arg, count);
}

static inline unsigned *ring_word(const struct ring *r, unsigned offset)
{
	return (unsigned *)(void *)(r->rings + offset);
}

static inline int ring_map(struct ring *r)
{
	const struct io_uring_params *p = &r->params;
	size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned);
	size_t cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);

	if (!(p->features & IORING_FEAT_SINGLE_MMAP)) {
		errno = ENOSYS;
		return -1;
	}
	void *rings = map_own(sq > cq ? sq : cq, PROT_READ | PROT_WRITE, r->fd, IORING_OFF_SQ_RING);
	if (rings == MAP_FAILED)
		return -1;
	r->rings = rings;
	return 0;
}

/* Submit one request that is to stay pending. */
static inline int ring_submit(const struct ring *r, const struct io_uring_sqe *sqe)
{
	size_t size = r->params.sq_entries * sizeof(*sqe);
	struct io_uring_sqe *sqes =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);

	if (sqes == MAP_FAILED)
		return -1;
	sqes[0] = *sqe;
	*ring_word(r, r->params.sq_off.array) = 0;
	*ring_word(r, r->params.sq_off.tail) += 1;
	int rc = (int)syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0);
	munmap(sqes, size);
	if (rc < 0)
		return -1;
	const volatile unsigned *done = ring_word(r, r->params.cq_off.tail);
	if (rc == 1 && *done == 0)
		return 0;
	const struct io_uring_cqe *cqe = (const void *)(r->rings + r->params.cq_off.cqes);
	errno = rc == 1 ? -cqe->res : EIO;
	return -1;
}

#endif
