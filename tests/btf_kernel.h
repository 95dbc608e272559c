/*
 * A kernel that never was: BTF with the types that the iterator program needs, each
 * member at an offset of its own, so that a load tells which one it fetches.
 */
#ifndef WHOPORT_TESTS_BTF_KERNEL_H
#define WHOPORT_TESTS_BTF_KERNEL_H

#include "bpf_program.h"
#include "btf_fixture.h"

/**
 * A member; rows of one type follow each other, types that are used come first.
 * A type with `%` has no name in BTF; `*` is a pointer. Bit fields may be in sock_common.
 */
struct kernel_member {
	const char *owner, *name;
	uint32_t offset;
	const char *type;
	uint32_t bit, bits; /* bit field: its place behind offset and its width */
	bool optional;      /* the program does without */
};

static const struct kernel_member kernel_members[] = {
	{"bpf_iter_meta", "seq", 40, "*", 0, 0, false},
	{"bpf_iter__task_file", "meta", 8, "*", 0, 0, false},
	{"bpf_iter__task_file", "task", 16, "*", 0, 0, false},
	{"bpf_iter__task_file", "fd", 24, "u32", 0, 0, false},
	{"bpf_iter__task_file", "file", 32, "*", 0, 0, false},
	{"path", "dentry", 8, "*", 0, 0, false},
	{"file", "f_inode", 48, "*", 0, 0, false},
	{"file", "f_path", 56, "path", 0, 0, false}, /* 64 */
	{"inode", "i_mode", 72, "u16", 0, 0, false},
	{"inode", "i_ino", 80, "long unsigned int", 0, 0, false},
	{"inode", "i_sb", 88, "*", 0, 0, false},
	{"super_block", "s_magic", 96, "long unsigned int", 0, 0, false},
	{"qstr", "name", 8, "*", 0, 0, false},
	{"dentry", "d_name", 96, "qstr", 0, 0, false}, /* 104 */
	{"task_struct", "pid", 112, "u32", 0, 0, false},
	{"task_struct", "tgid", 116, "u32", 0, 0, false},
	{"task_struct", "files", 120, "*", 0, 0, false},
	{"task_struct", "group_leader", 128, "*", 0, 0, false},
	{"task_struct", "comm", 136, "char[16]", 0, 0, false},
	{"task_struct", "real_cred", 152, "*", 0, 0, false},
	{"%kuid", "val", 0, "u32", 0, 0, false},
	{"cred", "euid", 160, "%kuid", 0, 0, false},
	{"socket", "sk", 168, "*", 0, 0, false},
	{"socket", "file", 176, "*", 0, 0, false},
	{"%addrs", "skc_daddr", 0, "u32", 0, 0, false},
	{"%addrs", "skc_rcv_saddr", 4, "u32", 0, 0, false},
	{"%addrpair", "skc_addrpair", 0, "u64", 0, 0, true},
	{"%addrpair", "", 0, "%addrs", 0, 0, false},
	{"%net", "net", 0, "*", 0, 0, false},
	{"%atomic64", "counter", 0, "u64", 0, 0, false},
	{"sock_common", "", 0, "%addrpair", 0, 0, false}, /* 256 and 260 */
	{"sock_common", "skc_dport", 12, "u16", 0, 0, false},
	{"sock_common", "skc_num", 14, "u16", 0, 0, false},
	{"sock_common", "skc_family", 16, "u16", 0, 0, false},
	{"sock_common", "skc_state", 18, "u8", 0, 0, false},
	{"sock_common", "skc_reuse", 19, "u8", 0, 4, true},
	{"sock_common", "skc_ipv6only", 19, "u8", 5, 1, false},
	{"sock_common", "skc_net_refcnt", 19, "u8", 6, 1, false},
	{"sock_common", "skc_bound_dev_if", 20, "u32", 0, 0, false},
	{"sock_common", "skc_net", 48, "%net", 0, 0, false},
	{"sock_common", "skc_v6_daddr", 56, "char[16]", 0, 0, true},
	{"sock_common", "skc_v6_rcv_saddr", 72, "char[16]", 0, 0, true},
	{"sock_common", "skc_cookie", 88, "%atomic64", 0, 0, false},
	{"sock", "__sk_common", 256, "sock_common", 0, 0, false},
	{"sock", "sk_type", 400, "u16", 0, 0, false},
	{"sock", "sk_protocol", 402, "u16", 0, 0, false},
	{"sock", "sk_socket", 408, "*", 0, 0, false},
	{"sock", "sk_uid", 416, "%kuid", 0, 0, false},
	{"ns_common", "inum", 16, "u32", 0, 0, false},
	{"net", "ns", 424, "ns_common", 0, 0, false}, /* 440 */
	{"unix_sock", "addr", 448, "*", 0, 0, true},
	{"unix_sock", "peer", 456, "*", 0, 0, true},
	{"sockaddr_un", "sun_family", 0, "u16", 0, 0, true},
	{"sockaddr_un", "sun_path", 2, "char[108]", 0, 0, true},
	{"unix_address", "len", 464, "u32", 0, 0, true},
	{"unix_address", "name", 468, "sockaddr_un[]", 0, 0, true}, /* of no length */
};

