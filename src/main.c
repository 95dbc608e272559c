/*
 * whoport: who holds this port or socket?
 *
 * Data flows one way, and includes point the same way:
 *
 *   options   options.c         argv into a struct; prints --help
 *             notes.c           what stayed unseen or was not found, on stderr
 *             stats.c           what --stats tells
 *             status.c          the exit status of an answer
 *
 *   base      buf.c             growing byte buffer, large writes
 *             grow.c            growing arrays
 *             sort_key.c        sorting by a number
 *             num.c             strict numbers
 *             line_reader.c     text by lines in constant memory
 *             escape.c          foreign names made harmless
 *             msg.c             "whoport: object: reason"
 *             refuse.h          how a grammar says no
 *             kernel_version.c  which kernel runs
 *             procfs.c          a proc tree below a root fd
 *             mountinfo.c       lines of /proc/PID/mountinfo
 *             fdinfo.c          lines of fdinfo, maps, syscall
 *             netlink.c         framing, attributes, dump loop
 *             pidfd.c           system calls that name another process
 *             btf.c             the kernel's types, by name
 *             bpf.c             bpf(2)
 *   records   addr.c            address and port as a value
 *             sock.c            socket record and table; protocols, states
 *             holder.c          who refers to a socket, by inode
 *             process.c         facts of a process
 *             bpf_record.c      what the iterator program tells
 *             sockstat.c        how many sockets a namespace has
 *             clue.c            what is known of a socket without holder
 *             names.c           users, services, hosts
 *             netns.c           network namespaces that are known
 *             netns_walk.c      which there are
 *             netns_enter.c     ways into one
 *             netns_word.c      the words of -N
 *             cgroup.c          cgroups of version 2, by id
 *             cgroup_name.c     units and containers in their paths
 *   sources   source.h          what every source is asked
 *             source_procnet.c  text: /proc/net/{tcp,udp,udplite,raw}{,6} ...
 *             procnet_row.c     one row of them, or of unix
 *             unix_table.c      /proc/net/unix, freed from forged rows
 *             source_sockdiag.c NETLINK_SOCK_DIAG: requests
 *             sockdiag_row.c    one answer about an internet or unix socket
 *             other_row.c       netlink, packet, vsock, XDP: text and answers
 *             kernel_sock.c     ports of tunnels and of the NFS server
 *   scanners  scan.c            what every scanner is asked, and tells
 *             scan_procfd.c     PID/fd and PID/task/TID/fd
 *             scan_bpf.c        the kernel's iterator over all descriptors
 *             bpf_iterator.c    how to get one
 *             bpf_program.c     the program that it runs
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
 *             join.c            snapshot and filter into rows
 *             peer.c            the listener that a connection waits for
 *   consumers sock_text.c       a row's words about its socket
 *             reason_text.c     why it has no holder
 *             column.c          one table row per column
 *             format_table.c    the table
 *             format_pids.c     -t
 *
 * This file: options, snapshot, one consumer, exit status.
 */
#define _GNU_SOURCE
#include "buf.h"
#include "column.h"
#include "escape.h"
#include "filter.h"
#include "format_pids.h"
#include "format_table.h"
#include "join.h"
#include "msg.h"
#include "names.h"
#include "netns.h"
#include "netns_walk.h"
#include "netns_word.h"
#include "notes.h"
#include "options.h"
#include "peer.h"
#include "procfs.h"
#include "snapshot.h"
#include "stats.h"
#include "status.h"
#include "unheld.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Everything that one run owns. */
struct run {
	struct options options;
	struct names names;
	struct filter filter;
	struct netns_list namespaces;
	struct snapshot snap;
	struct row_list rows;
	struct peer_index listeners;
	struct stats stats;
	size_t unread; /* processes that are asked for and could not be read */
	int proc_fd;
	bool stdout_closed;
};

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

static int fail(const char *object, int rc)
{
	msg_error(object, strerror(-rc));
	return STATUS_ERROR;
}

