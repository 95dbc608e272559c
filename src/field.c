/* The letters of -F; see field.h. */
#include "field.h"

#include "buf.h"

#include <string.h>

static const struct field {
	char letter;
	const char *what; /* NULL: a field of files */
} fields[] = {
	{'a', "access: u, as sockets are open for reading and writing"},
	{'c', "command name"},
	{'C', NULL},
	{'d', "inode of an internet socket; 0x and cookie of a unix socket"},
	{'D', NULL},
	{'f', "descriptor"},
	{'F', NULL},
	{'g', "process group ID"},
	{'G', "flags of the descriptor: 0x<hex>;0x0"},
	{'i', "inode of other sockets"},
	{'k', NULL},
	{'K', "thread ID"},
	{'l', "lock: a blank"},
	{'L', "login name"},
	{'m', "marker between the cycles of -r; always there"},
	{'M', "thread name"},
	{'n', "name: addresses, path"},
	{'N', NULL},
	{'o', "offset: 0t0"},
	{'p', "process ID; always there"},
	{'P', "protocol"},
	{'r', NULL},
	{'R', "parent process ID"},
	{'s', NULL},
	{'S', NULL},
	{'t', "type: IPv4, IPv6, unix ..."},
	{'T', "ST=state, QR= and QS=queues, a field each"},
	{'u', "user ID"},
	{'z', NULL},
	{'Z', NULL},
	{'0', "fields end in NUL, not in a newline"},
};

enum { FIELD_COUNT = sizeof(fields) / sizeof(*fields) };

static uint64_t bit_of(char letter)
{
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].letter == letter)
			return UINT64_C(1) << i;
	}
	return 0;
}

bool field_choice_add(struct field_choice *io, const char *letters)
{
	for (; *letters; letters++) {
		if (*letters == '0')
			io->nul = true;
		else if (bit_of(*letters) == 0)
			return false;
		else
			io->letters |= bit_of(*letters);
	}
	return true;
}

bool field_choice_is_all(const struct field_choice *choice)
{
	return choice->letters == 0;
}

bool field_choice_has(const struct field_choice *choice, char letter)
{
	return field_choice_is_all(choice) || choice->letters & bit_of(letter);
}

void field_add_help(struct buf *out)
{
	buf_add_str(out, "Fields of -F:\n");
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (!fields[i].what)
			continue;
		buf_add_str(out, "  ");
		buf_add_char(out, fields[i].letter);
		buf_add_str(out, "  ");
		buf_add_str(out, fields[i].what);
		buf_add_char(out, '\n');
	}
	buf_add_str(out, "Fields of files, accepted and never printed:");
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].what)
			continue;
		buf_add_char(out, ' ');
		buf_add_char(out, fields[i].letter);
	}
	buf_add_char(out, '\n');
}
