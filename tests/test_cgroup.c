/* Cgroups by id, their members, and the names in their paths. */
#define _GNU_SOURCE
#include "cgroup.h"
#include "fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>


/* --- mountinfo ----------------------------------------------------------- */

static bool parse_mount(const char *line, size_t len, bool *whole, char *point, size_t size)
{
	char *copy = guard_copy(line, len);
	bool ok = cgroup_parse_mount(copy, len, whole, point, size);

	guard_free(copy, len);
	return ok;
}

static void mount_point_is_found_and_unescaped(void **state)
{
	static const struct {
		const char *line, *point;
		bool whole;
	} cases[] = {
		{"41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", "/sys/fs/cgroup", true},
		{"41 31 0:38 / /cg rw,nosuid shared:9 - cgroup2 none rw,nsdelegate", "/cg", true},
		{"41 31 0:38 / /cg rw shared:9 master:1 propagate_from:2 unbindable - cgroup2 x rw",
		 "/cg", true},
		{"41 31 0:38 / /cg rw - cgroup2", "/cg", true},
		{"41 31 0:38 / /cg rw - cgroup2 - - - -", "/cg", true},
		{"41 31 0:38 /a /cg rw - cgroup2 cgroup2 rw", "/cg", false},
		{"41 31 0:38 /.. /cg rw - cgroup2 cgroup2 rw", "/cg", false},
		{"41 31 0:38 / / rw - cgroup2 cgroup2 rw", "/", true},
		{"41 31 0:38 / /a\\040b\\011c\\012d\\134e rw - cgroup2 c rw", "/a b\tc\nd\\e", true},
		{"41 31 0:38 / /\\377 rw - cgroup2 c rw", "/\377", true},
		{"41 31 0:38 / /\\0401 rw - cgroup2 c rw", "/ 1", true},
		{"41 31 0:38 / /\\134040 rw - cgroup2 c rw", "/\\040", true},
		/* No escapes: taken as they are. */
		{"41 31 0:38 / /\\400\\08\\x\\04 rw - cgroup2 c rw", "/\\400\\08\\x\\04", true},
		{"41 31 0:38 / /\\ rw - cgroup2 c rw", "/\\", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char point[64];
		bool whole = !cases[i].whole;
		if (!parse_mount(cases[i].line, strlen(cases[i].line), &whole, point, sizeof(point)))
			fail_msg("%s: not parsed", cases[i].line);
		assert_string_equal(point, cases[i].point);
		assert_int_equal(whole, cases[i].whole);
	}
}

static void other_and_malformed_lines_are_no_mount(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"-",
		"41 31 0:38 / /cg rw - cgroup cgroup rw",
		"41 31 0:38 / /cg rw - cgroup22 cgroup2 rw",
		"41 31 0:38 / /cg rw - tmpfs cgroup2 rw",
		"41 31 0:38 / /cg rw - fuse.cgroup2 cgroup2 rw",
		"41 31 0:38 / /cg rw cgroup2 cgroup2 rw",
		"41 31 0:38 / /cg rw -  cgroup2 rw",
		"41 31 0:38 / /cg rw - ",
		"41 31 0:38 / /cg rw -",
		"41 31 0:38 / /cg - cgroup2 cgroup2 rw", /* `-` would be the options */
		"41 31 0:38 / cg rw - cgroup2 cgroup2 rw",
		"41 31 0:38 /  rw - cgroup2 cgroup2 rw",
		"41 31 0:38 / /a\\000b rw - cgroup2 cgroup2 rw",
		"41 31 0:38 / /cg rw - cgroup2\tcgroup2 rw",
	};
	char point[64];
	bool whole;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (parse_mount(lines[i], strlen(lines[i]), &whole, point, sizeof(point)))
			fail_msg("%s: taken for a mount", lines[i]);
	}
	assert_false(parse_mount("41 31 0:38 / /a\0b rw - cgroup2 c rw", 35, &whole, point,
				 sizeof(point)));
}

