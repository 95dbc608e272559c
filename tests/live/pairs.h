/*
 * The sockets that pairs.c asks about: each in a state, at an address, with options, all
 * drawn by lot. What a connection needs beside stays open, too, until the process ends.
 * The state is static: one source includes this, with _GNU_SOURCE.
 */
#ifndef PAIRS_H
#define PAIRS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* --- lots ------------------------------------------------------------------------ */

static uint64_t lot_state;

/* A number below @end; the same from the same seed on every machine (xorshift64*). */
static inline unsigned draw(unsigned end)
{
	lot_state ^= lot_state >> 12;
	lot_state ^= lot_state << 25;
	lot_state ^= lot_state >> 27;
	return (unsigned)((lot_state * 0x2545F4914F6CDD1DULL >> 33) % end);
}

static inline bool draw_percent(unsigned percent)
{
	return draw(100) < percent;
}

/* --- addresses ------------------------------------------------------------------- */

union end {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* `127.0.0.1`, `fe80::9%pd0`. False if there is no such device. */
static inline bool end_set(union end *out, const char *text, uint16_t port)
{
	char ip[INET6_ADDRSTRLEN + 1];
	const char *scope = strchr(text, '%');

	memset(out, 0, sizeof(*out));
	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(text, "%"), text);
	if (inet_pton(AF_INET, ip, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		return true;
	}
	out->v6.sin6_family = AF_INET6;
	out->v6.sin6_port = htons(port);
	out->v6.sin6_scope_id = scope ? if_nametoindex(scope + 1) : 0;
	return inet_pton(AF_INET6, ip, &out->v6.sin6_addr) == 1 &&
	       (!scope || out->v6.sin6_scope_id != 0);
}

static inline socklen_t end_len(const union end *e)
{
	return e->sa.sa_family == AF_INET ? sizeof(e->v4) : sizeof(e->v6);
}

static inline uint16_t port_of(int fd)
{
	union end e;
	socklen_t len = sizeof(e);

	if (getsockname(fd, &e.sa, &len) < 0)
		return 0;
	return ntohs(e.sa.sa_family == AF_INET ? e.v4.sin_port : e.v6.sin6_port);
}

/* --- what is there --------------------------------------------------------------- */

enum being {
	BOUND, LISTENING, SERVING, ACCEPTED, CALLING, CALLING_UNBOUND, SYN_SENT, SELF_CONNECTED,
	CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, TIME_WAIT_CALLER,
	RECEIVING, CONNECTED, CONNECTED_UNBOUND,
	BEINGS, DATAGRAMS = RECEIVING
};

static const char *const being_names[BEINGS] = {
	"bound", "listening", "listening with a connection", "accepted, listener closed",
	"calling, bound", "calling", "SYN_SENT", "connected to itself", "CLOSE_WAIT", "FIN_WAIT1",
	"FIN_WAIT2", "TIME_WAIT", "TIME_WAIT of the caller", "unconnected", "connected, bound",
	"connected"};

struct socket_plan {
	enum being being;
	const char *address; /* of its own end, or where an unbound one calls */
	const char *device;  /* NULL: none */
	bool mptcp, v6only, reuse_addr, reuse_port;
	uint16_t port; /* 0: of its own choice */
};

static inline int type_of(const struct socket_plan *p)
{
	return p->being >= DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
}

/* A socket with the options of a plan, not bound yet; -1 on errors. */
static inline int open_planned(const struct socket_plan *p, int family)
{
	enum { MPTCP = 262 };
	int on = 1, only = p->v6only;
	int fd = socket(family, type_of(p) | SOCK_CLOEXEC, p->mptcp ? MPTCP : 0);

	if (fd < 0)
		return -1;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (p->reuse_addr)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (p->reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	/* One that waits for an answer fails soon. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_usec = 200000},
		   sizeof(struct timeval));
	if (p->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->device,
				    (socklen_t)strlen(p->device)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Where a peer can call what is bound to an address. */
static inline bool set_callable(const struct socket_plan *p, uint16_t port, union end *out)
{
	if (strcmp(p->address, "0.0.0.0") == 0 || strcmp(p->address, "::ffff:0.0.0.0") == 0)
		return end_set(out, "127.0.0.1", port);
	if (strcmp(p->address, "::") == 0)
		return end_set(out, p->v6only || draw(2) ? "::1" : "127.0.0.1", port);
	if (strncmp(p->address, "::ffff:", 7) == 0)
		return end_set(out, p->address + 7, port);
	return end_set(out, p->address, port);
}

/* A caller of a listener, and what accept() gave; false if they did not come together. */
static inline bool call(const struct socket_plan *p, int listener, int *out_caller,
			int *out_accepted)
{
	struct socket_plan peer = {.being = CALLING, .device = p->device};
	union end e;

	if (!set_callable(p, port_of(listener), &e))
		return false;
	*out_caller = open_planned(&peer, e.sa.sa_family);
	if (*out_caller < 0 || connect(*out_caller, &e.sa, end_len(&e)) < 0)
		return false;
	*out_accepted = accept(listener, NULL, NULL);
	return *out_accepted >= 0;
}

static inline void wait_for_end(int fd)
{
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_usec = 200000},
		   sizeof(struct timeval));
	while (recv(fd, &byte, 1, 0) > 0)
		;
}

/* More than the peer takes without reading. */
static inline void fill(int fd)
{
	static const char bytes[65536];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

/* What becomes of a listener that is called; closed, but for SERVING. */
static inline bool serve(const struct socket_plan *p, int listener)
{
	int caller, accepted;

	if (listen(listener, 4) < 0 || !call(p, listener, &caller, &accepted))
		return false;
	if (p->being != SERVING)
		close(listener);
	switch (p->being) {
	case CLOSE_WAIT:
		close(caller);
		break;
	case FIN_WAIT1:
		fill(accepted);
		close(accepted);
		break;
	case FIN_WAIT2:
		close(accepted);
		break;
	case TIME_WAIT:
		close(accepted);
		wait_for_end(caller);
		close(caller);
		break;
	default:
		break;
	}
	return true;
}

/* The plan's socket calls a listener at the same address, with a port of its own. */
static inline bool call_somebody(const struct socket_plan *p, int fd, int family)
{
	struct socket_plan other = {.being = LISTENING, .address = p->address, .device = p->device};
	union end e;
	int listener = open_planned(&other, family);

	if (!set_callable(p, 0, &e))
		return false;
	if (family == AF_INET6 && e.sa.sa_family == AF_INET) {
		char mapped[INET6_ADDRSTRLEN] = "::ffff:";
		inet_ntop(AF_INET, &e.v4.sin_addr, mapped + 7, sizeof(mapped) - 7);
		end_set(&e, mapped, 0);
	}
	if (bind(listener, &e.sa, end_len(&e)) < 0 || listen(listener, 4) < 0)
		return false;
	if (family == AF_INET)
		e.v4.sin_port = htons(port_of(listener));
	else
		e.v6.sin6_port = htons(port_of(listener));
	if (connect(fd, &e.sa, end_len(&e)) < 0)
		return false;
	int accepted = accept(listener, NULL, NULL);
	if (accepted < 0 || p->being != TIME_WAIT_CALLER)
		return accepted >= 0;
	close(fd);
	wait_for_end(accepted);
	close(accepted);
	return true;
}

/* Nobody answers behind pd0. */
static inline bool call_nobody(int fd, int family)
{
	union end e;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (!end_set(&e, family == AF_INET ? "10.9.0.77" : "fd00:9::77", 7))
		return false;
	return connect(fd, &e.sa, end_len(&e)) < 0 && errno == EINPROGRESS;
}

/* Of UDP; the port need not be open. */
static inline bool connect_datagrams(const struct socket_plan *p, int fd, int family)
{
	union end e;

	if (!set_callable(p, 7, &e))
		return false;
	if (family == AF_INET6 && e.sa.sa_family == AF_INET &&
	    !end_set(&e, "::ffff:127.0.0.1", 7))
		return false;
	return connect(fd, &e.sa, end_len(&e)) == 0;
}

static inline bool bring_about(const struct socket_plan *p, int fd, const union end *own)
{
	int family = own->sa.sa_family;

	switch (p->being) {
	case LISTENING:
		return listen(fd, 4) == 0;
	case CALLING:
	case CALLING_UNBOUND:
	case TIME_WAIT_CALLER:
		return call_somebody(p, fd, family);
	case SYN_SENT:
		return call_nobody(fd, family);
	case SELF_CONNECTED:
		return connect(fd, &own->sa, end_len(own)) == 0;
	case CONNECTED:
	case CONNECTED_UNBOUND:
		return connect_datagrams(p, fd, family);
	case BOUND:
	case RECEIVING:
		return true;
	default:
		return serve(p, fd);
	}
}

/* Make a socket; @port is set if it was not given. False where that cannot be. */
static inline bool make_planned(struct socket_plan *p)
{
	bool is_unbound = p->being == CALLING_UNBOUND || p->being == CONNECTED_UNBOUND;
	union end own;

	if (!end_set(&own, p->address, p->port))
		return false;
	int fd = open_planned(p, own.sa.sa_family);
	if (fd < 0 || (!is_unbound && bind(fd, &own.sa, end_len(&own)) < 0))
		return false;
	if (p->being == TIME_WAIT_CALLER) /* its descriptor is closed then */
		return bring_about(p, fd, &own);
	if (!bring_about(p, fd, &own))
		return false;
	if (p->port == 0)
		p->port = port_of(fd);
	return true;
}

#endif
