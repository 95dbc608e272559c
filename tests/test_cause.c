/* Each cause that --why knows, from rows made by hand: its headline, facts, command. */
#define _GNU_SOURCE
#include "told_scenes.h"

#include "capability.h"
#include "cause.h"

#define NO_HELP "SO_REUSEADDR does not help against a socket that listens"
#define UNREAD "whether it has SO_REUSEADDR set cannot be read"
#define NO_REUSE "it has no SO_REUSEADDR, which helps only if both sockets set it"
#define LATER                                                                                      \
	"both sockets need SO_REUSEADDR, the new one and the one that the connection was; what "   \
	"that had cannot be read any more"
#define IN_RANGE "40000 is of ip_local_port_range, 32768 to 60999, from which connections get "    \
		 "their ports"
#define FAILS "bind() to 127.0.0.1:8080/tcp as alice fails with EADDRINUSE: "
#define IF_IT_HAS(option)                                                                          \
	"bind() to 127.0.0.1:8080/tcp as alice works only with " option                            \
	", if what is there has it set, too: "
/* Whoever may destroy sockets is told to. */
#define REST_COMMAND "(rest)"

/* --- the table ------------------------------------------------------------------------------- */

#define PLACE "127.0.0.1:8080/tcp"
#define V6 "[fd00::7]:8080/tcp"
#define V6_FAILS "bind() to " V6 " as alice fails with EADDRNOTAVAIL: "
#define BY_NGINX "nginx,811 listens on 127.0.0.1:8080"
#define KILL "whoport -k " PLACE

