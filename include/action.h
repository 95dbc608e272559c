/*
 * The actions, -k, --wait and --close, as the command line asks for them.
 */
#ifndef WHOPORT_ACTION_H
#define WHOPORT_ACTION_H

struct run;

/** Look, and signal who holds. Return the exit status. */
int action_kill(struct run *run);

/** Wait until the targets are free, or listened on. Return the exit status. */
int action_wait(struct run *run);

/** Look, and end the connections found. Return the exit status. */
int action_close(struct run *run);

#endif
