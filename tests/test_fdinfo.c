/* Text of /proc about sockets that are held without a descriptor. */
#define _GNU_SOURCE
#include "fdinfo.h"
#include "fixture.h"

#include <stdlib.h>
#include <sys/syscall.h>

/* Feed the lines of a text; the inodes of its sockets as "7 9". */
static struct fdinfo_ring read_ring(const char *text, struct buf *out)
{
	struct fdinfo_ring ring = {0};

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = guard_copy(text, len);
		uint64_t inode;

		if (fdinfo_take_ring_line(&ring, line, len, &inode)) {
			buf_add_str(out, out->len > 0 ? " " : "");
			buf_add_dec(out, inode);
		}
		guard_free(line, len);
		text += len + (text[len] == '\n');
	}
	return ring;
}

static void assert_sockets(const char *text, const char *expected, const struct fdinfo_ring *ring)
{
	struct buf out = {0};
	struct fdinfo_ring r = read_ring(text, &out);

	assert_buf(&out, expected);
	assert_int_equal(r.announced, ring->announced);
	assert_int_equal(r.listed, ring->listed);
	assert_int_equal(r.has_files, ring->has_files);
	assert_int_equal(r.has_polls, ring->has_polls);
	assert_int_equal(r.has_nameless, ring->has_nameless);
	assert_int_equal(r.has_requests, ring->has_requests);
	buf_free(&out);
}

#define HEAD "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t2081\nSqMask:\t0x7\nSQEs:\t0\n"

static void files_of_a_ring_are_read(void **state)
{
	(void)state;
	assert_sockets(HEAD "UserFiles:\t7\n    1: /dev/null\n    2: pipe:[5]\n"
			    "    3: socket:[31415]\n    5: socket:[27182]\n"
			    "UserBufs:\t0\nPollList:\nCqOverflowList:\n",
		       "31415 27182",
		       &(struct fdinfo_ring){.announced = 7, .listed = 4, .has_files = true,
					     .has_polls = true});
	/* A socket behind the section is none of it. */
	assert_sockets("UserFiles:\t1\nUserBufs:\t1\n    0: socket:[7]\n", "",
		       &(struct fdinfo_ring){.announced = 1, .has_files = true});
	assert_sockets("    0: socket:[7]\n", "", &(struct fdinfo_ring){0});
}

static void busy_ring_leaves_its_files_out(void **state)
{
	(void)state;
	assert_sockets("pos:\t0\nflags:\t02000002\n", "", &(struct fdinfo_ring){0});
	/* Older kernels announce them all the same. */
	assert_sockets(HEAD "UserFiles:\t3\n", "",
		       &(struct fdinfo_ring){.announced = 3, .has_files = true});
}

static void requests_that_wait_are_seen(void **state)
{
	(void)state;
	assert_sockets("UserFiles:\t0\nPollList:\n  op=13, task_works=0\nCqOverflowList:\n", "",
		       &(struct fdinfo_ring){.has_files = true, .has_polls = true,
					     .has_requests = true});
	assert_sockets("UserFiles:\t0\nPollList:\nCqOverflowList:\n  user_data=1\n", "",
		       &(struct fdinfo_ring){.has_files = true, .has_polls = true});
}

static void names_of_old_kernels_are_no_sockets(void **state)
{
	(void)state;
	assert_sockets("UserFiles:\t3\n    0: <none>\n    1: data.db\n    2: TCPdump.log/x\n", "",
		       &(struct fdinfo_ring){.announced = 3, .listed = 3, .has_files = true,
					     .has_nameless = true});
	assert_sockets("UserFiles:\t2\n    0: <none>\n    1: data.db\n", "",
		       &(struct fdinfo_ring){.announced = 2, .listed = 2, .has_files = true});
	assert_sockets("UserFiles:\t1\n    0: TCPv6\n", "",
		       &(struct fdinfo_ring){.announced = 1, .listed = 1, .has_files = true,
					     .has_nameless = true});
}

static void broken_slots_name_nothing(void **state)
{
	static const char *const slots[] = {
		"    : socket:[7]", "    0 socket:[7]", "    0: socket:[7", "    0: socket:[]",
		"    0: socket:[x]", "    0: xsocket:[7]", "    0:", " ", "    99999999999: socket:[7]",
		"    0: socket:[18446744073709551616]",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(slots); i++) {
		char text[128];
		struct buf out = {0};
		snprintf(text, sizeof(text), "UserFiles:\t1\n%s\n", slots[i]);
		read_ring(text, &out);
		assert_int_equal(out.len, 0);
		buf_free(&out);
	}
}

static void descriptors_in_messages_are_counted(void **state)
{
	static const char line[] = "scm_fds:\t12";
	uint64_t count = 0;

	(void)state;
	for (size_t len = 0; len < sizeof(line); len++) {
		char *copy = guard_copy(line, len);
		bool found = fdinfo_parse_scm_fds(copy, len, &count);
		assert_int_equal(found, len > 9);
		guard_free(copy, len);
	}
	assert_int_equal(count, 12);
	assert_false(fdinfo_parse_scm_fds("xscm_fds: 1", 11, &count));
	assert_false(fdinfo_parse_scm_fds("scm_fds: x", 10, &count));
}

