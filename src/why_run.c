/* --why, from the options; see why_run.h. */
#define _GNU_SOURCE
#include "why_run.h"

#include "filter.h"
#include "msg.h"
#include "netns_word.h"
#include "procfs.h"
#include "run.h"
#include "status.h"
#include "why.h"

#include <errno.h>

static int widen(void *ctx)
{
	struct run *run = ctx;
	const char *why_not;

	run->options.netns = "all";
	return netns_list_ask(&run->namespaces, run->options.netns, &why_not);
}

static struct why_request make_request(struct run *run, const struct looker *looker)
{
	const struct options *o = &run->options;

	return (struct why_request){
		.filter = &run->filter, .looker = looker, .widen = widen, .names = &run->names,
		.namespaces = &run->namespaces, .proc_fd = run->proc_fd,
		.is_ours = !o->proc && procfs_is_ours(run->proc_fd), .probe = o->probe,
		.numeric_users = o->numeric_users, .escape = run_escape()};
}

int why_run(struct run *run)
{
	struct looker looker = {run, run_look, run_read};
	struct why_request rq = make_request(run, &looker);

	if (rq.probe && run->options.proc && !procfs_is_ours(run->proc_fd)) {
		msg_error("--probe", "binds in its own network namespace, which another "
				     "/proc does not show");
		return STATUS_ERROR;
	}
	int status = why(&rq);
	return run->stdout_closed ? run_check_written(-EBADF, status) : status;
}

/* True if nothing is chosen but ports: what else is on them would be missed otherwise. */
static bool asks_ports_alone(const struct filter *f)
{
	return f->targets.len > 0 && f->inet_len == 0 && !f->states_given &&
	       f->processes.len == 0;
}

/* Nothing is asked for that would cost another look. */
void why_run_note(struct run *run)
{
	struct looker looker = {run, run_look, run_read};
	const struct look *look = &run->look;

	if (!asks_ports_alone(&run->filter) || look->rows.len == 0)
		return;
	for (size_t i = 0; i < look->rows.len; i++) {
		if (!look->rows.v[i].holder) { /* they come last */
			struct why_request rq = make_request(run, &looker);
			why_note(&rq, look);
			return;
		}
	}
}
