/*
 * Signals by name and number, and what to expect of them.
 */
#ifndef WHOPORT_SIGNAL_NAME_H
#define WHOPORT_SIGNAL_NAME_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/**
 * Signal of a word: `TERM`, `SIGTERM`, `15`, `RTMIN`, `RTMIN+3`, `RTMAX-1`; names in upper
 * case. 0, which sends nothing, is none.
 *
 * Return true if there is such a signal. Source: signal(7).
 */
bool signal_name_parse(const char *text, size_t len, int *out);

/** Append the name: `SIGTERM`, `SIGRTMIN+3`; of what has none `signal 33`. */
void signal_name_add(struct buf *out, int signal);

/** True if the signal is meant to end a process: TERM, KILL, INT, QUIT, ABRT. */
bool signal_name_is_end(int signal);

/**
 * True if a process that does not catch the signal goes on, be it stopped: CONT, STOP, TSTP,
 * TTIN, TTOU, CHLD, URG, WINCH. Source: signal(7), "Standard signals".
 */
bool signal_name_is_harmless(int signal);

#endif
