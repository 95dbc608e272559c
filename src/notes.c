/* Notes on stderr; see notes.h. */
#define _GNU_SOURCE
#include "notes.h"

#include "filter.h"
#include "join.h"
#include "msg.h"
#include "netns.h"
#include "netns_walk.h"
#include "options.h"
#include "snapshot.h"
#include "source_procnet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `1 process`, `37 processes` */
static void count_processes(size_t count, char *out, size_t size)
{
	snprintf(out, size, "%zu process%s", count, count == 1 ? "" : "es");
}

static void note_denied(size_t count, const char *which)
{
	char text[160], processes[48];

	count_processes(count, processes, sizeof(processes));
	snprintf(text, sizeof(text), "%s%s could not be read%s", processes, which,
		 geteuid() != 0 ? "; sudo would show more" : ", even as root");
	msg_note(text);
}

void notes_unseen(const struct snapshot *snap, const struct row_list *rows, size_t unread,
		  bool invisible)
{
	bool hidden = false, outside = false;

	for (size_t i = 0; i < rows->len; i++) {
		hidden |= row_is_hidden(&rows->v[i]);
		outside |= rows->v[i].reason == REASON_PIDNS;
	}
	if (unread > 0)
		note_denied(unread, " asked for");
	else if (hidden && snap->scan.denied_len > 0)
		note_denied(snap->scan.denied_len, "");
	else if (invisible || (hidden && snap->view == PROCFS_VIEW_HIDDEN))
		msg_note(geteuid() != 0 ? "/proc hides the processes of others (hidepid); "
					  "sudo would show more"
					: "/proc hides processes (hidepid)");
	else if (outside)
		msg_note("processes outside this pid namespace cannot be seen from within");
}

void notes_missing(const struct filter *filter)
{
	for (size_t i = 0; i < filter->items_len; i++) {
		const struct filter_item *item = &filter->items[i];
		if (item->found)
			continue;

		/* An element of a list ends before its word does. */
		char *text = strndup(item->text, item->len);
		struct option_word word = {item->kind, text ? text : item->text};
		struct option_error error = {"", NULL};
		option_error_set(&error, &word, "not found");
		msg_error(error.object, error.why);
		free(text);
	}
}

void notes_loose_value(const struct options *o, const struct filter *filter)
{
	char text[160];

	for (size_t i = 0; i < filter->items_len && o->loose_value; i++) {
		const struct filter_item *item = &filter->items[i];
		if (item->kind != FILTER_TARGET || item->text != o->loose_value || item->found ||
		    item->found_before)
			continue;
		snprintf(text, sizeof(text), "%.10s was taken for a port; a value of %s is attached: "
			 "%s%.10s", item->text, o->loose_option, o->loose_option, item->text);
		msg_note(text);
	}
}

static void note_malformed(size_t count)
{
	char text[96];

	snprintf(text, sizeof(text), "%zu line%s of the socket tables could not be understood",
		 count, count == 1 ? "" : "s");
	msg_note(text);
}

/* With --source=diag: the protocols that text would have been asked for. */
static void note_refused(unsigned protos)
{
	char text[160] = "sock_diag gives no answer for";

	for (unsigned proto = 0; proto < SOCK_PROTO_OTHER; proto++) {
		if (!(protos & SOCK_PROTO_BIT(proto)))
			continue;
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, " %s", sock_proto_name((enum sock_proto)proto));
	}
	msg_note(text);
}

static void note_unreadable(size_t count)
{
	char text[128];

	snprintf(text, sizeof(text), "%zu network namespace%s could not be read%s", count,
		 count == 1 ? "" : "s", geteuid() != 0 ? "; sudo would show more" : "");
	msg_note(text);
}

static void note_untold(size_t count)
{
	char text[128], processes[48];

	count_processes(count, processes, sizeof(processes));
	snprintf(text, sizeof(text), "the network namespace of %s could not be told%s", processes,
		 geteuid() != 0 ? "; sudo would show more" : "");
	msg_note(text);
}

void notes_unread_tables(const struct snapshot *snap, bool is_whole)
{
	const struct inventory_stats *st = &snap->inventory;

	if (st->source.malformed > 0)
		note_malformed(st->source.malformed);
	unsigned unanswered = st->source.refused & SOURCE_PROCNET_PROTOS;
	if (unanswered && !st->used_text)
		note_refused(unanswered);
	if (st->unreadable > 0 && !is_whole)
		note_unreadable(st->unreadable);
	if (st->untold > 0)
		note_untold(st->untold);
}

static bool any_port_missing(const struct filter *filter)
{
	for (size_t i = 0; i < filter->items_len; i++) {
		if (filter_misses_port(filter, i))
			return true;
	}
	return false;
}

void notes_bound(const struct snapshot *snap, const struct filter *filter,
		 const struct netns_list *namespaces)
{
	if (snap->inventory.misses_bound && !snap->scanner.is_ready && namespaces->is_real &&
	    (any_port_missing(filter) || filter->states.included[SOCK_STATE_BOUND]))
		msg_note("TCP sockets that are bound but do not listen cannot be seen here");
}

void notes_elsewhere(const struct filter *filter, struct netns_list *namespaces)
{
	if (any_port_missing(filter) && netns_list_has_others(namespaces))
		msg_note("not everything was found in this network namespace; -N all looks into "
			 "the others, too");
}