static void mappings_are_told_apart(void **state)
{
	static const struct {
		const char *line;
		enum fdinfo_map kind;
		uint64_t inode;
	} cases[] = {
		{"7f0000000000-7f0000001000 r--s 00000000 00:09 31415  socket:[31415]",
		 FDINFO_MAP_SOCKET, 31415},
		{"7f0000000000-7f0000001000 rw-s 00000000 00:10 99                         "
		 "anon_inode:[io_uring]", FDINFO_MAP_RING, 99},
		{"7f0000000000-7f0000001000 rw-s 00000000 00:13 5   /[aio] (deleted)",
		 FDINFO_MAP_AIO, 5},
		{"7f0000000000-7f0000001000 r-xp 00000000 08:01 7   /lib/x.so", FDINFO_MAP_OTHER, 7},
		/* A file cannot pass for one: its path begins with a slash, blanks or not. */
		{"7f0000000000-7f0000001000 r-xp 00000000 08:01 7   /tmp/ socket:[31415]",
		 FDINFO_MAP_OTHER, 7},
		{"7f0000000000-7f0000001000 rw-p 00000000 00:00 0", FDINFO_MAP_OTHER, 0},
		{"7f0000000000-7f0000001000 rw-p 00000000 00:00 0   [heap]", FDINFO_MAP_OTHER, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t full = strlen(cases[i].line);
		uint64_t inode = 0;
		assert_int_equal(fdinfo_parse_map(cases[i].line, full, &inode), cases[i].kind);
		assert_int_equal(inode, cases[i].inode);
		for (size_t len = 0; len < full; len++) {
			char *copy = guard_copy(cases[i].line, len);
			fdinfo_parse_map(copy, len, &inode);
			guard_free(copy, len);
		}
	}
}

static void waiting_calls_tell_their_descriptor(void **state)
{
	char text[128];
	bool accepts = false;

	(void)state;
#ifdef SYS_accept4
	snprintf(text, sizeof(text), "%ld 0xc8 0x0 0x0 0x7ffd 0x0", (long)SYS_accept4);
	assert_int_equal(fdinfo_parse_waiting(text, strlen(text), &accepts), 200);
	assert_true(accepts);
#endif
#ifdef SYS_recvmsg
	snprintf(text, sizeof(text), "%ld 0x3 0x7ffd", (long)SYS_recvmsg);
	assert_int_equal(fdinfo_parse_waiting(text, strlen(text), &accepts), 3);
	assert_false(accepts);
#endif
	static const char *const others[] = {"running", "-1 0x7ffd 0x7f", "0 0x0", "", "999999 0x3"};
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(fdinfo_parse_waiting(others[i], strlen(others[i]), &accepts), -1);
	for (size_t len = 0; len < strlen(text); len++) {
		char *copy = guard_copy(text, len);
		fdinfo_parse_waiting(copy, len, &accepts);
		guard_free(copy, len);
	}
}

static void flags_are_octal_and_of_one_inode(void **state)
{
	static const struct {
		const char *text;
		bool expected;
		uint32_t flags;
		uint64_t inode;
	} cases[] = {
		{"pos:\t0\nflags:\t02000002\nmnt_id:\t8\nino:\t31415\n", true, 02000002, 31415},
		{"pos:\t0\nflags:\t02\nmnt_id:\t8\n", true, 2, 0}, /* before Linux 5.14 */
		{"ino:\t7\nflags:\t0100000", true, 0100000, 7}, /* in any order, cut behind */
		{"flags:\t037777777777\n", true, UINT32_MAX, 0},
		{"flags:\t0\n", true, 0, 0},
		{"flags:\t040000000000\n", false, 0, 0},
		{"flags:\t08\n", false, 0, 0},
		{"flags:\t02 \n", false, 0, 0},
		{"flags:\t-2\n", false, 0, 0},
		{"flags:\t\n", false, 0, 0},
		{"flags:", false, 0, 0},
		{"xflags:\t02\n", false, 0, 0},
		{"pos:\t0\nino:\t7\n", false, 0, 7},
		{"", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t full = strlen(cases[i].text);
		uint32_t flags = 0;
		uint64_t inode = 99;
		char *copy = guard_copy(cases[i].text, full);
		if (fdinfo_parse_flags(copy, full, &flags, &inode) != cases[i].expected)
			fail_msg("case %zu", i);
		assert_int_equal(inode, cases[i].inode);
		if (cases[i].expected)
			assert_int_equal(flags, cases[i].flags);
		guard_free(copy, full);
		for (size_t len = 0; len < full; len++) {
			copy = guard_copy(cases[i].text, len);
			fdinfo_parse_flags(copy, len, &flags, &inode);
			guard_free(copy, len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_a_ring_are_read),
		cmocka_unit_test(busy_ring_leaves_its_files_out),
		cmocka_unit_test(requests_that_wait_are_seen),
		cmocka_unit_test(names_of_old_kernels_are_no_sockets),
		cmocka_unit_test(broken_slots_name_nothing),
		cmocka_unit_test(descriptors_in_messages_are_counted),
		cmocka_unit_test(mappings_are_told_apart),
		cmocka_unit_test(waiting_calls_tell_their_descriptor),
		cmocka_unit_test(flags_are_octal_and_of_one_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
