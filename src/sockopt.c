/*
 * Options of sockets, read and told; see sockopt.h. What there is to read stands in
 * sockopt_table.c.
 */
#define _GNU_SOURCE
#include "sockopt.h"

#include "buf.h"
#include "escape.h"
#include "holder.h"
#include "json.h"
#include "sock_text.h"
#include "sockopt_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* --- reading --------------------------------------------------------------- */

static bool is_asked(const struct sockopt_set *set, size_t i)
{
	return set->asked & UINT64_C(1) << i;
}

void sockopt_load(struct probe *p, const struct holder *h, const struct sock *s,
		  struct sockopt_set *out)
{
	struct probe_option asked[PROBE_OPTIONS_MAX];
	const struct sockopt_row *row;
	struct probe_options read;
	unsigned kinds = sockopt_kinds(s);
	size_t count = 0;

	*out = (struct sockopt_set){0};
	for (size_t i = 0; (row = sockopt_row(i)); i++) {
		if (!(row->kinds & kinds))
			continue;
		asked[count++] = (struct probe_option){row->level, row->number};
		out->asked |= UINT64_C(1) << i;
	}
	/* What no descriptor of theirs holds cannot be copied. */
	out->rc = h->kind == HOLDER_FD ? probe_options(p, h, asked, count, &read) : -EOPNOTSUPP;
	if (out->rc < 0)
		return;
	out->read.local = read.local;
	out->read.remote = read.remote;
	for (size_t i = 0, next = 0; sockopt_row(i); i++) {
		if (is_asked(out, i))
			out->read.values[i] = read.values[next++];
	}
}

/* --- values ---------------------------------------------------------------- */

/* What an option is set to, in the member that its shape has. */
struct value {
	int number;
	struct linger linger;
	struct timeval time;
	struct ucred cred;
	const char *text; /* borrowed from the set; not terminated */
	size_t len;
};

static bool copy(const struct probe_value *v, void *out, size_t size)
{
	if (v->rc < 0 || (size_t)v->rc < size)
		return false;
	memcpy(out, v->bytes, size);
	return true;
}

/*
 * The value of an option. Return false if it is not known, or none: no linger, no
 * device, no peer, whose uid is -1 then (cred_to_ucred in net/core/sock.c).
 */
static bool get(const struct sockopt_set *set, size_t i, struct value *out)
{
	const struct probe_value *v = &set->read.values[i];

	*out = (struct value){0};
	if (!is_asked(set, i))
		return false;
	switch (sockopt_row(i)->shape) {
	case SOCKOPT_LINGER:
		return copy(v, &out->linger, sizeof(out->linger)) && out->linger.l_onoff;
	case SOCKOPT_SECONDS:
		return copy(v, &out->time, sizeof(out->time));
	case SOCKOPT_CREDENTIALS:
		return copy(v, &out->cred, sizeof(out->cred)) && out->cred.uid != (uid_t)-1;
	case SOCKOPT_TEXT:
		out->text = (const char *)v->bytes;
		out->len = v->rc > 0 ? strnlen(out->text, (size_t)v->rc) : 0;
		return out->len > 0;
	default:
		return copy(v, &out->number, sizeof(out->number));
	}
}

static void add_int(int number, struct buf *out)
{
	if (number < 0)
		buf_add_char(out, '-');
	buf_add_dec(out, number < 0 ? 0U - (unsigned)number : (unsigned)number);
}

/* Seconds without zeros at the end: `2.5`. */
static void add_seconds(const struct timeval *time, struct buf *out)
{
	char fraction[16];
	int len = snprintf(fraction, sizeof(fraction), ".%06u", (unsigned)time->tv_usec % 1000000);

	while (len > 1 && fraction[len - 1] == '0')
		len--;
	buf_add_dec(out, (uint64_t)time->tv_sec);
	buf_add(out, fraction, len > 1 ? (size_t)len : 0);
}

/* --- text ------------------------------------------------------------------ */

