/*
 * Runs a program that may not use bpf(2), or not all of it, as container runtimes
 * and service managers can have it:
 *
 *     nobpf ERROR WHAT PROGRAM [ARGUMENT...]
 *
 * ERROR is what bpf(2) then fails with: EPERM, EACCES, EINVAL, ENOSYS or ENOMEM.
 * WHAT is all, load (BPF_PROG_LOAD), link (BPF_LINK_CREATE) or iter (BPF_ITER_CREATE).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The low word of the first argument: the command. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { COMMAND = offsetof(struct seccomp_data, args) + sizeof(uint32_t) };
#else
enum { COMMAND = offsetof(struct seccomp_data, args) };
#endif

enum { ALL = -1, PROG_LOAD = 5, LINK_CREATE = 28, ITER_CREATE = 33 }; /* linux/bpf.h */

static int refuse_bpf(unsigned error, int command)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, COMMAND),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	if (command != ALL) {
		code[3].code = BPF_JMP | BPF_JEQ | BPF_K;
		code[3].k = (uint32_t)command;
	}
	/* Without PR_SET_NO_NEW_PRIVS, which would take nothing from root: a filter is
	 * root's to set. */
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int find(const char *word, const char *const *names, const int *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, names[i]) == 0)
			return values[i];
	}
	return -2;
}

int main(int argc, char **argv)
{
	static const char *const errors[] = {"EPERM", "EACCES", "EINVAL", "ENOSYS", "ENOMEM"};
	static const int numbers[] = {EPERM, EACCES, EINVAL, ENOSYS, ENOMEM};
	static const char *const words[] = {"all", "load", "link", "iter"};
	static const int commands[] = {ALL, PROG_LOAD, LINK_CREATE, ITER_CREATE};

	int error = argc > 3 ? find(argv[1], errors, numbers, 5) : -2;
	int command = argc > 3 ? find(argv[2], words, commands, 4) : -2;
	if (error < 0 || command < -1) {
		fprintf(stderr, "nobpf: expected an error's name, a command and a program\n");
		return 125;
	}
	if (refuse_bpf((unsigned)error, command) < 0) {
		perror("nobpf: seccomp");
		return 125;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 126;
}
