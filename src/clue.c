/* Clues about sockets without holder; see clue.h. */
#include "clue.h"

#include "grow.h"

#include <stdlib.h>

void clue_list_free(struct clue_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->v[i].place);
	free(list->v);
	*list = (struct clue_list){0};
}

struct clue *clue_list_add(struct clue_list *list, const struct sock *sock)
{
	void *v = grow(list->v, list->len, &list->cap, sizeof(*list->v));

	if (!v)
		return NULL;
	list->v = v;
	struct clue *clue = &list->v[list->len++];
	*clue = (struct clue){.sock = sock};
	return clue;
}

const struct clue *clue_list_find(const struct clue_list *list, const struct sock *sock)
{
	size_t lo = 0, hi = list->len;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (list->v[mid].sock < sock)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < list->len && list->v[lo].sock == sock ? &list->v[lo] : NULL;
}
