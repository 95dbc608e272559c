/*
 * whoport: who holds this port or socket?
 *
 * Data flows one way, and includes point the same way:
 *
 *   options   options.c         argv into a struct
 *             option_table.c    the options, a row each, and their values
 *             options_check.c options_help.c which go together; --help
 *             notes.c stats.c   what stayed unseen, on stderr; --stats
 *             status.c          the exit status of an answer
 *             run.c             options into a filter, namespaces, looks
 *             answer.c repeat.c the answer in rows; again and again
 *             action.c why_run.c -k, --wait, --close; --why
 *   base      buf.c             growing byte buffer, large writes
 *             grow.c sort_key.c growing arrays, sorting by a number
 *             num.c line_reader.c strict numbers; text by lines
 *             escape.c          foreign names made harmless
 *             word.c            foreign text as a value; quoted for a shell
 *             json.c field.c    values of JSON, the letters of -F
 *             args.c            arguments of a process
 *             msg.c             "whoport: object: reason"
 *             refuse.h          how a grammar says no
 *             kernel_version.c net_setting.c which kernel runs, its sysctls
 *             capability.c      what we are allowed
 *             procfs.c          a proc tree below a root fd
 *             mountinfo.c       lines of /proc/PID/mountinfo
 *             fdinfo.c          lines of fdinfo, maps, syscall
 *             netlink.c         framing, attributes, dump loop
 *             pidfd.c           system calls that name another process
 *             interrupt.c       signals that end an action, noted
 *             signal_name.c     signals by name
 *             btf.c bpf.c       the kernel's types, by name; bpf(2)
 *   records   addr.c            address and port as a value
 *             sock.c            socket record and table; protocols, states
 *             holder.c          who refers to a socket, by inode
 *             process.c process_detail.c facts of a process
 *             pin.c             a process that cannot be mistaken for another
 *             ancestry.c        what whoport was started from
 *             bpf_record.c      what the iterator program tells
 *             sockstat.c        how many sockets a namespace has
 *             end_key.c         what names one end of a connection
 *             clue.c            what is known of a socket without holder
 *             names.c           users, services, hosts
 *             netns.c           network namespaces that are known
 *             netns_walk.c netns_enter.c which there are, ways into one
 *             netns_word.c      the words of -N
 *             cgroup.c          cgroups of version 2, by id
 *             cgroup_name.c     units and containers in their paths
 *             unit.c            systemd units, and how to stop them
 *   sources   source.h          what every source is asked
 *             source_procnet.c  text: /proc/net/{tcp,udp,udplite,raw}{,6} ...
 *             procnet_row.c     one row of them, or of unix
 *             unix_table.c      /proc/net/unix, freed from forged rows
 *             source_sockdiag.c NETLINK_SOCK_DIAG: requests
 *             sockdiag_request.c their common form
 *             sockdiag_row.c sock_info.c one answer about an internet or unix socket
 *             other_row.c       netlink, packet, vsock, XDP: text and answers
 *             unix_queue.c      clients that a listener has not accepted
 *             sock_watch.c      news of ended sockets
 *             sock_destroy.c    ending one
 *             kernel_sock.c     ports of tunnels and of the NFS server
 *   scanners  scan.c            what every scanner is asked, and tells
 *             scan_procfd.c     PID/fd and PID/task/TID/fd
 *             scan_bpf.c        the kernel's iterator over all descriptors
 *             bpf_iterator.c bpf_program.c how to get one, what it runs
 *             survey.c          how many descriptors, who may not be read
 *             scanner.c         which scanner is asked
 *             evidence.c        io_urings, mappings, messages, sleeping threads
 *             descriptor.c      what a held descriptor itself tells
 *             probe.c           the child that takes copies of descriptors
 *   relations port_set.c        lists of ports
 *             target.c          the words that name a local end
 *             inet_spec.c       the grammar of -i
 *             state_list.c      the states of -s
 *             process_filter.c  -p, -g, -u, -c, -d
 *             filter.c          all of these combined
 *             inventory_source.c which source reads a namespace
 *             held.c            sockets that a scanner told of
 *             inventory.c       namespaces through the filter
 *             stray.c           held sockets that no table has
 *             doubt.c           unix rows that may be forged
 *             snapshot.c        one reading: sockets, then holders
 *             snapshot_scan.c   the scans that it takes
 *             second_look.c     once more for what nobody seems to hold
 *             unheld.c          who holds what no descriptor holds
 *             guess.c           suspects and cgroups, as guesses
 *             join.c look.c     snapshot and filter into rows
 *             row_fact.c        what is told of a row beside
 *             peer.c            the listener that a connection waits for
 *             acceptor.c        who holds that listener
 *             ends.c            -E: who has the other ends
 *             lineage.c background.c for -D: parents, cgroups
 *   consumers process_text.c    a process as NAME,PID
 *             sock_text.c reason_text.c a row's words about its socket, and why it has no holder
 *             sockopt.c sockopt_table.c sockopt_list.c options of sockets
 *             column.c context.c a table row per column; a line below rows
 *             format_table.c    the table
 *             format_pids.c format_field.c -t, -F
 *             card.c details.c details_process.c details_sock.c details_tcp.c -D
 *             format_json.c     -J, -j: the keys
 *             json_process.c json_sock.c json_other.c json_details.c their values
 *   actions   kill.c            -k: plan, signal, wait, look again
 *             kill_none.c       ... if there is nobody to signal
 *             victim.c          who is signalled
 *             claim.c           whether a process holds what it was seen with
 *             refusal.c         why nobody is
 *             guard.c guard_container.c guard_facts.c who is better not signalled
 *             place.c           ports and names that are to come free
 *             vacancy.c         whether they are
 *             aftermath.c       free, or held again?
 *             wait.c close.c confirm.c --wait, --close, --ask
 *             bind_rule.c bind_right.c what sockets can share, what keeps us out
 *             bind_case.c bind_try.c a bind() and what it would meet; a real one
 *             why.c cause.c     --why: the causes, a row each
 *             diagnose.c diagnose_fact.c diagnose_help.c their words
 *             diagnose_try.c diagnose_any.c diagnose_unix.c and more of them
 *             obstacle_text.c hint.c who is in the way; what is no socket
 *
 * This file: options, then an answer or an action, exit status.
 */
