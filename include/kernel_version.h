/* Which kernel runs. */
#ifndef WHOPORT_KERNEL_VERSION_H
#define WHOPORT_KERNEL_VERSION_H

#include <stdbool.h>

/** True if the kernel is this version of Linux, or later. Source: uname(2). */
bool kernel_version_reaches(unsigned major, unsigned minor);

#endif
