/*
 * Whole dumps as Linux 6.18 sent them: TCP over IPv4 and IPv6, and unix, of a
 * network namespace with sockets of each kind.
 */
#include "fixture.h"

#include "netlink.h"
#include "sockdiag_row.h"

#include <arpa/inet.h>
#include <endian.h>

enum { RECORDED_SEQ = 1 };

struct reading {
	enum sock_proto proto;
	struct sock v[16];
	char names[16][128];
	size_t len;
};

static int take(void *ctx, const struct nl_message *m)
{
	struct reading *r = ctx;
	struct sock *s = &r->v[r->len];

	assert_in_range(r->len, 0, COUNT(r->v) - 1);
	if (r->proto == SOCK_PROTO_UNIX)
		assert_int_equal(sockdiag_parse_unix(m->data, m->len, s), 0);
	else
		assert_int_equal(sockdiag_parse_inet(m->data, m->len, r->proto, s), 0);
	if (s->name) {
		memcpy(r->names[r->len], s->name, s->name_len);
		s->name = r->names[r->len];
	}
	r->len++;
	return 0;
}

/* The records come in the kernel's byte order, which is that of the machine. */
static void skip_if_big_endian(void)
{
	if (__BYTE_ORDER != __LITTLE_ENDIAN)
		skip();
}

static struct reading *read_dump(const char *name, enum sock_proto proto)
{
	static struct reading r;
	struct nl_reply reply;
	char bytes[4096];

	skip_if_big_endian();
	size_t len = data_read(name, bytes, sizeof(bytes));
	r = (struct reading){.proto = proto};
	/* Each datagram of the dump follows the one before. */
	assert_int_equal(nl_parse_datagram(bytes, len, RECORDED_SEQ, take, &r, &reply), 0);
	assert_int_equal(reply.end, NL_END_DONE);
	assert_false(reply.interrupted);
	return &r;
}

static const struct sock *by_port(const struct reading *r, uint16_t local, uint16_t remote)
{
	const struct sock *found = NULL;

	for (size_t i = 0; i < r->len; i++) {
		if (r->v[i].local.port == local && r->v[i].remote.port == remote) {
			assert_null(found);
			found = &r->v[i];
		}
	}
	assert_non_null(found);
	return found;
}

static void recorded_tcp(void **state)
{
	const struct reading *r = read_dump("sockdiag_tcp.bin", SOCK_PROTO_TCP);

	(void)state;
	assert_int_equal(r->len, 8);
	assert_int_equal(by_port(r, 1001, 0)->state, SOCK_STATE_BOUND);
	assert_int_not_equal(by_port(r, 1001, 0)->inode, 0);

	const struct sock *listener = by_port(r, 1002, 0);
	assert_int_equal(listener->state, SOCK_STATE_LISTEN);
	assert_int_equal(listener->rqueue, 1);
	assert_int_equal(listener->wqueue, 7);
	assert_int_equal(listener->local.ip.v4.s_addr, htonl(0x7f000001));
	assert_true(listener->uid_known);
	assert_int_equal(listener->uid, 0);
	assert_int_equal(listener->cgroup, 1);
	assert_int_not_equal(listener->cookie, 0);

	assert_int_equal(by_port(r, 1003, 1002)->state, SOCK_STATE_ESTABLISHED);
	assert_int_not_equal(by_port(r, 1002, 1003)->inode, 0);
	assert_true(sock_is_unaccepted(by_port(r, 1002, 1005)));

	const struct sock *rest = by_port(r, 1002, 1004);
	assert_int_equal(rest->state, SOCK_STATE_TIME_WAIT);
	assert_int_equal(rest->timer, SOCK_TIMER_TIME_WAIT);
	assert_in_range(sock_timer_seconds(rest), 58, 60);
	assert_int_equal(rest->inode, 0);
	assert_false(rest->uid_known);

	assert_int_equal(by_port(r, 1006, 0)->bound_if, 1); /* lo */
	assert_int_equal(listener->bound_if, 0);
}

static void recorded_tcp6(void **state)
{
	const struct reading *r = read_dump("sockdiag_tcp6.bin", SOCK_PROTO_TCP);

	(void)state;
	assert_int_equal(r->len, 2);
	assert_int_equal(by_port(r, 1007, 0)->v6only, SOCK_V6ONLY_YES);
	assert_int_equal(by_port(r, 1008, 0)->v6only, SOCK_V6ONLY_NO);
	assert_true(addr_is_wildcard(&by_port(r, 1008, 0)->local));
}

static const struct sock *by_name(const struct reading *r, const char *name, size_t len)
{
	for (size_t i = 0; i < r->len; i++) {
		const struct sock *s = &r->v[i];
		if (s->name_len == len && s->name && memcmp(s->name, name, len) == 0 &&
		    s->state == SOCK_STATE_LISTEN)
			return s;
	}
	fail_msg("no listener of that name");
	return NULL;
}

static void recorded_unix(void **state)
{
	const struct reading *r = read_dump("sockdiag_unix.bin", SOCK_PROTO_UNIX);
	size_t connected = 0;

	(void)state;
	assert_int_equal(r->len, 5);
	const struct sock *path = by_name(r, "rec a\nb", 7);
	assert_int_equal(path->rqueue, 1);
	assert_int_equal(path->wqueue, 3);
	assert_int_not_equal(path->file.inode, 0);
	assert_true(path->name_is_exact);
	by_name(r, "\0wh\0port", 8);
	for (size_t i = 0; i < r->len; i++) {
		connected += r->v[i].state == SOCK_STATE_CONNECTED && r->v[i].peer != 0;
		if (r->v[i].inode != 0)
			assert_true(r->v[i].uid_known);
	}
	assert_int_equal(connected, 2); /* the client's other end has no inode yet */
}

/* A dump that is cut anywhere gives fewer records, and never an error of its own making. */
static void recorded_dump_cut_anywhere(void **state)
{
	char bytes[4096];
	size_t len = data_read("sockdiag_tcp.bin", bytes, sizeof(bytes));

	(void)state;
	skip_if_big_endian();
	for (size_t cut = 0; cut < len; cut++) {
		struct reading r = {.proto = SOCK_PROTO_TCP};
		struct nl_reply reply;
		char *copy = guard_copy(bytes, cut);
		int rc = nl_parse_datagram(copy, cut, RECORDED_SEQ, take, &r, &reply);
		assert_true(rc == 0 || rc == -EBADMSG);
		assert_in_range(r.len, 0, 8);
		guard_free(copy, cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_tcp),
		cmocka_unit_test(recorded_tcp6),
		cmocka_unit_test(recorded_unix),
		cmocka_unit_test(recorded_dump_cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
