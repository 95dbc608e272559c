/*
 * What -k says if there is nobody to signal: clients alone, what the kernel keeps, what
 * is hidden.
 */
#ifndef WHOPORT_KILL_NONE_H
#define WHOPORT_KILL_NONE_H

struct kill_request;

/** Tell on stderr why nobody is signalled. Return the exit status. */
int kill_none_tell(const struct kill_request *rq);

#endif
