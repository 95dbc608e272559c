/* The options that act: -k, --wait, --close and their helpers, and which go together. */
#define _GNU_SOURCE
#include "command_line.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void assert_refused(const struct line *line, const char *object, const char *why)
{
	struct option_error error;
	struct options o;

	if (read_line(line, &o, &error) != -EINVAL)
		fail_msg("taken: %s %s", line->words[0], line->words[1] ? line->words[1] : "");
	assert_string_equal(error.object, object);
	if (!strstr(error.why, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", object, error.why, why);
	options_free(&o);
}

static void nothing_acts_unless_it_is_told_to(void **state)
{
	struct options o;

	(void)state;
	read_ok(&(struct line){{"8080"}}, &o);
	assert_false(o.kill || o.close || o.dry_run || o.ask || o.force);
	assert_false(o.has_grace || o.has_timeout);
	assert_int_equal(o.wait, OPTION_WAIT_NOT);
	options_free(&o);
}

static void signal_is_attached_or_sigterm(void **state)
{
	const struct {
		struct line line;
		int signal;
		const char *target; /* NULL: none */
	} cases[] = {
		{{{"-k", "8080"}}, SIGTERM, "8080"},
		{{{"-k", "9"}}, SIGTERM, "9"}, /* a port, not a signal */
		{{{"-k", "KILL"}}, SIGTERM, "KILL"},
		{{{"-k9", "8080"}}, SIGKILL, "8080"},
		{{{"-kKILL", "8080"}}, SIGKILL, "8080"},
		{{{"-kSIGHUP", "8080"}}, SIGHUP, "8080"},
		{{{"-kUSR1"}}, SIGUSR1, NULL},
		{{{"-kRTMIN+1"}}, SIGRTMIN + 1, NULL},
		{{{"-kRTMAX-1"}}, SIGRTMAX - 1, NULL},
		{{{"--kill", "8080"}}, SIGTERM, "8080"},
		{{{"--kill=INT", "8080"}}, SIGINT, "8080"},
		{{{"--kill=2"}}, SIGINT, NULL},
		{{{"-kHUP", "-k"}}, SIGTERM, NULL}, /* the last one counts */
		{{{"-k", "-kHUP"}}, SIGHUP, NULL},
		{{{"-tk", "8080"}}, SIGTERM, "8080"},
		{{{"-tk9", "8080"}}, SIGKILL, "8080"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct options o;
		read_ok(&cases[i].line, &o);
		assert_true(o.kill);
		if (o.signal != cases[i].signal)
			fail_msg("%s: signal %d", cases[i].line.words[0], o.signal);
		assert_int_equal(o.words_len, cases[i].target != NULL);
		if (cases[i].target)
			assert_string_equal(o.words->text, cases[i].target);
		options_free(&o);
	}
}

static void letters_behind_k_are_options(void **state)
{
	struct options o;

	(void)state;
	read_ok(&(struct line){{"-kt", "8080"}}, &o);
	assert_true(o.kill && o.pids_only);
	assert_int_equal(o.signal, SIGTERM);
	options_free(&o);
}

static void signal_that_is_none_is_refused(void **state)
{
	static const char *const words[] = {
		"-k0", "-k999", "-kTERMINATE", "-kSIG", "-k8080", "-k99999999999",
		"--kill=term", "--kill=TERM ", "--kill=-9", "--kill=8080",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct option_error error;
		struct options o;
		if (read_line(&(struct line){{words[i], "80"}}, &o, &error) != -EINVAL)
			fail_msg("taken: %s", words[i]);
		assert_memory_equal(error.object, "--kill=", 7);
		assert_non_null(strstr(error.why, "no such signal"));
		options_free(&o);
	}
	assert_refused(&(struct line){{"-k9x", "80"}}, "-k 9x", "");
	assert_refused(&(struct line){{"--kill=", "80"}}, "--kill=", "needs a value"); /* "$EMPTY" */
}

static void seconds_are_milliseconds(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} cases[] = {{"0", 0},     {"5", 5000},   {"0.5", 500},           {"0.25", 250},
		     {"1.234", 1234}, {"0.001", 1}, {"1000000", 1000000000}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char grace[32], timeout[32];
		struct options o;
		snprintf(grace, sizeof(grace), "--grace=%s", cases[i].text);
		snprintf(timeout, sizeof(timeout), "--timeout=%s", cases[i].text);
		read_ok(&(struct line){{"-k", grace, "80"}}, &o);
		assert_true(o.has_grace && !o.has_timeout);
		assert_int_equal(o.grace_ms, cases[i].ms);
		options_free(&o);
		read_ok(&(struct line){{"-k", "--grace", cases[i].text, "80"}}, &o);
		assert_int_equal(o.grace_ms, cases[i].ms);
		options_free(&o);
		read_ok(&(struct line){{"--wait=free", timeout, "80"}}, &o);
		assert_true(o.has_timeout && !o.has_grace);
		assert_int_equal(o.timeout_ms, cases[i].ms);
		options_free(&o);
	}
}

static void seconds_that_are_none_are_refused(void **state)
{
	static const char *const texts[] = {"", ".5", "1.", "1.2345", "-1", "+1", "1e3", "1000001",
					    " 1", "1 ", "1,5", "0x10", "inf", "1.5.1", "1.-5", "5s",
					    "1000001.5", "18446744073709551616"};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char grace[64], timeout[64];
		snprintf(grace, sizeof(grace), "--grace=%s", texts[i]);
		snprintf(timeout, sizeof(timeout), "--timeout=%s", texts[i]);
		assert_refused(&(struct line){{"-k", grace, "80"}}, grace, "must be seconds up to 1000000, with three decimals at most");
		assert_refused(&(struct line){{"--wait=free", timeout, "80"}}, timeout,
			       "must be seconds up to 1000000, with three decimals at most");
	}
	assert_refused(&(struct line){{"-k", "80", "--grace"}}, "--grace", "needs a value");
	assert_refused(&(struct line){{"80", "--wait=free", "--timeout"}}, "--timeout", "needs a value");
}

static void wait_is_for_free_or_listen(void **state)
{
	static const char *const bad[] = {"--wait=", "--wait=Free", "--wait=free,listen", "--wait=80"};
	struct options o;

	(void)state;
	read_ok(&(struct line){{"--wait=free", "80"}}, &o);
	assert_int_equal(o.wait, OPTION_WAIT_FREE);
	options_free(&o);
	read_ok(&(struct line){{"--wait", "listen", "80"}}, &o);
	assert_int_equal(o.wait, OPTION_WAIT_LISTEN);
	assert_int_equal(o.words_len, 1);
	options_free(&o);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_refused(&(struct line){{bad[i], "80"}}, bad[i], "must be free or listen");
	assert_refused(&(struct line){{"80", "--wait"}}, "--wait", "needs a value");
}

static void helpers_go_with_their_action(void **state)
{
	static const struct {
		struct line line;
		const char *object, *why;
	} bad[] = {
		{{{"--grace=1", "80"}}, "--grace", "-k"},
		{{{"--grace=1", "--close", "80"}}, "--grace", "-k"},
		{{{"--grace=1", "--wait=free", "80"}}, "--grace", "-k"},
		{{{"--force", "80"}}, "--force", "-k"},
		{{{"--force", "--close", "80"}}, "--force", "-k"},
		{{{"--timeout=1", "80"}}, "--timeout", "--wait"},
		{{{"--timeout=1", "-k", "80"}}, "--timeout", "--wait"},
		{{{"--timeout=1", "--close", "80"}}, "--timeout", "--wait"},
		{{{"--dry-run", "80"}}, "--dry-run", "-k or --close"},
		{{{"--dry-run", "--wait=free", "80"}}, "--dry-run", "-k or --close"},
		{{{"--ask", "80"}}, "--ask", "-k or --close"},
		{{{"--ask", "--wait=listen", "80"}}, "--ask", "-k or --close"},
		/* One action at a time. */
		{{{"-k", "--close", "80"}}, "-k", "only one"},
		{{{"-k", "--wait=free", "80"}}, "-k", "only one"},
		{{{"--close", "--wait=listen", "80"}}, "--close", "only one"},
		{{{"-k", "--close", "--wait=listen", "80"}}, "-k", "only one"},
	};
	static const struct line good[] = {
		{{"-k", "--grace=1", "--force", "--dry-run", "80"}},
		{{"--close", "--dry-run", "80"}},
		{{"--wait=free", "--timeout=1", "80"}},
		{{"-k"}}, /* what is to be killed is the filter's matter */
		{{"-k", "-U", "-u", "root"}},
		{{"-k", "-i", "-s", "ESTABLISHED"}},
		{{"--close"}},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_refused(&bad[i].line, bad[i].object, bad[i].why);
	for (size_t i = 0; i < COUNT(good); i++) {
		read_ok(&good[i], &o);
		options_free(&o);
	}
}

static void wait_takes_targets_alone(void **state)
{
	static const struct {
		struct line line;
		const char *why;
	} bad[] = {
		{{{"--wait=free"}}, "needs a target"},
		{{{"--wait=free", "-p", "1"}}, "targets alone"},
		{{{"--wait=free", "80", "-p", "1"}}, "targets alone"},
		{{{"--wait=free", "80", "-u", "root"}}, "targets alone"},
		{{{"--wait=free", "80", "-c", "x"}}, "targets alone"},
		{{{"--wait=free", "80", "-d", "3"}}, "targets alone"},
		{{{"--wait=free", "80", "-s", "LISTEN"}}, "targets alone"},
		{{{"--wait=free", "80", "-i", "6"}}, "targets alone"},
		{{{"--wait=free", "80", "-U"}}, "targets alone"},
	};
	struct options o;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_refused(&bad[i].line, "--wait", bad[i].why);
	read_ok(&(struct line){{"--wait=listen", "80", "/run/x.sock", "443"}}, &o);
	assert_int_equal(o.words_len, 3);
	options_free(&o);
}

static void ask_needs_a_terminal(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), stdin_fd = dup(STDIN_FILENO);
	int stderr_fd = dup(STDERR_FILENO);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct options o;

	(void)state;
	assert_true(null >= 0 && dup2(null, STDIN_FILENO) >= 0);
	assert_refused(&(struct line){{"-k", "--ask", "80"}}, "--ask", "terminal");
	assert_refused(&(struct line){{"--close", "--ask", "80"}}, "--ask", "terminal");
	if (terminal >= 0) { /* a sandbox may have none */
		dup2(terminal, STDIN_FILENO);
		dup2(null, STDERR_FILENO); /* nobody would see the question */
		assert_refused(&(struct line){{"-k", "--ask", "80"}}, "--ask", "terminal");
		dup2(terminal, STDERR_FILENO);
		read_ok(&(struct line){{"-k", "--ask", "80"}}, &o);
		dup2(stderr_fd, STDERR_FILENO);
		assert_true(o.ask);
		options_free(&o);
		close(terminal);
	}
	close(null);
	close(stderr_fd);
	if (stdin_fd >= 0) {
		dup2(stdin_fd, STDIN_FILENO);
		close(stdin_fd);
	} else {
		close(STDIN_FILENO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_acts_unless_it_is_told_to),
		cmocka_unit_test(signal_is_attached_or_sigterm),
		cmocka_unit_test(letters_behind_k_are_options),
		cmocka_unit_test(signal_that_is_none_is_refused),
		cmocka_unit_test(seconds_are_milliseconds),
		cmocka_unit_test(seconds_that_are_none_are_refused),
		cmocka_unit_test(wait_is_for_free_or_listen),
		cmocka_unit_test(helpers_go_with_their_action),
		cmocka_unit_test(wait_takes_targets_alone),
		cmocka_unit_test(ask_needs_a_terminal),
	};

	unsetenv("WHOPORT_SCAN"); /* of whoever runs the tests */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