static void mount_line_may_end_anywhere(void **state)
{
	static const char line[] = "41 31 0:38 / /a\\040b rw shared:9 - cgroup2 none rw";
	size_t needed = (size_t)(strstr(line, " none") - line);
	char point[64];
	bool whole;

	(void)state;
	for (size_t len = 0; len < sizeof(line); len++)
		assert_int_equal(parse_mount(line, len, &whole, point, sizeof(point)),
				 len >= needed);
}

static void mount_point_must_fit(void **state)
{
	static const char line[] = "41 31 0:38 / /a\\040b rw - cgroup2 none rw";
	bool whole;

	(void)state;
	for (size_t size = 0; size < 8; size++) {
		char *room = guard_copy("\0\0\0\0\0\0\0\0", size);
		bool ok = parse_mount(line, sizeof(line) - 1, &whole, room, size);
		assert_int_equal(ok, size > strlen("/a b"));
		if (ok)
			assert_string_equal(room, "/a b");
		guard_free(room, size);
	}
}

/* --- index --------------------------------------------------------------- */

/* Make a cgroup of the fixture, and those on its way; "cg" is the mount. */
static void add_cgroup(struct fixture *fx, const char *path, const char *procs)
{
	char file[512];

	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	fixture_write(fx, file, procs, strlen(procs));
}

