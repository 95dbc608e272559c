/*
 * What is known of a socket that no process was seen to hold: that the kernel
 * has it, which process probably does, or at least where it came from. A clue is
 * never a holder.
 */
#ifndef WHOPORT_CLUE_H
#define WHOPORT_CLUE_H

#include <stddef.h>
#include <sys/types.h>

struct sock;

/** What shows that a process keeps a socket without a descriptor; see evidence.h. */
enum evidence_kind {
	/* with the inode of the socket */
	EVIDENCE_RING_FILE, /* registered with an io_uring, whose descriptor is fd */
	EVIDENCE_MAPPING,   /* mapped */
	/* without */
	EVIDENCE_REQUEST,      /* an io_uring has requests that wait, or files it does not tell */
	EVIDENCE_RING_MAPPING, /* an io_uring is mapped and has no descriptor */
	EVIDENCE_AIO,          /* an asynchronous I/O context */
	EVIDENCE_ACCEPTING,    /* a thread waits for connections on a descriptor that is closed */
	EVIDENCE_RECEIVING,    /* a thread waits for data on one */
	EVIDENCE_MESSAGE,      /* descriptors wait in a unix socket, whose descriptor is fd */
	EVIDENCE_SEVERAL,      /* more than one of these */
};

/* Where a socket was made, as far as its cgroup tells. */
enum clue_place { CLUE_CGROUP, CLUE_UNIT, CLUE_CONTAINER };

enum { CLUE_LIKELY_MAX = 3 };

struct clue {
	const struct sock *sock; /* borrowed */
	char kernel[40];         /* "vxlan vx0"; "" if it is not known to be the kernel's */
	pid_t suspect;           /* probably holds it; 0: nobody, or more than one */
	enum evidence_kind how;  /* what makes it suspect */
	enum clue_place place_kind;
	char *place; /* owned; "nginx.service", "0123456789ab"; or NULL */
	pid_t likely[CLUE_LIKELY_MAX]; /* unreadable processes in the socket's cgroup */
	size_t likely_len; /* as many as there are, or 0 if they are more */
};

struct clue_list {
	struct clue *v; /* by place of their records */
	size_t len, cap;
};

/** Release the list. */
void clue_list_free(struct clue_list *list);

/** Append an empty clue. Return it, valid until the next one, or NULL without memory. */
struct clue *clue_list_add(struct clue_list *list, const struct sock *sock);

/** The clue of a record, or NULL. The clues were added in the order of the records. */
const struct clue *clue_list_find(const struct clue_list *list, const struct sock *sock);

#endif
