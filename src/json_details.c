/*
 * The key `details` of JSON; see json_value.h. Keys are two tables, of the process and of the
 * socket: no name is in both, since a line of -j has all of them in one object.
 */
#include "json_value.h"

#include "background.h"
#include "buf.h"
#include "column.h"
#include "holder.h"
#include "join.h"
#include "json.h"
#include "lineage.h"
#include "process_detail.h"
#include "sock.h"
#include "sock_info.h"

#include <string.h>

/* Details of a row's process, or NULL. */
static const struct process_detail *detail_of(const struct row *row)
{
	return row->process ? row->process->detail : NULL;
}

static void add_bool(struct buf *out, bool value)
{
	buf_add_str(out, value ? "true" : "false");
}

static void add_exe(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process_detail *d = detail_of(row);

	(void)style;
	json_add_text(out, d ? d->exe : NULL);
}

static void add_exe_deleted(const struct column_style *style, const struct row *row,
			    struct buf *out)
{
	const struct process_detail *d = detail_of(row);

	(void)style;
	if (d && d->exe)
		add_bool(out, d->exe_deleted);
	else
		json_add_null(out);
}

static void add_real_uid(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process_detail *d = detail_of(row);

	(void)style;
	if (d && d->real_uid_known)
		buf_add_dec(out, d->real_uid);
	else
		json_add_null(out);
}

static void add_age(const struct column_style *style, const struct row *row, struct buf *out)
{
	uint64_t seconds;

	if (row->process && background_age(style->background, row->process, &seconds))
		buf_add_dec(out, seconds);
	else
		json_add_null(out);
}

/* The parents of the row's process, none if they are unknown. */
static size_t list_parents(const struct column_style *style, const struct row *row,
			   const struct process **out)
{
	const struct process *p = row->process;

	if (!p || p->is_gone || p->is_opaque)
		return 0;
	return lineage_list(&style->background->parents, p, out, LINEAGE_MAX);
}

static void add_parent(const struct process *p, struct buf *out)
{
	buf_add_str(out, "{\"pid\":");
	buf_add_dec(out, (uint64_t)p->pid);
	buf_add_str(out, ",\"command\":");
	json_value_command_of(p, out);
	buf_add_char(out, '}');
}

static void add_parents(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process *parents[LINEAGE_MAX];
	size_t len = list_parents(style, row, parents);

	if (!row->process || row->process->is_gone || row->process->is_opaque) {
		json_add_null(out);
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; i < len; i++) {
		buf_add_str(out, i > 0 ? "," : "");
		add_parent(parents[i], out);
	}
	buf_add_char(out, ']');
}

static void add_session(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process *parents[LINEAGE_MAX];
	const struct process *ssh =
		lineage_find_ssh(parents, list_parents(style, row, parents));

	if (!ssh) {
		json_add_null(out);
		return;
	}
	buf_add_str(out, "{\"kind\":\"ssh\",\"pid\":");
	buf_add_dec(out, (uint64_t)ssh->pid);
	buf_add_str(out, ",\"command\":");
	json_value_command_of(ssh, out);
	buf_add_char(out, '}');
}

static void add_tty(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process_detail *d = detail_of(row);
	struct buf tty = {0};

	(void)style;
	if (d)
		process_detail_add_tty(d, &tty);
	if (tty.len > 0)
		json_add_string(out, tty.data, tty.len);
	else
		json_add_null(out);
	if (tty.error)
		out->error = tty.error;
	buf_free(&tty);
}

static void add_cgroup(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_text(out, row->process ? row->process->cgroup : NULL);
}

static void add_threads(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process_detail *d = detail_of(row);

	(void)style;
	json_add_number_or_null(out, d ? d->threads : 0);
}

static void add_fds(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct process_detail *d = detail_of(row);

	(void)style;
	if (d && d->fds >= 0)
		buf_add_dec(out, (uint64_t)d->fds);
	else
		json_add_null(out);
}

/* --- of the socket --------------------------------------------------------- */

static void add_socket_cgroup(const struct column_style *style, const struct row *row,
			      struct buf *out)
{
	json_add_text(out, background_cgroup(style->background, row->sock));
}

static void add_v6only(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->sock->v6only != SOCK_V6ONLY_UNKNOWN)
		add_bool(out, row->sock->v6only == SOCK_V6ONLY_YES);
	else
		json_add_null(out);
}

