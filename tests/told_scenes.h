/*
 * Situations for the causes of --why, made by hand; see told_fixture.h. Unless it is said,
 * a holder is of root, and what it has set is known: no option.
 */
#ifndef WHOPORT_TESTS_TOLD_SCENES_H
#define WHOPORT_TESTS_TOLD_SCENES_H

#include "told_fixture.h"

#include "clue.h"

#include <unistd.h>

/* --- what is there ---------------------------------------------------------- */

static inline struct sock a_listener(void)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "127.0.0.1", 8080, 100);

	s.v6only = SOCK_V6ONLY_UNKNOWN;
	return s;
}

/* A connection of some kind, held by curl,900. */
static inline struct sock a_connection(enum sock_state state, uint16_t port, uint16_t remote)
{
	return make_connection(state, "127.0.0.1", port, "127.0.0.1", remote, 7);
}

static inline void hold_listener(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "nginx", 811);
	t->options = 0;
}

static inline struct row *add_unheld(struct told *t, enum reason reason)
{
	struct sock s = a_listener();

	s.uid = 1001;
	return add_row(&t->scene, &s, reason);
}

/* --- addresses ------------------------------------------------------------------ */

static inline void set_no_ipv6(struct told *t)
{
	assert_int_equal(unlinkat(t->fx.root_fd, "self/net/if_inet6", 0), 0);
}

static inline void set_nothing(struct told *t)
{
	(void)t;
}

static inline void set_ordinary(struct told *t)
{
	t->world.may_bind_low = false;
}

static inline unsigned route_elsewhere(const struct addr *a)
{
	enum { UNICAST = 1 }; /* RTN_UNICAST */

	(void)a;
	return UNICAST;
}

static inline void set_elsewhere(struct told *t)
{
	t->route = route_elsewhere;
	hold_listener(t);
}

static inline void set_address(struct told *t, const char *line)
{
	fixture_write(&t->fx, "self/net/if_inet6", line, strlen(line));
}

static inline void set_tentative(struct told *t)
{
	set_address(t, "fd000000000000000000000000000007 02 40 00 c0     eth0\n");
}

static inline void set_duplicate(struct told *t)
{
	set_address(t, "fd000000000000000000000000000007 02 40 00 c8     eth0\n");
}

static inline void set_ipv6_off(struct told *t)
{
	fixture_write(&t->fx, "sys/net/ipv6/conf/all/disable_ipv6", "1\n", 2);
}

/* --- who has it -------------------------------------------------------------------- */

static struct clue vxlan = {.kernel = "vxlan vx0"};
static struct clue nameless = {.kernel = ""};
static struct clue hostile = {.kernel = "vxlan v\n\033$(id)"};

static inline void set_kernel(struct told *t)
{
	add_unheld(t, REASON_KERNEL)->clue = &vxlan;
}

static inline void set_nameless_kernel(struct told *t)
{
	add_unheld(t, REASON_KERNEL)->clue = &nameless;
}

static inline void set_hostile_kernel(struct told *t)
{
	add_unheld(t, REASON_KERNEL)->clue = &hostile;
}

static inline void set_hidden(struct told *t)
{
	add_unheld(t, REASON_PERMISSION);
}

static inline void set_hidden_from_root(struct told *t)
{
	add_unheld(t, REASON_PERMISSION);
	t->ctx.is_root = true;
}

static inline void set_outside(struct told *t)
{
	add_unheld(t, REASON_PIDNS);
}

static inline void set_in_flight(struct told *t)
{
	add_unheld(t, REASON_IN_FLIGHT);
}

static inline void set_unknown(struct told *t)
{
	add_unheld(t, REASON_UNKNOWN);
}

static inline void set_ring(struct told *t)
{
	hold_listener(t);
	t->options = OPTIONS_UNKNOWN;
	t->scene.holders[0].kind = HOLDER_RING;
}

