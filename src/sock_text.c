/* The words of a row about its socket; see sock_text.h. */
#include "sock_text.h"

#include "acceptor.h"
#include "addr.h"
#include "buf.h"
#include "column.h"
#include "ends.h"
#include "escape.h"
#include "join.h"
#include "names.h"
#include "process_text.h"
#include "reason_text.h"
#include "sock.h"

#include <string.h>

/* A name that is one word: in ASCII alone, or as it is. */
static void add_word(const struct column_style *style, const char *name, struct buf *out)
{
	escape_add(out, name, strlen(name), (style->escape & ESCAPE_RAW) | ESCAPE_BLANKS,
		   ESCAPE_ALL);
}

/* The interface that a socket is bound to, by name where that is known. */
static void add_device(const struct column_style *style, const struct sock *s, const char *head,
		       struct buf *out)
{
	if (s->bound_if == 0)
		return;
	buf_add_str(out, head);
	if (s->device)
		add_word(style, s->device, out);
	else
		buf_add_dec(out, s->bound_if);
}

void sock_text_add_end(const struct column_style *style, const struct sock *s,
		       const struct addr *end, struct buf *out)
{
	const char *host = NULL, *service = NULL;

	if (style->host_names && !addr_is_wildcard(end))
		host = names_host_of(style->names, end);
	if (style->service_names && s->proto != SOCK_PROTO_RAW)
		service = names_service_of(style->names, end->port, (enum sock_proto)s->proto);
	if (host)
		add_word(style, host, out);
	else
		addr_add_ip(out, end, s->device);
	if (end == &s->local)
		add_device(style, s, "%", out);
	buf_add_char(out, ':');
	if (service)
		add_word(style, service, out);
	else if (end->port == 0)
		buf_add_char(out, '*');
	else
		buf_add_dec(out, end->port);
}

void sock_text_add_exact_name(const char *name, size_t name_len, unsigned flags, struct buf *out)
{
	const char *at = name, *end = at + name_len;
	const char *nul_text = flags & ESCAPE_RAW ? "@" : "\\0"; /* as the kernel's text has it */

	if (at < end && *at == '\0') {
		buf_add_char(out, '@');
		at++;
	}
	while (at < end) {
		const char *nul = memchr(at, '\0', (size_t)(end - at));
		size_t len = (size_t)((nul ? nul : end) - at);

		escape_add(out, at, len, flags, ESCAPE_ALL);
		if (nul)
			buf_add_str(out, nul_text);
		at += len + (nul != NULL);
	}
}

void sock_text_add_path(const struct column_style *style, const struct sock *s, unsigned flags,
			struct buf *out)
{
	if (s->name && s->name_is_exact)
		sock_text_add_exact_name(s->name, s->name_len, style->escape | flags, out);
	else if (s->name)
		escape_add(out, s->name, s->name_len, style->escape | flags, ESCAPE_ALL);
}

bool sock_text_has_state(const struct sock *s)
{
	bool inet = SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET;
	bool has_state = !inet || s->proto == SOCK_PROTO_TCP || s->proto == SOCK_PROTO_MPTCP ||
			 s->proto == SOCK_PROTO_SCTP;

	return has_state && *sock_state_name((enum sock_state)s->state);
}

/* `(LISTEN QR=0 QS=0)` */
static void add_state(const struct column_style *style, const struct sock *s, struct buf *out)
{
	bool inet = SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET;
	const char *state = sock_state_name((enum sock_state)s->state);
	bool show_state = sock_text_has_state(s) && !style->hide_state;
	bool show_queues = inet && style->show_queues && sock_has_queues(s);

	if (!show_state && !show_queues)
		return;
	buf_add_str(out, " (");
	if (show_state)
		buf_add_str(out, state);
	if (show_queues) {
		buf_add_str(out, show_state ? " QR=" : "QR=");
		buf_add_dec(out, s->rqueue);
		buf_add_str(out, " QS=");
		buf_add_dec(out, s->wqueue);
	}
	buf_add_char(out, ')');
}

const char *sock_text_unix_type(const struct sock *s)
{
	switch (s->type) {
	case SOCK_STREAM:
		return "STREAM";
	case SOCK_DGRAM:
		return "DGRAM";
	case SOCK_SEQPACKET:
		return "SEQPACKET";
	default:
		return "unknown";
	}
}

