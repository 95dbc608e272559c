/*
 * JSON; see format_json.h. Keys are a table: which letters of -F choose one, where it
 * stands, and what appends its value.
 */
#include "format_json.h"

#include "buf.h"
#include "column.h"
#include "escape.h"
#include "holder.h"
#include "join.h"
#include "json_value.h"
#include "process.h"
#include "version.h"

enum { WRITE_SIZE = 65536 };

/* Where a key stands. */
enum {
	IN_PROCESS = 1U << 0,
	IN_FILE = 1U << 1,
	IN_UNOWNED = 1U << 2,
	IN_LINE = 1U << 3,
	OF_DETAILS = 1U << 4, /* there with --details only */
};

static const struct json_key {
	const char *key;
	const char *letters; /* of -F that choose it; "": only all do; NULL: always there */
	json_value *add;
	unsigned where;
	unsigned facts;
} keys[] = {
	{"pid", NULL, json_value_pid, IN_PROCESS | IN_LINE, 0},
	{"tid", "K", json_value_tid, IN_PROCESS | IN_LINE, 0},
	{"ppid", "R", json_value_ppid, IN_PROCESS | IN_LINE, PROCESS_STAT},
	{"pgid", "g", json_value_pgid, IN_PROCESS | IN_LINE, PROCESS_STAT},
	{"command", "c", json_value_command, IN_PROCESS | IN_LINE, 0},
	{"task_cmd", "M", json_value_task_cmd, IN_PROCESS | IN_LINE, 0},
	{"uid", "u", json_value_uid, IN_PROCESS | IN_LINE, 0},
	{"login", "L", json_value_login, IN_PROCESS | IN_LINE, 0},
	{"start_time", "", json_value_start, IN_PROCESS | IN_LINE, PROCESS_STAT},
	{"cmdline", "", json_value_cmdline, IN_PROCESS | IN_LINE, PROCESS_ARGS},
	{"cwd", "", json_value_cwd, IN_PROCESS | IN_LINE, PROCESS_CWD},
	{"unit", "", json_value_unit, IN_PROCESS | IN_UNOWNED | IN_LINE, PROCESS_CGROUP},
	{"container", "", json_value_container, IN_PROCESS | IN_UNOWNED | IN_LINE, PROCESS_CGROUP},
	{"fd", "f", json_value_fd, IN_FILE | IN_LINE, 0},
	{"kind", "f", json_value_kind, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"access", "a", json_value_access, IN_FILE | IN_LINE, 0},
	{"type", "t", json_value_type, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"family", "t", json_value_family, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"protocol", "P", json_value_protocol, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"state", "T", json_value_state, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"inode", "di", json_value_inode, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"cookie", "d", json_value_cookie, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"netns", "", json_value_netns, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"socket_uid", "", json_value_socket_uid, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"bound_device", "n", json_value_bound_device, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"name", "n", json_value_name, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"local", "n", json_value_local, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"remote", "n", json_value_remote, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"path", "n", json_value_path, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"queues", "T", json_value_queues, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"timer", "T", json_value_timer, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"peer", "n", json_value_peer, IN_FILE | IN_UNOWNED | IN_LINE, 0},
	{"details", NULL, json_value_process_details, IN_PROCESS | OF_DETAILS, 0},
	{"details", NULL, json_value_sock_details, IN_FILE | IN_UNOWNED | OF_DETAILS, 0},
	{"details", NULL, json_value_details, IN_LINE | OF_DETAILS, 0},
	{"reason", NULL, json_value_reason, IN_UNOWNED | IN_LINE, 0},
	{"listener", NULL, json_value_listener, IN_UNOWNED | IN_LINE, 0},
	{"holders", NULL, json_value_holders, IN_UNOWNED | IN_LINE, 0},
	{"suspects", NULL, json_value_suspects, IN_UNOWNED | IN_LINE, 0},
};

enum { KEY_COUNT = sizeof(keys) / sizeof(*keys) };

