/*
 * The processes that are signalled; see victim.h. The order of things is what keeps
 * a stranger safe: the process is pinned, then it is looked at whether what has
 * this number holds the socket, then whether the pinned process is still alive, which
 * means that it was the one looked at; and the signal goes to what is pinned.
 */
#define _GNU_SOURCE
#include "victim.h"

#include "claim.h"
#include "holder.h"
#include "join.h"
#include "num.h"
#include "process.h"
#include "procfs.h"
#include "signal_name.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void victim_list_free(struct victim_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		pin_release(&list->v[i].pin);
	free(list->v);
	*list = (struct victim_list){0};
}

/* A descriptor for each process: thousands are more than the usual soft limit. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int pin_victim(struct victim *v, int proc_fd)
{
	uint64_t start_ticks = v->process ? v->process->start_ticks : 0;
	int rc = pin_process(proc_fd, v->pid, start_ticks, &v->pin);

	if (rc == -ESRCH) {
		v->state = VICTIM_GONE;
		return 0;
	}
	return rc;
}

int victim_list_build(struct victim_list *list, int proc_fd, const struct row_list *rows)
{
	int rc = 0;

	list->v = calloc(rows->len + 1, sizeof(*list->v));
	if (!list->v)
		return -ENOMEM;
	for (size_t i = 0; i < rows->len; i++) {
		const struct row *row = &rows->v[i];
		struct victim *last = list->len > 0 ? &list->v[list->len - 1] : NULL;
		if (last && last->pid == row->holder->pid) {
			last->rows_len++;
			continue;
		}
		list->v[list->len++] = (struct victim){
			.pid = row->holder->pid, .process = row->process, .rows = row,
			.rows_len = 1, .pin = {.pid = row->holder->pid, .pidfd = -1, .dir_fd = -1}};
	}
	raise_limit();
	for (size_t i = 0; i < list->len && rc == 0; i++)
		rc = pin_victim(&list->v[i], proc_fd);
	return rc;
}

/* True if a line of PID/status, such as "SigCgt:", is there and lacks a signal in its mask. */
static bool lacks_signal(const char *text, const char *end, const char *name, int signal)
{
	const char *line = strstr(text, name);
	uint64_t mask;

	if (!line)
		return false;
	line += strlen(name);
	line += strspn(line, "\t ");
	return num_scan(&line, end, 16, UINT64_MAX, &mask) && !(mask >> (signal - 1) & 1);
}

/* Does the default action await the process? Source: proc_pid_status(5). */
static bool meets_default(int proc_fd, pid_t pid, int signal)
{
	char path[32], text[32768]; /* thousands of groups come before the signals */

	snprintf(path, sizeof(path), "%d/status", (int)pid);
	ssize_t n = procfs_read(proc_fd, path, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return lacks_signal(text, text + n, "\nSigCgt:", signal) &&
	       lacks_signal(text, text + n, "\nSigIgn:", signal) &&
	       lacks_signal(text, text + n, "\nSigBlk:", signal);
}

void victim_list_expect(struct victim_list *list, int proc_fd, int signal)
{
	for (size_t i = 0; i < list->len; i++) {
		struct victim *v = &list->v[i];
		v->expects_end = signal_name_is_end(signal) ||
				 (!signal_name_is_harmless(signal) &&
				  meets_default(proc_fd, v->pid, signal));
	}
}

void victim_list_ask(struct victim_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		struct victim *v = &list->v[i];
		if (v->state != VICTIM_PLANNED)
			continue;
		int rc = pin_signal(&v->pin, 0);
		if (rc == -ESRCH) {
			v->state = VICTIM_GONE;
		} else if (rc < 0) {
			v->state = VICTIM_SPARED;
			v->rc = rc;
		}
	}
}

static void signal_victim(struct victim *v, int proc_fd, struct probe *probe, int signal)
{
	int rc = claim_check(proc_fd, probe, v->rows, v->rows_len);
	bool alive = pin_is_alive(&v->pin);

	if (rc == 0 || !alive) {
		v->state = alive ? VICTIM_LET_GO : VICTIM_GONE;
		return;
	}
	if (rc > 0)
		rc = pin_signal(&v->pin, signal);
	if (rc == 0)
		v->state = VICTIM_SENT;
	else
		v->state = rc == -ESRCH ? VICTIM_GONE : VICTIM_SPARED;
	v->rc = rc;
}

void victim_list_signal(struct victim_list *list, int proc_fd, struct probe *probe, int signal)
{
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].state == VICTIM_PLANNED)
			signal_victim(&list->v[i], proc_fd, probe, signal);
	}
}

void victim_list_finish(struct victim_list *list)
{
	for (size_t i = 0; i < list->len; i++) {
		struct victim *v = &list->v[i];
		if (v->state != VICTIM_SENT)
			continue;
		v->rc = pin_signal(&v->pin, SIGKILL);
		v->killed = v->rc == 0;
		v->expects_end = true;
	}
}

int victim_list_wait(struct victim_list *list, uint32_t timeout_ms)
{
	const struct pin **pins = malloc((list->len + 1) * sizeof(*pins));
	size_t count = 0;

	if (!pins)
		return -ENOMEM;
	for (size_t i = 0; i < list->len; i++) {
		if (list->v[i].state == VICTIM_SENT && list->v[i].expects_end)
			pins[count++] = &list->v[i].pin;
	}
	int rc = pin_wait_all(pins, count, timeout_ms);
	free(pins);
	for (size_t i = 0; i < list->len; i++) {
		struct victim *v = &list->v[i];
		if (v->state == VICTIM_SENT && v->expects_end && !pin_is_alive(&v->pin))
			v->state = VICTIM_ENDED;
	}
	return rc;
}

void victim_list_find_stopped(struct victim_list *list, int proc_fd)
{
	for (size_t i = 0; i < list->len; i++) {
		struct victim *v = &list->v[i];
		int fd = v->state == VICTIM_SENT ? process_open(proc_fd, v->pid) : -1;

		if (fd < 0)
			continue;
		v->is_stopped = process_load_state(fd) == 'T';
		close(fd);
	}
}

size_t victim_list_count(const struct victim_list *list, enum victim_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < list->len; i++)
		count += list->v[i].state == state;
	return count;
}
