/*
 * Unix sockets in records of the iterator program. The kernel's address is a family
 * and a name: a path with its NUL counted, or any bytes behind a NUL (unix(7)).
 */
#define _GNU_SOURCE
#include "bpf_record.h"
#include "fixture.h"

enum { FAMILY = 2, PATH_MAX_BYTES = 108 };

/* A socket with a name of so many bytes; whatever is behind it is not zero. */
static struct bpf_record make_record(const char *name, size_t len)
{
	const uint16_t family = AF_UNIX;
	struct bpf_record r = {.kind = BPF_RECORD_SOCKET, .size = sizeof(r), .is_named = 1,
			       .inode = 27182,
			       .cookie = 99, .netns = 4026531840, .uid = 33, .family = AF_UNIX,
			       .type = SOCK_STREAM, .state = 10, .bound_if = 5, .v6only = 1,
			       .local_port = 80, .path_len = (uint32_t)(FAMILY + len)};

	memset(r.local, 0x5a, sizeof(r.local));
	memset(r.path, 'x', sizeof(r.path));
	memcpy(r.path, &family, FAMILY);
	assert_true(FAMILY + len <= sizeof(r.path));
	memcpy(r.path + FAMILY, name, len);
	return r;
}

/* The socket of a record that ends at a guard has this name. */
static void assert_name(const struct bpf_record *r, const char *name, size_t len)
{
	struct bpf_record *copy = (struct bpf_record *)(void *)guard_copy(r, sizeof(*r));
	struct sock s;

	assert_true(bpf_record_sock(copy, &s));
	assert_int_equal(s.proto, SOCK_PROTO_UNIX);
	assert_int_equal(s.name_len, len);
	if (len > 0) {
		assert_ptr_equal(s.name, copy->path + FAMILY);
		assert_memory_equal(s.name, name, len);
	} else {
		assert_null(s.name);
	}
	guard_free((char *)copy, sizeof(*copy));
}

static void socket_has_name_owner_and_namespace(void **state)
{
	struct bpf_record r = make_record("/run/x", 7);
	struct sock s;

	(void)state;
	assert_true(bpf_record_sock(&r, &s));
	assert_int_equal(s.proto, SOCK_PROTO_UNIX);
	assert_int_equal(s.type, SOCK_STREAM);
	assert_int_equal(s.state, SOCK_STATE_LISTEN);
	assert_int_equal(s.inode, 27182);
	assert_int_equal(s.cookie, 99);
	assert_int_equal(s.netns, 4026531840);
	assert_int_equal(s.uid, 33);
	assert_true(s.uid_known);
	assert_true(s.name_is_exact);
	assert_bytes(s.name, s.name_len, "/run/x");
	/* What it has no use for is not taken. */
	assert_int_equal(s.local.family, AF_UNSPEC);
	assert_int_equal(s.local.port, 0);
	assert_int_equal(s.remote.family, AF_UNSPEC);
	assert_int_equal(s.bound_if, 0);
	assert_int_equal(s.v6only, SOCK_V6ONLY_UNKNOWN);
	assert_int_equal(s.peer, 0);
	assert_null(s.doubt);
}

static void name_that_was_not_looked_at_is_not_known(void **state)
{
	struct bpf_record r = make_record("", 0);
	struct sock s;

	(void)state;
	r.is_named = 0; /* before Linux 5.16 */
	assert_true(bpf_record_sock(&r, &s));
	assert_false(s.name_is_exact);
	assert_null(s.name);
}

static void path_ends_at_its_first_nul(void **state)
{
	struct bpf_record r = make_record("/run/x", 7);

	(void)state;
	assert_name(&r, "/run/x", 6);
	r = make_record("/run/x\0/more", 13);
	assert_name(&r, "/run/x", 6);
	r = make_record("/run/x", 6); /* without one, at its length */
	assert_name(&r, "/run/x", 6);
	r = make_record("x", 2); /* a relative path */
	assert_name(&r, "x", 1);
	r = make_record("a\nb\xff", 5);
	assert_name(&r, "a\nb\xff", 4);
}

static void abstract_name_is_as_long_as_it_says(void **state)
{
	static const char name[] = "\0a\0b\0\0c\0";
	struct bpf_record r;

	(void)state;
	for (size_t len = 1; len < sizeof(name); len++) {
		r = make_record(name, len);
		assert_name(&r, name, len);
	}
	char long_name[PATH_MAX_BYTES] = {0};
	r = make_record(long_name, sizeof(long_name));
	assert_name(&r, long_name, sizeof(long_name));
	memset(long_name + 1, 'n', sizeof(long_name) - 1);
	r = make_record(long_name, sizeof(long_name));
	assert_name(&r, long_name, sizeof(long_name));
}

