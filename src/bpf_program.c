/*
 * A program for the kernel's iterator over all descriptors of all tasks; see
 * bpf_program.h. It is called once for each, with
 *
 *     struct bpf_iter__task_file { meta, task, fd, file }
 *
 * and writes a struct bpf_record for each socket, io_uring and namespace.
 *
 * Registers: r6 the context, r7 the file, r8 what is looked at (inode, sock, task),
 * r9 at last the size of the record; r0 to r5 are lost in a call. The verifier follows
 * the kernel's types, so that plain loads do (bpf_iter.rst, Linux).
 */
#include "bpf_program.h"

#include "bpf_record.h"

#include <errno.h>
#include <string.h>

enum {
	HELPER_PROBE_READ_KERNEL = 113,
	HELPER_SEQ_WRITE = 127,
	HELPER_SOCK_FROM_FILE = 162,
	HELPER_SKC_TO_UNIX_SOCK = 178,
	NSFS_MAGIC = 0x6e736673, /* linux/magic.h */
	ANON_INODE_FS_MAGIC = 0x09041934,
	FORMAT_MASK = 0xf000, /* S_IFMT */
	FORMAT_SOCKET = 0xc000,
	FAMILY_UNIX = 1,
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
};

/* --- what has to be known -------------------------------------------------- */

enum type {
	T_CONTEXT, T_META, T_FILE, T_INODE, T_SUPER, T_DENTRY, T_TASK, T_CRED, T_SOCKET, T_SOCK,
	T_NET, T_UNIX, T_ADDRESS, T_LIST, T_TARGET, T_COUNT
};

enum field {
	CONTEXT_META, CONTEXT_TASK, CONTEXT_FD, CONTEXT_FILE, META_SEQ,
	FILE_INODE, FILE_DENTRY, INODE_MODE, INODE_NUMBER, INODE_SUPER, SUPER_MAGIC, DENTRY_NAME,
	TASK_TID, TASK_PID, TASK_TABLE, TASK_LEADER, TASK_COMMAND, TASK_CRED, CRED_EUID,
	SOCKET_SOCK, SOCKET_FILE, SOCK_SOCKET, SOCK_FAMILY, SOCK_STATE, SOCK_TYPE, SOCK_PROTOCOL,
	SOCK_PORT, SOCK_REMOTE_PORT, SOCK_LOCAL, SOCK_REMOTE, SOCK_LOCAL6, SOCK_REMOTE6, SOCK_NET,
	SOCK_BOUND_IF, SOCK_V6ONLY, SOCK_COUNTED, SOCK_COOKIE, SOCK_UID, NET_NUMBER,
	UNIX_PEER, UNIX_ADDRESS, ADDRESS_LEN, ADDRESS_NAME, FIELD_COUNT
};

_Static_assert(FIELD_COUNT == BPF_FIELDS, "as many as the header says");

