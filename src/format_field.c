/*
 * lsof's field output; see format_field.h. Which fields a file set has depends on the
 * socket: an internet socket has its inode as its device, others as their inode.
 */
#include "format_field.h"

#include "buf.h"
#include "column.h"
#include "escape.h"
#include "holder.h"
#include "join.h"
#include "names.h"
#include "process.h"
#include "process_text.h"
#include "sock.h"
#include "sock_text.h"

#include <string.h>

enum { WRITE_SIZE = 65536 };

/* A field under way: nothing is added if it is not wanted. */
struct writer {
	const struct field_format *format;
	struct column_style style; /* its escapes are those of fields */
	struct buf out;
	size_t set; /* where the present set starts */
};

static bool begin(struct writer *w, char letter)
{
	if (!field_choice_has(&w->format->choice, letter))
		return false;
	buf_add_char(&w->out, letter);
	return true;
}

static void end(struct writer *w)
{
	buf_add_char(&w->out, w->format->choice.nul ? '\0' : '\n');
}

static void end_set(struct writer *w)
{
	if (w->format->choice.nul && w->out.len > w->set)
		buf_add_char(&w->out, '\n');
	w->set = w->out.len;
}

static void add_text(struct writer *w, char letter, const char *text)
{
	if (!begin(w, letter))
		return;
	buf_add_str(&w->out, text);
	end(w);
}

static void add_number(struct writer *w, char letter, uint64_t number)
{
	if (!begin(w, letter))
		return;
	buf_add_dec(&w->out, number);
	end(w);
}

static void add_foreign(struct writer *w, char letter, const char *name, size_t len)
{
	if (!begin(w, letter))
		return;
	escape_add(&w->out, name, len, w->style.escape, ESCAPE_ALL);
	end(w);
}

static void add_process(struct writer *w, const struct row *row)
{
	const struct process *p = row->process;
	const char *login;

	buf_add_char(&w->out, 'p'); /* always there */
	buf_add_dec(&w->out, (uint64_t)row->holder->pid);
	end(w);
	if (row->holder->tid != row->holder->pid)
		add_number(w, 'K', (uint64_t)row->holder->tid);
	if (row->task)
		add_foreign(w, 'M', row->task->command, row->task->command_len);
	if (!p->is_gone) {
		add_number(w, 'g', (uint64_t)p->pgid);
		add_number(w, 'R', (uint64_t)p->ppid);
	}
	add_foreign(w, 'c', p->command, p->command_len);
	add_number(w, 'u', p->uid);
	if (!w->style.numeric_users && (login = names_user_of(w->style.names, p->uid)))
		add_foreign(w, 'L', login, strlen(login));
	end_set(w);
}

/* What the socket is told from others by: an inode as its device, or beside one. */
static void add_node(struct writer *w, const struct sock *s)
{
	bool inet = SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS;
	size_t start = w->out.len;

	if ((inet || s->proto == SOCK_PROTO_UNIX || s->proto == SOCK_PROTO_PACKET) &&
	    begin(w, 'd')) {
		if (sock_text_add_device(s, &w->out))
			end(w);
		else
			w->out.len = start;
	}
	add_text(w, 'o', "0t0");
	if (!inet && s->proto != SOCK_PROTO_PACKET)
		add_number(w, 'i', s->inode);
	if (inet)
		add_text(w, 'P', sock_proto_name((enum sock_proto)s->proto));
}

/* ST=, QR=, QS=: each a field of its own. */
static void add_tcp_info(struct writer *w, const struct sock *s)
{
	bool inet = SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS;

	if (sock_text_has_state(s) && !w->style.hide_state && begin(w, 'T')) {
		buf_add_str(&w->out, "ST=");
		buf_add_str(&w->out, sock_state_name((enum sock_state)s->state));
		end(w);
	}
	if (!inet || w->format->hide_queues || !sock_has_queues(s))
		return;
	if (begin(w, 'T')) {
		buf_add_str(&w->out, "QR=");
		buf_add_dec(&w->out, s->rqueue);
		end(w);
	}
	if (begin(w, 'T')) {
		buf_add_str(&w->out, "QS=");
		buf_add_dec(&w->out, s->wqueue);
		end(w);
	}
}

static void add_file(struct writer *w, const struct row *row)
{
	bool is_fd = row->holder->kind == HOLDER_FD;

	if (begin(w, 'f')) {
		process_text_add_fd(row->holder, false, &w->out);
		end(w);
	}
	add_text(w, 'a', is_fd ? "u" : " ");
	add_text(w, 'l', " ");
	add_text(w, 't', sock_text_type(row->sock));
	if (row->flags_known && begin(w, 'G')) {
		buf_add_str(&w->out, "0x");
		buf_add_hex(&w->out, row->flags, 1);
		buf_add_str(&w->out, ";0x0"); /* lsof's own flags of a process's files */
		end(w);
	}
	add_node(w, row->sock);
	if (begin(w, 'n')) {
		sock_text_add_socket(&w->style, row->sock, &w->out);
		sock_text_add_arrow(&w->style, row->sock, &w->out);
		end(w);
	}
	add_tcp_info(w, row->sock);
	end_set(w);
}

int format_field_write(const struct field_format *format, const struct row_list *rows, int fd)
{
	struct writer w = {.format = format, .style = *format->style};
	const struct row *before = NULL;
	int rc = 0;

	if (format->choice.nul)
		w.style.escape = ESCAPE_RAW;
	for (size_t i = 0; i < rows->len && rows->v[i].holder && rc == 0; i++) {
		const struct row *row = &rows->v[i];
		if (!before || before->holder->pid != row->holder->pid ||
		    before->holder->tid != row->holder->tid)
			add_process(&w, row);
		add_file(&w, row);
		before = row;
		if (w.out.len >= WRITE_SIZE) {
			rc = buf_write(&w.out, fd);
			w.set = 0;
		}
	}
	if (rc == 0)
		rc = buf_write(&w.out, fd);
	buf_free(&w.out);
	return rc;
}

unsigned format_field_facts(const struct field_choice *choice)
{
	bool stat = field_choice_has(choice, 'g') || field_choice_has(choice, 'R');

	return stat ? PROCESS_STAT : 0;
}