static void add_backlog(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock *s = row->sock;

	(void)style;
	if (s->state != SOCK_STATE_LISTEN || !sock_has_queues(s)) {
		json_add_null(out);
		return;
	}
	buf_add_str(out, "{\"waiting\":");
	buf_add_dec(out, s->rqueue);
	buf_add_str(out, ",\"limit\":");
	if (s->cookie) /* text does not tell it */
		buf_add_dec(out, s->wqueue);
	else
		json_add_null(out);
	buf_add_char(out, '}');
}

/* A key of an object under way. */
static void add_key(struct buf *out, const char *key, bool first)
{
	buf_add_str(out, first ? "{\"" : ",\"");
	buf_add_str(out, key);
	buf_add_str(out, "\":");
}

static void add_memory(const struct column_style *style, const struct row *row, struct buf *out)
{
	static const char *const names[SOCK_MEMORY_DROPS] = {
		[SOCK_MEMORY_RECEIVED] = "receive", [SOCK_MEMORY_RECEIVE_LIMIT] = "receive_limit",
		[SOCK_MEMORY_SENT] = "send", [SOCK_MEMORY_SEND_LIMIT] = "send_limit",
		[SOCK_MEMORY_FORWARD] = "forward", [SOCK_MEMORY_QUEUED] = "queued",
		[SOCK_MEMORY_OPTIONS] = "options", [SOCK_MEMORY_BACKLOG] = "backlog"};
	uint32_t bytes;

	(void)style;
	if (!row->sock->info || row->sock->info->memory_len == 0) {
		json_add_null(out);
		return;
	}
	for (unsigned i = 0; i < SOCK_MEMORY_DROPS; i++) {
		add_key(out, names[i], i == 0);
		if (sock_info_memory(row->sock->info, (enum sock_memory)i, &bytes))
			buf_add_dec(out, bytes);
		else
			json_add_null(out);
	}
	buf_add_char(out, '}');
}

static void add_drops(const struct column_style *style, const struct row *row, struct buf *out)
{
	uint32_t drops;

	(void)style;
	if (sock_info_memory(row->sock->info, SOCK_MEMORY_DROPS, &drops))
		buf_add_dec(out, drops);
	else
		json_add_null(out);
}

/* A number that is there if its bit of `known` is. */
static void add_known(const struct row *row, unsigned known, uint32_t value, struct buf *out)
{
	if (row->sock->info && row->sock->info->known & known)
		buf_add_dec(out, value);
	else
		json_add_null(out);
}

static void add_tries(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock_info *info = row->sock->info;

	(void)style;
	add_known(row, SOCK_INFO_RETRANSMITS, info ? info->retransmits : 0, out);
}

static void add_tos(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	add_known(row, SOCK_INFO_TOS, row->sock->info ? row->sock->info->tos : 0, out);
}

static void add_tclass(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	add_known(row, SOCK_INFO_TCLASS, row->sock->info ? row->sock->info->tclass : 0, out);
}

static void add_mark(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	add_known(row, SOCK_INFO_MARK, row->sock->info ? row->sock->info->mark : 0, out);
}

/* The names of bits, as an array; null if they are not known. */
static void add_bits(const struct row *row, unsigned known, unsigned bits,
		     const char *(*name)(size_t i), struct buf *out)
{
	bool any = false;

	if (!row->sock->info || !(row->sock->info->known & known)) {
		json_add_null(out);
		return;
	}
	buf_add_char(out, '[');
	for (size_t i = 0; name(i); i++) {
		if (!(bits >> i & 1))
			continue;
		buf_add_str(out, any ? "," : "");
		json_add_text(out, name(i));
		any = true;
	}
	buf_add_char(out, ']');
}

/* Bits SOCK_INFO_SHUT_RECEIVE, SOCK_INFO_SHUT_SEND. */
static const char *shutdown_name(size_t i)
{
	return i == 0 ? "receive" : i == 1 ? "send" : NULL;
}

static void add_shutdown(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock_info *info = row->sock->info;

	(void)style;
	add_bits(row, SOCK_INFO_SHUTDOWN, info ? info->shutdown : 0, shutdown_name, out);
}

static void add_flags(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock_info *info = row->sock->info;

	(void)style;
	add_bits(row, SOCK_INFO_FLAGS, info ? info->flags : 0, sock_info_flag_name, out);
}

