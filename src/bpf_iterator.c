/* The iterator over descriptors; see bpf_iterator.h. */
#define _GNU_SOURCE
#include "bpf_iterator.h"

#include "bpf.h"
#include "capability.h"
#include "kernel_version.h"
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* True if bpf(2) is worth a try: capabilities(7). */
static bool has_rights(void)
{
	return capability_has(CAPABILITY_SYS_ADMIN) ||
	       (capability_has(CAPABILITY_PERFMON) && capability_has(CAPABILITY_BPF));
}

/* Bytes of a file in memory: mapped or, where that cannot be, read. */
struct bytes {
	void *data;
	size_t len;
	bool is_mapped;
};

static int read_bytes(int fd, struct bytes *out)
{
	size_t at = 0;

	out->is_mapped = false;
	out->data = malloc(out->len);
	if (!out->data) /* for us it is much: the walk takes less */
		return -ENOBUFS;
	while (at < out->len) {
		ssize_t n = read(fd, (char *)out->data + at, out->len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		at += (size_t)n;
	}
	return 0;
}

static void free_bytes(struct bytes *b)
{
	if (b->is_mapped)
		munmap(b->data, b->len);
	else
		free(b->data);
}

static int load_bytes(const char *path, struct bytes *out)
{
	struct stat st;
	int fd = procfs_open(AT_FDCWD, path);

	*out = (struct bytes){0};
	if (fd < 0)
		return fd;
	int rc = fstat(fd, &st) < 0 ? -errno : st.st_size <= 0 ? -ENODATA : 0;
	if (rc == 0) {
		out->len = (size_t)st.st_size;
		out->data = mmap(NULL, out->len, PROT_READ, MAP_PRIVATE, fd, 0);
		out->is_mapped = out->data != MAP_FAILED; /* since Linux 6.16 */
		if (!out->is_mapped)
			rc = read_bytes(fd, out);
	}
	close(fd);
	return rc;
}

/* Before Linux 5.11 there is no way from a file to its socket (bpf_sock_from_file). */
static bool is_too_old(void)
{
	return !kernel_version_reaches(5, 11);
}

int bpf_iterator_may_open(int proc_fd)
{
	if (!has_rights())
		return -EPERM;
	if (is_too_old())
		return -ENOENT;
	/* The kernel tells the numbers of the initial pid namespace. */
	return procfs_is_ours(proc_fd) && procfs_is_initial(proc_fd) ? 0 : -EXDEV;
}

int bpf_iterator_learn(struct bpf_layout *out)
{
	struct bytes btf;
	int rc = load_bytes("/sys/kernel/btf/vmlinux", &btf);

	if (rc == 0)
		rc = bpf_layout_read(btf.data, btf.len, out);
	free_bytes(&btf);
	return rc;
}

/* Load the program; where a helper is missing, the one that does without. */
static int load_program(const struct bpf_layout *layout, struct bpf_choice choice)
{
	struct bpf_program program;

	for (;;) {
		int rc = bpf_program_write(layout, &choice, &program);
		int fd = rc < 0 ? rc
				: bpf_load_iterator(program.insns, program.count, "Dual MIT/GPL",
						    layout->target);
		if (fd >= 0 || !choice.with_unix || (fd != -EINVAL && fd != -EACCES))
			return fd;
		choice.with_unix = false;
	}
}

int bpf_iterator_open(const struct bpf_layout *layout, const struct bpf_choice *choice)
{
	int program_fd = load_program(layout, *choice);
	if (program_fd < 0)
		return program_fd;
	int fd = bpf_start_iterator(program_fd);
	close(program_fd); /* the iterator keeps what it needs */
	return fd;
}
