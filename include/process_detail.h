/*
 * Facts of a process that --details alone shows, read through the same PID directory as
 * its others, so that a reused number cannot lend them.
 */
#ifndef WHOPORT_PROCESS_DETAIL_H
#define WHOPORT_PROCESS_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct process_detail {
	char *exe; /* owned; without " (deleted)"; NULL when unknown */
	bool exe_deleted; /* or a file that is called so: the link does not tell */
	bool is_denied;   /* exe, and so cwd, may not be read */
	bool real_uid_known;
	uint32_t real_uid;
	uint32_t tty_major, tty_minor; /* of the terminal; 0, 0: none */
	uint64_t threads;              /* 0 when unknown */
	int64_t fds;                   /* descriptors; -1 when unknown */
};

/**
 * Parse PID/stat: terminal and threads.
 *
 * Return 0, or -EINVAL; then both stay as they are. Source: proc_pid_stat(5), fields 7, 20.
 */
int process_detail_parse_stat(const char *text, size_t len, struct process_detail *out);

/**
 * Parse PID/status: the first number behind `Uid:`.
 *
 * Return 0, or -EINVAL if there is none. Source: proc_pid_status(5).
 */
int process_detail_parse_status(const char *text, size_t len, struct process_detail *out);

/**
 * Read the details of a process. What cannot be read is unknown.
 *
 * @dir_fd  PID directory; borrowed
 * @out     the caller's, to be released by process_detail_free()
 * Return 0 or -ENOMEM.
 * Source: proc_pid_exe(5); for the number of descriptors the size of PID/fd (Linux 6.2,
 * proc_fd_getattr in fs/proc/fd.c) or, where it has none, its entries.
 */
int process_detail_load(int dir_fd, struct process_detail **out);

/** Release details; NULL is none. */
void process_detail_free(struct process_detail *d);

/**
 * Append the name of the terminal as below /dev: `pts/3`, `tty1`, `ttyS0`; of other drivers
 * `char 204:64`. Nothing without terminal.
 *
 * Source: Documentation/admin-guide/devices.txt.
 */
void process_detail_add_tty(const struct process_detail *d, struct buf *out);

#endif
