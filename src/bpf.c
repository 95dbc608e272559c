/* bpf(2); see bpf.h. The forms are those of linux/bpf.h; libc has none. */
#define _GNU_SOURCE
#include "bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum command { PROG_LOAD = 5, PROG_QUERY = 16, LINK_CREATE = 28, ITER_CREATE = 33 };

enum { PROG_TYPE_TRACING = 26, TRACE_ITER = 28 };

struct prog_load {
	uint32_t prog_type, insn_cnt;
	uint64_t insns, license;
	uint32_t log_level, log_size;
	uint64_t log_buf;
	uint32_t kern_version, prog_flags;
	char prog_name[16];
	uint32_t prog_ifindex, expected_attach_type;
	uint32_t prog_btf_fd, func_info_rec_size;
	uint64_t func_info;
	uint32_t func_info_cnt, line_info_rec_size;
	uint64_t line_info;
	uint32_t line_info_cnt, attach_btf_id;
};

struct link_create {
	uint32_t prog_fd, target_fd, attach_type, flags;
};

struct iter_create {
	uint32_t link_fd, flags;
};

struct prog_query {
	uint32_t target_fd, attach_type, query_flags, attach_flags;
	uint64_t prog_ids;
	uint32_t prog_cnt, pad;
};

/* Return a descriptor, which is closed on exec, or -errno; if the kernel lacks memory, -ENOBUFS. */
static int call(enum command command, const void *attr, size_t size)
{
	long fd = syscall(SYS_bpf, (long)command, attr, size);

	if (fd >= 0)
		return (int)fd;
	return errno == ENOMEM ? -ENOBUFS : -errno;
}

uint8_t bpf_regs(unsigned destination, unsigned source)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return (uint8_t)(destination << 4 | source);
#else
	return (uint8_t)(source << 4 | destination);
#endif
}

int bpf_load_iterator(const struct bpf_insn *insns, size_t count, const char *license,
		      uint32_t target)
{
	struct prog_load attr = {
		.prog_type = PROG_TYPE_TRACING,
		.insn_cnt = (uint32_t)count,
		.insns = (uintptr_t)insns,
		.license = (uintptr_t)license,
		.prog_name = "whoport",
		.expected_attach_type = TRACE_ITER,
		.attach_btf_id = target,
	};

	return call(PROG_LOAD, &attr, sizeof(attr));
}

int bpf_start_iterator(int program_fd)
{
	struct link_create link = {.prog_fd = (uint32_t)program_fd, .attach_type = TRACE_ITER};
	int link_fd = call(LINK_CREATE, &link, sizeof(link));
	if (link_fd < 0)
		return link_fd;

	struct iter_create iter = {.link_fd = (uint32_t)link_fd};
	int fd = call(ITER_CREATE, &iter, sizeof(iter));
	close(link_fd); /* the iterator keeps what it needs */
	return fd;
}

int bpf_count_programs(int fd, uint32_t type, bool effective)
{
	struct prog_query query = {.target_fd = (uint32_t)fd, .attach_type = type,
				   .query_flags = effective ? 1 : 0}; /* BPF_F_QUERY_EFFECTIVE */

	int rc = call(PROG_QUERY, &query, sizeof(query));
	return rc < 0 ? rc : (int)query.prog_cnt;
}
