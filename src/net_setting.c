/* Settings of the network; see net_setting.h. */
#include "net_setting.h"

#include "num.h"
#include "procfs.h"

#include <stdio.h>
#include <string.h>

/* Read a setting as text, without its newline. Return its length, 0 where there is none. */
static size_t read_text(int proc_fd, const char *name, char *out, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "sys/net/%s", name);
	ssize_t n = procfs_read(proc_fd, path, out, size - 1);
	size_t len = n > 0 ? (size_t)n : 0;
	out[len] = '\0';
	return strcspn(out, "\n");
}

uint32_t net_setting_number(int proc_fd, const char *name, uint32_t missing)
{
	char text[32];
	uint64_t number;
	size_t len = read_text(proc_fd, name, text, sizeof(text));

	if (len + 1 == sizeof(text) || !num_parse(text, text + len, UINT32_MAX, &number))
		return missing;
	return (uint32_t)number;
}

/* Two numbers with something between them; the second may miss. */
static bool parse_pair(const char *text, const char *end, const char *between,
		       struct local_ports *out)
{
	uint64_t lo, hi;

	if (!num_scan(&text, end, 10, UINT16_MAX, &lo))
		return false;
	hi = lo;
	size_t gap = text < end ? strspn(text, between) : 0;
	text += gap;
	if (gap > 0 && !num_scan(&text, end, 10, UINT16_MAX, &hi))
		return false;
	*out = (struct local_ports){(uint16_t)lo, (uint16_t)hi};
	return text == end;
}

struct local_ports net_setting_local_ports(int proc_fd)
{
	struct local_ports range = {0, 0};
	char text[32];
	size_t len = read_text(proc_fd, "ipv4/ip_local_port_range", text, sizeof(text));

	if (!parse_pair(text, text + len, " \t", &range))
		return (struct local_ports){0, 0};
	return range;
}

bool local_ports_has(const struct local_ports *r, uint16_t port)
{
	return port != 0 && port >= r->lo && port <= r->hi;
}

void net_setting_reserved(int proc_fd, struct reserved_ports *out)
{
	size_t len = read_text(proc_fd, "ipv4/ip_local_reserved_ports", out->text,
			       sizeof(out->text));

	out->is_cut = len + 1 == sizeof(out->text);
	out->text[len] = '\0';
}

bool reserved_ports_has(const struct reserved_ports *r, uint16_t port)
{
	for (const char *at = r->text; *at;) {
		size_t len = strcspn(at, ",");
		struct local_ports range;

		if (parse_pair(at, at + len, "-", &range) && local_ports_has(&range, port))
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}
