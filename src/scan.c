/* What scanners share; see scan.h. */
#include "scan.h"

#include <stdlib.h>

void scan_stats_free(struct scan_stats *st)
{
	free(st->denied);
	free(st->tables);
	free(st->sights);
	*st = (struct scan_stats){0};
}
