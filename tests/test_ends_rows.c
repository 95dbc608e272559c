/* Rows of other ends, added to those that they belong to (+E). */
#define _GNU_SOURCE
#include "ends_fixture.h"
#include "rows_fixture.h"

#include <sys/socket.h>

/* Two ends of a connection on this machine. */
#define CLIENT make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 80, 10)
#define SERVER make_connection(SOCK_STATE_ESTABLISHED, "127.0.0.1", 80, "127.0.0.1", 40000, 11)

/* Rows that can grow. */
static struct row_list copy_rows(const struct rows *r)
{
	struct row_list list = {0};

	for (size_t i = 0; i < r->list.len; i++)
		assert_int_equal(row_list_add(&list, &r->v[i]), 0);
	return list;
}

/* "700:5:10 -:11": pid, descriptor, inode of each; "-" without holder. */
static void assert_rows(const struct row_list *list, const char *expected)
{
	struct buf b = {0};

	for (size_t i = 0; i < list->len; i++) {
		const struct holder *h = list->v[i].holder;
		int inode = (int)list->v[i].sock->inode;
		char text[64];
		if (h)
			snprintf(text, sizeof(text), "%d:%d:%d", (int)h->pid, h->fd, inode);
		else
			snprintf(text, sizeof(text), "-:%d", inode);
		buf_add_str(&b, i ? " " : "");
		buf_add_str(&b, text);
	}
	assert_buf(&b, expected);
	buf_free(&b);
}

static void each_end_is_added_once(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 700, "curl");
	rows_add_held(&r, 5, &client);
	struct row *twice = rows_add_held(&r, 6, &client); /* dup(2) */
	twice->sock = r.v[0].sock;
	world_init(&w);
	world_add(&w, &server);
	world_hold(&w, 11, 600, 9);
	world_hold(&w, 11, 811, 3);
	world_find(&w, &r.list, &e);
	struct row_list list = copy_rows(&r);
	assert_int_equal(ends_add_rows(&e, &list), 0);
	assert_rows(&list, "600:9:11 700:5:10 700:6:10 811:3:11");
	row_list_free(&list);
	ends_free(&e);
	rows_free(&r);
}

static void what_is_there_is_not_added(void **state)
{
	struct sock client = CLIENT, server = SERVER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 700, "curl");
	rows_add_held(&r, 5, &client);
	rows_add_process(&r, 811, "nginx");
	rows_add_held(&r, 3, &server);
	world_init(&w);
	world_add(&w, &client);
	world_add(&w, &server);
	world_hold(&w, 10, 700, 5);
	world_hold(&w, 11, 811, 3);
	world_hold(&w, 11, 812, 3); /* of the second look alone */
	world_find(&w, &r.list, &e);
	struct row_list list = copy_rows(&r);
	assert_int_equal(ends_add_rows(&e, &list), 0);
	assert_rows(&list, "700:5:10 811:3:11 812:3:11");
	row_list_free(&list);
	ends_free(&e);
	rows_free(&r);
}

/* From text, which knows no cookies, nothing but the addresses tells two of them apart. */
static void ends_without_inode_and_cookie_are_not_taken_for_each_other(void **state)
{
	struct sock rest = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", 9, "127.0.0.1", 8, 0);
	struct sock client = CLIENT, server = SERVER;
	struct rows r;
	struct world w;
	struct ends e;

	(void)state;
	rows_init(&r);
	rows_add_process(&r, 700, "curl");
	rows_add_held(&r, 5, &client);
	rest.timer = SOCK_TIMER_TIME_WAIT;
	rows_add_unheld(&r, &rest, REASON_TIME_WAIT);
	server.inode = 0; /* not accepted yet */
	world_init(&w);
	world_add(&w, &server);
	world_find(&w, &r.list, &e);
	struct row_list list = copy_rows(&r);
	assert_int_equal(ends_add_rows(&e, &list), 0);
	assert_rows(&list, "700:5:10 -:0 -:0");
	row_list_free(&list);
	ends_free(&e);
	rows_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_is_added_once),
		cmocka_unit_test(what_is_there_is_not_added),
		cmocka_unit_test(ends_without_inode_and_cookie_are_not_taken_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