static bool is_chosen(const struct json_key *key, const struct field_choice *choice)
{
	if (!key->letters || field_choice_is_all(choice))
		return true;
	for (const char *letter = key->letters; *letter; letter++) {
		if (field_choice_has(choice, *letter))
			return true;
	}
	return false;
}

unsigned format_json_facts(const struct field_choice *choice)
{
	unsigned facts = 0;

	for (size_t i = 0; i < KEY_COUNT; i++)
		facts |= is_chosen(&keys[i], choice) ? keys[i].facts : 0;
	return facts;
}

/* A document or lines under way. */
struct writer {
	const struct json_format *format;
	struct column_style style; /* with plain bytes: they are escaped as JSON */
	struct buf out;
};

/* The keys of one place, behind an opening brace; the object stays open. */
static void add_object(struct writer *w, unsigned where, const struct row *row)
{
	char before = '{';

	for (size_t i = 0; i < KEY_COUNT; i++) {
		bool is_there = w->style.background || !(keys[i].where & OF_DETAILS);
		if (!(keys[i].where & where) || !is_there ||
		    !is_chosen(&keys[i], &w->format->choice))
			continue;
		buf_add_char(&w->out, before);
		buf_add_char(&w->out, '"');
		buf_add_str(&w->out, keys[i].key);
		buf_add_str(&w->out, "\":");
		keys[i].add(&w->style, row, &w->out);
		before = ',';
	}
	if (before == '{')
		buf_add_char(&w->out, '{');
}

static bool same_task(const struct row *a, const struct row *b)
{
	return a->holder->pid == b->holder->pid && a->holder->tid == b->holder->tid;
}

/* A row of the document, and what it ends or begins. */
static void add_to_document(struct writer *w, const struct row_list *rows, size_t i)
{
	const struct row *row = &rows->v[i], *before = i > 0 ? row - 1 : NULL;

	if (!row->holder) {
		if (before && !before->holder)
			buf_add_str(&w->out, ",\n");
		else
			buf_add_str(&w->out, before ? "]}],\n\"unowned\":[\n" : "],\n\"unowned\":[\n");
		add_object(w, IN_UNOWNED, row);
		buf_add_char(&w->out, '}');
		return;
	}
	if (before && same_task(before, row)) {
		buf_add_str(&w->out, ",\n");
	} else {
		buf_add_str(&w->out, before ? "]},\n" : "\n");
		add_object(w, IN_PROCESS, row);
		buf_add_str(&w->out, ",\"files\":[\n");
	}
	add_object(w, IN_FILE, row);
	buf_add_char(&w->out, '}');
}

static void end_document(struct writer *w, const struct row_list *rows)
{
	bool unowned = rows->len > 0 && !rows->v[rows->len - 1].holder;

	if (!unowned)
		buf_add_str(&w->out, rows->len > 0 ? "]}],\n\"unowned\":[" : "],\"unowned\":[");
	buf_add_str(&w->out, "]}\n");
}

int format_json_write(const struct json_format *format, const struct row_list *rows, int fd)
{
	struct writer w = {.format = format, .style = *format->style};
	int rc = 0;

	w.style.escape = ESCAPE_RAW;
	if (!format->lines)
		buf_add_str(&w.out, "{\"schema\":1,\"version\":\"" WHOPORT_VERSION
				    "\",\"processes\":[");
	for (size_t i = 0; i < rows->len && rc == 0; i++) {
		if (format->lines) {
			add_object(&w, IN_LINE, &rows->v[i]);
			buf_add_str(&w.out, "}\n");
		} else {
			add_to_document(&w, rows, i);
		}
		if (w.out.len >= WRITE_SIZE)
			rc = buf_write(&w.out, fd);
	}
	if (!format->lines)
		end_document(&w, rows);
	if (rc == 0)
		rc = buf_write(&w.out, fd);
	buf_free(&w.out);
	return rc;
}
