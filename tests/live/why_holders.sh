#!/bin/sh
# --why of ports: who has them if that is not just a process, or if the process has them
# for others.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_why.sh
. "${0%/*}/lib_why.sh"

no_help='SO_REUSEADDR does not help against a socket that listens'

# --- nobody to be named -------------------------------------------------------

hidden() {
	hold tcp4 udp4
	ask_as_nobody || return 0
	whose tcp4
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"127.0.0.1:$port is listened on by a process that we may not see, of root [hidden: permission]"
	fact "$no_help"
	try "sudo whoport --why 127.0.0.1:$port/tcp"
	whose udp4
	asks udp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"127.0.0.1:$port is bound by a process that we may not see, of root [hidden: permission]"
	fact 'whether it has SO_REUSEADDR set cannot be read'
	ask_as_root
}
check 'a hidden holder' hidden

# Root that may not look into others is not told to become root.
blind_root() {
	whose tcp4 || { hold tcp4; whose tcp4; }
	if ! setpriv --bounding-set -all true 2>/dev/null; then
		skip='setpriv cannot drop capabilities'
		return 0
	fi
	# shellcheck disable=SC2086 # words
	hold_as setpriv --reuid=0 "$holder" nodump
	whose nodump
	via='setpriv --bounding-set -sys_ptrace,-sys_admin,-net_admin'
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"127.0.0.1:$port is listened on by a process that we may not see, of root [hidden: permission]"
	no_fact sudo
	restore
}
check 'hidden from root without CAP_SYS_PTRACE' blind_root

pid_namespace() {
	hold tcp4
	whose tcp4 last
	via='unshare --pid --fork --mount-proc'
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"127.0.0.1:$port is listened on by somebody who cannot be seen [not visible from this pid namespace]"
	fact "$no_help"
	try "whoport --wait=free 127.0.0.1:$port/tcp"
	restore
}
check 'a holder outside of the pid namespace' pid_namespace

in_flight() {
	release
	keep flight4
	whose flight4 || return 0
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE \
		"127.0.0.1:$port is listened on by somebody who cannot be seen [not visible from this pid namespace, or probably in a message to keeper,$pid]"
	no_try_kill
	release
}
no_try_kill() {
	! grep -q 'try: .*-k' "$tmp/out" || { show_run; complain 'a guess is no holder'; }
}
check 'in flight, as seen within a pid namespace' in_flight

kernel() {
	if ! command -v ip >/dev/null || ! ip link add vx0 type vxlan id 4789 dstport 4789 \
		dev lo 2>/dev/null || ! ip link set vx0 up; then
		skip='no vxlan here'
		return 0
	fi
	asks udp 0.0.0.0 4789
	says EADDRINUSE EADDRINUSE 'the kernel itself has it, for vxlan vx0'
	try 'ip -d link show vx0'
	asks udp 127.0.0.1 4789
	says EADDRINUSE EADDRINUSE 'the kernel itself has it, for vxlan vx0'
	ip link del vx0
}
check 'a socket of the kernel' kernel

# --- without a descriptor ------------------------------------------------------

# KIND WORDS: keeper's kind, what it is held in.
no_descriptor() {
	keep "$1"
	whose "$1" || return 0
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "keeper,$pid has 127.0.0.1:$port in $2, without a descriptor"
	fact "$no_help"
	try "whoport -k 127.0.0.1:$port/tcp"
	release
}
check 'an io_uring' no_descriptor ring4 'an io_uring'
check 'a mapping' no_descriptor map4 'a mapping'

# holder's kind, whose threads tell of themselves
threads() {
	hold "$1"
	whose "$1" || return 0
	asks tcp 127.0.0.1 "$port"
	thread=$(headline | sed -n 's/.*: thread \([0-9]*\) of .*/\1/p')
	[ -d "/proc/$pid/task/${thread:-none}" ] || complain "no thread of $pid: $thread"
	says EADDRINUSE EADDRINUSE \
		"thread $thread of holder,$pid has 127.0.0.1:$port, which its main thread has not"
	fact "$no_help"
	release
}
check 'threads whose leader has ended' threads dead-leader
check 'a thread with a table of its own' threads private-table

# --- held for others -------------------------------------------------------------

# as_program NAME ARGUMENT...: a server by that name, with those arguments.
as_program() {
	name=$1
	shift
	cp "$server" "$tmp/$name"
	hold_as "$tmp/$name" tcp4 args "$@"
	whose tcp4 last
}

of_port() {
	echo "$1" | sed "s/PORT/$port/; s/PID/$pid/"
}

# for_others NAME WHAT COMMAND ARGUMENT...
for_others() {
	name=$1 what=$2 command=$3
	shift 3
	as_program "$name" "$@"
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "$name,$pid listens on 127.0.0.1:$port: $(of_port "$what")"
	if [ -n "$command" ]; then
		try "$(of_port "$command")"
	else
		no_try
	fi
	fact "$no_help"
}

id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
# shellcheck disable=SC2016 # for a shell that types it
stop_published='docker stop $(docker ps -q --filter publish=PORT)'

check 'docker-proxy' for_others docker-proxy 'the port forwarder of a container' "$stop_published" \
	-proto tcp -host-ip 127.0.0.1 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
check 'dockerd, with its userland proxy off' for_others dockerd \
	'the daemon of all Docker containers' "$stop_published" -H fd://
check 'rootlessport' for_others rootlessport \
	'the port forwarder of a container; podman port -a shows whose a port is' \
	'podman stop NAME'
check 'pasta' for_others pasta \
	'the network of containers; podman port -a shows whose a port is' \
	'podman stop NAME' --config-net -t 8080-8080:80-80
check 'slirp4netns' for_others slirp4netns \
	'the network of containers; podman port -a shows whose a port is' 'podman stop NAME'
check 'conmon' for_others conmon 'the parent of a container' "podman stop web" \
	--api-version 1 -c "$id" -u "$id" -n web
check 'containerd-shim' for_others containerd-shim 'the parent of a container' \
	'docker stop 0123456789ab' -namespace moby -id "$id"
check 'inetd' for_others inetd \
	'the server that listens for others; remove the line of port PORT from /etc/inetd.conf' \
	'kill -HUP PID'
check 'containerd itself, outside of any unit' for_others containerd \
	'the daemon of all containers; use: the service manager that started it' ''
check 'a service manager of a user' for_others systemd \
	"a user's service manager; systemctl --user list-sockets shows its sockets" \
	'systemctl --user stop NAME.socket' --user

# What they are told by is the end of their name and their argument 0.
forwarder() {
	cp "$server" "$tmp/$1"
	hold_as "$binder" exec "$tmp/$1" "$2" tcp4
	whose tcp4 last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "$1,$pid listens on 127.0.0.1:$port: $3"
	try "whoport -k 127.0.0.1:$port/tcp"
}
check 'ssh -L' forwarder ssh ssh 'an ssh client that forwards the port (-L, -D)'
check 'ssh -R, at its server' forwarder sshd-session 'sshd: alice@notty' \
	'a session of sshd, whose client has the port forwarded (-R)'

sshd_itself() {
	cp "$server" "$tmp/sshd"
	hold_as "$binder" exec "$tmp/sshd" 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups' tcp4
	whose tcp4 last
	asks tcp 127.0.0.1 "$port"
	says EADDRINUSE EADDRINUSE "sshd,$pid listens on 127.0.0.1:$port"
}
check 'sshd itself is no forwarder' sshd_itself
release
