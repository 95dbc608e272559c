/*
 * What runs containers, and how these are stopped; see guard_container.h. The arguments of
 * the programs are told at each of them. They can do no more than name another container.
 */
#define _GNU_SOURCE
#include "guard_container.h"

#include "args.h"
#include "buf.h"
#include "cgroup_name.h"
#include "guard.h"
#include "num.h"
#include "unit.h"

#define LOWER_HEX "0123456789abcdef"

enum {
	NAME_MAX_LEN = 64, /* an id of a container, in full */
	ID_MIN = 12,
	DOCKER_ID = 12, /* how many digits `docker ps`, `podman ps` and `nerdctl ps` show */
	CRI_ID = 13,    /* and crictl */
};

/* --- ids, names ------------------------------------------------------------- */

/* Safe to be typed as it is, and no option. */
static bool is_name(struct word w)
{
	return w.len > 0 && w.len <= NAME_MAX_LEN && *w.text != '-' &&
	       word_consists_of(w, WORD_PLAIN);
}

static bool is_id(struct word w)
{
	return w.len >= ID_MIN && w.len <= NAME_MAX_LEN && word_consists_of(w, LOWER_HEX);
}

/* A name in full; of an id what the engine shows. */
static void add_short(struct buf *out, struct word w, size_t digits)
{
	if (is_id(w) && w.len > digits)
		w.len = digits;
	word_add(out, w);
}

/* The id of the container that a process lies in. */
static bool find_container_id(const struct guard_facts *facts, struct word *out)
{
	struct cgroup_name id;

	if (facts->cgroup.len == 0 || !cgroup_parse_container(facts->cgroup.text, facts->cgroup.len, &id))
		return false;
	*out = (struct word){id.text, id.len};
	return is_id(*out);
}

bool guard_container_add_id(const struct guard_facts *facts, struct buf *out)
{
	struct word id;

	if (!find_container_id(facts, &id))
		return false;
	add_short(out, id, DOCKER_ID);
	return true;
}

/* --- Docker, RootlessKit ---------------------------------------------------- */

/* The port that a container publishes: the one that was asked for, or that of the arguments. */
static bool find_published(const struct guard_facts *facts, uint64_t *out)
{
	struct word port;

	*out = facts->port;
	if (facts->port != 0)
		return true;
	return args_find_option(facts->args, "-host-port", "--host-port", &port) &&
	       num_parse(port.text, port.text + port.len, UINT16_MAX, out) && *out > 0;
}

/* Without a protocol the filter takes tcp for meant (portOp in moby's daemon/list.go). */
static const char *published_proto(const struct guard_facts *facts)
{
	struct word proto;

	if (!args_find_option(facts->args, "-proto", "--proto", &proto))
		return "";
	return word_equals(proto, "udp") ? "/udp" : word_equals(proto, "sctp") ? "/sctp" : "";
}

static void advise_docker(const struct guard_facts *facts, struct buf *out)
{
	uint64_t port;
	struct word id;

	if (find_published(facts, &port)) {
		buf_add_str(out, "; use: docker stop $(docker ps -q --filter publish=");
		buf_add_dec(out, port);
		buf_add_str(out, published_proto(facts));
		buf_add_char(out, ')');
	} else if (find_container_id(facts, &id)) {
		buf_add_str(out, "; use: docker stop ");
		add_short(out, id, DOCKER_ID);
	} else {
		buf_add_str(out, "; docker ps shows containers, then use: docker stop NAME");
	}
}

/* RootlessKit serves Docker and nerdctl; the script that it runs tells which. */
static void advise_rootlesskit(const struct guard_facts *facts, struct buf *out)
{
	if (args_has(facts->args, "dockerd-rootless.sh"))
		advise_docker(facts, out);
	else
		buf_add_str(out, "; nerdctl ps shows whose a port is, then use: nerdctl stop NAME");
}

/* --- daemons ---------------------------------------------------------------- */

/* A daemon that holds ports for its own use. */
static void advise_daemon(const struct guard_facts *facts, struct buf *out)
{
	struct word cgroup = facts->cgroup, unit;

	buf_add_str(out, "; use: ");
	if (unit_find(cgroup, &unit))
		unit_add_stop(out, unit_is_of_user(cgroup), unit);
	else
		buf_add_str(out, "the service manager that started it");
}

/* Whatever has no port is its own: the socket of its interface. */
static void advise_dockerd(const struct guard_facts *facts, struct buf *out)
{
	if (facts->port != 0)
		advise_docker(facts, out);
	else
		advise_daemon(facts, out);
}

/* Of CRI-O the same; some of its versions keep a socket open for each host port of a pod. */
static void advise_crio(const struct guard_facts *facts, struct buf *out)
{
	if (facts->port != 0)
		buf_add_str(out, "; crictl pods shows them, then use: crictl stopp ID");
	else
		advise_daemon(facts, out);
}

/* --- the shims of containerd ------------------------------------------------ */

/* The shim of version 1 has no -id: its working directory ends in it. */
static bool find_shim_id(const struct guard_facts *facts, bool (*is_good)(struct word),
			 struct word *out)
{
	struct word dir;

