/*
 * Ports that are given once only in a script: lib.sh hands each program that it starts a
 * range that no other one had, as $LIVE_PORTS. A range that followed from the process ID
 * would be met again, with the TIME_WAIT of an earlier case.
 */
#ifndef PORTS_H
#define PORTS_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static unsigned *last_port; /* shared with our children */

/* Ours, if lib.sh started us; they are below the ephemeral ones. */
static inline unsigned ports_given(void)
{
	const char *low = getenv("LIVE_PORTS");

	return low ? (unsigned)atoi(low) : 10000;
}

/* Ports from there on. */
static inline void begin_ports(unsigned low)
{
	last_port = mmap(NULL, sizeof(*last_port), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (last_port == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	*last_port = low;
}

#endif
