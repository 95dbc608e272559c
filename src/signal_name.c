/* Signals by name and number; see signal_name.h. */
#define _GNU_SOURCE
#include "signal_name.h"

#include "buf.h"
#include "num.h"

#include <signal.h>
#include <string.h>

enum signal_class { CLASS_OTHER, CLASS_END, CLASS_HARMLESS };

/* Of a number with more than one name the first is the one that is printed. */
static const struct signal_row {
	const char *name;
	int number;
	enum signal_class class;
} rows[] = {
	{"HUP", SIGHUP, CLASS_OTHER},
	{"INT", SIGINT, CLASS_END},
	{"QUIT", SIGQUIT, CLASS_END},
	{"ILL", SIGILL, CLASS_OTHER},
	{"TRAP", SIGTRAP, CLASS_OTHER},
	{"ABRT", SIGABRT, CLASS_END},
	{"IOT", SIGABRT, CLASS_END},
	{"BUS", SIGBUS, CLASS_OTHER},
	{"FPE", SIGFPE, CLASS_OTHER},
	{"KILL", SIGKILL, CLASS_END},
	{"USR1", SIGUSR1, CLASS_OTHER},
	{"SEGV", SIGSEGV, CLASS_OTHER},
	{"USR2", SIGUSR2, CLASS_OTHER},
	{"PIPE", SIGPIPE, CLASS_OTHER},
	{"ALRM", SIGALRM, CLASS_OTHER},
	{"TERM", SIGTERM, CLASS_END},
#ifdef SIGSTKFLT /* not on alpha, MIPS, PA-RISC, SPARC */
	{"STKFLT", SIGSTKFLT, CLASS_OTHER},
#endif
#ifdef SIGEMT /* there instead */
	{"EMT", SIGEMT, CLASS_OTHER},
#endif
	{"CHLD", SIGCHLD, CLASS_HARMLESS},
	{"CLD", SIGCHLD, CLASS_HARMLESS},
	{"CONT", SIGCONT, CLASS_HARMLESS},
	{"STOP", SIGSTOP, CLASS_HARMLESS},
	{"TSTP", SIGTSTP, CLASS_HARMLESS},
	{"TTIN", SIGTTIN, CLASS_HARMLESS},
	{"TTOU", SIGTTOU, CLASS_HARMLESS},
	{"URG", SIGURG, CLASS_HARMLESS},
	{"XCPU", SIGXCPU, CLASS_OTHER},
	{"XFSZ", SIGXFSZ, CLASS_OTHER},
	{"VTALRM", SIGVTALRM, CLASS_OTHER},
	{"PROF", SIGPROF, CLASS_OTHER},
	{"WINCH", SIGWINCH, CLASS_HARMLESS},
	{"IO", SIGIO, CLASS_OTHER},
	{"POLL", SIGIO, CLASS_OTHER},
	{"PWR", SIGPWR, CLASS_OTHER},
	{"SYS", SIGSYS, CLASS_OTHER},
};

static const struct signal_row *find_number(int number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].number == number)
			return &rows[i];
	}
	return NULL;
}

static const struct signal_row *find_name(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, text, len) == 0)
			return &rows[i];
	}
	return NULL;
}

/* RTMIN, RTMIN+N, RTMAX, RTMAX-N. */
static bool parse_realtime(const char *text, size_t len, int *out)
{
	enum { STEM = 5 };
	/* Calls: libc keeps the first of the kernel's real-time signals for itself. */
	int min = SIGRTMIN, max = SIGRTMAX;
	uint64_t steps = 0;

	if (len < STEM)
		return false;
	bool is_up = memcmp(text, "RTMIN", STEM) == 0;
	if (!is_up && memcmp(text, "RTMAX", STEM) != 0)
		return false;
	if (len > STEM) {
		if (text[STEM] != (is_up ? '+' : '-'))
			return false;
		if (!num_parse(text + STEM + 1, text + len, (uint64_t)(max - min), &steps))
			return false;
	}
	*out = is_up ? min + (int)steps : max - (int)steps;
	return true;
}

bool signal_name_parse(const char *text, size_t len, int *out)
{
	uint64_t number;

	if (num_parse(text, text + len, (uint64_t)SIGRTMAX, &number)) {
		if (number > 0)
			*out = (int)number;
		return number > 0;
	}
	if (len > 3 && memcmp(text, "SIG", 3) == 0) {
		text += 3;
		len -= 3;
	}
	const struct signal_row *row = find_name(text, len);
	if (row)
		*out = row->number;
	return row || parse_realtime(text, len, out);
}

void signal_name_add(struct buf *out, int signal)
{
	const struct signal_row *row = find_number(signal);
	int min = SIGRTMIN;

	if (row) {
		buf_add_str(out, "SIG");
		buf_add_str(out, row->name);
	} else if (signal >= min && signal <= SIGRTMAX) {
		buf_add_str(out, "SIGRTMIN");
		if (signal > min) {
			buf_add_char(out, '+');
			buf_add_dec(out, (uint64_t)(signal - min));
		}
	} else {
		buf_add_str(out, "signal ");
		buf_add_dec(out, (uint64_t)signal);
	}
}

bool signal_name_is_end(int signal)
{
	const struct signal_row *row = find_number(signal);

	return row && row->class == CLASS_END;
}

bool signal_name_is_harmless(int signal)
{
	const struct signal_row *row = find_number(signal);

	return row && row->class == CLASS_HARMLESS;
}
