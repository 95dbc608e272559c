/* Columns of a table; see column.h. */
#define _GNU_SOURCE
#include "column.h"

#include "buf.h"
#include "cgroup_name.h"
#include "escape.h"
#include "join.h"
#include "names.h"
#include "netns.h"
#include "process_text.h"
#include "reason_text.h"
#include "row_fact.h"
#include "snapshot.h"
#include "sock_text.h"

#include <string.h>
#include <strings.h>
#include <time.h>

typedef void add_cell(const struct column_style *style, const struct row *row, struct buf *out);

static void add_none(struct buf *out)
{
	buf_add_char(out, '-');
}

static void add_command(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process *p = row->process;

	if (!p || p->command_len == 0)
		add_none(out);
	else
		escape_add(out, p->command, p->command_len, style->escape | ESCAPE_BLANKS,
			   style->command_width ? style->command_width : ESCAPE_ALL);
}

static void add_pid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->holder)
		buf_add_dec(out, (uint64_t)row->holder->pid);
	else
		add_none(out);
}

static void add_tid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->holder && row->holder->tid != row->holder->pid)
		buf_add_dec(out, (uint64_t)row->holder->tid);
	else
		add_none(out);
}

static void add_taskcmd(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process *p = row->task;

	if (!p || p->command_len == 0)
		add_none(out);
	else
		escape_add(out, p->command, p->command_len, style->escape | ESCAPE_BLANKS,
			   ESCAPE_ALL);
}

static void add_ppid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->process && !row->process->is_gone)
		buf_add_dec(out, (uint64_t)row->process->ppid);
	else
		add_none(out);
}

static void add_pgid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->process && !row->process->is_gone)
		buf_add_dec(out, (uint64_t)row->process->pgid);
	else
		add_none(out);
}

/* The holder's effective uid; without holder the socket's owner. */
static bool uid_of(const struct row *row, uint32_t *out)
{
	if (row->process)
		*out = row->process->uid;
	else
		*out = row->sock->uid;
	return row->process || row->sock->uid_known;
}

static void add_user(const struct column_style *style, const struct row *row, struct buf *out)
{
	uint32_t uid;
	const char *name;

	if (!uid_of(row, &uid))
		add_none(out);
	else if (!style->numeric_users && (name = names_user_of(style->names, uid)))
		escape_add(out, name, strlen(name), style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	else
		buf_add_dec(out, uid);
}

static void add_uid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->sock->uid_known)
		buf_add_dec(out, row->sock->uid);
	else
		add_none(out);
}

static void add_fd(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->holder)
		process_text_add_fd(row->holder, true, out);
	else
		add_none(out);
}

static void add_type(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	buf_add_str(out, sock_text_type(row->sock));
}

static void add_device(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (!sock_text_add_device(row->sock, out))
		add_none(out);
}

static void add_size(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	(void)row;
	buf_add_str(out, "0t0"); /* a socket has no offset; lsof's way to say so */
}

static void add_inode(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	buf_add_dec(out, row->sock->inode);
}

static void add_node(const struct column_style *style, const struct row *row, struct buf *out)
{
	if (!(SOCK_PROTO_BIT(row->sock->proto) & SOCK_PROTOS_INET))
		add_inode(style, row, out);
	else
		buf_add_str(out, sock_proto_name((enum sock_proto)row->sock->proto));
}

static void add_state(const struct column_style *style, const struct row *row, struct buf *out)
{
	const char *name = sock_state_name((enum sock_state)row->sock->state);

	(void)style;
	buf_add_str(out, *name ? name : "-");
}

static void add_local(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock *s = row->sock;

	if (s->local.family != AF_UNSPEC)
		sock_text_add_end(style, s, &s->local, out);
	else if (s->proto == SOCK_PROTO_UNIX && s->name && s->name_len > 0)
		sock_text_add_path(style, s, ESCAPE_BLANKS, out);
	else
		add_none(out);
}

static void add_remote(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock *s = row->sock;

	if (s->remote.family != AF_UNSPEC)
		sock_text_add_end(style, s, &s->remote, out);
	else
		add_none(out);
}

static void add_netns(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct netns *ns = NULL;

	if (style->namespaces)
		ns = netns_list_find(style->namespaces, row->sock->netns);
	if (ns && (ns->inode || ns->name || ns->pid))
		netns_add_name(out, ns, style->escape);
	else if (row->sock->netns && !ns)
		buf_add_dec(out, row->sock->netns);
	else
		add_none(out);
}

static void add_args(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process *p = row->process;

	if (!p || !p->args) {
		add_none(out);
		return;
	}
	for (size_t i = 0; i < p->args_len;) {
		size_t len = strnlen(p->args + i, p->args_len - i);
		if (i > 0)
			buf_add_char(out, ' ');
		if (len == 0)
			buf_add_str(out, "''");
		escape_add(out, p->args + i, len, style->escape, ESCAPE_ALL);
		i += len + 1;
	}
}

