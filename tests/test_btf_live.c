/*
 * The running kernel's own types. What programs share with the kernel is known from
 * the C library's headers; the rest are sizes that no kernel has otherwise. Skipped
 * where the kernel has no BTF or does not show it.
 */
#define _GNU_SOURCE
#include "bpf_program.h"
#include "btf.h"
#include "btf_fixture.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>

/* The bytes are read once; NULL where there are none. */
struct live {
	char *data;
	size_t len;
};

static int read_live(void **state)
{
	static struct live live;

	live.data = btf_live_read(&live.len);
	*state = &live;
	return 0;
}

static int free_live(void **state)
{
	free(((struct live *)*state)->data);
	return 0;
}

static const struct live *want_live(void **state)
{
	const struct live *live = *state;

	if (!live->data)
		skip(); /* a kernel without BTF, or a sandbox */
	return live;
}

static struct btf_found open_type(const struct live *live, const char *name)
{
	struct btf_found f = {.name = {BTF_STRUCT, name, 0, 0}};

	f.rc = btf_parse(live->data, live->len, &f.name, 1, &f.btf);
	assert_int_equal(f.rc, 0);
	return f;
}

static void structs_of_the_c_library_are_as_it_has_them(void **state)
{
#define MEMBER(type, name) \
	{#type, #name, sizeof(struct type), offsetof(struct type, name), \
	 sizeof(((struct type *)0)->name)}
	static const struct {
		const char *type, *name;
		uint32_t size, offset, member_size;
	} cases[] = {
		MEMBER(sockaddr_in, sin_family), MEMBER(sockaddr_in, sin_port),
		MEMBER(sockaddr_in, sin_addr), MEMBER(sockaddr_in6, sin6_port),
		MEMBER(sockaddr_in6, sin6_addr), MEMBER(sockaddr_in6, sin6_scope_id),
		MEMBER(iphdr, tos), MEMBER(iphdr, ttl), MEMBER(iphdr, protocol),
		MEMBER(iphdr, saddr), MEMBER(iphdr, daddr), /* these in a union, since 5.18 */
		MEMBER(tcphdr, source), MEMBER(tcphdr, seq), MEMBER(tcphdr, window),
		MEMBER(tcphdr, urg_ptr),
	};
	const struct live *live = want_live(state);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct btf_found f = open_type(live, cases[i].type);
		if (f.name.id > 0) { /* a kernel without the internet is one, too */
			assert_int_equal(btf_size(&f.btf, &f.name), cases[i].size);
			assert_member(&f, cases[i].name, cases[i].offset, cases[i].member_size);
		}
		btf_free(&f.btf);
	}
}

static uint64_t extract(struct btf_found *f, const char *path, const void *memory,
			size_t size)
{
	struct btf_member m = btf_found_member(f, path);

	assert_true(m.bits > 0 && m.offset + m.size <= size);
	return btf_extract(memory, &m);
}

static void bit_fields_of_headers_are_as_the_c_library_has_them(void **state)
{
	const struct live *live = want_live(state);
	struct btf_found f = open_type(live, "iphdr");

	for (unsigned i = 0; f.name.id > 0 && i < 256; i++) {
		struct iphdr ip = {.ihl = i & 15, .version = i >> 4 & 15, .tos = (uint8_t)~i};
		assert_int_equal(extract(&f, "ihl", &ip, sizeof(ip)), ip.ihl);
		assert_int_equal(extract(&f, "version", &ip, sizeof(ip)), ip.version);
	}
	btf_free(&f.btf);
	f = open_type(live, "tcphdr");
	for (unsigned i = 0; f.name.id > 0 && i < 256; i++) {
		struct tcphdr tcp = {.doff = i >> 4 & 15, .fin = i & 1, .syn = i >> 1 & 1,
				     .psh = i >> 2 & 1, .ack = i >> 3 & 1, .urg = i & 1};
		assert_int_equal(extract(&f, "doff", &tcp, sizeof(tcp)), tcp.doff);
		assert_int_equal(extract(&f, "fin", &tcp, sizeof(tcp)), tcp.fin);
		assert_int_equal(extract(&f, "syn", &tcp, sizeof(tcp)), tcp.syn);
		assert_int_equal(extract(&f, "psh", &tcp, sizeof(tcp)), tcp.psh);
		assert_int_equal(extract(&f, "ack", &tcp, sizeof(tcp)), tcp.ack);
		assert_int_equal(extract(&f, "urg", &tcp, sizeof(tcp)), tcp.urg);
	}
	btf_free(&f.btf);
}