static const struct {
	enum type type;
	bool optional;
	const char *path;
	bool is_bytes; /* not loaded as a number */
} fields[FIELD_COUNT] = {
	[CONTEXT_META] = {T_CONTEXT, false, "meta", false},
	[CONTEXT_TASK] = {T_CONTEXT, false, "task", false},
	[CONTEXT_FD] = {T_CONTEXT, false, "fd", false},
	[CONTEXT_FILE] = {T_CONTEXT, false, "file", false},
	[META_SEQ] = {T_META, false, "seq", false},
	[FILE_INODE] = {T_FILE, false, "f_inode", false},
	[FILE_DENTRY] = {T_FILE, false, "f_path.dentry", false},
	[INODE_MODE] = {T_INODE, false, "i_mode", false},
	[INODE_NUMBER] = {T_INODE, false, "i_ino", false},
	[INODE_SUPER] = {T_INODE, false, "i_sb", false},
	[SUPER_MAGIC] = {T_SUPER, false, "s_magic", false},
	[DENTRY_NAME] = {T_DENTRY, false, "d_name.name", false},
	[TASK_TID] = {T_TASK, false, "pid", false},
	[TASK_PID] = {T_TASK, false, "tgid", false},
	[TASK_TABLE] = {T_TASK, false, "files", false},
	[TASK_LEADER] = {T_TASK, false, "group_leader", false},
	[TASK_COMMAND] = {T_TASK, false, "comm", true},
	[TASK_CRED] = {T_TASK, false, "real_cred", false},
	[CRED_EUID] = {T_CRED, false, "euid.val", false},
	[SOCKET_SOCK] = {T_SOCKET, false, "sk", false},
	[SOCKET_FILE] = {T_SOCKET, false, "file", false},
	[SOCK_SOCKET] = {T_SOCK, false, "sk_socket", false},
	[SOCK_FAMILY] = {T_SOCK, false, "__sk_common.skc_family", false},
	[SOCK_STATE] = {T_SOCK, false, "__sk_common.skc_state", false},
	[SOCK_TYPE] = {T_SOCK, false, "sk_type", false},
	[SOCK_PROTOCOL] = {T_SOCK, false, "sk_protocol", false},
	[SOCK_PORT] = {T_SOCK, false, "__sk_common.skc_num", false},
	[SOCK_REMOTE_PORT] = {T_SOCK, false, "__sk_common.skc_dport", false},
	[SOCK_LOCAL] = {T_SOCK, false, "__sk_common.skc_rcv_saddr", false},
	[SOCK_REMOTE] = {T_SOCK, false, "__sk_common.skc_daddr", false},
	[SOCK_LOCAL6] = {T_SOCK, true, "__sk_common.skc_v6_rcv_saddr", true}, /* CONFIG_IPV6 */
	[SOCK_REMOTE6] = {T_SOCK, true, "__sk_common.skc_v6_daddr", true},
	[SOCK_NET] = {T_SOCK, false, "__sk_common.skc_net.net", false}, /* CONFIG_NET_NS */
	[SOCK_BOUND_IF] = {T_SOCK, false, "__sk_common.skc_bound_dev_if", false},
	[SOCK_V6ONLY] = {T_SOCK, false, "__sk_common.skc_ipv6only", false},
	[SOCK_COUNTED] = {T_SOCK, false, "__sk_common.skc_net_refcnt", false},
	[SOCK_COOKIE] = {T_SOCK, false, "__sk_common.skc_cookie.counter", false},
	[SOCK_UID] = {T_SOCK, false, "sk_uid.val", false},
	[NET_NUMBER] = {T_NET, false, "ns.inum", false},
	[UNIX_PEER] = {T_UNIX, true, "peer", false}, /* CONFIG_UNIX, not as a module */
	[UNIX_ADDRESS] = {T_UNIX, true, "addr", false},
	[ADDRESS_LEN] = {T_ADDRESS, true, "len", false},
	[ADDRESS_NAME] = {T_ADDRESS, true, "name", true},
};

/* Within an instruction's reach, and of a size that one can load. */
static bool is_usable(const struct btf_member *m, bool is_bytes)
{
	enum { BYTES_MAX = 16 };

	return m->offset <= INT16_MAX - BYTES_MAX &&
	       (is_bytes || m->size == 1 || m->size == 2 || m->size == 4 || m->size == 8);
}

