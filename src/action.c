/* Actions, from the options; see action.h. */
#define _GNU_SOURCE
#include "action.h"

#include "answer.h"
#include "close.h"
#include "kill.h"
#include "msg.h"
#include "notes.h"
#include "options.h"
#include "process.h"
#include "procfs.h"
#include "run.h"
#include "status.h"
#include "wait.h"

#include <unistd.h>

/* What prints the rows. */
struct printer {
	struct run *run;
	struct table_format format;
};

static int print_rows(void *ctx, const struct row_list *rows)
{
	struct printer *p = ctx;

	return answer_write(p->run, &p->format, rows);
}

/* Process numbers of another tree or pid namespace are not ours to signal. */
static bool may_act(const struct run *run, const char *option)
{
	if (!run->options.proc && procfs_is_ours(run->proc_fd))
		return true;
	msg_error(option, "acts on the /proc of its own pid namespace only");
	return false;
}

/* Look at what is to be acted upon. Return 0, or -errno after the user has been told. */
static int look_first(struct run *run, unsigned facts, bool needs_queues, struct printer *out)
{
	const struct options *o = &run->options;

	answer_choose_columns(o, &out->format);
	run->needs_queues = needs_queues || answer_needs_queues(o, &out->format);
	return run_look(run, &run->filter, facts | answer_facts(o, &out->format), &run->look);
}

/* The exit status if there is nothing to act upon. */
static int status_of_none(const struct run *run, size_t unread)
{
	const struct row_list nobody = {0}; /* whatever the rows are, none is acted upon */
	struct status_question none = {.unread = unread, .pids_only = true,
				       .missing_is_fine = run->options.missing_is_fine,
				       .every_netns = run_asks_every_netns(run)};

	return status_of_rows(&run->look.snap, &run->filter, &nobody, &none);
}

static int finish(struct run *run, size_t unread, int status)
{
	if (run->look.rows.len == 0)
		answer_tell(run, unread, status);
	else if (run->options.tell_missing)
		notes_missing(&run->filter);
	stats_phase(&run->stats, "action");
	if (run->options.stats)
		answer_tell_stats(run);
	return status;
}

int action_kill(struct run *run)
{
	const struct options *o = &run->options;
	const struct look *look = &run->look;
	struct printer printer = {.run = run};
	struct looker looker = {run, run_look, run_read};

	if (!may_act(run, "-k") ||
	    look_first(run, PROCESS_STAT | PROCESS_ARGS | PROCESS_CGROUP, false, &printer) < 0)
		return STATUS_ERROR;
	size_t unread = status_count_unread(&look->snap, &run->filter, &look->rows);
	struct kill_request rq = {
		.look = look, .filter = &run->filter, .looker = &looker, .names = &run->names,
		.namespaces = &run->namespaces, .proc_fd = run->proc_fd, .unread = unread,
		.status_of_none = status_of_none(run, unread), .signal = o->signal,
		.grace_ms = o->grace_ms, .has_grace = o->has_grace, .dry_run = o->dry_run,
		.ask = o->ask, .force = o->force, .quiet = o->pids_only,
		.escape = run_escape(), .stats = &run->stats, .print = print_rows,
		.print_ctx = &printer};
	return finish(run, unread, kill_holders(&rq));
}

int action_close(struct run *run)
{
	const struct options *o = &run->options;
	const struct look *look = &run->look;
	struct printer printer = {.run = run};
	struct looker looker = {run, run_look, run_read};

	if (!may_act(run, "--close") || look_first(run, 0, true, &printer) < 0)
		return STATUS_ERROR;
	size_t unread = status_count_unread(&look->snap, &run->filter, &look->rows);
	struct close_request rq = {
		.look = look, .filter = &run->filter, .looker = &looker, .names = &run->names,
		.namespaces = &run->namespaces, .status_of_none = status_of_none(run, unread),
		.dry_run = o->dry_run, .ask = o->ask, .quiet = o->pids_only,
		.escape = run_escape(), .print = print_rows, .print_ctx = &printer};
	return finish(run, unread, close_connections(&rq));
}

int action_wait(struct run *run)
{
	const struct options *o = &run->options;
	struct printer printer = {.run = run};
	struct looker looker = {run, run_look, run_read};

	answer_choose_columns(o, &printer.format);
	struct wait_request rq = {
		.filter = &run->filter, .looker = &looker, .names = &run->names,
		.namespaces = &run->namespaces, .proc_fd = run->proc_fd,
		.may_pin = procfs_is_ours(run->proc_fd), .listen = o->wait == OPTION_WAIT_LISTEN,
		.has_timeout = o->has_timeout, .timeout_ms = o->timeout_ms,
		.pids_only = o->pids_only, .tells = isatty(STDERR_FILENO) && !o->no_notes,
		.notes = !o->no_notes,
		.escape = run_escape(), .print = print_rows, .print_ctx = &printer};
	return wait_for_places(&rq);
}