static void members_have_the_sizes_that_they_always_have(void **state)
{
	static const struct {
		const char *type, *path;
		uint32_t size;
	} cases[] = {
		{"inode", "i_mode", 2}, {"inode", "i_ino", sizeof(long)},
		{"inode", "i_sb", sizeof(long)}, {"file", "f_path.dentry", sizeof(long)},
		{"task_struct", "comm", 16}, {"task_struct", "pid", 4}, {"task_struct", "tgid", 4},
		{"task_struct", "files", sizeof(long)}, {"cred", "euid.val", 4},
		{"sock", "__sk_common.skc_family", 2}, {"sock", "__sk_common.skc_state", 1},
		{"sock", "__sk_common.skc_num", 2}, {"sock", "__sk_common.skc_dport", 2},
		{"sock", "__sk_common.skc_daddr", 4}, {"sock", "__sk_common.skc_rcv_saddr", 4},
		{"sock", "__sk_common.skc_cookie.counter", 8}, {"net", "ns.inum", 4},
		{"sock_common", "skc_family", 2}, {"sock_common", "skc_bound_dev_if", 4},
	};
	const struct live *live = want_live(state);

	if (sizeof(long) != 8)
		skip(); /* pointers are those of 64 bits */
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct btf_found f = open_type(live, cases[i].type);
		struct btf_member m = btf_found_member(&f, cases[i].path);
		if (m.size != cases[i].size || m.bits != 0)
			fail_msg("%s.%s: %u bytes", cases[i].type, cases[i].path, m.size);
		assert_true(m.offset + m.size <= btf_size(&f.btf, &f.name));
		btf_free(&f.btf);
	}
}

static void parts_of_a_sock_are_beside_each_other(void **state)
{
	struct btf_found f = open_type(want_live(state), "sock");
	uint32_t daddr = btf_found_member(&f, "__sk_common.skc_daddr").offset;
	uint32_t dport = btf_found_member(&f, "__sk_common.skc_dport").offset;

	/* What is compared in one go, in include/net/inet_hashtables.h. */
	assert_int_equal(btf_found_member(&f, "__sk_common").offset, 0);
	assert_member(&f, "__sk_common.skc_addrpair", daddr, 8);
	assert_int_equal(btf_found_member(&f, "__sk_common.skc_rcv_saddr").offset, daddr + 4);
	assert_member(&f, "__sk_common.skc_portpair", dport, 4);
	assert_int_equal(btf_found_member(&f, "__sk_common.skc_num").offset, dport + 2);
	struct btf_member only = btf_found_member(&f, "__sk_common.skc_ipv6only");
	assert_int_equal(only.bits, 1);
	assert_int_equal(only.size, 1);
	assert_no_member(&f, "skc_num");
	assert_no_member(&f, "__sk_common.sk_type");
	btf_free(&f.btf);
}

static void name_that_no_kernel_has_is_not_found(void **state)
{
	struct btf_found f = open_type(want_live(state), "whoport");

	assert_int_equal(f.name.id, 0);
	btf_free(&f.btf);
}

