/* Names that text tells are asked of the descriptor: a line of text can be forged. */
#define _GNU_SOURCE
#include "keeper.h"

#include <linux/netlink.h>
#include <sys/un.h>

/* Skip where a sandbox forbids to ask; see test_probe.c. */
static void skip_if_refused(struct keeper *k)
{
	char name[128];
	int rc = probe_name(&k->probe, &k->holder, name, sizeof(name));

	if (rc == -EPERM || rc == -ENOSYS || rc == -EACCES) {
		print_message("a copy of the socket was refused: %s\n", strerror(-rc));
		let_go(k);
		skip();
	}
	assert_true(rc > 0);
}

/* The keeper of a socket with an abstract name, of which a row of text tells. */
static void keep_named(struct keeper *k, char *name, size_t size)
{
	const sa_family_t autobind = AF_UNIX;
	struct sockaddr_un un = {0};
	socklen_t len = sizeof(un);
	int fd = new_socket();

	assert_int_equal(bind(fd, (const struct sockaddr *)&autobind, sizeof(autobind)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&un, &len), 0);
	len -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
	assert_true(len > 1 && len <= size);
	memcpy(name, un.sun_path, len);
	*name = '@';
	keep(k, fd, SOCK_PROTO_UNIX);
	k->sock.state = SOCK_STATE_LISTEN;
	k->sock.type = SOCK_STREAM;
	k->sock.name = name;
	k->sock.name_len = (uint16_t)len;
	k->sock.name_is_exact = false;
}

static void name_from_text_is_asked_of_the_descriptor(void **state)
{
	char name[108];
	struct keeper k;

	(void)state;
	keep_named(&k, name, sizeof(name));
	assert_int_equal(check_keeper(&k), 1);
	skip_if_refused(&k);
	name[1] ^= 1;
	assert_int_equal(check_keeper(&k), 0);
	k.sock.name_is_exact = true; /* what the kernel itself told needs no proof */
	assert_int_equal(check_keeper(&k), 1);
	let_go(&k);
}

static void name_from_text_is_asked_of_a_moved_descriptor_too(void **state)
{
	char name[108];
	struct keeper k;

	(void)state;
	keep_named(&k, name, sizeof(name));
	skip_if_refused(&k);
	child_tell(&k.child, 'm');
	assert_int_equal(check_keeper(&k), 1);
	name[1] ^= 1;
	assert_int_equal(check_keeper(&k), 0);
	let_go(&k);
}

static void forged_row_of_another_kind_of_socket_is_no_claim(void **state)
{
	const int fds[] = {socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
			   socket(AF_INET, SOCK_STREAM, 0)};

	(void)state;
	for (size_t i = 0; i < COUNT(fds); i++) {
		struct keeper k;
		keep(&k, fds[i], SOCK_PROTO_UNIX);
		k.sock.name = "/run/x";
		k.sock.name_len = 6;
		k.sock.name_is_exact = false;
		assert_int_equal(check_keeper(&k), 0);
		child_tell(&k.child, 'm');
		assert_int_equal(check_keeper(&k), 0);
		let_go(&k);
		/* Without a copy, too. */
		keep(&k, socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), SOCK_PROTO_UNIX);
		k.sock.name_is_exact = false;
		k.probe.is_stuck = true;
		assert_int_equal(check_keeper(&k), 0);
		let_go(&k);
	}
}

static void descriptor_that_cannot_be_copied_has_to_be_of_a_unix_socket(void **state)
{
	char name[108];
	struct keeper k;

	(void)state;
	keep_named(&k, name, sizeof(name));
	k.probe.is_stuck = true; /* nothing is asked any more */
	name[1] ^= 1;
	assert_int_equal(check_keeper(&k), 1);
	let_go(&k);
}

static void name_is_no_matter_of_internet_sockets(void **state)
{
	struct keeper k;

	(void)state;
	keep(&k, socket(AF_INET, SOCK_STREAM, 0), SOCK_PROTO_TCP);
	k.sock.name_is_exact = false;
	assert_int_equal(check_keeper(&k), 1);
	assert_false(k.probe.is_running);
	child_tell(&k.child, 'c');
	assert_int_equal(check_keeper(&k), 0);
	let_go(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_from_text_is_asked_of_the_descriptor),
		cmocka_unit_test(name_from_text_is_asked_of_a_moved_descriptor_too),
		cmocka_unit_test(forged_row_of_another_kind_of_socket_is_no_claim),
		cmocka_unit_test(descriptor_that_cannot_be_copied_has_to_be_of_a_unix_socket),
		cmocka_unit_test(name_is_no_matter_of_internet_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