static uint64_t id_of(struct fixture *fx, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(fx->root_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

/* Append a line of mountinfo for a directory of the fixture, escaped. */
static void add_mount(struct buf *b, const struct fixture *fx, const char *root, const char *dir)
{
	char path[512];

	buf_add_str(b, "41 31 0:38 ");
	buf_add_str(b, root);
	buf_add_char(b, ' ');
	snprintf(path, sizeof(path), "%s/%s", fx->path, dir);
	for (const char *p = path; *p; p++) {
		char octal[5];
		snprintf(octal, sizeof(octal), "\\%03o", (unsigned)(unsigned char)*p);
		if (strchr(" \t\n\\", *p))
			buf_add_str(b, octal);
		else
			buf_add_char(b, *p);
	}
	buf_add_str(b, " rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
}

/* Write mountinfo and read the index; empties @b. */
static int load(struct fixture *fx, struct buf *b, struct cgroup_index *out)
{
	fixture_write(fx, "self/mountinfo", b->data, b->len);
	buf_free(b);
	return cgroup_index_load(out, fx->root_fd);
}

/* Read the index of the tree below "cg". */
static struct cgroup_index load_cg(struct fixture *fx)
{
	struct cgroup_index x;
	struct buf b = {0};

	buf_add_str(&b, "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n");
	add_mount(&b, fx, "/", "cg");
	buf_add_str(&b, "42 31 0:28 / /tmp rw - tmpfs tmpfs rw\n");
	assert_int_equal(load(fx, &b, &x), 0);
	return x;
}

static void assert_found(const struct cgroup_index *x, uint64_t id, const char *path)
{
	const char *found = cgroup_index_find(x, id);

	assert_non_null(found);
	assert_string_equal(found, path);
}

static int lowest_free_fd(void)
{
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void index_finds_every_directory_by_id(void **state)
{
	struct fixture *fx = *state;
	int before = lowest_free_fd();

	add_cgroup(fx, "cg", "");
	add_cgroup(fx, "cg/init.scope", "1\n");
	add_cgroup(fx, "cg/system.slice/nginx.service", "42\n");
	add_cgroup(fx, "cg/system.slice/nginx.service/worker", "43\n");
	struct cgroup_index x = load_cg(fx);
	assert_int_equal(x.len, 5);
	for (size_t i = 1; i < x.len; i++)
		assert_true(x.v[i - 1].id < x.v[i].id);
	assert_found(&x, id_of(fx, "cg"), "/");
	assert_found(&x, id_of(fx, "cg/init.scope"), "/init.scope");
	assert_found(&x, id_of(fx, "cg/system.slice"), "/system.slice");
	assert_found(&x, id_of(fx, "cg/system.slice/nginx.service"), "/system.slice/nginx.service");
	assert_found(&x, id_of(fx, "cg/system.slice/nginx.service/worker"),
		     "/system.slice/nginx.service/worker");
	assert_null(cgroup_index_find(&x, 0));
	assert_null(cgroup_index_find(&x, UINT64_MAX));
	assert_null(cgroup_index_find(&x, id_of(fx, "self")));
	assert_null(cgroup_index_find(&x, id_of(fx, "cg/cgroup.procs")));
	cgroup_index_free(&x);
	assert_int_equal(lowest_free_fd(), before);
}

static void index_takes_a_root_without_children(void **state)
{
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "7\n");
	struct cgroup_index x = load_cg(fx);
	assert_int_equal(x.len, 1);
	assert_found(&x, id_of(fx, "cg"), "/");
	cgroup_index_free(&x);
}

static void index_takes_many_wide_and_deep(void **state)
{
	struct fixture *fx = *state;
	char path[300] = "cg";

	add_cgroup(fx, "cg", "");
	for (size_t i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "cg/wide/%zu", i);
		add_cgroup(fx, path, "");
	}
	strcpy(path, "cg");
	for (size_t i = 0; i < 100; i++) {
		strcat(path, "/d");
		assert_int_equal(mkdirat(fx->root_fd, path, 0755), 0);
	}
	struct cgroup_index x = load_cg(fx);
	assert_int_equal(x.len, 1 + 1 + 300 + 100);
	assert_found(&x, id_of(fx, path), path + 2);
	assert_found(&x, id_of(fx, "cg/wide/299"), "/wide/299");
	cgroup_index_free(&x);
}

/* Go down by names of 255 bytes; path lengths end at PATH_MAX, trees do not. */
static void index_ends_where_no_path_leads(void **state)
{
	struct fixture *fx = *state;
	char name[256];
	int dirs[21];

	memset(name, 'n', sizeof(name) - 1);
	name[255] = '\0';
	add_cgroup(fx, "cg", "");
	add_cgroup(fx, "cg/beside", "");
	dirs[0] = fixture_open(fx, "cg");
	for (size_t i = 1; i < COUNT(dirs); i++) {
		assert_int_equal(mkdirat(dirs[i - 1], name, 0755), 0);
		dirs[i] = openat(dirs[i - 1], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(dirs[i] >= 0);
	}
	struct cgroup_index x = load_cg(fx);
	for (size_t i = COUNT(dirs) - 1; i > 0; i--) {
		close(dirs[i]);
		assert_int_equal(unlinkat(dirs[i - 1], name, AT_REMOVEDIR), 0);
	}
	close(dirs[0]);
	/* The longest path that can be opened has 16 names, and lists a 17th. */
	assert_int_equal(x.len, 2 + PATH_MAX / 256 + 1);
	assert_found(&x, id_of(fx, "cg/beside"), "/beside");
	cgroup_index_free(&x);
}

static void names_may_hold_any_byte(void **state)
{
	static const char *const names[] = {
		"a b", "new\nline", "\033[31m", "%s%n", "\377\376", "...", "..a", "-rf", "\\040", ":",
	};
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "");
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[64];
		snprintf(path, sizeof(path), "cg/%s", names[i]);
		add_cgroup(fx, path, "5\n");
	}
	struct cgroup_index x = load_cg(fx);
	assert_int_equal(x.len, 1 + COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[64];
		pid_t *pids;
		size_t len;
		snprintf(path, sizeof(path), "cg/%s", names[i]);
		assert_found(&x, id_of(fx, path), path + 2);
		assert_int_equal(cgroup_members(&x, path + 2, &pids, &len), 0);
		assert_int_equal(len, 1);
		free(pids);
	}
	cgroup_index_free(&x);
}

static void only_directories_are_cgroups(void **state)
{
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "");
	add_cgroup(fx, "cg/real", "");
	add_cgroup(fx, "outside/inner", "");
	fixture_write(fx, "cg/memory.max", "max\n", 4);
	assert_int_equal(symlinkat("real", fx->root_fd, "cg/link"), 0);
	assert_int_equal(symlinkat("../outside", fx->root_fd, "cg/way-out"), 0);
	assert_int_equal(symlinkat("..", fx->root_fd, "cg/loop"), 0);
	assert_int_equal(mkfifoat(fx->root_fd, "cg/fifo", 0600), 0);
	struct cgroup_index x = load_cg(fx);
	assert_int_equal(x.len, 2);
	assert_null(cgroup_index_find(&x, id_of(fx, "outside")));
	assert_null(cgroup_index_find(&x, id_of(fx, "outside/inner")));
	cgroup_index_free(&x);
}

