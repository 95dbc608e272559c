/*
 * One mount, as a line of /proc/PID/mountinfo tells it.
 */
#ifndef WHOPORT_MOUNTINFO_H
#define WHOPORT_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>

/** A field of the line; borrowed, not terminated, escapes as they are. */
struct mountinfo_field {
	const char *text;
	size_t len;
};

struct mountinfo {
	struct mountinfo_field root; /* what of the file system is mounted: "/", "net:[4026532286]" */
	struct mountinfo_field type; /* "cgroup2", "nsfs" */
	char point[4096];            /* where; without escapes */
};

/**
 * Parse a line of mountinfo.
 *
 * Return false if it is malformed, or its mount point no absolute path that fits.
 * Source: proc_pid_mountinfo(5).
 */
bool mountinfo_parse(const char *line, size_t len, struct mountinfo *out);

/** True if a field is this word. */
bool mountinfo_is(const struct mountinfo_field *field, const char *word);

#endif