#define _GNU_SOURCE
#include "action.h"
#include "answer.h"
#include "buf.h"
#include "options.h"
#include "repeat.h"
#include "run.h"
#include "status.h"
#include "version.h"
#include "why_run.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * A closed standard descriptor would be given to the next file that is
 * opened: fill it with one that can neither be read nor written.
 */
static void guard_standard_fds(bool *out_stdout_closed)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) == 0 || errno != EBADF)
			continue;
		*out_stdout_closed |= fd == STDOUT_FILENO;
		(void)!open("/", O_PATH | O_CLOEXEC);
	}
}

static int print_text(void (*add)(struct buf *out))
{
	struct buf out = {0};

	add(&out);
	int rc = buf_write(&out, STDOUT_FILENO);
	buf_free(&out);
	return run_check_written(rc, STATUS_FOUND);
}

static void add_version(struct buf *out)
{
	buf_add_str(out, "whoport " WHOPORT_VERSION "\n");
}

/* Everything between argv and the exit status. */
static int serve(int argc, char **argv, struct run *run)
{
	struct options *o = &run->options;
	struct option_error error = {"", NULL};

	int rc = options_parse(argc, argv, &run->names, o, &error);
	if (rc < 0)
		return run_refuse(&error, rc);
	if (o->help)
		return print_text(options_add_help);
	if (o->version)
		return print_text(add_version);
	if (o->field_help)
		return print_text(field_add_help);
	rc = options_check(o, &error);
	if (rc < 0)
		return run_refuse(&error, rc);
	int status = run_prepare(run);
	if (status)
		return status;
	if (o->kill)
		return action_kill(run);
	if (o->close)
		return action_close(run);
	if (o->why)
		return why_run(run);
	if (o->wait != OPTION_WAIT_NOT)
		return action_wait(run);
	return o->repeat ? repeat(run) : answer(run);
}

int main(int argc, char **argv)
{
	struct run run = {.proc_fd = -1, .noted_status = -1};

	stats_start(&run.stats);
	guard_standard_fds(&run.stdout_closed);
	int status = serve(argc, argv, &run);
	run_free(&run);
	return status;
}
