/* Options of all sockets in rows: each asked once, by a holder that lets us. */
#define _GNU_SOURCE
#include "child.h"
#include "rows_fixture.h"
#include "sockopt_list.h"

#include <errno.h>
#include <netinet/in.h>

static int new_socket(int buffer)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)), 0);
	return fd;
}

static void each_socket_is_asked(void **state)
{
	struct sockopt_list list = {0};
	struct sock first = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 80, 0);
	struct sock second = first, unheld = first;
	int a = new_socket(8192), b = new_socket(16384);
	struct rows r;
	char text[64];

	(void)state;
	first.inode = inode_of(a);
	second.inode = inode_of(b);
	unheld.inode = second.inode + 1000000;
	rows_init(&r);
	rows_add_process(&r, getpid(), "test");
	rows_add_held(&r, 9999, &second); /* a descriptor that there is not: the next is asked */
	rows_add_held(&r, b, &second);
	rows_add_held(&r, a, &first);
	rows_add_unheld(&r, &unheld, REASON_PERMISSION);
	assert_int_equal(sockopt_list_load(&r.list, &list), 0);
	assert_int_equal(list.len, 2);
	const struct sockopt_set *set = sockopt_list_find(&list, &first);
	assert_non_null(set);
	if (set->rc == -EPERM || set->rc == -ENOSYS || set->rc == -EACCES) {
		sockopt_list_free(&list);
		skip();
	}
	struct buf out = {0};
	for (int i = 0; i < 2; i++) {
		out.len = 0;
		set = sockopt_list_find(&list, i == 0 ? &first : &second);
		assert_int_equal(set->rc, 0);
		sockopt_add_text(set, 0, &out);
		snprintf(text, sizeof(text), "SO_SNDBUF(%d)", i == 0 ? 16384 : 32768);
		assert_non_null(memmem(out.data, out.len, text, strlen(text)));
	}
	buf_free(&out);
	assert_null(sockopt_list_find(&list, &unheld));
	sockopt_list_free(&list);
	rows_free(&r);
	close(a);
	close(b);
}

static void empty_list_knows_nothing(void **state)
{
	const struct sockopt_list list = {0};
	const struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 80, 7);

	(void)state;
	assert_null(sockopt_list_find(&list, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_socket_is_asked),
		cmocka_unit_test(empty_list_knows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
