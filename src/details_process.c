/* The card of a process; see details.h. Each line is a row of the table at the end. */
#define _GNU_SOURCE
#include "details.h"

#include "background.h"
#include "card.h"
#include "column.h"
#include "escape.h"
#include "join.h"
#include "lineage.h"
#include "names.h"
#include "process_detail.h"
#include "process_text.h"
#include "row_fact.h"

#include <string.h>
#include <time.h>

/* What lines are made of. */
struct view {
	struct card *card;
	const struct column_style *style;
	const struct row *row;
	const struct process *p;
	const struct process_detail *detail; /* NULL when it could not be read */
	const struct process *parents[LINEAGE_MAX];
	size_t parents_len;
};

/* A path, with its blanks. */
static void add_path(const struct view *v, const char *path, size_t len)
{
	escape_add(&v->card->item, path, len, v->style->escape, ESCAPE_ALL);
}

void details_add_user(struct card *card, const struct column_style *style, unsigned uid)
{
	const char *name = style->numeric_users ? NULL : names_user_of(style->names, uid);

	if (!name) {
		buf_add_dec(&card->item, uid);
		return;
	}
	escape_add(&card->item, name, strlen(name), style->escape | ESCAPE_BLANKS, ESCAPE_ALL);
	buf_add_str(&card->item, " (");
	buf_add_dec(&card->item, uid);
	buf_add_char(&card->item, ')');
}

static void add_command(const struct view *v)
{
	if (v->p->args)
		column_add(COLUMN_ARGS, v->style, v->row, &v->card->item);
	card_end_item(v->card, " ");
}

static void add_exe(const struct view *v)
{
	if (!v->detail || !v->detail->exe)
		return;
	add_path(v, v->detail->exe, strlen(v->detail->exe));
	buf_add_str(&v->card->item, v->detail->exe_deleted ? " (deleted)" : "");
	card_end_item(v->card, " ");
}

static void add_cwd(const struct view *v)
{
	if (v->p->cwd)
		add_path(v, v->p->cwd, strlen(v->p->cwd));
	card_end_item(v->card, " ");
}

static void add_user(const struct view *v)
{
	details_add_user(v->card, v->style, v->p->uid);
	card_end_item(v->card, ", ");
	if (!v->detail || !v->detail->real_uid_known || v->detail->real_uid == v->p->uid)
		return;
	buf_add_str(&v->card->item, "real ");
	details_add_user(v->card, v->style, v->detail->real_uid);
	card_end_item(v->card, ", ");
}

static void add_started(const struct view *v)
{
	char text[32];
	int64_t seconds;
	uint64_t age;
	struct tm tm;

	if (process_start(v->p, v->style->boot_time, &seconds)) {
		time_t start = (time_t)seconds;
		if (localtime_r(&start, &tm) &&
		    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) > 0)
			card_add(v->card, ", ", text);
	}
	if (!background_age(v->style->background, v->p, &age))
		return;
	card_add_time(v->card, age * 1000);
	buf_add_str(&v->card->item, " ago");
	card_end_item(v->card, ", ");
}

static void add_parents(const struct view *v)
{
	for (size_t i = 0; i < v->parents_len; i++) {
		process_text_add(v->parents[i], v->style->escape, &v->card->item);
		card_end_item(v->card, " < ");
	}
}

static void add_terminal(const struct view *v)
{
	if (v->detail)
		process_detail_add_tty(v->detail, &v->card->item);
	card_end_item(v->card, " ");
}

static void add_session(const struct view *v)
{
	const struct process *ssh = lineage_find_ssh(v->parents, v->parents_len);

	if (!ssh)
		return;
	buf_add_str(&v->card->item, "ssh, through ");
	process_text_add(ssh, v->style->escape, &v->card->item);
	card_end_item(v->card, " ");
}

static void add_place(const struct view *v, struct cgroup_name name)
{
	if (name.len > 0)
		add_path(v, name.text, name.len);
	card_end_item(v->card, " ");
}

static void add_unit(const struct view *v)
{
	add_place(v, row_unit(v->row));
}

static void add_container(const struct view *v)
{
	add_place(v, row_container(v->row));
}

static void add_cgroup(const struct view *v)
{
	const char *path = v->p->cgroup;

	add_place(v, (struct cgroup_name){path, path ? strlen(path) : 0});
}

static void add_threads(const struct view *v)
{
	if (v->detail && v->detail->threads > 0)
		buf_add_dec(&v->card->item, v->detail->threads);
	card_end_item(v->card, " ");
}

static void add_descriptors(const struct view *v)
{
	if (v->detail && v->detail->fds >= 0)
		buf_add_dec(&v->card->item, (uint64_t)v->detail->fds);
	card_end_item(v->card, " ");
}

/* What is missing although the process has it, and why. */
static void add_hidden(const struct view *v)
{
	if (v->p->is_gone)
		card_add(v->card, " ", "the rest: the process has ended");
	else if (v->p->is_opaque)
		card_add(v->card, " ", "the rest: no permission to read it");
	else if (v->detail && v->detail->is_denied)
		card_add(v->card, " ", v->p->cwd ? "exe: no permission to read it"
						 : "exe, cwd: no permission to read them");
}

static const struct {
	const char *label;
	void (*add)(const struct view *v);
} lines[] = {
	{"command", add_command},
	{"exe", add_exe},
	{"cwd", add_cwd},
	{"user", add_user},
	{"started", add_started},
	{"parents", add_parents},
	{"terminal", add_terminal},
	{"session", add_session},
	{"unit", add_unit},
	{"container", add_container},
	{"cgroup", add_cgroup},
	{"threads", add_threads},
	{"descriptors", add_descriptors},
	{"not shown", add_hidden},
};

void details_add_process(struct card *card, const struct column_style *style,
			 const struct row *row)
{
	struct view v = {.card = card, .style = style, .row = row, .p = row->process,
			 .detail = row->process->detail};

	if (!v.p->is_gone && !v.p->is_opaque)
		v.parents_len = lineage_list(&style->background->parents, v.p, v.parents,
					     LINEAGE_MAX);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		card_begin(card, lines[i].label);
		lines[i].add(&v);
		card_end(card);
	}
}
