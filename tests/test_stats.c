/* What --stats tells: phases that add up to the whole, counts, and which way was taken. */
#define _GNU_SOURCE
#include "fixture.h"
#include "snapshot.h"
#include "stats.h"

#include <stdlib.h>
#include <time.h>

static uint64_t sum_of_phases(const struct stats *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->len; i++)
		sum += s->phases[i].ns;
	return sum;
}

static void spend(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static void phases_sum_up_to_the_whole(void **state)
{
	static const char *const names[] = {"one", "two", "one", "three", "two", "one"};
	struct stats s = {0};

	(void)state;
	stats_start(&s);
	assert_true(s.start_ns > 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		spend(200000);
		stats_phase(&s, names[i]);
		assert_int_equal(sum_of_phases(&s), s.last_ns - s.start_ns);
	}
	/* In the order in which they ended first. */
	assert_int_equal(s.len, 3);
	assert_string_equal(s.phases[0].name, "one");
	assert_string_equal(s.phases[1].name, "two");
	assert_string_equal(s.phases[2].name, "three");
	assert_true(s.phases[0].ns >= 3 * 200000);
	assert_true(s.phases[2].ns >= 200000);
}

static void phase_goes_on_under_an_equal_name(void **state)
{
	char name[] = "scan"; /* another place in memory */
	struct stats s = {0};

	(void)state;
	stats_start(&s);
	stats_phase(&s, "scan");
	stats_phase(&s, name);
	assert_int_equal(s.len, 1);
}

static void phases_beyond_the_last_place_are_ignored(void **state)
{
	static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
					    "10", "11", "12", "13", "14", "15"};
	struct stats s = {0};

	(void)state;
	assert_true(COUNT(names) > STATS_PHASES_MAX);
	stats_start(&s);
	for (size_t i = 0; i < COUNT(names); i++)
		stats_phase(&s, names[i]);
	assert_int_equal(s.len, STATS_PHASES_MAX);
	for (size_t i = 0; i < s.len; i++)
		assert_string_equal(s.phases[i].name, names[i]);
	uint64_t before = s.phases[3].ns;
	spend(200000);
	stats_phase(&s, names[COUNT(names) - 1]);
	/* One that has a place goes on; what the others took is nobody's. */
	assert_int_equal(s.phases[3].ns, before);
	spend(200000);
	stats_phase(&s, names[3]);
	assert_true(s.phases[3].ns >= before + 200000);
	assert_true(sum_of_phases(&s) < s.last_ns - s.start_ns);
	assert_int_equal(s.len, STATS_PHASES_MAX);
}

static void nobody_may_want_to_know(void **state)
{
	(void)state;
	stats_phase(NULL, "scan");
	stats_phase(NULL, NULL);
}

/* How the text about a snapshot begins; it ends with a size that is true of every process. */
static void check(const struct stats *s, const struct snapshot *snap, const char *expected)
{
	static const char peak[] = "peak KiB ";
	struct buf b = {0};

	stats_add(&b, s, snap, 3);
	buf_add_char(&b, '\0');
	char *at = strstr(b.data, peak), *end;
	assert_non_null(at);
	assert_true(strtoul(at + strlen(peak), &end, 10) > 100);
	assert_string_equal(end, "\n");
	assert_memory_equal(b.data, expected, strlen(expected));
	assert_true(at > b.data + strlen(expected));
	buf_free(&b);
}

static const struct stats timed = {
	.start_ns = 1000000, .last_ns = 13345678,
	.phases = {{"scan", 10000000}, {"sockets", 2345678}, {"rows", 0}}, .len = 3};

static void text_has_counts_ways_and_times(void **state)
{
	struct sock socks[2];
	struct snapshot snap = {
		.socks = {.v = socks, .len = 2},
		.scan = {.processes = 7, .descriptors = 55, .denied_len = 1},
		.inventory = {.used_diag = true},
		.scanner = {.is_ready = true},
	};

	(void)state;
	check(&timed, &snap,
	      "whoport: stats: rows 3 sockets 2 processes 7 descriptors 55 denied 1\n"
	      "whoport: stats: source sock_diag; scanner bpf\n"
	      "whoport: stats: ms: scan 10.00 sockets 2.35 rows 0.00 total 12.35");
}

/* The second line. */
static void assert_ways(const struct snapshot *snap, const char *expected)
{
	struct buf b = {0};

	stats_add(&b, &timed, snap, 0);
	buf_add_char(&b, '\0');
	char *line = strchr(b.data, '\n') + 1, *end = strchr(line, '\n');
	*end = '\0';
	assert_string_equal(line, expected);
	buf_free(&b);
}

static void ways_are_named(void **state)
{
	struct snapshot snap = {.socks = {0}};

	(void)state;
	assert_ways(&snap, "whoport: stats: source none; scanner proc");
	snap.inventory.used_text = true;
	assert_ways(&snap, "whoport: stats: source text; scanner proc");
	snap.inventory.used_diag = true;
	assert_ways(&snap, "whoport: stats: source sock_diag text; scanner proc");
	snap.inventory.covered = 3;
	snap.scanner.is_ready = true;
	assert_ways(&snap, "whoport: stats: source sock_diag text iterator; scanner bpf");
	snap.inventory = (struct inventory_stats){.covered = 1};
	assert_ways(&snap, "whoport: stats: source iterator; scanner bpf");
}

static void reason_for_the_walk_is_named(void **state)
{
	struct snapshot snap = {.inventory = {.used_diag = true}};

	(void)state;
	snap.scanner.is_small = true;
	assert_ways(&snap, "whoport: stats: source sock_diag; scanner proc (bpf: not worth it)");
	snap.scanner.is_small = false;
	snap.scanner.refusal = -EPERM;
	assert_ways(&snap, "whoport: stats: source sock_diag; "
			   "scanner proc (bpf: Operation not permitted)");
	snap.scanner.refusal = -ENOENT;
	assert_ways(&snap, "whoport: stats: source sock_diag; "
			   "scanner proc (bpf: No such file or directory)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_sum_up_to_the_whole),
		cmocka_unit_test(phase_goes_on_under_an_equal_name),
		cmocka_unit_test(phases_beyond_the_last_place_are_ignored),
		cmocka_unit_test(nobody_may_want_to_know),
		cmocka_unit_test(text_has_counts_ways_and_times),
		cmocka_unit_test(ways_are_named),
		cmocka_unit_test(reason_for_the_walk_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
