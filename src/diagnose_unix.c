/*
 * Why a bind(2) to a unix name fails; see diagnose_unix.h. A path is taken as soon as
 * there is any file, whoever made it and whether or not somebody listens.
 */
#define _GNU_SOURCE
#include "diagnose_unix.h"

#include "column.h"
#include "diagnose_part.h"
#include "escape.h"
#include "join.h"
#include "look.h"
#include "obstacle_text.h"
#include "place.h"
#include "process.h"
#include "sock.h"
#include "sock_text.h"
#include "target.h"
#include "word.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Is a socket bound to the file, be it one that is in no table that we can read? */
enum binding { BINDING_NONE, BINDING_SOME, BINDING_UNKNOWN };

/* A unix name that is asked about. */
struct name_case {
	const struct diagnose_context *ctx;
	const struct place *place;
	const char *word;
	struct bind_case sockets; /* what has the name, for the words about it */
	struct obstacle top;      /* if any */
	bool has_top;
	struct telling held_for; /* advice about a holder that is better not signalled */
	bool is_doubtful;  /* connections have an abstract name, and may have bound it */
	int error;         /* errno of bind() for a path; 0: it works */
	struct stat file;  /* if error is EADDRINUSE and it is a path */
	enum binding binding; /* if that is a socket, and nobody is known */
	char parent[PATH_MAX];
};

/* --- what is there ---------------------------------------------------------------- */

static void find_holder(struct name_case *n, uint32_t home)
{
	const struct row_list *rows = &n->sockets.look->rows;
	bool is_path = target_is_path(n->place->targets.v);

	for (size_t i = 0; i < rows->len && !n->has_top; i++) {
		const struct row *row = &rows->v[i];
		bool ours = is_path || home == 0 || row->sock->netns == 0 ||
			    row->sock->netns == home;
		if (!ours || !place_match(n->place, row->sock))
			continue;
		n->is_doubtful |= !target_is_holding(row->sock);
		if (!target_is_holding(row->sock))
			continue;
		n->top = (struct obstacle){.row = row, .kind = OBSTACLE_LISTENER};
		n->has_top = true;
	}
}

/* As of a port, who holds it for others. */
static void find_advice(struct name_case *n)
{
	n->held_for = (struct telling){.ctx = n->ctx, .c = &n->sockets, .top = &n->top};
	if (n->has_top && n->error == EADDRINUSE)
		diagnose_find_advice(&n->held_for);
}

/* The directory that a path lies in. */
static void set_parent(struct name_case *n)
{
	const char *slash = strrchr(n->word, '/');
	size_t len = slash ? (size_t)(slash - n->word) : 0;

	if (!slash)
		strcpy(n->parent, ".");
	else if (len == 0)
		strcpy(n->parent, "/");
	else
		snprintf(n->parent, sizeof(n->parent), "%.*s", (int)len, n->word);
}

/*
 * The kernel finds the socket of a file in whichever network namespace it is. It refuses
 * a connection if there is none, and before that is made if it is of another type; to a
 * datagram socket it leaves no trace (unix_find_bsd, unix_dgram_connect in
 * net/unix/af_unix.c).
 */
static enum binding find_binding(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum binding binding = BINDING_UNKNOWN;

	if (fd < 0)
		return binding;
	memcpy(addr.sun_path, path, strnlen(path, sizeof(addr.sun_path)));
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 ||
	    errno == EPROTOTYPE || errno == EPERM)
		binding = BINDING_SOME;
	else if (errno == ECONNREFUSED)
		binding = BINDING_NONE;
	close(fd);
	return binding;
}

/* What bind() to a path would say. */
static int find_path_error(struct name_case *n)
{
	struct stat dir;

	if (strlen(n->word) > sizeof(((struct sockaddr_un *)0)->sun_path))
		return EINVAL;
	if (lstat(n->word, &n->file) == 0)
		return EADDRINUSE;
	if (errno != ENOENT)
		return errno;
	set_parent(n);
	if (stat(n->parent, &dir) < 0)
		return errno;
	if (faccessat(AT_FDCWD, n->parent, W_OK | X_OK, AT_EACCESS) < 0)
		return errno;
	return 0;
}

