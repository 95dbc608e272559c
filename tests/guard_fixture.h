/*
 * Facts of processes, and what is to be said of them.
 */
#ifndef WHOPORT_TESTS_GUARD_FIXTURE_H
#define WHOPORT_TESTS_GUARD_FIXTURE_H

#include "fixture.h"

#include "guard.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define USER "/user.slice/user-1000.slice/user@1000.service"

#define BY_SYSTEMD "PID 1, the service manager; "
#define NO_UNIT                                                                                    \
	BY_SYSTEMD "systemctl list-sockets shows its sockets, then use: "                          \
		   "systemctl stop NAME.socket"
#define OTHER_INIT "PID 1 of this pid namespace, with which all of it would end; use: "
#define ELSEWHERE "whoport in another session, or --force"
#define PARENT "the parent of a container; "
#define FORWARDER "the port forwarder of a container; "
#define PORT_A "podman port -a shows whose a port is, then use: podman stop NAME"

/* Bytes with their length, of a literal that may hold NUL. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* A copy that ends at an unmapped page; NULL stays. */
static inline const char *guard_fact(const char *text, size_t len)
{
	return text ? guard_copy(text, len) : NULL;
}

static inline void free_fact(const char *text, size_t len)
{
	if (text)
		guard_free((char *)text, len);
}

/** Judge guarded copies of all facts. */
static inline void assert_judged(const struct guard_facts *facts, enum guard_kind kind, const char *reason)
{
	struct guard_facts f = *facts;
	struct buf b = {0};

	f.command.text = guard_fact(facts->command.text, f.command.len);
	f.args.text = guard_fact(facts->args.text, f.args.len);
	f.cgroup.text = guard_fact(facts->cgroup.text, f.cgroup.len);
	f.sock_cgroup.text = guard_fact(facts->sock_cgroup.text, f.sock_cgroup.len);
	assert_int_equal(guard_judge(&f, &b), kind);
	assert_buf(&b, reason);
	buf_free(&b);
	free_fact(f.command.text, f.command.len);
	free_fact(f.args.text, f.args.len);
	free_fact(f.cgroup.text, f.cgroup.len);
	free_fact(f.sock_cgroup.text, f.sock_cgroup.len);
}

static inline size_t length(const char *text)
{
	return text ? strlen(text) : 0;
}

/** A process with a descriptor, and this command, cgroup and cgroup of its socket. */
static inline struct guard_facts make_facts(const char *command, const char *cgroup,
				     const char *sock_cgroup, uint16_t port)
{
	return (struct guard_facts){
		.pid = 4711,
		.command = {command, length(command)},
		.cgroup = {cgroup, length(cgroup)},
		.sock_cgroup = {sock_cgroup, length(sock_cgroup)},
		.port = port,
		.fd = 3,
	};
}

struct args_case {
	const char *command, *args;
	size_t args_len;
	uint16_t port;
	const char *cgroup, *reason;
};

/** All of them are refused as containers' own. */
static inline void assert_containers(const struct args_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct guard_facts f = make_facts(cases[i].command, cases[i].cgroup, NULL,
						  cases[i].port);
		f.args.text = cases[i].args;
		f.args.len = cases[i].args_len;
		assert_judged(&f, GUARD_CONTAINER, cases[i].reason);
	}
}

#endif
