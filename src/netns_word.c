/* The words of -N; see netns_word.h. */
#define _GNU_SOURCE
#include "netns_word.h"

#include "netns.h"
#include "netns_enter.h"
#include "netns_walk.h"
#include "num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int ask_place(struct netns_list *list, const char *path, const char *name,
		     const char **out_why)
{
	struct stat st;

	int fd = netns_open_file(AT_FDCWD, path, false);
	if (fd < 0) {
		*out_why = fd == -EINVAL ? "not a network namespace" : strerror(-fd);
		return -EINVAL;
	}
	if (fstat(fd, &st) < 0) {
		close(fd);
		return -errno;
	}
	struct netns *ns = netns_list_find_inode(list, st.st_ino);
	if (!ns)
		ns = netns_list_add(list, &(struct netns){.inode = st.st_ino});
	if (!ns || (name && !ns->name && !(ns->name = strdup(name)))) {
		close(fd);
		return -ENOMEM;
	}
	if (ns->fd >= 0)
		close(ns->fd);
	ns->fd = fd;
	ns->is_asked = true;
	/* Where we may not go ourselves, a process in it shows its tables. */
	return ns->pid > 0 ? 0 : netns_list_find_all(list);
}

static int ask_name(struct netns_list *list, const char *name, const char **out_why)
{
	static const char *const places[] = {"/run/netns/", "/var/run/netns/", "/run/docker/netns/"};
	char path[4096];
	int rc = -EINVAL;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s%s", places[i], name) >= sizeof(path))
			break;
		rc = ask_place(list, path, name, out_why);
		if (rc != -EINVAL || access(path, F_OK) == 0)
			return rc;
	}
	*out_why = "no such network namespace; a process ID, a name in /run/netns, a path, "
		   "self or all";
	return -EINVAL;
}

static int ask_process(struct netns_list *list, pid_t pid, const char **out_why)
{
	struct netns *ns;
	int rc = netns_list_add_process(list, pid, &ns);

	if (rc == -ENOENT || rc == -ESRCH)
		*out_why = "no such process, or it has ended";
	else if (rc < 0)
		*out_why = strerror(-rc);
	if (rc < 0)
		return rc == -ENOMEM ? rc : -EINVAL;
	ns->is_asked = true;
	return 0;
}

/* A number as the NETNS column has it: of a namespace, behind "pid:" of a process. */
static int ask_number(struct netns_list *list, const char *word, const char **out_why)
{
	enum { PIDS_MAX = 4194304 }; /* PID_MAX_LIMIT, linux/threads.h */
	bool marked = strncmp(word, "pid:", 4) == 0;
	uint64_t number;

	word += marked ? 4 : 0;
	if (!num_parse(word, word + strlen(word), UINT32_MAX, &number) || number == 0)
		return -ENOENT;
	if (number <= PIDS_MAX)
		return ask_process(list, (pid_t)number, out_why);
	int rc = netns_list_find_all(list);
	struct netns *ns = rc == 0 ? netns_list_find_inode(list, number) : NULL;
	if (!ns) {
		*out_why = "no network namespace of that number";
		return rc < 0 ? rc : -EINVAL;
	}
	ns->is_asked = true;
	return 0;
}

int netns_list_ask(struct netns_list *list, const char *word, const char **out_why)
{
	if (strcmp(word, "self") == 0)
		return 0;
	if (strcmp(word, "all") == 0) {
		int rc = netns_list_find_all(list);
		for (size_t i = 0; i < list->len; i++)
			list->v[i].is_asked = true;
		return rc;
	}
	list->v[0].is_asked = false;
	if (strchr(word, '/'))
		return ask_place(list, word, NULL, out_why);
	int rc = ask_number(list, word, out_why);
	if (rc != -ENOENT)
		return rc;
	if (*word == '\0' || strcmp(word, ".") == 0 || strcmp(word, "..") == 0) {
		*out_why = "not a network namespace";
		return -EINVAL;
	}
	return ask_name(list, word, out_why);
}