static inline void set_mapping(struct told *t)
{
	hold_listener(t);
	t->options = OPTIONS_UNKNOWN;
	t->scene.holders[0].kind = HOLDER_MEM;
}

static inline void set_thread(struct told *t)
{
	hold_listener(t);
	t->scene.holders[0].tid = 812;
}

static inline void set_proxy(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "docker-proxy", 33);
	t->options = 0;
}

/* Whose advice is more than a command. */
static inline void set_pasta(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "pasta", 33);
	t->options = 0;
}

/* Whose advice is none that can be typed. */
static inline void set_containerd(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "containerd", 33);
	t->options = 0;
}

static inline void set_init(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "nginx", 1);
	t->options = 0;
}

static inline void set_ssh(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "ssh", 33);
	t->options = 0;
}

static inline void set_sshd_session(struct told *t)
{
	struct sock s = a_listener();
	static char args[] = "sshd: alice@notty";

	add_held(&t->scene, &s, "sshd-session", 33);
	t->scene.processes[0].args = args;
	t->scene.processes[0].args_len = sizeof(args);
	t->options = 0;
}

static inline void set_sshd(struct told *t)
{
	struct sock s = a_listener();
	static char args[] = "sshd: /usr/sbin/sshd -D [listener]";

	add_held(&t->scene, &s, "sshd", 33);
	t->scene.processes[0].args = args;
	t->scene.processes[0].args_len = sizeof(args);
	t->options = 0;
}

/* The shell is -k's business. */
static inline void set_ancestor(struct told *t)
{
	hold_listener(t);
	t->ancestry.v[1] = 811;
	t->ancestry.len = 2;
}

/* --- what is done with it ------------------------------------------------------------- */

static inline void set_listener(struct told *t)
{
	hold_listener(t);
	t->scene.processes[0].uid = 1000;
}

static inline void set_foreign_listener(struct told *t)
{
	hold_listener(t);
	t->scene.processes[0].uid = 1001;
}

static inline void set_unread_listener(struct told *t)
{
	hold_listener(t);
	t->options = OPTIONS_UNKNOWN;
}

static inline void set_hostile_listener(struct told *t)
{
	struct sock s = a_listener();

	add_held(&t->scene, &s, "x,1 on *:80\n\033[2J", 811);
	t->options = 0;
}

/* One socket that several processes have, one of them twice. */
static inline void set_several(struct told *t)
{
	static const char *const names[] = {"nginx", "nginx", "nginx", "php"};
	struct sock s = a_listener();
	struct holder_index *x = &t->scene.look.snap.holders;

	for (size_t i = 0; i < COUNT(names); i++) {
		struct row *row = add_held(&t->scene, &s, names[i], (pid_t)(811 + i));
		row->sock = &t->scene.socks[0];
	}
	t->scene.rows[1].process = &t->scene.processes[0];
	t->scene.holders[1].pid = t->scene.holders[1].tid = 811;
	t->scene.holders[1].fd = 4;
	x->v = t->scene.holders;
	x->len = COUNT(names);
	t->options = 0;
}

static inline void set_own_group(struct told *t)
{
	hold_listener(t);
	t->options = PROBE_REUSEPORT;
}

static inline void set_foreign_group(struct told *t)
{
	struct sock s = a_listener();

	s.uid = 1001;
	add_held(&t->scene, &s, "nginx", 811);
	t->options = PROBE_REUSEPORT;
}

static inline void set_dual_stack(struct told *t)
{
	struct sock s = make_sock(SOCK_PROTO_TCP, SOCK_STATE_LISTEN, "::", 8080, 100);

	s.v6only = SOCK_V6ONLY_NO;
	add_held(&t->scene, &s, "nginx", 811);
	t->options = 0;
}

static inline void set_device(struct told *t)
{
	struct sock s = a_listener();

	s.bound_if = 2;
	s.device = "et\nh0";
	add_held(&t->scene, &s, "nginx", 811);
	t->options = 0;
}

