/*
 * Temporary proc trees and guarded buffers; see fixture.h. A tree looks like
 *
 *     ROOT/net/tcp
 *     ROOT/42/{comm,stat,cmdline}    ROOT/42/fd/3 -> socket:[1001]
 *     ROOT/42/task/42/{comm,fd/3}    ROOT/42/task/43/{comm,fd/}
 */
#define _GNU_SOURCE
#include "fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fixture_init(struct fixture *fx)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(fx->path, sizeof(fx->path), "%s/whoport-test.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(fx->path));
	fx->root_fd = open(fx->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fx->root_fd >= 0);
}

/* A test may have taken rights away from a directory. */
static int open_up(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, 0700);
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

enum { ORDINARY = 65534 };

static int give_away(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return lchown(path, ORDINARY, ORDINARY);
}

void fixture_drop_root(struct fixture *fx)
{
	if (geteuid() != 0)
		return;
	assert_int_equal(nftw(fx->path, give_away, 16, FTW_PHYS), 0);
	assert_int_equal(setegid(ORDINARY), 0);
	assert_int_equal(seteuid(ORDINARY), 0);
}

void fixture_free(struct fixture *fx)
{
	if (fx->path[0] == '\0')
		return;
	if (geteuid() != getuid()) {
		assert_int_equal(seteuid(getuid()), 0);
		assert_int_equal(setegid(getgid()), 0);
	}
	close(fx->root_fd);
	nftw(fx->path, open_up, 16, FTW_PHYS);
	assert_int_equal(nftw(fx->path, remove_entry, 16, FTW_PHYS | FTW_DEPTH), 0);
	*fx = (struct fixture){0};
}

int fixture_setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	*state = fx;
	fixture_init(fx);
	return 0;
}

int fixture_teardown(void **state)
{
	fixture_free(*state);
	free(*state);
	return 0;
}

/* Make the directories that lead to a file. */
static void make_way(struct fixture *fx, const char *path)
{
	char dir[512];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		assert_true(mkdirat(fx->root_fd, dir, 0755) == 0 || errno == EEXIST);
	}
}

void fixture_write(struct fixture *fx, const char *path, const void *data, size_t len)
{
	make_way(fx, path);
	int fd = openat(fx->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
}

void fixture_set_stat(struct fixture *fx, pid_t pid, const char *comm, char state, pid_t ppid,
		      pid_t pgid)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "%d/stat", (int)pid);
	int len = snprintf(text, sizeof(text),
			   "%d (%s) %c %d %d %d 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 %d 9 8 7\n",
			   (int)pid, comm, state, (int)ppid, (int)pgid, (int)pgid, 100 * (int)pid);
	fixture_write(fx, path, text, (size_t)len);
}

void fixture_add_thread(struct fixture *fx, pid_t pid, pid_t tid, const char *comm)
{
	char path[96], text[80];

	snprintf(path, sizeof(path), "%d/task/%d/comm", (int)pid, (int)tid);
	int len = snprintf(text, sizeof(text), "%s\n", comm);
	fixture_write(fx, path, text, (size_t)len);
	snprintf(path, sizeof(path), "%d/task/%d/fd/", (int)pid, (int)tid);
	make_way(fx, path);
}

void fixture_add_process(struct fixture *fx, pid_t pid, const char *comm)
{
	char path[64], text[80];

	snprintf(path, sizeof(path), "%d/comm", (int)pid);
	int len = snprintf(text, sizeof(text), "%s\n", comm);
	fixture_write(fx, path, text, (size_t)len);
	fixture_set_stat(fx, pid, comm, 'S', 1, pid);
	snprintf(path, sizeof(path), "%d/cmdline", (int)pid);
	fixture_write(fx, path, comm, strlen(comm) + 1);
	snprintf(path, sizeof(path), "%d/fd/", (int)pid);
	make_way(fx, path);
	fixture_add_thread(fx, pid, pid, comm);
}

