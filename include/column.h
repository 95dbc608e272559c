/*
 * Columns: one table row each, with its title, its alignment, what it needs
 * and the function that prints a cell.
 */
#ifndef WHOPORT_COLUMN_H
#define WHOPORT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct background;
struct buf;
struct context;
struct ends;
struct names;
struct netns_list;
struct row;

enum column_id {
	COLUMN_COMMAND,
	COLUMN_PID,
	COLUMN_TID,
	COLUMN_TASKCMD,
	COLUMN_PPID,
	COLUMN_PGID,
	COLUMN_USER,
	COLUMN_FD,
	COLUMN_TYPE,
	COLUMN_DEVICE,
	COLUMN_SIZE,
	COLUMN_NODE,
	COLUMN_NAME,
	COLUMN_STATE,
	COLUMN_LOCAL,
	COLUMN_REMOTE,
	COLUMN_INODE,
	COLUMN_NETNS,
	COLUMN_UID,
	COLUMN_ARGS,
	COLUMN_CWD,
	COLUMN_START,
	COLUMN_UNIT,
	COLUMN_CONTAINER,
	COLUMN_RECVQ,
	COLUMN_SENDQ,
	COLUMN_PEER,
	COLUMN_REASON,
	COLUMN_COUNT
};

/** How cells are to look; everything borrowed. */
struct column_style {
	struct names *names;
	const struct netns_list *namespaces; /* NULL: numbers only */
	const struct ends *ends; /* the other ends; NULL: not asked for */
	bool name_ends;          /* NAME has them, too */
	const struct background *background; /* of --details; NULL: not asked for */
	size_t command_width; /* characters of COMMAND, 0: all */
	unsigned escape;      /* ESCAPE_UTF8 where the terminal reads it */
	bool numeric_users;   /* -l */
	bool service_names;   /* +P */
	bool host_names;      /* +n */
	bool hide_state;      /* -T without s */
	bool show_queues;     /* -Tq */
	bool colour;          /* the header stands out */
	bool colour_reason;   /* reasons in NAME stand out */
	int64_t boot_time;    /* seconds since the epoch, for START */
	const struct context *context; /* lines below rows (context.h); NULL: none */
};

/**
 * Parse a column's name, in any case.
 *
 * Return true if there is such a column.
 */
bool column_parse(const char *name, size_t len, enum column_id *out);

/** Title, as in the header line. */
const char *column_title(enum column_id id);

/** True if cells are aligned to the left. */
bool column_is_left(enum column_id id);

/** Facts of processes that the column needs: PROCESS_STAT and so on. */
unsigned column_facts(enum column_id id);

/** True if two rows are certain to have the same cell: saves measuring it again. */
bool column_repeats(enum column_id id, const struct row *a, const struct row *b);

/** Append the cell of a row: never empty, never a control byte. */
void column_add(enum column_id id, const struct column_style *style, const struct row *row,
		struct buf *out);

#endif