static inline void set_bound(struct told *t)
{
	struct sock s = a_listener();

	s.state = SOCK_STATE_BOUND;
	add_held(&t->scene, &s, "nginx", 811);
	t->options = PROBE_REUSEADDR;
}

static inline void set_datagram(struct told *t)
{
	struct sock s = make_sock(SOCK_PROTO_UDP, SOCK_STATE_UNCONNECTED, "0.0.0.0", 8080, 100);

	add_held(&t->scene, &s, "named", 53);
	t->options = 0;
}

static inline void set_self(struct told *t)
{
	struct sock s = a_connection(SOCK_STATE_ESTABLISHED, 40000, 40000);

	add_held(&t->scene, &s, "curl", 900);
	t->options = 0;
}

static inline void set_source(struct told *t)
{
	struct sock s = a_connection(SOCK_STATE_ESTABLISHED, 40000, 443);

	add_held(&t->scene, &s, "curl", 900);
	s.remote.port = 444;
	s.inode = 8;
	add_held(&t->scene, &s, "wget", 901);
	t->options = 0;
}

static inline void set_reserved_source(struct told *t)
{
	set_source(t);
	strcpy(t->world.reserved.text, "9000-9010,40000");
}

static inline void set_source_beside_reserved(struct told *t)
{
	set_source(t);
	strcpy(t->world.reserved.text, "9000-9010");
	t->ctx.is_root = true;
}

/* What is no list of ports is not passed on to a shell. */
static inline void set_source_beside_nonsense(struct told *t)
{
	set_source(t);
	strcpy(t->world.reserved.text, "$(id)");
}

static inline void set_accepted(struct told *t)
{
	struct sock s = a_connection(SOCK_STATE_CLOSE_WAIT, 8080, 40000);

	add_held(&t->scene, &s, "nginx", 811);
	t->options = 0;
}

static inline void set_connection(struct told *t)
{
	struct sock s = a_connection(SOCK_STATE_ESTABLISHED, 8080, 8081);

	add_held(&t->scene, &s, "nginx", 811);
	t->options = 0;
}

static inline void set_orphan(struct told *t)
{
	struct sock s = make_connection(SOCK_STATE_FIN_WAIT1, "127.0.0.1", 8080, "10.0.0.2", 5000, 0);

	add_row(&t->scene, &s, REASON_ORPHAN);
}

static inline void set_time_wait(struct told *t)
{
	struct sock s = make_connection(SOCK_STATE_TIME_WAIT, "127.0.0.1", 8080, "10.0.0.2", 5000, 0);

	s.timer = SOCK_TIMER_TIME_WAIT;
	s.timer_ms = 40500;
	add_row(&t->scene, &s, REASON_TIME_WAIT);
}

static inline void set_worst_of_many(struct told *t)
{
	struct sock bound = a_listener();

	set_time_wait(t);
	set_accepted(t);
	bound.state = SOCK_STATE_BOUND;
	bound.inode = 101;
	add_held(&t->scene, &bound, "nginx", 812);
	bound.inode = 102;
	add_held(&t->scene, &bound, "nginx", 813);
	t->options = 0;
}

/* --- nothing is in the way ---------------------------------------------------------------- */

static inline void set_blind(struct told *t)
{
	t->ctx.misses_bound = true;
}

static struct row far_row;
static struct sock far_sock;
static struct process far_process = {.pid = 5, .command = "ng inx", .command_len = 6};

static inline void set_far(struct told *t)
{
	far_sock = a_listener();
	far_sock.netns = 7;
	far_row = (struct row){.sock = &far_sock, .process = &far_process};
	t->ctx.elsewhere = &far_row;
}

static inline void set_far_and_hidden(struct told *t)
{
	set_far(t);
	far_sock.netns = 99;
	far_row.process = NULL;
}

static inline void set_aside(struct told *t)
{
	struct sock s = a_listener();

	s.local = make_addr("127.0.0.2", 8080);
	add_held(&t->scene, &s, "nginx", 811);
}

#endif