static const char *refusal_text(int rc)
{
	switch (-rc) {
	case EPERM:
	case EACCES:
		return "not permitted: needs the same user and ptrace rights, or CAP_SYS_PTRACE";
	case ENOSYS:
		return "not before Linux 5.6";
	case EINVAL: /* PIDFD_THREAD */
		return "not of a thread's own descriptors before Linux 6.9";
	case EOPNOTSUPP:
		return "not held by a descriptor";
	case ESTALE:
	case ESRCH:
	case EBADF:
		return "gone by now";
	case ETIMEDOUT:
		return "no answer in time";
	default:
		return strerror(-rc);
	}
}

static bool is_alive(const struct sockopt_set *set)
{
	struct value v;

	return get(set, (size_t)sockopt_index("SO_KEEPALIVE"), &v) && v.number != 0;
}

/* True if a value says something. */
static bool is_told(const struct sockopt_set *set, const struct sockopt_row *row,
		    const struct value *v)
{
	if (row->showing == SOCKOPT_NEVER)
		return false;
	if (row->showing == SOCKOPT_ALWAYS || (row->showing == SOCKOPT_ALIVE && is_alive(set)))
		return true;
	switch (row->shape) {
	case SOCKOPT_FLAG:
	case SOCKOPT_INT:
	case SOCKOPT_UINT:
		return v->number != row->usual;
	case SOCKOPT_SECONDS:
		return v->time.tv_sec != 0 || v->time.tv_usec != 0;
	default:
		return true;
	}
}

static void add_credentials(const struct ucred *cred, struct buf *out)
{
	buf_add_str(out, "pid ");
	if (cred->pid > 0)
		buf_add_dec(out, (uint64_t)cred->pid);
	else
		buf_add_char(out, '-'); /* outside of our pid namespace */
	buf_add_str(out, " uid ");
	buf_add_dec(out, cred->uid);
	buf_add_str(out, " gid ");
	buf_add_dec(out, cred->gid);
}

static void add_value(const struct sockopt_row *row, const struct value *v, unsigned escape,
		      struct buf *out)
{
	switch (row->shape) {
	case SOCKOPT_FLAG:
		break;
	case SOCKOPT_INT:
		add_int(v->number, out);
		break;
	case SOCKOPT_UINT:
		buf_add_dec(out, (unsigned)v->number);
		break;
	case SOCKOPT_LINGER:
		add_int(v->linger.l_linger, out);
		break;
	case SOCKOPT_SECONDS:
		add_seconds(&v->time, out);
		break;
	case SOCKOPT_CREDENTIALS:
		add_credentials(&v->cred, out);
		break;
	case SOCKOPT_TEXT:
		escape_add(out, v->text, v->len, escape | ESCAPE_BLANKS, ESCAPE_ALL);
		break;
	}
}

void sockopt_add_text(const struct sockopt_set *set, unsigned escape, struct buf *out)
{
	const char *separator = "";
	const struct sockopt_row *row;
	struct value v;

	if (set->rc < 0) {
		buf_add_str(out, refusal_text(set->rc));
		return;
	}
	for (size_t i = 0; (row = sockopt_row(i)); i++) {
		if (!get(set, i, &v) || !is_told(set, row, &v))
			continue;
		buf_add_str(out, separator);
		buf_add_str(out, row->name);
		if (row->shape != SOCKOPT_FLAG) {
			buf_add_char(out, '(');
			add_value(row, &v, escape, out);
			buf_add_char(out, ')');
		}
		separator = ",";
	}
	if (!*separator) /* a filter of system calls: SO_SNDBUF is always there */
		buf_add_str(out, "none could be read");
}

/* --- names ----------------------------------------------------------------- */

static void add_family(sa_family_t family, struct buf *out)
{
	static const struct {
		sa_family_t family;
		const char *name;
	} names[] = {
		{AF_UNIX, "AF_UNIX"}, {AF_INET, "AF_INET"}, {AF_INET6, "AF_INET6"},
		{AF_NETLINK, "AF_NETLINK"}, {AF_PACKET, "AF_PACKET"}, {AF_VSOCK, "AF_VSOCK"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].family == family) {
			buf_add_str(out, names[i].name);
			return;
		}
	}
	buf_add_str(out, "AF_");
	buf_add_dec(out, family);
}

static void add_inet(int family, const void *address, uint32_t scope, in_port_t port,
		     struct buf *out)
{
	char text[INET6_ADDRSTRLEN];

