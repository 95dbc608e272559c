/* Which actions go with which options; see options.h. */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int refuse(struct option_error *out, const char *object, const char *why)
{
	snprintf(out->object, sizeof(out->object), "%s", object);
	out->why = why;
	return -EINVAL;
}

/* What only goes with some action. */
static int check_helpers(const struct options *o, struct option_error *out)
{
	const char *acting = o->dry_run ? "--dry-run" : o->ask ? "--ask" : NULL;

	if (o->has_grace && !o->kill)
		return refuse(out, "--grace", "goes with -k only");
	if (o->force && !o->kill)
		return refuse(out, "--force", "goes with -k only");
	if (o->has_timeout && o->wait == OPTION_WAIT_NOT)
		return refuse(out, "--timeout", "goes with --wait only");
	if (o->probe && !o->why)
		return refuse(out, "--probe", "goes with --why only");
	if (acting && !o->kill && !o->close)
		return refuse(out, acting, "goes with -k or --close only");
	if (o->ask && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
		return refuse(out, "--ask", "needs a terminal to ask at");
	return 0;
}

/* --wait and --why are about places, where there may be nothing yet to select from. */
static int check_targets(const struct options *o, const char *option, struct option_error *out)
{
	static const char wants_targets[] =
		"takes targets alone, such as 8080, udp:53, /run/x.sock";
	bool any_target = false;

	for (size_t i = 0; i < o->words_len; i++) {
		enum filter_kind kind = o->words[i].kind;
		any_target |= kind == FILTER_TARGET;
		if (kind != FILTER_TARGET)
			return refuse(out, option, wants_targets);
	}
	if (o->unix_sockets)
		return refuse(out, option, wants_targets);
	return any_target ? 0 : refuse(out, option, "needs a target");
}

/* True if a format of strftime(3) makes a newline: itself, or %n, perhaps with flags. */
static bool has_newline(const char *format)
{
	for (const char *at = format; *at; at++) {
		bool conversion = *at == '%';

		at += conversion ? 1 + strspn(at + 1, "-_0^#EO123456789") : 0;
		if (*at == '\n' || (conversion && *at == 'n'))
			return true;
		if (*at == '\0')
			break;
	}
	return false;
}

/* -F alone is field output; beside -J or -j it chooses their keys. */
static int check_formats(const struct options *o, struct option_error *out)
{
	const char *format = o->json ? "-J" : o->json_lines ? "-j" : o->fields ? "-F" : NULL;
	bool is_json = o->json || o->json_lines;
	const char *again = o->repeat_while_found ? "+r" : "-r";
	bool acts = o->kill || o->close || o->why || o->wait != OPTION_WAIT_NOT;

	if (o->json && o->json_lines)
		return refuse(out, "-J", "only one of -J and -j at a time");
	if (format && o->pids_only)
		return refuse(out, format, "only one of -t and other formats at a time");
	if (format && o->columns_len > 0)
		return refuse(out, "-o", "chooses columns of the table, not of other formats");
	if (format && acts)
		return refuse(out, format, "goes with answers only, not with actions");
	if (o->repeat && acts)
		return refuse(out, again, "goes with answers only, not with actions");
	if ((o->ends || o->list_ends) && (acts || o->pids_only))
		return refuse(out, o->ends ? "-E" : "+E",
			      "goes with rows only, not with -t and actions");
	if (o->details && (acts || o->pids_only || o->columns_len > 0 || (o->fields && !is_json)))
		return refuse(out, o->sockopts ? "--sockopts" : "--details",
			      "goes with cards and JSON only, not with -t, -o, -F and actions");
	if (o->marker && (o->json || o->json_lines))
		return refuse(out, again, "JSON has no marker between cycles");
	if (o->marker && o->fields && has_newline(o->marker))
		return refuse(out, again, "no newline in the marker of field output");
	return 0;
}

/* --why is about our own network namespace: what is allowed is known of no other. */
static int check_why(const struct options *o, struct option_error *out)
{
	if (o->netns)
		return refuse(out, "--why", "judges its own network namespace: nsenter -t PID -n "
					    "whoport --why ... another one");
	if (o->pids_only)
		return refuse(out, "-t", "goes with rows only, not with --why");
	return check_targets(o, "--why", out);
}

int options_check(const struct options *o, struct option_error *out_error)
{
	bool waits = o->wait != OPTION_WAIT_NOT;

	if (o->kill + o->close + waits + o->why > 1)
		return refuse(out_error, o->kill ? "-k" : o->close ? "--close" : "--why",
			      "only one of -k, --close, --wait and --why at a time");
	int rc = check_formats(o, out_error);
	if (rc == 0)
		rc = check_helpers(o, out_error);
	if (rc == 0 && waits)
		rc = check_targets(o, "--wait", out_error);
	return rc == 0 && o->why ? check_why(o, out_error) : rc;
}