static void closed_directory_is_named_without_what_is_inside(void **state)
{
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "");
	add_cgroup(fx, "cg/closed/inner", "");
	add_cgroup(fx, "cg/open/inner", "");
	uint64_t inner = id_of(fx, "cg/closed/inner");
	struct buf b = {0};
	add_mount(&b, fx, "/", "cg");
	fixture_write(fx, "self/mountinfo", b.data, b.len);
	buf_free(&b);
	assert_int_equal(fchmodat(fx->root_fd, "cg/closed", 0, 0), 0);
	fixture_drop_root(fx);

	struct cgroup_index x;
	assert_int_equal(cgroup_index_load(&x, fx->root_fd), 0);
	assert_int_equal(x.len, 4);
	assert_found(&x, id_of(fx, "cg/closed"), "/closed");
	assert_found(&x, id_of(fx, "cg/open/inner"), "/open/inner");
	assert_null(cgroup_index_find(&x, inner));

	pid_t *pids;
	size_t len;
	assert_int_equal(cgroup_members(&x, "/closed", &pids, &len), -EACCES);
	cgroup_index_free(&x);
}

static void mount_of_the_whole_hierarchy_counts(void **state)
{
	struct fixture *fx = *state;
	struct cgroup_index x;
	struct buf b = {0};
	int before = lowest_free_fd();

	add_cgroup(fx, "part", "");
	add_cgroup(fx, "part2", "");
	add_cgroup(fx, "cg", "");
	add_cgroup(fx, "cg2", "");
	add_mount(&b, fx, "/a", "part");
	add_mount(&b, fx, "/", "cg");
	add_mount(&b, fx, "/", "cg2");
	assert_int_equal(load(fx, &b, &x), 0);
	assert_found(&x, id_of(fx, "cg"), "/");
	cgroup_index_free(&x);

	add_mount(&b, fx, "/a", "part");
	add_mount(&b, fx, "/b", "part2");
	assert_int_equal(load(fx, &b, &x), 0);
	assert_found(&x, id_of(fx, "part"), "/");
	cgroup_index_free(&x);
	assert_int_equal(lowest_free_fd(), before);
}

static void mount_that_is_hidden_is_passed_over(void **state)
{
	struct fixture *fx = *state;
	struct cgroup_index x;
	struct buf b = {0};

	add_cgroup(fx, "cg", "");
	fixture_write(fx, "other/file", "", 0); /* something else is mounted there now */
	assert_int_equal(symlinkat("cg", fx->root_fd, "link"), 0);
	add_mount(&b, fx, "/", "gone");
	add_mount(&b, fx, "/", "other");
	add_mount(&b, fx, "/", "link");
	add_mount(&b, fx, "/", "cg/cgroup.procs");
	add_mount(&b, fx, "/part", "cg");
	assert_int_equal(load(fx, &b, &x), 0);
	assert_found(&x, id_of(fx, "cg"), "/");
	cgroup_index_free(&x);
}

