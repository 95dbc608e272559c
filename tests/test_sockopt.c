/* Options of sockets: made-up sets in words and in JSON, and sockets of our own. */
#define _GNU_SOURCE
#include "child.h"
#include "fixture.h"

#include "escape.h"
#include "holder.h"
#include "sockopt.h"
#include "sockopt_table.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/time.h>
#include <sys/un.h>

/* --- made-up sets ---------------------------------------------------------- */

static void put(struct sockopt_set *set, const char *name, const void *value, size_t len)
{
	int i = sockopt_index(name);

	assert_true(i >= 0 && len <= PROBE_VALUE_SIZE);
	set->asked |= UINT64_C(1) << i;
	set->read.values[i].rc = (int)len;
	memcpy(set->read.values[i].bytes, value, len);
}

static void put_int(struct sockopt_set *set, const char *name, int value)
{
	put(set, name, &value, sizeof(value));
}

static void put_error(struct sockopt_set *set, const char *name, int rc)
{
	put(set, name, "", 0);
	set->read.values[sockopt_index(name)].rc = rc;
}

static void assert_text(const struct sockopt_set *set, const char *expected)
{
	struct buf out = {0};

	sockopt_add_text(set, 0, &out);
	assert_buf(&out, expected);
	buf_free(&out);
}

static void assert_names(const struct sockopt_set *set, unsigned escape, const char *expected)
{
	struct buf out = {0};

	sockopt_add_names(set, escape, &out);
	assert_buf(&out, expected);
	buf_free(&out);
}

static void assert_json(const struct sockopt_set *set, const char *expected)
{
	struct buf out = {0};

	sockopt_add_json(set, &out);
	assert_buf(&out, expected);
	buf_free(&out);
}

/* What is in a text for sure, among what this kernel adds. */
static void assert_has(const struct buf *text, const char *part)
{
	if (!memmem(text->data, text->len, part, strlen(part)))
		fail_msg("%s is not in %.*s", part, (int)text->len, text->data);
}

static void every_option_has_a_row(void **state)
{
	static const char *const wanted[] = {
		"SO_REUSEADDR", "SO_REUSEPORT", "SO_KEEPALIVE", "SO_BROADCAST", "SO_DONTROUTE",
		"SO_OOBINLINE", "SO_LINGER", "SO_SNDBUF", "SO_RCVBUF", "SO_RCVLOWAT",
		"SO_RCVTIMEO", "SO_SNDTIMEO", "SO_PRIORITY", "SO_MARK", "SO_BUSY_POLL",
		"SO_BINDTODEVICE", "SO_PASSCRED", "SO_TIMESTAMP", "SO_PEERCRED",
		"SO_INCOMING_CPU", "SO_ZEROCOPY", "SO_ACCEPTCONN", "SO_PROTOCOL", "TCP_NODELAY",
		"TCP_CORK", "TCP_MAXSEG", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT",
		"TCP_SYNCNT", "TCP_LINGER2", "TCP_DEFER_ACCEPT", "TCP_QUICKACK",
		"TCP_CONGESTION", "TCP_USER_TIMEOUT", "TCP_FASTOPEN", "TCP_NOTSENT_LOWAT",
		"IPV6_V6ONLY", "IP_FREEBIND", "IP_TRANSPARENT", "IP_TOS", "IP_TTL",
		"IPV6_UNICAST_HOPS", "IPV6_TCLASS",
	};
	size_t rows = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_true(sockopt_index(wanted[i]) >= 0);
	while (sockopt_row(rows))
		rows++;
	assert_int_equal(rows, COUNT(wanted));
	assert_int_equal(sockopt_index("SO_ERROR"), -1);
	for (size_t i = 0; i < rows; i++)
		assert_false(sockopt_row(i)->level == SOL_SOCKET &&
			     sockopt_row(i)->number == SO_ERROR);
}

static void text_is_that_of_pfiles(void **state)
{
	const struct linger linger = {1, 60};
	struct sockopt_set set = {0};

	(void)state;
	put_int(&set, "SO_RCVBUF", 49152);
	put_int(&set, "SO_SNDBUF", 49152);
	put(&set, "SO_LINGER", &linger, sizeof(linger));
	put_int(&set, "SO_KEEPALIVE", 1);
	put_int(&set, "SO_REUSEADDR", 1);
	assert_text(&set, "SO_REUSEADDR,SO_KEEPALIVE,SO_LINGER(60),SO_SNDBUF(49152),"
			  "SO_RCVBUF(49152)");
	assert_json(&set, "{\"so_reuseaddr\":true,\"so_keepalive\":true,\"so_linger\":60,"
			  "\"so_sndbuf\":49152,\"so_rcvbuf\":49152}");
}

