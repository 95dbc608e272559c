/* Which kernel runs; see kernel_version.h. */
#define _GNU_SOURCE
#include "kernel_version.h"

#include "num.h"

#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>

bool kernel_version_reaches(unsigned wanted_major, unsigned wanted_minor)
{
	struct utsname name;
	uint64_t major, minor;

	if (uname(&name) < 0)
		return false;
	const char *at = name.release, *end = at + strlen(at);
	if (!num_scan(&at, end, 10, UINT32_MAX, &major) || *at++ != '.' ||
	    !num_scan(&at, end, 10, UINT32_MAX, &minor))
		return false;
	return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
}
