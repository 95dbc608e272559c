/* Units and containers in cgroup paths; see cgroup_name.h. */
#define _GNU_SOURCE
#include "cgroup_name.h"

#include "num.h"

#include <string.h>

static bool equals(struct cgroup_name name, const char *text)
{
	return name.len == strlen(text) && memcmp(name.text, text, name.len) == 0;
}

/* Cut the last component off a path of @len bytes. */
static bool take_last(const char *path, size_t *len, struct cgroup_name *out)
{
	size_t end = *len;

	while (end > 0 && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	*out = (struct cgroup_name){path + start, end - start};
	*len = start;
	return end > start;
}

/* Cut off a beginning, if it is there and something follows. */
static bool cut_head(struct cgroup_name *name, const char *head)
{
	size_t n = strlen(head);

	if (name->len <= n || memcmp(name->text, head, n) != 0)
		return false;
	name->text += n;
	name->len -= n;
	return true;
}

/* Cut off an end, if it is there and something comes before it. */
static bool cut_tail(struct cgroup_name *name, const char *tail)
{
	size_t n = strlen(tail);

	if (name->len <= n || memcmp(name->text + name->len - n, tail, n) != 0)
		return false;
	name->len -= n;
	return true;
}

/* True if a name has only bytes of @allowed. */
static bool consists_of(struct cgroup_name name, const char *allowed)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.text[i] == '\0' || !strchr(allowed, name.text[i]))
			return false;
	}
	return true;
}

static bool is_unit(struct cgroup_name name)
{
	static const char *const types[] = {".service", ".socket", ".scope", ".mount", ".swap"};
	/* VALID_CHARS_WITH_AT in systemd's basic/unit-name.c. */
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.\\@";

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct cgroup_name stem = name;
		if (cut_tail(&stem, types[i]))
			return consists_of(name, allowed);
	}
	return false;
}

bool cgroup_parse_unit(const char *path, size_t len, struct cgroup_name *out)
{
	while (take_last(path, &len, out)) {
		/* How cg_escape in systemd's basic/cgroup-util.c keeps a unit such as
		 * memory.service apart from the kernel's own files. */
		cut_head(out, "_");
		if (is_unit(*out))
			return true;
	}
	return false;
}

/* [PREFIX-]ID[.scope]; containerd without systemd writes PREFIX:ID. */
static bool parse_id(struct cgroup_name part, struct cgroup_name *out)
{
	enum { ID_LEN = 64, SHOWN = 12 };

	cut_tail(&part, ".scope");
	if (part.len < ID_LEN)
		return false;

	struct cgroup_name id = {part.text + part.len - ID_LEN, ID_LEN};
	struct cgroup_name prefix = {part.text, part.len - ID_LEN};
	if (!consists_of(id, "0123456789abcdef"))
		return false;
	if (prefix.len > 0 && !cut_tail(&prefix, "-") && !cut_tail(&prefix, ":"))
		return false;
	if (cut_tail(&prefix, "-conmon"))
		return false; /* watches the container from outside */
	*out = (struct cgroup_name){id.text, SHOWN};
	return true;
}

static bool parse_name(struct cgroup_name part, struct cgroup_name parent, struct cgroup_name *out)
{
	static const struct {
		const char *head, *tail;
	} forms[] = {
		{"lxc.payload.", ""},
		{"machine-", ".scope"},
		{"systemd-nspawn@", ".service"},
	};
	struct cgroup_name rest = part;

	if (cut_head(&rest, "machine-qemu\\x2d"))
		return false; /* a virtual machine of libvirt */
	*out = part;
	if (equals(parent, "lxc") || equals(parent, "lxc.payload"))
		return true;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		*out = part;
		if (cut_head(out, forms[i].head) && cut_tail(out, forms[i].tail))
			return true;
	}
	return false;
}

bool cgroup_parse_container(const char *path, size_t len, struct cgroup_name *out)
{
	struct cgroup_name part, parent;

	while (take_last(path, &len, &part)) {
		size_t above = len;
		take_last(path, &above, &parent);
		if (parse_id(part, out) || parse_name(part, parent, out))
			return true;
	}
	return false;
}

/* Take one line, "0::/path" or "1:name=systemd:/path". */
static void parse_membership(struct cgroup_name line, struct cgroup_name *unified,
			     struct cgroup_name *systemd)
{
	const char *p = line.text, *end = p + line.len;
	uint64_t id;

	if (!num_scan(&p, end, 10, UINT64_MAX, &id))
		return;
	struct cgroup_name rest = {p, (size_t)(end - p)};
	if (id == 0 && cut_head(&rest, "::") && *rest.text == '/') {
		cut_tail(&rest, " (deleted)");
		*unified = rest;
	} else if (id != 0 && cut_head(&rest, ":name=systemd:") && *rest.text == '/') {
		*systemd = rest;
	}
}

bool cgroup_parse_file(const char *text, size_t len, struct cgroup_name *out)
{
	struct cgroup_name unified = {0}, systemd = {0};
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		parse_membership((struct cgroup_name){text, (size_t)(stop - text)}, &unified,
				 &systemd);
		text = newline ? newline + 1 : end;
	}
	if (unified.len == 0 && systemd.len == 0)
		return false;
	*out = unified.len > 1 || systemd.len == 0 ? unified : systemd;
	return true;
}