static void what_a_new_socket_has_is_left_out(void **state)
{
	static const struct {
		const char *name;
		int usual;
	} rows[] = {
		{"SO_REUSEADDR", 0}, {"SO_RCVLOWAT", 1}, {"SO_MARK", 0}, {"TCP_KEEPIDLE", 7200},
		{"TCP_KEEPINTVL", 75}, {"TCP_KEEPCNT", 9}, {"TCP_MAXSEG", 536}, {"IP_TTL", 64},
		{"IP_TOS", 0},
	};
	const struct linger linger = {0, 60};
	const struct timeval none = {0};
	struct sockopt_set set = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		put_int(&set, rows[i].name, rows[i].usual);
	put(&set, "SO_LINGER", &linger, sizeof(linger));
	put(&set, "SO_RCVTIMEO", &none, sizeof(none));
	put(&set, "SO_BINDTODEVICE", "", 0);
	put_int(&set, "SO_PROTOCOL", 6);
	put_int(&set, "SO_INCOMING_CPU", 1);
	put_int(&set, "TCP_QUICKACK", 1);
	put_int(&set, "SO_SNDBUF", 1);
	assert_text(&set, "SO_SNDBUF(1)");
	/* Their own times are told where they matter. */
	put_int(&set, "SO_KEEPALIVE", 1);
	put_int(&set, "TCP_KEEPCNT", 3);
	assert_text(&set, "SO_KEEPALIVE,SO_SNDBUF(1),TCP_KEEPIDLE(7200),TCP_KEEPINTVL(75),"
			  "TCP_KEEPCNT(3)");
	put_int(&set, "SO_KEEPALIVE", 0);
	assert_text(&set, "SO_SNDBUF(1),TCP_KEEPCNT(3)");
	assert_json(&set, "{\"so_reuseaddr\":false,\"so_keepalive\":false,\"so_linger\":null,"
			  "\"so_sndbuf\":1,\"so_rcvlowat\":1,\"so_rcvtimeo\":0,\"so_mark\":0,"
			  "\"so_bindtodevice\":null,\"so_incoming_cpu\":1,\"so_protocol\":6,"
			  "\"tcp_quickack\":true,\"tcp_maxseg\":536,\"tcp_keepidle\":7200,"
			  "\"tcp_keepintvl\":75,\"tcp_keepcnt\":3,\"ip_tos\":0,\"ip_ttl\":64}");
}

static void values_have_their_shape(void **state)
{
	const struct timeval some = {2, 500000}, tiny = {0, 4000}, whole = {60, 0};
	const struct ucred peer = {811, 1000, 100}, outside = {0, 1000, 100};
	const struct ucred nobody = {0, (uid_t)-1, (gid_t)-1};
	struct sockopt_set set = {0};

	(void)state;
	put(&set, "SO_RCVTIMEO", &some, sizeof(some));
	put(&set, "SO_SNDTIMEO", &tiny, sizeof(tiny));
	put_int(&set, "SO_PRIORITY", -1);
	put_int(&set, "SO_MARK", -1);
	put(&set, "SO_PEERCRED", &peer, sizeof(peer));
	put(&set, "TCP_CONGESTION", "abcdefghijklmnop", 16);
	assert_text(&set, "SO_RCVTIMEO(2.5),SO_SNDTIMEO(0.004),SO_PRIORITY(-1),"
			  "SO_MARK(4294967295),SO_PEERCRED(pid 811 uid 1000 gid 100),"
			  "TCP_CONGESTION(abcdefghijklmnop)");
	assert_json(&set, "{\"so_rcvtimeo\":2500,\"so_sndtimeo\":4,\"so_priority\":-1,"
			  "\"so_mark\":4294967295,\"so_peercred\":{\"pid\":811,\"uid\":1000,"
			  "\"gid\":100},\"tcp_congestion\":\"abcdefghijklmnop\"}");

	set = (struct sockopt_set){0};
	put(&set, "SO_RCVTIMEO", &whole, sizeof(whole));
	put(&set, "SO_PEERCRED", &outside, sizeof(outside));
	put(&set, "TCP_CONGESTION", "bbr\0\0\0", 6);
	assert_text(&set, "SO_RCVTIMEO(60),SO_PEERCRED(pid - uid 1000 gid 100),"
			  "TCP_CONGESTION(bbr)");
	put(&set, "SO_PEERCRED", &nobody, sizeof(nobody));
	assert_json(&set, "{\"so_rcvtimeo\":60000,\"so_peercred\":null,"
			  "\"tcp_congestion\":\"bbr\"}");
	assert_text(&set, "SO_RCVTIMEO(60),TCP_CONGESTION(bbr)");
}

