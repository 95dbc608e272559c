/*
 * Network namespaces that are known, and what they are called. A namespace is a
 * label of its sockets, never a key: inodes of sockets are unique on the whole
 * machine.
 */
#ifndef WHOPORT_NETNS_H
#define WHOPORT_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;

struct netns {
	uint32_t id;    /* its inode number; a small number of ours where that may not be asked */
	uint64_t inode; /* 0 when unknown */
	uint64_t table; /* inode number of a table in its `net` directory; 0: not asked */
	pid_t pid, tid; /* a task in it, 0 when none is known */
	char *path;     /* mounted there, or held as a descriptor; NULL; owned by the list */
	char *name;     /* as in /run/netns; NULL when it has none; owned by the list */
	int fd;         /* the namespace opened, -1: not (yet); the list's */
	bool is_mounted; /* path is a mount, not a descriptor */
	bool is_asked;  /* it belongs to the answer */
	bool is_read;   /* its sockets were read, or told of */
};

/** The namespaces known so far. The first is the base: our own, unless said otherwise. */
struct netns_list {
	struct netns *v;
	size_t len, cap;
	int proc_fd; /* root of a proc tree; borrowed */
	bool is_real; /* a procfs, not a fixture tree */
	char base[16]; /* whose net directory is the base: "self", "1", or "" for a fixture's own */
	int home_fd;  /* our own namespace, to come back to; if has_home */
	bool has_home;
	size_t denied;     /* tasks whose namespace could not be told */
	bool tables_known; /* every entry has its table, as far as it can be told */
};

/**
 * Start a list with the base namespace: our own, or that of process 1 in a proc
 * tree of the host.
 *
 * @proc_fd  root of a proc tree; borrowed for the list's life
 * @chosen   the tree was asked for: if it is not of our pid namespace, it stands
 *           for its host
 * @out      released by netns_list_free(), also after an error
 * Return 0 or -errno.
 */
int netns_list_init(struct netns_list *out, int proc_fd, bool chosen);

/** Release the list and close what it holds open. */
void netns_list_free(struct netns_list *list);

/** Append a namespace; with an id of ours if its inode is 0. Return it, or NULL without memory. */
struct netns *netns_list_add(struct netns_list *list, const struct netns *ns);

/**
 * The namespace of a task, added if it is new. Where its inode may not be asked,
 * that of its net/unix tells namespaces apart (proc_get_inode: one for each
 * namespace; observed, not documented).
 *
 * @out  valid until the next one is added
 * Return 0 or -errno. Source: namespaces(7).
 */
int netns_list_add_task(struct netns_list *list, pid_t pid, pid_t tid, struct netns **out);

/**
 * Add a namespace that is mounted or held open.
 *
 * @path  of the mount or descriptor below the proc root, such as "811/fd/5"
 * @name  of the mount; NULL: none
 * Return 0 or -ENOMEM.
 */
int netns_list_add_place(struct netns_list *list, uint64_t inode, const char *path,
			 const char *name);

/**
 * Add a namespace by a descriptor of it, which the list takes, also on failure.
 *
 * @out  the namespace, valid until the next one is added; of 1 only
 * Return 1 if it is to be read: it is new, or netns_list_forget_lost() was called since;
 * 0 if it is known, or -errno.
 */
int netns_list_add_fd(struct netns_list *list, int fd, struct netns **out);

/** True if there is a way into a namespace. */
bool netns_has_way(const struct netns *ns);

/** Before another look: those without a way in were not read for it. */
void netns_list_forget_lost(struct netns_list *list);

/**
 * The namespace of a process, added if it is new: its main thread's, or if that has
 * ended, of another one.
 *
 * @out  valid until the next one is added
 * Return 0 or -errno.
 */
int netns_list_add_process(struct netns_list *list, pid_t pid, struct netns **out);

/** The same, NULL if it cannot be told. */
struct netns *netns_list_of_process(struct netns_list *list, pid_t pid);

/** Close a namespace that was added by a descriptor: it is known, but there is no way in. */
void netns_close(struct netns *ns);

/** The namespace with an inode number, or NULL. */
struct netns *netns_list_find_inode(struct netns_list *list, uint64_t inode);

/** The namespace with an id, to change it; NULL if there is none. */
struct netns *netns_list_by_id(struct netns_list *list, uint32_t id);

/** The namespace with an id, or NULL. */
const struct netns *netns_list_find(const struct netns_list *list, uint32_t id);

/** Path of a task below the proc root: "811", or "811/task/812" for a thread. */
void netns_task_path(pid_t pid, pid_t tid, char *out, size_t size);

/** Append what a namespace is called: its name, else its number, else `pid:811`. */
void netns_add_name(struct buf *out, const struct netns *ns, unsigned escape);

#endif
