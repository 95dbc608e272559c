/*
 * Answers of sock_diag about unix sockets: bytes as the kernel lays them out,
 * cut and broken ones too. Numbers are the kernel's.
 */
#define _GNU_SOURCE
#include "nl_fixture.h"
#include "sockdiag_row.h"

#include <sys/socket.h>

enum { UNIX_SIZE = 16, PATH_BYTES = 108, CLOSE = 7, LISTEN = 10, ESTABLISHED = 1 };

/* UNIX_DIAG_NAME and so on. */
enum { NAME, VFS, PEER, ICONS, RQLEN, MEMINFO, SHUTDOWN, UID };

/* struct unix_diag_msg */
static void add_unix(struct nl_bytes *b, uint8_t type, uint8_t state, uint32_t inode)
{
	const uint32_t words[] = {inode, 0x11223344, 0x55667788};
	char m[UNIX_SIZE];

	memcpy(m, (const uint8_t[]){AF_UNIX, type, state, 0x5a}, 4);
	memcpy(m + 4, words, sizeof(words));
	nl_bytes_add(b, m, sizeof(m));
}

/* An answer parsed from a guarded copy, which its name points into. */
struct parsed {
	struct sock s;
	char *bytes;
	size_t len;
	int rc;
};

static struct parsed parse(const struct nl_bytes *b, size_t len)
{
	struct parsed p = {.bytes = guard_copy(b->data, len), .len = len};

	p.rc = sockdiag_parse_unix(p.bytes, len, &p.s);
	return p;
}

static void drop(struct parsed *p)
{
	guard_free(p->bytes, p->len);
}

/* Parse a good answer of which the name does not matter. */
static struct sock parse_ok(const struct nl_bytes *b)
{
	struct parsed p = parse(b, b->len);

	assert_int_equal(p.rc, 0);
	assert_int_equal(p.s.proto, SOCK_PROTO_UNIX);
	drop(&p);
	return p.s;
}

/* The name attribute's bytes give these bytes; none of them: no name. */
static void check_name(const void *attr, size_t attr_len, const void *name, size_t len)
{
	struct nl_bytes b = {0};

	add_unix(&b, SOCK_STREAM, LISTEN, 7);
	nl_bytes_add_attr(&b, NAME, attr, attr_len);
	struct parsed p = parse(&b, b.len);
	assert_int_equal(p.rc, 0);
	assert_true(p.s.name_is_exact);
	assert_int_equal(p.s.name_len, len);
	if (len > 0)
		assert_memory_equal(p.s.name, name, len);
	else
		assert_null(p.s.name);
	drop(&p);
}

static void unix_answer_gives_type_inode_and_cookie(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_unix(&b, SOCK_SEQPACKET, LISTEN, 4294967295U);
	struct sock s = parse_ok(&b);
	assert_int_equal(s.state, SOCK_STATE_LISTEN);
	assert_int_equal(s.type, SOCK_SEQPACKET);
	assert_int_equal(s.inode, 4294967295U);
	assert_int_equal(s.cookie, 0x5566778811223344);
	assert_false(s.uid_known);
	assert_null(s.name);
	assert_null(s.doubt);
	assert_int_equal(s.peer, 0);
	assert_int_equal(s.file.inode, 0);
	assert_int_equal(s.local.family, AF_UNSPEC);
}

static void unix_answer_of_every_state_is_understood(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 512; i++) {
		uint32_t inode = i < 256 ? 7 : 0;
		struct nl_bytes b = {0};
		add_unix(&b, SOCK_STREAM, (uint8_t)i, inode);
		struct sock s = parse_ok(&b);
		if (i % 256 == LISTEN)
			assert_int_equal(s.state, SOCK_STATE_LISTEN);
		else if (i % 256 == ESTABLISHED)
			assert_int_equal(s.state, inode ? SOCK_STATE_CONNECTED
							: SOCK_STATE_CONNECTING);
		else
			assert_int_equal(s.state, inode ? SOCK_STATE_UNCONNECTED
							: SOCK_STATE_DISCONNECTING);
		assert_int_equal(sock_is_unaccepted(&s), i == 256 + ESTABLISHED);
	}
}

