/*
 * Guesses about sockets without holder, from what they share with processes:
 * owner, network namespace, control group. They are shown as guesses only.
 */
#ifndef WHOPORT_GUESS_H
#define WHOPORT_GUESS_H

struct evidence_list;
struct snapshot;
struct snapshot_request;

/**
 * Note in the clues of a snapshot which process is the only one that was seen to
 * keep some socket without a descriptor and fits in owner, namespace and
 * cgroup.
 *
 * Return 0 or -ENOMEM. Suspects are added to the snapshot's processes.
 */
int guess_suspects(const struct snapshot_request *rq, struct snapshot *snap,
		   const struct evidence_list *evidence);

/**
 * Note in the clues in which unit, container or cgroup the socket was made, and
 * which unreadable processes are there.
 *
 * Return 0 or -ENOMEM. Likely ones are added to the snapshot's processes.
 */
int guess_places(const struct snapshot_request *rq, struct snapshot *snap);

#endif
