/* Each cause of unix names, in a directory of our own and from rows made by hand. */
#define _GNU_SOURCE
#include "told_fixture.h"

#include "diagnose_unix.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STAYS "the file stays when the socket is closed: who binds anew removes it first"

/* --- the directory ------------------------------------------------------------ */

/* A name in a directory of its own, in which it is asked about; DIR stands for that. */
struct directory {
	struct fixture fx;
	char path[400];
};

static void make_directory(struct directory *d, const char *name)
{
	fixture_init(&d->fx);
	snprintf(d->path, sizeof(d->path), "%s/%s", d->fx.path, name);
}

/* After fixture_drop_root(). */
static void take_root_back(void)
{
	if (getuid() != 0)
		return;
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

/* Bind a socket to the path. Return it. */
static int bind_to(const char *path, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(path) < sizeof(a.sun_path));
	strcpy(a.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* The text with the directory in place of DIR. */
static const char *with_directory(const struct directory *d, const char *text)
{
	static char out[2048];
	size_t len = 0;

	while (text && *text) {
		if (strncmp(text, "DIR", 3) == 0) {
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s", d->fx.path);
			text += 3;
		} else {
			out[len++] = *text++;
		}
	}
	out[len] = '\0';
	return text ? out : NULL;
}

/* --- what is told ------------------------------------------------------------------ */

enum { HOME = 1, ALICE = 1000 };

static void tell(struct told *t, const char *word)
{
	for (size_t i = 0; i < t->scene.look.rows.len; i++)
		t->scene.rows[i].snap = &t->scene.look.snap;
	diagnosis_free(&t->d);
	t->d = (struct diagnosis){0};
	diagnose_unix(&t->ctx, t->scene.place, word, &t->scene.look, HOME, ALICE, &t->d);
}

struct expected {
	const char *cause;
	int error;
	const char *headline, *fact, *help; /* the headline behind the verdict */
};

/* What is told of a name as an ordinary user, and that root is never told to use sudo. */
static void assert_told(const struct directory *d, struct told *t, const char *word,
			const struct expected *e)
{
	t->ctx.is_root = false;
	tell(t, word);
	assert_string_equal(t->d.cause, e->cause);
	assert_int_equal(t->d.error, e->error);
	buf_add_char(&t->d.headline, '\0');
	assert_string_equal(t->d.headline.data + t->d.verdict_len, with_directory(d, e->headline));
	assert_line(&t->d.facts[0], e->fact);
	assert_int_equal(t->d.facts_len, e->fact ? 1 : 0);
	assert_line(&t->d.help, with_directory(d, e->help));
	t->ctx.is_root = true;
	tell(t, word);
	assert_null(t->d.help.len ? memmem(t->d.help.data, t->d.help.len, "sudo", 4) : NULL);
}

/* The same without any socket. */
static void assert_path(const struct directory *d, const struct expected *e)
{
	struct told t;

	told_init(&t, d->path);
	assert_told(d, &t, d->path, e);
	told_free(&t);
}

/* --- paths ----------------------------------------------------------------------------- */

static void path_without_a_file_is_free(void **state)
{
	static const struct expected e = {"free", 0, ": nothing is in the way", NULL, NULL};
	struct directory d;

	(void)state;
	make_directory(&d, "x.sock");
	assert_path(&d, &e);
	fixture_free(&d.fx);
}

static void path_has_a_longest_length(void **state)
{
	static const struct expected fits = {"free", 0, ": nothing is in the way", NULL, NULL};
	static const struct expected is_long = {
		"path-too-long", EINVAL,
		": the path has 109 bytes, and a socket's at most 108", NULL, NULL};
	struct directory d;

	(void)state;
	make_directory(&d, "");
	size_t len = strlen(d.path);
	assert_true(len < 108);
	memset(d.path + len, 'a', 109 - len);
	d.path[108] = '\0';
	assert_path(&d, &fits);
	d.path[108] = 'a';
	d.path[109] = '\0';
	assert_path(&d, &is_long);
	fixture_free(&d.fx);
}

static void file_without_a_socket_is_stale(void **state)
{
	static const struct expected e = {
		"stale-file", EADDRINUSE,
		": the socket file is stale: it is there, and no socket is bound to it", NULL,
		"rm DIR/x.sock"};
	struct directory d;

	(void)state;
	make_directory(&d, "x.sock");
	close(bind_to(d.path, SOCK_STREAM));
	assert_path(&d, &e);
	fixture_free(&d.fx);
}

/* In whatever namespace, the kernel knows of it. */
static void file_of_a_socket_that_no_table_has_is_not_stale(void **state)
{
	static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	static const struct expected e = {"name-unseen", EADDRINUSE,
					  ": a socket is bound to it that cannot be seen from here",
					  NULL, "ls -ld DIR/x.sock"};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct directory d;
		make_directory(&d, "x.sock");
		int fd = bind_to(d.path, types[i]);
		if (types[i] != SOCK_DGRAM)
			assert_int_equal(listen(fd, 1), 0);
		assert_path(&d, &e);
		if (types[i] != SOCK_DGRAM) { /* and nobody has called there */
			assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
			assert_int_equal(accept(fd, NULL, NULL), -1);
			assert_int_equal(errno, EAGAIN);
		}
		close(fd);
		fixture_free(&d.fx);
	}
}

static void file_that_may_not_be_written_to_is_not_said_to_be_stale(void **state)
{
	static const struct expected e = {
		"name-untold", EADDRINUSE,
		": a socket file has the name, and no socket that can be seen is bound to it", NULL,
		"sudo whoport --why DIR/x.sock"};
	struct directory d;

	(void)state;
	make_directory(&d, "x.sock");
	close(bind_to(d.path, SOCK_STREAM));
	assert_int_equal(chmod(d.path, 0), 0);
	fixture_drop_root(&d.fx);
	struct told t;
	told_init(&t, d.path);
	assert_told(&d, &t, d.path, &e);
	told_free(&t);
	take_root_back();
	fixture_free(&d.fx);
}

static void file_that_is_no_socket_is_told(void **state)
{
	static const struct {
		mode_t mode;
		const char *headline;
	} cases[] = {
		{S_IFREG, ": a regular file has the name"},
		{S_IFDIR, ": a directory has the name"},
		{S_IFLNK, ": a symbolic link has the name"},
		{S_IFIFO, ": a file that is no socket has the name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct expected e = {"other-file", EADDRINUSE, cases[i].headline, NULL,
				     "ls -ld DIR/x.sock"};
		struct directory d;
		make_directory(&d, "x.sock");
		if (cases[i].mode == S_IFDIR)
			assert_int_equal(mkdir(d.path, 0700), 0);
		else if (cases[i].mode == S_IFLNK)
			assert_int_equal(symlink("nowhere", d.path), 0);
		else
			assert_int_equal(mknod(d.path, cases[i].mode | 0600, 0), 0);
		assert_path(&d, &e);
		fixture_free(&d.fx);
	}
}

static void directory_that_is_missing_is_told(void **state)
{
	static const struct expected missing = {"no-directory", ENOENT,
						": there is no directory DIR/a b", NULL,
						"mkdir -p 'DIR/a b'"};
	static const struct expected no_directory = {"path-error", ENOTDIR, ": Not a directory",
						     NULL, NULL};
	struct directory d;

	(void)state;
	make_directory(&d, "a b/x.sock");
	assert_path(&d, &missing);
	fixture_write(&d.fx, "a b", "", 0);
	assert_path(&d, &no_directory);
	fixture_free(&d.fx);
}

static void directory_that_may_not_be_written_to_is_told(void **state)
{
	static const struct expected closed = {"not-writable", EACCES,
					       ": no file may be made in DIR/in", NULL,
					       "ls -ld DIR/in"};
	static const struct expected shut = {
		"not-writable", EACCES, ": a directory on the way may not be searched", NULL, NULL};
	struct directory d;
	char dir[300];

	(void)state;
	make_directory(&d, "in/x.sock");
	snprintf(dir, sizeof(dir), "%s/in", d.fx.path);
	assert_int_equal(mkdir(dir, 0555), 0);
	fixture_drop_root(&d.fx);
	assert_path(&d, &closed);
	take_root_back();
	assert_int_equal(chmod(dir, 0), 0);
	fixture_drop_root(&d.fx);
	assert_path(&d, &shut);
	take_root_back();
	assert_int_equal(chmod(dir, 0700), 0);
	fixture_free(&d.fx);
}

/* --- sockets ------------------------------------------------------------------------------ */

static void holder_of_a_path_is_named(void **state)
{
	static const struct {
		enum sock_state state;
		int type;
		const char *headline;
	} cases[] = {
		{SOCK_STATE_LISTEN, SOCK_STREAM, ": nginx,811 listens on it"},
		{SOCK_STATE_LISTEN, SOCK_SEQPACKET, ": nginx,811 listens on it"},
		{SOCK_STATE_UNCONNECTED, SOCK_DGRAM, ": nginx,811 receives on it"},
		{SOCK_STATE_UNCONNECTED, SOCK_STREAM,
		 ": nginx,811 is bound to it and does not listen"},
	};
	struct directory d;

	(void)state;
	make_directory(&d, "x.sock");
	int fd = bind_to(d.path, SOCK_STREAM);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct expected e = {"name-taken", EADDRINUSE, cases[i].headline, STAYS,
				     "sudo whoport -k DIR/x.sock"};
		struct sock s = make_unix(cases[i].state, cases[i].type, d.path, 5);
		struct told t;
		told_init(&t, d.path);
		add_held(&t.scene, &s, "nginx", 811);
		assert_told(&d, &t, d.path, &e);
		t.scene.processes[0].uid = ALICE;
		e.help = "whoport -k DIR/x.sock";
		assert_told(&d, &t, d.path, &e);
		told_free(&t);
	}
	close(fd);
	fixture_free(&d.fx);
}

