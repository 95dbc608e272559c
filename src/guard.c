/*
 * Who is not signalled, and what to use instead; see guard.h. A reason reads
 *
 *   the port forwarder of a Docker container; use: docker stop $(docker ps -q ...)
 *
 * with the command at the end of the line. A word in capitals in it (NAME, ARGS) is
 * for the user to fill in. Arguments and cgroups say what their makers like: they
 * are believed for an advice, and can do no more than name another unit or container.
 */
#include "guard.h"

#include "args.h"
#include "buf.h"
#include "cgroup_name.h"
#include "guard_container.h"
#include "unit.h"

#include <string.h>

enum { COMMAND_MAX = 15 }; /* TASK_COMM_LEN in include/linux/sched.h, without its NUL */

/* --- managers --------------------------------------------------------------- */

/* systemd holds the sockets of its .socket units, and what services left with it. */
static void advise_held_unit(const struct guard_facts *facts, bool of_user, struct buf *out)
{
	struct word unit;

	if (unit_find(facts->sock_cgroup, &unit)) {
		buf_add_str(out, "; use: ");
		unit_add_stop(out, of_user, unit);
		return;
	}
	buf_add_str(out, of_user ? "; systemctl --user" : "; systemctl");
	buf_add_str(out, " list-sockets shows its sockets, then use: ");
	unit_add_stop(out, of_user, (struct word){"NAME.socket", strlen("NAME.socket")});
}

/* Not PID 1, so a user's; or PID 1 of a container, seen from outside. The container's
 * cgroup may itself lie in that of a user's manager. */
static void advise_systemd(const struct guard_facts *facts, struct buf *out)
{
	struct cgroup_name container;
	bool is_inner = facts->cgroup.len > 0 && !args_has(facts->args, "--user") &&
			cgroup_parse_container(facts->cgroup.text, facts->cgroup.len, &container);

	buf_add_str(out, is_inner ? "the service manager of a container, to be told inside of it"
				  : "a user's service manager");
	advise_held_unit(facts, !is_inner, out);
}

static void add_of_port(const struct guard_facts *facts, struct buf *out)
{
	if (facts->port == 0)
		return;
	buf_add_str(out, " of port ");
	buf_add_dec(out, facts->port);
}

static void add_reload(const struct guard_facts *facts, struct buf *out)
{
	buf_add_str(out, ", then use: kill -HUP ");
	buf_add_dec(out, (uint64_t)facts->pid);
}

static void advise_inetd(const struct guard_facts *facts, struct buf *out)
{
	buf_add_str(out, "; remove the line");
	add_of_port(facts, out);
	buf_add_str(out, " from /etc/inetd.conf");
	add_reload(facts, out);
}

static void advise_xinetd(const struct guard_facts *facts, struct buf *out)
{
	buf_add_str(out, "; set disable = yes for the service");
	add_of_port(facts, out);
	buf_add_str(out, " in /etc/xinetd.d");
	add_reload(facts, out);
}

/* --- who it is -------------------------------------------------------------- */

static void advise_self(const struct guard_facts *facts, struct buf *out)
{
	buf_add_str(out, "whoport itself");
	if (facts->fd < 0) {
		buf_add_str(out, "; use: whoport in another session");
		return;
	}
	buf_add_str(out, ", which has inherited descriptor ");
	buf_add_dec(out, (uint64_t)facts->fd);
	buf_add_str(out, "; use: whoport ARGS ");
	buf_add_dec(out, (uint64_t)facts->fd);
	buf_add_str(out, ">&-");
}

static void advise_init(const struct guard_facts *facts, struct buf *out)
{
	struct word command = facts->command;
	struct buf id = {0};

	if (word_equals(command, "systemd")) {
		buf_add_str(out, "PID 1, the service manager");
		advise_held_unit(facts, false, out);
		return;
	}
	buf_add_str(out, "PID 1 of this pid namespace, with which all of it would end; use: "
			 "the stop command for ");
	if (guard_container_add_id(facts, &id)) {
		buf_add_str(out, "container ");
		buf_add(out, id.data, id.len);
	} else {
		buf_add_str(out, "the container");
	}
	buf_add_str(out, ", from outside of it");
	buf_free(&id);
}

static void advise_ancestor(const struct guard_facts *facts, struct buf *out)
{
	struct word cgroup = facts->cgroup, unit;

	buf_add_str(out, "whoport was started from it; use: ");
	if (unit_find(cgroup, &unit) && unit_is_service(unit))
		unit_add_stop(out, unit_is_of_user(cgroup), unit);
	else
		buf_add_str(out, "whoport in another session, or --force");
}

/* @command is at most COMMAND_MAX bytes, as the kernel cuts it. */
static const struct manager {
	const char *command;
	const char *what; /* the line, or its begin */
	void (*advise)(const struct guard_facts *facts, struct buf *out); /* the rest, or NULL */
} managers[] = {
	{"systemd", "", advise_systemd},
	{"inetd", "the server that listens for others", advise_inetd},
	{"inetutils-inetd", "the server that listens for others", advise_inetd},
	{"openbsd-inetd", "the server that listens for others", advise_inetd},
	{"xinetd", "the server that listens for others", advise_xinetd},
	{"supervisord",
	 "the manager of programs that it would start again; supervisorctl status shows them, "
	 "then use: supervisorctl stop NAME", NULL},
};

static bool advise_manager(const struct guard_facts *facts, struct word command, struct buf *out)
{
	for (size_t i = 0; i < sizeof(managers) / sizeof(*managers); i++) {
		if (!word_equals(command, managers[i].command))
			continue;
		buf_add_str(out, managers[i].what);
		if (managers[i].advise)
			managers[i].advise(facts, out);
		return true;
	}
	return false;
}

/* A program that runs itself again as /proc/self/exe is `exe`; what it is then its
 * argument 0 tells. */
static struct word find_command(const struct guard_facts *facts)
{
	struct word command = facts->command, args = facts->args, arg;

	if (!word_equals(command, "exe") || !args_next(&args, &arg))
		return command;
	arg = word_base_name(arg);
	if (arg.len > COMMAND_MAX)
		arg.len = COMMAND_MAX;
	return arg;
}

enum guard_kind guard_judge(const struct guard_facts *facts, struct buf *out_reason)
{
	struct word command = find_command(facts);

	if (facts->is_ours) {
		advise_self(facts, out_reason);
		return GUARD_SELF;
	}
	if (facts->pid == 1) {
		advise_init(facts, out_reason);
		return GUARD_INIT;
	}
	/* Before the ancestors: what it is says more than that whoport was started from it. */
	if (advise_manager(facts, command, out_reason))
		return GUARD_MANAGER;
	if (guard_container_advise(facts, command, out_reason))
		return GUARD_CONTAINER;
	if (facts->is_ancestor) {
		advise_ancestor(facts, out_reason);
		return GUARD_ANCESTOR;
	}
	return GUARD_NONE;
}
