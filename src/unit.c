/* Units and their stop commands; see unit.h. */
#define _GNU_SOURCE
#include "unit.h"

#include "buf.h"
#include "cgroup_name.h"

#include <string.h>

enum { UNIT_MAX = 255 }; /* UNIT_NAME_MAX in systemd's basic/unit-name.h, without its NUL */

bool unit_find(struct word cgroup, struct word *out)
{
	struct cgroup_name unit;

	if (cgroup.len == 0 || !cgroup_parse_unit(cgroup.text, cgroup.len, &unit))
		return false;
	*out = (struct word){unit.text, unit.len};
	if (out->len > UNIT_MAX || *out->text == '-' || word_begins_with(*out, "user@"))
		return false;
	for (size_t i = 0; i < out->len; i++) {
		if (out->text[i] == '\'' || out->text[i] < ' ' || out->text[i] > '~')
			return false;
	}
	return unit_is_service(*out) || word_ends_with(*out, ".socket");
}

bool unit_is_service(struct word unit)
{
	return word_ends_with(unit, ".service");
}

bool unit_is_of_user(struct word cgroup)
{
	return cgroup.len > 0 && memmem(cgroup.text, cgroup.len, "/user@", strlen("/user@"));
}

void unit_add_stop(struct buf *out, bool of_user, struct word unit)
{
	buf_add_str(out, of_user ? "systemctl --user stop " : "systemctl stop ");
	word_add_quoted(out, unit);
}
