/* Which holders are shown; see process_filter.h. */
#include "process_filter.h"

#include "grow.h"
#include "names.h"
#include "num.h"
#include "process.h"
#include "refuse.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	KERNEL_COMMAND_LEN = 15, /* TASK_COMM_LEN - 1, linux/sched.h */
	REGEX_MAX = 1024,        /* regcomp(3) may recurse for each byte */
};

void process_filter_free(struct process_filter *f)
{
	for (size_t i = 0; i < f->len; i++) {
		if (f->v[i].regex) {
			regfree(f->v[i].regex);
			free(f->v[i].regex);
		}
	}
	free(f->v);
	*f = (struct process_filter){0};
}

/* `/regex/` with the letters i (any case), b (basic), x (extended, usual). */
static int parse_regex(const char *text, size_t len, struct process_rule *rule,
		       const char **out_why)
{
	int flags = REG_EXTENDED | REG_NOSUB;
	size_t end = len;

	while (end > 1 && text[end - 1] != '/')
		end--;
	if (end < 2)
		return refuse_word(out_why, "the regular expression has no closing /");
	for (size_t i = end; i < len; i++) {
		if (text[i] == 'i')
			flags |= REG_ICASE;
		else if (text[i] == 'b')
			flags &= ~REG_EXTENDED;
		else if (text[i] != 'x')
			return refuse_word(out_why, "unknown letter behind the regular expression");
	}
	if (end > REGEX_MAX)
		return refuse_word(out_why, "the regular expression is too long");

	char pattern[REGEX_MAX];
	memcpy(pattern, text + 1, end - 2);
	pattern[end - 2] = '\0';
	rule->regex = malloc(sizeof(*rule->regex));
	if (!rule->regex)
		return -ENOMEM;
	if (regcomp(rule->regex, pattern, flags) != 0) {
		free(rule->regex);
		rule->regex = NULL;
		return refuse_word(out_why, "not a regular expression");
	}
	return 0;
}

static int parse_number(const char *text, size_t len, struct process_rule *rule,
			const char **out_why)
{
	static const char *const what[] = {
		[PROCESS_KEY_PID] = "not a process ID",
		[PROCESS_KEY_PGID] = "not a process group ID",
		[PROCESS_KEY_FD] = "not a descriptor number or range",
	};
	const char *at = text, *end = text + len;

	if (!num_scan(&at, end, 10, INT_MAX, &rule->lo))
		return refuse_word(out_why, what[rule->key]);
	rule->hi = rule->lo;
	if (at == end)
		return 0;
	if (rule->key != PROCESS_KEY_FD || *at != '-' ||
	    !num_parse(at + 1, end, INT_MAX, &rule->hi))
		return refuse_word(out_why, what[rule->key]);
	return rule->lo <= rule->hi ? 0 : refuse_word(out_why, "the range runs backward");
}

/* What lsof has in place of numbers for files that are open otherwise. */
static bool is_file_word(const char *text, size_t len)
{
	static const char *const words[] = {"cwd", "rtd", "txt", "ltx", "mem", "mmap", "pd", "tr",
					    "jld", "err", "DEL", "NOFD", "fd", "twd", "v86"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
			return true;
	}
	return false;
}

/* `3`, `3-5`, `mem`; other words only to leave them out: no socket is there. */
static int parse_fd(const char *text, size_t len, struct process_rule *rule, const char **out_why)
{
	if (!is_file_word(text, len))
		return parse_number(text, len, rule, out_why);
	if (len == 3 && memcmp(text, "mem", 3) == 0) {
		rule->lo = rule->hi = (uint64_t)PROCESS_FD_MEM;
		return 0;
	}
	rule->lo = 1; /* nothing is in between */
	rule->hi = 0;
	return rule->exclude ? 0 : refuse_word(out_why, "there are files only; whoport knows sockets");
}

static int parse_user(const char *text, size_t len, struct process_rule *rule, const char **out_why)
{
	uint32_t uid;

	if (!num_parse(text, text + len, UINT32_MAX, &rule->lo)) {
		if (!names_uid(text, len, &uid))
			return refuse_word(out_why, "no such user");
		rule->lo = uid;
	}
	rule->hi = rule->lo;
	return 0;
}

static int parse_rule(const char *text, size_t len, struct process_rule *rule,
		      const char **out_why)
{
	if (len == 0)
		return refuse_word(out_why, "an empty value selects nothing");
	if (rule->key == PROCESS_KEY_USER)
		return parse_user(text, len, rule, out_why);
	if (rule->key == PROCESS_KEY_FD)
		return parse_fd(text, len, rule, out_why);
	if (rule->key != PROCESS_KEY_COMMAND)
		return parse_number(text, len, rule, out_why);
	if (*text == '/')
		return parse_regex(text, len, rule, out_why);
	rule->command = text;
	rule->command_len = len;
	return 0;
}

