/*
 * Why a row has no holder, in words, with what is only guessed behind it:
 *
 *     hidden: permission; unit nginx.service; likely nginx,811
 */
#ifndef WHOPORT_REASON_TEXT_H
#define WHOPORT_REASON_TEXT_H

struct buf;
struct column_style;
struct row;

/** Append the reason without brackets; nothing if the row has a holder. */
void reason_text_add(const struct column_style *style, const struct row *row, struct buf *out);

#endif