	buf_add_char(out, ' ');
	buf_add_str(out, inet_ntop(family, address, text, sizeof(text)) ? text : "?");
	if (scope) {
		buf_add_char(out, '%');
		buf_add_dec(out, scope);
	}
	buf_add_str(out, "  port: ");
	buf_add_dec(out, ntohs(port));
}

/* A path, which ends at its NUL, or an abstract name, which may hold some. */
static void add_unix(const char *name, size_t len, unsigned escape, struct buf *out)
{
	size_t used = *name == '\0' ? len : strnlen(name, len);

	buf_add_char(out, ' ');
	sock_text_add_exact_name(name, used, escape, out);
}

static void add_name(const char *title, const struct probe_name *name, unsigned escape,
		     struct buf *out)
{
	const size_t path = offsetof(struct sockaddr_un, sun_path);
	size_t len = name->rc > 0 ? (size_t)name->rc : 0;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	sa_family_t family;

	if (len < sizeof(family))
		return;
	memcpy(&family, name->bytes, sizeof(family));
	buf_add_str(out, title);
	add_family(family, out);
	if (family == AF_INET && len >= sizeof(v4)) {
		memcpy(&v4, name->bytes, sizeof(v4));
		add_inet(AF_INET, &v4.sin_addr, 0, v4.sin_port, out);
	} else if (family == AF_INET6 && len >= sizeof(v6)) {
		memcpy(&v6, name->bytes, sizeof(v6));
		add_inet(AF_INET6, &v6.sin6_addr, v6.sin6_scope_id, v6.sin6_port, out);
	} else if (family == AF_UNIX && len > path) {
		add_unix(name->bytes + path, len - path, escape, out);
	}
}

void sockopt_add_names(const struct sockopt_set *set, unsigned escape, struct buf *out)
{
	size_t start = out->len;

	if (set->rc < 0)
		return;
	add_name("sockname: ", &set->read.local, escape, out);
	add_name(out->len > start ? "\npeername: " : "peername: ", &set->read.remote, escape, out);
}

/* --- JSON ------------------------------------------------------------------ */

static void json_add_credentials(const struct ucred *cred, struct buf *out)
{
	buf_add_str(out, "{\"pid\":");
	json_add_number_or_null(out, cred->pid > 0 ? (uint64_t)cred->pid : 0);
	buf_add_str(out, ",\"uid\":");
	buf_add_dec(out, cred->uid);
	buf_add_str(out, ",\"gid\":");
	buf_add_dec(out, cred->gid);
	buf_add_char(out, '}');
}

static void json_add_value(const struct sockopt_row *row, const struct value *v, struct buf *out)
{
	switch (row->shape) {
	case SOCKOPT_FLAG:
		buf_add_str(out, v->number ? "true" : "false");
		break;
	case SOCKOPT_SECONDS: /* our JSON has no fractions */
		buf_add_dec(out, (uint64_t)v->time.tv_sec * 1000 +
					 ((uint64_t)v->time.tv_usec + 999) / 1000);
		break;
	case SOCKOPT_CREDENTIALS:
		json_add_credentials(&v->cred, out);
		break;
	case SOCKOPT_TEXT:
		json_add_string(out, v->text, v->len);
		break;
	default:
		add_value(row, v, 0, out);
	}
}

static void json_add_key(const char *name, struct buf *out)
{
	buf_add_char(out, '"');
	for (; *name; name++)
		buf_add_char(out, *name >= 'A' && *name <= 'Z' ? (char)(*name | 0x20) : *name);
	buf_add_str(out, "\":");
}

void sockopt_add_json(const struct sockopt_set *set, struct buf *out)
{
	const struct sockopt_row *row;
	const char *separator = "{";
	struct value v;

	if (set->rc < 0) {
		json_add_null(out);
		return;
	}
	for (size_t i = 0; (row = sockopt_row(i)); i++) {
		if (!is_asked(set, i))
			continue;
		buf_add_str(out, separator);
		json_add_key(row->name, out);
		if (get(set, i, &v))
			json_add_value(row, &v, out);
		else
			json_add_null(out);
		separator = ",";
	}
	buf_add_str(out, *separator == '{' ? "{}" : "}");
}
