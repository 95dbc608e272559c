/* Signals by name and number. */
#include "fixture.h"
#include "signal_name.h"

#include <signal.h>

/* Parse a guarded copy; it must be @expected, or no signal if that is 0. */
static void assert_signal(const char *text, size_t len, int expected)
{
	char *copy = guard_copy(text, len);
	int signal = -1;
	bool found = signal_name_parse(copy, len, &signal);

	if (found != (expected != 0))
		fail_msg("\"%.*s\" is %s signal", (int)len, text, found ? "a" : "no");
	assert_int_equal(signal, found ? expected : -1);
	guard_free(copy, len);
}

static void assert_printed(int signal, const char *expected)
{
	struct buf b = {0};

	signal_name_add(&b, signal);
	assert_buf(&b, expected);
	buf_free(&b);
}

struct signal_case {
	const char *name;
	int number;
};

static const struct signal_case standard[] = {
	{"HUP", SIGHUP}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"ILL", SIGILL},
	{"TRAP", SIGTRAP}, {"ABRT", SIGABRT}, {"BUS", SIGBUS}, {"FPE", SIGFPE},
	{"KILL", SIGKILL}, {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
	{"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
#ifdef SIGSTKFLT
	{"STKFLT", SIGSTKFLT},
#endif
	{"CHLD", SIGCHLD}, {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN}, {"TTOU", SIGTTOU}, {"URG", SIGURG}, {"XCPU", SIGXCPU},
	{"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
	{"IO", SIGIO}, {"PWR", SIGPWR}, {"SYS", SIGSYS},
};

static void signal_has_its_name_with_and_without_sig(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(standard); i++) {
		char name[16];
		snprintf(name, sizeof(name), "SIG%s", standard[i].name);
		assert_signal(name, strlen(name), standard[i].number);
		assert_signal(name + 3, strlen(name) - 3, standard[i].number);
		assert_printed(standard[i].number, name);
	}
}

static void every_standard_signal_has_a_name(void **state)
{
	(void)state;
	for (int signal = 1; signal < 32; signal++) {
		struct buf b = {0};
		signal_name_add(&b, signal);
		assert_true(b.len > 3 && memcmp(b.data, "SIG", 3) == 0);
		assert_signal(b.data, b.len, signal);
		buf_free(&b);
	}
}

static void alias_is_read_and_not_printed(void **state)
{
	static const struct signal_case aliases[] = {
		{"IOT", SIGABRT}, {"SIGIOT", SIGABRT}, {"POLL", SIGIO},
		{"SIGPOLL", SIGIO}, {"CLD", SIGCHLD}, {"SIGCLD", SIGCHLD},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(aliases); i++)
		assert_signal(aliases[i].name, strlen(aliases[i].name), aliases[i].number);
	assert_printed(SIGABRT, "SIGABRT");
	assert_printed(SIGIO, "SIGIO");
	assert_printed(SIGCHLD, "SIGCHLD");
}

static void realtime_signal_counts_from_either_end(void **state)
{
	const struct signal_case cases[] = {
		{"RTMIN", SIGRTMIN},       {"SIGRTMIN", SIGRTMIN},
		{"RTMIN+0", SIGRTMIN},     {"RTMIN+3", SIGRTMIN + 3},
		{"SIGRTMIN+3", SIGRTMIN + 3}, {"RTMAX", SIGRTMAX},
		{"SIGRTMAX", SIGRTMAX},    {"RTMAX-0", SIGRTMAX},
		{"RTMAX-1", SIGRTMAX - 1}, {"SIGRTMAX-2", SIGRTMAX - 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_signal(cases[i].name, strlen(cases[i].name), cases[i].number);
	assert_printed(SIGRTMIN, "SIGRTMIN");
	assert_printed(SIGRTMIN + 3, "SIGRTMIN+3");
}

static void realtime_signals_reach_each_other_and_no_further(void **state)
{
	char text[32];
	int steps = SIGRTMAX - SIGRTMIN;

	(void)state;
	for (int past = 0; past < 2; past++) {
		snprintf(text, sizeof(text), "RTMIN+%d", steps + past);
		assert_signal(text, strlen(text), past ? 0 : SIGRTMAX);
		snprintf(text, sizeof(text), "RTMAX-%d", steps + past);
		assert_signal(text, strlen(text), past ? 0 : SIGRTMIN);
	}
}

static void what_is_printed_of_a_realtime_signal_is_read_again(void **state)
{
	(void)state;
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++) {
		struct buf b = {0};
		signal_name_add(&b, signal);
		assert_signal(b.data, b.len, signal);
		buf_free(&b);
	}
}

static void number_is_any_signal_that_the_kernel_has(void **state)
{
	char text[16];

	(void)state;
	for (int number = 1; number <= SIGRTMAX; number++) {
		snprintf(text, sizeof(text), "%d", number);
		assert_signal(text, strlen(text), number);
	}
	snprintf(text, sizeof(text), "%d", SIGRTMAX + 1);
	assert_signal(text, strlen(text), 0);
}

static void number_without_name_is_printed_as_number(void **state)
{
	char text[32];

	(void)state;
	for (int signal = 32; signal < SIGRTMIN; signal++) {
		snprintf(text, sizeof(text), "signal %d", signal);
		assert_printed(signal, text);
	}
	assert_printed(0, "signal 0");
	snprintf(text, sizeof(text), "signal %d", SIGRTMAX + 1);
	assert_printed(SIGRTMAX + 1, text);
}

static void other_words_are_no_signals(void **state)
{
	static const char *const words[] = {
		"", "0", "00", "sig", "SIG", "term", "Term", "sigterm", "SIGterm", "TER", "TERMS",
		"SIGTERM ", " SIGTERM", " 15", "15 ", "+15", "-15", "-9", "-TERM", "9x", "0x9",
		"SIGSIG TERM", "SIGSIGTERM", "SIG TERM", "SIG15", "SIG0", "EXIT", "NULL", "15\n",
		"RT", "RTM", "RTMI", "rtmin", "RTMIN+", "RTMIN-", "RTMIN-0", "RTMIN-1", "RTMIN+40",
		"RTMIN1", "RTMIN +1", "RTMIN+ 1", "RTMIN++1", "RTMIN+-1", "RTMIN+1 ", "RTMIN+x",
		"RTMAX-", "RTMAX+", "RTMAX+0", "RTMAX+1", "RTMAX-40", "RTMAX--1", "RTMAY", "SIGRT",
		"RTMIN+18446744073709551616", "18446744073709551631", "99999999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		assert_signal(words[i], strlen(words[i]), 0);
	assert_signal("TERM\0", 5, 0);
	assert_signal("\0", 1, 0);
	assert_signal("SIG\0", 4, 0);
}

static bool is_one_of(int signal, const int *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == signal)
			return true;
	}
	return false;
}

static void classes_have_these_signals_and_no_other(void **state)
{
	static const int end[] = {SIGTERM, SIGKILL, SIGINT, SIGQUIT, SIGABRT};
	static const int harmless[] = {SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN,
				       SIGTTOU, SIGCHLD, SIGURG,  SIGWINCH};

	(void)state;
	for (int signal = 0; signal <= SIGRTMAX + 1; signal++) {
		assert_int_equal(signal_name_is_end(signal), is_one_of(signal, end, COUNT(end)));
		assert_int_equal(signal_name_is_harmless(signal),
				 is_one_of(signal, harmless, COUNT(harmless)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signal_has_its_name_with_and_without_sig),
		cmocka_unit_test(every_standard_signal_has_a_name),
		cmocka_unit_test(alias_is_read_and_not_printed),
		cmocka_unit_test(realtime_signal_counts_from_either_end),
		cmocka_unit_test(realtime_signals_reach_each_other_and_no_further),
		cmocka_unit_test(what_is_printed_of_a_realtime_signal_is_read_again),
		cmocka_unit_test(number_is_any_signal_that_the_kernel_has),
		cmocka_unit_test(number_without_name_is_printed_as_number),
		cmocka_unit_test(other_words_are_no_signals),
		cmocka_unit_test(classes_have_these_signals_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