int bpf_layout_read(const void *data, size_t len, struct bpf_layout *out)
{
	struct btf_name names[T_COUNT] = {
		[T_CONTEXT] = {BTF_STRUCT, "bpf_iter__task_file", 0, 0},
		[T_META] = {BTF_STRUCT, "bpf_iter_meta", 0, 0},
		[T_FILE] = {BTF_STRUCT, "file", 0, 0},
		[T_INODE] = {BTF_STRUCT, "inode", 0, 0},
		[T_SUPER] = {BTF_STRUCT, "super_block", 0, 0},
		[T_DENTRY] = {BTF_STRUCT, "dentry", 0, 0},
		[T_TASK] = {BTF_STRUCT, "task_struct", 0, 0},
		[T_CRED] = {BTF_STRUCT, "cred", 0, 0},
		[T_SOCKET] = {BTF_STRUCT, "socket", 0, 0},
		[T_SOCK] = {BTF_STRUCT, "sock", 0, 0},
		[T_NET] = {BTF_STRUCT, "net", 0, 0},
		[T_UNIX] = {BTF_STRUCT, "unix_sock", 0, 0},
		[T_ADDRESS] = {BTF_STRUCT, "unix_address", 0, 0},
		[T_LIST] = {BTF_STRUCT, "list_head", 0, 0}, /* two pointers */
		[T_TARGET] = {BTF_FUNC, "bpf_iter_task_file", 0, 0},
	};
	struct btf btf;
	int rc = btf_parse(data, len, names, T_COUNT, &btf);

	*out = (struct bpf_layout){.target = names[T_TARGET].id};
	/* Pointers are loaded as 64 bits. */
	if (rc == 0 && (!out->target || btf_size(&btf, &names[T_LIST]) != 16))
		rc = -ENOENT;
	for (size_t i = 0; rc == 0 && i < FIELD_COUNT; i++) {
		struct btf_member *m = &out->fields[i];
		rc = btf_find_member(&btf, &names[fields[i].type], fields[i].path, m);
		if (rc == 0 && !is_usable(m, fields[i].is_bytes))
			rc = -ENOENT;
		if (rc == -ENOENT && fields[i].optional) {
			*m = (struct btf_member){0};
			rc = 0;
		}
	}
	btf_free(&btf);
	return rc;
}

/* --- instructions ---------------------------------------------------------- */

enum reg { R0, R1, R2, R3, R6 = 6, R7, R8, R9, FRAME };

/* Operation codes (instruction-set.rst, Linux); X takes a register, K a number. */
enum {
	LOAD_64 = 0x79, LOAD_32 = 0x61, LOAD_16 = 0x69, LOAD_8 = 0x71,
	STORE_64 = 0x7b, STORE_32 = 0x63, STORE_16 = 0x6b, STORE_8 = 0x73,
	STORE_K_64 = 0x7a, STORE_K_32 = 0x62, STORE_K_8 = 0x72,
	MOVE_X = 0xbf, MOVE_K = 0xb7, MOVE_K_64 = 0x18, /* two instructions */
	ADD_K = 0x07, AND_K = 0x57, SHIFT_LEFT_K = 0x67, SHIFT_RIGHT_K = 0x77,
	JUMP = 0x05, JUMP_EQUAL_K = 0x15, JUMP_EQUAL_X = 0x1d, JUMP_DIFFERENT_K = 0x55,
	JUMP_DIFFERENT_X = 0x5d,
	CALL = 0x85, EXIT = 0x95,
};

/* Jumps to one place that is not yet written. */
struct label {
	size_t jumps[16];
	size_t count;
};

struct writer {
	const struct bpf_layout *layout;
	struct bpf_program *program;
	bool full;
	struct label end; /* nothing to tell */
};

/* Where the record is on the stack. */
#define RECORD (-(int)sizeof(struct bpf_record))
#define IN_RECORD(member) (RECORD + (int)offsetof(struct bpf_record, member))

static void put(struct writer *w, int code, enum reg to, enum reg from, int offset, int32_t imm)
{
	struct bpf_program *p = w->program;

	if (p->count == sizeof(p->insns) / sizeof(*p->insns)) {
		w->full = true;
		return;
	}
	p->insns[p->count++] = (struct bpf_insn){(uint8_t)code, bpf_regs(to, from),
						 (int16_t)offset, imm};
}

static void jump(struct writer *w, struct label *to, int code, enum reg a, enum reg b, int32_t imm)
{
	if (to->count == sizeof(to->jumps) / sizeof(*to->jumps)) {
		w->full = true;
		return;
	}
	to->jumps[to->count++] = w->program->count;
	put(w, code, a, b, 0, imm);
}

/* Here go the jumps of a label. */
static void land(struct writer *w, const struct label *label)
{
	for (size_t i = 0; i < label->count && !w->full; i++) {
		size_t from = label->jumps[i];
		w->program->insns[from].offset = (int16_t)(w->program->count - from - 1);
	}
}

/* A constant, in two instructions. */
static void put_64(struct writer *w, enum reg to, uint64_t value)
{
	put(w, MOVE_K_64, to, R0, 0, (int32_t)(uint32_t)value);
	put(w, 0, R0, R0, 0, (int32_t)(uint32_t)(value >> 32));
}