static void mount_point_may_hold_any_byte(void **state)
{
	struct fixture *fx = *state;
	struct cgroup_index x;
	struct buf b = {0};

	add_cgroup(fx, "my cg\t\n\\040/- cgroup2", "");
	add_mount(&b, fx, "/", "my cg\t\n\\040/- cgroup2");
	assert_int_equal(load(fx, &b, &x), 0);
	assert_found(&x, id_of(fx, "my cg\t\n\\040/- cgroup2"), "/");
	cgroup_index_free(&x);
}

static void overlong_line_hides_no_mount(void **state)
{
	struct fixture *fx = *state;
	struct cgroup_index x;
	struct buf b = {0};

	add_cgroup(fx, "cg", "");
	buf_add_str(&b, "50 31 0:40 / /merged rw - overlay overlay rw,lowerdir=");
	for (size_t i = 0; i < 20000; i++)
		buf_add_str(&b, "/layer:");
	buf_add_char(&b, '\n');
	add_mount(&b, fx, "/", "cg");
	assert_int_equal(load(fx, &b, &x), 0);
	assert_int_equal(x.len, 1);
	cgroup_index_free(&x);
}

/* Loading fails so, leaves nothing open, and what is left behaves as none. */
static void assert_no_index(struct fixture *fx, int expected)
{
	struct cgroup_index x;
	int before = lowest_free_fd();
	pid_t *pids = NULL;
	size_t len = 1;

	assert_int_equal(cgroup_index_load(&x, fx->root_fd), expected);
	assert_int_equal(x.len, 0);
	assert_int_equal(x.root_fd, -1);
	assert_null(cgroup_index_find(&x, 1));
	assert_int_equal(cgroup_members(&x, "/", &pids, &len), -ENOENT);
	assert_null(pids);
	assert_int_equal(len, 0);
	cgroup_index_free(&x);
	assert_int_equal(lowest_free_fd(), before);
}

