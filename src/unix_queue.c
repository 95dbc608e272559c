/*
 * Clients in a listener's queue; see unix_queue.h. The request is that for one socket:
 *
 *     struct unix_diag_req  ->  struct unix_diag_msg | UNIX_DIAG_ICONS
 */
#include "unix_queue.h"

#include "netlink.h"
#include "sock.h"

#include <string.h>
#include <sys/socket.h>

enum { SOCK_DIAG_BY_FAMILY = 20 }; /* linux/sock_diag.h */

/* Wire form; its members' order and sizes leave no holes. */
struct unix_request {
	uint8_t family, protocol;
	uint16_t pad;
	uint32_t states, inode, show;
	uint32_t cookie[2]; /* low word first */
};

struct asking {
	unix_queue_take *take;
	void *ctx;
};

static int take_message(void *ctx, const struct nl_message *m)
{
	enum { ANSWER_SIZE = 16, ICONS = 3 }; /* struct unix_diag_msg, UNIX_DIAG_ICONS */
	const struct asking *asking = ctx;
	const void *at = (const char *)m->data + ANSWER_SIZE;
	struct nl_attr a;
	int rc = 0;

	if (m->len < ANSWER_SIZE)
		return 0;
	for (size_t len = m->len - ANSWER_SIZE; rc == 0 && nl_attr_next(&at, &len, &a);) {
		for (size_t i = 0; a.type == ICONS && rc == 0 && i + 4 <= a.len; i += 4) {
			uint32_t client;
			memcpy(&client, (const char *)a.data + i, sizeof(client));
			if (client != 0) /* it has closed its end */
				rc = asking->take(asking->ctx, client);
		}
	}
	return rc;
}

int unix_queue_ask(int fd, const struct sock *listener, unix_queue_take *take, void *ctx)
{
	struct unix_request body = {
		.family = AF_UNIX, .states = UINT32_MAX, .inode = (uint32_t)listener->inode,
		.show = 1U << 3, /* UDIAG_SHOW_ICONS */
		.cookie = {(uint32_t)listener->cookie, (uint32_t)(listener->cookie >> 32)}};
	struct asking asking = {take, ctx};
	struct nl_request rq = {.type = SOCK_DIAG_BY_FAMILY, .body = &body, .len = sizeof(body),
				.take = take_message, .ctx = &asking};

	return nl_dump(fd, &rq);
}