/* Report what writing to stdout came to. */
static int check_written(int rc, int status)
{
	if (rc == 0)
		return status;
	/* A reader that has seen enough is no news. */
	return rc == -EPIPE ? STATUS_ERROR : fail("standard output", rc);
}

static int print_text(void (*add)(struct buf *out))
{
	struct buf out = {0};

	add(&out);
	int rc = buf_write(&out, STDOUT_FILENO);
	buf_free(&out);
	return check_written(rc, STATUS_FOUND);
}

static void add_version(struct buf *out)
{
	buf_add_str(out, "whoport " WHOPORT_VERSION "\n");
}

/* Build the filter. Return 0, -EINVAL with @out_error, or -ENOMEM. */
static int build_filter(struct run *run, struct option_error *out_error)
{
	const struct options *o = &run->options;
	const char *object = NULL;
	int rc = 0;

	run->filter.names = &run->names;
	run->filter.unix_wanted = o->unix_sockets;
	run->filter.all = o->all;
	run->filter.local_ports = o->pids_only || o->kill;
	for (size_t i = 0; i < o->words_len && rc == 0; i++) {
		const struct option_word *word = &o->words[i];
		const char *why = "not understood";
		if (word->kind == FILTER_COMMAND)
			setlocale(LC_CTYPE, "");
		rc = filter_add(&run->filter, word->kind, word->text, &why);
		if (rc == -EINVAL)
			option_error_set(out_error, word, why);
	}
	if (rc < 0)
		return rc;
	rc = filter_finish(&run->filter, &object, &out_error->why);
	if (rc == 0 && (o->pids_only || o->kill) && !filter_names_something(&run->filter)) {
		object = o->kill ? "-k" : "-t";
		out_error->why = "needs a target, -i, -U or -p";
		rc = -EINVAL;
	}
	if (rc < 0)
		snprintf(out_error->object, sizeof(out_error->object), "%s", object);
	return rc;
}

static int refuse(const struct option_error *error, int rc)
{
	if (rc != -EINVAL)
		return fail("command line", rc);
	msg_usage(error->object, error->why);
	return STATUS_ERROR;
}

static bool wants_colour(const struct options *o)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->colour != OPTION_COLOUR_AUTO)
		return o->colour == OPTION_COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && term &&
	       strcmp(term, "dumb") != 0;
}

/* The columns asked for, or lsof's with those that options add. */
static void choose_columns(const struct options *o, struct table_format *out)
{
	static const struct {
		enum column_id id;
		size_t option; /* offset of the option that asks for it, 0: always */
	} usual[] = {
		{COLUMN_COMMAND, 0},
		{COLUMN_PID, 0},
		{COLUMN_TID, offsetof(struct options, threads)},
		{COLUMN_TASKCMD, offsetof(struct options, threads)},
		{COLUMN_PPID, offsetof(struct options, show_ppid)},
		{COLUMN_PGID, offsetof(struct options, show_pgid)},
		{COLUMN_USER, 0},
		{COLUMN_FD, 0},
		{COLUMN_TYPE, 0},
		{COLUMN_DEVICE, 0},
		{COLUMN_SIZE, 0},
		{COLUMN_NODE, 0},
		{COLUMN_NAME, 0},
	};

	out->no_header = o->no_header;
	out->count = o->columns_len;
	memcpy(out->columns, o->columns, sizeof(out->columns));
	if (out->count > 0)
		return;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		const bool *asked = (const bool *)((const char *)o + usual[i].option);
		if (usual[i].option == 0 || *asked)
			out->columns[out->count++] = usual[i].id;
	}
}

static unsigned needed_facts(const struct run *run, const struct table_format *format)
{
	unsigned facts = filter_facts(&run->filter);

	for (size_t i = 0; i < format->count && !run->options.pids_only; i++)
		facts |= column_facts(format->columns[i]);
	return facts;
}

