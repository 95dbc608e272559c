/*
 * Which holders are shown: -p PID, -g PGID, -u USER, -c NAME, -d FD. Within
 * one kind values are alternatives, `^` in front leaves out; all kinds must
 * hold.
 */
#ifndef WHOPORT_PROCESS_FILTER_H
#define WHOPORT_PROCESS_FILTER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process;

enum process_key {
	PROCESS_KEY_PID,
	PROCESS_KEY_PGID,
	PROCESS_KEY_USER,
	PROCESS_KEY_COMMAND,
	PROCESS_KEY_FD,
	PROCESS_KEY_COUNT
};

/* A holder that is no descriptor, in place of its number; numbers are not below 0. */
enum {
	PROCESS_FD_NONE = -1, /* none, or not known yet: leaves -d out of it */
	PROCESS_FD_MEM = -2,  /* a mapping: `-d mem` */
};

struct process_rule {
	enum process_key key;
	bool exclude;
	uint64_t lo, hi;     /* numbers; both included */
	const char *command; /* a prefix of the command; borrowed */
	size_t command_len;
	regex_t *regex; /* owned; instead of command */
	size_t item;    /* the filter's; of an included value */
};

struct process_filter {
	struct process_rule *v;
	size_t len, cap;
	bool includes[PROCESS_KEY_COUNT]; /* a kind has a value without ^ */
};

/** Release the filter. */
void process_filter_free(struct process_filter *f);

/**
 * Add one element of a list.
 *
 * @text     borrowed for the filter's life
 * @item     stored in the rule
 * @out_why  on -EINVAL a reason for the user
 * Return 0, -EINVAL or -ENOMEM.
 */
int process_filter_add(struct process_filter *f, enum process_key key, const char *text, size_t len,
		       size_t item, const char **out_why);

/** True if a list both asks for and leaves out the same: nothing can match it. */
bool process_filter_is_contradictory(const struct process_filter *f);

/** True if some kind asks for processes: its answer has only rows with a holder. */
bool process_filter_chooses(const struct process_filter *f);

/** True if -d asks for holders, and for descriptors alone. */
bool process_filter_is_fds_only(const struct process_filter *f);

/** True if one rule fits a process and descriptor; the sign of ^ aside. */
bool process_rule_match(const struct process_rule *rule, const struct process *p, int fd);

/**
 * True if a process passes. @fd PROCESS_FD_NONE leaves -d out of it; an opaque process
 * passes -c and -g.
 */
bool process_filter_match(const struct process_filter *f, const struct process *p, int fd);

/** True if a socket that nobody is known to hold passes, by its owner's uid. */
bool process_filter_match_unheld(const struct process_filter *f, uint32_t uid, bool uid_known);

#endif
