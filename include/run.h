/*
 * One run of the program: what the command line has become, and what answers and
 * actions share.
 */
#ifndef WHOPORT_RUN_H
#define WHOPORT_RUN_H

#include "background.h"
#include "ends.h"
#include "filter.h"
#include "look.h"
#include "names.h"
#include "netns.h"
#include "options.h"
#include "stats.h"

#include <stdbool.h>

/* Everything that one run owns. */
struct run {
	struct options options;
	struct names names;
	struct filter filter;
	struct netns_list namespaces;
	struct look look; /* with that filter */
	struct ends ends; /* with -E, +E: of its rows */
	struct background background; /* with --details: the same */
	struct stats stats;
	int proc_fd;
	bool stdout_closed;
	int noted_status; /* of the cycle before, whose notes were told; -1: none */
	bool failed; /* an answer could not be had or written: there is no use in another */
	bool needs_queues; /* what a scanner alone does not tell */
};

/** Release what a run owns. */
void run_free(struct run *run);

/**
 * Make the filter, open the proc tree and find the network namespaces that the options
 * ask for.
 *
 * Return 0, or an exit status after the user has been told.
 */
int run_prepare(struct run *run);

/**
 * Forget what was found, for another look: network namespaces are looked for again. For
 * the exit status it counts that something was found before.
 *
 * Return as above.
 */
int run_restart(struct run *run);

/** How foreign names are escaped: ESCAPE_UTF8 where the locale reads it, or 0. */
unsigned run_escape(void);

/** True if -N all asks for every network namespace. */
bool run_asks_every_netns(const struct run *run);

/**
 * Take a look with some filter, as the options say.
 *
 * @run    a struct run: this is a looker's function
 * Return 0, or -errno after the user has been told.
 */
int run_look(void *run, struct filter *filter, unsigned facts, struct look *out);

/** Read the sockets alone; otherwise as run_look(). */
int run_read(void *run, struct filter *filter, uint32_t states, struct sock_table *out);

/** Tell why a command line is refused, or of a lack of memory. Return the exit status. */
int run_refuse(const struct option_error *error, int rc);

/** The exit status, or if writing to stdout failed (with -errno) that of the failure. */
int run_check_written(int rc, int status);

#endif
