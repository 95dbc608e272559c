/* What is no socket; see hint.h. */
#define _GNU_SOURCE
#include "hint.h"

#include "bpf.h"
#include "cgroup.h"
#include "netlink.h"
#include "num.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *hint_text(enum hint hint)
{
	static const char *const texts[] = {
		[HINT_IPVS] = "IPVS has a virtual service on the port, which answers without a socket",
		[HINT_SK_LOOKUP] = "sk_lookup programs may give connections to the port to any socket",
		[HINT_NAT] = "NAT rules may send connections to the port elsewhere (nft list ruleset)",
		[HINT_CGROUP] = "a bpf program of our cgroup judges bind() and may forbid it (EPERM)",
		[HINT_SELINUX] = "SELinux is enforcing and may forbid it (EACCES)",
		[HINT_LANDLOCK] = "no_new_privs is set: a Landlock sandbox may forbid it (EACCES)",
		[HINT_WSL] = "under WSL a program of Windows may have the port",
	};

	return texts[hint];
}

/* --- IPVS --------------------------------------------------------------------------- */

bool hint_parse_ipvs(const char *text, size_t len, enum sock_proto proto, uint16_t port)
{
	const char *name = proto == SOCK_PROTO_UDP ? "UDP  " : "TCP  ", *end = text + len;

	while (text < end) {
		const char *line_end = memchr(text, '\n', (size_t)(end - text));
		uint64_t number;

		if (!line_end)
			line_end = end;
		size_t line_len = (size_t)(line_end - text);
		const char *blank = line_len > 5 && memcmp(text, name, 5) == 0
					    ? memchr(text + 5, ' ', line_len - 5) : NULL;
		const char *colon = blank ? memrchr(text, ':', (size_t)(blank - text)) : NULL;
		const char *at = colon ? colon + 1 : NULL;
		if (at && num_scan(&at, blank, 16, UINT16_MAX, &number) && number == port)
			return true;
		text = line_end + (line_end < end);
	}
	return false;
}

bool hint_find_ipvs(int proc_fd, unsigned protos, uint16_t port)
{
	enum { SIZE = 1 << 18 };
	char *text = malloc(SIZE);
	ssize_t n = text ? procfs_read(proc_fd, "self/net/ip_vs", text, SIZE) : -1;
	bool has = false;

	for (unsigned proto = SOCK_PROTO_TCP; proto <= SOCK_PROTO_UDP && n > 0; proto++) {
		has |= protos & SOCK_PROTO_BIT(proto) &&
		       hint_parse_ipvs(text, (size_t)n, (enum sock_proto)proto, port);
	}
	free(text);
	return has;
}

/* --- bpf ------------------------------------------------------------------------------- */

static bool has_sk_lookup(int proc_fd)
{
	enum { SK_LOOKUP = 36 }; /* enum bpf_attach_type, linux/bpf.h */
	int fd = openat(proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC);
	bool has = fd >= 0 && bpf_count_programs(fd, SK_LOOKUP, false) > 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/* Our cgroup of version 2, `0::/user.slice/...` in /proc/self/cgroup. */
static int open_cgroup(int proc_fd)
{
	char text[4096];
	ssize_t n = procfs_read(proc_fd, "self/cgroup", text, sizeof(text) - 1);

	if (n <= 0)
		return -1;
	text[n] = '\0';
	const char *at = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!at)
		return -1;
	at += strcspn(at, "/");
	at += strspn(at, "/");
	text[(size_t)(at - text) + strcspn(at, "\n")] = '\0';
	int root_fd = cgroup_open_mount(proc_fd);
	int fd = root_fd < 0 || !*at ? root_fd
				     : openat(root_fd, at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root_fd >= 0 && fd != root_fd)
		close(root_fd);
	return fd;
}

static bool has_cgroup_program(int proc_fd)
{
	/* BPF_CGROUP_INET4_BIND, _INET6_BIND, _INET4_POST_BIND, _INET6_POST_BIND */
	static const uint32_t types[] = {8, 9, 12, 13};
	int fd = open_cgroup(proc_fd);
	bool has = false;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types) && fd >= 0 && !has; i++)
		has = bpf_count_programs(fd, types[i], true) > 0;
	if (fd >= 0)
		close(fd);
	return has;
}