void fixture_add_fd(struct fixture *fx, pid_t pid, pid_t tid, int fd, const char *target)
{
	char path[96];

	snprintf(path, sizeof(path), "%d/task/%d/fd/%d", (int)pid, (int)tid, fd);
	make_way(fx, path);
	assert_int_equal(symlinkat(target, fx->root_fd, path), 0);
	if (tid != pid)
		return;
	snprintf(path, sizeof(path), "%d/fd/%d", (int)pid, fd);
	make_way(fx, path);
	assert_int_equal(symlinkat(target, fx->root_fd, path), 0);
}

void fixture_add_table(struct fixture *fx, const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "net/%s", name);
	fixture_write(fx, path, text, strlen(text));
}

int fixture_open(struct fixture *fx, const char *path)
{
	int fd = openat(fx->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Bytes of whole pages that hold @len bytes; at least one page. */
static size_t guard_room(size_t len, size_t page)
{
	return len == 0 ? page : (len + page - 1) / page * page;
}

char *guard_copy(const void *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = guard_room(len, page);
	char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);

	assert_true(map != MAP_FAILED);
	assert_int_equal(mprotect(map + room, page, PROT_NONE), 0);
	if (len > 0)
		memcpy(map + room - len, data, len);
	return map + room - len;
}

void guard_free(char *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = guard_room(len, page);

	assert_int_equal(munmap(data + len - room, room + page), 0);
}

size_t data_read(const char *name, char *out, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/data/%s", name);
	FILE *file = fopen(path, "re");
	if (!file)
		fail_msg("%s: not there; run from the root of the source tree", path);
	size_t len = fread(out, 1, size, file);
	fclose(file);
	return len;
}

struct addr make_addr(const char *ip, uint16_t port)
{
	struct addr a = {0};

	if (ip)
		assert_true(addr_parse(ip, strlen(ip), &a));
	a.port = port;
	return a;
}

struct sock make_sock(enum sock_proto proto, enum sock_state state, const char *ip, uint16_t port,
		      uint64_t inode)
{
	struct sock s = {.inode = inode, .uid = 1000, .uid_known = true, .proto = (uint8_t)proto,
			 .state = (uint8_t)state, .local = make_addr(ip, port)};

	s.remote.family = s.local.family;
	return s;
}

struct sock make_connection(enum sock_state state, const char *ip, uint16_t port,
			    const char *remote_ip, uint16_t remote_port, uint64_t inode)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, state, ip, port, inode);

	s.remote = make_addr(remote_ip, remote_port);
	return s;
}

struct sock make_unix(enum sock_state state, int type, const char *name, uint64_t inode)
{
	return (struct sock){.inode = inode, .proto = SOCK_PROTO_UNIX, .state = (uint8_t)state,
			     .type = (uint8_t)type, .name = name,
			     .name_len = (uint16_t)(name ? strlen(name) : 0)};
}

void make_names(struct names *out)
{
	static const char *const lines[] = {
		"http 80/tcp www # the web",
		"https 443/tcp",
		"https 443/udp",
		"domain 53/tcp",
		"domain 53/udp",
		"twoports 1001/tcp",
		"twoports 1002/tcp",
	};

	*out = (struct names){.services_read = true};
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(names_parse_service(lines[i], strlen(lines[i]), out), 0);
}

void filter_add_ok(struct filter *f, enum filter_kind kind, const char *word)
{
	const char *why = "";

	if (filter_add(f, kind, word, &why) != 0)
		fail_msg("%s: %s", word, why);
}

void filter_finish_ok(struct filter *f)
{
	const char *object = "", *why = "";

	if (filter_finish(f, &object, &why) != 0)
		fail_msg("%s: %s", object, why);
}

void assert_bytes(const char *data, size_t len, const char *expected)
{
	char *text = calloc(1, len + 1);

	assert_non_null(text);
	if (len > 0)
		memcpy(text, data, len);
	if (len != strlen(expected) || memcmp(text, expected, len) != 0) {
		print_error("got \"%s\", not \"%s\"\n", text, expected);
		free(text);
		fail();
	}
	free(text);
}

void assert_buf(struct buf *b, const char *expected)
{
	assert_int_equal(b->error, 0);
	assert_bytes(b->data, b->len, expected);
	b->len = 0;
}