static void no_mount_is_an_error(void **state)
{
	struct fixture *fx = *state;
	struct buf b = {0};

	assert_no_index(fx, -ENOENT); /* not even mountinfo */
	fixture_write(fx, "self/mountinfo", "", 0);
	assert_no_index(fx, -ENOENT);
	buf_add_str(&b, "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
			"32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
	fixture_write(fx, "self/mountinfo", b.data, b.len);
	assert_no_index(fx, -ENOENT);
	add_mount(&b, fx, "/", "gone");
	fixture_write(fx, "self/mountinfo", b.data, b.len);
	assert_no_index(fx, -ENOENT);
	/* A directory that is no cgroup is never walked. */
	fixture_write(fx, "gone/file", "", 0);
	assert_no_index(fx, -ENOENT);
	buf_free(&b);
}

static void closed_mount_says_why(void **state)
{
	struct fixture *fx = *state;
	struct buf b = {0};

	add_cgroup(fx, "cg", "");
	add_mount(&b, fx, "/", "cg");
	fixture_write(fx, "self/mountinfo", b.data, b.len);
	buf_free(&b);
	assert_int_equal(fchmodat(fx->root_fd, "cg", 0, 0), 0);
	fixture_drop_root(fx);
	assert_no_index(fx, -EACCES);
}

/* Load with so many descriptors left to us. */
static int load_within(struct fixture *fx, struct cgroup_index *out, unsigned left)
{
	struct rlimit all, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	few = (struct rlimit){(rlim_t)lowest_free_fd() + left, all.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int rc = cgroup_index_load(out, fx->root_fd);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
	return rc;
}

static void two_descriptors_are_enough_and_fewer_an_error(void **state)
{
	struct fixture *fx = *state;
	struct cgroup_index x;
	struct buf b = {0};

	add_cgroup(fx, "cg", "");
	add_cgroup(fx, "cg/a/b/c/d/e/f", "");
	add_mount(&b, fx, "/", "cg");
	fixture_write(fx, "self/mountinfo", b.data, b.len);
	buf_free(&b);
	for (unsigned left = 0; left < 2; left++) {
		assert_int_equal(load_within(fx, &x, left), -EMFILE);
		cgroup_index_free(&x);
	}
	assert_int_equal(load_within(fx, &x, 2), 0);
	assert_int_equal(x.len, 7);
	cgroup_index_free(&x);
}

static void free_takes_a_zeroed_index(void **state)
{
	struct cgroup_index x = {0};
	int fd = dup(0);

	(void)state;
	assert_null(cgroup_index_find(&x, 0));
	cgroup_index_free(&x);
	cgroup_index_free(&x);
	/* Descriptor 0 is not ours to close. */
	assert_int_equal(fcntl(0, F_GETFD) < 0, fd < 0);
	if (fd >= 0)
		close(fd);
}

/* --- members ------------------------------------------------------------- */

static void assert_members(const struct cgroup_index *x, const char *path, const pid_t *expected,
			   size_t count)
{
	pid_t *pids;
	size_t len;

	assert_int_equal(cgroup_members(x, path, &pids, &len), 0);
	assert_int_equal(len, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pids[i], expected[i]);
	free(pids);
}

static void members_are_sorted_and_given_once(void **state)
{
	static const pid_t expected[] = {3, 7, 42, INT_MAX};
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "7\n");
	add_cgroup(fx, "cg/a/b", "42\n7\n2147483647\n3\n7\n42");
	struct cgroup_index x = load_cg(fx);
	assert_members(&x, "/a/b", expected, COUNT(expected));
	assert_members(&x, "/a//b/", expected, COUNT(expected));
	assert_members(&x, "//a/b", expected, COUNT(expected));
	assert_members(&x, "/", expected + 1, 1);
	cgroup_index_free(&x);
}

static void processes_without_a_number_here_are_left_out(void **state)
{
	static const pid_t expected[] = {5, 6};
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "0\n0\n6\n0\n5\n");
	add_cgroup(fx, "cg/outside", "0\n");
	struct cgroup_index x = load_cg(fx);
	assert_members(&x, "/", expected, 2);
	assert_members(&x, "/outside", NULL, 0);
	cgroup_index_free(&x);
}

static void lines_that_are_no_pid_are_left_out(void **state)
{
	static const pid_t expected[] = {5, 6};
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "\n-1\nabc\n5\n2147483648\n99999999999999999999\n0x7\n8 9\n 8\n6\n");
	struct cgroup_index x = load_cg(fx);
	assert_members(&x, "/", expected, 2);
	cgroup_index_free(&x);
}

static void members_may_be_many_or_none(void **state)
{
	struct fixture *fx = *state;
	struct buf b = {0};
	pid_t *pids;
	size_t len;

	add_cgroup(fx, "cg", "");
	for (unsigned pid = 50000; pid > 0; pid--) {
		buf_add_dec(&b, pid);
		buf_add_char(&b, '\n');
	}
	fixture_write(fx, "cg/many/cgroup.procs", b.data, b.len);
	buf_free(&b);
	struct cgroup_index x = load_cg(fx);
	assert_int_equal(cgroup_members(&x, "/many", &pids, &len), 0);
	assert_int_equal(len, 50000);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(pids[i], i + 1);
	free(pids);

	len = 1;
	assert_int_equal(cgroup_members(&x, "/", &pids, &len), 0);
	assert_null(pids);
	assert_int_equal(len, 0);
	cgroup_index_free(&x);
}