/* --- NAT ------------------------------------------------------------------------------- */

bool hint_parse_chain(const void *data, size_t len)
{
	enum { HEADER = 4, CHAIN_TYPE = 7 }; /* struct nfgenmsg; NFTA_CHAIN_TYPE */
	struct nl_attr a;

	if (len < HEADER)
		return false;
	data = (const char *)data + HEADER;
	len -= HEADER;
	while (nl_attr_next(&data, &len, &a)) {
		if (a.type == CHAIN_TYPE && a.len == sizeof("nat") && memcmp(a.data, "nat", 4) == 0)
			return true;
	}
	return false;
}

static int take_chain(void *ctx, const struct nl_message *m)
{
	bool *out = ctx;

	*out |= hint_parse_chain(m->data, m->len);
	return 0;
}

/* To ask nf_tables where it is not loaded would load it; NAT needs nf_conntrack. */
static bool may_ask_nft(void)
{
	return access("/sys/module/nf_tables", F_OK) == 0 ||
	       (access("/sys/module/nf_conntrack", F_OK) == 0 &&
		access("/sys/module/nf_conntrack/initstate", F_OK) < 0); /* built in */
}

static bool has_nft_nat(void)
{
	/* NETLINK_NETFILTER; NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN */
	enum { NETFILTER = 12, GET_CHAIN = 10 << 8 | 4 };
	static const uint8_t header[4] = {0}; /* struct nfgenmsg: of every family */
	bool has = false;
	const struct nl_request rq = {.type = GET_CHAIN, .flags = NL_FLAG_DUMP, .body = header,
				      .len = sizeof(header), .take = take_chain, .ctx = &has};

	int fd = may_ask_nft() ? nl_open(NETFILTER) : -1;
	if (fd < 0)
		return false;
	nl_dump(fd, &rq);
	close(fd);
	return has;
}

/* A table of iptables, of the older kind. */
static bool has_iptables_nat(int proc_fd, const char *file)
{
	char text[256] = "";
	ssize_t n = procfs_read(proc_fd, file, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return strncmp(text, "nat\n", 4) == 0 || strstr(text, "\nnat\n");
}

/* --- what guards the machine --------------------------------------------------------------- */

static bool file_begins_with(const char *path, const char *head)
{
	char text[8] = "";
	ssize_t n = procfs_read(AT_FDCWD, path, text, sizeof(text) - 1);

	return n > 0 && strncmp(text, head, strlen(head)) == 0;
}

static bool file_has(int dir_fd, const char *path, const char *word)
{
	char text[4096];
	ssize_t n = procfs_read(dir_fd, path, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return strcasestr(text, word) != NULL;
}

unsigned hint_find(int proc_fd, bool real, unsigned protos, uint16_t port)
{
	const bool found[HINT_COUNT] = {
		[HINT_IPVS] = hint_find_ipvs(proc_fd, protos, port),
		[HINT_SK_LOOKUP] = real && has_sk_lookup(proc_fd),
		[HINT_NAT] = has_iptables_nat(proc_fd, "self/net/ip_tables_names") ||
			     has_iptables_nat(proc_fd, "self/net/ip6_tables_names") ||
			     (real && has_nft_nat()),
		[HINT_CGROUP] = real && has_cgroup_program(proc_fd),
		[HINT_SELINUX] = real && file_begins_with("/sys/fs/selinux/enforce", "1"),
		[HINT_LANDLOCK] = file_has(proc_fd, "self/status", "\nNoNewPrivs:\t1") && real &&
				  file_has(AT_FDCWD, "/sys/kernel/security/lsm", "landlock"),
		[HINT_WSL] = file_has(proc_fd, "sys/kernel/osrelease", "microsoft"),
	};
	unsigned set = 0;

	for (unsigned i = 0; i < HINT_COUNT; i++)
		set |= found[i] ? 1U << i : 0;
	return set;
}
