/*
 * systemd's units as somebody is told to stop them:
 *
 *     systemctl --user stop 'dev-x\x2dy.service'
 */
#ifndef WHOPORT_UNIT_H
#define WHOPORT_UNIT_H

#include "word.h"

#include <stdbool.h>

struct buf;

/**
 * The service or socket unit of a cgroup, if one may be told to stop it. A scope is
 * none: in init.scope the manager itself lives, in others a whole session. Nor is
 * user@1000.service, which is all that a user runs; nor what is not safe to be typed.
 *
 * @cgroup  path, as cgroup_parse_file() gives it; empty when unknown
 * @out     borrows from it
 * Return false if there is none.
 */
bool unit_find(struct word cgroup, struct word *out);

/** True for a service, which its manager may start again. */
bool unit_is_service(struct word unit);

/** True for a cgroup in a user's manager, whose units systemctl only has with --user. */
bool unit_is_of_user(struct word cgroup);

/** Append the command that stops a unit. */
void unit_add_stop(struct buf *out, bool of_user, struct word unit);

#endif
