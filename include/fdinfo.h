/*
 * What /proc tells of sockets that are held without a descriptor: the files
 * registered with an io_uring, mappings, descriptors in flight, a system call
 * that sleeps. Pure functions over text.
 */
#ifndef WHOPORT_FDINFO_H
#define WHOPORT_FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What the fdinfo of an io_uring says; filled line by line. */
struct fdinfo_ring {
	uint64_t announced; /* registered files */
	uint64_t listed;    /* of which have a line */
	bool has_files;     /* the section was there: a busy ring leaves it out */
	bool has_polls;     /* so was a later one, that a busy ring leaves out in any version */
	bool has_nameless;  /* a line does not tell what its file is: perhaps a socket */
	bool has_requests;  /* requests that wait for something: they may keep files open */
	enum { FDINFO_HEAD, FDINFO_FILES, FDINFO_POLLS } section;
};

/**
 * Take one line of the fdinfo of an io_uring.
 *
 * @out_inode  the socket registered in this line
 * Return true if the line names a socket.
 * Source: io_uring/fdinfo.c: "UserFiles:", then one line for each slot,
 * "    3: socket:[31415]"; "PollList:", then "  op=13, task_works=0".
 */
bool fdinfo_take_ring_line(struct fdinfo_ring *ring, const char *line, size_t len,
			   uint64_t *out_inode);

/**
 * Descriptors in messages that a unix socket has not received yet, from a line of
 * its fdinfo, "scm_fds: 1".
 *
 * Return true if it is such a line. Source: unix_show_fdinfo in net/unix/af_unix.c.
 */
bool fdinfo_parse_scm_fds(const char *line, size_t len, uint64_t *out);

/**
 * The flags of a descriptor, in the text of its fdinfo.
 *
 * @out_inode  of its file, 0 if the text does not tell (before Linux 5.14)
 * Return false if there are none. Source: seq_show in fs/proc/fd.c: "flags:\t02000002".
 */
bool fdinfo_parse_flags(const char *text, size_t len, uint32_t *out_flags, uint64_t *out_inode);

/** What a mapping is of. */
enum fdinfo_map { FDINFO_MAP_OTHER, FDINFO_MAP_SOCKET, FDINFO_MAP_RING, FDINFO_MAP_AIO };

/**
 * Kind of a mapping, from a line of /proc/PID/maps.
 *
 * @out_inode  of the socket or ring
 * Source: proc_pid_maps(5).
 */
enum fdinfo_map fdinfo_parse_map(const char *line, size_t len, uint64_t *out_inode);

/**
 * The descriptor that a task waits to accept a connection or to receive a
 * message on, from the text of its `syscall` file, "43 0xc8 0x0 ...". Numbers are
 * those of the machine that whoport was built for.
 *
 * @out_accepts  which of the two
 * Return it, or -1 if the task does something else.
 * Source: proc_pid_syscall(5).
 */
int fdinfo_parse_waiting(const char *text, size_t len, bool *out_accepts);

#endif