/* An interface can be called nearly anything. */
static void device_is_escaped(void **state)
{
	struct sockopt_set set = {0};

	(void)state;
	put(&set, "SO_BINDTODEVICE", "a\033\"b),x\n", 9);
	assert_text(&set, "SO_BINDTODEVICE(a^[\"b),x\\n)");
	assert_json(&set, "{\"so_bindtodevice\":\"a\\u001b\\\"b),x\\n\"}");
}

static void what_could_not_be_read_is_null(void **state)
{
	struct sockopt_set set = {0};

	(void)state;
	assert_text(&set, "none could be read");
	assert_json(&set, "{}");
	put_error(&set, "SO_ZEROCOPY", -ENOPROTOOPT);
	put_error(&set, "SO_LINGER", -EPERM);
	put(&set, "SO_SNDBUF", "ab", 2); /* too short */
	assert_text(&set, "none could be read");
	assert_json(&set, "{\"so_zerocopy\":null,\"so_linger\":null,\"so_sndbuf\":null}");
}

static void refusal_is_explained(void **state)
{
	static const struct {
		int rc;
		const char *text;
	} cases[] = {
		{-EPERM, "not permitted: needs the same user and ptrace rights, or CAP_SYS_PTRACE"},
		{-ENOSYS, "not before Linux 5.6"},
		{-EINVAL, "not of a thread's own descriptors before Linux 6.9"},
		{-EOPNOTSUPP, "not held by a descriptor"},
		{-ESTALE, "gone by now"},
		{-ESRCH, "gone by now"},
		{-EBADF, "gone by now"},
		{-ETIMEDOUT, "no answer in time"},
		{-EMFILE, "Too many open files"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sockopt_set set = {.rc = cases[i].rc};
		put_int(&set, "SO_SNDBUF", 1);
		assert_text(&set, cases[i].text);
		assert_json(&set, "null");
		assert_names(&set, 0, "");
	}
}

/* --- names ----------------------------------------------------------------- */

static void put_name(struct probe_name *out, const void *name, size_t len)
{
	assert_true(len <= sizeof(out->bytes));
	memset(out->bytes, 'x', sizeof(out->bytes)); /* nothing ends it but its length */
	memcpy(out->bytes, name, len);
	out->rc = (int)len;
}

static void put_unix(struct probe_name *out, const char *path, size_t len)
{
	char name[128] = {0};
	const sa_family_t family = AF_UNIX;

	memcpy(name, &family, sizeof(family));
	memcpy(name + sizeof(family), path, len);
	put_name(out, name, sizeof(family) + len);
}

static void names_are_those_of_pfiles(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(22)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(5000)};
	const sa_family_t netlink = AF_NETLINK, odd = 77;
	struct sockopt_set set = {.read = {.remote = {.rc = -ENOTCONN}}};

	(void)state;
	assert_names(&set, 0, "");
	put_name(&set.read.local, &v4, sizeof(v4));
	assert_names(&set, 0, "sockname: AF_INET 0.0.0.0  port: 22");
	v6.sin6_addr = in6addr_loopback;
	put_name(&set.read.remote, &v6, sizeof(v6));
	assert_names(&set, 0, "sockname: AF_INET 0.0.0.0  port: 22\n"
			      "peername: AF_INET6 ::1  port: 5000");
	v6.sin6_scope_id = 3;
	put_name(&set.read.local, &v6, sizeof(v6));
	put_name(&set.read.remote, &netlink, sizeof(netlink));
	assert_names(&set, 0, "sockname: AF_INET6 ::1%3  port: 5000\npeername: AF_NETLINK");
	put_name(&set.read.local, &odd, sizeof(odd));
	set.read.remote.rc = -EINVAL;
	assert_names(&set, 0, "sockname: AF_77");
	/* Cut short, they are not read past their end. */
	put_name(&set.read.local, &v4, sizeof(v4) - 1);
	assert_names(&set, 0, "sockname: AF_INET");
	put_name(&set.read.local, &v4, 1);
	assert_names(&set, 0, "");
}

