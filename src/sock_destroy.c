/*
 * SOCK_DESTROY; see sock_destroy.h. The request is that for one socket, the answer
 * an ERROR message with 0 or an errno:
 *
 *     header 21 REQUEST|ACK | struct inet_diag_req_v2
 *     header ERROR | 0 | header of the request
 *
 * The kernel looks the socket up by its ends, as it does for a packet, then compares
 * the cookie (inet_diag_find_one_icsk in net/ipv4/inet_diag.c, __udp_diag_destroy in
 * net/ipv4/udp_diag.c): with states it does nothing, and of sockets that share their
 * ends (SO_REUSEPORT) it finds one.
 */
#define _GNU_SOURCE
#include "sock_destroy.h"

#include "netlink.h"
#include "sock.h"
#include "sockdiag_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

enum { SOCK_DESTROY = 21 }; /* linux/sock_diag.h */

/* A v4-mapped address stays one: the kernel unmaps a pair of them itself. */
static void set_end(const struct addr *a, uint16_t *out_port, uint32_t out_words[4])
{
	*out_port = htons(a->port);
	if (a->family == AF_INET)
		memcpy(out_words, &a->ip.v4, sizeof(a->ip.v4));
	else if (a->family == AF_INET6)
		memcpy(out_words, &a->ip.v6, sizeof(a->ip.v6));
}

static void set_socket(const struct sock *s, struct sockdiag_request *out)
{
	set_end(&s->local, &out->sport, out->src);
	set_end(&s->remote, &out->dport, out->dst);
	/* A raw socket has its protocol for a port; the kernel compares this one
	 * (raw_lookup in net/ipv4/raw_diag.c). */
	if (s->proto == SOCK_PROTO_RAW)
		out->raw_protocol = (uint8_t)s->local.port;
	out->interface = s->bound_if ? s->bound_if : s->local.scope_id;
	out->cookie[0] = (uint32_t)s->cookie;
	out->cookie[1] = (uint32_t)(s->cookie >> 32);
}

/* The acknowledgement is the whole answer. */
static int refuse_message(void *ctx, const struct nl_message *m)
{
	(void)ctx;
	(void)m;
	return -EBADMSG;
}

int sock_destroy(int fd, const struct sock *s)
{
	struct sockdiag_request body;
	size_t len = sockdiag_request_begin(s->proto, s->local.family, &body);
	struct nl_request rq = {.type = SOCK_DESTROY, .flags = NL_FLAG_ACK, .body = &body,
				.len = len, .take = refuse_message};

	if (len == 0)
		return -EOPNOTSUPP;
	/* All ones would match any socket (sock_diag_check_cookie). */
	if (s->cookie == 0 || s->cookie == UINT64_MAX)
		return -ESTALE;
	set_socket(s, &body);
	return nl_dump(fd, &rq);
}
