/*
 * Settings of our own network namespace: numbers in /proc/sys/net, which shows every
 * reader its own (proc_sys(5)).
 */
#ifndef WHOPORT_NET_SETTING_H
#define WHOPORT_NET_SETTING_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Read a setting that is one number, such as "ipv4/ip_unprivileged_port_start".
 *
 * @proc_fd  root of a proc tree; borrowed
 * @name     below sys/net
 * Return it, or @missing where there is none.
 */
uint32_t net_setting_number(int proc_fd, const char *name, uint32_t missing);

/* The ports that connections and bind(2) to port 0 take theirs from. */
struct local_ports {
	uint16_t lo, hi; /* host byte order, both included; both 0 when unknown */
};

/** Read ip_local_port_range. */
struct local_ports net_setting_local_ports(int proc_fd);

/** True if a port is in the range. */
bool local_ports_has(const struct local_ports *r, uint16_t port);

/* ip_local_reserved_ports: of the range, but not taken unless somebody asks for them. */
struct reserved_ports {
	char text[1024]; /* as it is written, "8080,9000-9010"; terminated, without newline */
	bool is_cut;     /* it is longer than that */
};

/** Read them; an empty text if there are none, or they are unknown. */
void net_setting_reserved(int proc_fd, struct reserved_ports *out);

/** True if a port is one of them. */
bool reserved_ports_has(const struct reserved_ports *r, uint16_t port);

#endif
