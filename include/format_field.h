/*
 * lsof's field output (-F): a field a line, or ended by NUL; a letter, then its value.
 * `p` begins the set of a process, `f` that of a descriptor. Sockets without holder are
 * left out: scripts written for lsof know no such set.
 *
 *     p811
 *     cnginx
 *     f6
 *     n*:80
 *     TST=LISTEN
 *
 * Source: "OUTPUT FOR OTHER PROGRAMS" in lsof(8).
 */
#ifndef WHOPORT_FORMAT_FIELD_H
#define WHOPORT_FORMAT_FIELD_H

#include "field.h"

#include <stdbool.h>

struct column_style;
struct row_list;

struct field_format {
	struct field_choice choice;
	const struct column_style *style; /* how names look; borrowed */
	bool hide_queues; /* of T: -T without q */
};

/**
 * Write the sets of all rows with a holder, in large pieces.
 *
 * @fd  borrowed
 * Return 0 or -errno of memory or write(2).
 */
int format_field_write(const struct field_format *format, const struct row_list *rows, int fd);

/** Facts of processes that the fields need: PROCESS_STAT and so on. */
unsigned format_field_facts(const struct field_choice *choice);

#endif