void sock_text_add_socket(const struct column_style *style, const struct sock *s, struct buf *out)
{
	if (s->proto == SOCK_PROTO_OTHER) {
		buf_add_str(out, "protocol: ");
		if (s->name_len > 0)
			sock_text_add_path(style, s, 0, out);
		else
			buf_add_str(out, "unknown");
		return;
	}
	if (!(SOCK_PROTO_BIT(s->proto) & (SOCK_PROTOS_INET | SOCK_PROTO_BIT(SOCK_PROTO_UNIX)))) {
		sock_text_add_path(style, s, 0, out);
		add_device(style, s, " dev=", out);
		return;
	}
	if (s->proto == SOCK_PROTO_UNIX) {
		sock_text_add_path(style, s, 0, out);
		buf_add_str(out, s->name && s->name_len > 0 ? " type=" : "type=");
		buf_add_str(out, sock_text_unix_type(s));
		return;
	}
	sock_text_add_end(style, s, &s->local, out);
	if (s->remote.port != 0 || !addr_is_wildcard(&s->remote)) {
		buf_add_str(out, "->");
		sock_text_add_end(style, s, &s->remote, out);
	}
}

const char *sock_text_type(const struct sock *s)
{
	bool v6 = s->local.family == AF_INET6;

	if (!(SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET))
		return sock_proto_name((enum sock_proto)s->proto);
	if (s->proto == SOCK_PROTO_RAW)
		return v6 ? "raw6" : "raw";
	return v6 ? "IPv6" : "IPv4";
}

bool sock_text_add_device(const struct sock *s, struct buf *out)
{
	if (s->proto != SOCK_PROTO_UNIX) {
		buf_add_dec(out, s->inode);
	} else if (s->is_scanned && !s->cookie) {
		return false; /* nobody has asked for it, so there is none */
	} else {
		buf_add_str(out, "0x");
		buf_add_hex(out, s->cookie, 16);
	}
	return true;
}

static void add_acceptors(const struct column_style *style, const struct row *row, struct buf *out)
{
	struct acceptors a;

	acceptors_find(row->snap, row->sock, &a);
	for (size_t i = 0; i < a.len; i++) {
		const struct process *p =
			process_table_find(&row->snap->processes, a.v[i]->pid, a.v[i]->pid);
		buf_add_char(out, ' ');
		process_text_add_holder(a.v[i], p, style->escape, out);
	}
}

void sock_text_add_ends(const struct column_style *style, const struct sock *s, struct buf *out)
{
	if (!style->ends)
		return;
	const struct end end = ends_of(style->ends, s);

	buf_add_str(out, end.unknown ? "[unknown]" : "");
	buf_add_str(out, end.several ? "[one-of] " : end.queued ? "[not-accepted] " : "");
	for (size_t i = 0; i < end.rows_len; i++) {
		const struct row *row = end.rows[i];
		buf_add_str(out, i > 0 ? " " : "");
		if (row->holder) {
			process_text_add_holder(row->holder, row->process, style->escape, out);
			continue;
		}
		buf_add_char(out, '[');
		buf_add_str(out, reason_text_code(row->reason));
		buf_add_char(out, ']');
		if (row->reason == REASON_NOT_ACCEPTED)
			add_acceptors(style, row, out);
	}
}

void sock_text_add_arrow(const struct column_style *style, const struct sock *s, struct buf *out)
{
	if (!style->name_ends)
		return;
	if (s->peer != 0) {
		buf_add_str(out, " ->INO=");
		buf_add_dec(out, s->peer);
	}
	size_t head = out->len;
	buf_add_char(out, ' ');
	sock_text_add_ends(style, s, out);
	if (out->len == head + 1)
		out->len = head; /* nothing is known */
}

void sock_text_add_name(const struct column_style *style, const struct row *row, struct buf *out)
{
	sock_text_add_socket(style, row->sock, out);
	sock_text_add_arrow(style, row->sock, out);
	add_state(style, row->sock, out);
	if (row->reason == REASON_NONE)
		return;
	buf_add_str(out, style->colour_reason ? " \033[33m[" : " [");
	reason_text_add(style, row, out);
	buf_add_str(out, style->colour_reason ? "]\033[m" : "]");
}
