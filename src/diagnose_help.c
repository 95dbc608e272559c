/* The command that helps, and who holds a port for others; see diagnose_part.h. */
#define _GNU_SOURCE
#include "diagnose_part.h"

#include "args.h"
#include "capability.h"
#include "cause.h"
#include "clue.h"
#include "column.h"
#include "guard_facts.h"
#include "join.h"
#include "place.h"
#include "process.h"
#include "sock.h"
#include "word.h"

#include <string.h>

/* --- held for others ------------------------------------------------------------------ */

/* An ssh listens for what it forwards, and so does a session of sshd. */
static bool advise_forwarder(const struct guard_facts *facts, struct buf *out)
{
	struct word args = facts->args, arg = {0};
	bool has_arg = args_next(&args, &arg);

	if (word_equals(facts->command, "ssh")) {
		buf_add_str(out, "an ssh client that forwards the port (-L, -D)");
		return true;
	}
	/* The daemon itself is called `sshd: /usr/sbin/sshd ...`. */
	if (!has_arg || !word_begins_with(facts->command, "sshd") ||
	    !word_begins_with(arg, "sshd: ") || word_begins_with(arg, "sshd: /"))
		return false;
	buf_add_str(out, "a session of sshd, whose client has the port forwarded (-R)");
	return true;
}

/* Some advice is in words: `the stop command for the container, from outside of it`. */
static bool is_command(struct word w)
{
	return !word_begins_with(w, "the ") && !memchr(w.text, ',', w.len);
}

/*
 * In two parts, what guard.h says:
 *
 *     the port forwarder of a container; use: docker stop web
 *     the network of containers; podman port -a shows ..., then use: podman stop NAME
 */
static void split_advice(const struct buf *text, struct telling *t)
{
	static const char use[] = "use: ", *const joints[] = {"; ", ", then "};
	size_t at = text->len;
	struct word head = {text->data, text->len}, command = {0};

	while (at > 0 && (text->len - at < strlen(use) ||
			  memcmp(text->data + at, use, strlen(use)) != 0))
		at--;
	if (at > 0) {
		command.text = text->data + at + strlen(use);
		command.len = text->len - at - strlen(use);
		head.len = at;
	}
	if (at == 0 || !is_command(command)) {
		buf_add(&t->advice, text->data, text->len);
		return;
	}
	for (size_t i = 0; i < sizeof(joints) / sizeof(*joints); i++) {
		size_t len = strlen(joints[i]);
		if (head.len >= len && memcmp(head.text + head.len - len, joints[i], len) == 0)
			head.len -= len;
	}
	word_add(&t->advice, head);
	word_add(&t->command, command);
}

void diagnose_find_advice(struct telling *t)
{
	const struct row *row = t->top ? t->top->row : NULL;
	struct guard_facts facts;
	struct buf text = {0};

	if (!row || !row->process || !row->holder)
		return;
	guard_facts_make(row->process, row->sock, row->holder, t->ctx->ancestry, t->ctx->proc_fd,
			 t->ctx->cgroups, &facts);
	t->guard = guard_judge(&facts, &text);
	if (t->guard == GUARD_ANCESTOR || t->guard == GUARD_SELF)
		t->guard = GUARD_NONE; /* that is -k's business */
	if (t->guard != GUARD_NONE)
		split_advice(&text, t);
	else if (t->top->kind == OBSTACLE_LISTENER)
		t->is_forwarder = advise_forwarder(&facts, &t->advice);
	buf_free(&text);
}

/* --- commands ------------------------------------------------------------------------- */

/* What only root may do. */
static void add_sudo(const struct telling *t, struct buf *out)
{
	buf_add_str(out, t->ctx->is_root ? "" : "sudo ");
}

static void add_place(const struct telling *t, struct buf *out)
{
	struct buf text = {0};

	place_add_text(t->c->place, 0, &text);
	if (text.error == 0)
		word_add_quoted(out, (struct word){text.data, text.len});
	buf_free(&text);
}

static void add_command(const struct telling *t, const char *command, struct buf *out)
{
	buf_add_str(out, command);
	add_place(t, out);
}

/* The holder is another user's: only root may signal it. */
static bool is_foreign(const struct telling *t)
{
	const struct process *p = t->top->row->process;

	return p && p->uid != t->c->world->uid && !t->ctx->is_root;
}

static void add_kill(const struct telling *t, struct buf *out)
{
	const char *state = sock_state_name((enum sock_state)t->top->row->sock->state);
	bool is_connection = t->top->kind > OBSTACLE_DATAGRAM;

	buf_add_str(out, is_foreign(t) ? "sudo whoport -k " : "whoport -k ");
	if (is_connection) { /* which -k spares unless their state is named */
		buf_add_str(out, "-s");
		buf_add_str(out, state);
		buf_add_char(out, ' ');
	}
	add_place(t, out);
}

