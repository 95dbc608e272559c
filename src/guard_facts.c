/* Facts for guard.h; see guard_facts.h. */
#include "guard_facts.h"

#include "ancestry.h"
#include "cgroup.h"
#include "holder.h"
#include "process.h"
#include "sock.h"

#include <string.h>
#include <unistd.h>

/* The path of the cgroup that a socket was made in, for what holds sockets for others. */
static const char *cgroup_of_sock(const struct process *p, const struct sock *s, int proc_fd,
				  struct cgroup_index *x)
{
	static const char manager[] = "systemd";

	if (s->cgroup == 0 || (p->pid != 1 && (p->command_len != sizeof(manager) - 1 ||
					       memcmp(p->command, manager, sizeof(manager) - 1) != 0)))
		return NULL;
	if (x->len == 0 && cgroup_index_load(x, proc_fd) < 0)
		return NULL;
	return cgroup_index_find(x, s->cgroup);
}

void guard_facts_make(const struct process *p, const struct sock *s, const struct holder *h,
		      const struct ancestry *ancestry, int proc_fd, struct cgroup_index *cgroups,
		      struct guard_facts *out)
{
	const char *sock_cgroup = cgroup_of_sock(p, s, proc_fd, cgroups);

	*out = (struct guard_facts){
		.pid = p->pid, .command = {p->command, p->command_len},
		.args = {p->args, p->args ? p->args_len : 0},
		.cgroup = {p->cgroup, p->cgroup ? strlen(p->cgroup) : 0},
		.sock_cgroup = {sock_cgroup, sock_cgroup ? strlen(sock_cgroup) : 0},
		.port = SOCK_PROTO_BIT(s->proto) & SOCK_PROTOS_PORTS ? s->local.port : 0,
		.fd = h->kind == HOLDER_FD ? h->fd : -1,
		.is_ours = p->pid == getpid(), .is_ancestor = ancestry_has(ancestry, p->pid)};
}