	if (args_find_option(facts->args, "-id", "--id", out) && is_good(*out))
		return true;
	if (args_find_option(facts->args, "-workdir", "--workdir", &dir)) {
		*out = word_base_name(dir);
		if (is_good(*out))
			return true;
	}
	return find_container_id(facts, out);
}

/* Who keeps a namespace of containerd for itself, with ids of its own making. */
static const struct engine {
	const char *space, *stop;
	size_t digits;
} engines[] = {
	{"moby", "docker stop ", DOCKER_ID},
	/* One shim serves a pod and has the id of its sandbox: stopp, not stop. */
	{"k8s.io", "crictl stopp ", CRI_ID},
};

static const struct engine *find_engine(struct word space)
{
	for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++) {
		if (word_equals(space, engines[i].space))
			return &engines[i];
	}
	return NULL;
}

/* containerd-shim-runc-v2 -namespace moby -id 4f2c... -address /run/containerd/... */
static void advise_shim(const struct guard_facts *facts, struct buf *out)
{
	struct word space = {0}, id;
	const struct engine *engine = NULL;

	if (args_find_option(facts->args, "-namespace", "--namespace", &space))
		engine = find_engine(space);
	if (!is_name(space) || !find_shim_id(facts, engine ? is_id : is_name, &id)) {
		buf_add_str(out, "; use: docker stop, crictl stopp or nerdctl stop,"
				 " whichever engine it is of");
		return;
	}
	buf_add_str(out, "; use: ");
	if (engine) {
		buf_add_str(out, engine->stop);
	} else {
		buf_add_str(out, "nerdctl --namespace ");
		word_add(out, space);
		buf_add_str(out, " stop ");
	}
	add_short(out, id, engine ? engine->digits : DOCKER_ID);
}

/* --- Podman, CRI-O ---------------------------------------------------------- */

/* Forwarders do not say for whom. */
static void advise_podman(const struct guard_facts *facts, struct buf *out)
{
	struct word id;

	if (find_container_id(facts, &id)) {
		buf_add_str(out, "; use: podman stop ");
		add_short(out, id, DOCKER_ID);
	} else {
		buf_add_str(out, "; podman port -a shows whose a port is,"
				 " then use: podman stop NAME");
	}
}

/* CRI-O's conmon: the names are the kubelet's, k8s_POD_... is a pod's sandbox. */
static bool advise_kube(const struct guard_facts *facts, struct word name, struct buf *out)
{
	struct word id;

	if (!word_begins_with(name, "k8s_") ||
	    !args_find_option(facts->args, "-c", "--cid", &id) || !is_id(id))
		return false;
	buf_add_str(out, word_begins_with(name, "k8s_POD_") ? "; use: crictl stopp "
							    : "; use: crictl stop ");
	add_short(out, id, CRI_ID);
	return true;
}

/* conmon --api-version 1 -c 4f2c... -u 4f2c... -r /usr/bin/crun ... -n web ... */
static void advise_conmon(const struct guard_facts *facts, struct buf *out)
{
	struct word name = {0}, id = {0};
	bool has_name = args_find_option(facts->args, "-n", "--name", &name);

	if (has_name && advise_kube(facts, name, out))
		return;
	if (has_name && is_name(name)) {
		buf_add_str(out, "; use: podman stop ");
		word_add(out, name);
	} else if (args_find_option(facts->args, "-c", "--cid", &id) && is_id(id)) {
		buf_add_str(out, "; use: podman stop ");
		add_short(out, id, DOCKER_ID);
	} else {
		advise_podman(facts, out);
	}
}

/* --- who it is -------------------------------------------------------------- */

/* @command is at most as long as the kernel has them. */
static const struct program {
	const char *command;
	const char *what; /* the begin of the line */
	void (*advise)(const struct guard_facts *facts, struct buf *out); /* the rest */
} programs[] = {
	{"docker-proxy", "the port forwarder of a container", advise_docker},
	{"dockerd", "the daemon of all Docker containers", advise_dockerd},
	{"rootlesskit", "the port forwarder of containers", advise_rootlesskit},
	{"containerd-shim", "the parent of a container", advise_shim},
	{"containerd", "the daemon of all containers", advise_daemon},
	{"crio", "the daemon of all pods", advise_crio},
	{"podman", "the manager of containers", advise_podman},
	{"conmon", "the parent of a container", advise_conmon},
	{"rootlessport", "the port forwarder of a container", advise_podman},
	{"rootlessport-ch", "the port forwarder of a container", advise_podman},
	/* containers-rootlessport and its -child: of older Podman, as /proc/self/exe */
	{"containers-root", "the port forwarder of a container", advise_podman},
	{"slirp4netns", "the network of containers", advise_podman},
	{"pasta", "the network of containers", advise_podman},
	{"pasta.avx2", "the network of containers", advise_podman},
	{"passt", "the network of a virtual machine or of containers", advise_podman},
	{"passt.avx2", "the network of a virtual machine or of containers", advise_podman},
};

bool guard_container_advise(const struct guard_facts *facts, struct word command,
			    struct buf *out_reason)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		if (!word_equals(command, programs[i].command))
			continue;
		buf_add_str(out_reason, programs[i].what);
		programs[i].advise(facts, out_reason);
		return true;
	}
	return false;
}
