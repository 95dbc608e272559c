#!/bin/sh
# -k on what is no plain TCP listener: UDP, connections, what io_uring holds, other
# network namespaces; and on clients alone.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_kill.sh
. "${0%/*}/lib_kill.sh"

# --- UDP --------------------------------------------------------------------------

udp() {
	clear
	serve udp4
	whose udp4
	expect_bind no "try-udp:$port"
	run -k "$port"
	expect_status 0
	expect_no_message
	expect_lines "server $pid $user ${fd}u IPv4 $inode 0t0 UDP 127.0.0.1:$port" \
		"SIGTERM sent to server,$pid: ended" "$port/udp is free"
	expect_ended "$pid"
	expect_bind yes "try-udp:$port"
}
both 'a UDP server' udp

one_protocol() {
	clear
	serve udp4
	whose udp4
	serve "tcp4:$port"
	run -k "tcp:$port"
	expect_status 0
	expect_last "$port/tcp is free"
	expect_untouched
	run -k "$port/udp"
	expect_status 0
	expect_last "$port/udp is free"
	expect_ended "$pid"
}
check 'tcp:PORT leaves the UDP server of that port' one_protocol

# --- connections --------------------------------------------------------------------

# A server, and a client of it in another process: $server_pid, $client.
connection() {
	serve "$@"
	server_pid=$(awk 'END { print $1 }' "$tmp/held")
	at=$(awk 'END { print $5 }' "$tmp/held")
	serve "client:$at"
	whose client last
	client=$pid
}

established() {
	clear
	connection tcp4
	serve tcp4
	whose tcp4 2
	idle=$pid
	in_new_netns "$server" tcp4 fork:1
	run -k -iTCP -sESTABLISHED
	expect_status 0
	expect_no_message
	[ "$(rows | grep -c ESTABLISHED)" = 2 ] || { show_run; complain 'expected both ends'; }
	[ "$(rows | sed -n 's/^SIGTERM sent to server,\([0-9]*\): ended$/\1/p' | sort -n)" = \
		"$(printf '%s\n' "$server_pid" "$client" | sort -n)" ] ||
		{ show_run; complain 'expected two processes'; }
	expect_ended "$server_pid" "$client"
	whose fork
	expect_lives "$idle" "$pid"
}
check '-iTCP -sESTABLISHED ends both ends' established

listener_gone() {
	clear
	connection once tcp4
	run -k "$at"
	expect_status 1
	expect_error 'only connections use it, whose processes are not signalled; -s STATE or --all selects them, too'
	expect_lives "$server_pid" "$client"
	rows | grep -q "^server $server_pid .*(ESTABLISHED)\$" || { show_run; complain 'no row'; }
	expect_nobody_signalled
	run -k -sESTABLISHED "$at"
	expect_status 0
	expect_ended "$server_pid"
	expect_lives "$client"
}
both 'connections without a listener: nobody is signalled, but with -s' listener_gone

clients_alone() {
	clear
	serve udp4
	whose udp4
	at=$port
	clear
	serve "udp-client:$at"
	whose udp-client
	run -k "$at"
	expect_status 1
	expect_no_output
	expect_error "nobody holds it here; connected to such a port: server,$pid; clients are not signalled"
	expect_untouched
	run -k "-i:$at"
	expect_status 1
	expect_no_output
	expect_untouched
}
both 'a client alone, of nobody here: it is named, and lives' clients_alone

# --- what no descriptor refers to -----------------------------------------------

# KIND FD, where FD stands for the descriptor.
kept() {
	clear
	keep "$1"
	whose "$1" || return 0
	row="keeper $pid $user $(echo "$2" | sed "s/FD/$fd/") IPv4 $inode 0t0 TCP 127.0.0.1:$port (LISTEN)"
	run -k "$port"
	expect_status 0
	expect_no_message
	expect_lines "$row" "SIGTERM sent to keeper,$pid: ended" "$port/tcp is free"
	expect_ended "$pid"
	expect_bind yes "try:$port"
}
check 'a fixed file of io_uring' kept ring4 ring:FD
check 'a mapping' kept map4 mem

# A guess is nobody to signal.
suspected() {
	clear
	keep "$1"
	whose "$1" || return 0
	for force in '' --force; do
		# shellcheck disable=SC2086 # words
		run -k $force "$port"
		expect_status 2
		expect_error 'nothing was signalled: the holder of a socket of root is hidden'
		expect_nobody_signalled
		expect_lives "$pid"
	done
}
check 'a suspect lives' suspected ringacc4

kernel() {
	clear
	if ! command -v ip >/dev/null || ! ip link add vx0 type vxlan id 4789 dstport 4789 \
		dev lo 2>/dev/null || ! ip link set vx0 up; then
		skip='no vxlan here'
		return 0
	fi
	run -k 4789
	expect_status 1
	expect_error 'the kernel holds it: there is no process to signal'
	ip link del vx0
}
check 'the kernel is nobody to signal' kernel

time_wait() {
	clear
	hold timewait4
	whose timewait4.server
	run -k "$port"
	expect_status 1
	expect_error "no process holds it: what is left of closed connections is the kernel's; --close ends that"
	expect_lives "$pid"
}
check 'TIME_WAIT is nobody to signal' time_wait

# --- other namespaces ------------------------------------------------------------

# A server here, $mine, and one of the same port, $at, in a new network namespace, $theirs.
serve_twice() {
	clear
	serve tcp4
	whose tcp4
	mine=$pid at=$port
	in_new_netns "$server" "tcp4:$at"
	whose tcp4 2
	theirs=$pid
}

elsewhere() {
	serve_twice
	run -k -p "$theirs" "$at"
	expect_status 1
	expect_nobody_signalled
	expect_untouched
	run -k -N "$theirs" "$at"
	expect_status 0
	expect_no_message
	expect_ended "$theirs"
	expect_lives "$mine"
	rows | tail -n 2 >"$tmp/got"
	grep -Fxq "SIGTERM sent to server,$theirs: ended" "$tmp/got" ||
		{ show_run; complain 'expected one to end'; }
}
check 'a holder of another network namespace, with -N PID' elsewhere

everywhere() {
	serve_twice
	net=$(readlink "/proc/$theirs/ns/net" | tr -dc 0-9)
	run -k --dry-run "$at"
	expect_status 0
	expect_lines "server $mine root ${fd}u IPv4 $(awk '$6 == "tcp4" { print $4; exit }' "$tmp/held") 0t0 TCP 127.0.0.1:$at (LISTEN)" \
		"SIGTERM would be sent to server,$mine"
	run -k -N all "$at"
	expect_status 0
	expect_ended "$mine" "$theirs"
	rows | grep '/tcp ' >"$tmp/got"
	grep -Fxq "$at/tcp is free" "$tmp/got" || { show_run; complain 'expected ours to be free'; }
	grep -q "^$at/tcp of netns .*$net.* is free\$" "$tmp/got" ||
		{ show_run; complain "expected netns $net to be named"; }
	[ "$(grep -c '' "$tmp/got")" = 2 ] || { show_run; complain 'expected two places'; }
}
check 'holders in two network namespaces, with -N all' everywhere
clear