static void path_ends_at_its_terminator(void **state)
{
	static const char newline[] = "/tmp/a\n0: 00000002 0 10000 0001 01 31415 /run/b";

	(void)state;
	check_name("/run/x", 7, "/run/x", 6);
	check_name("/run/x", 6, "/run/x", 6); /* not terminated */
	check_name("/run/x\0/run/y", 14, "/run/x", 6);
	check_name("x", 2, "x", 1);
	check_name("@x", 3, "@x", 2); /* a path of that name */
	check_name(newline, sizeof(newline), newline, sizeof(newline) - 1);
	check_name("", 0, NULL, 0);
}

static void abstract_name_has_a_length_and_any_bytes(void **state)
{
	char name[PATH_BYTES];

	(void)state;
	check_name("\0", 1, "\0", 1);
	check_name("\0x", 2, "\0x", 2);
	check_name("\0x\0", 3, "\0x\0", 3);
	check_name("\0\0\0y\n", 5, "\0\0\0y\n", 5);
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char)(i * 5);
	check_name(name, sizeof(name), name, sizeof(name));
}

static void longest_names_are_whole(void **state)
{
	char name[2 * PATH_BYTES];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[0] = '/';
	check_name(name, PATH_BYTES - 1, name, PATH_BYTES - 1);
	check_name(name, PATH_BYTES, name, PATH_BYTES);
	/* The kernel adds a terminator where the process had no room for it. */
	name[PATH_BYTES] = '\0';
	check_name(name, PATH_BYTES + 1, name, PATH_BYTES);
	check_name(name, PATH_BYTES + 2, name, PATH_BYTES);
	check_name(name, sizeof(name), name, PATH_BYTES);
}

static void name_longer_than_any_is_cut(void **state)
{
	static const size_t lens[] = {110, 200, 4000, 65000};
	struct nl_bytes b = {0};
	char *name = calloc(1, 65000);

	(void)state;
	assert_non_null(name);
	for (int abstract = 0; abstract < 2; abstract++) {
		memset(name, abstract ? '\0' : 'x', 65000);
		for (size_t i = 0; i < COUNT(lens); i++) {
			b.len = 0;
			add_unix(&b, SOCK_STREAM, LISTEN, 7);
			nl_bytes_add_attr(&b, NAME, name, lens[i]);
			nl_bytes_add_u32(&b, PEER, 5);
			struct sock s = parse_ok(&b);
			assert_in_range(s.name_len, PATH_BYTES, PATH_BYTES + 1);
			assert_int_equal(s.peer, 5);
		}
	}
	free(name);
}

/* All that is asked for, and what is not. */
static void add_attributes(struct nl_bytes *b)
{
	const uint32_t queues[] = {3, 128}, file[] = {31415, 259U << 20 | 0xABCDE};

	nl_bytes_add_u32(b, PEER, 5);                       /* ends at 24 */
	nl_bytes_add_attr(b, VFS, file, sizeof(file));      /* 36 */
	nl_bytes_add_attr(b, RQLEN, queues, sizeof(queues)); /* 48 */
	nl_bytes_add_u32(b, UID, 1000);                     /* 56 */
	nl_bytes_add_u8(b, SHUTDOWN, 3);                    /* 61, 64 */
	nl_bytes_add_u32(b, 999, 1);                        /* 72 */
	nl_bytes_add_attr(b, NAME, "/run/x", 7);            /* 83, 84 */
}

static void attributes_tell_file_peer_queues_and_owner(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_unix(&b, SOCK_STREAM, LISTEN, 7);
	add_attributes(&b);
	struct sock s = parse_ok(&b);
	assert_int_equal(s.file.inode, 31415);
	assert_int_equal(s.file.major, 259);
	assert_int_equal(s.file.minor, 0xABCDE);
	assert_int_equal(s.peer, 5);
	assert_int_equal(s.rqueue, 3);
	assert_int_equal(s.wqueue, 128);
	assert_int_equal(s.uid, 1000);
	assert_true(s.uid_known);
	assert_int_equal(s.name_len, 6);
}

