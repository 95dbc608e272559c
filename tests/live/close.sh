#!/bin/sh
# --close ends connections and what is left of them; processes and listeners stay.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib_later.sh
. "${0%/*}/lib_later.sh"
# shellcheck source-path=SCRIPTDIR source=lib_close.sh
. "${0%/*}/lib_close.sh"

# --- connections ----------------------------------------------------------------

# KIND END TYPE ADDRESS: by the port of the client or of the server.
one_end() {
	connect "$1" || return 0
	whose "$1.$2"
	[ "$2" = client ] || set -- "$1" "$2" "$3" "$4" "$near"
	name="$4:$port->$4:${5:-$far} (ESTABLISHED)"
	run --close -s^LISTEN "$port"
	expect_row "holder $pid root ${fd}u $3 $inode 0t0 TCP $name"
	expect_outcome 0 "$name: closed"
	expect_connections 0 "$near"
	expect_connections 0 "$far"
	expect_descriptors
	expect_listener "$far"
	run --close -s^LISTEN "$far"
	expect_nothing
}
check 'a connection, by its client' one_end conn4 client IPv4 127.0.0.1
check 'a connection, by its server' one_end conn4 server IPv4 127.0.0.1
check 'an IPv6 connection, by its client' one_end conn6 client IPv6 '[::1]'
check 'an IPv6 connection, by its server' one_end conn6 server IPv6 '[::1]'
check 'an IPv4 client of [::]' one_end conn4in6 client IPv4 127.0.0.1
check 'an IPv4 client of [::], by its server' one_end conn4in6 server IPv6 127.0.0.1

# The second one has ended with the first, or is still there to be closed.
both_ends() {
	connect conn4
	run --close -iTCP "-sESTABLISHED" -p "$held_by"
	expect_status 0
	expect_no_message
	[ "$(rows | grep -Ec '^127.* \(ESTABLISHED\): (closed|had ended)$')" = 2 ] ||
		{ show_run; complain 'expected two outcomes'; }
	expect_connections 0 "$near"
	expect_connections 0 "$far"
	expect_descriptors
}
check 'both ends at once' both_ends

# The kernel has chosen the client's port, and takes it back.
port_comes_free() {
	begin
	later tcp:$at listen connect:$at accept ready
	whose connect
	expect_bind no "tcp:$port"
	run --close "$port"
	expect_outcome 0 "127.0.0.1:$port->127.0.0.1:$at (ESTABLISHED): closed"
	expect_connections 0 "$port"
	expect_bind yes "tcp:$port"
	expect_descriptors
}
check 'a client without bind() loses its port' port_comes_free

in_queue() {
	release
	hold "$1"
	whose "$1.client"
	near=$port
	whose "$1.listener"
	run --close -s^LISTEN "$port"
	expect_outcome 0 "127.0.0.1:$port->127.0.0.1:$near ($2): closed"
	expect_connections 0 "$port"
	expect_connections 0 "$near"
	expect_descriptors
	expect_listener "$port"
}
check 'a connection that is not accepted yet' in_queue queue4 ESTABLISHED

udp_connection() {
	release
	hold udp4-conn udp4
	whose udp4-conn.server
	far=$port
	whose udp4-conn.client
	expect_connections 1 "$port"
	run --close "$port"
	expect_outcome 0 "127.0.0.1:$port->127.0.0.1:$far: closed"
	expect_connections 0 "$port"
	expect_descriptors
}
check 'a connected UDP socket' udp_connection

# --- without a process ------------------------------------------------------------

# KIND END STATE: what is left of it keeps a port busy.
remainder() {
	connect "$1"
	case $2 in
	client) at=$near peer=$far ;;
	*) at=$far peer=$near ;;
	esac
	expect_bind no "tcp:$at"
	run --close "$at"
	# Before Linux 6.11 an orphan in FIN_WAIT1 stays (tcp_abort, net/ipv4/tcp.c).
	if [ "$3" = FIN_WAIT1 ] && [ "$(connections "$at")" = 1 ]; then
		expect_status 2
		expect_text "($3): not closed: the kernel has not destroyed it"
		needs_kernel 6 11
		return
	fi
	expect_outcome 0 "127.0.0.1:$at->127.0.0.1:$peer ($3): closed" "$at/tcp is free"
	expect_connections 0 "$at"
	expect_bind yes "tcp:$at"
	expect_descriptors
	run --close "$at"
	expect_nothing
}
check 'TIME_WAIT: a plain bind() works' remainder timewait4 server TIME_WAIT
check 'FIN_WAIT2, and the peer lives' remainder finwait2 client FIN_WAIT2
check 'an orphan in FIN_WAIT1' remainder orphan4 client FIN_WAIT1
check 'an orphan in LAST_ACK' remainder lastack4 client LAST_ACK

pids_only() {
	connect conn4
	run -t --close "$near"
	expect_status 0
	expect_no_message
	expect_pids "$held_by"
	expect_connections 0 "$near"
	connect timewait4
	run -t --close "$far"
	expect_status 0
	expect_no_message
	expect_no_output
	expect_connections 0 "$far"
}
check '-t: the processes, and nothing else' pids_only
release
