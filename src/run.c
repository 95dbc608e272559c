/* One run; see run.h. */
#define _GNU_SOURCE
#include "run.h"

#include "escape.h"
#include "msg.h"
#include "netns_word.h"
#include "process.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void run_free(struct run *run)
{
	if (run->proc_fd >= 0)
		close(run->proc_fd);
	background_free(&run->background);
	ends_free(&run->ends);
	look_free(&run->look);
	netns_list_free(&run->namespaces);
	filter_free(&run->filter);
	names_free(&run->names);
	options_free(&run->options);
}

/* Tell of an error. Return the exit status. */
static int fail(const char *object, int rc)
{
	msg_error(object, strerror(-rc));
	return STATUS_ERROR;
}

int run_refuse(const struct option_error *error, int rc)
{
	if (rc != -EINVAL)
		return fail("command line", rc);
	msg_usage(error->object, error->why);
	return STATUS_ERROR;
}

int run_check_written(int rc, int status)
{
	if (rc == 0)
		return status;
	msg_unwritten(rc);
	return STATUS_ERROR;
}

bool run_asks_every_netns(const struct run *run)
{
	return run->options.netns && strcmp(run->options.netns, "all") == 0;
}

/* The locale is read only if there is a name to show, or a pattern to match. */
unsigned run_escape(void)
{
	bool utf8 = setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	return utf8 ? ESCAPE_UTF8 : 0;
}

/* The option that wants to be told what is meant, or NULL. */
static const char *wants_selection(const struct options *o)
{
	return o->kill ? "-k" : o->close ? "--close" : o->pids_only ? "-t" : NULL;
}

/* True if what is selected is acted upon at once. */
static bool is_rash(const struct options *o)
{
	return (o->kill || o->close) && !o->dry_run && !o->ask && !o->force;
}

/* `-F pcn`, as lsof takes it: the letters stand where a target does. */
static bool is_field_list(const struct options *o, const struct option_word *word)
{
	struct field_choice choice = {0};

	return o->fields_bare && word->kind == FILTER_TARGET &&
	       field_choice_add(&choice, word->text);
}

/* Build the filter. Return 0, -EINVAL with @out_error, or -ENOMEM. */
static int build_filter(struct run *run, struct option_error *out_error)
{
	const struct options *o = &run->options;
	const char *object = NULL, *action = wants_selection(o);
	int rc = 0;

	run->filter.names = &run->names;
	run->filter.unix_wanted = o->unix_sockets;
	run->filter.all = o->all;
	run->filter.local_ports = action != NULL;
	for (size_t i = 0; i < o->words_len && rc == 0; i++) {
		const struct option_word *word = &o->words[i];
		const char *why = "not understood";
		if (word->kind == FILTER_COMMAND)
			setlocale(LC_CTYPE, "");
		rc = filter_add(&run->filter, word->kind, word->text, &why);
		if (rc == -EINVAL && is_field_list(o, word))
			why = "not a target; letters of fields are attached: -Fpcn";
		if (rc == -EINVAL)
			option_error_set(out_error, word, why);
	}
	if (rc < 0)
		return rc;
	rc = filter_finish(&run->filter, &object, &out_error->why);
	if (rc == 0 && action && !filter_names_something(&run->filter)) {
		object = action;
		out_error->why = "needs a target, -i, -U or -p";
		rc = -EINVAL;
	}
	if (rc == 0 && is_rash(o) && filter_is_everything(&run->filter)) {
		object = action;
		out_error->why = "that is everything: name a port, a host, a process or a state";
		rc = -EINVAL;
	}
	if (rc < 0)
		snprintf(out_error->object, sizeof(out_error->object), "%s", object);
	return rc;
}

/* Find the network namespaces that are asked for. Return 0 or an exit status. */
static int choose_namespaces(struct run *run)
{
	const struct options *o = &run->options;
	const char *why = NULL;
	char object[128];

	int rc = netns_list_init(&run->namespaces, run->proc_fd, o->proc != NULL);
	if (rc == 0 && o->netns)
		rc = netns_list_ask(&run->namespaces, o->netns, &why);
	if (rc == 0)
		return 0;
	if (!why)
		return fail("network namespaces", rc);
	snprintf(object, sizeof(object), "-N %s", o->netns);
	msg_error(object, why);
	return STATUS_ERROR;
}

int run_prepare(struct run *run)
{
	const char *proc = run->options.proc ? run->options.proc : "/proc";
	struct option_error error = {"", NULL};
	int rc = build_filter(run, &error);

	if (rc < 0)
		return run_refuse(&error, rc);
	run->proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->proc_fd < 0 && run->options.proc) {
		msg_usage(proc, strerror(errno));
		return STATUS_ERROR;
	}
	if (run->proc_fd < 0)
		return fail(proc, -errno);
	return choose_namespaces(run);
}

int run_restart(struct run *run)
{
	background_free(&run->background);
	ends_free(&run->ends);
	look_free(&run->look);
	netns_list_free(&run->namespaces);
	filter_forget(&run->filter);
	return choose_namespaces(run);
}

/* What an error of a snapshot is about, and why. */
static void tell_failure(const struct run *run, const struct snapshot *snap, int rc)
{
	const struct options *o = &run->options;
	char object[128];

	if (o->scanner == SCANNER_BPF && snap->scanner.refusal)
		snprintf(object, sizeof(object), "--scan=bpf");
	else if (o->source == INVENTORY_DIAG)
		snprintf(object, sizeof(object), "--source=diag");
	else if (o->netns)
		snprintf(object, sizeof(object), "-N %s", o->netns);
	else
		snprintf(object, sizeof(object), "%s/%s", o->proc ? o->proc : "/proc",
			 snap->failed);
	msg_error(object, rc == -ENODATA ? "has no table of the protocols asked for"
					 : strerror(-rc));
}

static struct inventory_request make_inventory(struct run *run, struct filter *filter)
{
	const struct options *o = &run->options;
	bool every_netns = run_asks_every_netns(run);

	return (struct inventory_request){
		.namespaces = &run->namespaces, .filter = filter, .source = o->source,
		.every_netns = every_netns, .stays_home = o->netns && !every_netns,
		.needs_queues = run->needs_queues, .details = o->details || o->why};
}

int run_look(void *ctx, struct filter *filter, unsigned facts, struct look *out)
{
	struct run *run = ctx;
	const struct options *o = &run->options;
	struct snapshot_request rq = {
		.inventory = make_inventory(run, filter),
		.facts = facts | filter_facts(filter),
		.threads = o->threads,
		.scanner = o->scanner,
		.stats = o->stats ? &run->stats : NULL,
	};

	stats_phase(rq.stats, "start");
	int rc = look_take(&rq, out);
	if (rc < 0)
		tell_failure(run, &out->snap, rc);
	return rc;
}

int run_read(void *ctx, struct filter *filter, uint32_t states, struct sock_table *out)
{
	struct run *run = ctx;
	struct inventory_request rq = make_inventory(run, filter);
	struct snapshot snap = {0}; /* what an error is told by */

	rq.states = states;
	int rc = inventory_read(&rq, out, &snap.inventory);
	if (rc < 0) {
		memcpy(snap.failed, snap.inventory.failed, sizeof(snap.failed));
		tell_failure(run, &snap, rc);
	}
	return rc;
}