/* --- causes -------------------------------------------------------------------------- */

static bool has_error(const struct name_case *n, int error)
{
	return n->error == error;
}

static bool is_too_long(const struct name_case *n)
{
	return has_error(n, EINVAL);
}

static void tell_too_long(const struct name_case *n, struct buf *out)
{
	struct sockaddr_un addr;

	buf_add_str(out, "the path has ");
	buf_add_dec(out, strlen(n->word));
	buf_add_str(out, " bytes, and a socket's at most ");
	buf_add_dec(out, sizeof(addr.sun_path));
}

/* Who has it: `nginx,811 listens on it`. */
static void tell_live(const struct name_case *n, struct buf *out)
{
	const struct sock *s = n->top.row->sock;
	unsigned count = obstacle_text_add_who(n->ctx->style, &n->sockets, &n->top, out);

	if (s->state == SOCK_STATE_LISTEN)
		buf_add_str(out, count == 1 ? " listens on it" : " listen on it");
	else if (s->type == SOCK_DGRAM)
		buf_add_str(out, count == 1 ? " receives on it" : " receive on it");
	else
		buf_add_str(out, count == 1 ? " is bound to it and does not listen"
					    : " are bound to it and do not listen");
}

static bool is_live(const struct name_case *n)
{
	return n->has_top && (!target_is_path(n->place->targets.v) || has_error(n, EADDRINUSE));
}

static bool is_socket_file(const struct name_case *n)
{
	return has_error(n, EADDRINUSE) && target_is_path(n->place->targets.v) &&
	       S_ISSOCK(n->file.st_mode);
}

static bool is_unseen(const struct name_case *n)
{
	return is_socket_file(n) && n->binding == BINDING_SOME;
}

static void tell_unseen(const struct name_case *n, struct buf *out)
{
	(void)n;
	buf_add_str(out, "a socket is bound to it that cannot be seen from here");
}

static bool is_untold(const struct name_case *n)
{
	return is_socket_file(n) && n->binding == BINDING_UNKNOWN;
}

static void tell_untold(const struct name_case *n, struct buf *out)
{
	(void)n;
	buf_add_str(out, "a socket file has the name, and no socket that can be seen is bound to "
			 "it");
}

static bool is_stale(const struct name_case *n)
{
	return is_socket_file(n);
}

static void tell_stale(const struct name_case *n, struct buf *out)
{
	(void)n;
	buf_add_str(out, "the socket file is stale: it is there, and no socket is bound to it");
}

static bool is_other_file(const struct name_case *n)
{
	return has_error(n, EADDRINUSE) && target_is_path(n->place->targets.v);
}

static void tell_other_file(const struct name_case *n, struct buf *out)
{
	mode_t mode = n->file.st_mode;

	buf_add_str(out, S_ISDIR(mode) ? "a directory" : S_ISLNK(mode) ? "a symbolic link"
			 : S_ISREG(mode) ? "a regular file" : "a file that is no socket");
	buf_add_str(out, " has the name");
}

static void add_parent(const struct name_case *n, struct buf *out)
{
	escape_add(out, n->parent, strlen(n->parent), n->ctx->style->escape, ESCAPE_ALL);
}

static bool is_homeless(const struct name_case *n)
{
	return has_error(n, ENOENT);
}

static void tell_homeless(const struct name_case *n, struct buf *out)
{
	buf_add_str(out, "there is no directory ");
	add_parent(n, out);
}

static bool is_denied(const struct name_case *n)
{
	return has_error(n, EACCES);
}

