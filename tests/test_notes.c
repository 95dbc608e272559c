/* What the user is told on stderr: errors, and notes on what stayed unseen. */
#define _GNU_SOURCE
#include "capture.h"
#include "fixture.h"
#include "join.h"
#include "msg.h"
#include "netns.h"
#include "notes.h"
#include "snapshot.h"
#include "source_procnet.h"

#include <stdlib.h>
#include <unistd.h>

static void messages_name_object_and_reason(void **state)
{
	char text[512];
	struct capture c = capture_start(*state);

	msg_error("/proc/net/tcp", "Permission denied");
	msg_usage("-z", "unknown option");
	msg_note("a note");
	msg_error("", "an empty word is no port");
	capture_end(&c, text, sizeof(text));
	assert_string_equal(text, "whoport: /proc/net/tcp: Permission denied\n"
				  "whoport: -z: unknown option\n"
				  "Try 'whoport --help'\n"
				  "whoport: a note\n"
				  "whoport: '': an empty word is no port\n");
}

static void messages_escape_and_shorten_the_object(void **state)
{
	char text[512], object[4096];
	struct capture c = capture_start(*state);

	memset(object, 'x', sizeof(object));
	object[sizeof(object) - 1] = '\0';
	msg_error("a\nb\033[31m\xff", "odd");
	msg_error(object, "long");
	capture_end(&c, text, sizeof(text));
	assert_memory_equal(text, "whoport: a\\nb^[[31m\\xff: odd\n", 29);
	assert_true(strlen(text) < 200);
	assert_non_null(strstr(text, "xxx...: long\n"));
}

/* One row without holder, and how many processes could not be read. */
static void note_unseen(struct fixture *fx, enum reason reason, enum procfs_view view,
			size_t denied, bool limited, char *out, size_t size)
{
	struct scan_denied processes[40] = {{42, 1000}};
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 80, 1);
	struct row row = {.sock = &s, .reason = reason};
	struct row_list rows = {.v = &row, .len = 1};
	struct snapshot snap = {.view = view};

	snap.scan.denied = processes;
	snap.scan.denied_len = denied;
	struct capture c = capture_start(fx);
	notes_unseen(&snap, &rows, limited ? snap.scan.denied_len : 0, false);
	capture_end(&c, out, size);
}

static void nothing_is_noted_where_nothing_is_hidden(void **state)
{
	static const enum reason reasons[] = {REASON_TIME_WAIT, REASON_ORPHAN, REASON_NOT_ACCEPTED};
	char text[512];

	for (size_t i = 0; i < COUNT(reasons); i++) {
		note_unseen(*state, reasons[i], PROCFS_VIEW_WHOLE, 37, false, text, sizeof(text));
		assert_string_equal(text, "");
	}
	note_unseen(*state, REASON_UNKNOWN, PROCFS_VIEW_WHOLE, 0, false, text, sizeof(text));
	assert_string_equal(text, "");
}

static void unreadable_processes_are_counted(void **state)
{
	char text[512];

	note_unseen(*state, REASON_PERMISSION, PROCFS_VIEW_WHOLE, 1, false, text, sizeof(text));
	assert_non_null(strstr(text, "1 process could not be read"));
	note_unseen(*state, REASON_UNKNOWN, PROCFS_VIEW_WHOLE, 37, false, text, sizeof(text));
	assert_non_null(strstr(text, "37 processes could not be read"));
	/* One line, and no advice that would not help. */
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_int_equal(strstr(text, "sudo") != NULL, geteuid() != 0);
	/* Of the processes asked for, one that could not be read is missing. */
	note_unseen(*state, REASON_TIME_WAIT, PROCFS_VIEW_WHOLE, 2, true, text, sizeof(text));
	assert_non_null(strstr(text, "2 processes"));
}

static void limits_of_the_view_are_named(void **state)
{
	char text[512];

	note_unseen(*state, REASON_PERMISSION, PROCFS_VIEW_HIDDEN, 0, false, text, sizeof(text));
	assert_non_null(strstr(text, "hidepid"));
	note_unseen(*state, REASON_PIDNS, PROCFS_VIEW_PIDNS, 0, false, text, sizeof(text));
	assert_non_null(strstr(text, "pid namespace"));
	assert_null(strstr(text, "sudo"));
}

static void missing_items_are_named_with_their_option(void **state)
{
	struct names names;
	struct filter f = {0};
	char text[512];

	make_names(&names);
	f.names = &names;
	filter_add_ok(&f, FILTER_TARGET, "1334");
	filter_add_ok(&f, FILTER_TARGET, "80");
	filter_add_ok(&f, FILTER_PID, "41,42,43");
	filter_add_ok(&f, FILTER_INET, "TCP:80,443");
	filter_finish_ok(&f);
	f.items[1].found = f.items[3].found = f.items[5].found = true;
	struct capture c = capture_start(*state);
	notes_missing(&f);
	capture_end(&c, text, sizeof(text));
	assert_string_equal(text, "whoport: 1334: not found\n"
				  "whoport: -p 41: not found\n"
				  "whoport: -p 43: not found\n"
				  "whoport: -i 443: not found\n");
	filter_free(&f);
	names_free(&names);
}

