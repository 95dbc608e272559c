/*
 * Why a row has no holder, in words, with what is only guessed behind it:
 *
 *     hidden: permission; unit nginx.service; likely nginx,811
 */
#ifndef WHOPORT_REASON_TEXT_H
#define WHOPORT_REASON_TEXT_H

#include "join.h"

struct buf;
struct column_style;

/** The reason in one word, as programs get it: "permission", "time-wait"; "" for none. */
const char *reason_text_code(enum reason reason);

/** Append the reason without brackets; nothing if the row has a holder. */
void reason_text_add(const struct column_style *style, const struct row *row, struct buf *out);

#endif
