/* The answer in rows; see answer.h. */
#define _GNU_SOURCE
#include "answer.h"

#include "buf.h"
#include "column.h"
#include "context.h"
#include "details.h"
#include "escape.h"
#include "format_field.h"
#include "format_json.h"
#include "format_pids.h"
#include "format_table.h"
#include "msg.h"
#include "netns_walk.h"
#include "notes.h"
#include "process.h"
#include "procfs.h"
#include "row_fact.h"
#include "run.h"
#include "status.h"
#include "why_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wants_colour(const struct options *o)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->colour != OPTION_COLOUR_AUTO)
		return o->colour == OPTION_COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && term &&
	       strcmp(term, "dumb") != 0;
}

void answer_choose_columns(const struct options *o, struct table_format *out)
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

static bool is_json(const struct options *o)
{
	return o->json || o->json_lines;
}

bool answer_is_fields(const struct options *o)
{
	return o->fields && !is_json(o);
}

/* On a terminal each process that holds a target has a line below its rows. */
static bool wants_context(const struct options *o)
{
	bool acts = o->kill || o->close || o->why || o->wait != OPTION_WAIT_NOT;
	bool any_target = false;

	if (o->brief || acts || o->details || o->fields || is_json(o) || o->pids_only ||
	    o->columns_len > 0)
		return false;
	for (size_t i = 0; i < o->words_len; i++)
		any_target |= o->words[i].kind == FILTER_TARGET;
	return any_target && isatty(STDOUT_FILENO);
}

unsigned answer_facts(const struct options *o, const struct table_format *format)
{
	unsigned facts = 0;

	if (is_json(o))
		facts = format_json_facts(&o->field_choice);
	else if (o->fields)
		facts = format_field_facts(&o->field_choice);
	else if (!o->pids_only)
		for (size_t i = 0; i < format->count; i++)
			facts |= column_facts(format->columns[i]);
	if (wants_context(o))
		facts |= CONTEXT_FACTS;
	if (o->details)
		facts |= details_facts();
	return o->threads && !o->pids_only ? facts | PROCESS_TASK : facts;
}

bool answer_needs_queues(const struct options *o, const struct table_format *format)
{
	bool is_table = !o->fields && !is_json(o);
	bool needed = o->show_queues || o->details ||
		      (!is_table && field_choice_has(&o->field_choice, 'T'));

	for (size_t i = 0; i < format->count; i++)
		needed |= format->columns[i] == COLUMN_RECVQ || format->columns[i] == COLUMN_SENDQ;
	return needed;
}

static bool wants_ends(const struct options *o)
{
	bool column = false;

	for (size_t i = 0; i < o->columns_len && !o->pids_only; i++)
		column |= o->columns[i] == COLUMN_PEER;
	return o->ends || o->list_ends || o->details || column;
}

static bool wants_boot_time(const struct options *o, const struct table_format *format)
{
	bool wanted = is_json(o) || o->details;

	for (size_t i = 0; i < format->count; i++)
		wanted |= format->columns[i] == COLUMN_START;
	return wanted;
}

static int print_rows(struct run *run, const struct table_format *format,
		      const struct row_list *rows)
{
	const struct options *o = &run->options;
	struct column_style style = {
		.names = &run->names,
		.namespaces = &run->namespaces,
		.ends = wants_ends(o) ? &run->ends : NULL,
		.name_ends = o->ends || o->list_ends,
		.background = o->details ? &run->background : NULL,
		.command_width = o->command_width,
		.escape = rows->len > 0 ? run_escape() : 0,
		.numeric_users = o->numeric_users,
		.service_names = o->service_names,
		.host_names = o->host_names,
		.hide_state = o->hide_state,
		.show_queues = o->show_queues,
		.colour = wants_colour(o),
	};
	struct context context;
	struct json_format json = {o->field_choice, &style, o->json_lines};
	struct field_format fields = {o->field_choice, &style, o->tcp_info && !o->show_queues};

	if (wants_boot_time(o, format))
		style.boot_time = procfs_boot_time(run->proc_fd);
	if (is_json(o))
		return format_json_write(&json, rows, STDOUT_FILENO);
	if (o->details)
		return details_write(&style, rows, STDOUT_FILENO);
	if (o->fields)
		return format_field_write(&fields, rows, STDOUT_FILENO);
	/* Colour takes no room, but only at the end of the line. */
	style.colour_reason = style.colour && format->columns[format->count - 1] == COLUMN_NAME;
	if (wants_context(o)) {
		context_init(&context, STDOUT_FILENO, run->proc_fd);
		style.context = &context;
	}
	return format_table_write(format, &style, rows, STDOUT_FILENO);
}

/* True if rows are of more than one namespace, or of another than was asked for. */
static bool has_namespaces(const struct run *run, const struct row_list *rows)
{
	bool several = run_asks_every_netns(run);
	uint32_t first = 0; /* whose namespace is known */

	for (size_t i = 0; i < rows->len && !several; i++) {
		uint32_t netns = rows->v[i].sock->netns;
		const struct netns *ns = netns_list_find(&run->namespaces, netns);
		first = first ? first : netns;
		several = netns != 0 && (netns != first || !ns || !ns->is_asked);
	}
	return several;
}

