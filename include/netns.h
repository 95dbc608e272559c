/*
 * Network namespaces: which there are, what they are called, and a way into
 * each. A namespace is a label of its sockets, never a key: inodes of sockets
 * are unique on the whole machine.
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
	bool is_asked;  /* it belongs to the answer */
	bool is_read;   /* the reader's: its tables were read */
};

/** The namespaces known so far. The first is the base: our own, unless said otherwise. */
struct netns_list {
	struct netns *v;
	size_t len, cap;
	int proc_fd; /* root of a proc tree; borrowed */
	bool is_real; /* a procfs, not a fixture tree */
	char base[16]; /* whose net directory is the base: "self", "1", or "" for a fixture's own */
	int home_fd;  /* our own namespace, to come back to; -1: not (yet) opened */
	bool tables_known; /* every entry has its table, as far as it can be told */
};

/**
 * Start a list with the base namespace: our own; of a proc tree that is not
 * of our pid namespace that of its process 1, since it shows the host.
 *
 * @proc_fd  root of a proc tree; borrowed for the list's life
 * @out      released by netns_list_free(), also after an error
 * Return 0 or -errno.
 */
int netns_list_init(struct netns_list *out, int proc_fd);

/** Release the list and close what it holds open. */
void netns_list_free(struct netns_list *list);

/**
 * Ask for the namespaces that a word means: `self`, `all`, a process ID, a name
 * as in /run/netns, or a path (one with a slash).
 *
 * @out_why  after an error a reason for the user
 * Return 0, -EINVAL with @out_why, or -errno.
 */
int netns_list_ask(struct netns_list *list, const char *word, const char **out_why);

/**
 * Add every namespace that a process or thread is in, or that is mounted.
 * Where a process's may not be asked, the inode of its net/tcp tells them apart
 * (proc_get_inode: one for each namespace; observed, not documented).
 *
 * Return 0 or -errno.
 * Source: namespaces(7), proc_pid_mountinfo(5).
 */
int netns_list_find_all(struct netns_list *list);

/** True if there is any namespace besides the base; stops at the first. */
bool netns_list_has_others(struct netns_list *list);

/**
 * Add a namespace that is only held open.
 *
 * @path  of the descriptor below the proc root, such as "811/fd/5"
 * Return 0 or -errno.
 */
int netns_list_add_held(struct netns_list *list, uint64_t inode, const char *path);

/**
 * Add a namespace by a descriptor of it, which the list takes, also on failure.
 *
 * Return 1 if it is new, 0 if it is known, or -errno.
 */
int netns_list_add_fd(struct netns_list *list, int fd);

/** The namespace that a process is in, added if it is new; NULL if it cannot be told. */
struct netns *netns_list_of_process(struct netns_list *list, pid_t pid);

/** The namespace with an id, or NULL. */
const struct netns *netns_list_find(const struct netns_list *list, uint32_t id);

/**
 * Open a netlink socket in a namespace, which for others than our own means to
 * go there for a moment (setns(2), CAP_SYS_ADMIN).
 *
 * Return the descriptor, the caller's, or -errno: EPERM, or what nl_open() says.
 */
int netns_open_netlink(struct netns_list *list, struct netns *ns, int protocol);

/**
 * Open a `net` directory of a namespace, for its text tables.
 *
 * Return the descriptor, the caller's, or -errno; ENOENT if no process is in it.
 */
int netns_open_directory(struct netns_list *list, const struct netns *ns);

/** Append what a namespace is called: its name, else its number, else `pid:811`. */
void netns_add_name(struct buf *out, const struct netns *ns, unsigned escape);

#endif