static void path_may_fill_its_room(void **state)
{
	char name[PATH_MAX_BYTES + 1];

	(void)state;
	memset(name, 'p', PATH_MAX_BYTES);
	name[0] = '/';
	name[PATH_MAX_BYTES] = '\0';
	/* The kernel puts a NUL behind it and counts it (unix_mkname_bsd). */
	struct bpf_record r = make_record(name, PATH_MAX_BYTES + 1);
	assert_name(&r, name, PATH_MAX_BYTES);
	r = make_record(name, PATH_MAX_BYTES); /* and if it did not */
	assert_name(&r, name, PATH_MAX_BYTES);
	name[PATH_MAX_BYTES - 1] = '\0';
	r = make_record(name, PATH_MAX_BYTES);
	assert_name(&r, name, PATH_MAX_BYTES - 1);
}

static void name_longer_than_the_record_ends_with_it(void **state)
{
	static const uint32_t lens[] = {111, 112, 113, 128, 255, 256, 0x10002, 0x7fffffff,
					0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
			struct bpf_record r = make_record(is_abstract ? "" : "/", 1), *copy;
			struct sock s;
			r.path_len = lens[i];
			copy = (struct bpf_record *)(void *)guard_copy(&r, sizeof(r));
			assert_true(bpf_record_sock(copy, &s));
			assert_ptr_equal(s.name, copy->path + FAMILY);
			assert_true(s.name_len >= PATH_MAX_BYTES);
			assert_true(s.name_len <= sizeof(r.path) - FAMILY);
			guard_free((char *)copy, sizeof(*copy));
		}
	}
}

static void socket_without_a_name_has_none(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= FAMILY; len++) {
		struct bpf_record r = make_record("/run/x", 7);
		r.path_len = len;
		assert_name(&r, NULL, 0);
	}
}

static void short_record_has_no_name(void **state)
{
	struct bpf_record r = make_record("/run/x", 7), out;
	char *copy = guard_copy(&r, BPF_RECORD_SHORT);

	(void)state;
	memset(&out, 'x', sizeof(out)); /* as a longer record before it leaves it */
	r.size = BPF_RECORD_SHORT;
	memcpy(copy, &r, BPF_RECORD_SHORT);
	assert_int_equal(bpf_record_parse(copy, BPF_RECORD_SHORT, &out), BPF_RECORD_SHORT);
	guard_free(copy, BPF_RECORD_SHORT);
	assert_name(&out, NULL, 0);
}

static void name_survives_the_parser(void **state)
{
	struct bpf_record r = make_record("\0name", 5), out;
	char *copy = guard_copy(&r, sizeof(r));

	(void)state;
	assert_int_equal(bpf_record_parse(copy, sizeof(r), &out), sizeof(r));
	guard_free(copy, sizeof(r));
	assert_name(&out, "\0name", 5);
}

static void every_state_and_type_is_understood(void **state)
{
	static const uint16_t types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

	(void)state;
	for (unsigned i = 0; i < 256 * COUNT(types); i++) {
		struct bpf_record r = make_record("/run/x", 7);
		struct sock s;
		r.type = types[i / 256];
		r.state = (uint8_t)i;
		assert_true(bpf_record_sock(&r, &s));
		assert_int_equal(s.type, types[i / 256]);
		assert_int_equal(s.state, r.state == 10	 ? SOCK_STATE_LISTEN
					  : r.state == 1 ? SOCK_STATE_CONNECTED
							 : SOCK_STATE_UNCONNECTED);
	}
}

static void other_end_is_told_by_its_inode(void **state)
{
	static const uint64_t peers[] = {0, 1, 31415, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < COUNT(peers); i++) {
		struct bpf_record r = make_record("", 0);
		struct sock s;
		r.peer = peers[i];
		r.state = 1;
		assert_true(bpf_record_sock(&r, &s));
		assert_int_equal(s.peer, peers[i]);
		assert_null(s.name);
	}
}

static void protocol_and_port_do_not_matter(void **state)
{
	struct bpf_record r = make_record("/run/x", 7);
	struct sock s;

	(void)state;
	r.local_port = 0;
	for (uint16_t protocol = 0; protocol < 300; protocol++) {
		r.protocol = protocol;
		assert_true(bpf_record_sock(&r, &s));
		assert_int_equal(s.proto, SOCK_PROTO_UNIX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socket_has_name_owner_and_namespace),
		cmocka_unit_test(name_that_was_not_looked_at_is_not_known),
		cmocka_unit_test(path_ends_at_its_first_nul),
		cmocka_unit_test(abstract_name_is_as_long_as_it_says),
		cmocka_unit_test(path_may_fill_its_room),
		cmocka_unit_test(name_longer_than_the_record_ends_with_it),
		cmocka_unit_test(socket_without_a_name_has_none),
		cmocka_unit_test(short_record_has_no_name),
		cmocka_unit_test(name_survives_the_parser),
		cmocka_unit_test(every_state_and_type_is_understood),
		cmocka_unit_test(other_end_is_told_by_its_inode),
		cmocka_unit_test(protocol_and_port_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
