/*
 * What the command line selects: targets, -i, -U, -s, -p, -g, -u, -c, -d,
 * --all, parsed and matched. Kinds must all hold; values of one kind are
 * alternatives.
 */
#ifndef WHOPORT_FILTER_H
#define WHOPORT_FILTER_H

#include "inet_spec.h"
#include "process_filter.h"
#include "sock.h"
#include "state_list.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>

struct end_set;
struct names;

enum filter_kind {
	FILTER_TARGET,
	FILTER_INET,
	FILTER_STATE,
	FILTER_PID,
	FILTER_PGID,
	FILTER_USER,
	FILTER_COMMAND,
	FILTER_FD,
};

/* What must be found for exit status 0: a word, or an element of a list. */
struct filter_item {
	enum filter_kind kind;
	const char *text; /* borrowed */
	size_t len;
	bool found;
	bool found_before; /* by an earlier look, see filter_forget() */
	bool seen; /* a target that some socket matches, be it left out by others */
};

struct filter {
	struct names *names; /* borrowed; set by the caller before the first word */
	bool unix_wanted;    /* -U */
	bool all;            /* --all */
	bool local_ports;    /* -t: a port of -i means the local end, unless -s or @host says more */
	const struct end_set *ends; /* borrowed; if set, these and nothing else is wanted */
	struct target_list targets;
	struct inet_spec *inet; /* -i */
	size_t inet_len, inet_cap;
	struct state_list states;
	bool states_given;
	struct process_filter processes;
	struct filter_item *items;
	size_t items_len, items_cap;
};

/** Release what a filter owns. */
void filter_free(struct filter *f);

/**
 * Add one word of the command line.
 *
 * @word     a target or an option's value; borrowed for the filter's life
 * @out_why  on -EINVAL a reason for the user
 * Return 0, -EINVAL or -ENOMEM.
 */
int filter_add(struct filter *f, enum filter_kind kind, const char *word, const char **out_why);

/**
 * Add a target that is no word; the list is sorted by the caller.
 *
 * @t  copied
 * Return 0 or -ENOMEM.
 */
int filter_add_target(struct filter *f, const struct target *t);

/**
 * Prepare a complete filter.
 *
 * @out_object, @out_why  on -EINVAL what can never match, and why
 * Return 0, or -EINVAL if no socket could match all selections.
 */
int filter_finish(struct filter *f, const char **out_object, const char **out_why);

/** True if targets, -i, -U or -p say what is meant; -t and -k need one of them. */
bool filter_names_something(const struct filter *f);

/**
 * True if nothing narrows the answer to some ports, hosts, states or processes: kinds of
 * sockets, and what is left out of them, do not.
 */
bool filter_is_everything(const struct filter *f);

/** Facts of processes that selections need: PROCESS_STAT and so on. */
unsigned filter_facts(const struct filter *f);

/** Set of the protocols whose tables have to be read. */
unsigned filter_protos(const struct filter *f);

/** True if sockets that are in no table are wanted too, as held by the processes chosen. */
bool filter_wants_every_socket(const struct filter *f);

/** True if rows without a holder can be part of the answer. */
bool filter_wants_unheld(const struct filter *f);

/** True if only some processes need to be scanned: then filter_wants_process() says which. */
bool filter_limits_scan(const struct filter *f);

/** True if a process may hold something that is wanted; without regard to descriptors. */
bool filter_wants_process(const void *filter, const struct process *p);

/**
 * Decide on one record while a table is read, and note which targets are held.
 *
 * Return SOCK_ROLE_WANTED, _LATER (see filter_settle()), _WITNESS or _NONE.
 */
enum sock_role filter_classify(struct filter *f, const struct sock *s);

/** After all tables: true if a record put off for LATER is wanted after all. */
bool filter_settle(struct filter *f, const struct sock *s);

/** True if there are no targets or a record matches one: asked when its name changed. */
bool filter_match_target(struct filter *f, const struct sock *s);

/**
 * States of a protocol's sockets that are part of the answer or explain it:
 * while tables are read, no more than what waits once all targets are held.
 * Return a set of SOCK_STATE_BIT()s.
 */
uint32_t filter_wants_states(const struct filter *f, enum sock_proto proto);

/**
 * The local ports that targets still ask for, of one protocol.
 *
 * Return how many there are in @out; 0 if it is not a matter of at most @max
 * single ports.
 */
size_t filter_wants_ports(const struct filter *f, enum sock_proto proto, uint16_t *out, size_t max);

/** Forget which targets some protocols hold, before tables are read (again). */
void filter_restart(struct filter *f, unsigned protos);

/** Forget which items were found, for another look; it is noted that they were. */
void filter_forget(struct filter *f);

/** True if a target names the place of a socket, or a port in -i that of its local end. */
bool filter_names_local_port(struct filter *f, const struct sock *s);

/** True if a target is a path, which is the same in every network namespace. */
bool filter_has_path(const struct filter *f);

/** True if descriptors are chosen by number: what holds without one is not meant. */
bool filter_wants_only_fds(const struct filter *f);

/** True if mappings are asked for (-d mem). */
bool filter_wants_mappings(const struct filter *f);

/** True if one holder of a selected socket is shown. */
bool filter_match_holder(const struct filter *f, const struct process *p, int fd);

/** True if a selected socket without known holder is shown. */
bool filter_match_unheld(const struct filter *f, const struct sock *s);

/** True if an item asks for ports and no socket that was read answers it: others elsewhere may. */
bool filter_misses_port(const struct filter *f, size_t item);

/** True if some target is not matched by any socket that was classified. */
bool filter_misses_target(const struct filter *f);

/** Note which items a row answers; @p is NULL for a row without holder. */
void filter_mark_found(struct filter *f, const struct sock *s, const struct process *p, int fd);

#endif
