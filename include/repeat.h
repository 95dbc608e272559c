/*
 * -r and +r: the answer again and again, each a cycle of its own, written out before the
 * next begins.
 */
#ifndef WHOPORT_REPEAT_H
#define WHOPORT_REPEAT_H

struct run;

/**
 * Answer until the cycles are over, a write fails, or, with +r, nothing is found. A
 * signal ends it as it ends any program.
 *
 * Return the exit status: that of the last cycle that had rows, where everything counts
 * as found that some cycle has found; without any row that of the last cycle.
 */
int repeat(struct run *run);

#endif
