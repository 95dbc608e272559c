/*
 * Sockets that no descriptor holds, after all looks: is it the kernel, an
 * io_uring, a mapping, a message, or somebody who may not be read? Asked only
 * for wanted sockets that are still unexplained, the cheapest question first.
 */
#ifndef WHOPORT_UNHELD_H
#define WHOPORT_UNHELD_H

struct snapshot;
struct snapshot_request;

/**
 * Explain what is unexplained in a snapshot: add holders of other kinds than
 * descriptors, and clues where there are none.
 *
 * @rq    that the snapshot was taken with
 * @snap  its holders, processes and clues are added to; its sockets stay in place
 * Return 0 or -ENOMEM. What may not be read explains nothing.
 */
int unheld_explain(const struct snapshot_request *rq, struct snapshot *snap);

#endif
