/* Records of the iterator program; see bpf_record.h. */
#define _GNU_SOURCE
#include "bpf_record.h"

#include "sock.h"

#include <arpa/inet.h>
#include <string.h>

size_t bpf_record_parse(const void *data, size_t len, struct bpf_record *out)
{
	if (len < BPF_RECORD_SHORT)
		return 0;
	memcpy(out, data, BPF_RECORD_SHORT);
	bool is_short = out->size == BPF_RECORD_SHORT;
	if ((!is_short && out->size != sizeof(*out)) || len < out->size ||
	    out->kind < BPF_RECORD_SOCKET || out->kind > BPF_RECORD_NAMESPACE)
		return 0;
	if (!is_short)
		memcpy(out->path, (const char *)data + BPF_RECORD_SHORT, sizeof(out->path));
	else
		out->path_len = 0; /* what is in path is not looked at */
	return out->size;
}

static bool find_proto(const struct bpf_record *r, enum sock_proto *out)
{
	static const struct {
		uint16_t protocol; /* IPPROTO_TCP and so on */
		enum sock_proto proto;
	} protos[] = {
		{6, SOCK_PROTO_TCP},       {17, SOCK_PROTO_UDP},   {136, SOCK_PROTO_UDPLITE},
		{262, SOCK_PROTO_MPTCP},   {132, SOCK_PROTO_SCTP},
	};

	if (r->type == SOCK_RAW) {
		*out = SOCK_PROTO_RAW;
		return true;
	}
	for (size_t i = 0; i < sizeof(protos) / sizeof(*protos); i++) {
		if (protos[i].protocol == r->protocol) {
			*out = protos[i].proto;
			return true;
		}
	}
	return false;
}

static enum sock_state find_state(enum sock_proto proto, uint8_t state)
{
	if (proto != SOCK_PROTO_TCP && proto != SOCK_PROTO_MPTCP)
		return state == SOCK_STATE_ESTABLISHED ? SOCK_STATE_ESTABLISHED
						       : SOCK_STATE_UNCONNECTED;
	if (state == SOCK_STATE_NEW_SYN_RECV)
		return SOCK_STATE_SYN_RECV;
	if (state == SOCK_STATE_CLOSE) /* it has a port still: skc_num is not 0 */
		return SOCK_STATE_BOUND;
	return state <= SOCK_STATE_CLOSING ? (enum sock_state)state : SOCK_STATE_UNKNOWN;
}

static struct addr make_addr(const struct bpf_record *r, uint16_t port, const uint8_t *ip)
{
	struct addr a = {.family = r->family, .port = port};

	memcpy(&a.ip, ip, r->family == AF_INET ? sizeof(a.ip.v4) : sizeof(a.ip.v6));
	return a;
}

static bool is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->ip.v6);
}

/* A link-local address needs its interface; of others it is a device bound to. */
static void set_interface(const struct bpf_record *r, struct sock *s)
{
	if (is_link_local(&s->local))
		s->local.scope_id = r->bound_if;
	else
		s->bound_if = r->bound_if;
	if (is_link_local(&s->remote))
		s->remote.scope_id = r->bound_if;
}

static bool make_inet(const struct bpf_record *r, struct sock *s)
{
	enum sock_proto proto;

	/* A socket that gave up its port keeps it in getsockname() only; what SCTP has
	 * for states and addresses is not in the record. */
	if (r->local_port == 0 || !find_proto(r, &proto) || proto == SOCK_PROTO_SCTP)
		return false;
	s->proto = (uint8_t)proto;
	s->state = (uint8_t)find_state(proto, r->state);
	s->local = make_addr(r, r->local_port, r->local);
	s->remote = make_addr(r, ntohs(r->remote_port), r->remote);
	if (r->family == AF_INET6)
		s->v6only = r->v6only ? SOCK_V6ONLY_YES : SOCK_V6ONLY_NO;
	set_interface(r, s);
	return true;
}

/* A path ends at its first NUL, an abstract name has a length. */
static void set_name(const struct bpf_record *r, struct sock *s)
{
	const size_t family = sizeof(sa_family_t);
	size_t len = r->path_len < sizeof(r->path) ? r->path_len : sizeof(r->path);

	if (len <= family)
		return;
	len -= family;
	s->name = r->path + family;
	if (*s->name != '\0')
		len = strnlen(s->name, len);
	s->name_len = (uint16_t)len;
}

static void make_unix(const struct bpf_record *r, struct sock *s)
{
	s->proto = SOCK_PROTO_UNIX;
	s->type = (uint8_t)r->type;
	s->state = r->state == SOCK_STATE_LISTEN        ? SOCK_STATE_LISTEN
		   : r->state == SOCK_STATE_ESTABLISHED ? SOCK_STATE_CONNECTED
							: SOCK_STATE_UNCONNECTED;
	s->peer = (uint32_t)r->peer;
	s->name_is_exact = r->is_named;
	set_name(r, s);
}

bool bpf_record_sock(const struct bpf_record *r, struct sock *out)
{
	struct sock s = {.inode = r->inode, .cookie = r->cookie, .netns = r->netns, .uid = r->uid,
			 .uid_known = true};

	if (r->kind != BPF_RECORD_SOCKET)
		return false;
	if (r->family == AF_UNIX)
		make_unix(r, &s);
	else if ((r->family != AF_INET && r->family != AF_INET6) || !make_inet(r, &s))
		return false;
	*out = s;
	return true;
}
