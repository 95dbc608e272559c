/*
 * The arguments of a process, as PID/cmdline has them: each ended by a NUL, the last one
 * perhaps not, since a process may write there what it likes (proc_pid_cmdline(5)).
 */
#ifndef WHOPORT_ARGS_H
#define WHOPORT_ARGS_H

#include "word.h"

#include <stdbool.h>

/**
 * Take the first argument off the front.
 *
 * @args  moved behind it
 * Return false if there is none.
 */
bool args_next(struct word *args, struct word *out);

/**
 * The value of an option, `-name VALUE` or `-name=VALUE`; the first one counts.
 *
 * @name, @other  its spellings, with their dashes
 * Return false if it is not given, or has no value.
 */
bool args_find_option(struct word args, const char *name, const char *other, struct word *out);

/** True if an argument is this word, or a path that ends in it. */
bool args_has(struct word args, const char *name);

#endif