static bool has(const struct writer *w, enum field field)
{
	return w->layout->fields[field].size > 0;
}

static void load_size(struct writer *w, enum reg to, enum reg from, uint32_t offset, uint32_t size)
{
	int code = size == 8 ? LOAD_64 : size == 4 ? LOAD_32 : size == 2 ? LOAD_16 : LOAD_8;

	put(w, code, to, from, (int)offset, 0);
}

/* A member of what a register points to. */
static void load(struct writer *w, enum reg to, enum reg from, enum field field)
{
	const struct btf_member *m = &w->layout->fields[field];

	load_size(w, to, from, m->offset, m->size);
	if (m->bits > 0) {
		put(w, SHIFT_LEFT_K, to, R0, 0, (int32_t)m->shift);
		put(w, SHIFT_RIGHT_K, to, R0, 0, (int32_t)(64 - m->bits));
	}
}

/* The same for a pointer; without one, go elsewhere. */
static void follow(struct writer *w, enum reg to, enum reg from, enum field field,
		   struct label *otherwise)
{
	load(w, to, from, field);
	jump(w, otherwise, JUMP_EQUAL_K, to, R0, 0);
}

static void store(struct writer *w, enum reg from, int at, size_t size)
{
	int code = size == 8 ? STORE_64 : size == 4 ? STORE_32 : size == 2 ? STORE_16 : STORE_8;

	put(w, code, FRAME, from, at, 0);
}

/* A member of what a register points to, into the record. */
#define COPY(w, from, field, member) \
	copy(w, from, field, IN_RECORD(member), sizeof(((struct bpf_record *)0)->member))

static void copy(struct writer *w, enum reg from, enum field field, int at, size_t size)
{
	if (!has(w, field))
		return;
	load(w, R1, from, field);
	store(w, R1, at, size);
}

/* An IPv6 address, in the words that the verifier lets us have. */
static void copy_address6(struct writer *w, enum reg from, enum field field, int at)
{
	for (uint32_t i = 0; has(w, field) && i < 16; i += 4) {
		load_size(w, R1, from, w->layout->fields[field].offset + i, 4);
		store(w, R1, at + (int)i, 4);
	}
}

/* Bytes of a member into the record, by a helper that cannot fault. */
static void copy_bytes(struct writer *w, enum reg from, uint32_t offset, int at, int32_t size)
{
	put(w, MOVE_X, R3, from, 0, 0);
	put(w, ADD_K, R3, R0, 0, (int32_t)offset);
	put(w, MOVE_X, R1, FRAME, 0, 0);
	put(w, ADD_K, R1, R0, 0, at);
	put(w, MOVE_K, R2, R0, 0, size);
	put(w, CALL, R0, R0, 0, HELPER_PROBE_READ_KERNEL);
}

static void start_record(struct writer *w, enum bpf_record_kind kind)
{
	for (int at = 0; at < (int)BPF_RECORD_SHORT; at += 8)
		put(w, STORE_K_64, FRAME, R0, RECORD + at, 0);
	put(w, STORE_K_32, FRAME, R0, IN_RECORD(kind), (int32_t)kind);
	COPY(w, R8, INODE_NUMBER, inode);
	put(w, MOVE_K, R9, R0, 0, BPF_RECORD_SHORT);
}

/* --- the program ----------------------------------------------------------- */

/* What r8, a sock, knows of itself whatever its family. */
static void write_sock(struct writer *w)
{
	struct label no_net = {0};

	COPY(w, R8, SOCK_FAMILY, family);
	COPY(w, R8, SOCK_STATE, state);
	COPY(w, R8, SOCK_TYPE, type);
	COPY(w, R8, SOCK_PROTOCOL, protocol);
	COPY(w, R8, SOCK_PORT, local_port);
	COPY(w, R8, SOCK_REMOTE_PORT, remote_port);
	COPY(w, R8, SOCK_BOUND_IF, bound_if);
	COPY(w, R8, SOCK_V6ONLY, v6only);
	COPY(w, R8, SOCK_COUNTED, is_counted);
	COPY(w, R8, SOCK_UID, uid);
	follow(w, R2, R8, SOCK_NET, &no_net);
	COPY(w, R2, NET_NUMBER, netns);
	land(w, &no_net);
}