static void hidden_holder_of_a_path_is_told(void **state)
{
	static const struct expected e = {"name-taken", EADDRINUSE,
					  ": somebody [hidden: permission] listens on it", STAYS,
					  "sudo whoport --why DIR/x.sock"};
	struct directory d;
	struct told t;

	(void)state;
	make_directory(&d, "x.sock");
	int fd = bind_to(d.path, SOCK_STREAM);
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, d.path, 5);
	told_init(&t, d.path);
	add_row(&t.scene, &s, REASON_PERMISSION);
	assert_told(&d, &t, d.path, &e);
	told_free(&t);
	close(fd);
	fixture_free(&d.fx);
}

/* A socket keeps the name that it was bound to, and the file may be gone. */
static void socket_whose_file_was_removed_is_not_in_the_way(void **state)
{
	static const struct expected e = {"free", 0, ": nothing is in the way", NULL, NULL};
	struct directory d;
	struct told t;

	(void)state;
	make_directory(&d, "x.sock");
	struct sock s = make_unix(SOCK_STATE_LISTEN, SOCK_STREAM, d.path, 5);
	told_init(&t, d.path);
	add_held(&t.scene, &s, "nginx", 811);
	assert_told(&d, &t, d.path, &e);
	told_free(&t);
	fixture_free(&d.fx);
}