static void add_congestion(const struct column_style *style, const struct row *row,
			   struct buf *out)
{
	const struct sock_info *info = row->sock->info;

	(void)style;
	json_add_text(out, info && *info->congestion ? info->congestion : NULL);
}

static void add_ulp(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock_info *info = row->sock->info;

	(void)style;
	json_add_text(out, info && *info->ulp ? info->ulp : NULL);
}

/* The members of struct tcp_info by its names. */
static void add_tcp(const struct column_style *style, const struct row *row, struct buf *out)
{
	uint64_t value;

	(void)style;
	if (!row->sock->info || row->sock->info->tcp_known == 0) {
		json_add_null(out);
		return;
	}
	for (unsigned i = 0; i < SOCK_TCP_COUNT; i++) {
		add_key(out, sock_info_tcp_name((enum sock_tcp)i), i == 0);
		if (sock_info_tcp(row->sock->info, (enum sock_tcp)i, &value))
			buf_add_dec(out, value);
		else
			json_add_null(out);
	}
	buf_add_char(out, '}');
}

static void add_opener(const struct column_style *style, const struct row *row, struct buf *out)
{
	static const char *const words[] = {
		[SOCK_OPENER_UNKNOWN] = NULL, [SOCK_OPENER_THIS] = "this",
		[SOCK_OPENER_OTHER] = "other"};

	(void)style;
	json_add_text(out, words[sock_info_opener(row->sock, row->sock->info)]);
}

static void add_file(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock_file *f = &row->sock->file;

	(void)style;
	if (f->inode == 0) {
		json_add_null(out);
		return;
	}
	add_key(out, "major", true);
	buf_add_dec(out, f->major);
	add_key(out, "minor", false);
	buf_add_dec(out, f->minor);
	add_key(out, "inode", false);
	buf_add_dec(out, f->inode);
	buf_add_char(out, '}');
}

static const struct key {
	const char *key;
	json_value *add;
} process_keys[] = {
	{"exe", add_exe},
	{"exe_deleted", add_exe_deleted},
	{"real_uid", add_real_uid},
	{"age", add_age},
	{"parents", add_parents},
	{"tty", add_tty},
	{"session", add_session},
	{"cgroup", add_cgroup},
	{"threads", add_threads},
	{"fds", add_fds},
}, sock_keys[] = {
	{"socket_cgroup", add_socket_cgroup},
	{"v6only", add_v6only},
	{"file", add_file},
	{"backlog", add_backlog},
	{"memory", add_memory},
	{"drops", add_drops},
	{"timer_tries", add_tries},
	{"shutdown", add_shutdown},
	{"congestion", add_congestion},
	{"opener", add_opener},
	{"tcp", add_tcp},
	{"tos", add_tos},
	{"tclass", add_tclass},
	{"mark", add_mark},
	{"ulp", add_ulp},
	{"flags", add_flags},
};

enum {
	PROCESS_KEYS = sizeof(process_keys) / sizeof(*process_keys),
	SOCK_KEYS = sizeof(sock_keys) / sizeof(*sock_keys),
};

/* With --sockopts: null for who could not be asked. */
static void add_options(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sockopt_set *set;

	if (!style->background->has_options)
		return;
	add_key(out, "options", false);
	set = sockopt_list_find(&style->background->options, row->sock);
	if (set)
		sockopt_add_json(set, out);
	else
		json_add_null(out);
}

static void add_keys(const struct key *keys, size_t len, bool first,
		     const struct column_style *style, const struct row *row, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		add_key(out, keys[i].key, first && i == 0);
		keys[i].add(style, row, out);
	}
}

void json_value_process_details(const struct column_style *style, const struct row *row,
				struct buf *out)
{
	add_keys(process_keys, PROCESS_KEYS, true, style, row, out);
	buf_add_char(out, '}');
}

void json_value_sock_details(const struct column_style *style, const struct row *row,
			     struct buf *out)
{
	add_keys(sock_keys, SOCK_KEYS, true, style, row, out);
	add_options(style, row, out);
	buf_add_char(out, '}');
}

void json_value_details(const struct column_style *style, const struct row *row, struct buf *out)
{
	add_keys(process_keys, PROCESS_KEYS, true, style, row, out);
	add_keys(sock_keys, SOCK_KEYS, false, style, row, out);
	add_options(style, row, out);
	buf_add_char(out, '}');
}
