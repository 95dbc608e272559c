/*
 * Growing arrays. Every table of whoport is one: appended to, sorted once,
 * then searched by bisection.
 */
#ifndef WHOPORT_GROW_H
#define WHOPORT_GROW_H

#include <stddef.h>

/**
 * Make room for one more element.
 *
 * @array  NULL, or what this function returned before
 * @len    elements in use
 * @cap    elements allocated; updated
 * @size   bytes of one element
 * Return the array, perhaps moved, with element @len free to be written; or
 * NULL without memory, and then @array and @cap are as they were.
 */
void *grow(void *array, size_t len, size_t *cap, size_t size);

#endif