static void tell_denied(const struct name_case *n, struct buf *out)
{
	if (!*n->parent) {
		buf_add_str(out, "a directory on the way may not be searched");
		return;
	}
	buf_add_str(out, "no file may be made in ");
	add_parent(n, out);
}

static bool is_read_only(const struct name_case *n)
{
	return has_error(n, EROFS);
}

static void tell_read_only(const struct name_case *n, struct buf *out)
{
	add_parent(n, out);
	buf_add_str(out, " is on a file system that is mounted read-only");
}

static bool has_other_error(const struct name_case *n)
{
	return n->error != 0;
}

static void tell_other_error(const struct name_case *n, struct buf *out)
{
	buf_add_str(out, strerror(n->error));
}

static bool is_in_doubt(const struct name_case *n)
{
	return n->is_doubtful && !target_is_path(n->place->targets.v);
}

static void tell_in_doubt(const struct name_case *n, struct buf *out)
{
	(void)n;
	buf_add_str(out, "connections have the name, which they were accepted at, or bound to by "
			 "hand: the kernel does not tell which");
}

static bool is_free(const struct name_case *n)
{
	(void)n;
	return true;
}

static void tell_free(const struct name_case *n, struct buf *out)
{
	(void)n;
	buf_add_str(out, "nothing is in the way");
}

static const struct name_cause {
	const char *name;
	bool (*applies)(const struct name_case *n);
	void (*tell)(const struct name_case *n, struct buf *out);
} causes[] = {
	{"path-too-long", is_too_long, tell_too_long},
	{"name-taken", is_live, tell_live},
	{"name-unseen", is_unseen, tell_unseen},
	{"name-untold", is_untold, tell_untold},
	{"stale-file", is_stale, tell_stale},
	{"other-file", is_other_file, tell_other_file},
	{"no-directory", is_homeless, tell_homeless},
	{"not-writable", is_denied, tell_denied},
	{"read-only", is_read_only, tell_read_only},
	{"path-error", has_other_error, tell_other_error},
	{"name-in-doubt", is_in_doubt, tell_in_doubt},
	{"free", is_free, tell_free},
};

/* --- facts and help ---------------------------------------------------------------------- */

static void add_facts(const struct name_case *n, struct diagnosis *d)
{
	struct buf *fact;

	if (!n->has_top || n->error != EADDRINUSE)
		return;
	if (n->held_for.guard != GUARD_NONE) {
		fact = diagnosis_put_fact(d);
		buf_add_str(fact, "its holder is ");
		buf_add(fact, n->held_for.advice.data, n->held_for.advice.len);
	}
	fact = diagnosis_add_fact(d);
	if (fact && target_is_path(n->place->targets.v)) {
		buf_add_str(fact, "the file stays when the socket is closed: who binds anew removes "
				  "it first");
	} else if (fact) {
		buf_add_str(fact, "it is of type ");
		buf_add_str(fact, sock_text_unix_type(n->top.row->sock));
		buf_add_str(fact, ": a socket of another type can have the same name");
	}
}

/* A word that can be typed: no byte in it shows as something else. */
static bool is_typeable(const char *word)
{
	for (; *word; word++) {
		if ((unsigned char)*word < ' ' || (unsigned char)*word > '~')
			return false;
	}
	return true;
}

static void add_command(const struct name_case *n, bool sudo, const char *command,
			const char *word, struct buf *out)
{
	if (!is_typeable(word))
		return;
	buf_add_str(out, sudo && !n->ctx->is_root ? "sudo " : "");
	buf_add_str(out, command);
	buf_add_str(out, *word == '-' ? "./" : "");
	word_add_quoted(out, (struct word){word, strlen(word)});
}

/* Sticky directories, such as /tmp, let the owner of a file remove it, and their own. */
static bool may_remove(struct name_case *n)
{
	struct stat dir;
	uid_t me = geteuid();

	set_parent(n);
	if (stat(n->parent, &dir) < 0 ||
	    faccessat(AT_FDCWD, n->parent, W_OK | X_OK, AT_EACCESS) < 0)
		return false;
	return !(dir.st_mode & S_ISVTX) || me == 0 || n->file.st_uid == me || dir.st_uid == me;
}

