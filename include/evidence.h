/*
 * Evidence in processes for sockets that no descriptor holds. Some of it names the
 * socket: that process is a holder. Some only shows that a process keeps a
 * socket in a way that hides which one: that process is a suspect.
 */
#ifndef WHOPORT_EVIDENCE_H
#define WHOPORT_EVIDENCE_H

#include "clue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct holder_index;
struct process;
struct scan_stats;

struct evidence {
	enum evidence_kind kind;
	pid_t pid, tid;
	int fd;         /* -1: none */
	uint64_t inode; /* 0: not told */
};

struct evidence_list {
	struct evidence *v;
	size_t len, cap;
};

/** Release the list. */
void evidence_list_free(struct evidence_list *list);

struct evidence_request {
	int proc_fd; /* root of a proc tree; borrowed */
	const struct scan_stats *scan; /* borrowed: io_urings, and who need not be asked */
	/* Skip processes that this refuses; NULL takes all. */
	bool (*wants)(const void *ctx, const struct process *p);
	const void *ctx;
};

/**
 * Read the fdinfo of each io_uring that a scan came by. A busy ring leaves its
 * files out: it is asked a few times.
 *
 * @out  appended to; what may not be read is left out
 * Return 0 or -ENOMEM.
 */
int evidence_add_rings(const struct evidence_request *rq, struct evidence_list *out);

/** Read the mappings of all processes; otherwise as evidence_add_rings(). */
int evidence_add_mappings(const struct evidence_request *rq, struct evidence_list *out);

/** Look for threads that wait on a closed descriptor; as before. */
int evidence_add_blocked(const struct evidence_request *rq, struct evidence_list *out);

/**
 * Read the fdinfo of unix sockets whose queue is not empty.
 *
 * @carriers  who holds them
 */
int evidence_add_messages(const struct evidence_request *rq, const struct holder_index *carriers,
			  struct evidence_list *out);

#endif