static void layout_of_this_kernel_is_complete(void **state)
{
	struct btf_name names[] = {{BTF_FUNC, "bpf_iter_task_file", 0, 0},
				   {BTF_INT, "long unsigned int", 0, 0}};
	const struct live *live = want_live(state);
	struct bpf_layout layout;
	struct btf btf;

	assert_int_equal(btf_parse(live->data, live->len, names, COUNT(names), &btf), 0);
	uint32_t size_of_long = btf_size(&btf, &names[1]);
	btf_free(&btf);
	if (names[0].id == 0 || size_of_long != 8)
		skip(); /* before Linux 5.8, or of 32 bits */
	assert_int_equal(bpf_layout_read(live->data, live->len, &layout), 0);
	assert_int_equal(layout.target, names[0].id);
	for (size_t i = 0; i < BPF_FIELDS; i++)
		assert_true(layout.fields[i].offset + layout.fields[i].size <= INT16_MAX);
}

static void bytes_of_this_kernel_cut_short_are_refused(void **state)
{
	const struct live *live = want_live(state);
	const size_t len = live->len;
	const size_t lens[] = {0, 2, 23, 24, 25, 4096, len / 3, len / 2, len - 4096, len - 1};
	struct bpf_layout layout;

	for (size_t i = 0; i < COUNT(lens); i++) {
		char *copy = guard_copy(live->data, lens[i]);
		assert_int_equal(bpf_layout_read(copy, lens[i], &layout), -EINVAL);
		guard_free(copy, lens[i]);
	}
}

/* As if the kernel's types ended earlier: the names of the rest are not found. */
static void types_of_this_kernel_may_end_anywhere(void **state)
{
	const struct live *live = want_live(state);
	struct btf_head head;
	struct bpf_layout layout;

	assert_true(live->len > sizeof(head));
	memcpy(&head, live->data, sizeof(head));
	for (uint32_t part = 0; part < 8; part++) {
		struct btf_head less = head;
		less.types_len = head.types_len / 8 * part + part % 3;
		/* No strings but a NUL, so that the types are all that there is. */
		size_t len = (size_t)head.len + head.types_at + less.types_len + 1;
		less.strings_at = head.types_at + less.types_len;
		less.strings_len = 1;
		char *copy = guard_copy(live->data, len);
		memcpy(copy, &less, sizeof(less));
		copy[len - 1] = '\0';
		int rc = bpf_layout_read(copy, len, &layout);
		assert_true(rc == -EINVAL || rc == -ENOENT);
		guard_free(copy, len);
	}
}

static void changed_bytes_of_this_kernel_are_survived(void **state)
{
	const struct live *live = want_live(state);
	char *copy = guard_copy(live->data, live->len);
	struct bpf_layout layout;
	uint32_t random = 1;

	alarm(300);
	for (int i = 0; i < 40; i++) {
		size_t places[16];
		for (size_t j = 0; j < COUNT(places); j++) {
			random = random * 1664525 + 1013904223; /* Numerical Recipes */
			places[j] = 24 + random % (live->len - 24);
			copy[places[j]] = (char)(random >> 24);
		}
		int rc = bpf_layout_read(copy, live->len, &layout);
		assert_true(rc == 0 || rc == -EINVAL || rc == -ENOENT);
		for (size_t j = 0; j < COUNT(places); j++)
			copy[places[j]] = live->data[places[j]];
	}
	alarm(0);
	guard_free(copy, live->len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structs_of_the_c_library_are_as_it_has_them),
		cmocka_unit_test(bit_fields_of_headers_are_as_the_c_library_has_them),
		cmocka_unit_test(members_have_the_sizes_that_they_always_have),
		cmocka_unit_test(parts_of_a_sock_are_beside_each_other),
		cmocka_unit_test(name_that_no_kernel_has_is_not_found),
		cmocka_unit_test(layout_of_this_kernel_is_complete),
		cmocka_unit_test(bytes_of_this_kernel_cut_short_are_refused),
		cmocka_unit_test(types_of_this_kernel_may_end_anywhere),
		cmocka_unit_test(changed_bytes_of_this_kernel_are_survived),
	};

	return cmocka_run_group_tests(tests, read_live, free_live);
}
