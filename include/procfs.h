/*
 * A proc tree below a directory fd: the real /proc, the /proc of a host that
 * a container has mounted elsewhere, or a test's fixture tree. Everything is
 * opened relative to that fd.
 */
#ifndef WHOPORT_PROCFS_H
#define WHOPORT_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** The numeric entries of one directory, read in large steps. */
struct procfs_dir {
	int fd;
	char *chunk; /* owned by the caller, at least PROCFS_CHUNK bytes */
	size_t len, at;
};

/** Bytes of a directory chunk: about 1,300 descriptors in one system call. */
#define PROCFS_CHUNK ((size_t)32768)

/**
 * Start reading the numeric entries of a directory.
 *
 * @chunk  buffer of PROCFS_CHUNK bytes, borrowed until the last call
 */
void procfs_dir_start(struct procfs_dir *dir, int fd, char *chunk);

/**
 * Next entry whose name is a decimal number; others are skipped.
 *
 * @out_name    the name as text, valid until the next call
 * @out_number  its value
 * Return 1, 0 at the end, or -errno (ENOENT, ESRCH: the process is gone).
 * Source: getdents64(2), struct linux_dirent64.
 */
int procfs_dir_next(struct procfs_dir *dir, const char **out_name, int *out_number);

/**
 * Open a regular file for reading, and nothing else: a fifo in a strange tree
 * would make us wait, a device would never end.
 *
 * @dir_fd  directory that @name is relative to; borrowed
 * Return the descriptor, the caller's, or -errno; ELOOP, EISDIR, EINVAL if it is
 * something else.
 */
int procfs_open(int dir_fd, const char *name);

/**
 * Read a small file whole.
 *
 * @dir_fd  directory that @name is relative to; borrowed
 * @size    at most this many bytes are stored; what is beyond is not read
 * Return the number of bytes, or -errno.
 */
ssize_t procfs_read(int dir_fd, const char *name, char *out, size_t size);

/**
 * Inode of a descriptor link such as `socket:[12345]`.
 *
 * Return true if the text is such a link. Source: proc_pid_fd(5), sockfs_dname
 * in net/socket.c.
 */
bool procfs_parse_socket(const char *text, size_t len, uint64_t *out);

/**
 * Ask one descriptor link for its socket inode.
 *
 * @dir_fd  a PID/fd directory
 * @name    entry in it
 * Return 1 and the inode, 0 if it is no socket, or -errno.
 */
int procfs_read_socket(int dir_fd, const char *name, uint64_t *out);

/** What a descriptor link may refer to, as far as we care. */
enum procfs_link { PROCFS_LINK_OTHER, PROCFS_LINK_SOCKET, PROCFS_LINK_NETNS, PROCFS_LINK_RING };

/**
 * Kind of a descriptor link: `socket:[12345]`, `net:[4026531840]`,
 * `anon_inode:[io_uring]`.
 *
 * @out  inode of a socket or namespace, else 0
 * Source: proc_pid_fd(5), namespaces(7), io_uring_get_file in io_uring/io_uring.c.
 */
enum procfs_link procfs_parse_link(const char *text, size_t len, uint64_t *out);

/** Ask one descriptor link. Return an enum procfs_link, or -errno. */
int procfs_read_link(int dir_fd, const char *name, uint64_t *out);

/**
 * Start of a field of PID/stat, counted as in proc_pid_stat(5) from 1; for
 * fields after the command, which may hold blanks and parentheses itself.
 *
 * Return NULL if there are not so many fields.
 */
const char *procfs_stat_field(const char *text, size_t len, int field);

/** True if the text of PID/stat says that the task is a kernel thread. */
bool procfs_parse_kthread(const char *text, size_t len);

/** True if the text of PID/stat says that the task is ending, or a zombie. */
bool procfs_parse_exiting(const char *text, size_t len);

/** True if the directory is the root of a mounted procfs, not a fixture tree. */
bool procfs_is_real(int root_fd);

/**
 * True if the numbers below @root_fd are PIDs as our own system calls
 * understand them: a real procfs of our own pid namespace. A parent
 * namespace's procfs gives our process more than one number in NSpid.
 * Source: proc_pid_status(5).
 */
bool procfs_is_ours(int root_fd);

/**
 * When the machine was started, in seconds since the epoch; 0 when unknown.
 * Source: `btime` in proc_stat(5).
 */
int64_t procfs_boot_time(int root_fd);

/**
 * Seconds since boot, as start times are counted; -1 when unknown.
 *
 * Of a procfs it is the clock, since lxcfs mounts a file over PROC/uptime that tells when
 * the container was started; a tree that is none has the first number of
 * `350735.47 234388.90`. Source: proc_uptime(5), CLOCK_BOOTTIME in clock_gettime(2).
 */
int64_t procfs_uptime(int root_fd);

/** How much of the machine a proc tree can show. */
enum procfs_view {
	PROCFS_VIEW_WHOLE,  /* the initial pid namespace, or nothing speaks against it */
	PROCFS_VIEW_HIDDEN, /* hidepid: processes of others have no entry */
	PROCFS_VIEW_PIDNS,  /* a pid namespace: processes outside have no number */
};

/**
 * True if we are in the initial pid namespace, whose ns/pid inode is fixed
 * (PROC_PID_INIT_INO in linux/proc_ns.h).
 */
bool procfs_is_initial(int root_fd);

/**
 * Find out how much a proc tree shows, without asking for rights: the
 * initial namespace's ns/pid inode is fixed (PROC_PID_INIT_INO in
 * linux/proc_ns.h), it alone has kernel threads, and every pid namespace has
 * a PID 1 that only hidepid can hide.
 */
enum procfs_view procfs_view(int root_fd);

#endif