/* The inode of the other end of r8, a unix_sock. */
static void write_peer(struct writer *w)
{
	struct label none = {0};

	follow(w, R2, R8, UNIX_PEER, &none);
	follow(w, R2, R2, SOCK_SOCKET, &none);
	follow(w, R2, R2, SOCKET_FILE, &none);
	follow(w, R2, R2, FILE_INODE, &none);
	COPY(w, R2, INODE_NUMBER, peer);
	land(w, &none);
}

/* r8, a sock of the unix family: the rest of the record, and r9 its size. */
static void write_unix(struct writer *w, struct label *done)
{
	const struct bpf_record *r = NULL;
	struct label was_read = {0};

	COPY(w, R8, SOCK_COOKIE, cookie); /* of others nobody asks, and it is far off */
	put(w, MOVE_X, R1, R8, 0, 0);
	put(w, CALL, R0, R0, 0, HELPER_SKC_TO_UNIX_SOCK);
	jump(w, done, JUMP_EQUAL_K, R0, R0, 0);
	put(w, MOVE_X, R8, R0, 0, 0);
	write_peer(w);
	if (!has(w, UNIX_ADDRESS) || !has(w, ADDRESS_LEN) || !has(w, ADDRESS_NAME))
		return;
	put(w, STORE_K_8, FRAME, R0, IN_RECORD(is_named), 1);
	follow(w, R8, R8, UNIX_ADDRESS, done);
	COPY(w, R8, ADDRESS_LEN, path_len);
	/* What is behind the address is never looked at. */
	copy_bytes(w, R8, w->layout->fields[ADDRESS_NAME].offset, IN_RECORD(path),
		   (int32_t)sizeof(r->path));
	jump(w, &was_read, JUMP_EQUAL_K, R0, R0, 0);
	put(w, STORE_K_8, FRAME, R0, IN_RECORD(is_named), 0);
	jump(w, done, JUMP, R0, R0, 0);
	land(w, &was_read);
	put(w, MOVE_K, R9, R0, 0, sizeof(*r));
}

/* r7 is the file of a socket, r8 its inode. */
static void write_socket(struct writer *w, const struct bpf_choice *choice, struct label *done)
{
	struct label not_inet = {0}, not_inet6 = {0};

	start_record(w, BPF_RECORD_SOCKET);
	if (choice->count > 0)
		return;
	put(w, MOVE_X, R1, R7, 0, 0);
	put(w, CALL, R0, R0, 0, HELPER_SOCK_FROM_FILE);
	jump(w, done, JUMP_EQUAL_K, R0, R0, 0);
	follow(w, R8, R0, SOCKET_SOCK, done);
	write_sock(w);
	load(w, R2, R8, SOCK_FAMILY);
	jump(w, &not_inet, JUMP_DIFFERENT_K, R2, R0, FAMILY_INET);
	copy(w, R8, SOCK_LOCAL, IN_RECORD(local), 4);
	copy(w, R8, SOCK_REMOTE, IN_RECORD(remote), 4);
	jump(w, done, JUMP, R0, R0, 0);
	land(w, &not_inet);
	jump(w, &not_inet6, JUMP_DIFFERENT_K, R2, R0, FAMILY_INET6);
	copy_address6(w, R8, SOCK_LOCAL6, IN_RECORD(local));
	copy_address6(w, R8, SOCK_REMOTE6, IN_RECORD(remote));
	jump(w, done, JUMP, R0, R0, 0);
	land(w, &not_inet6);
	jump(w, done, JUMP_DIFFERENT_K, R2, R0, FAMILY_UNIX);
	if (choice->with_unix && has(w, UNIX_PEER))
		write_unix(w, done);
}

/* End the program if the 64 bits at a place on the stack are others. */
static void require(struct writer *w, int at, const char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	put(w, LOAD_64, R1, FRAME, at, 0);
	put_64(w, R2, value);
	jump(w, &w->end, JUMP_DIFFERENT_X, R1, R2, 0);
}

