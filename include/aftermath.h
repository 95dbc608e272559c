/*
 * After a signal: did the ports come free, or who has them now?
 */
#ifndef WHOPORT_AFTERMATH_H
#define WHOPORT_AFTERMATH_H

#include <stdbool.h>
#include <stddef.h>

struct ancestry;
struct buf;
struct look;
struct looker;
struct names;
struct netns_list;
struct place_list;
struct probe;
struct victim_list;

struct aftermath_request {
	const struct looker *looker;
	struct names *names;
	struct netns_list *namespaces; /* those of the places are looked into */
	int proc_fd;
	const struct place_list *places;
	const struct victim_list *victims;
	const struct look *before; /* when they were found */
	const struct ancestry *ancestry;
	struct probe *probe;
	unsigned escape;
};

/**
 * Look again, and append a line for each place.
 *
 * One look when the holders have ended, but for three cases, in which it is repeated for
 * a moment: who was started by a supervisor may come back, what an io_uring holds is
 * closed a little later, and so is a connection whose end is not acknowledged yet.
 *
 * @out_free  every place is free, in the sense of vacancy_is_done()
 * Return 0, or -errno after the user has been told; -EINTR if a signal came.
 */
int aftermath_tell(const struct aftermath_request *rq, struct buf *out, bool *out_free);

#endif
