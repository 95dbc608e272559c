/*
 * Puts a stranger in a holder's place while whoport is about to signal it:
 *
 *     swap POINT CHANGE OUT ERR PROGRAM [ARGUMENT...]
 *
 * Starts a holder of a TCP port, and the program under ptrace(2), with PORT and PID
 * among its arguments replaced by the holder's; its output goes to the files OUT and
 * ERR. At the point, for the first time, it stops the program and makes the change:
 *
 *     open      before pidfd_open() of the holder
 *     ask       before the holder is asked whether it may be signalled
 *     asked     after that
 *     send      before pidfd_send_signal() with a signal
 *
 *     reuse           the holder has ended, a stranger has its process ID (clone3(2) with
 *                     set_tid)
 *     reuse-listen    the same, and it listens on another port
 *     reuse-port      the same, and it listens on the holder's port
 *     end             the holder has ended
 *     close           the holder has closed its socket
 *     none            nothing
 *
 * and says on stdout what became of it:
 *
 *     holder 17 40001          process ID, port
 *     reached yes              or no
 *     now alive                the process of that ID: alive, ended, or signalled when a
 *                              signal was sent to it
 *     status 0                 the program's
 *
 * or `unavailable: reason`. With NO_PIDFD in the environment the program is told ENOSYS
 * by pidfd_open(), as by a kernel before 5.3. Needs no header newer than Linux 5.5.
 */
#define _GNU_SOURCE
#include "../refuse_syscall.h"
#include "holding.h"

#include <linux/ptrace.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/syscall.h>

/* <sys/ptrace.h> is left out: it has names in common with <linux/ptrace.h>. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* include/uapi/linux/ptrace.h, since Linux 5.3 */
enum { SYSCALL_INFO = 0x420e, INFO_ENTRY = 1, INFO_EXIT = 2, OPT_SYSGOOD = 1, OPT_EXITKILL = 1 << 20 };

struct syscall_stop {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t instruction_pointer, stack_pointer;
	uint64_t number_or_value; /* at entry the number */
	uint64_t args[6];
};

/* struct clone_args up to set_tid_size, of Linux 5.5 */
struct clone_request {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size;
};

static pid_t holder;
static struct held held;
static int order_fd; /* to the holder: whatever is sent there is answered */

__attribute__((noreturn)) static void give_up(const char *what)
{
	printf("unavailable: %s: %s\n", what, strerror(errno));
	exit(0);
}

/* --- the holder, and the stranger --------------------------------------------- */

/* A listener on a port, 0: a fresh one. */
static int open_listener(unsigned port)
{
	union inet_addr a;
	socklen_t len = addr_set(&a, "127.0.0.1", port);
	int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");

	check(port == 0 ? bind_fresh(fd, "127.0.0.1") : bind(fd, &a.sa, len), "bind");
	check(listen(fd, BACKLOG), "listen");
	return fd;
}

/* Hold until a byte comes, then close the socket, answer and go on. */
__attribute__((noreturn)) static void hold(int order)
{
	char byte;
	int fd = open_listener(0);
	struct held h = look(fd);

	if (write(order, &h, sizeof(h)) != (ssize_t)sizeof(h) || read(order, &byte, 1) != 1)
		_exit(1);
	close(fd);
	if (write(order, &byte, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void start_holder(void)
{
	int pair[2];

	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), "socketpair");
	holder = check(fork(), "fork");
	if (holder == 0) {
		close(pair[0]);
		hold(pair[1]);
	}
	close(pair[1]);
	order_fd = pair[0];
	if (read(order_fd, &held, sizeof(held)) != (ssize_t)sizeof(held))
		die("holder");
}

static void end_holder(void)
{
	check(kill(holder, SIGKILL), "kill");
	check(waitpid(holder, NULL, 0), "waitpid");
}

static void close_socket(void)
{
	char byte = 0;

	if (write(order_fd, &byte, 1) != 1 || read(order_fd, &byte, 1) != 1)
		die("holder");
}

/* The signals are blocked in us, and so in it: what is sent to it stays to be seen. */
static void start_stranger(const char *change)
{
	pid_t pid = holder;
	struct clone_request rq = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid,
				   .set_tid_size = 1};
	char byte;
	int fds[2];

	check(pipe2(fds, O_CLOEXEC), "pipe");
	long rc = syscall(SYS_clone3, &rq, sizeof(rq));
	if (rc < 0)
		give_up("clone3 with set_tid");
	if (rc == 0) {
		if (strcmp(change, "reuse-listen") == 0)
			open_listener(0);
		if (strcmp(change, "reuse-port") == 0)
			open_listener(held.port);
		if (write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(fds[0], &byte, 1) != 1)
		die("stranger");
	close(fds[0]);
	close(fds[1]);
}

static void make_change(const char *change)
{
	if (strcmp(change, "none") == 0)
		return;
	if (strcmp(change, "close") == 0) {
		close_socket();
		return;
	}
	end_holder();
	if (strcmp(change, "end") != 0)
		start_stranger(change);
}

/* Has a signal come to it? They are blocked: then it is pending. */
static const char *state_of_holder(void)
{
	char path[32], line[256];
	const char *state = "ended";
	unsigned long long set;
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)holder, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
		return state;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)holder);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Pid:", 4) == 0)
			state = "alive";
		if ((sscanf(line, "SigPnd: %llx", &set) == 1 ||
		     sscanf(line, "ShdPnd: %llx", &set) == 1) && set != 0)
			state = "signalled";
	}
	if (f)
		fclose(f);
	return state;
}

