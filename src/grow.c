/* Growing arrays; see grow.h. */
#include "grow.h"

#include <stdint.h>
#include <stdlib.h>

void *grow(void *array, size_t len, size_t *cap, size_t size)
{
	if (len < *cap)
		return array;

	/* By half: a table of 25,000 sockets should not end half empty. */
	size_t more = *cap < 16 ? 16 : *cap + *cap / 2;
	if (more < *cap || more > SIZE_MAX / size)
		return NULL;
	void *moved = realloc(array, more * size);
	if (moved)
		*cap = more;
	return moved;
}
