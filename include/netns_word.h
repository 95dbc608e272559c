/*
 * The words of -N.
 */
#ifndef WHOPORT_NETNS_WORD_H
#define WHOPORT_NETNS_WORD_H

struct netns;
struct netns_list;

/**
 * Ask for the namespaces that a word means: `self`, `all`, a process ID, a name
 * as in /run/netns, or a path (one with a slash).
 *
 * @out_why  after an error a reason for the user
 * Return 0, -EINVAL with @out_why, or -errno.
 */
int netns_list_ask(struct netns_list *list, const char *word, const char **out_why);

#endif