/* --- the program --------------------------------------------------------------- */

static void redirect(const char *path, int to)
{
	int fd = check(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), path);

	check(dup2(fd, to), "dup2");
}

__attribute__((noreturn)) static void run_program(char **argv, const char *out, const char *err)
{
	char port[16], pid[16];
	sigset_t none;

	snprintf(port, sizeof(port), "%u", held.port);
	snprintf(pid, sizeof(pid), "%d", (int)holder);
	for (char **at = argv; *at; at++) {
		if (strcmp(*at, "PORT") == 0)
			*at = port;
		else if (strcmp(*at, "PID") == 0)
			*at = pid;
	}
	redirect(out, STDOUT_FILENO);
	redirect(err, STDERR_FILENO);
	if (getenv("NO_PIDFD"))
		check(refuse_syscall(SYS_pidfd_open, ENOSYS), "seccomp");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(125);
	execvp(argv[0], argv);
	_exit(126);
}

static bool is_at(const struct syscall_stop *s, const char *point)
{
	uint64_t nr = s->number_or_value;
	bool to_holder = (pid_t)s->args[0] == holder;
	bool asks = (nr == SYS_pidfd_send_signal || (nr == SYS_kill && to_holder)) && s->args[1] == 0;

	if (strcmp(point, "open") == 0)
		return nr == SYS_pidfd_open && to_holder;
	if (strcmp(point, "send") == 0)
		return nr == SYS_pidfd_send_signal && s->args[1] != 0;
	return asks; /* ask, asked */
}

static long trace(long request, pid_t pid, uintptr_t address, uintptr_t data)
{
	return syscall(SYS_ptrace, request, pid, address, data);
}

/* Go on to the next stop. Return false when the program has ended. */
static bool go_on(pid_t program, int signal, int *out_status)
{
	if (trace(PTRACE_SYSCALL, program, 0, (uintptr_t)signal) < 0 && errno != ESRCH)
		give_up("ptrace");
	check(waitpid(program, out_status, 0), "waitpid");
	return WIFSTOPPED(*out_status);
}

/* Run the program to its end, and make the change on the way. */
static bool follow(pid_t program, const char *point, const char *change, int *out_status)
{
	bool reached = false, at_exit = false;
	int signal = 0;

	while (go_on(program, signal, out_status)) {
		struct syscall_stop s = {0};
		signal = WSTOPSIG(*out_status);
		if (signal != (SIGTRAP | 0x80))
			continue;
		signal = 0;
		if (trace(SYSCALL_INFO, program, sizeof(s), (uintptr_t)&s) < 0)
			give_up("PTRACE_GET_SYSCALL_INFO");
		bool now = at_exit && s.op == INFO_EXIT;
		if (!reached && !at_exit && s.op == INFO_ENTRY && is_at(&s, point)) {
			at_exit = strcmp(point, "asked") == 0;
			now = !at_exit;
		}
		if (!now)
			continue;
		at_exit = false;
		reached = true;
		make_change(change);
	}
	return reached;
}

int main(int argc, char **argv)
{
	sigset_t all;
	int status;

	if (argc < 6) {
		fprintf(stderr, "swap: expected POINT CHANGE OUT ERR PROGRAM\n");
		return 125;
	}
	begin_ports(30000);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	start_holder();
	pid_t program = check(fork(), "fork");
	if (program == 0)
		run_program(argv + 5, argv[3], argv[4]);
	check(waitpid(program, &status, 0), "waitpid");
	if (!WIFSTOPPED(status))
		give_up("ptrace");
	if (trace(PTRACE_SETOPTIONS, program, 0, OPT_SYSGOOD | OPT_EXITKILL) < 0)
		give_up("ptrace");
	bool reached = follow(program, argv[1], argv[2], &status);
	printf("holder %d %u\nreached %s\nnow %s\nstatus %d\n", (int)holder, held.port,
	       reached ? "yes" : "no", state_of_holder(),
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	kill(holder, SIGKILL);
	return 0;
}
