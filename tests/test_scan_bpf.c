/*
 * The iterator on the running kernel: what it tells of sockets that this program holds
 * itself. Skipped where the kernel does not let us have one.
 */
#define _GNU_SOURCE
#include "bpf_iterator.h"
#include "fixture.h"
#include "holder.h"
#include "process.h"
#include "scan.h"
#include "scan_bpf.h"
#include "sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* One scan, and what it told. */
struct seen {
	struct sock_table socks;
	struct holder_index holders;
	struct process_table processes;
	struct scan_stats st;
	bool counted; /* every socket of ours was counted */
	uint64_t only; /* described and wanted; 0: all */
};

static int take(void *ctx, const struct sock *s, bool is_counted)
{
	struct seen *seen = ctx;

	if (seen->only && s->inode != seen->only)
		return 0;
	seen->counted &= is_counted || s->inode != seen->only;
	int rc = sock_table_add(&seen->socks, s);
	return rc < 0 ? rc : 1;
}

/* The layout of this kernel, or the end of the test. */
static void learn(int proc_fd, struct bpf_layout *out)
{
	int rc = bpf_iterator_may_open(proc_fd);

	if (rc == 0)
		rc = bpf_iterator_learn(out);
	if (rc == 0) {
		const struct bpf_choice choice = {.with_unix = true, .with_others = true};
		int fd = bpf_iterator_open(out, &choice);
		rc = fd < 0 ? fd : 0;
		if (fd >= 0)
			close(fd);
	}
	if (rc == 0)
		return;
	print_message("no iterator here: %s\n", strerror(-rc));
	close(proc_fd);
	skip();
}

static void scan(struct scan_request *rq, struct seen *seen)
{
	struct bpf_layout layout;

	rq->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(rq->proc_fd >= 0);
	learn(rq->proc_fd, &layout);
	rq->take_sock = take;
	rq->sock_ctx = seen;
	rq->describes_unix = true;
	assert_int_equal(scan_bpf(&layout, rq, &seen->holders, &seen->processes, &seen->st), 0);
	holder_index_sort(&seen->holders);
	process_table_sort(&seen->processes);
	close(rq->proc_fd);
}

static void seen_free(struct seen *seen)
{
	sock_table_free(&seen->socks);
	holder_index_free(&seen->holders);
	process_table_free(&seen->processes);
	scan_stats_free(&seen->st);
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* The only record of a descriptor of ours, which is its holder. */
static const struct sock *record_of(const struct seen *seen, int fd)
{
	const struct sock *found = NULL;
	bool held = false;
	size_t count;

	for (size_t i = 0; i < seen->socks.len; i++) {
		if (seen->socks.v[i].inode == inode_of(fd))
			found = &seen->socks.v[i];
	}
	assert_non_null(found);
	const struct holder *h = holder_index_find(&seen->holders, inode_of(fd), &count);
	for (size_t i = 0; i < count; i++)
		held |= h[i].pid == getpid() && h[i].tid == getpid() && h[i].fd == fd;
	assert_true(held);
	assert_int_equal(found->uid, geteuid());
	return found;
}

/* Return -1 where there is no IPv6. */
static int bind_inet(int family, int type, bool listens)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {.sin_family = AF_INET,
				   .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	int one = 1;

	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
		if (bind(fd, (const void *)&six, sizeof(six)) < 0)
			return -1;
	} else {
		assert_int_equal(bind(fd, (const void *)&four, sizeof(four)), 0);
	}
	if (listens)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin6_port); /* where IPv4 has it, too */
}

static void internet_sockets_are_what_they_are(void **state)
{
	int listener = bind_inet(AF_INET, SOCK_STREAM, true);
	int bound = bind_inet(AF_INET, SOCK_STREAM, false);
	int udp = bind_inet(AF_INET, SOCK_DGRAM, false);
	struct scan_request rq = {0};
	struct seen seen = {.counted = true};

	(void)state;
	scan(&rq, &seen);
	const struct sock *s = record_of(&seen, listener);
	assert_int_equal(s->proto, SOCK_PROTO_TCP);
	assert_int_equal(s->state, SOCK_STATE_LISTEN);
	assert_int_equal(s->local.family, AF_INET);
	assert_int_equal(s->local.port, port_of(listener));
	assert_int_equal(s->local.ip.v4.s_addr, htonl(INADDR_LOOPBACK));
	assert_true(addr_is_wildcard(&s->remote));
	assert_int_equal(s->remote.port, 0);
	assert_int_equal(record_of(&seen, bound)->state, SOCK_STATE_BOUND);
	assert_int_equal(record_of(&seen, bound)->local.port, port_of(bound));
	assert_int_equal(record_of(&seen, udp)->proto, SOCK_PROTO_UDP);
	assert_int_equal(record_of(&seen, udp)->state, SOCK_STATE_UNCONNECTED);
	close(udp);
	close(bound);
	close(listener);
	seen_free(&seen);
}

