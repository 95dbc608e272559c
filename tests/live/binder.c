/*
 * What bind() really says, beside which --why is held; and situations that are made of
 * one system call.
 *
 *     binder try tcp 127.0.0.1 8080      EADDRINUSE ok     without, with SO_REUSEADDR
 *     binder try unix /tmp/x.sock         a file that it made is removed
 *     binder self 25000                   as holding.h: a socket connected to itself
 *     binder stale /tmp/x.sock            a socket file, bound to and left behind
 *     binder exec FILE NAME WORD...       run FILE, which finds NAME as its argument 0
 *     binder nat                          an empty chain of nf_tables that would translate
 *     binder sk-lookup                    a bpf program of the network namespace, while it runs
 *     binder cgroup-bind DIRECTORY        one of a cgroup, which forbids bind()
 *
 * Needs no header that is newer than Linux 4.4.
 */
#define _GNU_SOURCE
#include "holding.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/syscall.h>
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

/* --- nf_tables ------------------------------------------------------------------------ */

/* Messages one after another; numbers of linux/netfilter/nfnetlink.h and nf_tables.h. */
struct batch {
	char bytes[1024];
	size_t len;
};

static void add_bytes(struct batch *b, const void *data, size_t len)
{
	memcpy(b->bytes + b->len, data, len);
	b->len += NLMSG_ALIGN(len);
}

static size_t begin_message(struct batch *b, unsigned type, unsigned flags)
{
	struct {
		struct nlmsghdr h;
		uint8_t family, version;
		uint16_t resource;
	} m = {{.nlmsg_type = (uint16_t)type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)},
	       type < 0x100 ? AF_UNSPEC : AF_INET, 0, htons(type < 0x100 ? 10 : 0)};
	size_t at = b->len;

	add_bytes(b, &m, sizeof(m));
	return at;
}

static void end_message(struct batch *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at);

	memcpy(b->bytes + at, &len, sizeof(len)); /* nlmsg_len */
}

static void add_attribute(struct batch *b, unsigned type, const void *data, size_t len)
{
	struct nlattr a = {(uint16_t)(sizeof(a) + len), (uint16_t)type};

	add_bytes(b, &a, sizeof(a));
	add_bytes(b, data, len);
}

static void do_nat(char **words)
{
	enum { BEGIN = 0x10, END = 0x11, NEW_TABLE = 10 << 8, NEW_CHAIN = 10 << 8 | 3 };
	/* A nested attribute: hook number 0, priority -100, each in network byte order. */
	const uint32_t hook[] = {htonl(0), htonl((uint32_t)-100)};
	struct batch b = {{0}, 0}, nested = {{0}, 0};
	char answer[4096];
	struct nlmsghdr h;

	(void)words;
	end_message(&b, begin_message(&b, BEGIN, 0));
	size_t at = begin_message(&b, NEW_TABLE, NLM_F_CREATE);
	add_attribute(&b, 1, "why", 4);
	end_message(&b, at);
	at = begin_message(&b, NEW_CHAIN, NLM_F_CREATE | NLM_F_ACK);
	add_attribute(&b, 1, "why", 4);
	add_attribute(&b, 3, "to", 3);
	add_attribute(&nested, 1, &hook[0], sizeof(hook[0]));
	add_attribute(&nested, 2, &hook[1], sizeof(hook[1]));
	add_attribute(&b, 4 | NLA_F_NESTED, nested.bytes, nested.len);
	add_attribute(&b, 7, "nat", 4);
	end_message(&b, at);
	end_message(&b, begin_message(&b, END, 0));
	int fd = check(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), "netlink");
	check((int)send(fd, b.bytes, b.len, 0), "send");
	check((int)recv(fd, answer, sizeof(answer), 0), "recv");
	memcpy(&h, answer, sizeof(h));
	int error = 0;
	if (h.nlmsg_type == NLMSG_ERROR)
		memcpy(&error, answer + sizeof(h), sizeof(error));
	errno = -error;
	check(error ? -1 : 0, "nf_tables");
}

/* --- bpf ---------------------------------------------------------------------------------- */

/* Numbers and wire forms of linux/bpf.h. */
struct program_load {
	uint32_t type, count;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log;
	uint32_t kern_version, flags;
	char name[16];
	uint32_t ifindex, attach_type;
};

static int bpf(int command, void *attr, size_t size)
{
	return (int)syscall(SYS_bpf, command, attr, size);
}

/* A program that returns @verdict, or -1. */
static int load_program(uint32_t type, uint32_t attach_type, int verdict)
{
	struct {
		uint8_t code, regs;
		int16_t offset;
		int32_t imm;
	} insns[] = {{0xb7, 0, 0, verdict}, {0x95, 0, 0, 0}}; /* r0 = verdict; exit */
	struct program_load load = {.type = type, .count = 2, .insns = (uintptr_t)insns,
				    .license = (uintptr_t)"GPL", .attach_type = attach_type};

	return bpf(5, &load, sizeof(load));
}

static void do_sk_lookup(char **words)
{
	enum { TYPE = 30, ATTACH = 36, LINK_CREATE = 28 };
	int fd = load_program(TYPE, ATTACH, 1);
	int ns = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "netns");
	struct {
		uint32_t program, target, type, flags;
	} create = {(uint32_t)fd, (uint32_t)ns, ATTACH, 0};

	(void)words;
	if (fd < 0 || bpf(LINK_CREATE, &create, sizeof(create)) < 0)
		unavailable();
	hold_on();
}

static void do_cgroup_bind(char **words)
{
	enum { TYPE = 18, ATTACH = 8, PROGRAM_ATTACH = 8 };
	int fd = load_program(TYPE, ATTACH, 0);
	struct {
		uint32_t target, program, type, flags;
	} attach = {(uint32_t)open(words[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC), (uint32_t)fd,
		    ATTACH, 0};

	if (fd < 0 || bpf(PROGRAM_ATTACH, &attach, sizeof(attach)) < 0)
		unavailable();
	hold_on();
}

static const struct {
	const char *name;
	void (*work)(char **words);
	int count; /* of words, at least */
} modes[] = {
	{"cgroup-bind", do_cgroup_bind, 1},
	{"exec", do_exec, 2},
	{"nat", do_nat, 0},
	{"self", do_self, 1},
	{"sk-lookup", do_sk_lookup, 0},
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
