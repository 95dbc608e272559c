/*
 * Holds many sockets, by many threads, or as somebody else. Speaks as holder.c does (holding.h); of what is many only the first and the
 * last are told.
 *
 *     PID TID FD INODE PORT KIND
 *     811 811 3 31415 40001 many.first
 *
 * The kinds are in the table at the end. Ends when stdin does.
 */
#define _GNU_SOURCE
#include "holding.h"

#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int open_listener(void)
{
	int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");

	check(bind_fresh(fd, "127.0.0.1"), "bind");
	check(listen(fd, BACKLOG), "listen");
	return fd;
}

static void raise_limit(void)
{
	struct rlimit limit;

	check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

static pid_t own_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* Listeners, as many as VALUE says. */
static void open_listeners(const char *value)
{
	int count = atoi(value);

	raise_limit();
	for (int i = 0; i < count; i++) {
		int fd = open_listener();
		if (i == 0 || i == count - 1)
			tell(i == 0 ? ".first" : ".last", getpid(), fd, look(fd));
	}
}

static int work_many(const char *value)
{
	open_listeners(value);
	return 0;
}

/* Descriptors of nothing in particular. */
static int work_files(const char *value)
{
	raise_limit();
	for (int i = 0; i < atoi(value); i++)
		check(open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null");
	return 0;
}

/* One listener behind the highest descriptor that is allowed. */
static int work_highest(const char *value)
{
	(void)value;
	struct rlimit limit;

	raise_limit();
	check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	int fd = open_listener();
	int high = dup2(fd, (int)limit.rlim_cur - 1);
	if (high < 0)
		return -1;
	close(fd);
	tell("", getpid(), high, look(high));
	return 0;
}

/* --- threads --------------------------------------------------------------- */

static void start_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	errno = pthread_create(&thread, &attr, body, arg);
	if (errno)
		die("pthread_create");
	pthread_attr_destroy(&attr);
}

static void *sleep_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void await_dead_leader(void)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	for (int i = 0; i < 2500; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = '\0';
		const char *end = strrchr(text, ')');
		if (end && end[1] && end[2] == 'Z')
			return;
		nap();
	}
	errno = ETIMEDOUT;
	die("the main thread lives on");
}

static void *telling_thread(void *value)
{
	await_dead_leader();
	open_listeners(value);
	child_wait();
	return NULL;
}

/* The main thread has ended, two hundred others share its table of VALUE listeners. */
static int work_orphans(const char *value)
{
	for (int i = 0; i < 199; i++)
		start_thread(sleep_thread, NULL);
	start_thread(telling_thread, (void *)(uintptr_t)value);
	pthread_exit(NULL);
}

/* A thread that lives until the next one does. */
static void *relay_thread(void *arg)
{
	nap();
	start_thread(relay_thread, arg);
	return NULL;
}

static void *first_relay_thread(void *value)
{
	await_dead_leader();
	open_listeners(value);
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
	close(ready_fd);
	return relay_thread(NULL);
}

/* The same, but no thread lives for longer than a few milliseconds. */
static int work_relay(const char *value)
{
	start_thread(first_relay_thread, (void *)(uintptr_t)value);
	pthread_exit(NULL);
}

static void *other_user_thread(void *arg)
{
	(void)arg;
	check(unshare(CLONE_FILES), "unshare");
	int fd = open_listener();
	if (syscall(SYS_setresuid, -1, 65534, -1) < 0) /* of this thread alone */
		die("setresuid");
	tell("", own_tid(), fd, look(fd));
	child_wait();
	return NULL;
}

/* A thread with a table of its own, in the name of another user. */
static int work_other_user(const char *value)
{
	(void)value;
	start_thread(other_user_thread, NULL);
	for (;;)
		pause();
	return 0;
}

/* --- processes ------------------------------------------------------------- */

/* Not dumpable, of another user: its /proc is root's. */
static int work_nodump(const char *value)
{
	(void)value;
	int fd = open_listener();

	if (setuid(65534) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 0);
	tell("", getpid(), fd, look(fd));
	return 0;
}

/* In a user namespace of its own. */
static int work_userns(const char *value)
{
	(void)value;
	if (setuid(65534) < 0 || unshare(CLONE_NEWUSER) < 0)
		return -1;
	int fd = open_listener();
	tell("", getpid(), fd, look(fd));
	return 0;
}

/*
 * In a network namespace that we have left again, which a listener alone keeps: what
 * is left of a connection to another one.
 */
static int work_left_behind(const char *value)
{
	(void)value;
	struct ifreq rq = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int here = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "ns/net");

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	int fd = open_listener(), other = open_listener();
	check(ioctl(fd, SIOCSIFFLAGS, &rq), "SIOCSIFFLAGS");
	struct held far = look(other);
	union inet_addr a;
	socklen_t len = addr_set(&a, "127.0.0.1", far.port);
	int client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
	check(connect(client, &a.sa, len), "connect");
	close(check(accept(other, NULL, NULL), "accept"));
	close(other);
	nap(); /* for the client to be told */
	close(client);
	check(setns(here, CLONE_NEWNET), "setns");
	close(here);
	tell("", getpid(), fd, look(fd));
	tell(".remains", getpid(), -1, (struct held){0, far.port});
	return 0;
}

/* --- the table ------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*work)(const char *value);
} kinds[] = {
	{"files", work_files},
	{"highest", work_highest},
	{"left-behind", work_left_behind},
	{"many", work_many},
	{"nodump", work_nodump},
	{"orphans", work_orphans},
	{"other-user", work_other_user},
	{"relay", work_relay},
	{"userns", work_userns},
};

static void serve(const char *word)
{
	size_t len = strcspn(word, ":");

	kind = word;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *name = kinds[i].name;
		if (strlen(name) == len && strncmp(name, word, len) == 0) {
			kind = name;
			spawn(kinds[i].work, word[len] ? word + len + 1 : "1");
			return;
		}
	}
	errno = EINVAL;
	die("no such kind");
}

int main(int argc, char **argv)
{
	return hold_all(argc, argv, serve);
}