static const struct snapshot_of {
	const char *cause, *place;
	void (*set)(struct told *t);
	enum verdict verdict;
	const char *headline, *facts[FACTS_MAX], *help;
} snapshots[] = {
	{"no-ipv6", V6, set_no_ipv6, VERDICT_FAILS,
	 "bind() to " V6 " as alice fails with EAFNOSUPPORT: the kernel has no IPv6", {NULL}, NULL},
	{"no-scope", "[fe80::1]:8080/tcp", set_nothing, VERDICT_FAILS,
	 "bind() to [fe80::1]:8080/tcp as alice fails with EINVAL: [fe80::1] is link-local and "
	 "needs its interface, as in [fe80::1%eth0]", {NULL}, "ip address"},
	{"multicast", "tcp:[ff02::1%lo]:8080", set_nothing, VERDICT_FAILS,
	 "bind() to [ff02::1%lo]:8080/tcp as alice fails with EINVAL: [ff02::1%lo] is a multicast "
	 "address, which TCP cannot have", {NULL}, NULL},
	{"privileged", "tcp:80", set_ordinary, VERDICT_FAILS,
	 "bind() to 80/tcp as alice fails with EACCES: ports below 1024 need "
	 "CAP_NET_BIND_SERVICE", {NULL}, "sudo setcap cap_net_bind_service=+ep PROGRAM"},
	{"not-local", PLACE, set_elsewhere, VERDICT_FAILS,
	 "bind() to " PLACE " as alice fails with EADDRNOTAVAIL: 127.0.0.1 is no address of this "
	 "network namespace", {"besides, nginx,811 has 127.0.0.1:8080"}, "ip address"},
	{"tentative", V6, set_tentative, VERDICT_FAILS,
	 V6_FAILS "[fd00::7] is tentative: the kernel still asks the network whether it is taken",
	 {NULL}, "ip -6 address show tentative"},
	{"duplicate", V6, set_duplicate, VERDICT_FAILS,
	 V6_FAILS "[fd00::7] is not in use here, because another host has it (dadfailed)", {NULL},
	 "ip -6 address show dadfailed"},
	{"ipv6-off", V6, set_ipv6_off, VERDICT_FAILS,
	 V6_FAILS "IPv6 is switched off here (disable_ipv6)", {NULL},
	 "sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0"},

	{"kernel", PLACE, set_kernel, VERDICT_FAILS,
	 FAILS "the kernel itself has it, for vxlan vx0", {NO_HELP}, "ip -d link show vx0"},
	{"kernel", PLACE, set_nameless_kernel, VERDICT_FAILS, FAILS "the kernel itself has it",
	 {NO_HELP}, NULL},
	{"kernel", PLACE, set_hostile_kernel, VERDICT_FAILS,
	 FAILS "the kernel itself has it, for vxlan v\\n^[$(id)", {NO_HELP}, NULL},
	{"hidden", PLACE, set_hidden, VERDICT_FAILS,
	 FAILS "127.0.0.1:8080 is listened on by a process that we may not see, of bob "
	 "[hidden: permission]", {NO_HELP}, "sudo whoport --why " PLACE},
	{"hidden", PLACE, set_hidden_from_root, VERDICT_FAILS,
	 FAILS "127.0.0.1:8080 is listened on by a process that we may not see, of bob "
	 "[hidden: permission]", {NO_HELP}, "whoport --wait=free " PLACE},
	{"pid-namespace", PLACE, set_outside, VERDICT_FAILS,
	 FAILS "127.0.0.1:8080 is listened on by somebody who cannot be seen "
	 "[not visible from this pid namespace]", {NO_HELP}, "whoport --wait=free " PLACE},
	{"in-flight", PLACE, set_in_flight, VERDICT_FAILS,
	 FAILS "127.0.0.1:8080 is kept by a message that nobody has received yet, with its "
	 "descriptor [in flight]", {NO_HELP}, "whoport --wait=free " PLACE},
	{"unknown", PLACE, set_unknown, VERDICT_FAILS,
	 FAILS "127.0.0.1:8080 is listened on by somebody who cannot be named "
	 "[unknown: kernel, or in flight]", {NO_HELP}, "sudo whoport --why " PLACE},
	{"ring", PLACE, set_ring, VERDICT_REUSEPORT_DEPENDS,
	 IF_IT_HAS("SO_REUSEPORT") "nginx,811 has 127.0.0.1:8080 in an io_uring, without a "
	 "descriptor", {NO_HELP}, "sudo " KILL},
	{"mapping", PLACE, set_mapping, VERDICT_REUSEPORT_DEPENDS,
	 IF_IT_HAS("SO_REUSEPORT") "nginx,811 has 127.0.0.1:8080 in a mapping, without a "
	 "descriptor", {NO_HELP}, "sudo " KILL},
	{"thread", PLACE, set_thread, VERDICT_FAILS,
	 FAILS "thread 812 of nginx,811 has 127.0.0.1:8080, which its main thread has not",
	 {NO_HELP}, "sudo " KILL},
	{"for-others", PLACE, set_proxy, VERDICT_FAILS,
	 FAILS "docker-proxy,33 listens on 127.0.0.1:8080: the port forwarder of a container",
	 {NO_HELP}, "docker stop $(docker ps -q --filter publish=8080)"},
	{"for-others", PLACE, set_pasta, VERDICT_FAILS,
	 FAILS "pasta,33 listens on 127.0.0.1:8080: the network of containers; podman port -a "
	 "shows whose a port is", {NO_HELP}, "podman stop NAME"},
	{"for-others", PLACE, set_containerd, VERDICT_FAILS,
	 FAILS "containerd,33 listens on 127.0.0.1:8080: the daemon of all containers; use: the "
	 "service manager that started it", {NO_HELP}, NULL},
	{"for-others", PLACE, set_init, VERDICT_FAILS,
	 FAILS "nginx,1 listens on 127.0.0.1:8080: PID 1 of this pid namespace, with which all "
	 "of it would end; use: the stop command for the container, from outside of it",
	 {NO_HELP}, NULL},
	{"for-others", PLACE, set_ssh, VERDICT_FAILS,
	 FAILS "ssh,33 listens on 127.0.0.1:8080: an ssh client that forwards the port (-L, -D)",
	 {NO_HELP}, "sudo " KILL},
	{"for-others", PLACE, set_sshd_session, VERDICT_FAILS,
	 FAILS "sshd-session,33 listens on 127.0.0.1:8080: a session of sshd, whose client has "
	 "the port forwarded (-R)", {NO_HELP}, "sudo " KILL},

	{"listener", PLACE, set_listener, VERDICT_FAILS, FAILS BY_NGINX, {NO_HELP}, KILL},
	{"listener", PLACE, set_foreign_listener, VERDICT_FAILS, FAILS BY_NGINX, {NO_HELP},
	 "sudo " KILL},
	{"listener", PLACE, set_ancestor, VERDICT_FAILS, FAILS BY_NGINX, {NO_HELP}, "sudo " KILL},
	{"listener", PLACE, set_sshd, VERDICT_FAILS, FAILS "sshd,33 listens on 127.0.0.1:8080",
	 {NO_HELP}, "sudo " KILL},
	{"listener", PLACE, set_unread_listener, VERDICT_REUSEPORT_DEPENDS,
	 IF_IT_HAS("SO_REUSEPORT") BY_NGINX, {NO_HELP}, "sudo " KILL},
	{"listener", PLACE, set_hostile_listener, VERDICT_FAILS,
	 FAILS "x\\x2c1\\x20on\\x20*:80\\n^[\\x5b2J,811 listens on 127.0.0.1:8080", {NO_HELP},
	 "sudo " KILL},
	{"listener", PLACE, set_several, VERDICT_FAILS,
	 FAILS "nginx,811 nginx,813 php,814 listen on 127.0.0.1:8080", {NO_HELP}, "sudo " KILL},
	{"listener", PLACE, set_own_group, VERDICT_REUSEPORT,
	 "bind() to " PLACE " as alice works only with SO_REUSEPORT: " BY_NGINX,
	 {"it has SO_REUSEPORT set: a socket of the same user that sets it, too, shares the port"},
	 "sudo " KILL},
	{"listener", PLACE, set_foreign_group, VERDICT_FAILS, FAILS BY_NGINX,
	 {"its SO_REUSEPORT group is bob's: no other user can join it"}, "sudo " KILL},
	{"listener", PLACE, set_dual_stack, VERDICT_FAILS, FAILS "nginx,811 listens on [::]:8080",
	 {NO_HELP, "[::]:8080 is of IPv6 and takes IPv4, too: it has not set IPV6_V6ONLY"},
	 "sudo " KILL},
	{"listener", "tcp:8080", set_listener, VERDICT_FAILS,
	 "bind() to 8080/tcp as alice fails with EADDRINUSE: " BY_NGINX,
	 {NO_HELP, "only 127.0.0.1:8080 is taken: another address works"},
	 "whoport -k 8080/tcp"},
	{"listener", "0.0.0.0:8080/tcp", set_listener, VERDICT_FAILS,
	 "bind() to 0.0.0.0:8080/tcp as alice fails with EADDRINUSE: " BY_NGINX,
	 {NO_HELP, "0.0.0.0 covers what is taken; only 127.0.0.1:8080 is taken: another "
		   "address works"}, "whoport -k 0.0.0.0:8080/tcp"},
	{"listener", PLACE, set_device, VERDICT_FAILS,
	 FAILS "nginx,811 listens on 127.0.0.1%et\\nh0:8080",
	 {NO_HELP, "it is bound to device et\\nh0: a socket that is bound to another one is "
		   "not in its way"}, "sudo " KILL},
	{"bound", PLACE, set_bound, VERDICT_REUSEADDR,
	 "bind() to " PLACE " as alice works only with SO_REUSEADDR: nginx,811 is bound to "
	 "127.0.0.1:8080 and does not listen, so that most tools do not show it",
	 {"it has SO_REUSEADDR set: with it on both sides the port is shared"}, "sudo " KILL},
	{"bound", PLACE, set_worst_of_many, VERDICT_FAILS,
	 FAILS "nginx,812 is bound to 127.0.0.1:8080 and does not listen, so that most tools do "
	 "not show it", {NO_REUSE, "3 more sockets are in the way"}, "sudo " KILL},
	{"datagram", "127.0.0.1:8080/udp", set_datagram, VERDICT_FAILS,
	 "bind() to 127.0.0.1:8080/udp as alice fails with EADDRINUSE: named,53 receives on "
	 "0.0.0.0:8080", {NO_REUSE, "0.0.0.0:8080 takes every address"},
	 "sudo whoport -k 127.0.0.1:8080/udp"},
	{"self-connect", "127.0.0.1:40000/tcp", set_self, VERDICT_FAILS,
	 "bind() to 127.0.0.1:40000/tcp as alice fails with EADDRINUSE: curl,900 is connected to "
	 "itself through 127.0.0.1:40000: it called the port while nobody listened, from the port "
	 "itself", {IN_RANGE, NO_REUSE}, "sudo whoport -k -sESTABLISHED 127.0.0.1:40000/tcp"},
	{"source-port", "127.0.0.1:40000/tcp", set_source, VERDICT_FAILS,
	 "bind() to 127.0.0.1:40000/tcp as alice fails with EADDRINUSE: curl,900 uses it as the "
	 "source port of its connection 127.0.0.1:40000->127.0.0.1:443 and 1 more",
	 {IN_RANGE, NO_REUSE}, "sudo sysctl -w net.ipv4.ip_local_reserved_ports=40000"},
	{"source-port", "tcp:40000", set_source_beside_reserved, VERDICT_FAILS,
	 "bind() to 40000/tcp as alice fails with EADDRINUSE: curl,900 uses it as the source port "
	 "of its connection 127.0.0.1:40000->127.0.0.1:443 and 1 more",
	 {IN_RANGE, NO_REUSE, "only 127.0.0.1:40000 and the like are taken: another address works"},
	 "sysctl -w net.ipv4.ip_local_reserved_ports=9000-9010,40000"},
	{"source-port", "127.0.0.1:40000/tcp", set_reserved_source, VERDICT_FAILS,
	 "bind() to 127.0.0.1:40000/tcp as alice fails with EADDRINUSE: curl,900 uses it as the "
	 "source port of its connection 127.0.0.1:40000->127.0.0.1:443 and 1 more",
	 {"40000 is of ip_local_port_range, 32768 to 60999, but reserved by now: no new connection "
	  "gets it", NO_REUSE}, "sudo whoport -k -sESTABLISHED 127.0.0.1:40000/tcp"},
	{"source-port", "127.0.0.1:40000/tcp", set_source_beside_nonsense, VERDICT_FAILS,
	 "bind() to 127.0.0.1:40000/tcp as alice fails with EADDRINUSE: curl,900 uses it as the "
	 "source port of its connection 127.0.0.1:40000->127.0.0.1:443 and 1 more",
	 {IN_RANGE, NO_REUSE}, "sudo whoport -k -sESTABLISHED 127.0.0.1:40000/tcp"},
	{"accepted", PLACE, set_accepted, VERDICT_FAILS,
	 FAILS "nginx,811 still has a connection that outlives its listener: "
	 "127.0.0.1:8080->127.0.0.1:40000", {NO_REUSE}, "sudo whoport -k -sCLOSE_WAIT " PLACE},
	{"connection", PLACE, set_connection, VERDICT_FAILS,
	 FAILS "nginx,811 uses it in its connection 127.0.0.1:8080->127.0.0.1:8081", {NO_REUSE},
	 "sudo whoport -k -sESTABLISHED " PLACE},
	{"orphan", PLACE, set_orphan, VERDICT_REUSEADDR_DEPENDS,
	 IF_IT_HAS("SO_REUSEADDR") "a closed connection to 10.0.0.2:5000 has data that was not "
	 "taken yet (FIN_WAIT1)", {UNREAD}, REST_COMMAND},
	{"time-wait", PLACE, set_time_wait, VERDICT_REUSEADDR_DEPENDS,
	 IF_IT_HAS("SO_REUSEADDR") "TIME_WAIT for 41 s, left by a connection with 10.0.0.2:5000",
	 {LATER}, REST_COMMAND},

	{"blind", PLACE, set_blind, VERDICT_UNKNOWN,
	 "bind() to " PLACE " as alice cannot be judged: nothing is seen on it, but sockets that "
	 "are bound and do not listen cannot be seen here", {NULL},
	 "whoport --why --probe " PLACE},
	{"elsewhere", PLACE, set_far, VERDICT_WORKS,
	 "bind() to " PLACE " as alice works: it is free here; ng\\x20inx,5 has it in another "
	 "network namespace, blue\\n", {NULL}, "whoport -N all " PLACE},
	{"elsewhere", PLACE, set_far_and_hidden, VERDICT_WORKS,
	 "bind() to " PLACE " as alice works: it is free here; somebody has it in another network "
	 "namespace", {NULL}, "whoport -N all " PLACE},
	{"aside", PLACE, set_aside, VERDICT_WORKS,
	 "bind() to " PLACE " as alice works: what is on the port has another address or device",
	 {NULL}, NULL},
	{"free", PLACE, set_nothing, VERDICT_WORKS,
	 "bind() to " PLACE " as alice works: nothing is in the way", {NULL}, NULL},
	{"free", "udp:8080", set_blind, VERDICT_WORKS,
	 "bind() to 8080/udp as alice works: nothing is in the way", {NULL}, NULL},
};