static struct sock abstract(enum sock_state state)
{
	struct sock s = make_unix(state, SOCK_STREAM, NULL, 5);

	s.name = "\0name";
	s.name_len = 5;
	s.name_is_exact = true;
	s.netns = HOME;
	return s;
}

static void abstract_name_is_of_its_namespace(void **state)
{
	static const struct expected taken = {
		"name-taken", EADDRINUSE, ": nginx,811 listens on it",
		"it is of type STREAM: a socket of another type can have the same name",
		"sudo whoport -k @name"};
	static const struct expected is_free = {"free", 0, ": nothing is in the way", NULL, NULL};
	struct sock s = abstract(SOCK_STATE_LISTEN);
	struct told t;

	(void)state;
	told_init(&t, "@name");
	add_held(&t.scene, &s, "nginx", 811);
	assert_told(NULL, &t, "@name", &taken);
	t.scene.socks[0].netns = 7;
	assert_told(NULL, &t, "@name", &is_free);
	told_free(&t);
}

static void abstract_name_of_connections_alone_is_in_doubt(void **state)
{
	static const struct expected e = {
		"name-in-doubt", 0,
		": connections have the name, which they were accepted at, or bound to by hand: the "
		"kernel does not tell which", NULL, NULL};
	struct sock s = abstract(SOCK_STATE_CONNECTED);
	struct told t;

	(void)state;
	told_init(&t, "@name");
	add_held(&t.scene, &s, "nginx", 811);
	assert_told(NULL, &t, "@name", &e);
	assert_int_equal(t.d.verdict, VERDICT_UNKNOWN);
	told_free(&t);
}

/* --- hostile names --------------------------------------------------------------------------- */

/* The headline is a line; the command means the path alone, or there is none. */
static void hostile_path_is_escaped_and_quoted(void **state)
{
	static const struct {
		const char *name, *shown, *help;
	} cases[] = {
		{"a b;id", "a b;id", "rm 'DIR/a b;id'"},
		{"$(id)`id`", "$(id)`id`", "rm 'DIR/$(id)`id`'"},
		{"it's", "it's", "rm 'DIR/it'\\''s'"},
		{"two\nlines", "two\\nlines", NULL},
		{"\033[2J", "^[[2J", NULL},
		{"\303\251", "\\xc3\\xa9", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct directory d;
		struct told t;
		char shown[600];

		make_directory(&d, cases[i].name);
		close(bind_to(d.path, SOCK_STREAM));
		told_init(&t, d.path);
		tell(&t, d.path);
		snprintf(shown, sizeof(shown),
			 "bind() to %s/%s as alice fails with EADDRINUSE: the socket file is stale: "
			 "it is there, and no socket is bound to it", d.fx.path, cases[i].shown);
		assert_buf(&t.d.headline, shown);
		assert_line(&t.d.help, with_directory(&d, cases[i].help));
		told_free(&t);
		fixture_free(&d.fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_without_a_file_is_free),
		cmocka_unit_test(path_has_a_longest_length),
		cmocka_unit_test(file_without_a_socket_is_stale),
		cmocka_unit_test(file_of_a_socket_that_no_table_has_is_not_stale),
		cmocka_unit_test(file_that_may_not_be_written_to_is_not_said_to_be_stale),
		cmocka_unit_test(file_that_is_no_socket_is_told),
		cmocka_unit_test(directory_that_is_missing_is_told),
		cmocka_unit_test(directory_that_may_not_be_written_to_is_told),
		cmocka_unit_test(holder_of_a_path_is_named),
		cmocka_unit_test(hidden_holder_of_a_path_is_told),
		cmocka_unit_test(socket_whose_file_was_removed_is_not_in_the_way),
		cmocka_unit_test(abstract_name_is_of_its_namespace),
		cmocka_unit_test(abstract_name_of_connections_alone_is_in_doubt),
		cmocka_unit_test(hostile_path_is_escaped_and_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
