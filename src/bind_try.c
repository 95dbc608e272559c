/* A real bind(2); see bind_try.h. */
#define _GNU_SOURCE
#include "bind_try.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* Numbers of linux/in.h that not every C library has. */
enum { PROTOCOL_UDPLITE = 136, PROTOCOL_MPTCP = 262 };

static int open_socket(enum sock_proto proto, sa_family_t family)
{
	switch (proto) {
	case SOCK_PROTO_TCP:
		return socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	case SOCK_PROTO_UDP:
		return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	case SOCK_PROTO_UDPLITE:
		return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, PROTOCOL_UDPLITE);
	case SOCK_PROTO_MPTCP:
		return socket(family, SOCK_STREAM | SOCK_CLOEXEC, PROTOCOL_MPTCP);
	case SOCK_PROTO_SCTP:
		return socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
	default:
		errno = EPROTONOSUPPORT;
		return -1;
	}
}

static int bind_inet(int fd, const struct addr *a)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(a->port),
				 .sin_addr = a->ip.v4};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port),
				  .sin6_addr = a->ip.v6, .sin6_scope_id = a->scope_id};
	bool is_v4 = a->family == AF_INET;

	return bind(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		    is_v4 ? sizeof(v4) : sizeof(v6));
}

int bind_try_inet(enum sock_proto proto, const struct addr *a, bool v6only, bool reuseaddr)
{
	int on = 1, only = v6only;

	int fd = open_socket(proto, a->family);
	if (fd < 0)
		return -errno;
	if (reuseaddr)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	int rc = bind_inet(fd, a) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

int bind_try_abstract(const char *name, size_t len)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (len > sizeof(addr.sun_path))
		return -EINVAL;
	memcpy(addr.sun_path, name, len);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int rc = bind(fd, (struct sockaddr *)&addr, size) < 0 ? -errno : 0;
	close(fd);
	return rc;
}
