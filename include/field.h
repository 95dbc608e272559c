/*
 * The letters of -F, as lsof has them: which fields a program wants. Those of files
 * that sockets do not have are accepted, and print nothing.
 */
#ifndef WHOPORT_FIELD_H
#define WHOPORT_FIELD_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct field_choice {
	uint64_t letters; /* a set; 0: all */
	bool nul;         /* 0: fields end in NUL, sets in a newline */
};

/**
 * Add letters, in any order, perhaps none.
 *
 * @io  zeroed before the first
 * Return true if all are known.
 */
bool field_choice_add(struct field_choice *io, const char *letters);

/** True if a field is wanted. */
bool field_choice_has(const struct field_choice *choice, char letter);

/** True if no letter was given: everything is wanted. */
bool field_choice_is_all(const struct field_choice *choice);

/** Append the list of the letters (-F?). */
void field_add_help(struct buf *out);

#endif