static void unix_names_are_escaped(void **state)
{
	static const char full[109] = "/ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
				      "ppppppppppppppppppppppppppppppppppppppppppppppp";
	struct sockopt_set set = {0};
	struct buf out = {0};

	(void)state;
	put_unix(&set.read.local, "/run/a b.sock\0junk", 18);
	put_unix(&set.read.remote, "", 0);
	assert_names(&set, 0, "sockname: AF_UNIX /run/a b.sock\npeername: AF_UNIX");
	put_unix(&set.read.local, "\0abs\0tract\n", 11);
	put_unix(&set.read.remote, "/x\npeername: AF_INET 1.2.3.4  port: 1\033[2J\xff", 41);
	assert_names(&set, ESCAPE_UTF8,
		     "sockname: AF_UNIX @abs\\0tract\\n\n"
		     "peername: AF_UNIX /x\\npeername: AF_INET 1.2.3.4  port: 1^[[2J");
	put_unix(&set.read.local, full, 108); /* the kernel may tell no NUL behind it */
	set.read.remote.rc = 0;
	sockopt_add_names(&set, 0, &out);
	assert_int_equal(out.len, strlen("sockname: AF_UNIX ") + strnlen(full, 108));
	buf_free(&out);
}

/* --- sockets of our own ---------------------------------------------------- */

static void set_int(int fd, int level, int number, int value)
{
	assert_int_equal(setsockopt(fd, level, number, &value, sizeof(value)), 0);
}

/* Options of a descriptor that we hold; the test is skipped where that is refused. */
static struct sockopt_set load(struct probe *p, int fd, enum sock_proto proto, int family)
{
	struct holder h = {inode_of(fd), getpid(), getpid(), fd, HOLDER_FD};
	struct sock s = {.inode = h.inode, .proto = (uint8_t)proto,
			 .local = {.family = (sa_family_t)family}};
	struct sockopt_set set;

	sockopt_load(p, &h, &s, &set);
	if (set.rc == -EPERM || set.rc == -ENOSYS || set.rc == -EACCES) {
		probe_free(p);
		skip();
	}
	assert_int_equal(set.rc, 0);
	return set;
}

static void server_is_told_as_it_was_set(void **state)
{
	const struct linger linger = {1, 60};
	const struct timeval wait = {2, 500000};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct probe p = {0};
	struct buf out = {0};

	(void)state;
	assert_true(fd >= 0);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 8192);
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 42);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 7);
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 1), 0);

	struct sockopt_set set = load(&p, fd, SOCK_PROTO_TCP, AF_INET);
	sockopt_add_text(&set, 0, &out);
	buf_add_char(&out, ',');
	assert_int_equal(strncmp(out.data, "SO_REUSEADDR,SO_KEEPALIVE,", 26), 0);
	assert_has(&out, ",SO_ACCEPTCONN,SO_LINGER(60),SO_SNDBUF(16384),SO_RCVBUF(");
	assert_has(&out, ",SO_RCVTIMEO(2.5),");
	assert_has(&out, ",TCP_NODELAY,");
	assert_has(&out, ",TCP_KEEPIDLE(42),TCP_KEEPINTVL(7),TCP_KEEPCNT(");
	assert_has(&out, ",TCP_CONGESTION(");
	out.len = 0;
	sockopt_add_names(&set, 0, &out);
	assert_has(&out, "sockname: AF_INET 127.0.0.1  port: ");
	out.len = 0;
	sockopt_add_json(&set, &out);
	assert_has(&out, "\"so_reuseport\":false,");
	assert_has(&out, "\"so_acceptconn\":true,");
	assert_has(&out, "\"so_protocol\":6,");
	assert_has(&out, "\"ip_ttl\":");
	assert_null(memmem(out.data, out.len, "ipv6_", 5));
	assert_null(memmem(out.data, out.len, "so_peercred", 11));
	buf_free(&out);
	probe_free(&p);
	close(fd);
}