static const char *rest_command(void)
{
	return capability_has(CAPABILITY_NET_ADMIN) ? "whoport --close " PLACE
						    : "whoport --wait=free " PLACE;
}

static void cause_is_told_from_its_snapshot(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(snapshots); i++) {
		const struct snapshot_of *s = &snapshots[i];
		bool is_rest = s->help && strcmp(s->help, REST_COMMAND) == 0;
		struct told t;

		told_init(&t, s->place);
		s->set(&t);
		told_judge(&t);
		assert_buf(&t.d.headline, s->headline);
		assert_string_equal(t.d.cause, s->cause);
		assert_int_equal(t.d.verdict, s->verdict);
		assert_facts(&t.d, s->facts);
		assert_line(&t.d.help, is_rest ? rest_command() : s->help);
		told_free(&t);
	}
}

static void each_cause_has_a_snapshot(void **state)
{
	(void)state;
	for (size_t i = 0; i < cause_rows_len; i++) {
		bool found = false;
		for (size_t k = 0; k < COUNT(snapshots); k++)
			found |= strcmp(snapshots[k].cause, cause_rows[i].name) == 0;
		if (!found)
			fail_msg("no snapshot of cause %s", cause_rows[i].name);
	}
}

static void names_of_causes_differ(void **state)
{
	(void)state;
	for (size_t i = 0; i < cause_rows_len; i++) {
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(cause_rows[i].name, cause_rows[k].name);
	}
}

/* Whatever is told to root, sudo is no advice. */
static void root_is_not_told_to_use_sudo(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(snapshots); i++) {
		struct told t;

		told_init(&t, snapshots[i].place);
		snapshots[i].set(&t);
		t.ctx.is_root = true;
		t.world.uid = 0;
		told_judge(&t);
		assert_null(t.d.help.len ? memmem(t.d.help.data, t.d.help.len, "sudo", 4) : NULL);
		for (size_t k = 0; k < t.d.facts_len; k++)
			assert_null(memmem(t.d.facts[k].data, t.d.facts[k].len, "sudo", 4));
		told_free(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cause_is_told_from_its_snapshot),
		cmocka_unit_test(each_cause_has_a_snapshot),
		cmocka_unit_test(names_of_causes_differ),
		cmocka_unit_test(root_is_not_told_to_use_sudo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
