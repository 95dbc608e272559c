/* Values of a socket in JSON; see json_value.h. */
#include "json_value.h"

#include "buf.h"
#include "column.h"
#include "escape.h"
#include "join.h"
#include "json.h"
#include "netns.h"
#include "sock.h"
#include "sock_text.h"

#include <arpa/inet.h>

void json_value_type(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_text(out, sock_text_type(row->sock));
}

void json_value_family(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock *s = row->sock;
	const char *name = s->local.family == AF_INET6 ? "inet6" : "inet";

	(void)style;
	if (s->proto == SOCK_PROTO_OTHER)
		name = NULL;
	else if (!(SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET))
		name = sock_proto_name((enum sock_proto)s->proto);
	json_add_text(out, name);
}

void json_value_protocol(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock *s = row->sock;

	(void)style;
	if (SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_INET)
		json_add_text(out, sock_proto_name((enum sock_proto)s->proto));
	else if (s->proto == SOCK_PROTO_UNIX && s->type != 0)
		json_add_text(out, sock_text_unix_type(s));
	else if (s->proto == SOCK_PROTO_OTHER && s->name_len > 0)
		json_add_string(out, s->name, s->name_len);
	else
		json_add_null(out);
}

void json_value_state(const struct column_style *style, const struct row *row, struct buf *out)
{
	const char *name = sock_state_name((enum sock_state)row->sock->state);

	(void)style;
	json_add_text(out, *name ? name : NULL);
}

void json_value_inode(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_number_or_null(out, row->sock->inode);
}

void json_value_cookie(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	json_add_number_or_null(out, sock_is_unix_text(row->sock) ? 0 : row->sock->cookie);
}

void json_value_netns(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct netns *ns = NULL;

	if (style->namespaces)
		ns = netns_list_find(style->namespaces, row->sock->netns);
	json_add_number_or_null(out, ns ? ns->inode : row->sock->netns);
}

void json_value_socket_uid(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->sock->uid_known)
		buf_add_dec(out, row->sock->uid);
	else
		json_add_null(out);
}

void json_value_bound_device(const struct column_style *style, const struct row *row,
			     struct buf *out)
{
	const struct sock *s = row->sock;
	struct buf index = {0};

	(void)style;
	if (s->bound_if == 0 || s->device) {
		json_add_text(out, s->bound_if ? s->device : NULL);
		return;
	}
	buf_add_dec(&index, s->bound_if); /* its name is another namespace's */
	json_add_string(out, index.data, index.len);
	if (index.error)
		out->error = index.error;
	buf_free(&index);
}

/* Parts of NAME come from us and from strangers: the bytes of all are escaped here. */
void json_value_name(const struct column_style *style, const struct row *row, struct buf *out)
{
	struct buf name = {0};

	sock_text_add_socket(style, row->sock, &name);
	json_add_string(out, name.data, name.len);
	if (name.error)
		out->error = name.error;
	buf_free(&name);
}

static void add_end(const struct sock *s, const struct addr *a, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	struct buf scope = {0};

	inet_ntop(a->family, &a->ip, text, sizeof(text));
	addr_add_scope(&scope, a, s->device, ESCAPE_RAW);
	buf_add_str(out, "{\"address\":\"");
	buf_add_str(out, text);
	json_add_bytes(out, scope.data, scope.len);
	buf_add_str(out, "\",\"port\":");
	buf_add_dec(out, a->port);
	buf_add_char(out, '}');
	if (scope.error)
		out->error = scope.error;
	buf_free(&scope);
}

void json_value_local(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (row->sock->local.family != AF_UNSPEC)
		add_end(row->sock, &row->sock->local, out);
	else
		json_add_null(out);
}

void json_value_remote(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct addr *a = &row->sock->remote;

	(void)style;
	if (a->family != AF_UNSPEC && (a->port != 0 || !addr_is_wildcard(a)))
		add_end(row->sock, a, out);
	else
		json_add_null(out);
}

/* An abstract name begins with '@' in place of its NUL; a path that does, with \x40. */
void json_value_path(const struct column_style *style, const struct row *row, struct buf *out)
{
	const struct sock *s = row->sock;

	(void)style;
	if (s->proto != SOCK_PROTO_UNIX || !s->name || s->name_len == 0) {
		json_add_null(out);
		return;
	}
	bool head = s->name_is_exact && (*s->name == '\0' || *s->name == '@');
	buf_add_char(out, '"');
	if (head)
		buf_add_str(out, *s->name == '\0' ? "@" : "\\\\x40");
	json_add_bytes(out, s->name + head, s->name_len - head);
	buf_add_char(out, '"');
}

void json_value_queues(const struct column_style *style, const struct row *row, struct buf *out)
{
	(void)style;
	if (!sock_has_queues(row->sock)) {
		json_add_null(out);
		return;
	}
	buf_add_str(out, "{\"recv\":");
	buf_add_dec(out, row->sock->rqueue);
	buf_add_str(out, ",\"send\":");
	buf_add_dec(out, row->sock->wqueue);
	buf_add_char(out, '}');
}

void json_value_timer(const struct column_style *style, const struct row *row, struct buf *out)
{
	static const char *const names[] = {
		[SOCK_TIMER_RETRANSMIT] = "retransmit", [SOCK_TIMER_KEEPALIVE] = "keepalive",
		[SOCK_TIMER_TIME_WAIT] = "time-wait", [SOCK_TIMER_PROBE] = "probe"};
	const struct sock *s = row->sock;

	(void)style;
	if (s->timer == SOCK_TIMER_NONE) {
		json_add_null(out);
		return;
	}
	buf_add_str(out, "{\"name\":");
	json_add_text(out, names[s->timer]);
	buf_add_str(out, ",\"ms\":");
	buf_add_dec(out, s->timer_ms);
	buf_add_char(out, '}');
}

