/*
 * --why as the command line asks for it, and its short form below an answer.
 */
#ifndef WHOPORT_WHY_RUN_H
#define WHOPORT_WHY_RUN_H

struct run;

/** Explain why bind(2) to the targets would fail. Return the exit status. */
int why_run(struct run *run);

/** Note on stderr why targets are busy, if nobody can be named who has them. */
void why_run_note(struct run *run);

#endif
