/* Unix sockets in a snapshot: targets by name, and rows that a name forges. */
#define _GNU_SOURCE
#include "fixture.h"
#include "join.h"
#include "netns.h"
#include "snapshot.h"

#include <fcntl.h>

#define ROW(inode) "0000000000000000: 00000002 00000000 00010000 0001 01 " inode
#define CONNECTED(inode) "0000000000000000: 00000003 00000000 00000000 0001 03 " inode
#define CONNECTING "0000000000000000: 00000003 00000000 00000000 0001 02     0"
#define FORGED(inode) "00000000: 00000002 00000000 00010000 0001 01 " inode
#define TCP_11 \
	INET_HEADER "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 " \
		    "00000000  1000        0 11 1 0000000000000000 100 0 0 10 0\n"

struct run {
	struct names names;
	struct filter filter;
	struct netns_list namespaces;
	struct snapshot snap;
	struct row_list rows;
};

/* Ask for one target, or with NULL for all unix sockets and TCP. */
static void ask(struct run *run, struct fixture *fx, const char *target)
{
	struct snapshot_request rq = {.inventory = {.namespaces = &run->namespaces,
						    .filter = &run->filter}};

	*run = (struct run){.names = {0}};
	make_names(&run->names);
	run->filter.names = &run->names;
	run->filter.unix_wanted = target == NULL;
	filter_add_ok(&run->filter, target ? FILTER_TARGET : FILTER_INET, target ? target : "TCP");
	filter_finish_ok(&run->filter);
	assert_int_equal(netns_list_init(&run->namespaces, fx->root_fd, true), 0);
	assert_int_equal(snapshot_take(&rq, &run->snap), 0);
	assert_int_equal(join_rows(&run->snap, &run->filter, &run->rows), 0);
}

static void end(struct run *run)
{
	row_list_free(&run->rows);
	snapshot_free(&run->snap);
	netns_list_free(&run->namespaces);
	filter_free(&run->filter);
	names_free(&run->names);
}

/* Process 40 + n holds the socket of the n-th inode; 0 ends the list. */
static void add_holders(struct fixture *fx, const unsigned *inodes)
{
	for (pid_t pid = 40; *inodes; pid++, inodes++) {
		char link[32];
		snprintf(link, sizeof(link), "socket:[%u]", *inodes);
		fixture_add_process(fx, pid, "server");
		fixture_add_fd(fx, pid, pid, 3, link);
	}
}

/* The row of this inode; there must be one. */
static const struct row *row_of(const struct run *run, uint64_t inode)
{
	for (size_t i = 0; i < run->rows.len; i++) {
		if (run->rows.v[i].sock->inode == inode)
			return &run->rows.v[i];
	}
	fail_msg("no row with inode %u", (unsigned)inode);
	return NULL;
}

static void assert_name(const struct run *run, uint64_t inode, const char *name)
{
	const struct sock *s = row_of(run, inode)->sock;

	assert_bytes(s->name, s->name_len, name);
}

static void path_target_finds_the_listener_not_its_connections(void **state)
{
	struct run run;

	fixture_add_table(*state, "unix", UNIX_HEADER CONNECTED("23") " /run/x\n" ROW("21")
			  " /run/x\n" ROW("22") " /run/xy\n" CONNECTED("24") "\n");
	add_holders(*state, (const unsigned[]){21, 22, 23, 24, 0});
	ask(&run, *state, "/run/x");
	assert_int_equal(run.rows.len, 1);
	assert_int_equal(row_of(&run, 21)->holder->pid, 40);
	end(&run);
}

static void connections_are_the_answer_where_the_listener_is_gone(void **state)
{
	struct run run;

	fixture_add_table(*state, "unix", UNIX_HEADER CONNECTED("23") " /run/x\n");
	add_holders(*state, (const unsigned[]){23, 0});
	ask(&run, *state, "/run/x");
	assert_int_equal(run.rows.len, 1);
	assert_int_equal(row_of(&run, 23)->holder->pid, 40);
	end(&run);
}

static void abstract_target_finds_its_name(void **state)
{
	struct run run;

	fixture_add_table(*state, "unix", UNIX_HEADER ROW("21") " @x\n" ROW("22") " @x@y\n");
	add_holders(*state, (const unsigned[]){21, 22, 0});
	ask(&run, *state, "@x");
	assert_int_equal(run.rows.len, 1);
	assert_int_equal(row_of(&run, 21)->holder->pid, 40);
	end(&run);
	ask(&run, *state, "@x\\0y");
	assert_int_equal(run.rows.len, 1);
	assert_int_equal(row_of(&run, 22)->holder->pid, 41);
	end(&run);
}

static void client_in_a_queue_is_not_accepted_yet(void **state)
{
	struct run run;

	fixture_add_table(*state, "unix", UNIX_HEADER ROW("21") " /run/x\n" CONNECTING " /run/x\n");
	add_holders(*state, (const unsigned[]){21, 0});
	fixture_add_table(*state, "tcp", INET_HEADER);
	ask(&run, *state, NULL);
	assert_int_equal(run.rows.len, 2);
	assert_int_equal(row_of(&run, 0)->reason, REASON_NOT_ACCEPTED);
	end(&run);
}

