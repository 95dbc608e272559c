/* A process in words; see process_text.h. */
#include "process_text.h"

#include "buf.h"
#include "escape.h"
#include "holder.h"
#include "names.h"
#include "process.h"

#include <string.h>

void process_text_add_name(const char *name, size_t len, unsigned escape, struct buf *out)
{
	static const char parts[] = ",;[]";

	escape &= ~ESCAPE_RAW; /* nowhere may it pass for our own words */
	while (len > 0) {
		size_t plain = 0;
		while (plain < len && (name[plain] == '\0' || !strchr(parts, name[plain])))
			plain++;
		escape_add(out, name, plain, escape | ESCAPE_BLANKS, ESCAPE_ALL);
		if (plain < len) {
			buf_add_str(out, "\\x");
			buf_add_hex(out, (unsigned char)name[plain++], 2);
		}
		name += plain;
		len -= plain;
	}
}

void process_text_add_user(struct names *names, uint32_t uid, unsigned escape, struct buf *out)
{
	const char *user = names ? names_user_of(names, uid) : NULL;

	if (user)
		process_text_add_name(user, strlen(user), escape, out);
	else
		buf_add_dec(out, uid);
}

void process_text_add(const struct process *p, unsigned escape, struct buf *out)
{
	process_text_add_name(p->command, p->command_len, escape, out);
	buf_add_char(out, ',');
	buf_add_dec(out, (uint64_t)p->pid);
}

void process_text_add_fd(const struct holder *h, bool access, struct buf *out)
{
	switch (h->kind) {
	case HOLDER_FD:
		buf_add_dec(out, (uint64_t)h->fd);
		buf_add_str(out, access ? "u" : "");
		break;
	case HOLDER_RING:
		buf_add_str(out, "ring:");
		buf_add_dec(out, (uint64_t)h->fd);
		break;
	case HOLDER_MEM:
		buf_add_str(out, "mem");
		break;
	}
}

void process_text_add_holder(const struct holder *h, const struct process *p, unsigned escape,
			     struct buf *out)
{
	buf_add_dec(out, (uint64_t)h->pid);
	buf_add_char(out, ',');
	if (p)
		process_text_add_name(p->command, p->command_len, escape, out);
	buf_add_char(out, ',');
	process_text_add_fd(h, true, out);
}
