/*
 * Runs a program that can open no netlink socket, as container runtimes and
 * service managers can have it:
 *
 *     nonetlink ERROR PROGRAM [ARGUMENT...]
 *
 * ERROR is what socket(AF_NETLINK) then fails with: EPERM, EACCES, ENOSYS or
 * EAFNOSUPPORT. The filter knows the system call by its number alone, so it
 * does for every architecture that has its own call for socket().
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The low word of the first argument: the family. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { FAMILY = offsetof(struct seccomp_data, args) + sizeof(uint32_t) };
#else
enum { FAMILY = offsetof(struct seccomp_data, args) };
#endif

static int refuse_netlink(unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FAMILY),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned number;
	} errors[] = {
		{"EPERM", EPERM}, {"EACCES", EACCES}, {"ENOSYS", ENOSYS},
		{"EAFNOSUPPORT", EAFNOSUPPORT},
	};

	for (size_t i = 0; argc > 2 && i < sizeof(errors) / sizeof(*errors); i++) {
		if (strcmp(argv[1], errors[i].name) != 0)
			continue;
		if (refuse_netlink(errors[i].number) < 0) {
			perror("nonetlink: seccomp");
			return 125;
		}
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		return 126;
	}
	fprintf(stderr, "nonetlink: expected an error's name and a program\n");
	return 125;
}