int process_filter_add(struct process_filter *f, enum process_key key, const char *text, size_t len,
		       size_t item, const char **out_why)
{
	struct process_rule rule = {.key = key, .item = item};

	rule.exclude = len > 0 && *text == '^';
	void *v = grow(f->v, f->len, &f->cap, sizeof(*f->v));
	if (!v)
		return -ENOMEM;
	f->v = v;
	int rc = parse_rule(text + rule.exclude, len - rule.exclude, &rule, out_why);
	if (rc < 0)
		return rc;
	f->v[f->len++] = rule;
	f->includes[key] |= !rule.exclude;
	return 0;
}

static bool same_rule(const struct process_rule *a, const struct process_rule *b)
{
	if (a->key != b->key || a->regex || b->regex)
		return false;
	if (a->key == PROCESS_KEY_COMMAND) /* a shorter prefix leaves out more */
		return b->command_len <= a->command_len &&
		       memcmp(a->command, b->command, b->command_len) == 0;
	return b->lo <= a->lo && a->hi <= b->hi;
}

bool process_filter_is_contradictory(const struct process_filter *f)
{
	bool possible[PROCESS_KEY_COUNT] = {false};

	for (size_t i = 0; i < f->len; i++) {
		bool refuted = f->v[i].exclude;
		for (size_t j = 0; j < f->len && !refuted; j++)
			refuted = f->v[j].exclude && same_rule(&f->v[i], &f->v[j]);
		possible[f->v[i].key] |= !refuted;
	}
	for (size_t key = 0; key < PROCESS_KEY_COUNT; key++) {
		if (f->includes[key] && !possible[key])
			return true;
	}
	return false;
}

bool process_filter_chooses(const struct process_filter *f)
{
	for (size_t key = 0; key < PROCESS_KEY_COUNT; key++) {
		if (f->includes[key])
			return true;
	}
	return false;
}

static bool match_command(const struct process_rule *rule, const struct process *p)
{
	if (rule->regex) {
		char command[sizeof(p->command) + 1];
		memcpy(command, p->command, p->command_len);
		command[p->command_len] = '\0';
		return regexec(rule->regex, command, 0, NULL, 0) == 0;
	}
	/* The kernel cuts names: a longer word matches by what is left of it. */
	size_t len = rule->command_len;
	if (p->command_len == KERNEL_COMMAND_LEN && len > KERNEL_COMMAND_LEN)
		len = KERNEL_COMMAND_LEN;
	return len <= p->command_len && memcmp(rule->command, p->command, len) == 0;
}

bool process_filter_is_fds_only(const struct process_filter *f)
{
	for (size_t i = 0; i < f->len; i++) {
		const struct process_rule *rule = &f->v[i];
		if (rule->key == PROCESS_KEY_FD && !rule->exclude &&
		    rule->lo == (uint64_t)PROCESS_FD_MEM)
			return false;
	}
	return f->includes[PROCESS_KEY_FD];
}

bool process_rule_match(const struct process_rule *rule, const struct process *p, int fd)
{
	uint64_t value = 0;

	switch (rule->key) {
	case PROCESS_KEY_COMMAND:
		return match_command(rule, p);
	case PROCESS_KEY_PID:
		value = (uint64_t)p->pid;
		break;
	case PROCESS_KEY_PGID:
		value = (uint64_t)p->pgid;
		break;
	case PROCESS_KEY_USER:
		value = p->uid;
		break;
	case PROCESS_KEY_FD:
		value = (uint64_t)fd;
		break;
	default:
		return false;
	}
	return value >= rule->lo && value <= rule->hi;
}

/* A question that cannot be answered leaves a process in. */
static bool is_open(enum process_key key, const struct process *p, int fd)
{
	if (key == PROCESS_KEY_FD)
		return fd == PROCESS_FD_NONE;
	return p->is_opaque && (key == PROCESS_KEY_COMMAND || key == PROCESS_KEY_PGID);
}

bool process_filter_match(const struct process_filter *f, const struct process *p, int fd)
{
	bool matched[PROCESS_KEY_COUNT] = {false};

	for (size_t i = 0; i < f->len; i++) {
		const struct process_rule *rule = &f->v[i];
		if (is_open(rule->key, p, fd) || !process_rule_match(rule, p, fd))
			continue;
		if (rule->exclude)
			return false;
		matched[rule->key] = true;
	}
	for (size_t key = 0; key < PROCESS_KEY_COUNT; key++) {
		if (f->includes[key] && !matched[key] && !is_open((enum process_key)key, p, fd))
			return false;
	}
	return true;
}

bool process_filter_match_unheld(const struct process_filter *f, uint32_t uid, bool uid_known)
{
	bool matched = !f->includes[PROCESS_KEY_USER];

	for (size_t key = 0; key < PROCESS_KEY_COUNT; key++) {
		if (f->includes[key] && key != PROCESS_KEY_USER)
			return false;
	}
	for (size_t i = 0; i < f->len; i++) {
		const struct process_rule *rule = &f->v[i];
		if (rule->key != PROCESS_KEY_USER || !uid_known || uid != rule->lo)
			continue;
		if (rule->exclude)
			return false;
		matched = true;
	}
	return matched;
}
