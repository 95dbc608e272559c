/*
 * What load.c, which starts and ends processes, and load_kinds.c, which is what
 * these processes do, have in common.
 */
#ifndef LOAD_H
#define LOAD_H

/* Sockets of one process that holds connections; each has as many peers. */
#define LOAD_CONNECTIONS_EACH 5000U

/* What to set up, as the options say. */
struct load_plan {
	unsigned processes, descriptors, listeners; /* the latter two in each process */
	unsigned connections;
	unsigned namespaces;
	unsigned threads, private_tables;
	unsigned base_port;
};

/* One process of the load. */
struct load_job {
	/**
	 * Open what this process holds. Returns when it holds it; ends the
	 * process by load_fail if it cannot.
	 */
	void (*open)(const struct load_plan *plan, const struct load_job *job);
	unsigned index;  /* among those of its kind */
	unsigned amount; /* connections of this process */
	int listener;    /* connections: where they arrive; else -1 */
};

/**
 * End this process; whoever started it gets to know the reason.
 *
 * @err   errno
 * @what  printf format: what could not be done, "socket"
 */
__attribute__((noreturn, format(printf, 2, 3)))
void load_fail(int err, const char *what, ...);

/** Bring loopback up where it is down, as it is in a new network namespace. */
void load_loopback_up(void);

/** A listener for one pair of processes that hold connections. */
int load_connection_listener(unsigned index);

/* What a job can be. */
void load_open_descriptors(const struct load_plan *plan, const struct load_job *job);
void load_open_servers(const struct load_plan *plan, const struct load_job *job);
void load_open_clients(const struct load_plan *plan, const struct load_job *job);
void load_open_namespace(const struct load_plan *plan, const struct load_job *job);
void load_open_threads(const struct load_plan *plan, const struct load_job *job);

#endif
