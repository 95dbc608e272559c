/*
 * What the unit tests share: temporary proc trees, guarded buffers, and
 * short ways to make records. A failure inside of any of these fails the test
 * that called it.
 */
#ifndef WHOPORT_TESTS_FIXTURE_H
#define WHOPORT_TESTS_FIXTURE_H

/* In this order before cmocka.h, which wants them and does not include them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "addr.h"
#include "buf.h"
#include "filter.h"
#include "names.h"
#include "sock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/** Number of elements of an array. */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* --- proc trees ---------------------------------------------------------- */

/** Header lines, as the kernel prints them; short, since nobody reads them. */
#define INET_HEADER "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
#define UNIX_HEADER "Num       RefCount Protocol Flags    Type St Inode Path\n"

struct fixture {
	char path[256]; /* of the root directory */
	int root_fd;
};

/** Make an empty tree in a directory of its own below $TMPDIR or /tmp. */
void fixture_init(struct fixture *fx);

/** Remove the tree; callable on a zeroed struct. */
void fixture_free(struct fixture *fx);

/**
 * Go on as an ordinary user who owns the tree, for what root may read anyway;
 * nothing happens if the test runs as one. The teardown takes it back.
 */
void fixture_drop_root(struct fixture *fx);

/** For cmocka_unit_test_setup_teardown(): *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** A test that gets a tree of its own. */
#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

/** Write a file; directories on its way are made. @data may be any bytes. */
void fixture_write(struct fixture *fx, const char *path, const void *data, size_t len);

/**
 * Make PID with comm, stat, cmdline, fd/ and task/PID. Its parent is 1, its
 * group is itself, its start is at 100 * pid ticks.
 */
void fixture_add_process(struct fixture *fx, pid_t pid, const char *comm);

/** Rewrite PID/stat: the state is one letter such as `Z`. */
void fixture_set_stat(struct fixture *fx, pid_t pid, const char *comm, char state, pid_t ppid,
		      pid_t pgid);

/** Make PID/task/TID with its comm and an empty fd/. */
void fixture_add_thread(struct fixture *fx, pid_t pid, pid_t tid, const char *comm);

/**
 * Add a descriptor, such as (42, 42, 3, "socket:[1001]"). With tid == pid it
 * appears in PID/fd and in PID/task/PID/fd, else in PID/task/TID/fd alone.
 */
void fixture_add_fd(struct fixture *fx, pid_t pid, pid_t tid, int fd, const char *target);

/** Write net/NAME. */
void fixture_add_table(struct fixture *fx, const char *name, const char *text);

/** Open a directory of the tree; the caller closes it. */
int fixture_open(struct fixture *fx, const char *path);

/* --- guarded buffers ----------------------------------------------------- */

/** Copy bytes so that they end at an unmapped page: one byte too far faults. */
char *guard_copy(const void *data, size_t len);

/** Release what guard_copy() returned for so many bytes. */
void guard_free(char *data, size_t len);

/**
 * Read a file below tests/data, found from the root of the source tree; at
 * most @size bytes. Return its length.
 */
size_t data_read(const char *name, char *out, size_t size);

/* --- records ------------------------------------------------------------- */

/** An address such as ("127.0.0.1", 80); NULL is no address at all. */
struct addr make_addr(const char *ip, uint16_t port);

/** A socket without remote end, of uid 1000. */
struct sock make_sock(enum sock_proto proto, enum sock_state state, const char *ip, uint16_t port,
		      uint64_t inode);

/** A connection, of uid 1000. */
struct sock make_connection(enum sock_state state, const char *ip, uint16_t port,
			    const char *remote_ip, uint16_t remote_port, uint64_t inode);

/** A unix socket; @name may be NULL and is borrowed. */
struct sock make_unix(enum sock_state state, int type, const char *name, uint64_t inode);

/** Names with a services file of our own: http, https, domain, twoports; no file is read. */
void make_names(struct names *out);

/** Add a word to a filter, which must be a good one. */
void filter_add_ok(struct filter *f, enum filter_kind kind, const char *word);

/** Finish a filter that can match. */
void filter_finish_ok(struct filter *f);

/* --- assertions ---------------------------------------------------------- */

/** The buffer holds this text; it is emptied. */
void assert_buf(struct buf *b, const char *expected);

/** Bytes equal a string. */
void assert_bytes(const char *data, size_t len, const char *expected);

#endif
