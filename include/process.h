/*
 * Facts of a process that appear in a row. They are read through the same
 * PID directory fd that the descriptors were read through, so a reused
 * number can never lend its name to a holder.
 */
#ifndef WHOPORT_PROCESS_H
#define WHOPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Which facts to read; uid and command are always read. */
#define PROCESS_STAT (1U << 0) /* ppid, pgid, start_ticks */
#define PROCESS_ARGS (1U << 1)
#define PROCESS_CWD  (1U << 2)
#define PROCESS_TASK (1U << 3) /* commands of threads, as records of their own */
#define PROCESS_CGROUP (1U << 4)
#define PROCESS_DETAIL (1U << 5) /* process_detail.h */

struct process_detail;

struct process {
	pid_t pid;
	pid_t tid; /* == pid: the process; else one of its threads */
	pid_t ppid, pgid;
	uint32_t uid;         /* effective */
	uint64_t start_ticks; /* after boot, in USER_HZ */
	bool is_opaque;       /* no fact but pid and uid could be read */
	bool is_gone;         /* it ended before more than command and uid was read */
	char command[64];     /* as the kernel has it, any bytes; not terminated */
	uint8_t command_len;
	char *args; /* owned by the table; NUL-separated; NULL when not read */
	size_t args_len;
	char *cwd; /* owned by the table; terminated; NULL when not read */
	char *cgroup; /* its path (cgroup_name.h); the same */
	struct process_detail *detail; /* owned by the table; NULL when not read */
};

struct process_table {
	struct process *v;
	size_t len, cap;
};

/** Release the table. */
void process_table_free(struct process_table *t);

/** Append a record; the table takes what it owns, also on failure. Return 0 or -ENOMEM. */
int process_table_add(struct process_table *t, struct process *p);

/** Keep the first so many records only. */
void process_table_cut(struct process_table *t, size_t len);

/** Sort by (pid, tid) and keep one record of each task. */
void process_table_sort(struct process_table *t);

/** The record of a task in a sorted table, or NULL. For a process tid is its pid. */
const struct process *process_table_find(const struct process_table *t, pid_t pid, pid_t tid);

/** Release what a record owns. */
void process_free(struct process *p);

/**
 * Parse /proc/PID/stat: ppid, pgid and start_ticks. The command in it may
 * hold blanks and parentheses: fields count from the last ')'.
 *
 * Return 0 or -EINVAL. Source: proc_pid_stat(5).
 */
int process_parse_stat(const char *text, size_t len, struct process *out);

/**
 * Open the directory of a process, as a place to read from.
 *
 * @proc_fd  root of a proc tree; borrowed
 * Return the descriptor, the caller's, or -errno: ENOENT if there is none.
 */
int process_open(int proc_fd, pid_t pid);

/**
 * Read the facts of one task.
 *
 * @dir_fd  PID or PID/task/TID directory; borrowed
 * @facts   PROCESS_STAT and so on
 * @out     pid and tid are the caller's to set
 * Return 0, or -errno: ENOENT or ESRCH when the process is gone, EACCES or
 * EPERM under hidepid=1, or of memory or descriptors. Then the uid may be set.
 * What may not be read of others (args, cwd) stays NULL.
 */
int process_load(int dir_fd, unsigned facts, struct process *out);

/**
 * Read the facts of a process and append them to a table.
 *
 * @proc_fd  root of a proc tree; borrowed
 * Return 1, 0 if it is gone or may not be read, or -ENOMEM.
 */
int process_table_load(struct process_table *t, int proc_fd, pid_t pid, unsigned facts);

/**
 * When a process was started, in seconds since the epoch.
 *
 * @boot_time  in the same; 0 when unknown
 * Return false if it cannot be told.
 */
bool process_start(const struct process *p, int64_t boot_time, int64_t *out);

/**
 * How long a process has been running, in seconds.
 *
 * @uptime  as procfs_uptime() has it
 * Return false if it cannot be told.
 */
bool process_age(const struct process *p, int64_t uptime, uint64_t *out);

/**
 * The state letter of a task, as in proc_pid_stat(5): R, S, D, T, Z ...
 *
 * Return 0 if it is gone or does not say.
 */
char process_load_state(int dir_fd);

/**
 * True if a task can hold no descriptors: a kernel thread, or a zombie.
 * Asks PID/stat, which everybody may read.
 */
bool process_holds_nothing(int dir_fd);

/**
 * True if a task is ending, or has ended. It has no memory any more, and without it
 * /proc refuses its files to all but root (task_dump_owner in fs/proc/base.c), although
 * it may have descriptors for a moment yet. Asks PID/stat.
 */
bool process_is_ending(int dir_fd);

#endif
