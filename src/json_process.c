/* Values of a process and of a descriptor in JSON; see json_value.h. */
#define _GNU_SOURCE
#include "json_value.h"

#include "buf.h"
#include "column.h"
#include "holder.h"
#include "join.h"
#include "json.h"
#include "names.h"
#include "process.h"
#include "row_fact.h"

#include <string.h>

void json_value_pid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_number_or_null(out, row->holder ? (uint64_t)row->holder->pid : 0);
}

void json_value_tid(const struct column_style *style, const struct row *row, struct buf *out)
{
	bool is_thread = row->holder && row->holder->tid != row->holder->pid;

	(void)style;
	json_add_number_or_null(out, is_thread ? (uint64_t)row->holder->tid : 0);
}

void json_value_ppid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->process && !row->process->is_gone) /* 0 is an answer: the kernel's, or abroad */
		buf_add_dec(out, (uint64_t)row->process->ppid);
	else
		json_add_null(out);
}

void json_value_pgid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->process && !row->process->is_gone)
		buf_add_dec(out, (uint64_t)row->process->pgid);
	else
		json_add_null(out);
}

void json_value_command_of(const struct process *p, struct buf *out)
{
	if (p && p->command_len > 0)
		json_add_string(out, p->command, p->command_len);
	else
		json_add_null(out);
}

void json_value_command(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_value_command_of(row->process, out);
}

void json_value_task_cmd(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_value_command_of(row->task, out);
}

void json_value_uid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->process)
		buf_add_dec(out, row->process->uid);
	else
		json_add_null(out);
}

void json_value_login(const struct column_style *style, const struct row *row, struct buf *out)
{
	bool wanted = row->process && !style->numeric_users;

	json_add_text(out, wanted ? names_user_of(style->names, row->process->uid) : NULL);
}

void json_value_start(const struct column_style *style, const struct row *row, struct buf *out)
{
	int64_t seconds;

	if (row->process && process_start(row->process, style->boot_time, &seconds) && seconds > 0)
		buf_add_dec(out, (uint64_t)seconds);
	else
		json_add_null(out);
}

void json_value_cmdline(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process *p = row->process;

	(void)style;
	if (!p || !p->args) {
		json_add_null(out);
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; i < p->args_len;) {
		size_t len = strnlen(p->args + i, p->args_len - i);
		buf_add_str(out, i > 0 ? "," : "");
		json_add_string(out, p->args + i, len);
		i += len + 1;
	}
	buf_add_char(out, ']');
}

void json_value_cwd(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_text(out, row->process ? row->process->cwd : NULL);
}

static void add_place(struct cgroup_name name, struct buf *out)
{
	if (name.len > 0)
		json_add_string(out, name.text, name.len);
	else
		json_add_null(out);
}

void json_value_unit(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	add_place(row_unit(row), out);
}

void json_value_container(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	add_place(row_container(row), out);
}

/* --- of the descriptor ----------------------------------------------------- */

void json_value_fd_of(const struct holder *h, struct buf *out)
{
	if (h && h->kind != HOLDER_MEM)
		buf_add_dec(out, (uint64_t)h->fd);
	else
		json_add_null(out);
}

void json_value_fd(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_value_fd_of(row->holder, out);
}

void json_value_kind(const struct column_style *style, const struct row *row, struct buf *out)
{
	static const char *const kinds[] = {
		[HOLDER_FD] = "fd", [HOLDER_RING] = "ring", [HOLDER_MEM] = "mem"};
	bool queued = row->reason == REASON_NOT_ACCEPTED || row->reason == REASON_IN_FLIGHT;

	(void)style;
	json_add_text(out, row->holder ? kinds[row->holder->kind] : queued ? "queue" : NULL);
}

void json_value_access(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_text(out, row->holder && row->holder->kind == HOLDER_FD ? "u" : NULL);
}