/* r7 is another file, r8 its inode. An io_uring is known by its name. */
static void write_other(struct writer *w, struct label *done)
{
	struct label not_namespace = {0};

	follow(w, R1, R8, INODE_SUPER, &w->end);
	load(w, R1, R1, SUPER_MAGIC);
	jump(w, &not_namespace, JUMP_DIFFERENT_K, R1, R0, NSFS_MAGIC);
	start_record(w, BPF_RECORD_NAMESPACE);
	jump(w, done, JUMP, R0, R0, 0);
	land(w, &not_namespace);
	jump(w, &w->end, JUMP_DIFFERENT_K, R1, R0, ANON_INODE_FS_MAGIC);
	follow(w, R1, R7, FILE_DENTRY, &w->end);
	follow(w, R1, R1, DENTRY_NAME, &w->end);
	copy_bytes(w, R1, 0, IN_RECORD(path), 16);
	jump(w, &w->end, JUMP_DIFFERENT_K, R0, R0, 0);
	require(w, IN_RECORD(path), "[io_urin"); /* "[io_uring]" */
	start_record(w, BPF_RECORD_RING);
}

/* Who it is, and out with it: r9 bytes. */
static void write_task(struct writer *w)
{
	struct label no_leader = {0};

	store(w, R9, IN_RECORD(size), 4);
	follow(w, R8, R6, CONTEXT_TASK, &w->end);
	COPY(w, R8, TASK_PID, pid);
	COPY(w, R8, TASK_TID, tid);
	COPY(w, R8, TASK_TABLE, table);
	COPY(w, R6, CONTEXT_FD, fd);
	follow(w, R8, R8, TASK_LEADER, &no_leader);
	copy_bytes(w, R8, w->layout->fields[TASK_COMMAND].offset, IN_RECORD(command), 16);
	follow(w, R8, R8, TASK_CRED, &no_leader);
	COPY(w, R8, CRED_EUID, euid);
	land(w, &no_leader);
	load(w, R1, R6, CONTEXT_META);
	load(w, R1, R1, META_SEQ);
	put(w, MOVE_X, R2, FRAME, 0, 0);
	put(w, ADD_K, R2, R0, 0, RECORD);
	put(w, MOVE_X, R3, R9, 0, 0);
	put(w, CALL, R0, R0, 0, HELPER_SEQ_WRITE);
}

/* End the program unless r8 is the inode of a socket that is asked for. */
static void choose(struct writer *w, const struct bpf_choice *choice)
{
	struct label chosen = {0};

	if (choice->count == 0)
		return;
	load(w, R1, R8, INODE_NUMBER);
	for (size_t i = 0; i < choice->count; i++) {
		put_64(w, R2, choice->inodes[i]);
		jump(w, &chosen, JUMP_EQUAL_X, R1, R2, 0);
	}
	jump(w, &w->end, JUMP, R0, R0, 0);
	land(w, &chosen);
}

int bpf_program_write(const struct bpf_layout *layout, const struct bpf_choice *choice,
		      struct bpf_program *out)
{
	struct writer w = {.layout = layout, .program = out};
	struct label other = {0}, done = {0};

	out->count = 0;
	put(&w, MOVE_X, R6, R1, 0, 0);
	follow(&w, R7, R6, CONTEXT_FILE, &w.end);
	follow(&w, R8, R7, FILE_INODE, &w.end);
	if (!choice->with_others) /* the number alone leaves little to look at */
		choose(&w, choice);
	load(&w, R1, R8, INODE_MODE);
	put(&w, AND_K, R1, R0, 0, FORMAT_MASK);
	jump(&w, &other, JUMP_DIFFERENT_K, R1, R0, FORMAT_SOCKET);
	if (choice->with_others)
		choose(&w, choice);
	write_socket(&w, choice, &done);
	jump(&w, &done, JUMP, R0, R0, 0);
	land(&w, &other);
	if (choice->with_others)
		write_other(&w, &done);
	else
		jump(&w, &w.end, JUMP, R0, R0, 0);
	land(&w, &done);
	write_task(&w);
	land(&w, &w.end);
	put(&w, MOVE_K, R0, R0, 0, 0);
	put(&w, EXIT, R0, R0, 0, 0);
	return w.full ? -E2BIG : 0;
}
