/* News of ended sockets; see sock_watch.h. */
#define _GNU_SOURCE
#include "sock_watch.h"

#include "netlink.h"
#include "netns_enter.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int sock_watch_open(struct netns_list *list, struct netns *ns)
{
	/* linux/netlink.h, linux/sock_diag.h: TCP and UDP of both families are groups 1 to 4. */
	enum { LEVEL_NETLINK = 270, ADD_MEMBERSHIP = 1, GROUPS = 4 };
	int fd = netns_open_netlink(list, ns, NL_SOCK_DIAG), rc = 0;

	for (int group = 1; fd >= 0 && rc == 0 && group <= GROUPS; group++) {
		if (setsockopt(fd, LEVEL_NETLINK, ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			rc = -errno;
	}
	if (rc < 0)
		close(fd);
	return rc < 0 ? rc : fd;
}

void sock_watch_drain(int fd)
{
	enum { NEWS_MAX = 1024 }; /* then the rest comes with the next look */
	char byte;

	/* ENOBUFS says that some were lost: there was news, too. */
	for (int i = 0; i < NEWS_MAX; i++) {
		if (recv(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_TRUNC) < 0 && errno != ENOBUFS)
			return;
	}
}