static void members_that_cannot_be_read_are_an_error(void **state)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {
		{"/gone", -ENOENT},	 {"/no-procs", -ENOENT}, {"/link", -ENOTDIR},
		{"/linked", -ELOOP},	 {"/fifo", -EINVAL},	 {"/dir", -EISDIR},
		{"/cgroup.procs", -ENOTDIR},
	};
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "7\n");
	fixture_write(fx, "cg/no-procs/file", "", 0);
	assert_int_equal(symlinkat(".", fx->root_fd, "cg/link"), 0);
	fixture_write(fx, "cg/linked/file", "", 0);
	assert_int_equal(symlinkat("../cgroup.procs", fx->root_fd, "cg/linked/cgroup.procs"), 0);
	fixture_write(fx, "cg/fifo/file", "", 0);
	assert_int_equal(mkfifoat(fx->root_fd, "cg/fifo/cgroup.procs", 0600), 0);
	fixture_write(fx, "cg/dir/cgroup.procs/file", "", 0);
	struct cgroup_index x = load_cg(fx);
	int before = lowest_free_fd();
	for (size_t i = 0; i < COUNT(cases); i++) {
		pid_t *pids = NULL;
		size_t len = 1;
		assert_int_equal(cgroup_members(&x, cases[i].path, &pids, &len), cases[i].error);
		assert_null(pids);
		assert_int_equal(len, 0);
	}
	assert_int_equal(lowest_free_fd(), before);
	cgroup_index_free(&x);
}

static void members_are_never_sought_outside_of_the_mount(void **state)
{
	static const char *const paths[] = {
		"", "a", "..", "/..", "/../", "/../outside", "/a/../../outside", "/a/..", "//..",
	};
	static const pid_t expected[] = {8};
	struct fixture *fx = *state;

	add_cgroup(fx, "cg", "7\n");
	add_cgroup(fx, "cg/a", "7\n");
	add_cgroup(fx, "cg/..a/b../...", "8\n");
	add_cgroup(fx, "outside", "666\n");
	struct cgroup_index x = load_cg(fx);
	for (size_t i = 0; i < COUNT(paths); i++) {
		pid_t *pids;
		size_t len;
		assert_int_equal(cgroup_members(&x, paths[i], &pids, &len), -EINVAL);
	}
	assert_members(&x, "/..a/b../...", expected, 1);

	/* Many slashes do not make the path start at the root directory. */
	char path[512];
	pid_t *pids;
	size_t len;
	snprintf(path, sizeof(path), "//%s/outside", fx->path);
	assert_int_equal(cgroup_members(&x, path, &pids, &len), -ENOENT);
	cgroup_index_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mount_point_is_found_and_unescaped),
		cmocka_unit_test(other_and_malformed_lines_are_no_mount),
		cmocka_unit_test(mount_line_may_end_anywhere),
		cmocka_unit_test(mount_point_must_fit),
		fixture_test(index_finds_every_directory_by_id),
		fixture_test(index_takes_a_root_without_children),
		fixture_test(index_takes_many_wide_and_deep),
		fixture_test(index_ends_where_no_path_leads),
		fixture_test(names_may_hold_any_byte),
		fixture_test(only_directories_are_cgroups),
		fixture_test(closed_directory_is_named_without_what_is_inside),
		fixture_test(mount_of_the_whole_hierarchy_counts),
		fixture_test(mount_that_is_hidden_is_passed_over),
		fixture_test(mount_point_may_hold_any_byte),
		fixture_test(overlong_line_hides_no_mount),
		fixture_test(no_mount_is_an_error),
		fixture_test(closed_mount_says_why),
		fixture_test(two_descriptors_are_enough_and_fewer_an_error),
		cmocka_unit_test(free_takes_a_zeroed_index),
		fixture_test(members_are_sorted_and_given_once),
		fixture_test(processes_without_a_number_here_are_left_out),
		fixture_test(lines_that_are_no_pid_are_left_out),
		fixture_test(members_may_be_many_or_none),
		fixture_test(members_that_cannot_be_read_are_an_error),
		fixture_test(members_are_never_sought_outside_of_the_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