static void add_cwd(const struct column_style *style, const struct row *row, struct buf *out)
{
	if (row->process && row->process->cwd)
		escape_add(out, row->process->cwd, strlen(row->process->cwd),
			   style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	else
		add_none(out);
}

static void add_start(const struct column_style *style, const struct row *row, struct buf *out)
{
	struct tm tm;
	char text[32];
	int64_t seconds;

	if (!row->process || !process_start(row->process, style->boot_time, &seconds)) {
		add_none(out);
		return;
	}
	time_t start = (time_t)seconds;
	if (localtime_r(&start, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm) > 0)
		buf_add_str(out, text);
	else
		add_none(out);
}

/* A unit or container, of the process or, without one, of who made the socket. */
static void add_place(const struct column_style *style, const struct cgroup_name *name,
		      struct buf *out)
{
	if (name->len > 0)
		escape_add(out, name->text, name->len, style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	else
		add_none(out);
}

static void add_unit(const struct column_style *style, const struct row *row, struct buf *out)
{
	struct cgroup_name name = row_unit(row);

	add_place(style, &name, out);
}

static void add_container(const struct column_style *style, const struct row *row, struct buf *out)
{
	struct cgroup_name name = row_container(row);

	add_place(style, &name, out);
}

static void add_peer(const struct column_style *style, const struct row *row, struct buf *out)
{
	size_t before = out->len;

	sock_text_add_ends(style, row->sock, out);
	if (out->len == before)
		add_none(out);
}

static void add_rqueue(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (sock_has_queues(row->sock))
		buf_add_dec(out, row->sock->rqueue);
	else
		add_none(out);
}

static void add_wqueue(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (sock_has_queues(row->sock))
		buf_add_dec(out, row->sock->wqueue);
	else
		add_none(out);
}

static void add_reason(const struct column_style *style, const struct row *row, struct buf *out)
{
	if (row->reason == REASON_NONE)
		add_none(out);
	else
		reason_text_add(style, row, out);
}

/* What a cell depends on. */
enum scope { SCOPE_ROW, SCOPE_PROCESS, SCOPE_PROTO };

static const struct column {
	const char *title;
	add_cell *add;
	bool left;
	unsigned facts;
	enum scope scope;
} columns[COLUMN_COUNT] = {
	[COLUMN_COMMAND] = {"COMMAND", add_command, true, 0, SCOPE_PROCESS},
	[COLUMN_PID] = {"PID", add_pid, false, 0, SCOPE_PROCESS},
	[COLUMN_TID] = {"TID", add_tid, false, PROCESS_TASK, SCOPE_ROW},
	[COLUMN_TASKCMD] = {"TASKCMD", add_taskcmd, false, PROCESS_TASK, SCOPE_ROW},
	[COLUMN_PPID] = {"PPID", add_ppid, false, PROCESS_STAT, SCOPE_PROCESS},
	[COLUMN_PGID] = {"PGID", add_pgid, false, PROCESS_STAT, SCOPE_PROCESS},
	[COLUMN_USER] = {"USER", add_user, false, 0, SCOPE_PROCESS},
	[COLUMN_FD] = {"FD", add_fd, false, 0, SCOPE_ROW},
	[COLUMN_TYPE] = {"TYPE", add_type, false, 0, SCOPE_PROTO},
	[COLUMN_DEVICE] = {"DEVICE", add_device, false, 0, SCOPE_ROW},
	[COLUMN_SIZE] = {"SIZE/OFF", add_size, false, 0, SCOPE_PROTO},
	[COLUMN_NODE] = {"NODE", add_node, false, 0, SCOPE_PROTO},
	[COLUMN_NAME] = {"NAME", sock_text_add_name, true, 0, SCOPE_ROW},
	[COLUMN_STATE] = {"STATE", add_state, false, 0, SCOPE_ROW},
	[COLUMN_LOCAL] = {"LOCAL", add_local, true, 0, SCOPE_ROW},
	[COLUMN_REMOTE] = {"REMOTE", add_remote, true, 0, SCOPE_ROW},
	[COLUMN_INODE] = {"INODE", add_inode, false, 0, SCOPE_ROW},
	[COLUMN_NETNS] = {"NETNS", add_netns, false, 0, SCOPE_ROW},
	[COLUMN_UID] = {"UID", add_uid, false, 0, SCOPE_ROW},
	[COLUMN_ARGS] = {"ARGS", add_args, true, PROCESS_ARGS, SCOPE_PROCESS},
	[COLUMN_CWD] = {"CWD", add_cwd, true, PROCESS_CWD, SCOPE_PROCESS},
	[COLUMN_START] = {"START", add_start, false, PROCESS_STAT, SCOPE_PROCESS},
	[COLUMN_UNIT] = {"UNIT", add_unit, true, PROCESS_CGROUP, SCOPE_PROCESS},
	[COLUMN_CONTAINER] = {"CONTAINER", add_container, true, PROCESS_CGROUP, SCOPE_PROCESS},
	[COLUMN_RECVQ] = {"RECVQ", add_rqueue, false, 0, SCOPE_ROW},
	[COLUMN_SENDQ] = {"SENDQ", add_wqueue, false, 0, SCOPE_ROW},
	[COLUMN_PEER] = {"PEER", add_peer, true, 0, SCOPE_ROW},
	[COLUMN_REASON] = {"REASON", add_reason, true, 0, SCOPE_ROW},
};

bool column_parse(const char *name, size_t len, enum column_id *out)
{
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		const char *title = columns[i].title;
		/* SIZE/OFF is also SIZE. */
		if ((strlen(title) == len || (len > 0 && strcspn(title, "/") == len)) &&
		    strncasecmp(title, name, len) == 0) {
			*out = (enum column_id)i;
			return true;
		}
	}
	return false;
}

const char *column_title(enum column_id id)
{
	return columns[id].title;
}

bool column_is_left(enum column_id id)
{
	return columns[id].left;
}

unsigned column_facts(enum column_id id)
{
	return columns[id].facts;
}

bool column_repeats(enum column_id id, const struct row *a, const struct row *b)
{
	const struct sock *s = a->sock, *t = b->sock;

	switch (columns[id].scope) {
	case SCOPE_PROCESS:
		return a->process && a->process == b->process;
	case SCOPE_PROTO:
		return s->proto == t->proto && s->local.family == t->local.family &&
		       SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET;
	default:
		return false;
	}
}

void column_add(enum column_id id, const struct column_style *style, const struct row *row,
		struct buf *out)
{
	columns[id].add(style, row, out);
}