/** What may be otherwise. */
struct kernel_options {
	const struct kernel_member *without;
	const struct kernel_member *moved; /* a member, to @offset */
	uint32_t offset;
	uint32_t size_of_long; /* 0: 8 */
	bool has_no_target;
};

/* Types by number. */
struct kernel_types {
	struct btf_bytes *b;
	const char *names[64];
	uint32_t sizes[64];
};

BTF_FIXTURE uint32_t kernel_name(struct kernel_types *t, uint32_t id, const char *name,
				 uint32_t size)
{
	assert_true(id < COUNT(t->names));
	t->names[id] = name;
	t->sizes[id] = size;
	return id;
}

BTF_FIXTURE uint32_t kernel_type(const struct kernel_types *t, const char *name)
{
	for (uint32_t id = 1; id <= t->b->count; id++) {
		if (t->names[id] && strcmp(t->names[id], name) == 0)
			return id;
	}
	fail_msg("%s: no type", name);
	return 0;
}

/** The row of a member. */
BTF_FIXTURE const struct kernel_member *kernel_member(const char *owner, const char *name)
{
	for (size_t i = 0; i < COUNT(kernel_members); i++) {
		const struct kernel_member *m = &kernel_members[i];
		if (strcmp(m->owner, owner) == 0 && strcmp(m->name, name) == 0)
			return m;
	}
	fail_msg("%s.%s: no member", owner, name);
	return NULL;
}

BTF_FIXTURE void kernel_add_simple(struct kernel_types *t, uint32_t size_of_long)
{
	static const char *const ints[] = {"u8", "u16", "u32", "u64"};
	struct btf_bytes *b = t->b;

	for (uint32_t i = 0; i < COUNT(ints); i++)
		kernel_name(t, btf_bytes_int(b, ints[i], 1U << i), ints[i], 1U << i);
	if (size_of_long == 0)
		size_of_long = 8;
	kernel_name(t, btf_bytes_int(b, "long unsigned int", size_of_long), "long unsigned int",
		    size_of_long);
	btf_bytes_type(b, KIND_STRUCT, "list_head", 2 * size_of_long); /* two pointers */
	kernel_name(t, btf_bytes_type(b, KIND_PTR, "", 0), "*", 8);
	kernel_name(t, btf_bytes_array(b, 1, 16), "char[16]", 16);
	kernel_name(t, btf_bytes_array(b, 1, 108), "char[108]", 108);
}

/* Add a member to the last type, which grows with it. */
BTF_FIXTURE void kernel_add_member(struct kernel_types *t, const struct kernel_member *m,
				   uint32_t offset)
{
	struct btf_bytes *b = t->b;
	uint32_t type = kernel_type(t, m->type), *size = &t->sizes[b->count];

	if (strcmp(m->owner, "sock_common") == 0)
		btf_bytes_bit_field(b, m->name, type, 8 * offset + m->bit, m->bits);
	else
		btf_bytes_member(b, m->name, type, 8 * offset);
	if (*size < offset + t->sizes[type])
		*size = offset + t->sizes[type];
	memcpy(b->types + b->info + 4, size, sizeof(*size));
}

/** Write the types of the kernel that never was; free() releases them. */
BTF_FIXTURE struct btf_bytes *make_kernel(const struct kernel_options *o)
{
	struct kernel_types t = {.b = btf_bytes_new()};
	const char *owner = "";

	kernel_add_simple(&t, o->size_of_long);
	for (size_t i = 0; i < COUNT(kernel_members); i++) {
		const struct kernel_member *m = &kernel_members[i];
		if (strcmp(owner, m->owner) != 0) {
			owner = m->owner;
			if (strcmp(owner, "unix_address") == 0)
				kernel_name(&t, btf_bytes_array(t.b, t.b->count, 0),
					    "sockaddr_un[]", 0);
			kernel_name(&t, btf_bytes_type(t.b, KIND_STRUCT,
						       *owner == '%' ? "" : owner, 0), owner, 0);
		}
		if (o->without != m)
			kernel_add_member(&t, m, o->moved == m ? o->offset : m->offset);
	}
	if (!o->has_no_target)
		btf_bytes_type(t.b, KIND_FUNC, "bpf_iter_task_file", 1);
	btf_bytes_write(t.b);
	return t.b;
}

/** What bpf_layout_read() says of such a kernel. */
BTF_FIXTURE int read_kernel(const struct kernel_options *o, struct bpf_layout *out)
{
	struct btf_bytes *b = make_kernel(o);
	char *copy = guard_copy(b->data, b->len);
	int rc = bpf_layout_read(copy, b->len, out);

	guard_free(copy, b->len);
	free(b);
	return rc;
}

#endif
