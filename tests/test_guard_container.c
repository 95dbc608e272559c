/* How containers are stopped whose runtime or port forwarder is not signalled. */
#define _GNU_SOURCE
#include "guard_fixture.h"

/* --- Docker ---------------------------------------------------------------- */

#define PROXY(proto, port)                                                                         \
	BYTES("/usr/bin/docker-proxy\0-proto\0" proto "\0-host-ip\0"                              \
	      "0.0.0.0\0-host-port\0" port "\0-container-ip\0"                                     \
	      "172.17.0.2\0-container-port\0" "80\0")
#define PUBLISH(port) FORWARDER "use: docker stop $(docker ps -q --filter publish=" port ")"
#define DOCKER_PS FORWARDER "docker ps shows containers, then use: docker stop NAME"

static void docker_proxy_is_stopped_by_its_port(void **state)
{
	static const struct args_case cases[] = {
		{"docker-proxy", PROXY("tcp", "8080"), 8080, NULL, PUBLISH("8080")},
		{"docker-proxy", PROXY("tcp", "8080"), 0, NULL, PUBLISH("8080")},
		{"docker-proxy", PROXY("tcp", "8080"), 81, NULL, PUBLISH("81")},
		{"docker-proxy", PROXY("udp", "53"), 53, NULL, PUBLISH("53/udp")},
		{"docker-proxy", PROXY("sctp", "53"), 0, NULL, PUBLISH("53/sctp")},
		{"docker-proxy", NULL, 0, 8080, NULL, PUBLISH("8080")},
		{"docker-proxy", BYTES("\0-host-port=80\0-proto=udp"), 0, NULL, PUBLISH("80/udp")},
		{"docker-proxy", BYTES("x\0--host-port\0" "8080"), 0, NULL, PUBLISH("8080")},
		{"docker-proxy", BYTES("x\0--host-port=8080"), 0, "/docker/" ID, PUBLISH("8080")},
		/* The first counts. */
		{"docker-proxy", BYTES("x\0-host-port=1\0-host-port=2"), 0, NULL, PUBLISH("1")},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void docker_proxy_with_bad_arguments_names_no_port(void **state)
{
	static const struct args_case cases[] = {
		{"docker-proxy", NULL, 0, 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES(""), 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES("\0\0\0"), 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES("-host-port\0" "80"), 0, NULL, DOCKER_PS}, /* argument 0 */
		{"docker-proxy", BYTES("x\0-host-port"), 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES("x\0-host-port\0"), 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES("x\0-host-port="), 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES("x\0-host-port80"), 0, NULL, DOCKER_PS},
		{"docker-proxy", BYTES("x\0-host-por=80"), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp", ""), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp", "0"), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp", "65536"), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp", "80)"), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp", "80;reboot"), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp", "\033[2J"), 0, NULL, DOCKER_PS},
		{"docker-proxy", PROXY("tcp)$(reboot", "80"), 0, NULL, PUBLISH("80")},
		{"docker-proxy", BYTES("x"), 0, "/docker/" ID,
		 FORWARDER "use: docker stop 0123456789ab"},
		{"docker-proxy", BYTES("x"), 0, "/lxc/$(reboot)", DOCKER_PS},
		{"docker-proxy", BYTES("x"), 0, "/lxc/web", DOCKER_PS},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void dockerd_stops_whose_port_it_holds(void **state)
{
	static const char daemon[] = "the daemon of all Docker containers; use: ";
	char with_port[128], with_unit[128], without[128];

	(void)state;
	snprintf(with_port, sizeof(with_port),
		 "%sdocker stop $(docker ps -q --filter publish=8080)", daemon);
	snprintf(with_unit, sizeof(with_unit), "%ssystemctl stop docker.service", daemon);
	snprintf(without, sizeof(without), "%sthe service manager that started it", daemon);
	const struct args_case cases[] = {
		{"dockerd", NULL, 0, 8080, "/system.slice/docker.service", with_port},
		{"dockerd", NULL, 0, 0, "/system.slice/docker.service", with_unit},
		{"dockerd", NULL, 0, 0, NULL, without},
	};
	assert_containers(cases, COUNT(cases));
}

static void rootlesskit_is_of_docker_if_it_runs_docker(void **state)
{
	static const struct args_case cases[] = {
		{"rootlesskit", BYTES("x\0--net=pasta\0/usr/bin/dockerd-rootless.sh"), 8080,
		 NULL, "the port forwarder of containers; use: docker stop "
		       "$(docker ps -q --filter publish=8080)"},
		{"exe", BYTES("rootlesskit\0/usr/bin/dockerd-rootless.sh\0"), 8080, NULL,
		 "the port forwarder of containers; use: docker stop "
		 "$(docker ps -q --filter publish=8080)"},
		{"rootlesskit", BYTES("rootlesskit\0containerd-rootless.sh"), 8080, NULL,
		 "the port forwarder of containers; nerdctl ps shows whose a port is, then use: "
		 "nerdctl stop NAME"},
		{"rootlesskit", NULL, 0, 8080, NULL,
		 "the port forwarder of containers; nerdctl ps shows whose a port is, then use: "
		 "nerdctl stop NAME"},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

/* --- containerd -------------------------------------------------------------- */

#define SHIM(space, id)                                                                            \
	BYTES("/usr/bin/containerd-shim-runc-v2\0-namespace\0" space "\0-id\0" id                 \
	      "\0-address\0/run/containerd/containerd.sock\0")
#define ANY_ENGINE                                                                                 \
	PARENT "use: docker stop, crictl stopp or nerdctl stop, whichever engine it is of"

static void shim_is_stopped_by_the_engine_of_its_namespace(void **state)
{
	static const char old[] = "x\0-namespace\0moby\0-workdir\0/var/lib/x/moby/" ID;
	static const struct args_case cases[] = {
		{"containerd-shim", SHIM("moby", ID), 80, NULL,
		 PARENT "use: docker stop 0123456789ab"},
		{"containerd-shim", SHIM("k8s.io", POD), 80, NULL,
		 PARENT "use: crictl stopp fedcba9876543"},
		{"containerd-shim", SHIM("default", ID), 80, NULL,
		 PARENT "use: nerdctl --namespace default stop 0123456789ab"},
		{"containerd-shim", SHIM("build_1", "web-1.x"), 80, NULL,
		 PARENT "use: nerdctl --namespace build_1 stop web-1.x"},
		{"containerd-shim", BYTES("x\0--namespace=moby\0--id=" ID), 80, NULL,
		 PARENT "use: docker stop 0123456789ab"},
		{"containerd-shim", old, sizeof(old) - 1, 80, NULL,
		 PARENT "use: docker stop 0123456789ab"},
		/* What the arguments say goes before what the cgroup says. */
		{"containerd-shim", SHIM("moby", POD), 80, "/docker/" ID,
		 PARENT "use: docker stop fedcba987654"},
		{"containerd-shim", SHIM("moby", "web"), 80, "/docker/" ID,
		 PARENT "use: docker stop 0123456789ab"},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void shim_with_bad_arguments_names_no_container(void **state)
{
	static const struct args_case cases[] = {
		{"containerd-shim", NULL, 0, 80, NULL, ANY_ENGINE},
		{"containerd-shim", BYTES("x\0-id\0" ID), 80, NULL, ANY_ENGINE},
		{"containerd-shim", BYTES("x\0-namespace\0moby"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", BYTES("x\0-namespace\0moby\0-id"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("", ID), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("-x", ID), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("a b", ID), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("$(reboot)", ID), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("moby", "web"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("moby", "0123456789a"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("moby", "0123456789ag"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("moby", ID "0"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("k8s.io", "0123456789ab;reboot"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("default", "-a"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("default", "a\nb"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", SHIM("default", ""), 80, NULL, ANY_ENGINE},
		{"containerd-shim", BYTES("x\0-namespace=moby\0-workdir=/"), 80, NULL, ANY_ENGINE},
		{"containerd-shim", BYTES("x\0-namespace\0moby\0-workdir\0"), 80, NULL, ANY_ENGINE},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void daemon_of_containers_is_stopped_as_service(void **state)
{
	static const struct args_case cases[] = {
		{"containerd", NULL, 0, 10010, "/system.slice/containerd.service",
		 "the daemon of all containers; use: systemctl stop containerd.service"},
		{"containerd", NULL, 0, 0, USER "/app.slice/containerd.service",
		 "the daemon of all containers; use: systemctl --user stop containerd.service"},
		{"containerd", NULL, 0, 10010, NULL,
		 "the daemon of all containers; use: the service manager that started it"},
		{"crio", NULL, 0, 0, "/system.slice/crio.service",
		 "the daemon of all pods; use: systemctl stop crio.service"},
		{"crio", NULL, 0, 8080, "/system.slice/crio.service",
		 "the daemon of all pods; crictl pods shows them, then use: crictl stopp ID"},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

/* --- Podman -------------------------------------------------------------------- */

#define NAME_64 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-123456789"

static void conmon_is_stopped_by_name_or_id(void **state)
{
	static const struct args_case cases[] = {
		{"conmon", BYTES("conmon\0--api-version\0" "1\0-c\0" ID "\0-u\0" ID "\0-r\0"
				 "/usr/bin/crun\0-n\0web\0--full-attach\0-s\0"),
		 80, NULL, PARENT "use: podman stop web"},
		{"conmon", BYTES("x\0--name\0web"), 80, NULL, PARENT "use: podman stop web"},
		{"conmon", BYTES("x\0--name=web"), 80, NULL, PARENT "use: podman stop web"},
		{"conmon", BYTES("x\0-n=web"), 80, NULL, PARENT "use: podman stop web"},
		{"conmon", BYTES("x\0-c\0" ID), 80, NULL, PARENT "use: podman stop 0123456789ab"},
		{"conmon", BYTES("x\0--cid=" ID), 80, NULL, PARENT "use: podman stop 0123456789ab"},
		{"conmon", BYTES("x\0-n\0" NAME_64), 80, NULL, PARENT "use: podman stop " NAME_64},
		{"conmon", BYTES("x\0-n\0" NAME_64 "0\0--cid\0" ID), 80, NULL,
		 PARENT "use: podman stop 0123456789ab"},
		{"conmon", BYTES("x\0-n\0web"), 80, "/docker/" POD, PARENT "use: podman stop web"},
		{"conmon", BYTES("x"), 80, "/docker/" POD, PARENT "use: podman stop fedcba987654"},
		{"conmon", BYTES("x"), 80, "/libpod-conmon-" ID ".scope", PARENT PORT_A},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void conmon_of_the_kubelet_is_stopped_by_crictl(void **state)
{
	static const struct args_case cases[] = {
		{"conmon", BYTES("x\0-c\0" ID "\0-n\0k8s_web_x_ns_uid_0"), 80, NULL,
		 PARENT "use: crictl stop 0123456789abc"},
		{"conmon", BYTES("x\0-c\0" ID "\0-n\0k8s_POD_x_ns_uid_0"), 80, NULL,
		 PARENT "use: crictl stopp 0123456789abc"},
		{"conmon", BYTES("x\0-c\0" "01234567\0-n\0k8s_$(reboot)"), 80, NULL, PARENT PORT_A},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void hostile_name_is_left_out(void **state)
{
	static const char *const names[] = {
		"", "-a", "--all", "a b", "a;b", "a'b", "a\"b", "a\\b", "$(reboot)",
		"`reboot`", "a\nb", "a|b", "a&b", "a>b", "a/b", "a*", "~", "\033[2J", "\377\376",
		"\303\251", "a=b", "a@b", NAME_64 "0",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char args[128];
		int len = snprintf(args, sizeof(args), "conmon%c-n%c%s", 0, 0, names[i]);
		struct guard_facts f = make_facts("conmon", NULL, NULL, 80);
		f.args.text = args;
		f.args.len = (size_t)len;
		assert_judged(&f, GUARD_CONTAINER, PARENT PORT_A);
	}
}

static void forwarder_of_podman_is_asked_whose_a_port_is(void **state)
{
	static const struct args_case cases[] = {
		{"rootlessport", BYTES("rootlessport\0"), 80, NULL, FORWARDER PORT_A},
		{"rootlessport-ch", BYTES("rootlessport-child\0"), 80, NULL, FORWARDER PORT_A},
		{"exe", BYTES("rootlessport-child\0"), 80, NULL, FORWARDER PORT_A},
		{"exe", BYTES("containers-rootlessport\0"), 80, NULL, FORWARDER PORT_A},
		{"exe", BYTES("containers-rootlessport-child"), 80, NULL, FORWARDER PORT_A},
		{"slirp4netns", NULL, 0, 80, NULL, "the network of containers; " PORT_A},
		{"pasta", BYTES("x\0-n\0" "24"), 80, NULL, "the network of containers; " PORT_A},
		{"pasta.avx2", NULL, 0, 80, NULL, "the network of containers; " PORT_A},
		{"pasta.avx2", NULL, 0, 80, "/libpod-" ID,
		 "the network of containers; use: podman stop 0123456789ab"},
		{"passt", NULL, 0, 80, NULL,
		 "the network of a virtual machine or of containers; " PORT_A},
		{"passt.avx2", NULL, 0, 80, NULL,
		 "the network of a virtual machine or of containers; " PORT_A},
		{"podman", NULL, 0, 80, NULL, "the manager of containers; " PORT_A},
	};

	(void)state;
	assert_containers(cases, COUNT(cases));
}

static void program_that_ran_itself_is_what_argument_0_says(void **state)
{
	static const struct {
		const char *args;
		size_t len;
	} others[] = {
		{NULL, 0}, {BYTES("")}, {BYTES("\0")}, {BYTES("exe")}, {BYTES("/")},
		{BYTES("runc\0init")}, {BYTES("x\0rootlessport")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct guard_facts f = make_facts("exe", NULL, NULL, 80);
		f.args.text = others[i].args;
		f.args.len = others[i].len;
		assert_judged(&f, GUARD_NONE, "");
	}
	struct guard_facts f = make_facts("exe", NULL, NULL, 80);
	f.args.text = "/usr/bin/docker-proxy";
	f.args.len = strlen(f.args.text);
	assert_judged(&f, GUARD_CONTAINER, PUBLISH("80"));
}

static void huge_arguments_are_searched_to_their_end(void **state)
{
	enum { SIZE = 2 << 20 };
	static const char option[] = "-host-port\0" "8080";
	size_t tail = sizeof(option) - 1;
	struct guard_facts f = make_facts("docker-proxy", NULL, NULL, 0);
	struct buf args = {0};

	(void)state;
	buf_add_pad(&args, SIZE);
	assert_int_equal(args.error, 0);
	memset(args.data, 0, SIZE / 2);
	args.data[SIZE - 1] = '\0';
	buf_add(&args, option, tail);
	f.args.text = args.data;
	f.args.len = args.len;
	assert_judged(&f, GUARD_CONTAINER, PUBLISH("8080"));
	buf_free(&args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(docker_proxy_is_stopped_by_its_port),
		cmocka_unit_test(docker_proxy_with_bad_arguments_names_no_port),
		cmocka_unit_test(dockerd_stops_whose_port_it_holds),
		cmocka_unit_test(rootlesskit_is_of_docker_if_it_runs_docker),
		cmocka_unit_test(shim_is_stopped_by_the_engine_of_its_namespace),
		cmocka_unit_test(shim_with_bad_arguments_names_no_container),
		cmocka_unit_test(daemon_of_containers_is_stopped_as_service),
		cmocka_unit_test(conmon_is_stopped_by_name_or_id),
		cmocka_unit_test(conmon_of_the_kubelet_is_stopped_by_crictl),
		cmocka_unit_test(hostile_name_is_left_out),
		cmocka_unit_test(forwarder_of_podman_is_asked_whose_a_port_is),
		cmocka_unit_test(program_that_ran_itself_is_what_argument_0_says),
		cmocka_unit_test(huge_arguments_are_searched_to_their_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