static void both_ends_of_a_connection_are_told(void **state)
{
	int listener = bind_inet(AF_INET6, SOCK_STREAM, true);
	int client = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);
	struct scan_request rq = {0};
	struct seen seen = {.counted = true};

	(void)state;
	if (listener < 0 || client < 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) < 0 ||
	    connect(client, (struct sockaddr *)&a, len) < 0) {
		print_message("no IPv6 on the loopback interface\n");
		skip();
	}
	int server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	scan(&rq, &seen);
	assert_int_equal(record_of(&seen, listener)->v6only, SOCK_V6ONLY_YES);
	const struct sock *s = record_of(&seen, client);
	assert_int_equal(s->state, SOCK_STATE_ESTABLISHED);
	assert_memory_equal(&s->remote.ip.v6, &in6addr_loopback, sizeof(in6addr_loopback));
	assert_int_equal(s->remote.port, port_of(listener));
	assert_int_equal(s->local.port, port_of(client));
	assert_int_equal(record_of(&seen, server)->remote.port, port_of(client));
	close(server);
	close(client);
	close(listener);
	seen_free(&seen);
}

static void unix_sockets_have_names_and_peers(void **state)
{
	static const char name[] = "\0whoport\0test";
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int pair[2], fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct scan_request rq = {0};
	struct seen seen = {.counted = true};

	(void)state;
	/* One of a kind: tests may run side by side. */
	int n = snprintf(a.sun_path + sizeof(name), 20, "%d", (int)getpid());
	memcpy(a.sun_path, name, sizeof(name));
	size_t len = sizeof(name) + (size_t)n;
	assert_int_equal(bind(fd, (struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	scan(&rq, &seen);
	const struct sock *s = record_of(&seen, fd);
	assert_int_equal(s->proto, SOCK_PROTO_UNIX);
	assert_int_equal(s->state, SOCK_STATE_LISTEN);
	assert_int_equal(s->type, SOCK_STREAM);
	assert_int_equal(s->name_len, len);
	assert_memory_equal(s->name, a.sun_path, len);
	assert_true(s->name_is_exact);
	assert_int_equal(record_of(&seen, pair[0])->peer, inode_of(pair[1]));
	assert_int_equal(record_of(&seen, pair[1])->peer, inode_of(pair[0]));
	assert_int_equal(record_of(&seen, pair[0])->type, SOCK_DGRAM);
	close(pair[0]);
	close(pair[1]);
	close(fd);
	seen_free(&seen);
}

static void process_is_named_without_proc(void **state)
{
	int fd = bind_inet(AF_INET, SOCK_STREAM, true);
	struct scan_request rq = {0};
	struct seen seen = {.counted = true, .only = inode_of(fd)};
	char before[16];

	(void)state;
	prctl(PR_GET_NAME, before);
	prctl(PR_SET_NAME, "a) b\n\033[1m");
	scan(&rq, &seen);
	prctl(PR_SET_NAME, before);
	const struct process *p = process_table_find(&seen.processes, getpid(), getpid());
	assert_non_null(p);
	assert_int_equal(p->uid, geteuid());
	assert_int_equal(p->command_len, 9);
	assert_memory_equal(p->command, "a) b\n\033[1m", 9);
	assert_true(seen.counted);
	assert_int_equal(seen.socks.len, 1);
	assert_true(scan_stats_has_seen(&seen.st, getpid()));
	close(fd);
	seen_free(&seen);
}

static void kernel_leaves_out_what_is_not_asked_for(void **state)
{
	int asked = bind_inet(AF_INET, SOCK_STREAM, true);
	int other = bind_inet(AF_INET, SOCK_STREAM, true);
	const uint64_t inodes[] = {inode_of(asked)};
	struct scan_request rq = {.inodes = inodes, .inode_count = 1, .only_wanted = true,
				  .no_sights = true};
	struct seen seen = {.counted = true};
	size_t count;

	(void)state;
	scan(&rq, &seen);
	assert_int_equal(seen.st.descriptors, 1);
	assert_int_equal(seen.socks.len, 0); /* it is known already */
	holder_index_find(&seen.holders, inode_of(asked), &count);
	assert_int_equal(count, 1);
	holder_index_find(&seen.holders, inode_of(other), &count);
	assert_int_equal(count, 0);
	close(other);
	close(asked);
	seen_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(internet_sockets_are_what_they_are),
		cmocka_unit_test(both_ends_of_a_connection_are_told),
		cmocka_unit_test(unix_sockets_have_names_and_peers),
		cmocka_unit_test(process_is_named_without_proc),
		cmocka_unit_test(kernel_leaves_out_what_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