/* With what is reserved already; setting it anew would forget that. */
static void add_reserve(const struct telling *t, struct buf *out)
{
	const struct reserved_ports *reserved = &t->c->world->reserved;

	add_sudo(t, out);
	buf_add_str(out, "sysctl -w net.ipv4.ip_local_reserved_ports=");
	if (*reserved->text) {
		buf_add_str(out, reserved->text);
		buf_add_char(out, ',');
	}
	buf_add_dec(out, t->c->place->targets.v->lo);
}

static bool may_reserve(const struct telling *t)
{
	const struct bind_world *world = t->c->world;
	uint16_t port = t->c->place->targets.v->lo;
	static const char allowed[] = "0123456789,-";

	return local_ports_has(&world->range, port) && !reserved_ports_has(&world->reserved, port) &&
	       !world->reserved.is_cut &&
	       strspn(world->reserved.text, allowed) == strlen(world->reserved.text);
}

/* What no process holds: it can be ended, or ends in its own time. */
static void help_rest(const struct telling *t, struct buf *out)
{
	if (capability_has_for_net(t->ctx->proc_fd, CAPABILITY_NET_ADMIN))
		add_command(t, "whoport --close ", out);
	else
		add_command(t, "whoport --wait=free ", out);
}

static void help_hidden(const struct telling *t, struct buf *out)
{
	if (!t->ctx->is_root)
		add_command(t, "sudo whoport --why ", out);
	else
		add_command(t, "whoport --wait=free ", out);
}

/* `vxlan vx0` */
static void help_kernel(const struct telling *t, struct buf *out)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
	const char *clue = t->top->row->clue ? t->top->row->clue->kernel : "";
	const char *device = strchr(clue, ' ');

	if (device && device[1] && strspn(device + 1, safe) == strlen(device + 1)) {
		buf_add_str(out, "ip -d link show ");
		buf_add_str(out, device + 1);
	}
}

static void help_obstacle(const struct telling *t, struct buf *out)
{
	bool held = t->top->row->process != NULL;

	if (t->guard != GUARD_NONE) /* -k would refuse */
		buf_add(out, t->command.data, t->command.len);
	else if (t->top->kind == OBSTACLE_SOURCE && may_reserve(t))
		add_reserve(t, out);
	else if (held)
		add_kill(t, out);
	else if (t->top->row->reason == REASON_KERNEL)
		help_kernel(t, out);
	else if (t->top->kind == OBSTACLE_ORPHAN || t->top->kind == OBSTACLE_TIME_WAIT)
		help_rest(t, out);
	else if (t->top->row->reason == REASON_PERMISSION || t->top->row->reason == REASON_UNKNOWN)
		help_hidden(t, out);
	else
		add_command(t, "whoport --wait=free ", out);
}

/*
 * From where root lacks the right, no program gets it: what is not in the bounding set
 * fails execve(2) (capabilities(7)), and a user namespace gives only its own. Then the
 * setting is left, which the root of the network namespace can change.
 */
static void help_privileged(const struct telling *t, struct buf *out)
{
	if (t->c->world->has_void_right)
		return;
	if (!t->ctx->is_root) {
		buf_add_str(out, "sudo setcap cap_net_bind_service=+ep PROGRAM");
		return;
	}
	buf_add_str(out, "sysctl -w net.ipv4.ip_unprivileged_port_start=");
	buf_add_dec(out, t->c->place->targets.v->lo);
}

static void help_bar(const struct telling *t, struct buf *out)
{
	switch (t->c->bar) {
	case BIND_BAR_PRIVILEGED:
		help_privileged(t, out);
		return;
	case BIND_BAR_NOT_LOCAL:
	case BIND_BAR_NO_SCOPE:
		buf_add_str(out, "ip address");
		return;
	case BIND_BAR_TENTATIVE:
	case BIND_BAR_DUPLICATE:
		buf_add_str(out, "ip -6 address show ");
		buf_add_str(out, t->c->bar == BIND_BAR_TENTATIVE ? "tentative" : "dadfailed");
		return;
	case BIND_BAR_DISABLED:
		add_sudo(t, out);
		buf_add_str(out, "sysctl -w net.ipv6.conf.all.disable_ipv6=0");
		return;
	case BIND_BAR_NO_IPV6:
	case BIND_BAR_MULTICAST:
	case BIND_BAR_NONE:
		return;
	}
}

void diagnose_add_help(const struct telling *t, struct buf *out)
{
	if (t->c->bar != BIND_BAR_NONE)
		help_bar(t, out);
	else if (t->top)
		help_obstacle(t, out);
	else if (cause_is_blind(t))
		add_command(t, "whoport --why --probe ", out);
	else if (t->ctx->elsewhere)
		add_command(t, "whoport -N all ", out);
}
