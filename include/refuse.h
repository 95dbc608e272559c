/*
 * How a grammar says no: -EINVAL and a reason for the user, which main.c puts
 * behind the word it is about.
 */
#ifndef WHOPORT_REFUSE_H
#define WHOPORT_REFUSE_H

#include <errno.h>

/** Store the reason, a string that is never freed. Return -EINVAL. */
static inline int refuse_word(const char **out_why, const char *why)
{
	*out_why = why;
	return -EINVAL;
}

#endif
