/*
 * Times commands that answer one question, in turns, so that what else the
 * machine does meets all of them. Reads a command from each line of stdin:
 * label and words, separated by tabs; `-` instead of the first word: it is not
 * measured, and the rest of the line is the reason.
 *
 *     whoport 10001<TAB>./whoport<TAB>10001
 *     fuser 10001/tcp<TAB>fuser<TAB>10001/tcp
 *
 * Prints a table. Memory is ru_maxrss, which begins with what the process that
 * called exec, we, had (exec_mmap in fs/exec.c). So we stay small, and say it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { COMMANDS_MAX = 32, WORDS_MAX = 32, FEW_ROUNDS = 10 };

struct command {
	char *label;
	char *words[WORDS_MAX + 1];
	char why[160]; /* it is not measured */
	double *ms;    /* of each round, then sorted */
	long peak_kb;
	int status;
};

struct settings {
	size_t rounds;
	double limit_s;
	int tsv; /* descriptor, or -1 */
	const char *load, *question, *reference;
	long floor_kb; /* our own memory: below it no other is seen */
};

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- commands ------------------------------------------------------------ */

static void parse_command(char *line, size_t rounds, struct command *out)
{
	size_t n = 0;

	out->ms = calloc(rounds, sizeof(*out->ms));
	if (!out->ms)
		die("memory");
	line[strcspn(line, "\n")] = '\0';
	out->label = strsep(&line, "\t");
	for (char *word; n < WORDS_MAX && (word = strsep(&line, "\t"));)
		out->words[n++] = word;
	if (n > 0 && strcmp(out->words[0], "-") == 0)
		snprintf(out->why, sizeof(out->why), "%s", n > 1 ? out->words[1] : "left out");
}

