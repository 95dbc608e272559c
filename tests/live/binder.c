/*
 * What bind() really says, beside which --why is held; and situations that are made of
 * one system call.
 *
 *     binder try tcp 127.0.0.1 8080      EADDRINUSE ok     without, with SO_REUSEADDR
 *     binder try unix /tmp/x.sock         a file that it made is removed
 *     binder self 25000                   as holding.h: a socket connected to itself
 *     binder stale /tmp/x.sock            a socket file, bound to and left behind
 *     binder exec FILE NAME WORD...       run FILE, which finds NAME as its argument 0
 */
#define _GNU_SOURCE
#include "holding.h"

#include <net/if.h>
#include <stddef.h>
#include <sys/un.h>

/* --- what bind() says -------------------------------------------------------- */

static const char *name_of(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{0, "ok"}, {EACCES, "EACCES"}, {EADDRINUSE, "EADDRINUSE"},
		{EADDRNOTAVAIL, "EADDRNOTAVAIL"}, {EAFNOSUPPORT, "EAFNOSUPPORT"},
		{EINVAL, "EINVAL"}, {ELOOP, "ELOOP"}, {ENOENT, "ENOENT"}, {ENOTDIR, "ENOTDIR"},
		{EPERM, "EPERM"}, {EROFS, "EROFS"}, {ENAMETOOLONG, "ENAMETOOLONG"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return strerror(error);
}

/* ADDRESS%DEVICE is a socket bound to that device, or for fe80: the scope. */
static socklen_t set_address(union inet_addr *a, const char *text, unsigned port, char *device)
{
	size_t len = strcspn(text, "%");
	char address[64];

	snprintf(address, sizeof(address), "%.*s", (int)len, text);
	snprintf(device, IFNAMSIZ, "%s", text[len] ? text + len + 1 : "");
	socklen_t used = addr_set(a, address, port);
	if (a->sa.sa_family == AF_INET6 && *device)
		a->v6.sin6_scope_id = if_nametoindex(device);
	return used;
}

/* One bind(), whose socket is closed again. Return 0 or its errno. */
static int try_inet(int type, const char *address, unsigned port, int reuse)
{
	union inet_addr a;
	char device[IFNAMSIZ];
	socklen_t len = set_address(&a, address, port, device);
	int zero = 0, fd = socket(a.sa.sa_family, type, 0);

	if (fd < 0)
		return errno;
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)), "SO_REUSEADDR");
	if (a.sa.sa_family == AF_INET6)
		check(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)), "V6ONLY");
	if (*device && a.sa.sa_family == AF_INET)
		check(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, IFNAMSIZ), device);
	int error = bind(fd, &a.sa, len) < 0 ? errno : 0;
	close(fd);
	return error;
}

static socklen_t set_name(struct sockaddr_un *a, const char *name)
{
	size_t len = strlen(name);

	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (len > sizeof(a->sun_path))
		len = sizeof(a->sun_path);
	memcpy(a->sun_path, name, len);
	if (*name == '@')
		a->sun_path[0] = '\0';
	bool is_full = *name == '@' || len == sizeof(a->sun_path);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !is_full);
}

/* A name that does not fit is more than the kernel takes, as it is more than we can say. */
static int try_unix(const char *name)
{
	struct sockaddr_un a;
	socklen_t len = set_name(&a, name);
	char longer[sizeof(a) + 1] = "";
	int fd = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket"), rc;

	memcpy(longer, &a, sizeof(a));
	if (strlen(name) > sizeof(a.sun_path))
		rc = bind(fd, (struct sockaddr *)longer, sizeof(longer));
	else
		rc = bind(fd, (struct sockaddr *)&a, len);
	int error = rc < 0 ? errno : 0;
	close(fd);
	if (error == 0 && *name != '@')
		check(unlink(name), name);
	return error;
}

static void do_try(char **words)
{
	int plain, reuse;

	if (strcmp(words[0], "unix") == 0) {
		plain = try_unix(words[1]);
		reuse = try_unix(words[1]);
	} else {
		int type = strcmp(words[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
		unsigned port = (unsigned)atoi(words[2]);
		plain = try_inet(type, words[1], port, 0);
		reuse = try_inet(type, words[1], port, 1);
	}
	dprintf(1, "%s %s\n", name_of(plain), name_of(reuse));
}

/* --- situations -------------------------------------------------------------------- */

/* Who calls from the very port that is called is answered by itself. */
static void do_self(char **words)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, "127.0.0.1", (unsigned)atoi(words[0]));
	int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");

	check(bind(fd, &a.sa, len), "bind");
	check(connect(fd, &a.sa, len), "connect");
	tell("", getpid(), fd, look(fd));
	hold_on();
}

static void do_stale(char **words)
{
	struct sockaddr_un a;
	socklen_t len = set_name(&a, words[0]);
	int fd = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

	check(bind(fd, (struct sockaddr *)&a, len), words[0]);
	close(fd);
}

static void do_exec(char **words)
{
	execv(words[0], words + 1);
	die(words[0]);
}

static const struct {
	const char *name;
	void (*work)(char **words);
	int count; /* of words, at least */
} modes[] = {
	{"exec", do_exec, 2},
	{"self", do_self, 1},
	{"stale", do_stale, 1},
	{"try", do_try, 2},
};

int main(int argc, char **argv)
{
	begin_holding();
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes) && argc > 1; i++) {
		kind = modes[i].name;
		if (strcmp(argv[1], kind) == 0 && argc - 2 >= modes[i].count) {
			modes[i].work(argv + 2);
			return 0;
		}
	}
	errno = EINVAL;
	die("usage");
}