/* May we make a directory below the last one there is on the way to the parent? */
static bool may_make_parent(const struct name_case *n)
{
	char path[PATH_MAX];
	size_t len = strlen(n->parent);

	memcpy(path, n->parent, len + 1);
	while (access(path, F_OK) < 0) {
		char *slash = strrchr(path, '/');
		if (!slash)
			strcpy(path, ".");
		else
			slash[slash == path] = '\0';
	}
	return faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) == 0;
}

/* A directory that root makes has to be ours to be of use. */
static void help_homeless(const struct name_case *n, uint32_t uid, struct buf *out)
{
	char command[48] = "mkdir -p ";
	struct stat st;

	if (n->word[strlen(n->word) - 1] == '/') /* nothing but a directory has that name */
		return;
	if (lstat(n->parent, &st) == 0) { /* a link to nothing */
		add_command(n, false, "ls -ld ", n->parent, out);
		return;
	}
	bool needs_root = !n->ctx->is_root && !may_make_parent(n);
	if (needs_root)
		snprintf(command, sizeof(command), "install -d -o %u ", (unsigned)uid);
	add_command(n, needs_root, command, n->parent, out);
}

/* Of a name that somebody or some file has. */
static void help_taken(struct name_case *n, uint32_t uid, struct buf *out)
{
	const struct process *p = n->has_top ? n->top.row->process : NULL;
	bool is_file = !n->has_top && is_socket_file(n);

	if (n->held_for.guard != GUARD_NONE) /* -k would refuse */
		buf_add(out, n->held_for.command.data, n->held_for.command.len);
	else if (p)
		add_command(n, p->uid != uid, "whoport -k ", n->word, out);
	else if (is_file && n->binding == BINDING_NONE)
		add_command(n, !may_remove(n), "rm ", n->word, out);
	else if (!n->has_top && (!is_file || n->binding == BINDING_SOME || n->ctx->is_root))
		add_command(n, false, "ls -ld ", n->word, out);
	else if (!n->ctx->is_root) /* who sees all that there is to see */
		add_command(n, true, "whoport --why ", n->word, out);
}

static void add_help(struct name_case *n, uint32_t uid, struct buf *out)
{
	if (n->error == EADDRINUSE)
		help_taken(n, uid, out);
	else if (n->error == ENOENT)
		help_homeless(n, uid, out);
	else if (*n->parent && (n->error == EACCES || n->error == EROFS))
		add_command(n, false, "ls -ld ", n->parent, out);
}

void diagnose_unix(const struct diagnose_context *ctx, const struct place *place,
		   const char *word, const struct look *look, uint32_t home, uint32_t uid,
		   struct diagnosis *out)
{
	struct name_case n = {.ctx = ctx, .place = place, .word = word, .sockets.look = look};
	const struct name_cause *cause = causes;

	find_holder(&n, home);
	if (target_is_path(place->targets.v))
		n.error = find_path_error(&n);
	else if (n.has_top)
		n.error = EADDRINUSE;
	if (is_socket_file(&n) && !n.has_top)
		n.binding = find_binding(word);
	while (!cause->applies(&n))
		cause++;
	find_advice(&n);
	out->cause = cause->name;
	out->error = n.error;
	out->verdict = n.error ? VERDICT_FAILS
		       : cause->applies == is_in_doubt ? VERDICT_UNKNOWN : VERDICT_WORKS;
	diagnosis_add_verdict(ctx, place, uid, out);
	buf_add_str(&out->headline, ": ");
	cause->tell(&n, &out->headline);
	add_facts(&n, out);
	add_help(&n, uid, &out->help);
	buf_free(&n.held_for.advice);
	buf_free(&n.held_for.command);
}
