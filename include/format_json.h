/*
 * JSON: one document (-J), or one object for each row (-j). The keys are frozen: they are
 * only ever added to. What is unknown is null.
 *
 *     {"schema":1,"version":"0.1.0","processes":[{"pid":811,...,"files":[{"fd":6,...}]}],
 *      "unowned":[{...,"reason":"time-wait",...}]}
 */
#ifndef WHOPORT_FORMAT_JSON_H
#define WHOPORT_FORMAT_JSON_H

#include "field.h"

#include <stdbool.h>

struct column_style;
struct row_list;

struct json_format {
	struct field_choice choice; /* the letters of -F choose keys; all: every key */
	const struct column_style *style; /* names, namespaces and other ends; borrowed */
	bool lines; /* -j */
};

/**
 * Write all rows, in large pieces. Without rows an empty document, or nothing.
 *
 * @fd  borrowed
 * Return 0 or -errno of memory or write(2).
 */
int format_json_write(const struct json_format *format, const struct row_list *rows, int fd);

/** Facts of processes that the keys need: PROCESS_STAT and so on. */
unsigned format_json_facts(const struct field_choice *choice);

#endif
