/* Who holds what no descriptor holds, where processes may not be read. */
#define _GNU_SOURCE
#include "fixture.h"
#include "netns.h"
#include "snapshot.h"
#include "unheld.h"

#include <sys/stat.h>
#include <unistd.h>

static const char maps[] =
	"7f0000000000-7f0000001000 r--s 00000000 00:08 1001          socket:[1001]\n";

struct reading {
	struct names names;
	struct filter filter;
	struct netns_list namespaces;
	struct snapshot snap;
};

/*
 * A listener of our own uid, seen without holder, that process 43 has mapped; and
 * process 42, which was refused.
 */
static void read_tree(struct fixture *fx, struct reading *r, enum filter_kind kind,
		      const char *word)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 80, 1001);

	s.uid = geteuid();
	s.role = SOCK_ROLE_WANTED;
	*r = (struct reading){.namespaces = {.home_fd = -1}};
	make_names(&r->names);
	r->filter.names = &r->names;
	filter_add_ok(&r->filter, kind, word);
	filter_finish_ok(&r->filter);
	assert_int_equal(netns_list_init(&r->namespaces, fx->root_fd, true), 0);
	assert_int_equal(sock_table_add(&r->snap.socks, &s), 0);
	assert_int_equal(scan_stats_add_denied(&r->snap.scan, 42, geteuid()), 0);
	assert_int_equal(scan_stats_sort(&r->snap.scan), 0);

	struct snapshot_request rq = {.inventory = {.namespaces = &r->namespaces,
						    .filter = &r->filter}};
	assert_int_equal(unheld_explain(&rq, &r->snap), 0);
}

static void reading_free(struct reading *r)
{
	snapshot_free(&r->snap);
	netns_list_free(&r->namespaces);
	filter_free(&r->filter);
	names_free(&r->names);
}

static void assert_mapping_found(struct fixture *fx, enum filter_kind kind, const char *word,
				 bool found)
{
	struct reading r;

	read_tree(fx, &r, kind, word);
	assert_int_equal(r.snap.holders.len, found);
	if (found) {
		assert_int_equal(r.snap.holders.v[0].pid, 43);
		assert_int_equal(r.snap.holders.v[0].kind, HOLDER_MEM);
	}
	reading_free(&r);
}

static void add_processes(struct fixture *fx)
{
	fixture_add_process(fx, 42, "server");
	fixture_add_fd(fx, 42, 42, 0, "/dev/null");
	fixture_add_process(fx, 43, "mapper");
	fixture_write(fx, "43/maps", maps, sizeof(maps) - 1);
	fixture_drop_root(fx);
}

/* As in the middle of execve(2), when a scan comes by. */
static void denial_that_has_passed_explains_nothing(void **state)
{
	struct fixture *fx = *state;

	add_processes(fx);
	assert_mapping_found(fx, FILTER_INET, "TCP", true);
}

static void denial_of_who_is_gone_explains_nothing(void **state)
{
	struct fixture *fx = *state;

	fixture_add_process(fx, 43, "mapper");
	fixture_write(fx, "43/maps", maps, sizeof(maps) - 1);
	fixture_drop_root(fx);
	assert_mapping_found(fx, FILTER_INET, "TCP", true);
}

static void listing_looks_for_no_mapping_where_rights_are_missing(void **state)
{
	struct fixture *fx = *state;

	add_processes(fx);
	assert_int_equal(fchmodat(fx->root_fd, "42/fd", 0, 0), 0);
	assert_mapping_found(fx, FILTER_INET, "TCP", false);
	assert_mapping_found(fx, FILTER_TARGET, "80", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(denial_that_has_passed_explains_nothing),
		fixture_test(denial_of_who_is_gone_explains_nothing),
		fixture_test(listing_looks_for_no_mapping_where_rights_are_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