/* Then they say which; NAME stays the last column. */
static void show_namespaces(struct run *run, const struct row_list *rows,
			    struct table_format *format)
{
	bool shown = run->options.details;

	if (run->options.columns_len == 0 && has_namespaces(run, rows)) {
		format->columns[format->count] = format->columns[format->count - 1];
		format->columns[format->count - 1] = COLUMN_NETNS;
		format->count++;
	}
	for (size_t i = 0; i < format->count; i++)
		shown |= format->columns[i] == COLUMN_NETNS;
	if (shown)
		netns_list_find_names(&run->namespaces);
}

int answer_write(struct run *run, const struct table_format *format, const struct row_list *rows)
{
	struct table_format shown = *format;

	show_namespaces(run, rows, &shown);
	int rc = run->options.pids_only ? format_pids_write(rows, STDOUT_FILENO)
					: print_rows(run, &shown, rows);
	/* Nobody would have read an empty answer. */
	return rc == 0 && run->stdout_closed ? -EBADF : rc;
}

static bool any_hidden(const struct row_list *rows)
{
	bool hidden = false;

	for (size_t i = 0; i < rows->len; i++)
		hidden |= row_is_hidden(&rows->v[i]);
	return hidden;
}

void answer_tell(struct run *run, size_t unread, int status)
{
	const struct options *o = &run->options;
	const struct snapshot *snap = &run->look.snap;

	if (!o->no_notes && status != run->noted_status) {
		notes_unseen(snap, &run->look.rows, unread,
			     status == STATUS_ERROR && snap->view == PROCFS_VIEW_HIDDEN);
		if (!any_hidden(&run->look.rows)) /* said already */
			notes_unseen(&run->ends.look.snap, &run->ends.look.rows, 0, false);
		notes_unread_tables(snap, status == STATUS_FOUND && !run_asks_every_netns(run));
		if (run->ends.look.snap.inventory.unreadable > snap->inventory.unreadable)
			notes_unread_tables(&run->ends.look.snap, false);
		if (!o->netns)
			notes_elsewhere(&run->filter, &run->namespaces);
		notes_bound(snap, &run->filter, &run->namespaces);
		notes_loose_value(o, &run->filter);
		if (!o->fields && !is_json(o) && !o->netns)
			why_run_note(run);
	}
	run->noted_status = status;
	if (o->tell_missing)
		notes_missing(&run->filter);
}

void answer_tell_stats(const struct run *run)
{
	struct buf out = {0};

	stats_add(&out, &run->stats, &run->look.snap, run->look.rows.len);
	buf_write(&out, STDERR_FILENO);
	buf_free(&out);
}

/* What is told of rows beside their look. Return 0, or -errno after the user was told. */
static int complete_rows(struct run *run, unsigned facts)
{
	const struct options *o = &run->options;
	struct looker looker = {run, run_look, run_read};
	struct row_list *rows = &run->look.rows;
	int rc = 0;

	if (wants_ends(o))
		rc = ends_find(rows, &looker, &run->namespaces, facts, o->list_ends, &run->ends);
	if (rc == 0 && o->list_ends)
		rc = ends_add_rows(&run->ends, rows);
	if (rc < 0 && !run->ends.look_failed)
		msg_error("other ends", strerror(-rc));
	if (rc == 0 && o->details) {
		rc = background_load(rows, run->proc_fd, o->sockopts, &run->background);
		if (rc < 0)
			msg_error("details", strerror(-rc));
	}
	if (answer_is_fields(o) && field_choice_has(&o->field_choice, 'G'))
		row_list_load_flags(rows, run->proc_fd);
	return rc;
}

int answer(struct run *run)
{
	const struct options *o = &run->options;
	const struct look *look = &run->look;
	struct table_format format;

	answer_choose_columns(o, &format);
	unsigned facts = answer_facts(o, &format);
	run->needs_queues = answer_needs_queues(o, &format);
	run->failed = true;
	if (o->sockopts && !procfs_is_ours(run->proc_fd)) {
		msg_error("--sockopts", "asks processes of its own pid namespace only");
		return STATUS_ERROR;
	}
	if (run_look(run, &run->filter, facts, &run->look) < 0)
		return STATUS_ERROR;
	struct status_question question = {
		.unread = status_count_unread(&look->snap, &run->filter, &look->rows),
		.pids_only = o->pids_only, .held_only = answer_is_fields(o),
		.missing_is_fine = o->missing_is_fine, .every_netns = run_asks_every_netns(run)};
	stats_phase(&run->stats, "rows");

	int status = status_of_rows(&look->snap, &run->filter, &look->rows, &question);
	if (complete_rows(run, facts) < 0)
		return STATUS_ERROR;
	int rc = answer_write(run, &format, &look->rows);
	run->failed = rc < 0;
	status = run_check_written(rc, status);
	if (rc == 0)
		answer_tell(run, question.unread, status);
	stats_phase(&run->stats, "output");
	if (o->stats)
		answer_tell_stats(run);
	return status;
}