static void forged_row_with_the_inode_of_a_port_is_given_back(void **state)
{
	struct run run;

	fixture_add_table(*state, "tcp", TCP_11);
	fixture_add_table(*state, "unix", UNIX_HEADER ROW("21") " /tmp/a\n" FORGED("11") " /run/b\n");
	add_holders(*state, (const unsigned[]){11, 21, 0});
	ask(&run, *state, NULL);
	assert_int_equal(run.rows.len, 2);
	assert_int_equal(row_of(&run, 11)->sock->proto, SOCK_PROTO_TCP);
	assert_name(&run, 21, "/tmp/a\n" FORGED("11") " /run/b");
	end(&run);
}

static void forged_row_does_not_answer_for_its_name(void **state)
{
	struct run run;

	/* Only the table of unix is read for this target: the inode is netlink's, say. */
	fixture_add_table(*state, "unix", UNIX_HEADER ROW("22") " /run/x\n" ROW("23") "\n" ROW("21")
			  " /tmp/a\n" FORGED("22") " /run/b\n");
	add_holders(*state, (const unsigned[]){21, 22, 0});
	ask(&run, *state, "/run/b");
	assert_int_equal(run.rows.len, 0);
	end(&run);
}

static void name_of_another_row_is_left_alone(void **state)
{
	struct run run;

	/*
	 * One name has two rows in it. The first has the inode of /run/real and is
	 * refuted by it; the second has a port's. Both belong to row 21's name.
	 */
	fixture_add_table(*state, "tcp", TCP_11);
	fixture_add_table(*state, "unix", UNIX_HEADER ROW("22") " /run/real\n" ROW("23") "\n" ROW("21")
			  " a\n" FORGED("22") " b\n" FORGED("11") " c\n");
	add_holders(*state, (const unsigned[]){11, 21, 22, 23, 0});
	ask(&run, *state, NULL);
	assert_int_equal(run.rows.len, 4);
	assert_name(&run, 22, "/run/real");
	assert_name(&run, 21, "a\n" FORGED("22") " b\n" FORGED("11") " c");
	end(&run);
}

static void name_of_a_client_without_inode_is_left_alone(void **state)
{
	struct run run;
	size_t found = 0;

	/* A client that waits has the name of its listener, and no inode. */
	fixture_add_table(*state, "tcp", TCP_11);
	fixture_add_table(*state, "unix", UNIX_HEADER CONNECTING " /run/real\n" ROW("22")
			  " /run/real\n" ROW("23") "\n" CONNECTING " /tmp/a\n" FORGED("11") " b\n");
	add_holders(*state, (const unsigned[]){11, 22, 23, 0});
	ask(&run, *state, NULL);
	for (size_t i = 0; i < run.rows.len; i++) {
		const struct sock *s = run.rows.v[i].sock;
		if (s->inode == 0 && s->name_len == strlen("/run/real"))
			found++;
	}
	assert_int_equal(found, 1);
	end(&run);
}

static void forged_row_takes_no_blame_for_its_neighbours(void **state)
{
	struct run run;

	/*
	 * Row 21's name has two rows in it: one claims the inode of the doubtful
	 * row 22, the other a port's. The latter is refuted, and must not be
	 * given back to whoever else has inode 22.
	 */
	fixture_add_table(*state, "tcp", TCP_11);
	fixture_add_table(*state, "unix", UNIX_HEADER ROW("20") " @s\n" ROW("22") " @real\n" ROW("23")
			  "\n" ROW("21") " a\n" FORGED("22") "\n" FORGED("11") "\n");
	add_holders(*state, (const unsigned[]){11, 20, 21, 22, 23, 0});
	ask(&run, *state, NULL);
	bool found = false;
	for (size_t i = 0; i < run.rows.len; i++) {
		const struct sock *s = run.rows.v[i].sock;
		found |= s->inode == 22 && s->name_len == 5 && memcmp(s->name, "@real", 5) == 0;
		assert_true(s->inode != 11 || s->proto == SOCK_PROTO_TCP);
	}
	assert_true(found);
	end(&run);
	ask(&run, *state, "@real");
	assert_int_equal(run.rows.len, 1);
	assert_int_equal(row_of(&run, 22)->holder->pid, 43);
	end(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(path_target_finds_the_listener_not_its_connections),
		fixture_test(connections_are_the_answer_where_the_listener_is_gone),
		fixture_test(abstract_target_finds_its_name),
		fixture_test(client_in_a_queue_is_not_accepted_yet),
		fixture_test(forged_row_with_the_inode_of_a_port_is_given_back),
		fixture_test(forged_row_does_not_answer_for_its_name),
		fixture_test(name_of_another_row_is_left_alone),
		fixture_test(name_of_a_client_without_inode_is_left_alone),
		fixture_test(forged_row_takes_no_blame_for_its_neighbours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