static void kind_of_socket_decides(void **state)
{
	static const struct {
		enum sock_proto proto;
		int family, type, protocol;
		const char *has, *lacks;
	} cases[] = {
		{SOCK_PROTO_TCP, AF_INET6, SOCK_STREAM, 0, "\"ipv6_v6only\":false", "passcred"},
		{SOCK_PROTO_UDP, AF_INET, SOCK_DGRAM, 0, "\"so_broadcast\":false", "tcp_"},
		{SOCK_PROTO_UNIX, AF_UNIX, SOCK_DGRAM, 0, "\"so_passcred\":false", "ip"},
		{SOCK_PROTO_NETLINK, AF_NETLINK, SOCK_RAW, 0, "\"so_passcred\":false", "tcp_"},
		{SOCK_PROTO_MPTCP, AF_INET, SOCK_STREAM, 262, "\"tcp_nodelay\":", "congestion"},
		{SOCK_PROTO_OTHER, AF_INET, SOCK_STREAM, 0, "\"so_sndbuf\":", "tcp_"},
	};
	struct probe p = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = socket(cases[i].family, cases[i].type, cases[i].protocol);
		struct buf out = {0};
		if (fd < 0)
			continue; /* IPv6 may be off */
		struct sockopt_set set = load(&p, fd, cases[i].proto, cases[i].family);
		sockopt_add_json(&set, &out);
		assert_has(&out, cases[i].has);
		assert_null(memmem(out.data, out.len, cases[i].lacks, strlen(cases[i].lacks)));
		buf_free(&out);
		close(fd);
	}
	probe_free(&p);
}

static void unix_peer_is_told(void **state)
{
	char expected[128];
	struct probe p = {0};
	struct buf out = {0};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct sockopt_set set = load(&p, pair[0], SOCK_PROTO_UNIX, AF_UNSPEC);
	sockopt_add_text(&set, 0, &out);
	snprintf(expected, sizeof(expected), "SO_PEERCRED(pid %d uid %u gid %u)", (int)getpid(),
		 (unsigned)getuid(), (unsigned)getgid());
	assert_has(&out, expected);
	buf_free(&out);
	assert_names(&set, 0, "sockname: AF_UNIX\npeername: AF_UNIX");
	probe_free(&p);
	close(pair[0]);
	close(pair[1]);
}

/* Reading SO_ERROR would take the error away from its owner. */
static void error_stays_the_owners(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int closed = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
	socklen_t len = sizeof(in);
	struct probe p = {0};

	(void)state;
	assert_int_equal(bind(closed, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(closed, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&in, sizeof(in)), -1);
	assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 5000), 1);
	load(&p, fd, SOCK_PROTO_TCP, AF_INET);
	len = sizeof(error);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_int_equal(error, ECONNREFUSED);
	probe_free(&p);
	close(fd);
	close(closed);
}

static void holder_without_descriptor_is_not_asked(void **state)
{
	struct holder h = {1001, getpid(), getpid(), 3, HOLDER_RING};
	struct sock s = {.inode = 1001};
	struct sockopt_set set;
	struct probe p = {0};

	(void)state;
	sockopt_load(&p, &h, &s, &set);
	assert_false(p.is_running);
	assert_text(&set, "not held by a descriptor");
	h = (struct holder){1001, getpid(), getpid(), 9999, HOLDER_FD};
	sockopt_load(&p, &h, &s, &set);
	assert_true(set.rc < 0);
	assert_json(&set, "null");
	probe_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_a_row),
		cmocka_unit_test(text_is_that_of_pfiles),
		cmocka_unit_test(what_a_new_socket_has_is_left_out),
		cmocka_unit_test(values_have_their_shape),
		cmocka_unit_test(device_is_escaped),
		cmocka_unit_test(what_could_not_be_read_is_null),
		cmocka_unit_test(refusal_is_explained),
		cmocka_unit_test(names_are_those_of_pfiles),
		cmocka_unit_test(unix_names_are_escaped),
		cmocka_unit_test(server_is_told_as_it_was_set),
		cmocka_unit_test(kind_of_socket_decides),
		cmocka_unit_test(unix_peer_is_told),
		cmocka_unit_test(error_stays_the_owners),
		cmocka_unit_test(holder_without_descriptor_is_not_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