/* The locale is read only if there is a name to show, or a pattern to match. */
static bool is_utf8(void)
{
	return setlocale(LC_CTYPE, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* What only sources know of sockets that a scanner has told of. */
static bool needs_queues(const struct run *run, const struct table_format *format)
{
	bool needed = run->options.show_queues;

	for (size_t i = 0; i < format->count; i++)
		needed |= format->columns[i] == COLUMN_RECVQ || format->columns[i] == COLUMN_SENDQ;
	return needed;
}

static int print_table(struct run *run, const struct table_format *format)
{
	const struct options *o = &run->options;
	bool utf8 = run->rows.len > 0 && is_utf8();
	struct column_style style = {
		.snap = &run->snap,
		.listeners = &run->listeners,
		.names = &run->names,
		.namespaces = &run->namespaces,
		.command_width = o->command_width,
		.escape = utf8 ? ESCAPE_UTF8 : 0,
		.numeric_users = o->numeric_users,
		.service_names = o->service_names,
		.host_names = o->host_names,
		.hide_state = o->hide_state,
		.show_queues = o->show_queues,
		.colour = wants_colour(o),
	};

	for (size_t i = 0; i < format->count && style.boot_time == 0; i++) {
		if (format->columns[i] == COLUMN_START)
			style.boot_time = procfs_boot_time(run->proc_fd);
	}
	/* Colour takes no room, but only at the end of the line. */
	style.colour_reason = style.colour && format->columns[format->count - 1] == COLUMN_NAME;
	return format_table_write(format, &style, &run->rows, STDOUT_FILENO);
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

static bool asks_every_netns(const struct options *o)
{
	return o->netns && strcmp(o->netns, "all") == 0;
}

/* True if rows are of more than one namespace, or of another than was asked for. */
static bool has_namespaces(const struct run *run)
{
	const struct row_list *rows = &run->rows;
	bool several = asks_every_netns(&run->options);
	uint32_t first = 0; /* whose namespace is known */

	for (size_t i = 0; i < rows->len && !several; i++) {
		uint32_t netns = rows->v[i].sock->netns;
		const struct netns *ns = netns_list_find(&run->namespaces, netns);
		first = first ? first : netns;
		several = netns != 0 && (netns != first || (ns && !ns->is_asked));
	}
	return several;
}

/* Then they say which; NAME stays the last column. */
static void show_namespaces(struct run *run, struct table_format *format)
{
	bool shown = false;

	if (run->options.columns_len == 0 && has_namespaces(run)) {
		format->columns[format->count] = format->columns[format->count - 1];
		format->columns[format->count - 1] = COLUMN_NETNS;
		format->count++;
	}
	for (size_t i = 0; i < format->count; i++)
		shown |= format->columns[i] == COLUMN_NETNS;
	if (shown)
		netns_list_find_names(&run->namespaces);
}

static int take_snapshot(struct run *run, unsigned facts, bool needs_queues)
{
	const struct options *o = &run->options;
	struct snapshot_request rq = {
		.inventory = {.namespaces = &run->namespaces, .filter = &run->filter,
			      .source = o->source, .every_netns = asks_every_netns(o),
			      .stays_home = o->netns && !asks_every_netns(o)},
		.facts = facts,
		.threads = o->threads,
		.scanner = o->scanner,
		.stats = o->stats ? &run->stats : NULL,
	};
	rq.inventory.needs_queues = needs_queues;
	stats_phase(rq.stats, "start");
	int rc = snapshot_take(&rq, &run->snap);
	if (rc == 0)
		rc = unheld_explain(&rq, &run->snap);
	stats_phase(rq.stats, "unheld");
	if (rc == 0)
		return 0;

	char object[128];
	if (o->scanner == SCANNER_BPF && run->snap.scanner.refusal)
		snprintf(object, sizeof(object), "--scan=bpf");
	else if (o->source == INVENTORY_DIAG)
		snprintf(object, sizeof(object), "--source=diag");
	else if (o->netns)
		snprintf(object, sizeof(object), "-N %s", o->netns);
	else
		snprintf(object, sizeof(object), "%s/%s", o->proc ? o->proc : "/proc",
			 run->snap.failed);
	msg_error(object, rc == -ENODATA ? "has no table of the protocols asked for"
					 : strerror(-rc));
	return rc;
}

/* What the rows do not say, on stderr. */
static void print_notes(struct run *run, int status)
{
	const struct options *o = &run->options;

	if (!o->no_notes) {
		notes_unseen(&run->snap, &run->rows, run->unread,
			     status == STATUS_ERROR && run->snap.view == PROCFS_VIEW_HIDDEN);
		notes_unread_tables(&run->snap,
				    status == STATUS_FOUND && !asks_every_netns(o));
		if (!o->netns)
			notes_elsewhere(&run->filter, &run->namespaces);
		notes_bound(&run->snap, &run->filter, &run->namespaces);
	}
	if (o->tell_missing)
		notes_missing(&run->filter);
}

static void print_stats(const struct run *run)
{
	struct buf out = {0};

	stats_add(&out, &run->stats, &run->snap, run->rows.len);
	buf_write(&out, STDERR_FILENO);
	buf_free(&out);
}

/* Take the snapshot and print it. Return the exit status. */
static int answer(struct run *run)
{
	const struct options *o = &run->options;
	struct table_format format;

	choose_columns(o, &format);
	if (take_snapshot(run, needed_facts(run, &format), needs_queues(run, &format)) < 0)
		return STATUS_ERROR;
	int rc = join_rows(&run->snap, &run->filter, &run->rows);
	if (rc == 0 && row_list_has(&run->rows, REASON_NOT_ACCEPTED)) {
		rc = peer_index_build(&run->listeners, &run->snap.socks);
		join_listeners(&run->snap, &run->listeners, &run->rows);
	}
	if (rc < 0)
		return fail("rows", rc);
	run->unread = status_count_unread(&run->snap, &run->filter, &run->rows);
	show_namespaces(run, &format);
	stats_phase(&run->stats, "rows");

	rc = o->pids_only ? format_pids_write(&run->rows, STDOUT_FILENO)
			  : print_table(run, &format);
	if (rc == 0 && run->stdout_closed) /* nobody would have read an empty answer */
		rc = -EBADF;
	struct status_question question = {
		.unread = run->unread, .pids_only = o->pids_only,
		.missing_is_fine = o->missing_is_fine, .every_netns = asks_every_netns(o)};
	int status = check_written(rc, status_of_rows(&run->snap, &run->filter, &run->rows,
						      &question));
	if (rc == 0)
		print_notes(run, status);
	stats_phase(&run->stats, "output");
	if (o->stats)
		print_stats(run);
	return status;
}

/* Everything between argv and the exit status. */
static int serve(int argc, char **argv, struct run *run)
{
	struct options *o = &run->options;
	struct option_error error = {"", NULL};

	int rc = options_parse(argc, argv, &run->names, o, &error);
	if (rc < 0)
		return refuse(&error, rc);
	if (o->help)
		return print_text(options_add_help);
	if (o->version)
		return print_text(add_version);

	rc = build_filter(run, &error);
	if (rc < 0)
		return refuse(&error, rc);
	if (o->kill) {
		msg_error("-k", "ending processes is not supported by this version");
		return STATUS_ERROR;
	}
	const char *proc = o->proc ? o->proc : "/proc";
	run->proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->proc_fd < 0 && o->proc) {
		msg_usage(proc, strerror(errno));
		return STATUS_ERROR;
	}
	if (run->proc_fd < 0)
		return fail(proc, -errno);
	int status = choose_namespaces(run);
	return status ? status : answer(run);
}

int main(int argc, char **argv)
{
	struct run run = {.proc_fd = -1};

	stats_start(&run.stats);
	guard_standard_fds(&run.stdout_closed);
	int status = serve(argc, argv, &run);
	if (run.proc_fd >= 0)
		close(run.proc_fd);
	peer_index_free(&run.listeners);
	row_list_free(&run.rows);
	snapshot_free(&run.snap);
	netns_list_free(&run.namespaces);
	filter_free(&run.filter);
	names_free(&run.names);
	options_free(&run.options);
	return status;
}