static void malformed_lines_are_counted(void **state)
{
	struct snapshot snap = {.view = PROCFS_VIEW_WHOLE};
	char text[512];
	struct capture c = capture_start(*state);

	notes_unread_tables(&snap, false);
	snap.inventory.source.malformed = 3;
	notes_unread_tables(&snap, false);
	capture_end(&c, text, sizeof(text));
	assert_memory_equal(text, "whoport: 3 lines", 16);
}

/* What the statistics of a reading make us say. */
static void note_tables(struct fixture *fx, const struct inventory_stats *st, char *out, size_t size)
{
	struct snapshot snap = {.view = PROCFS_VIEW_WHOLE, .inventory = *st};
	struct capture c = capture_start(fx);

	notes_unread_tables(&snap, false);
	capture_end(&c, out, size);
}

static void protocols_without_an_answer_are_named(void **state)
{
	struct inventory_stats st = {.source = {.tables = 1}};
	char text[512];

	note_tables(*state, &st, text, sizeof(text));
	assert_string_equal(text, "");
	st.source.refused = SOCK_PROTO_BIT(SOCK_PROTO_UDP) | SOCK_PROTO_BIT(SOCK_PROTO_UNIX);
	note_tables(*state, &st, text, sizeof(text));
	assert_non_null(strstr(text, " UDP unix\n"));
	assert_null(strstr(text, "TCP"));
	/* However many they are, each that text could tell of has its name. */
	st.source.refused = SOCK_PROTO_BIT(SOCK_PROTO_OTHER) - 1;
	note_tables(*state, &st, text, sizeof(text));
	for (unsigned proto = 0; proto < SOCK_PROTO_OTHER; proto++) {
		bool named = strstr(text, sock_proto_name((enum sock_proto)proto));
		bool has_text = SOURCE_PROCNET_PROTOS & SOCK_PROTO_BIT(proto);
		if (proto != SOCK_PROTO_MPTCP) /* which has TCP in its name */
			assert_int_equal(named, has_text);
	}
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	/* Text was asked for them, and has them or has none. */
	st.used_text = true;
	note_tables(*state, &st, text, sizeof(text));
	assert_string_equal(text, "");
}

static void unreadable_namespaces_are_counted(void **state)
{
	struct inventory_stats st = {.source = {.tables = 1}, .unreadable = 1};
	char text[512];

	note_tables(*state, &st, text, sizeof(text));
	assert_non_null(strstr(text, "1 network namespace could not be read"));
	assert_int_equal(strstr(text, "sudo") != NULL, geteuid() != 0);
	st.unreadable = 12;
	note_tables(*state, &st, text, sizeof(text));
	assert_non_null(strstr(text, "12 network namespaces could not be read"));
}

static void other_namespaces_are_named_if_a_target_is_missing(void **state)
{
	struct netns others[2] = {{.id = 1, .is_asked = true, .fd = -1}, {.id = 2, .fd = -1}};
	struct netns_list list = {.v = others, .proc_fd = -1, .home_fd = -1};
	struct names names;
	struct filter f = {0};
	char text[512];

	make_names(&names);
	f.names = &names;
	filter_add_ok(&f, FILTER_TARGET, "80");
	filter_add_ok(&f, FILTER_PID, "42");
	filter_finish_ok(&f);
	for (int i = 0; i < 4; i++) {
		list.len = i / 2 ? 2 : 1;
		f.items[0].found = i % 2; /* the other item is of no interest */
		struct capture c = capture_start(*state);
		notes_elsewhere(&f, &list);
		capture_end(&c, text, sizeof(text));
		if (i == 2)
			assert_non_null(strstr(text, "-N all"));
		else
			assert_string_equal(text, "");
	}
	filter_free(&f);
	names_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(messages_name_object_and_reason),
		fixture_test(messages_escape_and_shorten_the_object),
		fixture_test(nothing_is_noted_where_nothing_is_hidden),
		fixture_test(unreadable_processes_are_counted),
		fixture_test(limits_of_the_view_are_named),
		fixture_test(missing_items_are_named_with_their_option),
		fixture_test(malformed_lines_are_counted),
		fixture_test(protocols_without_an_answer_are_named),
		fixture_test(unreadable_namespaces_are_counted),
		fixture_test(other_namespaces_are_named_if_a_target_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