static void unix_answer_without_file_has_no_owner(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_unix(&b, SOCK_STREAM, ESTABLISHED, 0);
	add_attributes(&b);
	assert_false(parse_ok(&b).uid_known);
}

static void unix_answer_cut_anywhere_gives_what_is_whole(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_unix(&b, SOCK_STREAM, LISTEN, 7);
	add_attributes(&b);
	assert_int_equal(b.len, 84);
	for (size_t cut = 0; cut <= b.len; cut++) {
		struct parsed p = parse(&b, cut);
		assert_int_equal(p.rc, cut < UNIX_SIZE ? -EBADMSG : 0);
		if (p.rc == 0) {
			assert_int_equal(p.s.inode, 7);
			assert_int_equal(p.s.peer, cut < 24 ? 0 : 5);
			assert_int_equal(p.s.file.inode, cut < 36 ? 0 : 31415);
			assert_int_equal(p.s.wqueue, cut < 48 ? 0 : 128);
			assert_int_equal(p.s.uid_known, cut >= 56);
			assert_bytes(p.s.name, p.s.name_len, cut < 83 ? "" : "/run/x");
		}
		drop(&p);
	}
}

static void attribute_with_a_wrong_length_ends_them(void **state)
{
	static const uint16_t lens[] = {0, 1, 3, 13, 0x7fff, 0xfffc, 0xffff};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		struct nl_bytes b = {0};
		add_unix(&b, SOCK_STREAM, LISTEN, 7);
		nl_bytes_add_u32(&b, PEER, 5);
		nl_bytes_add_attr(&b, NAME, "/run/x", 7); /* with its head and padding 12 bytes */
		memcpy(b.data + UNIX_SIZE + 8, &lens[i], sizeof(lens[i]));
		struct sock s = parse_ok(&b);
		assert_int_equal(s.peer, 5);
		assert_int_equal(s.name_len, 0);
	}
}

static void value_that_is_too_short_is_no_value(void **state)
{
	static const char bytes[8] = "\1\1\1\1\1\1\1\1";

	(void)state;
	for (size_t len = 0; len < 8; len++) {
		struct nl_bytes b = {0};
		add_unix(&b, SOCK_STREAM, LISTEN, 7);
		nl_bytes_add_attr(&b, VFS, bytes, len);
		nl_bytes_add_attr(&b, RQLEN, bytes, len);
		nl_bytes_add_attr(&b, PEER, bytes, len == 4 ? 0 : len);
		struct sock s = parse_ok(&b);
		assert_int_equal(s.file.inode | s.file.major | s.file.minor, 0);
		assert_int_equal(s.rqueue | s.wqueue | s.peer, 0);
	}
}

static void answer_of_another_family_is_refused(void **state)
{
	struct nl_bytes b = {0};

	(void)state;
	add_unix(&b, SOCK_STREAM, LISTEN, 7);
	for (unsigned family = 0; family < 256; family++) {
		b.data[0] = (char)family;
		struct parsed p = parse(&b, b.len);
		assert_int_equal(p.rc, family == AF_UNIX ? 0 : -EBADMSG);
		drop(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unix_answer_gives_type_inode_and_cookie),
		cmocka_unit_test(unix_answer_of_every_state_is_understood),
		cmocka_unit_test(path_ends_at_its_terminator),
		cmocka_unit_test(abstract_name_has_a_length_and_any_bytes),
		cmocka_unit_test(longest_names_are_whole),
		cmocka_unit_test(name_longer_than_any_is_cut),
		cmocka_unit_test(attributes_tell_file_peer_queues_and_owner),
		cmocka_unit_test(unix_answer_without_file_has_no_owner),
		cmocka_unit_test(unix_answer_cut_anywhere_gives_what_is_whole),
		cmocka_unit_test(attribute_with_a_wrong_length_ends_them),
		cmocka_unit_test(value_that_is_too_short_is_no_value),
		cmocka_unit_test(answer_of_another_family_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