static size_t read_commands(size_t rounds, struct command *out)
{
	size_t n = 0;

	for (; n < COMMANDS_MAX; n++) {
		char *line = NULL; /* the command keeps it */
		size_t size = 0;
		if (getline(&line, &size, stdin) <= 0) {
			free(line);
			break;
		}
		parse_command(line, rounds, &out[n]);
	}
	return n;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Run it once; false, with c->why set, if that is no time to compare. */
static bool run_once(struct command *c, const posix_spawn_file_actions_t *quiet, double *out_ms)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (!c->words[0]) {
		snprintf(c->why, sizeof(c->why), "no command");
		return false;
	}
	double start = now_ms();
	int err = posix_spawnp(&pid, c->words[0], quiet, NULL, c->words, environ);

	if (err) {
		snprintf(c->why, sizeof(c->why), "%s",
			 err == ENOENT ? "not installed" : strerror(err));
		return false;
	}
	while (wait4(pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			die("wait4");
	}
	*out_ms = now_ms() - start;
	if (usage.ru_maxrss > c->peak_kb)
		c->peak_kb = usage.ru_maxrss;
	c->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (WIFSIGNALED(status))
		snprintf(c->why, sizeof(c->why), "ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (c->status == 127)
		snprintf(c->why, sizeof(c->why), "exit status 127");
	return c->why[0] == '\0';
}

static void open_quiet(posix_spawn_file_actions_t *out)
{
	if (posix_spawn_file_actions_init(out) != 0 ||
	    posix_spawn_file_actions_addopen(out, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(out, 1, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(out, 2, "/dev/null", O_WRONLY, 0) != 0)
		die("spawn");
}

/* Not getrusage: its value has come over our own exec. */
static long own_peak_kb(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	}
	if (f)
		fclose(f);
	return kb;
}

/* One round that warms up, then those that count, each command in its turn. */
static void run_all(struct command *commands, size_t n, const struct settings *set)
{
	posix_spawn_file_actions_t quiet;
	double ms;

	open_quiet(&quiet);
	for (size_t round = 0; round <= set->rounds; round++) {
		for (struct command *c = commands; c < commands + n; c++) {
			if (c->why[0] || !run_once(c, &quiet, &ms))
				continue;
			if (round > 0)
				c->ms[round - 1] = ms;
			else if (ms > set->limit_s * 1e3)
				snprintf(c->why, sizeof(c->why), "%.1f s for one run", ms / 1e3);
		}
	}
	posix_spawn_file_actions_destroy(&quiet);
}

/* --- numbers ------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const struct command *c, size_t rounds)
{
	size_t half = rounds / 2;

	return rounds % 2 ? c->ms[half] : (c->ms[half - 1] + c->ms[half]) / 2;
}

/* The median of the command that the others are compared with; 0 if none is. */
static double reference_ms(const struct command *commands, size_t n, const struct settings *set)
{
	for (size_t i = 0; i < n; i++) {
		if (!set->reference || strcmp(set->reference, commands[i].label) == 0)
			return commands[i].why[0] ? 0 : median(&commands[i], set->rounds);
	}
	return 0;
}

static void print_row(const struct command *c, int width, double reference,
		      const struct settings *set)
{
	double mid = median(c, set->rounds), low = c->ms[0], high = c->ms[set->rounds - 1];
	char ratio[32] = "-";

	if (c->why[0]) {
		printf("  %-*s  skipped: %s\n", width, c->label, c->why);
		return;
	}
	if (reference > 0)
		snprintf(ratio, sizeof(ratio), "%.2f", mid / reference);
	printf("  %-*s  %9.2f  %9.2f  %9.2f  %7s  %9ld  %4d\n", width, c->label, mid, low, high,
	       ratio, c->peak_kb, c->status);
	if (set->tsv >= 0)
		dprintf(set->tsv, "%s\t%s\t%s\t%.3f\t%.3f\t%.3f\t%s\t%ld\t%d\t%zu\n", set->load,
			set->question, c->label, mid, low, high, ratio, c->peak_kb, c->status,
			set->rounds);
}

static void print_table(struct command *commands, size_t n, const struct settings *set)
{
	bool small = false;
	int width = 7;

	for (struct command *c = commands; c < commands + n; c++) {
		qsort(c->ms, set->rounds, sizeof(*c->ms), compare);
		if ((int)strlen(c->label) > width)
			width = (int)strlen(c->label);
		small |= !c->why[0] && c->peak_kb <= set->floor_kb;
	}
	printf("%s: %s (median of %zu rounds%s)\n", set->load, set->question, set->rounds,
	       set->rounds < FEW_ROUNDS ? ", too few to quote" : "");
	printf("  %-*s  median ms        min        max    ratio  memory KB  exit\n", width,
	       "command");
	for (size_t i = 0; i < n; i++)
		print_row(&commands[i], width, reference_ms(commands, n, set), set);
	if (small)
		printf("  (memory below about %ld KB is not seen)\n", set->floor_kb);
}

/* --- options ------------------------------------------------------------- */

__attribute__((noreturn)) static void usage(void)
{
	fputs("Usage: measure [OPTION]... <COMMANDS\n"
	      "  --rounds=N          runs of each command that count (11)\n"
	      "  --limit=SECONDS     leave out what takes longer at the first run (20)\n"
	      "  --load=NAME --question=TEXT    the table's title\n"
	      "  --reference=LABEL   the ratio is to this command (the first)\n"
	      "  --tsv=FD            write rows to that descriptor, too: load, question, label,\n"
	      "                      median, min, max, ratio, memory, exit status, rounds\n",
	      stderr);
	exit(2);
}

/* The value of `--name=value`, or NULL. */
static const char *option_value(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 ? word + len : NULL;
}

/* A number of at least 1. */
static int positive(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 1 || value > 100000)
		usage();
	return (int)value;
}

static void parse_option(const char *word, struct settings *out)
{
	const char *v;

	if ((v = option_value(word, "--rounds=")))
		out->rounds = (size_t)positive(v);
	else if ((v = option_value(word, "--limit=")))
		out->limit_s = positive(v);
	else if ((v = option_value(word, "--tsv=")))
		out->tsv = positive(v);
	else if ((v = option_value(word, "--load=")))
		out->load = v;
	else if ((v = option_value(word, "--question=")))
		out->question = v;
	else if ((v = option_value(word, "--reference=")))
		out->reference = v;
	else
		usage();
}

int main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	struct settings set = {11, 20, -1, "bench", "commands", NULL, 0};

	for (int i = 1; i < argc; i++)
		parse_option(argv[i], &set);
	if (set.tsv >= 0 && fcntl(set.tsv, F_SETFD, FD_CLOEXEC) < 0)
		die("--tsv");
	size_t n = read_commands(set.rounds, commands);
	set.floor_kb = own_peak_kb();
	run_all(commands, n, &set);
	print_table(commands, n, &set);
	for (size_t i = 0; i < n; i++) {
		free(commands[i].label);
		free(commands[i].ms);
	}
	return fflush(stdout) != 0;
}
